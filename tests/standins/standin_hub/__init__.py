"""A stand-in for the Hugging Face Hub on the loopback: real clients publish to it and load from it.

`python -m tests.standins.standin_hub --port 0 --folder DIR` runs it as a process of its own and prints its address;
all that it knows lies in DIR, so that it can be killed at any moment and started again. See `tests/README.md`.
"""

from tests.standins.standin_hub.process import READ_TOKEN, WRITE_TOKEN, Hub

__all__ = ["READ_TOKEN", "WRITE_TOKEN", "Hub"]
