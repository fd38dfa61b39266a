"""What a model wraps its translation in, taken off where that is plain: a fence, reasoning, a preface, tags, a note.

Only what the source has not, and only around the whole: what is left is checked like any other answer. Each kind is
counted, so that a recipe whose model always talks shows it. What is not plain stays, and a check refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from processors.checks.wording.wrapped import ARROWS
from processors.languages.english import ENGLISH
from processors.languages.knowledge import LanguageKnowledge
from processors.translation.unwrapping.shells import from_brackets, from_json, from_quotes, from_stars, from_tags

# A model that puts a preface before a fence has two; more than these is no wrapping.
_LAYERS = 5
_FENCE = re.compile(r"(`{3,}|~{3,})[\w+-]{0,20}[ \t]*\n")
_INLINE = re.compile(r"\s*(`{1,2})(?P<inside>[^`\n]+)\1\s*")
_REASONED = re.compile(
    r"\s*<(?P<name>think|thinking|thought|reasoning|analysis|scratchpad)>.*?</(?P=name)>\s*(?P<inside>\S.*)", re.S
)
_REASONED_UNOPENED = re.compile(r".*</(?:think|thinking|thought|reasoning|analysis)>\s*(?P<inside>\S.*)", re.S)
_MARKS = re.compile("[\u200b\u2060\ufeff\u202a-\u202e]")
_ENDS_LINE = re.compile(r"[:：]\W{0,6}?(?:\s|$)|\n")
# The last paragraph, below a rule or by itself.
_QUOTED_LINE = re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE)
_RULE = re.compile(r"(?:-{3,}|\*{3,}|_{3,}|={3,})")
# "Translation => ...", "[Translation] ...", "→ ..."; YAML's mark of a block behind a label.
_SET_OFF = re.compile(
    r"(?:\[(?P<label>[^\W\d][\w ]{2,30})\]|(?P<plain>[^\W\d][\w ]{2,30}?)\s*(?:=+>|->|[→⇒]|\s[-–—=]\s))\s*(?=\w)"
)
_ARROW = re.compile(r"(?:=+>|->|[→⇒←])[ \t]*")
# What a text begins with in front of its first colon, or a first exclamation of a few words.
_LABEL = re.compile(r"\W{0,4}\w[^\n:：]{0,50}[:：]\W{0,4}?(?P<gap>\s+|$)")
_EXCLAIMS = re.compile(r"\W{0,4}\w[\w'’]{0,20}(?:[ ,،]{1,2}\w[\w'’]{0,20}){0,5} ?!")
_BLOCK_MARK = re.compile(r"\A[|>][-+]?[ \t]*\n\s*")
_SHELL = re.compile(r"[{<]|\[\s*[\"'{]|[\"'“«]")
_OF_SOURCE = re.compile(r"\W{0,4}(?:english|source|original)(?: (?:text|version))?\W{0,4}[:：]\W{0,4}?\s*", re.I)
_LAST = re.compile(r"\n[ \t]*\n(?:[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*\n+)?(?P<note>[^\n]++(?:\n[^\n]++){0,3}+)\Z")
_BREAKS = frozenset("⁂❦❧☙—―")
_ENGLISH_NOTE = re.compile(
    r"\W{0,4}(?:(?:translator'?s? )?notes?\b|p\.s\.|translated by|(?:please )?let me know|i hope|is there anything"
    r"|would you like|feel free|if you (?:need|have|would|want)|this translation"
    r"|i (?:have )?(?:translated|kept|used))",
    re.I,
)


class Unwrapped(NamedTuple):
    """The text, and the kinds of what was taken off, the outermost first."""

    text: str
    kinds: tuple[str, ...] = ()


def leave_wrapped(source: str, answer: str) -> Unwrapped:
    """The answer as it is: for whom nothing is known of the language."""
    return Unwrapped(answer)


def unwrap(source: str, answer: str, known: LanguageKnowledge) -> Unwrapped:
    """The answer without what the model put around it; as it is where nothing is left or nothing was put.

    >>> from processors.languages.language import knowledge
    >>> unwrap("Hello.", "Here is the translation:\\n\\nمرحبًا.", knowledge("ar"))
    Unwrapped(text='مرحبًا.', kinds=('preface',))
    """
    text, kinds = answer, list[str]()
    for _ in range(_LAYERS):
        for kind, step in _STEPS:
            inside = step(source, text, known)
            if inside is not None and any(map(str.isalnum, inside)):
                text = inside
                kinds.append(kind)
                break
        else:
            break
    return Unwrapped(text, tuple(kinds)) if kinds else Unwrapped(answer)


def _marks(source: str, text: str, known: LanguageKnowledge) -> str | None:
    """Marks that nobody sees, around the text or in it."""
    return _MARKS.sub("", text) if _MARKS.search(text) and not _MARKS.search(source) else None


def _reasoning(source: str, text: str, known: LanguageKnowledge) -> str | None:
    if "</" not in text or "think" in source or "<" in source:
        return None
    m = _REASONED.fullmatch(text) or _REASONED_UNOPENED.fullmatch(text)
    return m["inside"] if m else None


def _fence(source: str, text: str, known: LanguageKnowledge) -> str | None:
    if "```" in source or "~~~" in source:
        return None
    # Stripped and cut, not matched to the end: patterns for blanks next to each other take cubic time.
    bare = text.strip()
    if m := _FENCE.match(bare):
        inside = bare[m.end() :]
        if inside.endswith(m[1]):
            inside = inside[: -len(m[1])].rstrip(" \t").removesuffix("\n")
        if m[1] not in inside:
            return inside
    # The end alone is left of a fence that the prompt opened.
    return bare[:-3] if bare.endswith("\n```") and text.count("```") == 1 else None


def _inline(source: str, text: str, known: LanguageKnowledge) -> str | None:
    m = _INLINE.fullmatch(text) if "`" in text and "`" not in source else None
    return m["inside"] if m else None


def _tags(source: str, text: str, known: LanguageKnowledge) -> str | None:
    return from_tags(source, text)


def _json(source: str, text: str, known: LanguageKnowledge) -> str | None:
    return from_json(source, text, _own_names(known))


@lru_cache(maxsize=16)
def _own_names(known: LanguageKnowledge) -> frozenset[str]:
    """Keys that name the language: "ar", "arabic", "arabic_translation"."""
    name, code = known.name.lower(), known.code.lower()
    made = [f"{one}_{other}" for one in (name, code) for other in ("translation", "text")]
    return frozenset(filter(None, [code, name, f"translation_{code}", f"text_{code}", *made]))


def _brackets(source: str, text: str, known: LanguageKnowledge) -> str | None:
    return from_brackets(source, text)


def _stars(source: str, text: str, known: LanguageKnowledge) -> str | None:
    return from_stars(source, text)


def _quotes(source: str, text: str, known: LanguageKnowledge) -> str | None:
    return from_quotes(source, text)


@lru_cache(maxsize=16)
def _prefaces(known: LanguageKnowledge) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What talks of translating in front of an answer, and in a source."""
    assert ENGLISH.phrases is not None and ENGLISH.excuses is not None
    name, code = re.escape(known.name or "(?!)"), re.escape(known.code)
    said = ENGLISH.phrases.preface.replace("NAME", name).replace("CODE", code)
    own = known.phrases.preface if known.phrases else "(?!)"
    return re.compile(f"{said}|{own}", re.I), re.compile(
        ENGLISH.excuses.translating + (rf"|\b{known.stem}" if known.stem else ""), re.I
    )


def _preface(source: str, text: str, known: LanguageKnowledge) -> str | None:
    """A first line, or what stands before the first colon, that talks of the translation and not of anything else."""
    bare = text.lstrip()
    if _ARROW.match(bare) and not ARROWS.search(source):
        return _ARROW.sub("", bare, count=1)
    # What opens with the label has its end elsewhere: a brace, a tag, a quotation.
    if _SHELL.match(bare):
        return None
    said, excuse = _prefaces(known)
    inside = _behind_label(source, bare, said)
    # The whole source is looked at only where there is something to take off.
    return None if inside is None or excuse.search(source) else inside


def _behind_label(source: str, bare: str, said: re.Pattern[str]) -> str | None:
    set_off = _SET_OFF.match(bare)
    if set_off and said.match(f"{set_off['label'] or set_off['plain']}:"):
        rest = bare[set_off.end() :]
        return None if _SET_OFF.match(source.lstrip()) and not _SET_OFF.match(rest) else rest
    end = _ENDS_LINE.search(bare, 0, 140)
    if end is None or not said.match(bare[: end.end()]):
        return None
    rest = bare[end.end() :].lstrip()
    return None if _is_the_source_s(source, bare, rest) else _BLOCK_MARK.sub("", rest, count=1)


def _is_the_source_s(source: str, text: str, rest: str) -> bool:
    """Whether the label in front is the source's in other words: it has one of the same form, and `rest` has none."""
    there, here = _LABEL.match(source), _LABEL.match(text)
    if there is None or _LABEL.match(rest) or rest[:1] in ("`", "~", "{", "<"):
        return False
    return here is not None and ("\n" in there["gap"]) == ("\n" in here["gap"])


def _opener(source: str, text: str, known: LanguageKnowledge) -> str | None:
    """A helper's first word ("Certainly!"); in front of an answer it stays, so that a check sees what follows."""
    m = known.phrases.opener.match(text) if known.phrases and known.phrases.opener else None
    asks, excuses = ENGLISH.questions, ENGLISH.excuses
    if m is not None and (excuses is None or excuses.opening.match(source)):
        return None
    m = m or _english_opener(source, text)
    if m is None or source.rstrip().endswith("?"):
        return None
    if _EXCLAIMS.match(source) and not _EXCLAIMS.match(text, m.end()):
        return None
    return None if asks and asks.instruction and asks.instruction.match(source) else text[m.end() :]


def _english_opener(source: str, text: str) -> re.Match[str] | None:
    m = ENGLISH.phrases.opener.match(text) if ENGLISH.phrases and ENGLISH.phrases.opener else None
    return None if m is None or m[0].strip("!,.: \n").lower() in source.lower() else m


def _quoted_lines(source: str, text: str, known: LanguageKnowledge) -> str | None:
    """A sign of quotation before each line."""
    if text.lstrip()[:1] != ">" or _QUOTED_LINE.search(source):
        return None
    whole = all(line.lstrip().startswith(">") for line in text.split("\n") if line.strip())
    return _QUOTED_LINE.sub("", text) if whole else None


def _rules(source: str, text: str, known: LanguageKnowledge) -> str | None:
    """A rule above or below the whole."""
    bare = text.strip()
    first, _, under = bare.partition("\n")
    above, _, last = bare.rpartition("\n")
    over, below = _RULE.fullmatch(first.rstrip(" \t")), _RULE.fullmatch(last.strip(" \t"))
    if not above or not under or (over is None and below is None) or _parts_scenes(source):
        return None
    return (under if below is None else under[: -len(last) - 1]) if over else above


def _parts_scenes(source: str) -> bool:
    """Whether the source has a line of signs alone: "---", "* * *", "⁂"."""
    lines = ("".join(line.split()) for line in source.split("\n"))
    return any(line in _BREAKS or (len(line) >= 2 and len(set(line)) <= 2 and not any(map(str.isalnum, line)))
               for line in lines if line)  # fmt: skip


def _source_before(source: str, text: str, known: LanguageKnowledge) -> str | None:
    """The source and then its translation, in a paragraph or a line of its own."""
    bare, first = text.strip(), source.strip()
    label = _OF_SOURCE.match(bare)
    if label and bare.startswith(first, label.end()):
        bare = bare[label.end() :]
    if len(first) >= 12 and bare.startswith(first):
        rest = bare[len(first) :]
        return rest.lstrip(" \n\t→-–—>=") if rest.lstrip(" \t")[:1] in ("\n", "→") else None
    if len(first) >= 12 and bare.endswith(first) and bare[: -len(first)].rstrip(" \t").endswith("\n"):
        return bare[: -len(first)]
    return None


def _note(source: str, text: str, known: LanguageKnowledge) -> str | None:
    """A last paragraph that speaks about the translation, or offers more help, where the source has fewer."""
    m = _LAST.search(text.rstrip())
    if m is None or _paragraphs(source) >= _paragraphs(text) or not text[: m.start()].strip():
        return None
    excuses = ENGLISH.excuses
    # A source that says such a thing somewhere may have it as a paragraph in the translation.
    if excuses is None or excuses.notes.search(source) or excuses.serving.search(source):
        return None
    phrases, note = known.phrases, m["note"]
    own = phrases is not None and (
        (phrases.note is not None and phrases.note.match("\n" + note.lstrip("(*[ ")) is not None)
        or (phrases.service is not None and phrases.service.match(note.lstrip("(*[ ")) is not None)
        or re.match(rf"[(\[]?(?:ال)?{phrases.translating}", note) is not None
    )
    return text[: m.start()] if own or _ENGLISH_NOTE.match(note) else None


def _paragraphs(text: str) -> int:
    return sum(1 for paragraph in re.split(r"\n[ \t]*\n", text.strip()) if paragraph.strip())


_STEPS: tuple[tuple[str, Callable[[str, str, LanguageKnowledge], str | None]], ...] = (
    ("marks", _marks),
    ("reasoning", _reasoning),
    ("fence", _fence),
    ("inline_code", _inline),
    ("tags", _tags),
    ("json", _json),
    ("rules", _rules),
    ("quoted_lines", _quoted_lines),
    ("preface", _preface),
    ("opener", _opener),
    ("source", _source_before),
    ("note", _note),
    ("brackets", _brackets),
    ("bold", _stars),
    ("quotes", _quotes),
)
KINDS = tuple(kind for kind, _ in _STEPS)
