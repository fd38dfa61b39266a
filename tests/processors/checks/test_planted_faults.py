"""The benchmark's first kinds of fault, which every check must go on to see, in text of our own."""

import random

from benchmarks.checks.faults import KINDS, Text, sentences, statements, structure
from processors.checks.run import check_conversation, check_pair


def test_planted_faults_are_found_in_text_of_our_own() -> None:
    source = (
        "In 2019 the council of the small town decided to build a new library with 350 seats, because the old one had"
        " become far too narrow for its many young readers."
    )
    target = (
        "قرّر مجلس البلدة الصغيرة في عام 2019 بناء مكتبة جديدة تضم 350 مقعدًا، لأن المكتبة القديمة أصبحت أضيق كثيرًا"
        " من أن تتسع لقرائها الشباب الكثيرين."
    )
    assert check_pair(source, target) == []
    kinds = 0
    text = Text(((source, target),), " ", (), held=False)
    older = [kind for kind in statements.KINDS if kind.name in statements.OLDER]
    for kind in [*sentences.KINDS, *structure.KINDS, *older]:
        for i in range(5):
            planted = kind.plant(text, random.Random(f"{kind.name} {i}"))
            if planted is not None:
                kinds += 1
                message = [{"role": "user", "content": x} for x in (planted.source, planted.wrong)]
                assert check_conversation(message[:1], message[1:]), (kind.name, planted.wrong)
    assert kinds > 100


def test_careful_statements_are_clean_and_their_faults_found() -> None:
    for kind, rows in statements.OLDER.items():
        for english, careful, faulty in rows:
            assert check_pair(english, careful) == [], (kind, careful)
            assert check_pair(english, faulty), (kind, faulty)


def test_no_kind_has_the_name_of_another_one() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) > 200
