"""Numbers that changed cells or lines are a veto; those that stay are not, whatever else of the line does."""

from processors.checks.run import check_pair, has_hard
from tests.processors.checks.cases import must_see


def test_numbers_that_changed_lines_or_cells_are_a_veto() -> None:
    source = "- Tea: 3 dollars\n- Milk: 5 dollars"
    assert not check_pair(source, "- الشاي: 3 دولارات\n- الحليب: 5 دولارات")
    assert has_hard(check_pair(source, "- الشاي: 5 دولارات\n- الحليب: 3 دولارات"))
    table = "| Year | Rain |\n|---|---|\n| 2019 | 763 |\n| 2020 | 837 |"
    right = "| السنة | المطر |\n|---|---|\n| ٢٠١٩ | ٧٦٣ |\n| ٢٠٢٠ | ٨٣٧ |"
    assert not check_pair(table, right)
    assert has_hard(check_pair(table, right.replace("٧٦٣", "x").replace("٨٣٧", "٧٦٣").replace("x", "٨٣٧")))


def test_numbers_may_change_places_within_a_line() -> None:
    source = "In 1990 there were 400 pupils.\n\nThen 20 left."
    assert not check_pair(source, "كان هناك 400 تلميذ في عام 1990.\n\nثم غادر 20.")


def test_cells_of_a_table_are_compared_also_where_the_prose_says_its_numbers_in_words() -> None:
    table = "\n\n| Year | Rain |\n|---|---|\n| 2018 | {} |\n| 2019 | {} |\n"
    source = "It rained for 3 days." + table.format(410, 385)
    right = "أمطرت ثلاثة أيام." + table.format(410, 385).replace("Year", "السنة").replace("Rain", "المطر")
    must_see(source, right, right.replace("410", "@").replace("385", "410").replace("@", "385"))
