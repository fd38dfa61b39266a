"""Five short files that run as they stand; `tests/test_examples.py` runs each."""
