"""Wrappings with two ends: an object or a list of JSON, tags, brackets, marks of quotation and of bold text.

Each function gives what stands inside, or None where the source has the like or it is not plain that this is all.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from processors.checks.wording.wrapped import is_json

# Keys and names of tags under which a translation stands; those of other languages count where nothing else is there.
NAMES = frozenset(["translation", "translated", "translated_text", "translatedtext", "text", "target", "output",
                   "result", "response", "answer", "content"])  # fmt: skip
# What stands beside it: never the translation.
_BESIDE = frozenset(
    ["source", "source_text", "original", "original_text", "input", "english", "en", "lang", "language", "locale",
     "source_language", "target_language", "source_lang", "target_lang", "from", "to", "model", "role", "status",
     "note", "notes", "comment", "comments", "explanation", "type", "format", "direction", "dir", "id"]
)  # fmt: skip
_TALKS_OF_JSON = re.compile(r"\bjson\b|\bdict(?:ionary)?\b|\bobject\b|\bkeys?\b", re.I)
# Larger values are no wrapping of a chunk; and parsing Python's literals takes memory.
_LARGEST = 200_000
_NAMED = re.compile(r"\s*json\s*\n", re.I)
# JSON that is none, for the quotation marks within; the last of the braces may be missing.
_ONE_KEY = re.compile(
    r"(?P<brace>\{?)\s*(?P<mark>[\"'“]?)(?P<key>\w[\w -]{0,40})(?(mark)[\"'”]?)\s*[:：]\s*"
    r"(?:[\"“«](?P<inside>.+)[\"”»]|'(?P<single>.+)'|(?P<bare>[^\"'{}\[\]\s][^{}]*+))",
    re.S,
)
_ONE_STRING = re.compile(r"[\"'“«](?P<inside>.+)[\"'”»]", re.S)
# A key of the source's own.
_KEY = re.compile(r"[\"'“]\w[\w -]{0,40}[\"'”]\s*[:：]")
_NEXT_VALUE = re.compile(r"[\"'”]\s*[,:]\s*[\"'“]")
_TAGS = re.compile(
    r"(?:<(?P<name>[^\W\d_][\w:.\-]{0,40})(?:\s[^<>]{0,200})?>(?P<inside>.*)</(?P=name)\s*>"
    r"|\[(?P<code>[^\W\d_]\w{0,20})\](?P<in_code>.*)\[/(?P=code)\]"
    r"|&lt;(?P<escaped>\w{1,40})&gt;(?P<in_escaped>.*)&lt;/(?P=escaped)&gt;"
    r"|<!\[CDATA\[(?P<data>.*)\]\]>)",
    re.S | re.I,
)
_PROLOGUE = re.compile(r"\s*<[?!](?:xml|doctype)\b[^<>]{0,200}>\s*(?=<)", re.I)
_HALF = re.compile(r"\A<(?P<opened>\w{1,40})>|</(?P<closed>\w{1,40})>\Z")
_SOURCE_TAG = re.compile(r"\s*<(?P<name>\w{1,40})>(?P<source>[^<]*)</(?P=name)>\s*(?=<)")
_BRACKETS = (("<<", ">>"), ("{{", "}}"), ("[[", "]]"), ("(", ")"), ("[", "]"), ("{", "}"))
_MARKS = (('"""', '"""'), ("'''", "'''"), ('\\"', '\\"'), ('""', '""'), ('"', '"'), ("“", "”"), ("«", "»"), ("'", "'"),
          ("„", "“"), ("‘", "’"), ("‹", "›"), ("「", "」"))  # fmt: skip
_ANY_MARK = re.compile('["“”«»„‘’‹›「」]')
# A mark in a word is an apostrophe.
_APART = re.compile(r"(?<!\w)['‘]|['’](?!\w)")
_OPENS = re.compile(r"(?:^|[\s(:،,])[\"“«„](?=\w)")
_STARS = ("***", "**", "__", "*", "_")


def from_json(source: str, text: str, names: frozenset[str]) -> str | None:
    """The only string of an object or a list that may be the translation; `names` are the language's own keys."""
    bare = text.strip()
    if named := _NAMED.match(bare):
        bare = bare[named.end() :]
    if is_json(source) or len(bare) > _LARGEST:
        return None
    if bare[:1] in ("{", "["):
        value = _parsed(bare)
        if value is not None:
            found = _leaves(value, source)
            sure = [said for key, said in found if key in NAMES or key in names]
            one = sure or ([] if _TALKS_OF_JSON.search(source) else [said for _, said in found])
            return one[0] if len(one) == 1 else None
    return _from_broken_json(source, bare, names)


def _from_broken_json(source: str, bare: str, names: frozenset[str]) -> str | None:
    """Of what a model wrote without a parser in mind: quotation marks within, a brace that is missing."""
    if bare[:1] == "[":
        m = _ONE_STRING.fullmatch(_without_comma(bare[1:-1])) if bare[-1] == "]" else None
        return None if m is None or _NEXT_VALUE.search(m["inside"]) else m["inside"]
    end = bare.endswith("}")
    m = _ONE_KEY.fullmatch(_without_comma(bare.removesuffix("}"))) if bare[:1] in ("{", '"', "'", "“") else None
    if m is None or (end and not m["brace"]) or _TALKS_OF_JSON.search(source):
        return None
    inside = m["inside"] or m["single"] or m["bare"]
    key = m["key"].lower()
    # Without a brace a quotation and what follows it look alike: '"Note": "..."'.
    sure = m["brace"] if inside is not m["bare"] else m["brace"] and end
    if not sure and key not in NAMES and key not in names:
        return None
    if not m["brace"] and _KEY.search(source):
        return None
    return None if _NEXT_VALUE.search(inside) else inside.strip()


def _without_comma(text: str) -> str:
    return text.strip().removesuffix(",").rstrip()


def _parsed(bare: str) -> Any:
    try:
        return json.loads(bare, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        value = ast.literal_eval(bare)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, dict | list) else None


def _leaves(value: Any, source: str) -> list[tuple[str, str]]:
    """Strings that are neither the source nor named as something beside it, with their keys."""
    plain = " ".join(source.split())
    return [(key, said) for key, said in _strings("", value, 0)
            if key not in _BESIDE and " ".join(said.split()) != plain]  # fmt: skip


def _strings(key: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict) and depth < 5:
        for name, inside in value.items():
            yield from _strings(str(name).lower(), inside, depth + 1)
    elif isinstance(value, list) and depth < 5:
        for inside in value:
            yield from _strings(key, inside, depth + 1)


def from_tags(source: str, text: str) -> str | None:
    """Tags of any name around the whole, of a source that has none; with the source in tags before, that too."""
    text = text.strip()
    if text[:1] not in ("<", "[", "&") and not text.endswith(">"):
        return None
    if "<" in source or "&lt;" in source:
        return None
    if prologue := _PROLOGUE.match(text):
        return text[prologue.end() :]
    if (first := _SOURCE_TAG.match(text)) and first["source"].split() == source.split():
        return text[first.end() :]
    m = _TAGS.fullmatch(text)
    if m is None:
        half = _HALF.search(text)
        name = (half["opened"] or half["closed"]).lower() if half else ""
        return text[: half.start()] + text[half.end() :] if half and name in NAMES and text.count("<") == 1 else None
    name = m["name"] or m["code"] or m["escaped"]
    if m["code"] and f"[{m['code']}".lower() in source.lower():
        return None
    inside = next(said for said in (m["inside"], m["in_code"], m["in_escaped"], m["data"]) if said is not None)
    # Two paragraphs, each in tags of its own, are no whole.
    return None if name and f"</{name}".lower() in inside.lower() else inside


def from_brackets(source: str, text: str) -> str | None:
    """Brackets around the whole, of a source that has none."""
    bare = text.strip()
    for opening, closing in _BRACKETS:
        if len(bare) > 2 * len(opening) and bare.startswith(opening) and bare.endswith(closing):
            inside = bare[len(opening) : -len(closing)]
            if opening in "[{" and inside.lstrip()[:1] in ('"', "'", "{", "["):
                # Of JSON only what was understood is taken off.
                return None
            alike = opening[0] in source or closing[0] in source or opening[0] in inside or closing[0] in inside
            return None if alike else inside
    return None


def from_stars(source: str, text: str) -> str | None:
    """Marks of bold or slanting text around the whole, of a source that has none."""
    bare = text.strip()
    if bare[:1] not in ("*", "_") or bare[:1] in source:
        return None
    for mark in _STARS:
        if len(bare) > 2 * len(mark) and bare.startswith(mark) and bare.endswith(mark):
            inside = bare[len(mark) : -len(mark)]
            return None if mark[0] in inside or inside != inside.strip() else inside
    return None


def from_quotes(source: str, text: str) -> str | None:
    """Marks of quotation around the whole: of a source that has none, or as many as are left."""
    bare = text.strip()
    if source.strip()[:1] in "'‘" or source.strip()[-1:] in "'’":
        return None
    for opening, closing in _MARKS:
        if len(bare) > 2 * len(opening) and bare.startswith(opening) and bare.endswith(closing):
            return _unquoted(source, bare[len(opening) : -len(closing)], opening)
    # One mark is left of two.
    marks = _ANY_MARK.findall(bare)
    if bare[-2:-1].isdigit() and _ANY_MARK.match(bare[-1]):
        # Of inches, feet or minutes: 5".
        return None
    if len(marks) == 1 and not _ANY_MARK.search(source) and not _APART.search(source):
        return bare[1:] if bare[0] == marks[0] else bare[:-1] if bare[-1] == marks[0] else None
    return None


def _unquoted(source: str, inside: str, opening: str) -> str | None:
    """`inside`, if its own marks of quotation are the source's."""
    here, there = _ANY_MARK.findall(source), _ANY_MARK.findall(inside)
    if opening == "'" and ("'" in inside or _APART.search(source)):
        return None
    if not here:
        return None if there else inside
    # The first mark within must open a quotation: else the two around are of the first and the last words.
    first = _ANY_MARK.search(inside)
    opens = first is not None and _OPENS.search(inside[: first.end() + 1]) is not None
    edge = _ANY_MARK.match(source.strip()) or _ANY_MARK.match(source.strip()[-1:])
    return inside if len(there) == len(here) and opens and not edge else None
