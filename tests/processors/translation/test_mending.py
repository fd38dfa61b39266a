"""Entities that a model wrote for characters become the characters where the source has them."""

import pytest

from processors.translation.mending import mend_entities


@pytest.mark.parametrize(
    ("source", "target", "mended", "times"),
    [
        ('He said "no".', "قال &quot;لا&quot;.", 'قال "لا".', 2),
        ("He said “no”.", "قال &quot;لا&quot;.", 'قال "لا".', 2),
        ("It's late.", "الوقت &#39;متأخر&#39;", "الوقت 'متأخر'", 2),
        ("Ten apples", "عشر&nbsp;تفاحات", "عشر تفاحات", 1),
        ("Salt & pepper, 3 < 5", "ملح &amp; فلفل، 3 &lt; 5", "ملح & فلفل، 3 < 5", 2),
        ("Write &amp; for &", "اكتب &amp; بدل &", "اكتب &amp; بدل &", 0),
        ("No quotation", "بلا &quot;اقتباس&quot;", "بلا &quot;اقتباس&quot;", 0),
        ("AT&T", "AT&T", "AT&T", 0),
    ],
)
def test_entities(source: str, target: str, mended: str, times: int) -> None:
    assert mend_entities(source, target) == (mended, times)
