"""Arabic verbs as they are written without vowels: principal parts of a root in a form, and all persons of them.

Rules of our own after any grammar's tables. Spelling is that of `LanguageKnowledge.normalise`: one alif, and the alif
maqsura as yeh; but a word's first alif has its hamza, which tells "I write" from "write!". Passives are written like
actives but for hollow and weak ones, which are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

PAST, PRESENT, IMPERATIVE = "past", "present", "imperative"
_SEMIVOWELS = "وي"
# What the t of form VIII becomes behind the root's first letter.
_EIGHTH = {"ص": "صط", "ض": "ضط", "ط": "ط", "ظ": "ظ", "د": "د", "ذ": "ذد", "ز": "زد", "و": "ت", "ا": "تخ", "ث": "ثت"}


@dataclass(frozen=True, slots=True)
class Parts:
    """Stems of one verb. `past` (he), before an ending in a consonant `past_short`, before -wā `past_plural`, and with
    -t (she) `past_she`; `present` without its prefix, before -ūna `present_plural`, before -na `present_short`;
    `imperative`, and before -ū and -ī `imperative_long`."""

    past: str
    past_short: str
    past_plural: str
    past_she: str
    present: str
    present_plural: str
    present_short: str
    imperative: str
    imperative_long: str


def _sound(past: str, present: str, imperative: str) -> Parts:
    return Parts(past, past, past, past, present, present, present, imperative, imperative)


def _split(past: str, past_short: str, present: str, present_short: str, alif: str = "") -> Parts:
    """Hollow and doubled verbs: their stem is another before a consonant. `alif`: what the imperative begins with."""
    return Parts(past, past_short, past, past, present, present, present_short, alif + present_short, alif + present)


def _weak(past: str, past_short: str, present: str, alif: str = "", keeps_yeh: bool = False) -> Parts:
    """Verbs that end weakly: the last letter falls before other vowels. `keeps_yeh`: nasiya, nasiyat, but nasū."""
    bare, present_bare = past[:-1], present[:-1]
    return Parts(
        past, past_short, bare, past if keeps_yeh else bare, present, present_bare, present,
        alif + present_bare, alif + present_bare,
    )  # fmt: skip


def _first(root: str, hollow_a: bool, weak_a: bool) -> Parts:
    one, two, three = tuple(root)
    if three in _SEMIVOWELS:
        if weak_a:
            return _weak(one + two + "ي", one + two + "ي", one + two + "ي", "ا", keeps_yeh=True)
        begins = two if one == "و" else one + two
        return _weak(one + two + ("ا" if three == "و" else "ي"), root, begins + three, "" if one == "و" else "ا")
    if two in _SEMIVOWELS:
        present = one + ("ا" if hollow_a else two) + three
        return _split(one + "ا" + three, one + three, present, one + three)
    if two == three:
        parts = _split(one + two, root, one + two, root)
        return replace(parts, imperative=one + two, imperative_long=one + two)
    if one == "و":
        return _sound(root, two + three, two + three)
    # "أكل", and whatever else begins with a hamza.
    return _sound(root.replace("ا", "أ", 1) if one == "ا" else root, root, "ا" + root)


def _with_prefix(root: str, past: str, present: str, alif: str) -> Parts:
    """Forms IV, VII, VIII and X: `past` and `present` stand before the root, whose last letters follow its first."""
    one, two, three = tuple(root)
    if three in _SEMIVOWELS:
        return _weak(past + one + two + "ي", past + one + two + "ي", present + one + two + "ي", alif)
    if two == three:
        return _split(past + one + two, past + root, present + one + two, present + root, alif)
    return _sound(past + root, present + root, alif + present + root)


def _hollow(past: str, present: str, one: str, three: str, vowel: str, alif: str) -> Parts:
    long_past, long_present = past + one + "ا" + three, present + one + vowel + three
    return _split(long_past, past + one + three, long_present, present + one + three, alif)


def _augmented(past: str, end: str, present: str | None = None) -> Parts:
    """Forms II, III, V and VI: the root's middle is firm; `end` is its last letter."""
    present = past if present is None else present
    if end in _SEMIVOWELS:
        return _weak(past[:-1] + "ي", past[:-1] + "ي", present[:-1] + "ي")
    return _sound(past, present, present)


def parts_of(root: str, form: str, hollow_a: bool = False, weak_a: bool = False) -> Parts:
    """The principal parts of a root of three letters in one of the forms I to X.

    `hollow_a`, `weak_a`: of form I, whether its present has a long a: nāma, yanāmu; nasiya, yansā.
    """
    one, two, three = tuple(root)
    is_hollow = two in _SEMIVOWELS and three not in _SEMIVOWELS
    if form == "I":
        return _first(root, hollow_a, weak_a)
    if form == "II":
        return _augmented(root, three)
    if form == "III":
        return _augmented(one + "ا" + two + three, three)
    if form == "V":
        return _augmented("ت" + root, three)
    if form == "VI":
        return _augmented("ت" + one + "ا" + two + three, three)
    if form == "IX":
        return _split("ا" + root, "ا" + root + three, root, root + three, "ا")
    if form == "IV":
        if is_hollow:
            return _hollow("أ", "", one, three, "ي", "أ")
        return _with_prefix(root, "أ", "", "أ")
    if form == "VII":
        return _hollow("ان", "ن", one, three, "ا", "ا") if is_hollow else _with_prefix(root, "ان", "ن", "ا")
    if form == "X":
        if is_hollow:
            return _hollow("است", "ست", one, three, "ي", "ا")
        return _with_prefix(root, "است", "ست", "ا")
    return _eighth(root, is_hollow)


def _eighth(root: str, is_hollow: bool) -> Parts:
    one, two, three = tuple(root)
    first = _EIGHTH.get(one, one + "ت")
    if one == "ا":
        return _sound("ا" + first + three, first + three, "ا" + first + three)
    if is_hollow:
        return _hollow("ا", "", first, three, "ا", "ا")
    if three in _SEMIVOWELS:
        return _weak("ا" + first + two + "ي", "ا" + first + two + "ي", first + two + "ي", "ا")
    if two == three:
        return _split("ا" + first + two, "ا" + first + two + three, first + two, first + two + three, "ا")
    return _sound("ا" + first + two + three, first + two + three, "ا" + first + two + three)


def irregular(past: str, present: str = "", imperative: str = "") -> Parts:
    """Parts of a verb that is given by its principal ones: `present` with its prefix, `imperative` as to one man."""
    stem = present[1:]
    # Only a yeh that was an alif or a weak yeh falls; one that carries no vowel of its own does not stand here.
    ends_weakly = past.endswith("ي") or stem.endswith("ي")
    plural = past[:-1] if past.endswith("ي") else past
    short = past.replace("اء", "ئ") if past.endswith("اء") else past
    if len(past) > 3 and past[-2] == "ا" and not ends_weakly:
        short = past[:-2] + past[-1]
    return Parts(
        past, short, plural, plural, stem, stem[:-1] if stem.endswith("ي") else stem, stem, imperative, imperative
    )


def persons(parts: Parts) -> Iterator[tuple[str, str]]:
    """Each form of a verb with its tense; without the pronouns that may stand behind it."""
    yield from ((PAST, form) for form in _past(parts))
    if parts.present:
        yield from ((PRESENT, form) for form in _present(parts))
    if parts.imperative:
        yield from ((IMPERATIVE, form) for form in _imperative(parts))


def _past(parts: Parts) -> Iterator[str]:
    yield from (parts.past, parts.past_she + "ت", parts.past_plural + "وا", parts.past_plural + "و")
    yield from (parts.past_she + "تا", parts.past_short + "ا", parts.past + "ا")
    yield from (parts.past_short + end for end in ("ت", "نا", "تم", "تمو", "تما", "تن", "ن", "تي"))
    # The alif maqsura is an alif before a pronoun: "رمى", "رماه".
    if parts.past.endswith("ي"):
        yield parts.past[:-1] + "ا"


def _present(parts: Parts) -> Iterator[str]:
    for prefix in "يتأن":
        # The second is the jussive of hollow verbs, behind the lam of command: "ليكن".
        yield from (prefix + parts.present, prefix + parts.present_short)
        if parts.present.endswith("ي"):
            yield prefix + parts.present[:-1] + "ا"
    for prefix in "يت":
        yield from (prefix + parts.present_plural + end for end in ("ون", "وا", "و"))
        yield from (prefix + parts.present + "ان", prefix + parts.present_short + "ن")
    yield "ت" + parts.present_plural + "ين"


def _imperative(parts: Parts) -> Iterator[str]:
    yield parts.imperative
    yield from (parts.imperative_long + end for end in ("وا", "و", "ي", "ا"))
    yield parts.imperative + "ن"
