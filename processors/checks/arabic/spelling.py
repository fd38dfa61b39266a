"""Typing errors by a hunspell dictionary of the user's, asked of one long-living process.

The dictionary is never part of the project: Debian's `hunspell-ar`, for one, is under the GPL. A dictionary knows few
names. So a word that it does not know is told only if one slip of the hand makes it of a word that it knows, and not
where the text writes it twice, beside another word that is unknown or foreign, or in quotation marks.
`hunspell -l` only says which words it does not know: asked with suggestions (`-a`) it takes a hundred times as long.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import tty
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from processors.checks.arabic.mistake import Mistake
from processors.checks.arabic.prose import Word
from processors.errors import InputError

# Words asked at a time: their line and the answer fit into a pipe and a terminal's buffer, so neither side waits.
_AT_ONCE = 100
# In no dictionary: its answer is the end of a batch.
_END = "ظظظظظظظ"
# Without an answer for so long it will not come: hunspell says nothing of a word that its dictionary's encoding lacks.
# Debian's takes a second to be read, and a batch a fiftieth.
_PATIENCE_S = 30.0
# Every dictionary of Arabic knows them.
_COMMON = ("من", "في", "على", "إلى", "عن", "هذا", "ما", "لا", "كتاب")
# Known and unknown words that a process remembers.
REMEMBERED = 1 << 17
_LEAST = 5
_QUOTES = "\"'«»“”„()[]"


_LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءأإآؤئةى"


def _slips_of(word: str) -> Iterator[str]:
    """What one slip makes a word of, the likeliest first: letters that changed places, a letter more, less, another;
    a space that is missing before an article."""
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    yield from (f"{a}{b[1]}{b[0]}{b[2:]}" for a, b in parts if len(b) > 1 and b[0] != b[1])
    yield from (f"{a} {b}" for a, b in parts if len(a) > 1 and b.startswith("ال") and len(b) > 4)
    yield from (a + b[1:] for a, b in parts if b and len(word) > _LEAST)
    yield from (a + letter + b for a, b in parts for letter in _LETTERS)
    yield from (a + letter + b[1:] for a, b in parts if b for letter in _LETTERS if letter != b[0])


class Dictionary:
    """A hunspell dictionary by its path, with or without `.dic`: which words it does not know. Threads may share it.

    Raises InputError, in one line, if a file or the program is not there. Can be pickled; each process starts its own
    hunspell when it first asks.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        base = self.path.with_suffix("") if self.path.suffix in (".dic", ".aff") else self.path
        for suffix in (".aff", ".dic"):
            if not base.with_name(base.name + suffix).is_file():
                raise InputError(
                    f"dictionary {path}: there is no file {base}{suffix}; give the path of a hunspell dictionary"
                )
        if shutil.which("hunspell") is None:
            raise InputError(f"dictionary {path}: the program hunspell is not on PATH; install it (Debian: hunspell)")
        self._base = str(base)
        self._start()

    def _start(self) -> None:
        self._lock = Lock()
        self._known: dict[str, bool] = {}
        self._meant: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._answers, self._pid = -1, 0

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_base": self._base}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    def probe(self) -> None:
        """Ask it for words that each dictionary of Arabic knows. Raises InputError, in one line, if it knows none."""
        unknown = self.unknown(_COMMON)
        self.close()
        if len(unknown) == len(_COMMON):
            raise InputError(
                f"dictionary {self.path}: knows none of the commonest words ({', '.join(_COMMON[:4])}, ...); is it a "
                "hunspell dictionary of Arabic, whole, and does its .aff name the encoding (SET UTF-8)?"
            )

    def digest(self) -> str:
        """What it holds: another edition finds other errors."""
        found = sha256()
        for ending in (".aff", ".dic"):
            found.update(Path(self._base + ending).read_bytes())
        return found.hexdigest()

    def unknown(self, words: Iterable[str]) -> frozenset[str]:
        """Those of the words that the dictionary does not know."""
        asked = set(words)
        with self._lock:
            new = sorted(word for word in asked if word not in self._known)
            if len(self._known) + len(new) > REMEMBERED:
                self._known.clear()
                new = sorted(asked)
            for start in range(0, len(new), _AT_ONCE):
                batch = new[start : start + _AT_ONCE]
                wrong = self._ask(batch)
                self._known.update((word, word not in wrong) for word in batch)
            return frozenset(word for word in asked if not self._known[word])

    def meant(self, word: str) -> str:
        """A word of the dictionary that one slip makes this one of; empty if there is none."""
        if word not in self._meant:
            if len(self._meant) > REMEMBERED:
                self._meant.clear()
            slips = list(_slips_of(word))
            wrong = self.unknown(part for slip in slips for part in slip.split())
            self._meant[word] = next((slip for slip in slips if not wrong.intersection(slip.split())), "")
        return self._meant[word]

    def _ask(self, words: Sequence[str]) -> set[str]:
        process = self._running()
        assert process.stdin is not None
        process.stdin.write("\n".join([*words, _END, ""]).encode())
        process.stdin.flush()
        answer = b""
        while not answer.endswith(f"{_END}\n".encode()):
            if not select.select([self._answers], [], [], _PATIENCE_S)[0]:
                self.close(kill=True)
                raise InputError(
                    f"dictionary {self.path}: hunspell gives no answer on Arabic words; does the .aff name an "
                    "encoding that has them (SET UTF-8)?"
                )
            try:
                piece = os.read(self._answers, 1 << 16)
            except OSError:
                piece = b""
            if not piece:
                raise InputError(f"dictionary {self.path}: hunspell ended; try `hunspell -l -d {self._base}` yourself")
            answer += piece
        return set(answer.decode("utf-8", "replace").split())

    def _running(self) -> subprocess.Popen[bytes]:
        """This process's own hunspell: one that a parent started answers the parent."""
        if self._process is None or self._pid != os.getpid():
            # To a terminal it writes each line at once; into a pipe not before it ends.
            self._answers, its_end = os.openpty()
            tty.setraw(its_end)
            self._process = subprocess.Popen(
                ["hunspell", "-l", "-i", "utf-8", "-d", self._base],
                stdin=subprocess.PIPE,
                stdout=its_end,
                stderr=subprocess.DEVNULL,
            )
            os.close(its_end)
            self._pid = os.getpid()
        return self._process

    def close(self, kill: bool = False) -> None:
        """End the process, if this one has started it; with `kill` also one that does not listen."""
        if self._process is not None and self._pid == os.getpid():
            assert self._process.stdin is not None
            if kill:
                self._process.kill()
            self._process.stdin.close()
            self._process.wait()
            os.close(self._answers)
        self._process = None


def shared_dictionary(path: str) -> Dictionary:
    """The one of this process, as long as its files say the same: it remembers words, and has one hunspell."""
    return _shared(path, Dictionary(path).digest())


@lru_cache(maxsize=2)
def _shared(path: str, digest: str) -> Dictionary:
    return Dictionary(path)


def spelling(string: str, words: Sequence[Word], dictionary: Dictionary, told: frozenset[int]) -> Iterator[Mistake]:
    """Words that the dictionary does not know, but for those that start at `told` or may be names."""
    times = Counter(word.bare for word in words)
    unknown = dictionary.unknown(times)
    for place, word in enumerate(words):
        if len(word.bare) < _LEAST or word.bare not in unknown or times[word.bare] > 1 or word.start in told:
            continue
        near = (*words[max(place - 1, 0) : place], *words[place + 1 : place + 2])
        if any(other.bare in unknown and other.start not in told for other in near) or _may_be_name(string, word):
            continue
        meant = dictionary.meant(word.bare)
        if meant:
            yield Mistake("spelling", word.start, word.end, word.string, meant)


def _may_be_name(string: str, word: Word) -> bool:
    """In quotation marks or brackets, or beside a word in other letters."""
    before, behind = string[: word.start].rstrip()[-1:], string[word.end :].lstrip()[:1]
    return bool(before and (before in _QUOTES or (before.isascii() and before.isalnum()))) or bool(
        behind and (behind in _QUOTES or (behind.isascii() and behind.isalnum()))
    )
