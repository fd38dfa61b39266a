"""English that a translation rightly keeps: what is quoted, what a machine says or reads, names of machines.

An English sentence that is to be corrected stays as it is, so does an error message, a query, a line of code that
nobody fenced, and a list of hosts or packages. Each counts only where source and target have it letter by letter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from processors.protected.find import blanked
from processors.protected.kept.of_words import GRAMMAR, SPEAKS, WORDS
from processors.protected.kept.references import references
from processors.protected.prose import reads_as_prose, small_words
from processors.texts.text import Text, view

# What is said around it, and not in it.
_AROUND = " .,!?،؟"
# Longer ones are passages.
_LONGEST_QUOTED = 300
_QUOTED = re.compile(r"[\"“«„]([^\"“”«»„\n]{3,300}+)[\"”»]|(?<![\w'])'([^'\n]{3,300}+)'(?!\w)|‘([^’\n]{3,300}+)’")
# Characters around a quotation. Who quotes and speaks of words means the words; others quote what somebody said, and
# that is translated.
_NEAR = 80
# What stands between quotation marks of its own paragraphs: a stanza, a draft, a dialogue.
_PASSAGE = re.compile(r"^[\"“«]([^\"“”«»]{3,1500}+)[\"”»][ \t]*$", re.MULTILINE)
# And before a word in bold that a program shows.
_SHOWN = 200
_SAID_BEHIND = re.compile(rf"\W{{0,3}}(?:[\w'’.-]+\s){{0,3}}?{SPEAKS}\b", re.IGNORECASE)
_SAID_BEFORE = re.compile(rf"\b{SPEAKS}(?: [\w'’.-]+){{0,2}}[:,]?\s*$", re.IGNORECASE)
_END = r"(?=[.?!](?:\s+[A-Z]|\s*$)|$)"
_MACHINE = re.compile(
    # What a program reports: "TypeError: ...", "ERROR 2002 (HY000): ...", "fatal: ...".
    rf"(?<![\w.])(?:[\w.]*\.)?[A-Z]\w*(?:Error|Exception|Warning|Fault|Interrupt)\b(?:\s+\w+\s+\w+)?:[^\n]+?{_END}"
    rf"|(?:\b(?:ERROR|WARN|WARNING|INFO|DEBUG|FATAL|CRITICAL|NOTICE)\b[\]:]?|\bnpm ERR!|^E:)[^\n]*?{_END}"
    r"|(?:^|(?<=: )|(?<=says )|(?<=[gs][eo]t )|(?<=see )|(?<=with )|(?<=error ))"
    rf"(?:fatal|error|warning|panic)(?:\[\w+\]|\s[A-Z]{{1,4}}\d+)?:[^\n]*?{_END}"
    r"|\bException in thread\b[^\n]+|^Traceback[^\n]+|^\s*at [\w.$<>]+\([^\n]*\)"
    r"|^(?:[\w./\-]+: ){1,4}(?:line \d+: )?[^\n]{0,80}?(?:not found|[Nn]o such|denied|refused|failed|invalid)[^\n]*"
    # What systems have said for decades.
    r"|\b(?:Segmentation fault|Permission denied|No such file or directory"
    r"|Connection (?:refused|reset by peer|timed out)"
    r"|Access is denied|Broken pipe|Bus error|Address already in use|Device or resource busy|Operation not permitted)"
    r"(?: \([\w, ]{1,40}\))?"
    # Queries and commands.
    r"|\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE (?:TABLE|INDEX|VIEW)|ALTER TABLE|DROP TABLE|WITH)\b"
    r"[^\n;]{0,400}(?:\b(?:FROM|VALUES|SET|WHERE|TABLE|ADD|AS)\b|\()[^\n;]*(?:;|$)"
    r"|^\s*\$ [^\n]+|\bsudo [^\n.?!]+",
    re.MULTILINE,
)
# Within a sentence it ends where somebody speaks again: "I get fatal: refusing to merge when I pull".
_GOES_ON = re.compile(
    r"[,;]? (?:when|whenever|if|after|while|every time|each time|as soon as|because|but|even though|although) "
    r"(?:I|you|we|he|she|they|my|our|your|(?:run|try|us|build|start|install|compil|open|load)\w*ing)\b"
)
# Commands that nobody fenced: a line or an item of one, or its first words in a sentence ("git push says").
_PROGRAM = (
    r"(?:git|npm|npx|pip3?|docker|kubectl|cargo|yarn|pnpm|brew|apt(?:-get)?|conda|helm|terraform|systemctl|ffmpeg)"
)
_COMMANDS = (
    re.compile(
        rf"^[ \t]*(?:[-*+]|\d+[.)])?[ \t]*((?:{_PROGRAM}|cd|mkdir|chmod|curl|wget|ssh|scp|grep|echo|python3?)"
        r" [^\n]+)$",
        re.MULTILINE,
    ),
    re.compile(rf"\b({_PROGRAM} [a-z][a-z\-]+)"),
    # How a command is used: "topic [new topic]: ...".
    re.compile(r"^[ \t]*/?([a-z][\w\-]*(?: (?:\[[^\[\]\n]{1,40}\]|<[^<>\n]{1,40}>)){1,6})(?=:|[ \t]*$)", re.MULTILINE),
)
# A text whose words are the task stands behind a colon too, in whatever language.
_TASK = re.compile(
    r"\b(?:translat|correct|grammar|proofread|spell|punctuat|passive|tense|classify|sentiment)[^\n:]{0,120}:[ \t]+"
    r"([^\n]{8,300})$",
    re.IGNORECASE | re.MULTILINE,
)
# And behind the labels of two versions of it.
_VERSION = re.compile(
    r"\b(?:sentence|original|incorrect|wrong|corrected|correct(?:ion)?|revised|rewritten|passive|active)(?: \w+)?:"
    r"[ \t]+([^\n]{8,300}?[.?!])(?=\s|$)",
    re.IGNORECASE,
)
_ARROW = re.compile(r"\s*(?:→|->|=>|⟶)\s*")
# Who speaks of what a machine reported quotes it after a colon, or on a line of its own.
_REPORT = re.compile(
    r"\b(?:error|message|exception|log|output|warning|traceback|console|terminal|prints?|says|shows?|displays?)\b",
    re.IGNORECASE,
)
# A sentence in one pair of stars; and an exercise: a gap, and what may fill it.
_SLANTED = re.compile(r"(?<![*\w])\*([A-Z][^*\n]{3,120})\*(?![*\w])")
# And on a quoted line, of a lesson.
_QUOTED_LINE = re.compile(r"^> ?([A-Z][^\n]{3,200})$", re.MULTILINE)
_LONGEST_GAP = 240
_GAP = re.compile(r"(?:^|:)[ \t]*([^\n:]*__[^\n]*)$")
_CHOICE = re.compile(r"^[ \t]*[(]?[A-Da-d1-4][).][ \t]+(\S[^\n]{0,120})$", re.MULTILINE)
_MOST_CHOICES = 6
_SENTENCE_END = re.compile(r"[.?!\n]")
_NAMED = re.compile(r"(?:Error|Fatal|Warning|Panic|Exception|Failure)\b[^\n:]{0,30}:")
_REPORTED = re.compile(rf"{_REPORT.pattern}[^\n:.?!]{{0,60}}:[ \t]+([^\n.?!:]{{5,120}})", re.IGNORECASE)
# What a program shows is read as it is shown.
_ON_SCREEN = re.compile(r"\b(?:click|press|tap|select|choose|button|menu|tab|checkbox|shortcut|dialog)", re.IGNORECASE)
_BOLD = re.compile(r"\*\*([^*\n]{2,60}+)\*\*")
_CODE = re.compile(
    r"[\w\])]\([^()\n]*\)\s*(?:[;:{]\s*\w|[;:{]?\s*$)|[;{}]\s*$|\s(?:[=!<>+*|&]=?|->|=>|:=)\s"
    r"|^\s*(?:import|from|def|class|return|#include)\s"
)
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_NO_SAYING = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|(?:#|//|--|/\*|;).*")
_FEWEST_SAID = 3
# "web01", "node-a1", "bbc.co.uk", "user_id", "getName"; options, endings of files, calls, schemes, colours, settings,
# and what follows a placeholder in a path.
_NAME = re.compile(
    r"(?<![\w/\\<.])[/\\][A-Za-z][\w.\-/\\]*|(?<![\w\-])--[A-Za-z][\w\-]*+|(?<![\w.])\*?\.[A-Za-z]\w{0,10}+(?![\w.])"
    r"|(?<![\w.])[A-Za-z_][\w.]{0,60}\(\d{0,9}\)"
    r"|(?<!\w)[a-z][a-z0-9+.\-]{1,20}://|(?<![\w#&])#[A-Za-z]\w{1,40}+|(?<![\w\-])[A-Za-z][\w\-]{0,40}=[\w/.\-]+"
    r"|(?<![A-Za-z0-9_.@/\-])(?=[A-Za-z0-9_.@/:\-]*(?:\d|_|[a-z0-9][.@/:][a-z0-9]|[a-z][A-Z]))"
    r"[A-Za-z][A-Za-z0-9_@/:.\-]*[A-Za-z0-9]"
)
# "Install these packages: numpy pandas scipy matplotlib seaborn", "Hosts: alpha, beta, web-2": no English is so.
_LIST = re.compile(
    r":\s+([a-z][a-z\-]+(?: [a-z][a-z\-]+){4,60}"
    r"|(?=[^\n]{0,300}[a-z][-_.]?\d|[^\n]{0,300}[a-z]\.[a-z])[a-z][\w.\-]+(?:, ?(?:and )?[a-z][\w.\-]+){2,60})"
    r"(?=[.?!]?\s*$|[.?!]\s)",
    re.MULTILINE,
)
# Of a line of code: longer ones are data, and the expression need not search them.
_LONGEST = 2000


@view
def _pieces(text: Text) -> tuple[str, ...]:
    """What of an English text a translation may keep, the longest first."""
    string = text.string
    found = [_GOES_ON.split(m[0].strip(), maxsplit=1)[0] for m in _MACHINE.finditer(string)]
    found += [m[1] for pattern in _COMMANDS for m in pattern.finditer(string) if not reads_as_prose(m[0])]
    for m in _TASK.finditer(string):
        found += [m[1], *_ARROW.split(m[1])]
    versions = [m[1] for m in _VERSION.finditer(string)]
    found += versions if len(versions) > 1 else []
    if _ON_SCREEN.search(string):
        found += [
            m[1]
            for m in _BOLD.finditer(string)
            if _ON_SCREEN.search(string, max(0, m.start() - _SHOWN), m.end() + _NEAR)
        ]
    found += [m[1] for m in _LIST.finditer(string) if not reads_as_prose(m[1])]
    found += _exercise(string) + references(string)
    if _REPORT.search(string):
        found += [m[1].strip() for m in _REPORTED.finditer(string)]
    before = ""
    lines = list(filter(None, map(str.strip, string.split("\n"))))
    reports, often = len(_REPORT.findall(string)), Counter(lines)
    for line in lines:
        # A line of code has its signs, and no sentence around it; what a machine reported is announced or asked about.
        announced = before.endswith(":") and _REPORT.search(before)
        asked = _NAMED.match(line) and reports > often[line] * len(_REPORT.findall(line))
        # The bars of a table are no code's.
        row = line[0] == "|" and line[-1] == "|"
        if (
            len(line) < _LONGEST
            and not row
            and (_CODE.search(line) or announced or asked)
            and not (reads_as_prose(line) or _says_with_formula(line))
        ):
            found.append(line)
        before = line
    return tuple(sorted((piece for piece in set(found) if len(piece) > 3), key=len, reverse=True))


def _says_with_formula(line: str) -> bool:
    """Whether a line with a formula is a sentence: "If x = 5 then the square has an area of 25."

    What a program has in quotation marks or behind the sign of a comment does not count.
    """
    said = _LATIN_WORD.findall(_NO_SAYING.sub(" ", line))
    small = small_words(said)
    if not small or small * 8 < len(said) or len(said) < _FEWEST_SAID:
        return False
    return small > 1 or line[-1] in ".!?" or (said[0].istitle() and small_words(said[:1]) == 1)


def _exercise(string: str) -> list[str]:
    """Of an exercise in English: slanted examples, the sentence with a gap and what may fill it, sentences to choose
    from."""
    lesson = GRAMMAR.search(string.lower()) is not None
    found = [m[1] for m in _SLANTED.finditer(string) if lesson or _in_sentence_of_words(m)] if "*" in string else []
    found += _QUOTED_LINE.findall(string) if lesson and "> " in string else []
    choices = _CHOICE.findall(string)
    if not 2 <= len(choices) <= _MOST_CHOICES:
        return found
    # "Go, goes, going" for a gap are forms of a word.
    forms = "__" in string and len({choice[:2].lower() for choice in choices}) == 1
    if not forms and not GRAMMAR.search(string[: string.find(choices[0])].lower()):
        return found
    lines = [line for line in string.split("\n") if "__" in line and len(line) <= _LONGEST_GAP]
    return found + [m[1].strip() for m in map(_GAP.search, lines) if m] + choices


def _in_sentence_of_words(m: re.Match[str]) -> bool:
    """Whether the sentence around what stands in stars speaks of words; who tells a story has actions in them."""
    before = _SENTENCE_END.split(m.string[max(0, m.start() - _NEAR) : m.start()])[-1]
    behind = _SENTENCE_END.split(m.string[m.end() : m.end() + _NEAR], maxsplit=1)[0]
    return WORDS.search(f"{before}, {behind}".lower()) is not None


@view
def _quotations(text: Text) -> frozenset[str]:
    string = text.string
    if not WORDS.search(string.lower()):
        return frozenset()
    found = [_bare(m) for m in _QUOTED.finditer(string) if _of_words(m)]
    passages = [m for m in _PASSAGE.finditer(string) if "\n" in m[1] or len(m[1]) > _LONGEST_QUOTED]
    return frozenset(found + [_bare(m) for m in passages if _of_words(m)])


def _bare(m: re.Match[str]) -> str:
    return next(filter(None, m.groups())).strip(_AROUND)


def _of_words(m: re.Match[str]) -> bool:
    """Of what somebody said only where the words are spoken of beside it, not somewhere in a long text."""
    before, behind = m.string[max(0, m.start() - _NEAR) : m.start()], m.string[m.end() : m.end() + _NEAR]
    said = _SAID_BEHIND.match(behind) or _SAID_BEFORE.search(before)
    return not said or any(WORDS.search(beside.lower()) for beside in (before, behind))


@view
def _names(text: Text) -> frozenset[str]:
    found = {m[0] for m in _NAME.finditer(text.string)}
    if "/" in text.string or "\\" in text.string:
        # What follows a placeholder begins where its span ends.
        found |= {m[0] for m in _NAME.finditer(blanked(text))}
    return frozenset(found)


def without_kept_english(source: Text, target_text: Text, values: Sequence[str] = ()) -> str:
    """The target with its protected spans and what it rightly keeps blanked out, `values` too; offsets stay."""
    target, whole = blanked(target_text), target_text.string
    for value in values:
        target = _blank_at(target, whole, value)
    for piece in _pieces(source):
        # The end of a sentence is the translation's own.
        for kept in (piece, piece.rstrip(" .;?!")):
            if kept and kept in whole:
                target = _blank_at(target, whole, kept)
                break
    wanted = _quotations(source)
    if wanted:
        for m in (*_QUOTED.finditer(whole), *_PASSAGE.finditer(whole)):
            if _bare(m) in wanted:
                target = target[: m.start()] + " " * (m.end() - m.start()) + target[m.end() :]
    names = _names(source)
    if not names:
        return target
    return _NAME.sub(lambda m: " " * len(m[0]) if m[0] in names else m[0], target)


def _blank_at(text: str, whole: str, piece: str) -> str:
    place = whole.find(piece)
    while place >= 0:
        text = text[:place] + " " * len(piece) + text[place + len(piece) :]
        place = whole.find(piece, place + len(piece))
    return text
