# The commands of a working day. Everything runs in .venv, which README's first command makes.
PYTHON ?= .venv/bin/python

.PHONY: check test test-slow demo docs

check:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest tests/test_rooms.py tests/test_docs.py

test:
	$(PYTHON) -m pytest -n 2

test-slow:
	$(PYTHON) -m pytest -n 2 -m slow

demo:
	$(PYTHON) -m smolkalam build demo --output demo

docs:
	$(PYTHON) -m docs.generate
