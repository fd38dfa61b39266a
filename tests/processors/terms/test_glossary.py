"""A glossary's file, with every way to get it wrong; and its terms in a text, as they are written there."""

from pathlib import Path

import pytest

from processors.errors import InputError
from processors.protected.compare import protected_spans
from processors.terms import Glossary, Term, read_glossary

GLOSSARY = Glossary(
    Term(english, (translation,))
    for english, translation in (
        ("loss", "خسارة"), ("loss function", "دالة الخسارة"), ("city", "مدينة"), ("fly", "ذبابة"), ("IT", "تقنية"),
        ("Apple", "آبل"), ("C++", "سي++"), ("end-to-end", "من طرف إلى طرف"), ("box", "صندوق"),
    )
)  # fmt: skip


def found(text: str) -> list[str]:
    return [term.english for term in GLOSSARY.found(text, protected_spans(text))]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The loss is low.", ["loss"]),
        ("The LOSS function's value; losses grow.", ["loss function", "loss"]),
        ("Loss\nfunctions differ.", ["loss function"]),
        ("A glossary, lossless, a loss-maker.", ["loss"]),
        ("Cities fly; flies, the city's flies.", ["city", "fly"]),
        ("It works. IT works.", ["IT"]),
        ("An apple from Apple.", ["Apple"]),
        ("In C++ and (C++), not C.", ["C++"]),
        ("Boxes, end-to-end.", ["box", "end-to-end"]),
        ("Of `loss` only code.", []),
        ("See https://loss.org/loss and\n```\nloss = 1\n```\n", []),
        ("", []),
    ],
)
def test_terms_are_found_in_their_forms_outside_what_is_protected(text: str, terms: list[str]) -> None:
    assert found(text) == terms


def test_a_file_is_its_terms_in_whatever_order_they_stand(tmp_path: Path) -> None:
    one, other = tmp_path / "one.tsv", tmp_path / "other.tsv"
    one.write_bytes("\ufeff# ours\r\n\r\nloss\tخسارة | فقدان\r\ncity \t مدينة\t\r\n".encode())
    other.write_text("city\tمدينة\nloss\tخسارة\nloss\tفقدان\nloss\tخسارة\n", encoding="utf-8")
    assert read_glossary(one) == read_glossary(other)
    assert read_glossary(one).digest() == read_glossary(other).digest() != GLOSSARY.digest()
    assert read_glossary(one).terms[1].told() == ("loss", "خسارة | فقدان")


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (None, "cannot be read (No such file"),
        (b"", "has no terms"),
        (b"# nothing\n\n", "has no terms"),
        (b"loss\n", "line 1: expected a term, a tab and its translation"),
        (b"# a\nloss, \xd8\xae\n", "line 2: expected a term"),
        (b"loss\ta\tb\n", "line 1: expected a term"),
        (b"\ta\n", "line 1: expected a term"),
        (b"loss\t | \n", "line 1: expected a term"),
        (b"loss\t\xff\n", "is no UTF-8 text (byte 5)"),
    ],
)
def test_a_faulty_file_is_one_line_with_its_place(raw: bytes | None, told: str, tmp_path: Path) -> None:
    file = tmp_path / "terms.tsv"
    if raw is not None:
        file.write_bytes(raw)
    with pytest.raises(InputError) as error:
        read_glossary(file)
    assert str(error.value).startswith(f"glossary {file}") and told in str(error.value)
    assert "\n" not in str(error.value)
