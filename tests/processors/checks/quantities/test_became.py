"""Numbers that became others in ways that no digit tells; the right ones stand in `right.txt`."""

import pytest

from processors.checks.pairs.pair import Pair
from processors.checks.quantities.places import formula_problems
from processors.checks.run import has_hard
from processors.languages.language import knowledge
from tests.processors.checks.cases import verdicts

BECAME = [
    # A neighbour's number, or the same one in words.
    ("She bought 5 apples and 3 pears.", "اشترت 3 تفاحات و3 كمثرى."),
    ("She bought 5 apples and 3 pears.", "اشترت ست تفاحات و3 كمثرى."),
    ("She bought five apples and three pears.", "اشترت ثلاث تفاحات وثلاث حبات كمثرى."),
    ("She bought five apples and three pears.", "اشترت 6 تفاحات وثلاث حبات كمثرى."),
    ("My office is on the 5th floor.", "مكتبي في الطابق السادس."),
    ("The 5th of the 7 dwarfs is shy.", "السادس من الأقزام السبعة خجول."),
    ("He came second in the race, and Omar came third.", "حلّ رابعًا في السباق، وحلّ عمر ثالثًا."),
    ("He came second in the race, and Omar came third.", "حلّ ثالثًا في السباق، وحلّ عمر ثالثًا."),
    ("Mix half a cup of sugar with a quarter cup of butter.", "اخلط نصف كوب من السكر مع نصف كوب من الزبدة."),
    # Roman numerals of one letter.
    ("Read Chapter V and Chapter IX.", "اقرأ الفصل السادس والفصل التاسع."),
    ("World War I began in 1914.", "بدأت الحرب العالمية الثانية عام 1914."),
    ("Philip V of Spain was born in France.", "وُلد فيليب الرابع ملك إسبانيا في فرنسا."),
    # Units.
    ("He is 6 ft tall.", "يبلغ طوله 173 سم."),
    ("He is 6 ft tall.", "يبلغ طوله 1.73 متر."),
    ("The road is 100 miles long.", "طول الطريق 167 كيلومترًا."),
    # What two of are counted by the form of the noun.
    ("Two teachers and nine pupils came.", "حضر تسعة معلمين وتلميذان."),
    ("Pack 2 shirts and 5 books.", "احزم 5 قمصان وكتابين."),
    # Codes, and signs of calculation.
    ("Agent 007 is back.", "العميل 7 عاد."),
    ("Call 555-0123 for help.", "اتصل بالرقم 555-123 للمساعدة."),
    ("The zip code is 02139.", "الرمز البريدي 2139."),
    ("The answer is 3x + 7.", "الجواب هو 3x - 7."),
    ("So 12 / 4 = 3.", "إذن 12 × 4 = 3."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "wrong"), BECAME)
def test_a_number_that_became_another_is_vetoed(source: str, wrong: str) -> None:
    assert has_hard(verdicts(source, wrong)), verdicts(source, wrong)


def test_zeros_behind_a_number_are_its_thousands() -> None:
    assert not verdicts("There are 15 000 people in the town.", "يسكن البلدة خمسة عشر ألف نسمة.")


def test_many_codes_are_looked_for_in_linear_time() -> None:
    # Each of these was looked for in the whole target: half an hour.
    codes = " ".join(f"0{n}" for n in range(100, 100_000))
    assert not formula_problems(Pair.of(codes, "جلست القطة على السجادة. " * 20_000), knowledge("ar"))


def test_a_number_of_many_digits_is_looked_at_once() -> None:
    # From each of its digits it was read to the end: minutes.
    power = f"2^n = {'1' * 100_000}"
    assert not formula_problems(Pair.of(power, power), knowledge("ar"))
