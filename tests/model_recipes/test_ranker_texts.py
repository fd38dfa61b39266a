import random

import pytest

from model_recipes.ranker.texts import BLOCK, DAMAGES, Texts, cut_off, left_in_the_source, with_sentence, with_words

SOURCES = [f"This is the sentence of number {n} here." for n in range(60)]
TARGETS = [f"هذه هي الجملة رقم {n} هنا." for n in range(60)]
TEXTS = Texts(SOURCES, TARGETS, {"a": TARGETS, "b": TARGETS[::-1]}, [(n, n) for n in range(60)])


def test_documents_are_neighbouring_lines_of_a_block() -> None:
    made = TEXTS.documents(4)
    assert made.sources[0] == " ".join(SOURCES[:4]) and made.lines[:2] == [(0, 3), (4, 7)]
    assert all(first // BLOCK == last // BLOCK for first, last in made.lines)
    assert len(made.sources) == len(made.candidates["b"]) == 6 + 6 + 2


def test_documents_of_some_rows_keep_to_the_blocks_of_the_file() -> None:
    kept = TEXTS.take([n for n in range(60) if n // BLOCK != 1]).documents(5)
    assert [first for first, _ in kept.lines] == [0, 5, 10, 15, 20, 50, 55]


def test_damage_is_the_same_every_time_and_of_the_share_asked_for() -> None:
    one, again = TEXTS.damaged(0.3, seed=1), TEXTS.damaged(0.3, seed=1)
    assert one == again != TEXTS.damaged(0.3, seed=2)
    changed = sum(x != y for x, y in zip(one.candidates["a"], TARGETS, strict=True))
    assert 8 <= changed <= 28 and one.sources == SOURCES and TEXTS.damaged(0.0) == TEXTS


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_changes_a_text(damage) -> None:  # type: ignore[no-untyped-def]
    made = damage(TARGETS[3], SOURCES[3], TARGETS, random.Random(4))
    assert made != TARGETS[3] and made.strip()


def test_what_is_added_and_what_is_lost() -> None:
    rng = random.Random(0)
    padded = with_words(TARGETS[0], SOURCES[0], TARGETS, rng)
    assert padded.startswith(TARGETS[0][:-1]) and padded.endswith(".") and len(padded) > len(TARGETS[0])
    assert TARGETS[0] in with_sentence(TARGETS[0], SOURCES[0], TARGETS, rng)
    assert TARGETS[0].startswith(cut_off(TARGETS[0], SOURCES[0], TARGETS, rng))
    assert left_in_the_source(TARGETS[0], SOURCES[0], TARGETS, rng).endswith("here.")
