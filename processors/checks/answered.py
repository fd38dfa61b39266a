"""Did the translator answer a question or an instruction instead of translating it."""

from __future__ import annotations

import re
from functools import lru_cache

from processors.checks.length import last_character
from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.languages.english import ENGLISH
from processors.languages.knowledge import LanguageKnowledge, Questions
from processors.languages.spellings import plain
from processors.texts.prose import sentences, visible_length
from processors.texts.text import Text, text_of, view

_SOURCE = ENGLISH.questions or Questions()
# A question by its words; "Show a summary?" is one by its mark alone.
_ASKS = re.compile(
    r"\b(?:who|whose|whom|what|when|where|which|why|how|is|are|am|was|were|do|does|did|can|could|will|would|should|shall"
    r"|may|might|must|has|have|had)\b|n['’]t\b|['’]s\b",
    re.I,
)


@lru_cache(maxsize=16)
def _request(known: LanguageKnowledge) -> re.Pattern[str] | None:
    """Begins an English request whose verb is known in the language."""
    requests = known.questions.requests if known.questions else None
    return re.compile(_SOURCE.request.replace("VERBS", "|".join(requests)), re.I) if requests else None


def check_answered(pair: Pair) -> list[Verdict]:
    """A question or an instruction that came back answered, alone or behind its translation."""
    return _request_lost(pair) or _answered(pair) or _answered_too(pair) or _greeted(pair)


def _greeted(pair: Pair) -> list[Verdict]:
    """A helper's greeting ("How can I help you?") for a system prompt, or for what a user wants."""
    phrases, target = pair.knowledge.phrases, pair.target.string
    if phrases is None or phrases.greeting is None or not any(map(target.__contains__, phrases.greeting_signs)):
        return []
    m = phrases.greeting.match(target)
    excuses = ENGLISH.excuses
    if m is None or excuses is None or excuses.offering.search(pair.source.string):
        return []
    return [Verdict("answered", True, f"'{excerpt(m[0])}' is not the source's")]


@view
def _marks(text: Text) -> int:
    """Marks of a question. English has but one of them."""
    return text.string.count("?") + text.string.count("؟")


def answered_within(source: str, target: str, pair: Pair) -> list[Verdict]:
    """`check_answered` of a sentence and the one that stands in its place, of a longer text. Only what is sure: a
    question or a request by its words."""
    # As many questions are asked as before.
    lost = _marks(pair.target) < _marks(pair.source)
    asks = lost and source.rstrip().endswith("?")
    requests = _request(pair.knowledge)
    if not asks and (requests is None or not requests.match(source)):
        return []
    within = pair._replace(source=text_of(source), target=text_of(target))
    found = _request_lost(within) or (_answered(within) if asks else [])
    return [verdict for verdict in found if verdict.hard]


def _request_lost(pair: Pair) -> list[Verdict]:
    """Of "Write a story", the stem of "write" is not in the target."""
    source = pair.source.string
    known = pair.knowledge
    pattern = _request(known) if len(source) >= 12 else None
    request = pattern.match(source) if pattern else None
    # "Write error" and "Design patterns" are no requests, "Write an email" is one.
    plain_request = request is not None and _asks_for(source[request.end() :])
    if (
        request is None
        or (len(source) < 25 and not plain_request)
        or known.questions is None
        or known.questions.requests is None
    ):
        return []
    verb = request[1].lower()
    stems, spelling = known.questions.requests[verb], plain(pair.target, known)
    if not re.search(stems, spelling):
        asked = known.questions.requesting is not None and known.questions.requesting.match(spelling)
        sure = plain_request and not asked
        return [Verdict("answered", sure, f"the request to '{verb}' is not in the target")]
    article = known.questions.article
    # "The translation is ...", and nowhere the request for it.
    noun = plain_request and article and re.match(rf"\W*{article}\w?(?:{stems})", spelling)
    if not noun or re.search(rf"(?<!\w)(?!\w?{article})\w*?(?:{stems})", spelling):
        return []
    return [Verdict("answered", True, f"the request to '{verb}' is spoken of, not made")]


def _answered(pair: Pair) -> list[Verdict]:
    source, target = pair.source.string, pair.target.string
    question = last_character(pair.source) == "?"
    if not question and (len(target) < len(source) * 1.6 or not _instructs(source)):
        return []
    if question and ("؟" in target or "?" in target):
        return []
    if question and _replies(pair):
        return [Verdict("answered", True, f"a question is replied to: '{excerpt(target.strip())}'")]
    x, y = visible_length(pair.source), visible_length(pair.target)
    if not x or y < 8:
        return []
    if not (_no_question(pair, y < x * 1.8) if question else y > x * 1.6 and y > x + 40):
        return []
    if question and y < x * 1.8 and not _ASKS.search(source):
        return []
    what = "a question" if question else "an instruction"
    # "Could you turn it down?" is often no question in other languages.
    hard = question and not (_SOURCE.polite and _SOURCE.polite.search(source))
    return [Verdict("answered", hard, f"{what} became a text of {y / x:.1f} times its length")]


def _replies(pair: Pair) -> bool:
    """Whether the target begins with a yes or no that the source has not."""
    questions = pair.knowledge.questions
    replies = questions.replies.match(pair.target.string) if questions and questions.replies else None
    return replies is not None and not (ENGLISH.excuses and ENGLISH.excuses.opening.match(pair.source.string))


def _asks_for(rest: str) -> bool:
    return _SOURCE.wanted is not None and _SOURCE.wanted.match(rest) is not None


def _answered_too(pair: Pair) -> list[Verdict]:
    """The question, translated, and what it is answered with behind it."""
    source, target = pair.source.string, pair.target.string.rstrip()
    if last_character(pair.source) != "?" or last_character(pair.target) in ("?", "؟"):
        return []
    asked = max(target.rfind("؟"), target.rfind("?"))
    before, behind = target[: asked + 1], target[asked + 1 :]
    known = (source.count("?"), target.count("?") + target.count("؟"))
    if asked < 0 or sum(map(str.isalpha, behind)) < 4 or known[1] > known[0]:
        return []
    asks = pair.knowledge.questions.asks if pair.knowledge.questions else None
    last = (sentences(text_of(behind)) or ("",))[-1]
    # A question that lost its mark.
    if asks and asks.search(last[:14]):
        return []
    x, y = visible_length(pair.source), visible_length(text_of(before))
    # Where the question alone is as long as the source, the rest is more than that.
    return (
        [Verdict("answered", True, f"'{excerpt(behind.strip())}' stands behind the question")] if y > x * 0.5 else []
    )


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
