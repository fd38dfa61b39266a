"""English that stayed where capitals, a number, a quotation or a full stop hid it; names and titles that may stay."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import must_see, verdicts

CAPITAL = "The pilot was identified as a young officer of the squadron."
ARABIC = "تم التعرف على هوية الطيار وهو ضابط شاب في السرب."
GAME = "Since moving to the capital, he had played 49 games for the club."
GAMES = "منذ انتقاله إلى العاصمة، لعب 49 مباراة للنادي."


STAYED = [
    (f"{GAME} {CAPITAL}", f"{GAMES} {ARABIC}", f"{GAMES} {CAPITAL.title()}"),
    (f"{CAPITAL} {GAME}", f"{ARABIC} {GAMES}", f"{CAPITAL.upper()} {GAMES}"),
    (GAME, GAMES, "منذ انتقاله إلى العاصمة، had played 49 games for the club."),
    (f"{GAME} {CAPITAL}", f"{GAMES} {ARABIC}", "منذ انتقاله، لعب 49 مباراة for the club. The pilot was من السرب."),
    (f'"I am very tired today," he said. {GAME}', f'قال: "أنا متعب جدًا اليوم". {GAMES}',
     f'قال: "I am very tired today". {GAMES}'),
    (f"**Frequently Asked Questions**\n\n{GAME}", f"**أسئلة شائعة**\n\n{GAMES}",
     f"**Frequently Asked Questions**\n\n{GAMES}"),
    ("**Overview**\n\n" + " ".join([GAME] * 4) + " Press the button.",
     "**نظرة عامة**\n\n" + " ".join([GAMES] * 4) + " اضغط على الزر.",
     "**Overview**\n\n" + " ".join([GAMES] * 4) + " اضغط على الزر."),
    ("His record against the Canadian is 7–2 so far.", "سجله أمام الكندي هو 7–2 حتى الآن.",
     "سجله against the Canadian is 7–2."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), STAYED)
def test_what_stayed_is_vetoed(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Click Save As and then press **Open**.", "انقر على Save As ثم اضغط **Open**."),
        ("I read The Lord of the Rings in 2003.", "قرأت The Lord of the Rings في 2003."),
        ("Import it from the file names.subs.", "استورده من الملف names.subs."),
        ("Roman numbers: i. ii. iii.", "أرقام رومانية: i. ii. iii."),
        ("We flew with Royal Air Maroc to Rabat.", "سافرنا مع Royal Air Maroc إلى الرباط."),
        ('He wrote "hello world" and "good bye" on the board.', 'كتب "hello world" و"good bye" على اللوح.'),
        ('Translate "How are you doing today?" into French.', 'ترجم "How are you doing today?" إلى الفرنسية.'),
        ('Correct the sentence: "he go to school every day by bus", said the teacher.',
         'قال المعلم: صحّح الجملة "he go to school every day by bus".'),
        ("The motto of the NASA team is Ad Astra.", "شعار فريق NASA هو Ad Astra."),
        ("See Figure 3 and Table 4 of the iOS guide.", "انظر Figure 3 وTable 4 من دليل iOS."),
    ],
)  # fmt: skip
def test_what_may_stay_is_not_vetoed(source: str, target: str) -> None:
    assert not has_hard(verdicts(source, target))
