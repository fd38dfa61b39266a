"""Openers of lines: what ties a line to those before, in each of its kinds, and silence where nothing can be told."""

import pytest

from processors.checks.run import check_pair
from processors.checks.wording.openers import lost_openers
from processors.languages.english import OPENERS
from processors.languages.language import knowledge
from processors.texts.text import text_of

ARABIC = knowledge("ar", "Arab")


def lost(source: str, target: str) -> list[str]:
    return lost_openers(text_of(source), text_of(target), ARABIC)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("However, it rained.", "ومع ذلك، هطل المطر."),
        ("However, it rained.", "على أية حال هطل المطر."),
        ("However, it rained.", "إلا أنّ المطر هطل."),
        ("So, it rained.", "لذلك هطل المطر."),
        ("Therefore, it rained.", "وبالتالي هطل المطر."),
        ("In addition, it rained.", "بالإضافة إلى ذلك هطل المطر."),
        ("For example, it rained.", "فعلى سبيل المثال هطل المطر."),
        ("First, it rained.", "أولًا، هطل المطر."),
        ("- Then, it rained.", "- بعد ذلك هطل المطر."),
        ("Finally, it rained.", "وأخيرًا هطل المطر."),
        ("Meanwhile, it rained.", "في هذه الأثناء هطل المطر."),
        ("In fact, it rained.", "في الواقع هطل المطر."),
        ("It rained.\n\nHowever, we went.", "هطل المطر.\nلكننا ذهبنا."),
    ],
)
def test_an_opener_that_is_there_is_no_loss(source: str, target: str) -> None:
    assert lost(source, target) == []


@pytest.mark.parametrize(
    "opener", ["However", "So", "In addition", "For example", "First", "Then", "Finally", "Indeed"]
)
def test_one_that_nothing_stands_for_is_told(opener: str) -> None:
    assert lost(f"{opener}, the river rose.", "ارتفع منسوب النهر.") == [opener]
    assert lost(f"It rained.\n{opener}, the river rose.", "هطل المطر.\nارتفع منسوب النهر.") == [opener]
    (verdict,) = check_pair(f"{opener}, the river rose in spring.", "ارتفع منسوب النهر في الربيع.")
    assert (verdict.check, verdict.hard, verdict.detail) == ("discourse", False, f"nothing stands for '{opener}'")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        # No comma, no opener; within a line; lines that cannot be told apart.
        ("First I saw the river.", "رأيت النهر."),
        ("So tired, the river.", "تعب النهر."),
        ("It rained. However, we went.", "هطل المطر وذهبنا."),
        ("It rained.\nHowever, we went.", "هطل المطر وذهبنا."),
    ],
)
def test_where_it_cannot_be_told_nothing_is(source: str, target: str) -> None:
    assert lost(source, target) == []


def test_a_language_has_all_kinds_or_none() -> None:
    assert set(ARABIC.openers) == set(OPENERS)
    assert lost_openers(text_of("However, no."), text_of("Nein."), knowledge("de", "Latn")) == []
