"""A program in hunspell's place that knows the words of its file and no endings, and answers as `hunspell -l`."""

import stat
import sys
from pathlib import Path

_PROGRAM = """#!{python}
import sys
base = sys.argv[sys.argv.index("-d") + 1]
known = set(open(base + ".dic", encoding="utf-8").read().split())
for line in iter(sys.stdin.buffer.readline, b""):
    word = line.decode().strip()
    if word and word not in known:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
"""


def write_hunspell(folder: Path) -> Path:
    """Write the program into a folder to put on PATH; returns the folder."""
    folder.mkdir()
    program = folder / "hunspell"
    program.write_text(_PROGRAM.format(python=sys.executable), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder
