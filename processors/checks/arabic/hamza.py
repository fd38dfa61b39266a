"""The hamza on a word's first alif: left out, or written where the alif only joins.

What a word is, nobody knows without a dictionary, but much is told by its shape. An alif that only joins (hamzat
al-wasl) is followed by two consonants, so one before a long vowel has lost its hamza (ايضا, اساس, امور); so has the
plural of the pattern أفعال and its verbal noun إفعال. The verbal nouns of forms VII, VIII and X never have one
(إستخدام, إجتماع). The rest is a list (`words.json`).
"""

from __future__ import annotations

import re
from functools import cache

from processors.checks.arabic.mistake import Slip
from processors.checks.arabic.words import (
    ADVERBS,
    EITHER_SEAT,
    KNOWN,
    NOT_JOINED,
    NOUNS,
    VERBS,
    WASL,
    WASL_DOUBLED,
    WHOLE,
)

_TO_BARE = str.maketrans("أإآ", "ااا")
_NOUN_BEFORE = r"(?P<before>[وف]?(?:ال|بال|كال|لل|[بل])?)"
_NOUN_BEHIND = r"(?P<behind>|ا|ة|ه|ها|هم|هما|ي|ية|يا|يات|يين|نا|ك|كم|ات|اته|اتها|ين|ون|ان|ته|تها|تي)"
_VERB_BEHIND = r"(?P<behind>|ت|وا|نا|ا|تا|ن|ه|ها|هم|ني|ك|كم|ته|تها|تهم|تني|وه|وها|ناه|تما|تم)"
# Consonants that cannot be a vowel.
_C = "[ءبتثجحخدذرزسشصضطظعغفقكلمنهؤئ]"
_LONG = re.compile(rf"[وف]?(?P<article>[بك]?ال)?ا(?:[وي](?!تم)|(?!ل){_C}[اوي])")
# Whose alif, though it joins, stands before one letter and a waw or ya: pasts and commands.
_NOT_LONG = re.compile(r"(?:اسود|اعوج|احول|ارو|اشو|انو|اهو|اكو|ابيض|الو|الي|اتي|اتو)")
# أفعال and إفعال. Not where the second letter may be the one that form VIII puts in, nor duals and plurals in -at.
_PLURAL = re.compile(
    r"(?P<before>[وبل]|[وف]?[بك]?ال|[وف]?لل)?(?P<stem>ا(?![صض]ط|ز[دن])[ءبثجحخذرزسشصضعغفقكمهؤئ][ءبثجحخدذرزسشصضطظعغفقكلمهؤئ]ا"
    r"[ءبثجحخدذرزسشصضطظعغفقلمؤئ])(?P<behind>|ا|ها|هم|نا|ي|ية|يا|يين|ات|اته|اتها)"
)
_FORM_X = re.compile(
    rf"(?P<before>[وف]?(?:ال|بال|كال|لل|[بلك])?)[إأ](?P<stem>ست{_C}{{2}}ا{_C}\w{{0,4}}|ست{_C}ا{_C}ة\w{{0,3}})"
)
_FORM_VIII = re.compile(
    rf"(?P<before>[وف]?(?:ال|بال|كال|لل|[بلك])?)[إأ](?P<stem>(?!س){_C}ت[{_C[1:-1]}ي]ا{_C}\w{{0,4}})"
)
_FORM_VII = re.compile(
    rf"(?P<before>[وف]?(?:ال|بال|كال|لل|[بلك])?)[إأ](?P<stem>ن(?!ست|د[ويي]|تر){_C}[{_C[1:-1]}ي]ا[{_C[1:-1]}]\w{{0,3}})"
)
# With a ya where a hamza stands on one: the plural فعائل and the participle فاعلة of a hollow root.
_HOLLOW = "[بجحخدذرسشصضطظعغفقكلمنه]"
_SEAT = re.compile(rf"[وف]?(?:[بك]?ال|لل)(?:(?![تمينأس]){_HOLLOW}[{_HOLLOW[1:-1]}و]اي{_HOLLOW}|{_HOLLOW}اي{_HOLLOW}ة)")
_FORM_PAST = re.compile(
    rf"(?P<before>[وف]?)إ(?P<stem>(?:ست{_C}{{3}}|ست{_C}[اي]{_C}|(?!س|نتر){_C}ت{_C}{{2}}|ن(?!ت){_C}{{3}}|ستطاع)(?:ت|وا|نا|ها|ه)?)"
)
# Names and loans that look like those forms.
_LOANS = re.compile(
    r"ستراتيج|ستوني|ستانبول|ستبرق|ستراد|ستونيا|نترا|نتربول|ستنتو|ندونيس|نديان|نكلترا|نجلترا|نجلز|نستا|ستاد|ستاتيك"
)


def hamza(word: str) -> Slip | None:
    """What is wrong with the hamza of a bare word; None if nothing can be told.

    >>> hamza("الى"), hamza("إستخدام"), hamza("واقع")
    (Slip(kind='hamza', expected='إلى'), Slip(kind='hamza', expected='استخدام'), None)
    """
    known = KNOWN.get(word) or (KNOWN.get(word[1:]) if word[0] in "وف" else None)
    if known:
        return Slip("hamza", known if word in KNOWN else word[0] + known)
    if word[-1] in "أآ" and word[:-1] in ADVERBS:
        return Slip("tanwin", word[:-1] + "اً")
    if "إ" in word or "أ" in word:
        return _not_wanted(word)
    if "اي" in word and _SEAT.fullmatch(word):
        return Slip("hamza", word.replace("اي", "ائ"))
    return _missing(word) if "ا" in word[:5] else None


def _not_wanted(word: str) -> Slip | None:
    before, rest = _split(word)
    plain = "ا" + rest[1:]
    if word == "الإثنين":
        return None
    if rest[:1] in ("إ", "أ") and (plain in WASL or plain in WASL_DOUBLED) and not (before == "" and rest[0] == "أ"):
        return Slip("hamza", before + plain)
    seat = _wrong_seat(word)
    if seat:
        return Slip("hamza", seat)
    if _LOANS.search(word):
        return None
    for pattern in (_FORM_X, _FORM_VIII, _FORM_VII, _FORM_PAST):
        m = pattern.fullmatch(word)
        if m:
            return Slip("hamza", f"{m['before']}ا{m['stem']}")
    return None


# إفعال, إفالة: verbal nouns, whose other seat is often a plural or a verb.
_VERBAL_NOUN = re.compile(rf"[أإ](?:[{_C[1:-1]}ي]{{2}}|{_C})ا\w+")
_EITHER = str.maketrans("أإ", "إأ")


def _wrong_seat(word: str) -> str | None:
    """The word with its hamza on the other side of its alif, if only that is a word of the lists."""
    for before, stem, behind in _readings(_NOUN, word.translate(_TO_BARE)):
        at = len(before)
        stem = word[at : at + len(stem)]
        other = stem.translate(_EITHER)
        if other != stem and other in _seats() and not _VERBAL_NOUN.fullmatch(stem) and (len(stem) > 3 or not behind):
            return f"{before}{other}{behind}"
    return None


@cache
def _seats() -> frozenset[str]:
    """Words and stems of the lists whose other seat makes no other word."""
    both = WHOLE | NOUNS
    return frozenset(word for word in both if len(word) > 2 and word.translate(_EITHER) not in both) - EITHER_SEAT


def _split(word: str) -> tuple[str, str]:
    at = min((i for i in (word.find("إ"), word.find("أ")) if i >= 0), default=0)
    return word[:at], word[at:]


def _missing(word: str) -> Slip | None:
    listed = _listed(word)
    if listed:
        return Slip("hamza", listed)
    m = _PLURAL.fullmatch(word)
    if m and not (m["before"] in ("و", "ف", "ب", "ك", "ل") and m["behind"] in ("ي", "ات", "اته", "اتها", "ا", "نا")):
        return Slip("hamza", f"{m['before'] or ''}أ{m['stem'][1:]}{m['behind']}, with أ or إ")
    m = _LONG.match(word)
    if m and word[0] not in "وف" and not _NOT_LONG.match(word):
        at = m.end("article") if m["article"] else 0
        return Slip("hamza", f"{word[:at]}أ{word[at + 1 :]}, with أ, إ or آ")
    return None


@cache
def _by_bare(words: frozenset[str]) -> dict[str, str]:
    """Bare spelling -> the right one; the two right ones of a bare spelling are both said."""
    found: dict[str, str] = {}
    for word in sorted(words):
        plain = word.translate(_TO_BARE)
        found[plain] = f"{found[plain]} / {word}" if plain in found else word
    return {plain: word for plain, word in found.items() if plain != word}


_NOUN = re.compile(rf"{_NOUN_BEFORE}(?P<stem>ا.*?){_NOUN_BEHIND}")
_VERB = re.compile(rf"(?P<before>[وفسل]?)(?P<stem>ا.*?){_VERB_BEHIND}")


def _listed(word: str) -> str | None:
    whole = _by_bare(WHOLE)
    if word in whole:
        return whole[word]
    if word[0] in "وف" and word[1:] in whole and word not in NOT_JOINED:
        return word[0] + whole[word[1:]]
    for pattern, words in ((_NOUN, _by_bare(NOUNS)), (_VERB, _by_bare(VERBS))):
        # The article and the first letter of a stem may be the same, and so may an ending and its last one.
        for before, stem, behind in _readings(pattern, word):
            # Of three letters behind one that may be of the root it is a participle: كامل, واصل, لازمة.
            if stem in words and not (len(stem.removesuffix("ة")) == 3 and len(before) == 1):
                return f"{before}{words[stem]}{behind}"
    return None


def _readings(pattern: re.Pattern[str], word: str) -> list[tuple[str, str, str]]:
    """Each way to part a word into what is before its stem, the stem with its alif, and what is behind."""
    found = []
    for at, letter in enumerate(word[:5]):
        if letter != "ا":
            continue
        for end in range(len(word), max(at + 2, len(word) - 5), -1):
            before, stem, behind = word[:at], word[at:end], word[end:]
            m = pattern.fullmatch(f"{before}ا{behind}")
            if m and m["before"] == before and m["behind"] == behind:
                found.append((before, stem, behind))
    return found
