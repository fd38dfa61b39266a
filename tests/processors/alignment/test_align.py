"""Sentences find their partners, in any order of splits, joins, losses and additions; time is linear in the text."""

from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.alignment import Side, align, likeness, source_side, target_side
from processors.alignment.sides import joined
from processors.texts.text import Text
from tests.processors.checks.cases import SENTENCES

module = import_module("processors.alignment.align")

SOURCES = [side for s, _ in SENTENCES if (side := source_side(Text(s), "ar"))]
TARGETS = [side for _, t in SENTENCES if (side := target_side(Text(t), "ar"))]


def pairs(sources: list[Side], targets: list[Side]) -> list[tuple[int, int, int, int]]:
    return [(b.source, b.source_end, b.target, b.target_end) for b in align(sources, targets)]


def test_sentences_of_a_careful_translation_go_one_by_one() -> None:
    assert pairs(SOURCES, TARGETS) == [(i, i + 1, i, i + 1) for i in range(12)]


@pytest.mark.parametrize("gone", range(12))
def test_the_sentence_that_is_gone_is_found(gone: int) -> None:
    lost = [bead for bead in align(SOURCES, TARGETS[:gone] + TARGETS[gone + 1 :]) if bead.lost]
    assert [bead.source for bead in lost] == [gone]
    assert lost[0].surplus > 0
    added = [bead for bead in align(SOURCES[:gone] + SOURCES[gone + 1 :], TARGETS) if bead.added]
    assert [bead.target for bead in added] == [gone]


@pytest.mark.parametrize("place", range(11))
def test_two_sentences_made_one_are_two_for_one(place: int) -> None:
    first, second = SENTENCES[place][1], SENTENCES[place + 1][1]
    one = target_side(Text(f"{first.rstrip('.')}، و{second}"), "ar")
    assert one is not None
    found = align(SOURCES, [*TARGETS[:place], one, *TARGETS[place + 2 :]])
    assert not any(bead.lost or bead.added for bead in found)
    assert (place, place + 2, place, place + 1) in [(b.source, b.source_end, b.target, b.target_end) for b in found]


@given(st.lists(st.integers(0, 11), max_size=40), st.lists(st.integers(0, 11), max_size=40))
def test_a_path_leaves_no_sentence_out_and_takes_none_twice(left: list[int], right: list[int]) -> None:
    sources, targets = [SOURCES[i] for i in left], [TARGETS[i] for i in right]
    found = pairs(sources, targets)
    assert [i for a, b, _, _ in found for i in range(a, b)] == list(range(len(left)))
    assert [j for _, _, a, b in found for j in range(a, b)] == list(range(len(right)))


def test_of_a_long_text_only_what_is_near_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, real = 0, module.whole

    def counted(there: float, back: float, source: int, target: int) -> float:
        nonlocal asked
        asked += 1
        return real(there, back, source, target)

    # Called once for each two texts that are compared.
    monkeypatch.setattr(module, "whole", counted)
    sources, targets = SOURCES * 100, (TARGETS * 100)[:-3]
    beads = align(sources, targets)
    assert sum(bead.lost for bead in beads) == 3
    assert asked < 6 * len(sources) + 2000


def test_where_no_lexicon_is_known_nothing_is_said() -> None:
    assert source_side(Text("A text."), "xx") is None
    assert target_side(Text("A text."), "xx") is None


def test_beads_share_what_single_sentences_say() -> None:
    """The table's likenesses are those of the texts, to the last bit."""
    table = module._Likenesses(SOURCES, TARGETS)
    for a, b in ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 2)):
        for i in range(4):
            expected = likeness(joined(tuple(SOURCES[i : i + a])), joined(tuple(TARGETS[i : i + b])))
            assert table.score(i, i, a, b) == module._STEPS[a, b] + expected
