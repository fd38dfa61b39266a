"""The prompts of a pool: the chats of any dataset, each up to its last user message, in the order of the source.

Files are found and read as `smolkalam mix` finds and reads its sources. Every row that is read is a prompt or is left
out with its reason.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builders.imports.chats import CannotTake, chat
from builders.imports.readers import Row
from builders.mixtures.find import SourceFiles, fetch, find_sources
from builders.mixtures.read import parts_of, raw_rows
from builders.mixtures.recipe import Mixture, MixtureSource
from builders.pools.recipe import PromptSource
from processors.completions import letter_share
from processors.errors import InputError
from processors.languages.language import Language
from processors.selection.choose_rows import sample_key
from processors.selection.domains import domain_from_columns

# Where a prompt may stand, in the order in which it is looked for.
COLUMNS = ("messages", "conversations", "conversation", "prompt", "problem", "question", "instruction")
NO_DOMAIN, OTHER = "not said", "other"


@dataclass(frozen=True, slots=True)
class PromptRow:
    """A prompt: messages that end with a user's. `values` are further columns of its row."""

    id: str
    messages: list[dict[str, str]]
    domain: str
    language: str
    source: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NoPrompt:
    """A row that is no prompt, and why."""

    id: str
    reason: str
    detail: str


class Prompts:
    """The prompts of a source. Raises InputError, which begins with the recipe's key, for what is not there.

    `columns` are further ones that whoever asks wants to see in `values`; `target` is the language that prompts are
    taken to be in where their letters are of its script and nothing else is said.
    """

    def __init__(self, source: PromptSource, target: Language, columns: Sequence[str] = ()) -> None:
        self.source = source
        self.target = target
        self.columns = tuple(columns)
        named = {name: getattr(source, name) for name in ("path", "revision", "config", "splits", "terms")}
        mixture = Mixture(name="prompts", sources=[MixtureSource(name="prompts", **named)])
        try:
            (self.files,) = find_sources(mixture)
        except InputError as error:
            raise InputError(str(error).replace("sources[0]", "source").replace(" (prompts)", "")) from None

    @property
    def licence(self) -> str | None:
        return self.files.licence

    @property
    def revision(self) -> str | None:
        return self.files.revision

    def fetch(self, say: Any) -> None:
        """Fetch what is on the Hub, so that it can be read as often as it must be."""
        fetch([self.files], say)

    def digest(self) -> str:
        """Changes when what is read changes."""
        digest = hashlib.blake2b(digest_size=12)
        digest.update(repr((self.source.model_dump(exclude={"path", "terms"}), self.columns)).encode())
        for path in _paths(self.files):
            digest.update(path.name.encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "blake2b").digest())
        return digest.hexdigest()

    def rows(self) -> Iterator[PromptRow | NoPrompt]:
        """Each row of the source. Raises InputError for a file that cannot be read."""
        numbers: dict[str, int] = {}
        for part in parts_of([self.files]):
            for row in raw_rows(part):
                number = numbers[part.split] = numbers.get(part.split, -1) + 1
                yield self._row(f"{part.split}/{number:08d}", row)

    def drawn(self, seed: int) -> Iterator[PromptRow | NoPrompt]:
        """The rows of the source; where it says how many at most, others than those that the seed draws are left out.

        A larger sample holds the smaller one, so that what was answered before is not paid for again.
        """
        if self.source.rows is None:
            yield from self.rows()
            return
        keys = sorted(sample_key(row.id, seed) for row in self.rows() if isinstance(row, PromptRow))
        last = keys[: self.source.rows][-1] if keys else 0
        for row in self.rows():
            if isinstance(row, PromptRow) and sample_key(row.id, seed) > last:
                yield NoPrompt(row.id, "not_drawn", f"more than {self.source.rows:,} prompts")
            else:
                yield row

    def _row(self, name: str, row: Row) -> PromptRow | NoPrompt:
        try:
            if row.values is None:
                raise CannotTake(row.reason, row.detail)
            messages = self._messages(row.values)
        except CannotTake as why:
            return NoPrompt(name, why.reason, why.detail)
        characters = sum(len(message["content"]) for message in messages)
        if characters > self.source.most_characters:
            return NoPrompt(name, "too_long", f"{characters:,} characters")
        said = row.values.get(self.source.domain or "domain")
        domain = said.strip() if isinstance(said, str) and said.strip() else domain_from_columns(row.values)
        origin = row.values.get("source")
        values = {column: row.values.get(column) for column in self.columns}
        origin = origin if isinstance(origin, str) else ""
        return PromptRow(name, messages, domain or NO_DOMAIN, self._language(row.values, messages), origin, values)

    def _language(self, values: dict[str, Any], messages: list[dict[str, str]]) -> str:
        said = values.get(self.source.language or "language")
        if isinstance(said, str) and said.strip():
            return said.strip()
        share = letter_share(messages[-1]["content"], self.target.script)
        return self.target.code if share is None or share >= 0.5 else OTHER

    def _messages(self, values: dict[str, Any]) -> list[dict[str, str]]:
        column = self.source.prompt or next((name for name in COLUMNS if values.get(name) is not None), None)
        if column is None or values.get(column) is None:
            raise CannotTake("missing_field", f"no {column or ', '.join(COLUMNS)}; say `source.prompt`")
        given = values[column]
        if isinstance(given, str) and not given.lstrip().startswith("[{"):
            messages = [{"content": given, "role": "user"}]
        else:
            messages = [{"content": one["content"], "role": one["role"]} for one in chat(given, column)]
        if isinstance(values.get("system"), str) and values["system"].strip() and messages[0]["role"] != "system":
            messages.insert(0, {"content": values["system"], "role": "system"})
        while messages and messages[-1]["role"] != "user":
            messages.pop()
        if not messages or not messages[-1]["content"].strip():
            raise CannotTake("no_prompt", f"{column} has no user's message with a text")
        return messages


def _paths(files: SourceFiles) -> list[Path]:
    return [files.fetched(name) for names in files.splits.values() for name in names]


def digest_of(text: str) -> str:
    """A short name of a text, the same whenever and wherever it is made."""
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()
