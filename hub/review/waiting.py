"""What an arbitrage found no good answer to, for people: its `queue.jsonl` as the page's only queue.

It stands in the place of a run's queues. A prompt is shown beside two of its answers, or the one that there is: a
person prefers one, or writes a better one, and the next `smolkalam arbitrate` takes what was said.
"""

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any

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
        self._rows = {row["id"]: row for row in self._read()}
        if not self._rows:
            raise InputError(f"{self.file}: holds no prompt that waits for people, so there is nothing to review")
        self.splits = sorted({str(row["why"]) for row in self._rows.values()})
        self._items: dict[str, ReviewItem] = {}

    def _read(self) -> list[dict[str, Any]]:
        rows = []
        try:
            with self.file.open(encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    row = json.loads(line)
                    if not isinstance(row, dict) or {"id", "why", "prompt", "candidates"} - set(row):
                        raise InputError(f"{self.file}, line {number}: is no line of an arbitrage's queue")
                    row["candidates"] = _worth_a_look(row["candidates"])
                    if row["candidates"]:
                        rows.append(row)
        except OSError as error:
            raise InputError(f"{self.file}: cannot be read: {error.strerror or error}") from None
        except ValueError as error:
            raise InputError(f"{self.file}, line {len(rows) + 1}: is no JSON ({error})") from None
        return rows

    def queue(self, kind: str, split: str | None = None) -> list[ReviewItem]:
        """The prompts in their order, of all reasons or of one. KeyError where there is no such queue."""
        if kind != WAITING:
            raise KeyError(kind)
        if split is not None and split not in self.splits:
            raise KeyError(split)
        found = []
        for row in self._rows.values():
            if split not in (None, row["why"]):
                continue
            first, *others = (one["name"] for one in row["candidates"])
            several: list[tuple[str, ...]] = [(first, other) for other in others[:_BESIDE]]
            for names in several or [(first,)]:
                key = blake2b("\0".join([str(self.seed), row["id"], *names]).encode(), digest_size=9).hexdigest()
                found.append(ReviewItem(key, row["id"], "", row["why"], names))
        self._items.update({item.key: item for item in found})
        return found

    def item(self, key: str) -> ReviewItem:
        """An item that was handed out before, or KeyError."""
        return self._items[key]

    def whole(self, row: str) -> dict[str, Any]:
        """What the page asks of a row beside its texts."""
        return {"candidates": [{"translator": one["name"], "checks": []} for one in self._rows[row]["candidates"]]}

    def candidates(self, row: str) -> dict[str, ReviewedText]:
        """A prompt's answers by name; the prompt stands in the place of the source."""
        asked = request_text(self._rows[row]["prompt"])
        return {
            one["name"]: ReviewedText(row, one["name"], (Message(0, "assistant", asked, one["text"]),))
            for one in self._rows[row]["candidates"]
        }

    def sides(self, item: ReviewItem, annotator: str) -> tuple[str, ...]:
        """The item's answers in the order in which somebody sees them: drawn by annotator and row."""
        drawn = sample_key(f"{annotator}\0{item.row}\0{' '.join(item.names)}", self.seed)
        return item.names[::-1] if drawn % 2 else item.names


def _worth_a_look(candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers with a text, the best first; those that were of no use only where there is no other."""
    there = [one for one in candidates if (one.get("text") or "").strip()]
    usable = [one for one in there if not one.get("reason")] or there
    return sorted(usable, key=lambda one: [-(one.get(score) or 0.0) for score in ("reward", "mark")])
