"""What a target must have as its source has it: spans, tags, calls, JSON, messages with their roles, options apart."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.wording.names import spelled_handles
from processors.conversations.field_texts import siblings
from processors.protected.compare import compare_texts
from processors.protected.find import spans_of
from processors.protected.messages import count_messages

OPTIONS_MERGED = "options_merged"

_TAG = re.compile(r"</?(?:think|tool_call|tool_response|tools|code)>")
# "[Your Name]" may be translated, but must be there; "USER_ID" must stay as it is.
_BRACKETED = re.compile(
    r"\[(?:[A-Z][A-Z _-]{1,40}"
    r"|[A-Z][a-z]+(?::? [A-Za-z]+){0,4}|(?:your|insert|enter|add|name|date)\b[^\[\]\n]{0,40})\]"
    r"(?!\()"
)
# "{first name}" and "<INSERT NAME>" too; "{even numbers}" is a set, "<BIG NEWS>" a heading.
_TO_FILL_IN = (
    r"(?i:your|insert|enter|name|surname|date|company|address|phone|e-?mail|city|country|title|product|customer)"
)
_WORDS_HELD = re.compile(
    rf"\{{(?=[a-zA-Z ]*\b{_TO_FILL_IN}\b)[A-Za-z][a-z]*(?: [A-Za-z][a-z]*){{1,3}}\}}"
    rf"|<(?=[A-Z ]*\b{_TO_FILL_IN}\b)[A-Z]{{2,}}(?: [A-Z]+){{1,3}}>|<(?:your|insert|enter) [a-z ]{{2,30}}>"
)
_ANY_HELD = re.compile(r"\{[^{}\n]{1,60}\}|<[^<>\n]{1,60}>")
_ANY_BRACKETED = re.compile(r"\[[^\[\]\n]{1,60}\](?!\()")
# "__NAME__" is one too, "__NOTE__" may be a bold heading; "$1" is an argument beside such words and no price beside
# others; "\\1" and "\\n" are what they are.
_UNDERLINED = re.compile(r"(?<![\w_])__([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)__(?![\w_])")
_BOLD = frozenset(["NOTE", "NOTES", "WARNING", "IMPORTANT", "TIP", "TIPS", "CAUTION", "ATTENTION", "EXAMPLE", "TODO"])
_ARGUMENT = re.compile(r"(?<![\w$\\/])\$[1-9](?![\w$]|[.,/]\d| ?(?:million|billion|thousand|trillion|bn|each|per)\b)")
_OF_PROGRAMS = re.compile(
    r"\b(?:replac\w+|argument|parameter|placeholder|variable|regex\w*|group|script|awk|sed|fields?|columns?|values?"
    r"|expand\w*|positional|macro|template|capture\w*|backreference|command|bash|shell)\b",
    re.I,
)
_OF_MONEY = re.compile(
    r"\b(?:cost|pric|pay|paid|worth|dollar|cheap|buy|bought|spen[dt]|fee|ticket|money|cash|earn|sav(?:e|ing)|owe|bill|tip)",
    re.I,
)
_ESCAPED = re.compile(r"(?<![\w\\/:$])\\[1-9nrt](?![\w\\{(])")
# Without a number of its own ("%2$s").
_CONVERSION = re.compile(r"(?<![\w%])%[-+#0]?\d*(?:\.\d+)?(?:hh?|ll?|[jzt])?[diouxXfFeEgGcs](?![A-Za-z])")
_OF_FORMATS = re.compile(r"\b(?:printf|formats?|formatting|specifiers?|placeholders?)\b", re.I)
_CONSTANT = re.compile(r"(?<![\w.])[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+(?!\w)")
# "[text] (address)", with a mark or wide brackets between, "(address)[text]": Markdown shows the brackets.
_CUT_LINK = re.compile(r"\][\s\u200b-\u200f\u2066-\u2069:：،]{1,3}[(（]|\]（|(?<=[\w/])\)\[(?=\w)")
_MISSING = object()
_JSON_BEGINS = ("{", "[")


def check_protected(pair: Pair) -> list[Verdict]:
    """Code, mathematics, addresses and the like are there, word for word, and no new ones."""
    if not spans_of(pair.source) and not spans_of(pair.target):
        return []
    difference = compare_texts(pair.source, pair.target)
    if not difference:
        return []
    # A user's name in letters of the language names the same user.
    heard = spelled_handles(difference.missing, pair.target.string, pair.knowledge)
    if heard and not (difference.missing - heard or difference.extra):
        return [Verdict("protected", False, f"written in other letters: '{excerpt(next(iter(heard)))}'")]
    said = []
    for what, spans in (("missing", difference.missing), ("new", difference.extra)):
        if spans:
            shown = ", ".join(f"'{excerpt(text)}'" for text in list(spans)[:3])
            said.append(f"{what}: {shown}" + (f" and {len(spans) - 3} more" if len(spans) > 3 else ""))
    return [Verdict("protected", True, "; ".join(said))]


def check_tags(pair: Pair) -> list[Verdict]:
    """The pipeline's own tags, counted, and JSON that must still be JSON of the same shape."""
    source, target = pair.source.string, pair.target.string
    tagged = "<" in source or "<" in target
    tags = Counter(_TAG.findall(source)) if tagged else None
    if tags is not None and tags != (found := Counter(_TAG.findall(target))):
        lost, new = " ".join((tags - found).elements()), " ".join((found - tags).elements())
        detail = "; ".join(p for p in (f"{lost} is missing" if lost else "", f"{new} is new" if new else "") if p)
        return [Verdict("structure", True, detail)]
    if source.lstrip()[:1] in _JSON_BEGINS and not tags:
        return check_json(source, target, required=False)
    return []


def check_links(pair: Pair) -> list[Verdict]:
    """Markdown's links are still links: hard where brackets came apart, soft where only the address is left."""
    source, target = pair.source.string, pair.target.string
    lost = source.count("](") - target.count("](")
    if lost <= 0:
        return []
    cut = _CUT_LINK.search(target)
    if cut and len(_CUT_LINK.findall(target)) > len(_CUT_LINK.findall(source)):
        return [Verdict("structure", True, f"a link came apart at character {cut.start()}: '{excerpt(cut[0])}'")]
    return [Verdict("structure", False, f"{lost} links of the source are none")]


def check_placeholders(pair: Pair) -> list[Verdict]:
    """Placeholders that prose has: "[Your Name]", counted, and "USER_ID", which must be there."""
    source, target = pair.source.string, pair.target.string
    if "_" in source:
        lost = next((name for name in _CONSTANT.findall(source) if name not in target), None)
        if lost:
            return [Verdict("protected", True, f"missing: '{excerpt(lost)}'")]
        lost = next((m[0] for m in _UNDERLINED.finditer(source) if m[0] not in target and m[1] not in _BOLD), None)
        if lost:
            return [Verdict("protected", True, f"missing: '{excerpt(lost)}'")]
    if "$" in source or "\\" in source:
        lost = next((sign for sign in _signs_of_programs(source) if sign not in target), None)
        if lost:
            return [Verdict("protected", True, f"missing: '{excerpt(lost)}'")]
    if source.count("%") > 1 and (swapped := _swapped(source, target)):
        return [Verdict("protected", True, f"'{swapped[0]}' and '{swapped[1]}' changed places")]
    messages = count_messages(source)
    if messages and count_messages(target) < messages:
        return [Verdict("protected", True, "a message of ICU is not whole: its braces, its head or its forms")]
    held = _WORDS_HELD.search(source) if "{" in source or "<" in source else None
    if held and len(_ANY_HELD.findall(target)) < len(_ANY_HELD.findall(source)):
        return [Verdict("protected", True, f"missing: '{excerpt(held[0])}'")]
    if "[" in source:
        wanted = _BRACKETED.findall(source)
        left, right = len(_ANY_BRACKETED.findall(source)), len(_ANY_BRACKETED.findall(target))
        if wanted and left != right:
            return [
                Verdict(
                    "protected", right < left, f"other placeholders than the source's '{excerpt(' '.join(wanted))}'"
                )
            ]
    return []


def _swapped(source: str, target: str) -> tuple[str, str] | None:
    """Two conversions of `printf` that stand the other way round: they take a program's values in their order."""
    here, there = _CONVERSION.findall(source), _CONVERSION.findall(target)
    if here == there or sorted(here) != sorted(there) or _OF_FORMATS.search(source):
        return None
    return next((a, b) for a, b in zip(here, there, strict=True) if a != b)


def _signs_of_programs(source: str) -> Iterator[str]:
    """Arguments ("$1") where no price is spoken of, references ("\\1") and escapes ("\\n") in prose."""
    if "$" in source and _OF_PROGRAMS.search(source) and not _OF_MONEY.search(source):
        yield from _ARGUMENT.findall(source)
    if "\\" in source:
        yield from _ESCAPED.findall(source)


def check_json(source: str, target: str, *, required: bool = True) -> list[Verdict]:
    """Hard where the target no longer parses or has other keys, names, numbers or lengths; soft where only free
    strings differ. A source that is itself no JSON demands the same text if `required`."""
    if source == target:
        return []
    value = _parse(source)
    if value is _MISSING or not isinstance(value, dict | list):
        return (
            [Verdict("structure", True, f"text that must stay as it is was changed: '{excerpt(target)}'")]
            if required
            else []
        )
    other = _parse(target)
    if other is _MISSING:
        return [Verdict("structure", True, f"the JSON does not parse any more: '{excerpt(target.strip())}'")]
    place = _json_difference(value, other)
    if place:
        return [Verdict("structure", True, f"the JSON differs at {place}")]
    if required and value != other:
        return [Verdict("structure", False, "strings in the JSON were changed")]
    return []


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    # The hermes function calling data writes Python literals.
    if len(text) > 100_000:
        return _MISSING
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return _MISSING


def _json_difference(left: Any, right: Any) -> str | None:
    """Path of the first place where shape, keys, names, numbers or flags differ; strings under other keys may."""
    waiting = [(left, right, "$")]
    while waiting:
        a, b, path = waiting.pop()
        if type(a) is not type(b):
            return path
        if isinstance(a, dict):
            if a.keys() != b.keys():
                # In the order of the texts: that of a set differs from process to process.
                return f"{path}.{next(key for key in (*a, *b) if (key in a) != (key in b))}"
            if "name" in a and a["name"] != b["name"] and ("arguments" in a or "parameters" in a):
                return f"{path}.name"
            waiting += [(a[k], b[k], f"{path}.{k}") for k in a]
        elif isinstance(a, list):
            if len(a) != len(b):
                return path
            waiting += [(x, y, f"{path}[{i}]") for i, (x, y) in enumerate(zip(a, b, strict=True))]
        elif not isinstance(a, str) and a != b:
            return path
    return None


def check_messages(source: list[dict[str, Any]], target: list[dict[str, Any]]) -> list[Verdict]:
    """As many messages, with the same roles in the same order."""
    if len(source) != len(target):
        return [Verdict("structure", True, f"{len(target)} messages where the source has {len(source)}")]
    return [
        Verdict("structure", True, f"role {b.get('role')!r} where the source has {a.get('role')!r}", i)
        for i, (a, b) in enumerate(zip(source, target, strict=True))
        if a.get("role") != b.get("role") or not isinstance(b.get("content"), str)
    ]


def check_options(source: list[dict[str, Any]], target: list[dict[str, Any]]) -> list[Verdict]:
    """Of a row's fields: texts of one list that differ in the source and are the same in the target.

    Of a question none of whose options can be told from the others any more nobody can give the answer. Case, blanks
    and the full stop at the end make no difference.
    """
    seen: dict[tuple[str, str], str] = {}
    verdicts = []
    for number, (message, translated) in enumerate(zip(source, target, strict=True)):
        for of in siblings(message["role"]):
            said = message["content"]
            other = seen.setdefault((of, _plain(translated["content"])), said)
            if _plain(other) != _plain(said):
                detail = f"'{excerpt(other)}' and '{excerpt(said)}' both became '{excerpt(translated['content'])}'"
                verdicts.append(Verdict(OPTIONS_MERGED, True, detail, number))
    return verdicts


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(".") or text
