"""What is found of planted duplicates, what is not called one, and that it does not hang on how rows are divided."""

import random

import numpy as np

from processors.duplicates import Sketches, alike, digest, first_answers, first_rows, unpacked

WORDS = [f"word{number}" for number in range(3000)]


def numbers(found: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(found), "<u8")


def firsts(texts: list[str]) -> dict[int, int]:
    make = Sketches()
    sketches, has = unpacked([make.of([text]) for text in texts])
    found = first_rows(numbers([digest([{"role": "user", "content": text}]) for text in texts]), sketches, has)
    return dict(zip(found.rows.tolist(), found.first.tolist(), strict=True))


def made(chance: random.Random, length: int) -> list[str]:
    return [chance.choice(WORDS) for _ in range(length)]


def test_copies_with_a_word_changed_are_found_and_texts_of_one_template_are_not() -> None:
    chance = random.Random(1)
    apart = [made(chance, 150) for _ in range(300)]
    template = made(chance, 100)
    filled = [template + made(chance, 40) for _ in range(300)]
    copies = [list(text) for text in apart[:100]]
    for copy in copies:
        copy[chance.randrange(150)] = "changed"
    found = firsts([" ".join(text) for text in (*apart, *filled, *copies)])
    assert all(row >= 600 for row in found)
    assert sum(found.get(600 + number) == number for number in range(100)) >= 98


def test_marks_and_digits_make_no_difference_but_the_same_is_the_same_to_the_letter() -> None:
    assert firsts(["قَالَ إنه سيصل في ١٢ من الشهر", "قال انه سيصل في 12 من الشهر!"]) == {1: 0}
    one, other = ([{"role": role, "content": "x"}] for role in ("user", "assistant"))
    assert digest(one) == digest([dict(one[0])]) != digest(other)


def test_of_a_chain_of_small_changes_the_end_is_not_the_first_ones_duplicate() -> None:
    chance = random.Random(2)
    words = made(chance, 100)
    chain = [list(words)]
    for step in range(6):
        chain.append([*chain[-1][: 90 - 12 * step], *made(chance, 4), *chain[-1][94 - 12 * step :]])
    make = Sketches()
    sketches, has = unpacked([make.of([" ".join(text)]) for text in chain])
    found = first_rows(np.arange(len(chain), dtype=np.uint64), sketches, has)
    assert len(found.rows)
    assert (alike(sketches[found.rows], sketches[found.first]) >= 0.8).all()
    assert not set(found.first) & set(found.rows)


def test_rows_without_words_are_only_the_same_as_each_other() -> None:
    assert firsts(["", "!", "", "a word"]) == {2: 0}
    assert firsts([]) == {}


def test_thousands_in_one_band_end_soon_and_the_same_among_them_are_found() -> None:
    chance = random.Random(3)
    template = made(chance, 200)
    texts = [" ".join([*template, *made(chance, 60)]) for _ in range(1500)]
    found = firsts([*texts, *texts[:20]])
    assert found == {1500 + number: number for number in range(20)}


def test_an_answer_of_few_words_says_nothing() -> None:
    make = Sketches()
    long = "هذه إجابة طويلة بما يكفي لتكون إجابة سؤال واحد فقط"
    told = [make.answer([text]) for text in (long, "نعم", long, "نعم")]
    assert told[1] is None and told[0] == told[2]
    found = first_answers(numbers([one or bytes(8) for one in told]), np.array([one is not None for one in told]))
    assert (found.rows.tolist(), found.first.tolist()) == ([2], [0])
