"""English that stands in a translation because it has to: quoted, said by a machine, or a machine's name."""

import pytest

from tests.processors.checks.cases import must_see, verdicts

KEPT = [
    ('Is "What are you doing there?" a question?', 'هل "What are you doing there?" سؤال؟'),
    ('Fix this: "she have two cat and a dog".', 'صحّح هذا: "she have two cat and a dog".'),
    ("I see: ValueError: invalid literal for int() with base 10: 'abc'. Why?",
     "يظهر لي: ValueError: invalid literal for int() with base 10: 'abc'. لماذا؟"),
    ("It prints:\nfatal: not a git repository (or any of the parent directories): .git\nWhat now?",
     "يطبع:\nfatal: not a git repository (or any of the parent directories): .git\nماذا أفعل؟"),
    ("Explain: DELETE FROM orders WHERE shipped = 0 AND paid = 0;",
     "اشرح: DELETE FROM orders WHERE shipped = 0 AND paid = 0;"),
    ("Why is this slow?\nwhile total < limit: total = total + step\nThanks.",
     "لماذا هذا بطيء؟\nwhile total < limit: total = total + step\nشكرًا."),
    ("Error: connection refused (os error 111)\nWhat does this message mean?",
     "Error: connection refused (os error 111)\nماذا تعني هذه الرسالة؟"),
    ("I get this error:\n\nPermission denied (publickey).\n\nHow do I fix it?",
     "أحصل على هذا الخطأ:\n\nPermission denied (publickey).\n\nكيف أصلحه؟"),
    ("My program prints Segmentation fault (core dumped) and stops. Why?",
     "يطبع برنامجي Segmentation fault (core dumped) ثم يتوقف. لماذا؟"),
    ("bash: pip: command not found\n\nWhat should I do?", "bash: pip: command not found\n\nماذا أفعل؟"),
    ("When I run it, I get the following message: No such file or directory. What is wrong?",
     "عندما أشغله تظهر لي الرسالة التالية: No such file or directory. ما الخطأ؟"),
    ("Hosts: alpha, beta, gamma-2, delta.internal\nWhich one is down?",
     "المضيفون: alpha, beta, gamma-2, delta.internal\nأيها متوقف؟"),
    ("Restart db01, cache_main and mail.example.org now.", "أعد تشغيل db01 وcache_main وmail.example.org الآن."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), KEPT)
def test_what_has_to_stay_is_no_untranslated_english(source: str, target: str) -> None:
    assert not verdicts(source, target)


def test_a_sentence_beside_it_is_still_seen() -> None:
    must_see(
        "I see: ValueError: bad input. How can I find the line where this happens?",
        "يظهر لي: ValueError: bad input. كيف أجد السطر الذي يحدث فيه هذا؟",
        "يظهر لي: ValueError: bad input. How can I find the line where this happens?",
    )


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("It shows a list:\n\nWash the rice\nBoil the water", "يعرض قائمة:\n\nاغسل الأرز\nBoil the water"),
        ("Buy these: flour, sugar, butter and eggs.", "اشترِ هذه: flour, sugar, butter and eggs."),
        ("Warning: the floor is wet after rain. Walk slowly.", "Warning: the floor is wet after rain. امشِ ببطء."),
    ],
)
def test_what_no_machine_says_is_untranslated(source: str, wrong: str) -> None:
    assert any(verdict.check == "untranslated" for verdict in verdicts(source, wrong))
