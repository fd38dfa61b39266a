"""Did the translator answer a question or an instruction instead of translating it."""

from __future__ import annotations

import re
from functools import lru_cache

from processors.checks.length import last_character
from processors.checks.pair import Pair
from processors.checks.verdict import Verdict
from processors.languages.english import ENGLISH
from processors.languages.knowledge import LanguageKnowledge, Questions
from processors.languages.spellings import plain
from processors.texts.prose import visible_length

_SOURCE = ENGLISH.questions or Questions()


@lru_cache(maxsize=16)
def _request(known: LanguageKnowledge) -> re.Pattern[str] | None:
    """Begins an English request whose verb is known in the language."""
    requests = known.questions.requests if known.questions else None
    return re.compile(_SOURCE.request.replace("VERBS", "|".join(requests)), re.I) if requests else None


def check_answered(pair: Pair) -> list[Verdict]:
    """A question or an instruction that came back answered: no question any more, and of another length. Soft."""
    return _request_lost(pair) or _answered(pair)


def _request_lost(pair: Pair) -> list[Verdict]:
    """Of "Write a story", the stem of "write" is not in the target."""
    source = pair.source.string
    known = pair.knowledge
    pattern = _request(known) if len(source) >= 25 else None
    request = pattern.match(source) if pattern else None
    if request is None or known.questions is None or known.questions.requests is None:
        return []
    verb = request[1].lower()
    if re.search(known.questions.requests[verb], plain(pair.target, known)):
        return []
    return [Verdict("answered", False, f"the request to '{verb}' is not in the target")]


def _answered(pair: Pair) -> list[Verdict]:
    source, target = pair.source.string, pair.target.string
    question = last_character(pair.source) == "?"
    if not question and (len(target) < len(source) * 1.6 or not _instructs(source)):
        return []
    if question and ("؟" in target or "?" in target):
        return []
    x, y = visible_length(pair.source), visible_length(pair.target)
    if not x or y < 8:
        return []
    if not (_no_question(pair, y < x * 1.8) if question else y > x * 1.6 and y > x + 40):
        return []
    what = "a question" if question else "an instruction"
    return [Verdict("answered", False, f"{what} became a text of {y / x:.1f} times its length")]


def _instructs(source: str) -> bool:
    return _SOURCE.instruction is not None and _SOURCE.instruction.match(source) is not None


def _no_question(pair: Pair, near: bool) -> bool:
    """Whether a target without a question mark is no question; `near`: of about the source's length."""
    if _SOURCE.tag and _SOURCE.tag.search(pair.source.string):
        return False
    target, questions = pair.target.string, pair.knowledge.questions
    # A full stop says that this is no question, unless it begins like one.
    begins = target[:12] if target.rstrip().endswith(".") else target
    return not (near and questions and questions.asks and questions.asks.search(begins))
