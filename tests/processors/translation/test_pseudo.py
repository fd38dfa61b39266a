import re
import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.errors import InputError
from processors.languages.alphabets import ALPHABETS
from processors.protected import compare as protection
from processors.scoring import length_and_script as metrics
from processors.translation.pseudo import pseudo_translate


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    kind: str


# What may stand in the answer for a letter: a plain Arabic letter, no tatweel, no presentation form.
def is_plain_arabic(character: str) -> bool:
    return (
        unicodedata.name(character, "").startswith("ARABIC LETTER ")
        and unicodedata.normalize("NFKC", character) == character
    )


REAL = [
    "What is the capital of Egypt? Cairo, of course; it has 10,100,166 people.",
    "# Steps\n\n1. Preheat the oven to 180°C.\n2. Mix *well*, then **bake**.\n\n| a | b |\n|---|---|\n| x | y |\n",
    "Let $x = 3$; so \\(x^2 = 9\\).\r\n\r\n$$\\frac{a}{b}$$\nDone!",
    "Use `pip install x`:\n\n```python\nprint('hello')\n```\n\nSee https://example.com/a?b=c, or mail me@example.org.",
    '{"name": "get_weather", "arguments": {"city": "Cairo"}}',
    "Naïve café, Straße, Привет, 你好, 日本語, हिन्दी, ไทย, 한국어, Ἑλλάς, שלום, e\u0301 ﬁn Ⅳ ª ℂ 𝒳",
    "مرحبا بكم في مصر ٣٤ كتـاب ﺍﻟﺴﻼﻡ \u202bRTL\u202c \u200fok",
    "Well done 👩🏽‍💻🇪🇬 1️⃣ 👍🏽!",
    "",
    " \n\t\n",
]


@pytest.mark.parametrize("text", REAL)
def test_real_text(text: str) -> None:
    answer = pseudo_translate(text, [])
    assert pseudo_translate(text, []) == answer
    letters = [c for c in answer if unicodedata.category(c)[0] == "L"]
    assert all(is_plain_arabic(c) for c in letters)
    assert unicodedata.is_normalized("NFC", answer)
    assert len(answer.split()) == len(text.split())
    assert re.findall(r"\s", answer) == re.findall(r"\s", text)
    assert re.findall(r"[0-9]+(?:[.,][0-9]+)*", answer) == re.findall(r"[0-9]+(?:[.,][0-9]+)*", text)
    marks = sum(unicodedata.category(c)[0] == "M" or c == "ـ" for c in text)
    assert abs(len(answer) - (len(text) - marks)) <= 3


def test_how_it_looks() -> None:
    assert pseudo_translate("What, then? Now; go!", []) == "ضهات، تهين؟ نوض؛ غو!"
    assert pseudo_translate("1,000 or 2, 3", []) == "1,000 ور 2، 3"


def test_protected_spans_stay() -> None:
    text = "Run `ls -l` at https://example.com, then /think"
    spans = [Span(4, 11, "code"), Span(15, 34, "url"), Span(41, 47, "flag")]
    assert pseudo_translate(text, spans) == "رطن `ls -l` ات https://example.com، تهين /think"
    assert pseudo_translate("`a``b`", [Span(0, 3, "code"), Span(3, 6, "code")]) == "`a``b`"


def test_words_stay_apart_and_together() -> None:
    words = re.findall(r"\w+", "The quick brown fox jumps over a lazy dog, and then the QUICK dog naps.")
    answers = {word: pseudo_translate(word, []) for word in words}
    assert answers["the"] == answers["The"] and answers["quick"] == answers["QUICK"]
    assert len(set(answers.values())) == len({word.lower() for word in words})


ANY_TEXT = st.text(st.characters(exclude_categories=()))


@settings(max_examples=500)
@given(ANY_TEXT)
def test_any_text(text: str) -> None:
    answer = pseudo_translate(text, [])
    assert all(is_plain_arabic(c) for c in answer if unicodedata.category(c) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nl"))
    assert unicodedata.is_normalized("NFC", answer)
    assert [c.isspace() for c in answer if c.isspace()] == [c.isspace() for c in text if c.isspace()]
    assert [c for c in answer if unicodedata.category(c) == "Nd"] == [
        c for c in text if unicodedata.category(c) == "Nd"
    ]
    assert pseudo_translate(text.upper(), []) == pseudo_translate(text.upper().lower().upper(), [])


@given(st.from_regex(r"[a-z]{1,12}", fullmatch=True), st.from_regex(r"[a-z]{1,12}", fullmatch=True))
def test_different_words_differ_in_every_script(one: str, other: str) -> None:
    for script in ALPHABETS:
        assert (pseudo_translate(one, [], script) == pseudo_translate(other, [], script)) == (one == other)


@settings(max_examples=300)
@given(ANY_TEXT, st.data())
def test_any_span_stays_where_it_is(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = [Span(a, b, "code") for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    answer = pseudo_translate(text, spans)
    for span in spans:
        kept = text[span.start : span.end]
        assert kept in answer
        answer = answer[answer.index(kept) + len(kept) :]


@pytest.mark.parametrize("script", ALPHABETS)
def test_every_script_is_complete(script: str) -> None:
    letters = ALPHABETS[script].letters
    assert len(set(letters)) == 26
    assert all(unicodedata.name(letter).startswith(ALPHABETS[script].unicode_name) for letter in letters)
    answer = pseudo_translate("Hello Привет مرحبا ሰላም 你好", [], script)
    assert all(unicodedata.name(c).startswith(ALPHABETS[script].unicode_name) for c in answer if c != " ")


def test_an_unknown_script_is_named() -> None:
    with pytest.raises(InputError, match="'Deva'; choose one of Arab, Cyrl, Ethi"):
        pseudo_translate("x", [], "Deva")


@pytest.mark.parametrize("text", REAL)
def test_the_metrics_see_arabic(text: str) -> None:
    without_digits = re.sub(r"\d", "", text)
    assert metrics.script_purity(pseudo_translate(without_digits, [])) == 1.0
    assert metrics.length_ratio(text, pseudo_translate(text, [])) > 0.85


@pytest.mark.parametrize("text", REAL)
def test_protected_texts_are_equal(text: str) -> None:
    answer = pseudo_translate(text, protection.protected_spans(text))
    assert not protection.compare_protected(text, answer)


FRAGMENTS = r"""
word Word-two ` `` ``` ```py $ $$ \( \) \[ \] \begin{a} \end{a} \boxed{ } { {{x}} <b> </b> < > https://a.org/b?c=d
www.x.com me@x.org /usr/bin/x C:\dir\f.txt main.py and/or ./a ~/b 1,000 3.14 , ; ? . : - | --- |a| /think /no_think
<<2*3=6>> [1,2] {"a":1} " ' ( ) [link](http://x.y) %s $5 &amp; é م x_1 a^2 # 10% @user e.g. 5/6 12:30 a.b 👍🏽 1️⃣ كـم
"""
PIECE = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "(", '"', "**", "- "]),
        st.sampled_from([*FRAGMENTS.split(), "e\u0301"]),
        st.sampled_from(["", ",", ";", "?", ".", ")", "!", ":", "**"]),
        st.sampled_from([" ", " ", "\n", "\n\n", "\t", "    "]),
    ),
)


# Pieces stand apart, as in any language: where a formula, a path and a word are one string nobody knows what is what.
@settings(max_examples=500)
@given(st.one_of(st.lists(PIECE, max_size=20).map("".join), ANY_TEXT))
def test_no_span_is_lost_and_none_appears(text: str) -> None:
    answer = pseudo_translate(text, protection.protected_spans(text))
    assert not protection.compare_protected(text, answer)
