"""Learns a lexicon of two languages from parallel text (`processors.alignment.lexicon`)."""
