"""An item as the page shows it: source and candidates side by side, with what differs and what was found marked.

Whose a candidate is, is not in it before the annotator has judged; that holds for what goes over the wire.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from hub.pages import places, protected_places
from hub.review.queues import Queues, ReviewItem
from hub.review.said import INSTRUCTIONS, TIE, Message, ReviewedText, Reviews
from hub.review.waiting import WaitingAnswers
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_conversation
from processors.languages.language import Language

_WORDS = re.compile(r"\S+")
# Words of one text times words of the other: beyond, comparing them takes a second. And from how much in common on
# differences are marked: of less, nearly all would be.
_MOST_COMPARED, _ALIKE = 4_000_000, 0.25

AnyQueues = Queues | WaitingAnswers
Place = tuple[int, int]


def shown(queues: AnyQueues, reviews: Reviews, item: ReviewItem, annotator: str) -> dict[str, Any]:
    """All that the page needs of an item. Offsets are in code points; `choice` is a side's number, TIE or None."""
    names = queues.sides(item, annotator)
    candidates = [queues.candidates(item.row)[name] for name in names]
    found = _verdicts(queues, item, names)
    choice = choice_of(reviews, annotator, candidates)
    edits = [reviews.edits(annotator, one) for one in candidates]
    known = choice is not None if len(names) > 1 else bool(edits[0])
    sides = [
        {
            "name": name if known else None,
            "approved": reviews.is_approved(annotator, one),
            "verdicts": [_plain(verdict) for verdict in verdicts if verdict["message"] is None],
        }
        for name, one, verdicts in zip(names, candidates, found, strict=True)
    ]
    marked = [reviews.marked(annotator, one) for one in candidates]
    messages = []
    for together in zip_longest(*(one.messages for one in candidates)):
        first = next(one for one in together if one is not None)
        differing = _differences(together)
        source: list[Place] = []
        cells: list[dict[str, Any] | None] = []
        for side, one in enumerate(together):
            if one is None:
                cells.append(None)
                continue
            verdicts = [verdict for verdict in found[side] if verdict["message"] == one.number]
            source += [place for verdict in verdicts for place in places(verdict["detail"], one.source)]
            errors = [_error(line) for line in marked[side] if line["message"] == one.number]
            cells.append(_cell(one, verdicts, differing[side], errors, edits[side].get(one.number)))
        messages.append(
            {
                "number": first.number,
                "role": "custom instructions" if first.number == INSTRUCTIONS else first.role,
                "source": {
                    "text": first.source,
                    "kept": protected_places(first.source),
                    "places": sorted(set(source)),
                },
                "sides": cells,
            }
        )
    own = [line["comment"] for line in reviews.comments_on(item.row, [annotator])]
    others = [line for line in reviews.comments_on(item.row) if line["annotator"] != annotator] if known else []
    return {
        "key": item.key,
        "row": item.row,
        "sides": sides,
        "messages": messages,
        "choice": choice,
        "comments": own,
        "others": [{"annotator": line["annotator"], "comment": line["comment"]} for line in others],
    }


def _cell(
    one: Message, verdicts: Any, differs: list[Place], errors: list[dict[str, Any]], edit: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "text": one.target,
        "kept": protected_places(one.target),
        "differs": differs,
        "verdicts": [_plain(verdict) | {"places": places(verdict["detail"], one.target)} for verdict in verdicts],
        "errors": errors,
        "edit": edit["after"] if edit and edit["after"] != edit["before"] else None,
    }


def choice_of(reviews: Reviews, annotator: str, candidates: Sequence[ReviewedText]) -> int | str | None:
    """The number of the side that somebody preferred, TIE, or None."""
    line = reviews.verdict(annotator, candidates) if len(candidates) > 1 else None
    if line is None:
        return None
    if line["choice"] == TIE:
        return TIE
    return [one.translator for one in candidates].index(line["choice"])


def is_done(queues: AnyQueues, reviews: Reviews, item: ReviewItem, annotator: str) -> bool:
    """Whether somebody has judged the two candidates, or said anything of a single one."""
    # Without the texts, which would have to be read for each: a verdict on other texts is seen when it is opened.
    if len(item.names) > 1:
        return (annotator, item.row, frozenset(item.names)) in reviews.verdicts
    [name] = item.names
    said = (annotator, item.row, name)
    return bool(reviews.errors.get(said)) or any(key[:3] == said for key in reviews.translations)


def checked(language: Language, candidate: ReviewedText, number: int, text: str) -> list[dict[str, Any]]:
    """What the checks say of a candidate with `text` in place of a message: what they say of that message."""
    pairs = [(one, text if one.number == number else one.target) for one in candidate.messages]
    if number == INSTRUCTIONS:
        pairs, at = [pair for pair in pairs if pair[0].number == INSTRUCTIONS], 0
    else:
        pairs, at = [pair for pair in pairs if pair[0].number != INSTRUCTIONS], number
    source = [{"role": one.role, "content": one.source} for one, _ in pairs]
    target = [{"role": one.role, "content": said} for one, said in pairs]
    verdicts = check_conversation(source, target, script=language.script, language=language.code)
    return [_said(verdict) | {"places": places(verdict.detail, text)} for verdict in verdicts if verdict.message == at]


def _verdicts(queues: AnyQueues, item: ReviewItem, names: Sequence[str]) -> list[list[dict[str, Any]]]:
    found = {one["translator"]: one["checks"] for one in queues.whole(item.row)["candidates"]}
    return [found[name] for name in names]


def _plain(verdict: dict[str, Any]) -> dict[str, Any]:
    return {key: verdict[key] for key in ("check", "hard", "detail")}


def _said(verdict: Verdict) -> dict[str, Any]:
    return {"check": verdict.check, "hard": verdict.hard, "detail": verdict.detail}


def _error(line: dict[str, Any]) -> dict[str, Any]:
    return {key: line[key] for key in ("start", "end", "text", "category", "severity")}


def _differences(together: Sequence[Message | None]) -> list[list[Place]]:
    """Of two texts the places in which they differ, word by word."""
    texts = [one.target for one in together if one is not None]
    if len(texts) != 2 or len(together) != 2 or texts[0] == texts[1]:
        return [[] for _ in together]
    words = [list(_WORDS.finditer(text)) for text in texts]
    left, right = ([word[0] for word in of] for of in words)
    if len(left) * len(right) > _MOST_COMPARED:
        return [[], []]
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return [[], []]
    marked: list[list[Place]] = [[], []]
    for kind, a, b, c, d in matcher.get_opcodes():
        for side, (start, end) in enumerate(((a, b), (c, d))):
            if kind != "equal" and start < end:
                marked[side].append((words[side][start].start(), words[side][end - 1].end()))
    return marked
