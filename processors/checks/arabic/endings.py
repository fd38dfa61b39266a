"""The last letter of a word: ta marbuta or heh, alif maqsura or ya.

A word with the article takes no pronoun, so a heh at its end is a ta marbuta unless it is of its root; such roots are
few (`words.json`). Without the article most endings mean either, and nothing is said: مدرسه may be her teacher's
"his teacher", علي is a name. Letters of Persian keyboards in an Arabic word, and an alif maqsura within a word, are
told everywhere.
"""

from __future__ import annotations

import re

from processors.checks.arabic.mistake import Slip
from processors.checks.arabic.words import MAQSURA, OWN_HEH, OWN_MAQSURA, PRONOUN, TA_MARBUTA, YA, YA_NOUNS

_ARTICLE = re.compile(r"[وف]?(?:[بك]?ال|لل)(?=\w{3})")
# Pasts of form VIII whose root begins with a lam look like nouns with the article: التقاه, التهمه.
_FORM_VIII = re.compile(r"[وف]?الت[قهزمحفصبج]\w{1,2}ه")
# What only looks like "and the": his parents, his mother.
_PARENT = re.compile("[وف]?والد(?:ت?ي|ت|ا)?ه")
_NEIGHBOURS = str.maketrans({"ی": "ي", "ک": "ك", "ہ": "ه", "ۀ": "ة", "ە": "ه", "ھ": "ه", "ێ": "ي", "ۃ": "ة"})
_FOREIGN = re.compile("[یکہۀەھێۃ]")
# Letters that only other languages have: such a word is theirs, or a name.
_THEIRS = re.compile("[پچژگٹڈڑںےڤۆڕڵۇ]")
_WITHIN = re.compile("ى(?=[\u0622-\u064a])")
_MINE = re.compile(r"\w{3,}(?:(?<!أ)تى|ننى)")
_CONJUNCTION = ("و", "ف")
_JOINED = ("و", "ف", "ب", "ل", "ك")


def ending(word: str) -> Slip | None:
    """What is wrong with the last letter of a bare word, or with a letter of another keyboard.

    >>> ending("المدرسه"), ending("فى"), ending("المياه")
    (Slip(kind='ta_marbuta', expected='المدرسة'), Slip(kind='alif_maqsura', expected='في'), None)
    """
    if _FOREIGN.search(word) and not _THEIRS.search(word):
        right = word.translate(_NEIGHBOURS)
        # Their ya has no dots at the end of a word either.
        return Slip("letters", f"{right} / {right[:-1]}ى" if word.endswith("ی") else right)
    last = word[-1]
    if last == "ه":
        return _heh(word)
    if last == "ة":
        return _ta_marbuta(word)
    if last == "ى":
        return _maqsura(word)
    if last == "ي":
        return _ya(word)
    if "ى" in word or "ة" in word:
        return _inside(word)
    return None


def _after(word: str, letters: tuple[str, ...]) -> tuple[str, ...]:
    """The word, and without one letter that is written with it."""
    return (word, word[1:]) if word.startswith(letters) else (word,)


def _heh(word: str) -> Slip | None:
    right = word[:-1] + "ة"
    article = _ARTICLE.match(word)
    if article and not _PARENT.fullmatch(word):
        plain = "ال" + word[article.end() :]
        if plain in OWN_HEH or (_FORM_VIII.fullmatch(word) and not word.endswith("يه")):
            return None
        return Slip("ta_marbuta", right)
    # Behind a preposition short ones look like verbs: بلغه has reached him.
    if any(form in TA_MARBUTA and (form == right or len(form) > 4) for form in _after(right, _JOINED)):
        return Slip("ta_marbuta", right)
    return None


def _ta_marbuta(word: str) -> Slip | None:
    for form in _after(word, _CONJUNCTION):
        right = PRONOUN.get(form)
        # And "loyal" is no "and in it".
        if right and word != "وفية":
            return Slip("ta_marbuta", word[: len(word) - len(form)] + right)
    if word[0] == "ي" and len(word) > 4 and word not in YA_NOUNS and not word.endswith("ية"):
        return Slip("ta_marbuta", word[:-1] + "ه")
    return _inside(word[:-1]) and Slip("ta_marbuta", word[:-1].replace("ة", "ت") + "ة")


def _maqsura(word: str) -> Slip | None:
    for form in _after(word, _CONJUNCTION):
        right = YA.get(form)
        if right:
            return Slip("alif_maqsura", word[: len(word) - len(form)] + right)
    article = _ARTICLE.match(word)
    if article:
        plain = "ال" + word[article.end() :]
        # Elatives and passive participles of weak roots end in one too, and their shape is all that is known.
        if plain in OWN_MAQSURA or plain[2] in "أام" or len(plain) < 6:
            return None
        return Slip("alif_maqsura", word[:-1] + "ي")
    # "My" behind ta marbuta, "me" behind a verb in nun: no word of its own ends so.
    if _MINE.fullmatch(word):
        return Slip("alif_maqsura", word[:-1] + "ي")
    return _inside(word[:-1]) and Slip("alif_maqsura", word.replace("ى", "ي"))


def _ya(word: str) -> Slip | None:
    right = word[:-1] + "ى"
    article = _ARTICLE.match(word)
    plain = right[article.end() :] if article else ""
    if plain in MAQSURA or any(form in MAQSURA for form in _after(right, _CONJUNCTION)):
        return Slip("alif_maqsura", right)
    return None


def _inside(word: str) -> Slip | None:
    """An alif maqsura or ta marbuta with letters behind it."""
    if _WITHIN.search(word):
        return Slip("alif_maqsura", _WITHIN.sub("ي", word))
    if "ة" in word[:-1]:
        return Slip("ta_marbuta", word[:-1].replace("ة", "ت") + word[-1])
    return None
