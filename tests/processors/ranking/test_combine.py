"""Putting conversations together: no text is lost or doubled, whatever the boundaries."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.ranking.combine import Passage, Piece, filled, put_together, repaired, together

SOURCE = "<t>one two\nthree four</t>\n\nfive six. seven"
# Where parts begin and end: what lies between them is nobody's.
PARTS = ((3, 21), (27, 42))


@st.composite
def candidates(draw: st.DrawFn, translator: str, holes: bool = False) -> list[Piece]:
    """A translator's pieces of SOURCE, cut anywhere within its parts."""
    pieces = []
    for start, end in PARTS:
        cuts = sorted(draw(st.sets(st.integers(start + 1, end - 1), max_size=4)))
        for left, right in zip([start, *cuts], [*cuts, end], strict=True):
            text = None if holes and draw(st.booleans()) else f"[{translator}{left}-{right}]"
            pieces.append(Piece(0, left, right, text, translator))
    return pieces


def covered(pieces: list[Piece]) -> list[int]:
    return [place for piece in pieces for place in range(piece.start, piece.end)]


ALL = [place for start, end in PARTS for place in range(start, end)]


@given(st.tuples(candidates("A"), candidates("B"), candidates("C")))
def test_blocks_hold_every_piece_once_and_cover_the_same_text(made: tuple[list[Piece], ...]) -> None:
    blocks = together(made)
    for place, pieces in enumerate(made):
        assert [piece for block in blocks for piece in block[place]] == pieces
    assert all(len({(side[0].start, side[-1].end) for side in block}) == 1 for block in blocks)


@given(candidates("A"))
def test_one_candidate_is_itself(pieces: list[Piece]) -> None:
    contents, passages = put_together({0: SOURCE}, pieces)
    at, expected = 0, ""
    for piece in pieces:
        expected += SOURCE[at : piece.start] + str(piece.text)
        at = piece.end
    assert contents == {0: expected + SOURCE[at:]}
    assert passages == [Passage(0, 3, expected.rindex("]") + 1, "A")]
    assert filled(pieces, []) == pieces


@given(candidates("A", holes=True), candidates("B", holes=True), candidates("C", holes=True))
def test_what_is_filled_has_all_of_the_text_once(one: list[Piece], two: list[Piece], three: list[Piece]) -> None:
    whole = filled(one, [two, three])
    if whole is None:
        return
    assert covered(whole) == ALL and all(piece.text is not None for piece in whole)
    assert any(piece.translator == "A" for piece in whole)
    assert set(whole) <= {*one, *two, *three}
    contents, passages = put_together({0: SOURCE}, whole)
    assert all(one.translator != other.translator for one, other in pairwise(passages))
    for passage in passages:
        assert f"[{passage.translator}" in contents[0][passage.start : passage.end]


def test_a_hole_with_other_boundaries_takes_the_good_pieces_beside_it() -> None:
    one = [Piece(0, 0, 4, "a", "A"), Piece(0, 4, 8, None, "A"), Piece(0, 8, 12, "c", "A")]
    two = [Piece(0, 0, 6, "d", "B"), Piece(0, 6, 8, "e", "B"), Piece(0, 8, 12, None, "B")]
    whole = filled(one, [two])
    assert whole and [piece.text for piece in whole] == ["d", "e", "c"]


def test_nothing_is_filled_where_all_failed_or_nothing_of_ones_own_is_left() -> None:
    hole, good = Piece(0, 0, 4, None, "A"), Piece(0, 0, 4, "x", "B")
    assert filled([hole], [[good._replace(text=None)]]) is None
    assert filled([hole], [[good]]) is None
    code = Piece(0, 4, 8, "`x = 1`", "A", own=False)
    assert filled([hole, code], [[good, code._replace(translator="B")]]) is None


def test_candidates_of_different_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="same text"):
        together([[Piece(0, 0, 4, "x", "A")], [Piece(0, 0, 5, "y", "B")]])
    with pytest.raises(ValueError, match="same text"):
        together([[Piece(0, 0, 4, "x", "A")], [Piece(0, 1, 4, "y", "B")]])


def test_a_message_without_pieces_stays_and_the_custom_instructions_are_a_message() -> None:
    sources = {-1: "Be brief.", 0: '{"a": 1}', 1: "Hi."}
    pieces = [Piece(-1, 0, 9, "بإيجاز.", "A"), Piece(1, 0, 3, "أهلا.", "B")]
    contents, passages = put_together(sources, pieces)
    assert contents == {-1: "بإيجاز.", 0: '{"a": 1}', 1: "أهلا."}
    assert passages == [Passage(-1, 0, 7, "A"), Passage(1, 0, 5, "B")]


def pieces_of(translator: str, *texts: str | None) -> list[Piece]:
    return [Piece(0, 5 * place, 5 * place + 5, text, translator) for place, text in enumerate(texts)]


def mended(own: list[Piece], *others: list[Piece], passes: set[str], blamed: range = range(99)) -> str | None:
    """What comes of `own` where "?" is seen to be broken, and of wholes only these pass."""
    found = repaired(
        own,
        others,
        lambda piece: piece.start // 5 in blamed,
        lambda piece: "?" in str(piece.text),
        lambda pieces: "".join(str(piece.text) for piece in pieces) in passes,
    )
    return None if found is None else "".join(str(piece.text) for piece in found)


def test_only_what_is_broken_is_anothers_and_of_others_what_is_not() -> None:
    own, other, third = pieces_of("A", "a", "?", "a"), pieces_of("B", "b", "?", "b"), pieces_of("C", "c", "c", "c")
    assert mended(own, other, third, passes={"aca", "bcb"}) == "aca"
    # Nobody has it.
    assert mended(own, other, passes={"a?a", "b?b"}) is None


def test_what_only_the_whole_shows_is_sought_piece_by_piece_among_those_that_are_blamed() -> None:
    own, other = pieces_of("A", "a", "x", "a"), pieces_of("B", "b", "b", "b")
    assert mended(own, other, passes={"aba", "aab"}) == "aba"
    assert mended(own, other, passes={"aba", "aab"}, blamed=range(2, 3)) is None
    assert mended(own, other, passes={"abb"}, blamed=range(1, 3)) == "abb"
    # Another's whole is another's candidate.
    assert mended(own, other, passes={"bbb"}) is None


def test_a_donor_whose_piece_only_the_whole_shows_to_be_wrong_leaves_the_next_to_be_asked() -> None:
    own, other, third = pieces_of("A", "a", "?", "a"), pieces_of("B", "b", "b", "b"), pieces_of("C", "c", "c", "c")
    assert mended(own, other, third, passes={"aca"}) == "aca"


def test_what_is_broken_never_stays_beside_what_is_tried() -> None:
    own, other = pieces_of("A", "a", "?", "a"), pieces_of("B", "b", "b", "b")
    assert mended(own, other, passes={"b?a", "a?b"}) is None
    assert mended(own, other, passes={"abb", "b?a"}) == "abb"


def test_many_pieces_are_not_tried_one_by_one() -> None:
    own, other = pieces_of("A", *"a" * 40), pieces_of("B", *"b" * 40)
    asked: list[int] = []
    assert repaired(own, [other], lambda _: True, lambda _: False, lambda one: bool(asked.append(len(one)))) is None
    few: list[int] = []
    repaired(own[:12], [other[:12]], lambda _: True, lambda _: False, lambda one: bool(few.append(len(one))))
    assert (len(asked), len(few)) == (0, 12)
