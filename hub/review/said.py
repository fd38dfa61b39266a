"""All that people said of a run's translations: verdicts, marked errors, approved and edited messages, comments.

Four files of JSON lines in a folder of their own, each line whole by itself; a later line of the same annotator on the
same thing replaces the earlier one. `verdicts.jsonl` is what `ranking.verdicts`, calibration and `preferences` read.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from hub.review.journal import Journal, Line
from processors.judging.exchange import conversation_text
from processors.judging.mqm import weight_of
from processors.judging.votes import TRANSLATIONS, VERDICTS

ERRORS, COMMENTS = "errors.jsonl", "comments.jsonl"
_NEEDS = {
    VERDICTS: ("id", "better", "worse", "annotator", "weight", "choice", "texts"),
    ERRORS: ("id", "translator", "annotator", "message", "start", "end", "text", "category", "severity"),
    TRANSLATIONS: ("id", "translator", "annotator", "message", "role", "source", "before", "after"),
    COMMENTS: ("id", "annotator", "comment"),
}
# The message that stands for the row's custom instructions, as in a build's `segments`.
INSTRUCTIONS = -1
TIE = "tie"


class Message(NamedTuple):
    """A message of a row beside its translation; `number` is its place, or INSTRUCTIONS."""

    number: int
    role: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class ReviewedText:
    """A translator's candidate of a row, as it is in the run that is reviewed."""

    row: str
    translator: str
    messages: tuple[Message, ...]

    def digest(self) -> str:
        """Changes when a text does: a verdict on another text is none on this one."""
        text = conversation_text([{"role": one.role, "content": one.target} for one in self.messages])
        return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()

    def message(self, number: int) -> Message | None:
        return next((one for one in self.messages if one.number == number), None)


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Reviews:
    """What was said, in memory and in the folder's files. One process has the folder; its threads may share this.

    What is added raises OSError where it cannot be written, and then is not said.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self._files = {name: Journal(folder / name, needs) for name, needs in _NEEDS.items()}
        # Each with the line that stands, by what it is on.
        self.verdicts: dict[tuple[str, str, frozenset[str]], Line] = {}
        self.errors: dict[tuple[str, str, str], dict[tuple[int, int, int], Line]] = {}
        self.translations: dict[tuple[str, str, str, int], Line] = {}
        self.comments: list[Line] = []
        self._take = {
            VERDICTS: self._take_verdict,
            ERRORS: self._take_error,
            TRANSLATIONS: self._take_translation,
            COMMENTS: self.comments.append,
        }
        for name, file in self._files.items():
            for line in file.open():
                self._take[name](line)

    def _say(self, name: str, lines: Sequence[Line]) -> None:
        with self.lock:
            self._files[name].append(lines)
            for line in lines:
                self._take[name](line)

    def _take_verdict(self, line: Line) -> None:
        key = (line["annotator"], line["id"], frozenset((line["better"], line["worse"])))
        self.verdicts[key] = line

    def _take_error(self, line: Line) -> None:
        marked = self.errors.setdefault((line["annotator"], line["id"], line["translator"]), {})
        place = (line["message"], line["start"], line["end"])
        marked.pop(place, None)
        if not line.get("removed"):
            marked[place] = line

    def _take_translation(self, line: Line) -> None:
        key = (line["annotator"], line["id"], line["translator"], line["message"])
        # At its end: of two translations of one text the later one is used.
        self.translations.pop(key, None)
        if line["after"] is not None:
            self.translations[key] = line

    def verdict(self, annotator: str, pair: Sequence[ReviewedText]) -> Line | None:
        """What somebody said of these two texts; None where nothing, or of other texts of the same translators."""
        one, other = pair
        line = self.verdicts.get((annotator, one.row, frozenset((one.translator, other.translator))))
        texts = {one.translator: one.digest(), other.translator: other.digest()}
        return line if line and line["texts"] == texts else None

    def judge(self, annotator: str, pair: Sequence[ReviewedText], choice: str, *, blind: bool = True) -> Line:
        """`choice`: the better one's name, or TIE; `pair` in the order in which it was shown."""
        names = [one.translator for one in pair]
        better = choice if choice != TIE else names[0]
        assert better in names
        line = {
            "id": pair[0].row,
            "better": better,
            "worse": next(name for name in names if name != better),
            "annotator": annotator,
            "weight": self._weight(annotator, pair, choice),
            "choice": choice,
            "shown": names,
            "blind": blind,
            "texts": {one.translator: one.digest() for one in pair},
            "time": now(),
        }
        self._say(VERDICTS, [line])
        return line

    def _weight(self, annotator: str, pair: Sequence[ReviewedText], choice: str) -> float:
        if choice == TIE:
            return 0.0
        severities = {
            one.translator: [line["severity"] for line in self.marked(annotator, one)] for one in pair
        }  # fmt: skip
        return weight_of(severities.pop(choice), next(iter(severities.values())))

    def marked(self, annotator: str, candidate: ReviewedText) -> list[Line]:
        """The errors that somebody marked in a candidate, those that are in its texts as they are now."""
        found = self.errors.get((annotator, candidate.row, candidate.translator), {})
        texts = {one.number: one.target for one in candidate.messages}
        return [
            line
            for (message, start, end), line in sorted(found.items())
            if message in texts and texts[message][start:end] == line["text"]
        ]

    def mark(
        self,
        annotator: str,
        candidate: ReviewedText,
        place: tuple[int, int, int],
        category: str,
        severity: str,
        *,
        others: Iterable[ReviewedText] = (),
        removed: bool = False,
    ) -> None:
        """Mark a place (message, start, end in code points) as an error, or take the mark away.

        The same annotator's verdicts on this candidate and the `others` of its row have another weight from then on.
        """
        message, start, end = place
        found = candidate.message(message)
        assert found
        line: Line = {
            "id": candidate.row,
            "translator": candidate.translator,
            "annotator": annotator,
            "message": message,
            "start": start,
            "end": end,
            "text": found.target[start:end],
            "category": category,
            "severity": severity,
            "time": now(),
        }
        with self.lock:
            self._say(ERRORS, [line | ({"removed": True} if removed else {})])
            self._say(VERDICTS, self._weighed_again(annotator, candidate, others))

    def _weighed_again(self, annotator: str, candidate: ReviewedText, others: Iterable[ReviewedText]) -> list[Line]:
        lines = []
        for other in others:
            pair = (candidate, other)
            line = self.verdict(annotator, pair) if other.translator != candidate.translator else None
            if line and (weight := self._weight(annotator, pair, line["choice"])) != line["weight"]:
                lines.append(line | {"weight": weight, "time": now()})
        return lines

    def edits(self, annotator: str, candidate: ReviewedText) -> dict[int, Line]:
        """By message, what somebody approved or edited of the candidate's texts as they are now."""
        found = {}
        for one in candidate.messages:
            line = self.translations.get((annotator, candidate.row, candidate.translator, one.number))
            if line and line["before"] == one.target and line["source"] == one.source:
                found[one.number] = line
        return found

    def edit(self, annotator: str, candidate: ReviewedText, number: int, text: str) -> None:
        """Say what a message's translation is to be; its own text again takes an edit back."""
        found = candidate.message(number)
        assert found
        self._translate(annotator, candidate, {found: text if text != found.target else None})

    def approve(self, annotator: str, candidate: ReviewedText, approved: bool = True) -> None:
        """Approve the whole candidate, with the edits of the same annotator, or take that back and keep the edits."""
        known = self.edits(annotator, candidate)
        said: dict[Message, str | None] = {}
        for one in candidate.messages:
            line = known.get(one.number)
            if approved and line is None:
                said[one] = one.target
            elif not approved and line and line["after"] == line["before"]:
                said[one] = None
        self._translate(annotator, candidate, said)

    def is_approved(self, annotator: str, candidate: ReviewedText) -> bool:
        return len(self.edits(annotator, candidate)) == len(candidate.messages)

    def _translate(self, annotator: str, candidate: ReviewedText, said: Mapping[Message, str | None]) -> None:
        lines = [
            {
                "id": candidate.row,
                "translator": candidate.translator,
                "annotator": annotator,
                "message": one.number,
                "role": one.role,
                "source": one.source,
                "before": one.target,
                "after": after,
                "time": now(),
            }
            for one, after in said.items()
        ]
        self._say(TRANSLATIONS, lines)

    def comment(self, annotator: str, row: str, text: str) -> None:
        self._say(COMMENTS, [{"id": row, "annotator": annotator, "comment": text, "time": now()}])

    def comments_on(self, row: str, annotators: Iterable[str] | None = None) -> list[Line]:
        """Comments on a row, of all or of some."""
        wanted = None if annotators is None else set(annotators)
        return [
            line for line in self.comments if line["id"] == row and (wanted is None or line["annotator"] in wanted)
        ]

    def annotators(self) -> list[str]:
        """Who said anything, by name."""
        lines: list[Line] = [*self.verdicts.values(), *self.translations.values(), *self.comments]
        lines += [line for marked in self.errors.values() for line in marked.values()]
        return sorted({line["annotator"] for line in lines})

    def standing(self) -> dict[str, list[dict[str, Any]]]:
        """By file, the lines that stand, in the order in which they were said."""
        return {
            VERDICTS: list(self.verdicts.values()),
            ERRORS: [line for marked in self.errors.values() for line in marked.values()],
            TRANSLATIONS: list(self.translations.values()),
            COMMENTS: self.comments,
        }
