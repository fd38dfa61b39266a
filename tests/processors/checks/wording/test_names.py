"""Names in Latin letters that became others."""

import pytest

from tests.processors.checks.cases import must_see, verdicts

CHANGED = [
    ("Install Python on Ubuntu.", "ثبّت Python على Ubuntu.", "ثبّت Python على Fedora."),
    ("Tom met Sarah.", "التقى Tom بـ Sarah.", "التقى Tom بـ Emily."),
    ("He uses Firefox daily.", "يستخدم Firefox يوميًا.", "يستخدم Chrome يوميًا."),
    ("The team moved from Jira to Trello last year.", "انتقل الفريق من Jira إلى Trello العام الماضي.",
     "انتقل الفريق من Jira إلى Asana العام الماضي."),
    ("Open the file in Photoshop.", "افتح الملف في Photoshop.", "افتح الملف في Illustrator."),
]  # fmt: skip
THE_SAME = [
    ("Install Python on Ubuntu.", "ثبّت بايثون على أوبونتو."),
    ("Tom met Sarah.", "التقى توم بسارة."),
    ("The World Health Organization said so.", "قالت ذلك منظمة الصحة العالمية (Who)."),
    ("He uses Firefox daily.", "يستخدم فايرفوكس (Firefox) يوميًا."),
    ("He sold it on Craigslist.", "باعه على Craiglist."),
]


@pytest.mark.parametrize(("source", "right", "wrong"), CHANGED)
def test_another_name_is_a_veto(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "target"), THE_SAME)
def test_a_name_in_the_other_script_or_in_brackets_is_the_same(source: str, target: str) -> None:
    assert not verdicts(source, target)
