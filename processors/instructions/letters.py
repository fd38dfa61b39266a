"""Instructions on how letters are written: capitals, commas, vowel marks; and in which language an answer is.

Arabic has no capitals: the kinds that ask for a whole answer in them ask for English, in IFEval's own words, and are
checked as they are there (`asked_in` keeps them from being drawn for Arabic). Words in capitals are counted in the
Latin words of any answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from processors.errors import InputError
from processors.instructions.kind import Arguments, Kind, holds
from processors.instructions.response import ResponseText
from processors.instructions.which_language import KNOWN, is_all_in, language_of

# Not `٬`, which groups the digits of a number, nor the semicolons.
_COMMA = re.compile("[,،，﹐︐、﹑､]")
_CAPITAL_WORD = re.compile(r"[^\W\d_](?:[\w'’&-]*\w)?")
_ARABIC_WORD = re.compile("[\u0621-\u063a\u0641-\u064a\u0671\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]+")
_LETTER = re.compile("[\u0621-\u063a\u0641-\u064a\u0671]")
# A letter with a vowel, a doubling, a nunation, a dagger alif, or a sukun in either of its two shapes.
_MARKED = re.compile(
    "[\u0621-\u063a\u0641-\u064a\u0671][\u0640\u06d6-\u06ed]*[\u064b-\u0652\u0656-\u065f\u0670\u06e1]"
)
# Of the Qur'an's 6,236 verses (quran-json 3.1.2) 6,209 are above both: all but those that are letters by themselves
# (20) or begin with them. Their letters have a mark by 0.80 in the median, one verse in a hundred by less than 0.65.
# Modern print leaves out the marks that spelling tells (long vowels, the article): vocalised sentences of tests and
# benchmark lie at 0.58 and above. FLORES' news has 0.015 in the mean and 0.17 at most, text with a mark on each word's
# end 0.19.
LETTERS_MARKED, WORDS_MARKED, WORDS_MARKED_LENIENTLY = 0.5, 0.9, 0.75


class MarkedShares(NamedTuple):
    """Of the Arabic letters, and of the Arabic words, how many have a vowel mark; how many words there are."""

    letters: float
    words: float
    number_of_words: int


def marked_shares(text: str) -> MarkedShares:
    """What share of a text has vowel marks.

    >>> marked_shares("ذَهَبَ الولد")
    MarkedShares(letters=0.375, words=0.5, number_of_words=2)
    """
    words = letters = marked = marked_words = 0
    for word in _ARABIC_WORD.findall(text):
        of_word = len(_LETTER.findall(word))
        if of_word:
            found = len(_MARKED.findall(word))
            words, letters = words + 1, letters + of_word
            marked, marked_words = marked + found, marked_words + bool(found)
    return MarkedShares(marked / letters, marked_words / words, words) if words else MarkedShares(0.0, 0.0, 0)


def _diacritics(response: ResponseText, given: Arguments) -> bool:
    shares = marked_shares(response.text)
    least = WORDS_MARKED_LENIENTLY if response.loose else WORDS_MARKED
    return shares.letters >= LETTERS_MARKED and shares.words >= least


def _language(response: ResponseText, given: Arguments) -> bool:
    wanted = given["language"].strip().casefold().split("-")[0]
    if wanted not in KNOWN:
        raise InputError(f"language:response_language: {wanted!r} is none of {', '.join(sorted(KNOWN))}")
    return is_all_in(response.text, wanted)


def _capital_words(response: ResponseText, given: Arguments) -> bool:
    found = sum(1 for word in _CAPITAL_WORD.findall(response.text) if word.isupper())
    return holds(found, given["capital_relation"], given["capital_frequency"])


def _capital(response: ResponseText, given: Arguments) -> bool:
    return response.text.isupper() and language_of(response.text) == "en"


def _lowercase(response: ResponseText, given: Arguments) -> bool:
    return response.text.islower() and language_of(response.text) == "en"


def _no_comma(response: ResponseText, given: Arguments) -> bool:
    return not _COMMA.search(response.text)


KINDS = (
    Kind(
        "language:response_language",
        _language,
        {
            "ar": "يجب أن تكون إجابتك كلها باللغة {language}، ولا يُسمح بأي لغة أخرى.",
            "en": "Your ENTIRE response should be in {language} language, no other language is allowed.",
        },
        {"language": "text"},
    ),
    Kind(
        "change_case:capital_word_frequency",
        _capital_words,
        {
            "ar": "يجب أن ترد في إجابتك كلمات مكتوبة بأحرف لاتينية كبيرة، مثل NASA، {capital_relation} "
            "{capital_frequency:times}.",
            "en": "In your response, words with all capital letters should appear {capital_relation} "
            "{capital_frequency:times}.",
        },
        {"capital_frequency": "number", "capital_relation": "relation"},
        clashes=frozenset({"change_case:english_lowercase", "diacritics:full_response"}),
    ),
    Kind(
        "change_case:english_capital",
        _capital,
        {"en": "Your entire response should be in English, and in all capital letters."},
        asked_in=("en",),
        clashes=frozenset({"change_case:english_lowercase", "language:response_language"}),
    ),
    Kind(
        "change_case:english_lowercase",
        _lowercase,
        {
            "en": "Your entire response should be in English, and in all lowercase letters. No capital letters are "
            "allowed."
        },
        asked_in=("en",),
        clashes=frozenset({"language:response_language"}),
    ),
    Kind(
        "punctuation:no_comma",
        _no_comma,
        {
            "ar": "لا تستخدم أي فاصلة (، أو ,) في إجابتك كلها.",
            "en": "In your entire response, refrain from the use of any commas.",
        },
        clashes=frozenset({"detectable_format:json_format"}),
    ),
    Kind(
        "diacritics:full_response",
        _diacritics,
        {
            "ar": "شكّل إجابتك كلها تشكيلًا تامًّا بالحركات.",
            "en": "Write your entire response in fully diacritised Arabic.",
        },
        lenient=f"marks on {WORDS_MARKED_LENIENTLY:.0%} of the words are enough, and not on {WORDS_MARKED:.0%}",
        asked_in=("ar",),
        clashes=frozenset({"language:response_language"}),
    ),
)
