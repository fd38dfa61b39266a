"""The prompt classifier's training data (`prompts.tsv`), what trains it (`train.py`), and how often it is right."""
