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
