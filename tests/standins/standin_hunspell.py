"""A program in hunspell's place that knows the words of its file and no endings, and answers as `hunspell -l`."""

import stat
import sys
from pathlib import Path

_PROGRAM = """import sys
base = sys.argv[sys.argv.index("-d") + 1]
known = set(open(base + ".dic", encoding="utf-8").read().split())
for line in iter(sys.stdin.buffer.readline, b""):
    word = line.decode().strip()
    if word and word not in known:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
"""


def write_hunspell(folder: Path, program: str = _PROGRAM) -> Path:
    """Write the program into a folder to put on PATH; returns the folder."""
    folder.mkdir()
    file = folder / "hunspell"
    file.write_text(f"#!{sys.executable}\n{program}", encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return folder
