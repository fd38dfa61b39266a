"""What an arbitrage found no good answer to, for people: its `queue.jsonl` as the page's only queue.

It stands in the place of a run's queues. A prompt is shown beside two of its answers, or the one that there is: a
person prefers one, or writes a better one, and the next `smolkalam arbitrate` takes what was said.
"""

import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, InstanceOf, ValidationError

from builders.arbitrage.people import QUEUE
from hub.review.queues import ReviewItem
from hub.review.said import Message, ReviewedText
from processors.errors import InputError
from processors.judging.criteria import request_text
from processors.languages.language import Language
from processors.selection.choose_rows import sample_key

WAITING = "waiting"
# Of the others, the best by the scores are put beside the best one: nobody compares all with all.
_BESIDE = 2


# Half a surrogate pair, which a model may put out, is none of pydantic's strings.
_String = InstanceOf[str]


class _Line(BaseModel):
    # What a line or an answer says beside this is nothing that is shown.
    model_config = ConfigDict(strict=True)


class WaitingAnswer(_Line):
    """An answer to a prompt that waits; one that failed has no text."""

    name: _String
    text: _String | None = None
    reward: float | None = None
    mark: float | None = None
    reason: _String | None = None


class PromptTurn(_Line):
    """A message of a prompt that waits."""

    role: _String
    content: _String


class WaitingPrompt(_Line):
    """A line of an arbitrage's queue."""

    id: _String
    why: _String
    prompt: list[PromptTurn]
    candidates: list[WaitingAnswer]


class WaitingAnswers:
    """The queue of an arbitrage in `folder`, or such a file itself. Raises InputError where it is none, or empty."""

    # What is written here is an answer, and no translation of the prompt: no memory is made of it, no check looks.
    translates = False
    kinds = (WAITING,)

    def __init__(self, place: Path, seed: int) -> None:
        self.file = place / QUEUE if place.is_dir() else place
        self.folder = self.file.parent
        self.seed = seed
        self.language, self.title = Language(), self.folder.name
        self._rows = dict(self._read())
        if not self._rows:
            raise InputError(f"{self.file}: holds no prompt that waits for people, so there is nothing to review")
        self.splits = sorted({row.why for row in self._rows.values()})
        self._items: dict[str, ReviewItem] = {}

    def _read(self) -> Iterator[tuple[str, WaitingPrompt]]:
        """The prompts that have an answer to be looked at, by id."""
        lines: dict[str, int] = {}
        try:
            # Not by splitlines, which splits at signs that stand in texts too.
            written = self.file.read_text(encoding="utf-8").split("\n")
        except OSError as error:
            raise InputError(f"{self.file}: cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            raise InputError(f"{self.file}: is not UTF-8 ({error.reason} at byte {error.start})") from None
        for number, line in enumerate(written, 1):
            if not line.strip():
                continue
            row = _row(line, f"{self.file}, line {number}")
            first = lines.setdefault(row.id, number)
            if first != number:
                raise InputError(
                    f"{self.file}, line {number}: has the id '{row.id}' of line {first}; take one of them out"
                )
            candidates = _worth_a_look(row.candidates)
            if candidates:
                yield row.id, row.model_copy(update={"candidates": candidates})

    def queue(self, kind: str, split: str | None = None) -> list[ReviewItem]:
        """The prompts in their order, of all reasons or of one. KeyError where there is no such queue."""
        if kind != WAITING:
            raise KeyError(kind)
        if split is not None and split not in self.splits:
            raise KeyError(split)
        found = []
        for row in self._rows.values():
            if split not in (None, row.why):
                continue
            first, *others = (one.name for one in row.candidates)
            several: list[tuple[str, ...]] = [(first, other) for other in others[:_BESIDE]]
            for names in several or [(first,)]:
                key = blake2b("\0".join([str(self.seed), row.id, *names]).encode(), digest_size=9).hexdigest()
                found.append(ReviewItem(key, row.id, "", row.why, names))
        self._items.update({item.key: item for item in found})
        return found

    def item(self, key: str) -> ReviewItem:
        """An item that was handed out before, or KeyError."""
        return self._items[key]

    def whole(self, row: str) -> dict[str, Any]:
        """What the page asks of a row beside its texts."""
        return {"candidates": [{"translator": one.name, "checks": []} for one in self._rows[row].candidates]}

    def candidates(self, row: str) -> dict[str, ReviewedText]:
        """A prompt's answers by name; the prompt stands in the place of the source."""
        asked = request_text([one.model_dump() for one in self._rows[row].prompt])
        return {
            one.name: ReviewedText(row, one.name, (Message(0, "assistant", asked, one.text or ""),))
            for one in self._rows[row].candidates
        }

    def sides(self, item: ReviewItem, annotator: str) -> tuple[str, ...]:
        """The item's answers in the order in which somebody sees them: drawn by annotator and row."""
        drawn = sample_key(f"{annotator}\0{item.row}\0{' '.join(item.names)}", self.seed)
        return item.names[::-1] if drawn % 2 else item.names


def _row(line: str, place: str) -> WaitingPrompt:
    try:
        return WaitingPrompt.model_validate(json.loads(line))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise InputError(
            f"{place}: is no line of an arbitrage's queue: {where + ': ' if where else ''}{problem['msg']}"
        ) from None
    except RecursionError:
        raise InputError(f"{place}: is no line of an arbitrage's queue: it is nested too deeply") from None
    except ValueError as error:
        raise InputError(f"{place}: is no JSON ({error}); repair the line or take it out") from None


def _worth_a_look(candidates: list[WaitingAnswer]) -> list[WaitingAnswer]:
    """The answers with a text, the best first; those that were of no use only where there is no other."""
    there = [one for one in candidates if (one.text or "").strip()]
    usable = [one for one in there if not one.reason] or there
    return sorted(usable, key=lambda one: (-(one.reward or 0.0), -(one.mark or 0.0)))
