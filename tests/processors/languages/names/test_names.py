"""Names of countries, peoples and currencies in a target's words."""

from processors.languages.arabic import normalise
from processors.languages.names import names_of


def test_the_words_are_told_in_the_order_of_the_text() -> None:
    """Which of several is told must not depend on the process: a set's order does."""
    names = names_of("ar", normalise)
    assert names is not None
    text = "زار الفرنسي اليابان ثم الهند وبعدها المانيا والسويد واسبانيا وايطاليا"
    found = list(names.words(text).values())
    assert len(found) > 3
    assert found == sorted(found, key=text.index)


def test_a_name_is_known_behind_what_is_written_before_it() -> None:
    names = names_of("ar", normalise)
    assert names is not None
    (name,) = names.words("بالفرنسيه")
    assert "French" in name.english
