"""Translation memories: what has been translated once, by people or a build, is looked up before a model is asked.

To add a format of files: a reader and a writer of its entries, and a line for each in `files.py`.
"""

from processors.memory.files import read_units, write_units
from processors.memory.memory import Memory

__all__ = ["Memory", "read_units", "write_units"]
