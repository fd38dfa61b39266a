"""Checks of a translation against its source: verdicts, each with a reason and a place.

They need no model and no reference. A hard verdict vetoes a candidate; a soft one is a feature of the ranker. What
each check looks at stands with it in `processors.check_*`; `benchmarks/checks` measures recall and false alarms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from datatrove.pipeline.base import PipelineStep

from processors.checks.language import check_identical, check_script, check_untranslated
from processors.checks.markup import check_answered, check_empty, check_length, check_markup, check_repetition
from processors.checks.phrases import check_flags, check_prompt_echo, check_refusal
from processors.checks.quantities.digits import check_numbers
from processors.checks.structure import check_json, check_messages, check_placeholders, check_tags
from processors.checks.verdict import Verdict, excerpt
from processors.conversations.parts import Part, split_parts
from processors.errors import InputError
from processors.protected.compare import Difference, compare_protected
from processors.protected.find import blanked
from processors.texts.text import text_of

if TYPE_CHECKING:
    from datatrove.data import Document, DocumentsPipeline

__all__ = ["CHECKS", "ConversationChecker", "Verdict", "check_chunk", "check_conversation", "check_pair", "has_hard"]

CHECKS = (
    "empty",
    "identical",
    "protected",
    "structure",
    "flags",
    "numbers",
    "untranslated",
    "script",
    "truncation",
    "length",
    "repetition",
    "prompt_echo",
    "refusal",
    "markup",
    "answered",
)
_VERBATIM = frozenset({"tool_call", "tool_response", "tools", "python_call"})


def has_hard(verdicts: Iterable[Verdict]) -> bool:
    """Whether these verdicts veto the candidate."""
    return any(v.hard for v in verdicts)


def check_pair(
    source: str,
    target: str,
    *,
    script: str = "Arab",
    language: str = "ar",
    finish_reason: str | None = "stop",
) -> list[Verdict]:
    """Everything found wrong with `target` as a translation of the English `source`; `[]` if nothing.

    `script` is the target's (ISO 15924), `language` its BCP 47 code: Arabic's spelled-out numbers and its alphabet
    are known, elsewhere those checks say less. `finish_reason` is the server's; anything but a natural stop is hard.
    """
    verdicts = check_empty(source, target)
    if verdicts:
        return verdicts
    verdicts = check_length(source, target, script=script, finish_reason=finish_reason)
    verdicts += check_identical(source, target, script=script, blank=_blank)
    if not verdicts or verdicts[-1].check != "identical":
        verdicts += check_untranslated(source, target, script=script, blank=_blank)
        verdicts += check_script(source, target, script=script, language=language, blank=_blank)
    verdicts += _check_protected(source, target)
    verdicts += check_tags(source, target)
    verdicts += check_placeholders(source, target)
    verdicts += check_flags(source, target)
    verdicts += check_numbers(source, target, language=language if script == "Arab" else "")
    verdicts += check_repetition(source, target)
    verdicts += check_prompt_echo(source, target)
    verdicts += check_refusal(source, target)
    verdicts += check_markup(source, target)
    verdicts += check_answered(source, target, script=script, language=language)
    return verdicts


def check_chunk(
    source: str, target: str, *, script: str = "Arab", language: str = "ar", finish_reason: str | None = "stop"
) -> Verdict | None:
    """The first reason to ask the translator again for one chunk, or None. A cheap subset of `check_pair`.

    Only what another attempt can mend, and only where a false alarm is next to impossible: hard verdicts.
    """
    checks: tuple[list[Verdict], ...] = (check_empty(source, target),)
    if not checks[0]:
        checks = (
            # The most telling first: a refusal is also short, an untranslated text has also lost nothing.
            check_refusal(source, target),
            check_prompt_echo(source, target),
            check_flags(source, target),
            _check_protected(source, target),
            check_repetition(source, target),
            check_length(source, target, script=script, finish_reason=finish_reason),
            check_identical(source, target, script=script, blank=_blank),
            check_untranslated(source, target, script=script, blank=_blank),
            check_script(source, target, script=script, language=language, blank=_blank),
        )
    return next((v for verdicts in checks for v in verdicts if v.hard), None)


def check_conversation(
    source_messages: list[dict[str, Any]],
    target_messages: list[dict[str, Any]],
    *,
    script: str = "Arab",
    language: str = "ar",
) -> list[Verdict]:
    """Verdicts on a whole candidate, each with its message's index: structure first, then each pair of parts.

    Where the number of messages differs nothing else is compared. `tool` messages, tool calls and tool responses are
    expected verbatim: other strings in their JSON are a soft verdict, another shape a hard one.
    """
    verdicts = check_messages(source_messages, target_messages)
    if len(source_messages) != len(target_messages):
        return verdicts
    broken = {v.message for v in verdicts}
    for i, (source, target) in enumerate(zip(source_messages, target_messages, strict=True)):
        if i in broken:
            continue
        if source["role"] == "tool":
            found = check_json(source["content"], target["content"])
        else:
            found = _check_parts(source["content"], target["content"], script, language)
        verdicts += [replace(v, message=i) for v in found]
    return verdicts


def _check_parts(source: str, target: str, script: str, language: str) -> list[Verdict]:
    left, right = split_parts(source), split_parts(target)
    if [_shape(p) for p in left] != [_shape(p) for p in right]:
        here, there = (" ".join(p.type for p in parts) or "nothing" for parts in (left, right))
        verdicts = [Verdict("structure", True, f"parts are {there} where the source has {here}")]
        # The text as a whole still tells why: an empty answer, a refusal, a lost block.
        return verdicts + check_pair(source, target, script=script, language=language)
    verdicts = []
    for a, b in zip(left, right, strict=True):
        if a.type in _VERBATIM:
            verdicts += check_json(a.text, b.text)
        else:
            verdicts += check_pair(a.text, b.text, script=script, language=language)
    return verdicts


def _shape(part: Part) -> tuple[str, str, str]:
    return part.type, part.opening.strip(), part.closing.strip()


def _check_protected(source: str, target: str) -> list[Verdict]:
    difference = compare_protected(source, target)
    return [Verdict("protected", True, _describe(difference))] if difference else []


def _describe(difference: Difference) -> str:
    said = []
    for what, spans in (("missing", difference.missing), ("new", difference.extra)):
        if spans:
            shown = ", ".join(f"'{excerpt(text)}'" for text in list(spans)[:3])
            said.append(f"{what}: {shown}" + (f" and {len(spans) - 3} more" if len(spans) > 3 else ""))
    return "; ".join(said)


def _blank(text: str) -> str:
    return blanked(text_of(text))


class ConversationChecker(PipelineStep):
    """Writes `metadata["checks"]`: the verdicts on a document's candidate as plain dicts.

    Reads the source from `metadata["messages"]` and the translation from `metadata["candidate"]`, both lists of
    `{"role", "content"}`. The step's statistics count the candidates with each check, and those vetoed.
    """

    name = "Checks"
    type = "Scorer"

    def __init__(self, script: str = "Arab", language: str = "ar") -> None:
        super().__init__()
        self.script, self.language = script, language

    def check(self, document: Document) -> list[Verdict]:
        for field in ("messages", "candidate"):
            if not isinstance(document.metadata.get(field), list):
                raise InputError(f"row {document.id}: no list in {field!r}: expected the messages of a conversation")
        source, target = document.metadata["messages"], document.metadata["candidate"]
        return check_conversation(source, target, script=self.script, language=self.language)

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        for document in data:
            with self.track_time():
                verdicts = self.check(document)
                document.metadata["checks"] = [asdict(v) for v in verdicts]
                for name in {v.check for v in verdicts}:
                    self.stat_update(name)
                self.stat_update("vetoed" if has_hard(verdicts) else "passed")
            yield document
