from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.errors import InputError
from processors.scoring import agreement as module
from processors.scoring.agreement import agreement, overlaps

CAT = "القطة نائمة على الأريكة الكبيرة."
CAT_TOO = "القطة تنام على الأريكة الكبيرة ."
MIXED = "شغّل `print(1)` ثم افتح https://example.org 🙂👨‍👩‍👧 \u200f(RTL)"


def grams(text: str, order: int) -> Counter[str]:
    bare = "".join(text.split())
    return Counter(bare[i : i + order] for i in range(len(bare) - order + 1))


def chrf_by_hand(hypothesis: str, reference: str) -> float:
    precisions, recalls = [], []
    for order in range(1, 7):
        ours, theirs = grams(hypothesis, order), grams(reference, order)
        if ours and theirs:
            match = sum((ours & theirs).values())
            precisions.append(match / sum(ours.values()))
            recalls.append(match / sum(theirs.values()))
    if not precisions or not sum(precisions):
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return 5 * precision * recall / (4 * precision + recall)


TEXTS = st.text(st.sampled_from("ابتث لم نa1.،🙂\n\u200f\ud800"), max_size=40)


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), max_size=5)))
def test_is_chrf_of_each_against_each(rows: list[list[str]]) -> None:
    found = agreement(rows)
    for i, row in enumerate(rows):
        for a, hypothesis in enumerate(row):
            for b, reference in enumerate(row):
                assert found[i, a, b] == pytest.approx(chrf_by_hand(hypothesis, reference))


def test_real_text() -> None:
    found = agreement([[CAT, CAT_TOO, MIXED], [MIXED, CAT, ""]])
    assert found[0, 0, 1] == pytest.approx(chrf_by_hand(CAT, CAT_TOO))
    assert found[0, 0, 1] > 0.6 > 0.2 > found[0, 0, 2]
    assert np.allclose(found[0].diagonal(), 1)
    assert not found[1, 2].any() and not found[1, :, 2].any()


def test_white_space_does_not_count() -> None:
    assert agreement([["قال : نعم", "قال: نعم\n"]])[0, 0, 1] == pytest.approx(1)


def test_blocks_do_not_change_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[CAT * (i % 3), CAT_TOO, MIXED * (i % 5)] for i in range(20)]
    whole = overlaps(rows)
    monkeypatch.setattr(module, "_BLOCK_CHARACTERS", 200)
    for one, other in zip(whole, overlaps(rows), strict=True):
        assert np.array_equal(one, other)


def test_long_texts() -> None:
    long = " ".join(f"{CAT} {number}" for number in range(5000))
    assert agreement([[long, long, CAT]])[0, 0, 1] == pytest.approx(1)
    assert agreement([[long, CAT]])[0, 1, 0] < 0.01


def test_rows_of_different_width_are_refused() -> None:
    with pytest.raises(InputError, match="same number"):
        agreement([[CAT, CAT], [CAT]])


def test_nothing_to_compare() -> None:
    assert agreement([]).shape == (0, 0, 0)
