"""The first look at each row: whether it may be taken, what it says as a hash, its tokens and its bytes.

What is found of a part lies in a file of its own, so that a mixture that was interrupted goes on, and another one of
the same sources and thresholds does not look again.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from builders.mixtures.read import ChatRows, MixturePart, chats
from builders.mixtures.recipe import COLUMN_OF_TOKENS, Where
from processors.atomic_files import replacing
from processors.conversations.token_counts import count_tokens
from processors.conversations.tokenizers import load_tokenizer
from processors.duplicates.sketch import VALUES, Sketches
from processors.scoring.columns import COLUMN
from processors.selection.choose_rows import texts_in
from processors.selection.decontamination import Search, load
from processors.selection.row_problems import row_problem

NOT_A_CHAT, DUPLICATE, NEAR_DUPLICATE, NOT_DRAWN, OVER_BUDGET, CONTAMINATED = (
    "not_a_chat", "duplicate", "near_duplicate", "not_drawn", "over_budget", "contaminated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Looker:
    """What each row is asked. It travels to other processes: tokenizer and index are loaded there."""

    origins: tuple[str, ...]
    wheres: tuple[Where, ...]
    tokenizer: str
    index: str | None = None
    near: bool = False

    def columns(self, source: int) -> list[str]:
        """The further columns that are read of a source."""
        where = self.wheres[source]
        counted = ["tokens"] if self.tokenizer == COLUMN_OF_TOKENS else []
        return list(dict.fromkeys([*where.min, *where.max, *(["noted"] if where.without_noted else []), *counted]))


_ARRAYS = ("digests", "tokens", "bytes", "reason", "sketches", "sketched")


@dataclass(frozen=True, slots=True)
class Looked:
    """A part's rows: `reason` is a place in `reasons`, -1 for one that may be taken. `digests` are two numbers a row.

    `bytes` is about what a row needs in memory; `found` counts the rows that each benchmark made fall out. `sketches`
    are those of `processors.duplicates` of the rows that have one, in their order, and none where nobody asked.
    """

    digests: "np.ndarray[Any, np.dtype[np.uint64]]"
    tokens: "np.ndarray[Any, np.dtype[np.int64]]"
    bytes: "np.ndarray[Any, np.dtype[np.int64]]"
    reason: "np.ndarray[Any, np.dtype[np.int16]]"
    reasons: list[str]
    found: dict[str, int]
    sketches: "np.ndarray[Any, np.dtype[np.uint16]]"
    sketched: "np.ndarray[Any, np.dtype[np.bool_]]"

    @property
    def rows(self) -> int:
        return len(self.reason)

    def save(self, path: Path) -> None:
        with replacing(path) as temporary, temporary.open("wb") as file:
            told = np.array(json.dumps([self.reasons, self.found]))
            arrays = {name: getattr(self, name) for name in _ARRAYS}
            np.savez(file, told=told, **arrays)

    @classmethod
    def read(cls, path: Path) -> "Looked":
        with np.load(path) as file:
            reasons, found = json.loads(str(file["told"]))
            digests, tokens, sizes, reason, sketches, sketched = (file[name] for name in _ARRAYS)
            return cls(digests, tokens, sizes, reason, reasons, found, sketches, sketched)


def look_at(part: MixturePart, looker: Looker) -> Looked:
    """Look at all rows of a part. Raises InputError where its file cannot be read."""
    digests: list[bytes] = []
    tokens: list[int] = []
    sizes: list[int] = []
    reasons: list[str | None] = []
    found: dict[str, int] = {}
    sketches: list[bytes | None] = []
    sketch = _sketches().of if looker.near else None
    for rows in chats(part, looker.origins[part.source], looker.columns(part.source)):
        chosen = rows.batch.select(["messages", "chat_template_kwargs", "source"]).to_pylist()
        why = list(_reasons(chosen, rows, looker.wheres[part.source]))
        texts = [
            [] if reason else [text for _, text in texts_in(row)] for row, reason in zip(chosen, why, strict=True)
        ]
        counted = _tokens(texts, rows, looker.tokenizer)
        for number, row in enumerate(chosen):
            if why[number] is None:
                why[number] = _reason_of_count(counted[number], looker.wheres[part.source])
            if why[number] is None and looker.index is not None:
                why[number] = _contaminated(texts[number], looker.index, found)
            digests.append(_digest(row, texts[number]) if why[number] is None else bytes(16))
            sketches.append(sketch(texts[number]) if sketch and why[number] is None else None)
            sizes.append(sum(len(text.encode("utf-8", "replace")) for text in texts[number]) + 200)
        tokens += [count or 0 for count in counted]
        reasons += why
    names = list(dict.fromkeys(reason for reason in reasons if reason is not None))
    places = {None: -1} | {name: place for place, name in enumerate(names)}
    return Looked(
        np.frombuffer(b"".join(digests), np.uint64).reshape(-1, 2),
        np.array(tokens, np.int64),
        np.array(sizes, np.int64),
        np.array([places[reason] for reason in reasons], np.int16),
        names,
        found,
        np.frombuffer(b"".join(filter(None, sketches)), "<u2").reshape(-1, VALUES),
        np.array([one is not None for one in sketches], bool),
    )


def _reasons(chosen: Sequence[dict[str, Any]], rows: ChatRows, where: Where) -> Iterator[str | None]:
    for number, row in enumerate(chosen):
        if rows.reasons[number] is not None:
            yield rows.reasons[number]
        elif problem := row_problem(row):
            yield problem.reason
        elif not any(one["role"] == "assistant" and one["content"].strip() for one in row["messages"]):
            yield "empty"
        else:
            yield _of_limits({name: column[number] for name, column in rows.values.items()}, where)


def _of_limits(values: Mapping[str, Any], where: Where) -> str | None:
    for name, limit in where.min.items():
        if not _within(name, values.get(name), limit, 1):
            return f"min_{name}"
    for name, limit in where.max.items():
        if not _within(name, values.get(name), limit, -1):
            return f"max_{name}"
    if where.without_noted:
        noted = values.get("noted") or []
        for name in noted:
            if name in where.without_noted or "*" in where.without_noted:
                return f"noted_{name}"
    return None


def _within(name: str, value: Any, limit: float, sign: int) -> bool:
    if value is None:
        # As in a build's ranking: a quality is null where the row had one candidate, and vetoes nothing then.
        return name in COLUMN and not COLUMN[name].vetoes_null
    return bool(sign * value >= sign * limit)


def _tokens(texts: Sequence[Sequence[str]], rows: ChatRows, tokenizer: str) -> list[int | None]:
    """Of each row all its texts' tokens; None where its own column does not say."""
    if tokenizer == COLUMN_OF_TOKENS:
        said = rows.values.get("tokens", [None] * len(texts))
        return [int(count) if isinstance(count, int | float) and count > 0 else None for count in said]
    counts = iter(count_tokens(_tokenizer(tokenizer), [text for row in texts for text in row]))
    return [sum(next(counts) for _ in row) for row in texts]


def _reason_of_count(count: int | None, where: Where) -> str | None:
    if not count:
        return "no_tokens"
    return "max_tokens" if where.max_tokens is not None and count > where.max_tokens else None


@lru_cache(maxsize=1)
def _tokenizer(name: str) -> Any:
    return load_tokenizer(name)


@lru_cache(maxsize=1)
def _sketches() -> Sketches:
    return Sketches()


@lru_cache(maxsize=1)
def _search(index: str) -> Search:
    return Search(load(Path(index)))


def _contaminated(texts: Sequence[str], index: str, counted: dict[str, int]) -> str | None:
    found = _search(index).find(texts)
    if not found:
        return None
    counted[found[0].benchmark] = counted.get(found[0].benchmark, 0) + 1
    return CONTAMINATED


def _digest(row: Mapping[str, Any], texts: Sequence[str]) -> bytes:
    """What a row says, by its roles and texts without regard to case, spaces and Unicode's forms."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update("\n".join(message["role"] for message in row["messages"]).encode())
    for text in texts:
        plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
        digest.update(b"\0" + " ".join(plain.casefold().split()).encode("utf-8", "replace"))
    return digest.digest()
