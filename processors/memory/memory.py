"""A translation memory: segments that somebody has translated before, found by exact match after normalising white
space. In front of any translator its hits cost nothing and repeated texts (system prompts) stay consistent.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processors.errors import InputError
from processors.languages.language import DEFAULT
from processors.memory.files import FORMATS, read_units, write_units
from processors.memory.segments import Segment, segments
from processors.memory.tmx import Entry, same_language

if TYPE_CHECKING:
    from processors.protected.compare import Span

__all__ = ["Conflict", "Entry", "Memory", "MemoryAnswer", "MemoryCounts", "Segment", "normalise", "segments"]

# Examples to show; all are counted.
_KEPT_CONFLICTS = 20
_TRANSLATED_PARTS = frozenset({"text", "think"})


def normalise(text: str) -> str:
    """The key of a segment: runs of Unicode white space become one space, the ends are stripped. Nothing else."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two translations of one source: the one in use, and the one given up for it."""

    source: str
    kept: str
    dropped: str


@dataclass(slots=True)
class MemoryCounts:
    """What went into a memory. `units` = added + duplicates + conflicts + empty + other_languages."""

    units: int = 0
    added: int = 0
    duplicates: int = 0
    conflicts: int = 0
    empty: int = 0
    other_languages: int = 0


@dataclass(frozen=True, slots=True)
class MemoryAnswer:
    """`text` is None when any segment is missing: a mixture of two languages is never passed off as a translation.

    `hits`: segments found (1 for the whole text); `misses`: the missing segments' texts, each once, in order.
    """

    text: str | None
    hits: int
    misses: list[str]


@dataclass
class Memory:
    """Pairs of one source and one target language, by normalised source.

    Of two translations of one source the approved one is used; among equals the one added last, as when a CAT tool
    imports with "overwrite". Both are counted in `counts.conflicts`, the first 20 kept in `conflicts`.
    """

    source: str = "en"
    target: str = DEFAULT.code
    counts: MemoryCounts = field(default_factory=MemoryCounts)
    conflicts: list[Conflict] = field(default_factory=list)
    _units: dict[str, Entry] = field(default_factory=dict, repr=False)
    _digest: str | None = field(default=None, repr=False)

    @classmethod
    def load(
        cls,
        paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        source: str = "en",
        target: str = DEFAULT.code,
    ) -> Memory:
        """Reads one file or several (`.tmx .tsv .csv .jsonl`), in order; a later file's pair goes before. A folder
        stands for such files in it, by name.

        Languages match by primary subtag (`en` takes `en-US`). Units with an empty side or without both languages are
        counted and left out. Raises InputError for an unreadable file, or one with units but none in both languages.
        """
        memory = cls(source, target)
        for path in [paths] if isinstance(paths, str | os.PathLike) else paths:
            for file in _files(Path(path)):
                memory._load_file(file)
        return memory

    def _load_file(self, path: Path) -> None:
        matched = False
        languages: set[str] = set()
        for unit in read_units(path, source=self.source, target=self.target):
            pairs = unit.pairs(self.source, self.target)
            for pair in pairs:
                self._add(pair)
            if pairs:
                matched = True
                continue
            self.counts.units += 1
            self.counts.other_languages += 1
            # For the error alone, should no unit match; a file may name hundreds.
            if not matched and len(languages) < 10:
                languages.update(language for language, _ in unit.variants)
        if languages and not matched:
            found = ", ".join(sorted(languages))
            raise InputError(
                f"{path}: no unit from {self.source} to {self.target}, only {found}; "
                "give a memory of this language pair"
            )

    def __len__(self) -> int:
        return len(self._units)

    def units(self) -> Iterable[Entry]:
        """The pairs in use, in the order in which their sources first came."""
        return self._units.values()

    def lookup(self, text: str) -> str | None:
        """The translation of `text`, between its own leading and trailing white space; None if there is none."""
        # As it stands it is a key in the common case, and need not be normalised.
        unit = self._units.get(text)
        if unit is not None:
            return unit.target
        key = " ".join(text.split())
        unit = self._units.get(key)
        if unit is None:
            return None
        rest = text.lstrip()
        return text[: len(text) - len(rest)] + unit.target + rest[len(rest.rstrip()) :]

    def add(self, source: str, target: str, *, approved: bool = False, note: str = "") -> None:
        """Adds a pair; outer white space is not part of it. A pair with an empty side is counted, not added."""
        self._add(Entry(source, target, approved, note))

    def _add(self, unit: Entry) -> None:
        counts = self.counts
        counts.units += 1
        key, target = normalise(unit.source), unit.target.strip()
        if not key or not target:
            counts.empty += 1
            return
        stripped = unit.source.strip()
        # One string, not two equal ones, in the common case: half the memory of the keys.
        new = Entry(key if stripped == key else stripped, target, unit.approved, unit.note)
        old = self._units.get(key)
        if old is None:
            counts.added += 1
        elif old.target == target:
            counts.duplicates += 1
            new = Entry(old.source, target, old.approved or new.approved, new.note or old.note)
        else:
            counts.conflicts += 1
            # The later one; but what somebody approved gives way only to what somebody approved.
            kept, dropped = (old, new) if old.approved and not new.approved else (new, old)
            if len(self.conflicts) < _KEPT_CONFLICTS:
                self.conflicts.append(Conflict(kept.source, kept.target, dropped.target))
            new = kept
        self._units[key] = new
        self._digest = None

    def merge(self, others: Iterable[Memory]) -> None:
        """Adds the pairs of the others, in order, by the same rule for conflicts. InputError if a language differs."""
        for other in others:
            if not (same_language(other.source, self.source) and same_language(other.target, self.target)):
                raise InputError(
                    f"a memory from {other.source} to {other.target} cannot be merged into one "
                    f"from {self.source} to {self.target}; merge memories of one language pair"
                )
            for unit in other.units():
                self._add(unit)

    def save(self, path: str | os.PathLike[str]) -> int:
        """Writes the pairs, whole or not at all, by the extension (`.tmx .tsv .csv .jsonl`); returns their number.

        In insertion order and without times: a memory that grew shows as added lines, and equal ones as equal bytes.
        """
        return write_units(path, self.units(), source=self.source, target=self.target)

    def digest(self) -> str:
        """64 hex digits that change exactly when some lookup may answer otherwise; independent of the order."""
        if self._digest is None:
            state = hashlib.sha256(f"{self.source}\0{self.target}".encode())
            for key in sorted(self._units):
                for text in (key, self._units[key].target):
                    # With its length before it, so that "ab", "c" is not "a", "bc".
                    data = text.encode("utf-8", "surrogatepass")
                    state.update(len(data).to_bytes(8, "big"))
                    state.update(data)
            self._digest = state.hexdigest()
        return self._digest

    def translate(self, text: str, spans: Sequence[Span]) -> MemoryAnswer:
        """Translates a part: as a whole, else segment by segment; what has nothing to translate passes verbatim.

        `spans` are the protected spans of `text`. The protected texts of an answer are the memory's: check them.
        """
        whole = self.lookup(text)
        if whole is not None:
            return MemoryAnswer(whole, 1, [])
        pieces: list[str] = []
        hits, misses = 0, dict[str, None]()
        for segment in segments(text, spans):
            answer: str | None = segment.text
            if segment.translatable:
                answer = self.lookup(segment.text)
                if answer is None:
                    misses[segment.text] = None
                    continue
                hits += 1
            pieces += (segment.lead, answer or "", segment.trail)
        return MemoryAnswer(None if misses else "".join(pieces), hits, list(misses))

    def translate_message(self, role: str, content: str) -> str | None:
        """A whole message from memory, part by part, the rest verbatim; None if a segment is not there.

        Unlike a build's answers it is not checked.
        """
        from processors.conversations.field_texts import is_asked
        from processors.conversations.parts import join_parts, split_parts
        from processors.protected.compare import protected_spans

        if (whole := self.lookup(content)) is not None:
            return whole
        if not is_asked(role, content):
            return content
        parts = []
        for part in split_parts(content):
            if part.translatable and part.text:
                text = self.translate(part.text, protected_spans(part.text)).text
                if text is None:
                    return None
                part = replace(part, text=text)
            parts.append(part)
        return join_parts(parts)

    @classmethod
    def from_build(
        cls,
        rows: Iterable[tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]],
        *,
        source: str = "en",
        target: str = DEFAULT.code,
    ) -> Memory:
        """A memory of a finished build: (source messages, messages of the chosen candidate) for each row.

        Pairs are the `text` and `think` parts of the messages that a translator is asked for, whole and, where both
        sides have the same blocks and the same number of lines, line by line. A part or line that was left as it was
        is not a translation. A message whose parts differ in number or type is not aligned.
        """
        from processors.conversations.field_texts import is_asked

        memory = cls(source, target)
        for source_messages, target_messages in rows:
            if len(source_messages) != len(target_messages):
                raise InputError(
                    f"a row has {len(source_messages)} messages and its translation {len(target_messages)}: "
                    "give the source beside its own candidate"
                )
            for message, translation in zip(source_messages, target_messages, strict=True):
                if is_asked(message["role"], message["content"]):
                    memory._align(message["content"], translation["content"])
        return memory

    def _align(self, source: str, target: str) -> None:
        from processors.conversations.parts import split_parts
        from processors.protected.compare import protected_spans

        source_parts, target_parts = split_parts(source), split_parts(target)
        if [part.type for part in source_parts] != [part.type for part in target_parts]:
            return
        for part, translated in zip(source_parts, target_parts, strict=True):
            if part.type not in _TRANSLATED_PARTS or normalise(part.text) == normalise(translated.text):
                continue
            self.add(part.text, translated.text)
            # A line stands for a line only where nothing was joined, split or moved.
            lines = segments(part.text, protected_spans(part.text))
            target_lines = segments(translated.text, protected_spans(translated.text))
            if len(lines) < 2 or [_shape(line) for line in lines] != [_shape(line) for line in target_lines]:
                continue
            for line, target_line in zip(lines, target_lines, strict=True):
                if line.translatable and line.text != target_line.text:
                    self.add(line.text, target_line.text)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in FORMATS and file.name[0] != ".")
    if not files:
        raise InputError(f"{path}: the folder holds no memory ({', '.join(FORMATS)}); give a file or another folder")
    return files


def _shape(segment: Segment) -> tuple[bool, bool]:
    return segment.translatable, not segment.text
