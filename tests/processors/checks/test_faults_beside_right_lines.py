"""What is still vetoed beside the right lines that no longer are: each kind's fault, as near to them as it comes."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import verdicts

WRONG = [
    # A helper's word that the source has nowhere.
    ("We will pay for the damage next week.", "بالطبع، سندفع ثمن الضرر الأسبوع القادم."),
    ("Where is the nearest station?", "سؤال جيد! أين أقرب محطة؟"),
    ("Please water the plants on Friday.", "بكل سرور! من فضلك اسقِ النباتات يوم الجمعة."),
    # What somebody said, where nobody speaks of the language.
    ("He said \"I have never been to the lake\" and left.", "قال \"I have never been to the lake\" وغادر."),
    ("Which river is the longest?\nA) The Nile is longer\nB) The Rhine is longer\nC) The Danube is longer",
     "أي نهر هو الأطول؟\nA) The Nile is longer\nB) The Rhine is longer\nC) The Danube is longer"),
    # Another day than six days later, another number than an idiom's.
    ("He arrived on May 4 and left 6 days later.", "وصل في 4 مايو وغادر في 12 مايو."),
    ("It takes two hours to drive there.", "تستغرق القيادة إلى هناك ثلاث ساعات."),
    # Letters from the last to the first, beside names that end alike.
    ("Angela and Carla live in the old house near the school.", "ةسردملا برق ميدقلا لزنملا يف الراكو اليجنأ نكست"),
    # From the higher number to the lower.
    ("The fee rose from $30 to $45 last year.", "ارتفع الرسم من 45 دولارًا إلى 30 دولارًا العام الماضي."),
    # A label with the language and its kind.
    ("The path through the forest is muddy.", "Arabic (Modern Standard): الطريق عبر الغابة موحل."),
    # "Between" is no explaining.
    ("Explain why the sky looks red in the evening.", "ما الفرق بين البحيرة والبحر؟"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "wrong"), WRONG)
def test_the_fault_is_vetoed(source: str, wrong: str) -> None:
    assert has_hard(verdicts(source, wrong))
