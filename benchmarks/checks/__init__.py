"""The checks' recall on planted faults and their false alarms on clean text, each on two halves."""
