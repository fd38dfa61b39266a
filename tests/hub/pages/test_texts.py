"""Texts in pages: no text is markup, nothing invisible moves others, and what a check found is where it is marked."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.pages import data_block, escaped, page, places, protected_places, shown_text, style

NASTY = "a</script><b>&\"'\u202eb\u2066\ud800\x00\u2028<!--"


def test_a_text_is_never_markup() -> None:
    assert escaped(NASTY) == ("a&lt;/script&gt;&lt;b&gt;&amp;&quot;&#x27;[RLO]b[LRI][U+D800][U+0000]\u2028&lt;!--")
    whole = page(NASTY, shown_text(NASTY, "ar") + data_block("data", {NASTY: NASTY}), css=style(), scripts="let a;")
    whole.encode()
    tags: list[str] = []

    class Seen(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.append(tag)

    Seen().feed(whole)
    assert tags == [
        "html",
        "head",
        "meta",
        "meta",
        "meta",
        "meta",
        "title",
        "style",
        "body",
        "div",
        "script",
        "script",
    ]
    found = re.search(r'id="data">(.*?)</script>', whole)
    assert found and json.loads(found[1]) == {NASTY: NASTY}


def test_a_page_asks_nobody() -> None:
    assert "http" not in style() and "@import" not in style() and "url(" not in style()


@pytest.mark.parametrize(
    ("detail", "text", "found"),
    [
        ("the source's 50000 became 15000", "هي ٥٠٬٠٠٠ متر", ["٥٠٬٠٠٠"]),
        ("1 English words at character 12: 'cell'", "cell الخلية cell", ["cell"]),
        (
            "not translated: messages[1]: protected: missing: '$a b$', '\\boxed{3}' in 'Let $a b$…'",
            "Let $a\n b$ be",
            ["$a\n b$"],
        ),
        ("refusal: 'عذرا، لا استطيع'", "عذرا، لا أستطيع ذلك", ["عذرا، لا أستطيع"]),
        ("a call says 'Dear Boss, The…', which its message does not", "Dear Boss, They", ["Dear Boss, The"]),
        ('flags: /no_think is missing in "You manage…"', "You manage. /no_think", ["/no_think"]),
        ("78 characters where the source has 531", "nothing of it", []),
        ("''", "''", []),
    ],
)
def test_what_a_check_speaks_of_is_found(detail: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in places(detail, text)] == found


def test_the_nearest_of_several_is_marked() -> None:
    text = "cell " * 10
    assert places("1 English words at character 26: 'cell'", text) == [(25, 29)]


@given(st.text(), st.text(), st.integers(0, 5))
def test_whatever_the_texts_are_each_character_is_shown_once(detail: str, text: str, more: int) -> None:
    marked = [*places(detail, text), (more, more + 3), (more + 2, more + 4)]
    marked = [(start, min(end, len(text))) for start, end in marked if start < len(text)]
    shown = re.fullmatch(
        r'<div class="text" dir="auto" lang="ar">(.*)</div>', shown_text(text, "ar", marked, whole=True), re.S
    )
    assert shown and re.sub("</?mark>", "", shown[1]) == escaped(text)


def test_a_long_text_is_shown_around_its_first_mark() -> None:
    text = "a" * 3000 + " wrong " + "b" * 3000
    shown = shown_text(text, "en", [(3001, 3006)])
    assert "<mark>wrong</mark>" in shown and shown.count("a") < 700 and len(shown) < 1100


def test_code_and_formulas_run_from_left_to_right() -> None:
    text = "لذا \\boxed{\\frac{1}{8}} يبقى $a < 3$."
    shown = shown_text(text, "ar", [(text.index("8"), text.index("8") + 1)], kept=protected_places(text))
    assert '<bdi dir="ltr">\\boxed{\\frac{1}{<mark>8</mark>}}</bdi> يبقى <bdi dir="ltr">$a &lt; 3$</bdi>.' in shown


@given(st.text(), st.integers(0, 9), st.integers(1, 9))
def test_what_is_kept_is_shown_once_too(text: str, first: int, length: int) -> None:
    places_of = [(first, min(first + length, len(text)))] if first < len(text) else []
    shown = shown_text(text, "ar", [(2, 5)] if len(text) > 5 else [], kept=places_of, whole=True)
    assert re.sub("</?(?:mark|bdi|div)[^>]*>", "", shown) == escaped(text)
