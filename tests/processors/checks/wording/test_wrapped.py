"""What stands around the whole of a translation."""

import pytest

from processors.checks.wording.wrapped import wrapped

SOURCE = "Boil the water and add the tea leaves."
TARGET = "اغلِ الماء وأضف أوراق الشاي."


@pytest.mark.parametrize("shape", ["'{}'", "‘{}’", "„{}“", "‹{}›", "«{}»", '"{}"'])
def test_quotation_marks_around_a_sentence_are_no_translator_s_own(shape: str) -> None:
    found = wrapped(SOURCE, shape.format(TARGET))
    assert found is not None and found[1]
    # A title by itself may have some.
    title = wrapped("The old man and the sea", shape.format("الشيخ والبحر: رواية"))
    assert title is not None and not title[1]


@pytest.mark.parametrize("shape", ["({})", "*{}*", "_{}_"])
def test_what_may_be_a_translator_s_own_is_noted(shape: str) -> None:
    found = wrapped(SOURCE, shape.format(TARGET))
    assert found is not None and not found[1]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("(Boil the water.)", f"({TARGET})"),
        ("[Boil the water.]", f"[{TARGET}]"),
        ('["Boil the water."]', f'["{TARGET}"]'),
        ('{"do": "Boil the water."}', f'{{"do": "{TARGET}"}}'),
        ("<p>Boil the water.</p>", f"<p>{TARGET}</p>"),
        ("Yes", "(نعم)"),
        ("Water and tea", "(الماء) و(الشاي)"),
        ("'Tea' is what he said.", f'"{TARGET}"'),
        ("*Boil* the water.", f"*{TARGET}*"),
        ("-> Boil the water.", f"-> {TARGET}"),
        ("- Boil the water.", f"- {TARGET}"),
        ("Next page »", "→ الصفحة التالية"),
        ("➡ Next page", "=> الصفحة التالية"),
    ],
)
def test_what_the_source_has_too_is_not_around_it(source: str, target: str) -> None:
    assert wrapped(source, target) is None


@pytest.mark.parametrize("source", ["[Music] Boil the water.", "{name}, boil the water.", "[1] Boil the water. [2]"])
def test_a_source_that_begins_with_a_bracket_is_no_json(source: str) -> None:
    found = wrapped(source, f'{{"translation": "{TARGET}"}}')
    assert found is not None and found[1]
