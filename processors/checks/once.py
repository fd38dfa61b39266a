"""A conversation is checked once: what its chunks were asked is not asked again of the whole, and verdicts are kept.

Most messages are a single chunk, so that the pair that was asked about when the answer came is the pair of the whole
message: only the checks that no chunk is asked are left. Verdicts that are kept stand for new ones as long as the
same rules would find them, which `rules_digest` tells.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import regex

from processors.checks.pairs.verdict import Verdict
from processors.checks.run import Found, LookedAt, check_conversation, look_at_chunk, works_on_english
from processors.conversations.sides import Sides
from processors.languages.language import DEFAULT

# The rooms and files that decide a verdict: those that the checks import, with the data beside them.
RULES = ("alignment", "checks", "conversations", "errors.py", "languages", "protected", "texts")
_ROOT = Path(__file__).parents[1]


class ConversationChecks:
    """The checks of one conversation, whose source `messages` are: of its chunks as their answers come, then of the
    whole."""

    def __init__(
        self,
        script: str = DEFAULT.script,
        language: str = DEFAULT.code,
        messages: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.script, self.language = script, language
        self.of_english = works_on_english(messages)
        self._looked: dict[LookedAt, Found] = {}

    def chunk(self, source: str, target: str, kept: Sequence[str] = ()) -> Verdict | None:
        """As `check_chunk`."""
        verdict, found = look_at_chunk(
            source, target, kept, script=self.script, language=self.language, of_english=self.of_english
        )
        if found is not None:
            self._looked[source, target, tuple(kept)] = found
        return verdict

    def whole(
        self, source: list[dict[str, Any]], target: list[dict[str, Any]], sides: Sides | None = None
    ) -> list[Verdict]:
        """As `check_conversation`."""
        script, language = self.script, self.language
        return check_conversation(source, target, script=script, language=language, looked=self._looked, sides=sides)


@cache
def rules_digest(script: str = DEFAULT.script, language: str = DEFAULT.code) -> str:
    """A digest of all that decides a verdict on a pair of texts: sources and data by name and content, language,
    and whose tables of characters and regular expressions they are read with. About 2 ms, once a process."""
    digest = hashlib.blake2b(digest_size=8)
    python = ".".join(map(str, sys.version_info[:3]))
    digest.update(f"{language}\0{script}\0{python}\0{regex.__version__}\0".encode())
    paths = [path for name in RULES for path in (_ROOT / name, *(_ROOT / name).rglob("*")) if path.is_file()]
    for path in sorted(paths):
        if "__pycache__" not in path.parts:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(_ROOT).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()
