import numpy as np

from processors.ranking.contained import contained, points_for_less
from processors.scoring.agreement import agreement
from tests.processors.ranking.test_model import GOOD, HALF, OTHER

LONG = [f"{text} {GOOD[-1 - row]}" for row, text in enumerate(GOOD)]


def test_what_is_in_another_text_is_found_from_their_agreement() -> None:
    found = contained(agreement(list(zip(GOOD, LONG, OTHER, strict=True))))
    assert found[:, 0, 1].min() > 0.8 and np.allclose(found, -found.transpose(0, 2, 1))
    assert np.abs(contained(agreement(list(zip(GOOD, GOOD[::-1], strict=True))))).max() < 0.2
    assert not contained(agreement([("", "نص"), ("نص", "نص")])).any()


def test_what_was_added_costs_and_so_does_what_was_lost() -> None:
    """The shorter text is better where it has the usual length, and the longer one where that has."""
    for short, usual in ((GOOD, 0.0), (HALF, 0.7)):
        rows = list(zip(short, LONG if short is GOOD else GOOD, strict=True))
        lengths = np.log([[len(text) / len(row[0]) for text in row] for row in rows])
        points = points_for_less(contained(agreement(rows)), lengths, usual)[:, 0, 1]
        assert (points > 1).mean() > 0.9 if short is GOOD else (points < -1).mean() > 0.9
