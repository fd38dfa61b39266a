"""Checks of a translation against its source: verdicts, each with a reason and a place.

They need no model and no reference. A hard verdict vetoes a candidate; a soft one is a feature of the ranker. Every
candidate of every row is checked, so each check is linear in the length of the texts. `benchmarks/checks` measures
recall and false alarms.

To add a check: a function of a `Pair` in a file of this room, and a line in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from processors.checks.answered import check_answered
from processors.checks.arabic import check_arabic
from processors.checks.correspondence import (
    check_correspondence,
    check_discourse,
    check_exchanged,
    check_negation,
    check_private,
)
from processors.checks.language import check_broken, check_script
from processors.checks.length import check_empty, check_length, check_stub
from processors.checks.markup import check_markup
from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.phrases import check_flags, check_prompt_echo, check_refusal
from processors.checks.quantities.digits import check_numbers
from processors.checks.quantities.letters import check_letters
from processors.checks.quantities.names import check_names
from processors.checks.repetition import check_repetition
from processors.checks.structure import (
    OPTIONS_MERGED,
    check_json,
    check_links,
    check_messages,
    check_options,
    check_placeholders,
    check_protected,
    check_tags,
)
from processors.checks.untranslated import check_identical, check_untranslated
from processors.checks.wording.turns import misplaced
from processors.conversations.field_texts import is_asked
from processors.conversations.grounding import GroundedValue, grounded_values
from processors.conversations.parts import Part, parts_of
from processors.conversations.sides import Sides
from processors.languages.language import DEFAULT
from processors.protected.kept import is_of_words
from processors.texts.text import text_of

__all__ = ["CHECKS", "VERDICTS", "Check", "Verdict", "check_chunk", "check_conversation", "check_pair", "has_hard"]

# A pair that was looked at as a chunk: its texts and the values that stay; and the verdicts of those checks on chunks
# that had any, by the check's name.
LookedAt = tuple[str, str, tuple[str, ...]]
Found = Mapping[str, list[Verdict]]

_VERBATIM = frozenset({"tool_call", "tool_response", "tools", "python_call"})


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `look` finds what is wrong with a pair.

    `says` are the names of its verdicts; left out, its own. `on_chunks`: whether a hard verdict sends a chunk to the
    translator again, and when it is looked for: low numbers first, 0 never. Only what another attempt can mend, and
    where a false alarm is next to impossible. `languages`: the only target languages (BCP 47) that it knows; None for
    all. `silences`: the checks that are not asked where this one found something, None for all that follow.
    """

    name: str
    look: Callable[[Pair], list[Verdict]]
    says: tuple[str, ...] = ()
    on_chunks: int = 0
    languages: tuple[str, ...] | None = None
    silences: tuple[str, ...] | None = ()


# In the order in which a pair's verdicts are told. The order on chunks has the most telling first: a refusal is also
# short, an untranslated text has also lost nothing.
CHECKS = (
    Check("empty", check_empty, on_chunks=1, silences=None),
    Check("stub", check_stub, says=("stub", "truncation"), on_chunks=6),
    Check("broken", check_broken, on_chunks=7),
    Check("length", check_length, says=("truncation", "length"), on_chunks=10),
    # The text as it was is in the wrong script too.
    Check("identical", check_identical, on_chunks=11, silences=("untranslated", "script")),
    Check("untranslated", check_untranslated, says=("untranslated", "script"), on_chunks=12),
    Check("script", check_script, on_chunks=13),
    Check("protected", check_protected, on_chunks=5),
    Check("tags", check_tags, says=("structure",)),
    Check("links", check_links, says=("structure",)),
    Check("placeholders", check_placeholders, says=("protected",), on_chunks=16),
    Check("flags", check_flags, on_chunks=4),
    Check("numbers", check_numbers),
    Check("letters", check_letters),
    Check("names", check_names),
    Check("repetition", check_repetition, on_chunks=9),
    Check("prompt_echo", check_prompt_echo, on_chunks=3),
    Check("refusal", check_refusal, on_chunks=2),
    Check("markup", check_markup),
    Check("answered", check_answered, on_chunks=8),
    Check("negation", check_negation, on_chunks=17),
    Check("discourse", check_discourse),
    Check("private", check_private),
    Check("exchanged", check_exchanged, on_chunks=15),
    Check(
        "correspondence",
        check_correspondence,
        says=("lost", "added", "another_text", "answered", "names", "letters", "numbers", "exchanged", "negation"),
        on_chunks=14,
    ),
    Check("arabic", check_arabic, languages=("ar",)),
)
_NOTHING: Found = {}
_ON_CHUNKS = tuple(sorted((check for check in CHECKS if check.on_chunks), key=lambda check: check.on_chunks))
# Soft, of a candidate that a further model puts far behind the others of its row (`processors.ranking.opinions`).
SCORER_BEHIND = "scorer_behind"
VERDICTS = tuple(
    dict.fromkeys(
        [
            *(name for check in CHECKS for name in check.says or (check.name,)),
            "tool_grounding",
            OPTIONS_MERGED,
            SCORER_BEHIND,
        ]
    )
)
"""The names of all verdicts, as datasets and cards have them."""


def has_hard(verdicts: Iterable[Verdict]) -> bool:
    """Whether these verdicts veto the candidate."""
    return any(v.hard for v in verdicts)


def check_pair(
    source: str,
    target: str,
    kept: Sequence[str] = (),
    *,
    script: str = DEFAULT.script,
    language: str = DEFAULT.code,
    finish_reason: str | None = "stop",
    of_english: bool = False,
    found: Found | None = None,
) -> list[Verdict]:
    """Everything found wrong with `target` as a translation of the English `source`; `[]` if nothing.

    `script` is the target's (ISO 15924), `language` its BCP 47 code: of a language without a file in
    `processors.languages` the checks say less. `finish_reason` is the server's; anything but a natural stop is hard.
    `kept` are values of calls that must stay as they are, so that they are no English that was left; `of_english`:
    whether the conversation works on English (`works_on_english`), which then may stay where it stands apart. `found`
    is what `look_at_chunk` found of the same pair: its checks are not asked again.
    """
    pair = Pair.of(
        source, target, language=language, script=script, finish_reason=finish_reason, kept=kept, of_english=of_english
    )
    verdicts: list[Verdict] = []
    silent: tuple[str, ...] = ()
    for check in CHECKS:
        if check.name in silent or (check.languages and language not in check.languages):
            continue
        told = check.look(pair) if found is None or not check.on_chunks else found.get(check.name)
        if not told:
            continue
        verdicts += told
        if check.silences is None:
            break
        silent += check.silences
    return verdicts


def check_chunk(
    source: str,
    target: str,
    kept: Sequence[str] = (),
    *,
    script: str = DEFAULT.script,
    language: str = DEFAULT.code,
    finish_reason: str | None = "stop",
    of_english: bool = False,
) -> Verdict | None:
    """The first reason to ask the translator again for one chunk, or None: a hard verdict of a check on chunks."""
    return look_at_chunk(
        source, target, kept, script=script, language=language, finish_reason=finish_reason, of_english=of_english
    )[0]


def look_at_chunk(
    source: str,
    target: str,
    kept: Sequence[str] = (),
    *,
    script: str = DEFAULT.script,
    language: str = DEFAULT.code,
    finish_reason: str | None = "stop",
    of_english: bool = False,
) -> tuple[Verdict | None, Found | None]:
    """`check_chunk`, and all that its checks found; None where not all of them were asked."""
    pair = Pair.of(
        source, target, language=language, script=script, finish_reason=finish_reason, kept=kept, of_english=of_english
    )
    found: dict[str, list[Verdict]] = {}
    for check in _ON_CHUNKS:
        if check.languages and language not in check.languages:
            continue
        told = check.look(pair)
        hard = next((verdict for verdict in told if verdict.hard), None)
        if hard or (told and check.silences is None):
            return hard, None
        if told:
            found[check.name] = told
    return None, found or _NOTHING


def check_conversation(
    source_messages: list[dict[str, Any]],
    target_messages: list[dict[str, Any]],
    *,
    script: str = DEFAULT.script,
    language: str = DEFAULT.code,
    looked: Mapping[LookedAt, Found] = MappingProxyType({}),
    sides: Sides | None = None,
) -> list[Verdict]:
    """Verdicts on a whole candidate, each with its message's index: structure first, then each pair of parts.

    Where the number of messages differs nothing else is compared. `tool` messages, tool calls and tool responses are
    expected verbatim, as fields without a word are: other strings in their JSON are a soft verdict, another shape a
    hard one. `looked` has the pairs that `look_at_chunk` was asked about with this script, language and conversation.
    Of a pair, `sides` says which messages are whose: each side is a conversation of its own.
    """
    verdicts = check_messages(source_messages, target_messages)
    if len(source_messages) != len(target_messages):
        return verdicts
    broken = {v.message for v in verdicts}
    values = grounded_values(source_messages, sides)
    of_english = works_on_english(source_messages)
    for i, (source, target) in enumerate(zip(source_messages, target_messages, strict=True)):
        if i in broken:
            continue
        if not is_asked(source["role"], source["content"]):
            found = check_json(source["content"], target["content"])
        else:
            kept = [found.value for found in values if found.message == i]
            found = _check_parts(source["content"], target["content"], kept, script, language, of_english, looked)
        verdicts += [replace(v, message=i) for v in found]
    if not broken:
        verdicts += check_options(source_messages, target_messages)
        verdicts += _misplaced(source_messages, target_messages, language)
    return verdicts + _ungrounded([found for found in values if found.message not in broken], target_messages)


def works_on_english(source_messages: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a conversation works on English: somebody who asks in it, or its system prompt, says so.

    >>> works_on_english([{"role": "user", "content": "Put it into the passive voice."}])
    True
    >>> works_on_english([{"role": "user", "content": "How do I boil eggs?"}])
    False
    """
    return any(
        is_of_words(text_of(message["content"]))
        for message in source_messages
        if message["role"] != "assistant" and is_asked(message["role"], message["content"])
    )


def _misplaced(
    source: Sequence[Mapping[str, Any]], target: Sequence[Mapping[str, Any]], language: str
) -> list[Verdict]:
    """Messages whose translation is that of another one."""
    asked = [place for place, one in enumerate(source) if is_asked(one["role"], one["content"])]
    texts = [(text_of(source[place]["content"]), text_of(target[place]["content"])) for place in asked]
    return [
        Verdict(
            "exchanged",
            True,
            f"{'once more' if twice else 'here'} the translation of '{excerpt(texts[other][0].string)}'",
            asked[place],
        )
        for place, other, twice in misplaced(texts, language)
    ]


def _ungrounded(values: Sequence[GroundedValue], target: list[dict[str, Any]]) -> list[Verdict]:
    """What a call says that its message no longer says: hard for what must arrive as it is, soft for a whole text."""
    return [
        Verdict("tool_grounding", kept, f"a call says '{excerpt(value)}', which its message does not", message)
        for message, value, kept in values
        if value not in target[message]["content"]
    ]


def _check_parts(
    source: str,
    target: str,
    kept: Sequence[str],
    script: str,
    language: str,
    of_english: bool,
    looked: Mapping[LookedAt, Found],
) -> list[Verdict]:
    left, right = parts_of(text_of(source)), parts_of(text_of(target))
    if len(left) != len(right) or not all(map(_alike, left, right)):
        here, there = (" ".join(p.type for p in parts) or "nothing" for parts in (left, right))
        verdicts = [Verdict("structure", True, f"parts are {there} where the source has {here}")]
        # The text as a whole still tells why: an empty answer, a refusal, a lost block.
        return verdicts + check_pair(source, target, kept, script=script, language=language, of_english=of_english)
    verdicts = []
    for a, b in zip(left, right, strict=True):
        if a.type in _VERBATIM:
            verdicts += check_json(a.text, b.text)
        else:
            found = looked.get((a.text, b.text, tuple(kept)))
            verdicts += check_pair(
                a.text, b.text, kept, script=script, language=language, of_english=of_english, found=found
            )
    return verdicts


def _alike(a: Part, b: Part) -> bool:
    """Parts of the same type, between the same tags; white space aside."""
    return (
        a.type == b.type
        and (a.opening == b.opening or a.opening.strip() == b.opening.strip())
        and (a.closing == b.closing or a.closing.strip() == b.closing.strip())
    )
