"""The index of benchmarks: what it looks for, what it says of the rest, and its file."""

from pathlib import Path

import numpy as np
import pytest

from processors.errors import InputError
from processors.selection.decontamination import Index, IndexBuilder, Item, Rules, Search, joined, load, save

QUESTIONS = [
    Item("test/0", "Which river flows through the old city of Baghdad today?", ("Nile", "Tigris", "Jordan", "Oum")),
    Item("test/1", "ما هي المدينة التي بناها المنصور على نهر دجلة عام 762؟", ("بغداد", "دمشق", "القاهرة", "فاس")),
    Item("test/2", "Name the first book that was ever printed in the city of Fez."),
]


def index_of(items: list[Item], rules: Rules | None = None, name: str = "made") -> Index:
    builder = IndexBuilder(rules)
    builder.add(name, items)
    return builder.build()


def found(index: Index, *texts: str) -> list[str]:
    return [one.item for one in Search(index).find(texts)]


def test_items_stand_in_rows() -> None:
    index = index_of(QUESTIONS)
    assert found(index, "Tell me: which river flows through the old city of Baghdad today? A) Nile") == ["test/0"]
    assert found(index, "مَا هِيَ المدينة التي بناها المنصور على نهر دجلة عام ٧٦٢") == ["test/1"]
    assert found(index, "Baghdad is an old city by a river.") == []
    assert found(index) == []
    assert found(index, "") == []


def test_of_two_items_the_better_covered_is_named_first_and_the_row_is_quoted() -> None:
    row = [QUESTIONS[2].question, "And which river flows through the old city of Baghdad now, Sir?"]
    first, second = Search(index_of(QUESTIONS)).find(row)
    assert (first.item, first.coverage, first.benchmark, first.side) == ("test/2", 1.0, "made", "question")
    assert second.item == "test/0"
    assert second.quote.startswith("which river flows through the old city of Baghdad")


def test_half_of_an_item_is_enough_and_less_is_not() -> None:
    words = [f"word{number}" for number in range(24)]
    index = index_of([Item("0", " ".join(words))])
    assert found(index, " ".join(words[:14])) == ["0"]
    assert found(index, " ".join(words[:13])) == []


def test_what_stands_in_two_messages_counts_together_and_no_gram_joins_them() -> None:
    words = [f"word{number}" for number in range(24)]
    index = index_of([Item("0", " ".join(words))])
    assert found(index, " ".join(words[:9]), " ".join(words[9:18])) == ["0"]
    assert found(index, *(" ".join(words[at : at + 4]) for at in range(0, 24, 4))) == []


def test_options_in_another_order_are_found_by_themselves() -> None:
    options = tuple(f"option {name} says {name} is what the old scholars of {name} wrote" for name in "vwxyz")
    index = index_of([Item("0", "Which one is right?", options)], Rules())
    other = "\n".join(f"{label}. {text}" for label, text in zip("ABCDE", reversed(options), strict=True))
    (hit,) = Search(index).find([f"I was asked something.\n{other}"])
    assert hit.side == "question and options"


def test_a_question_of_many_items_is_looked_for_with_its_options_only() -> None:
    question = "Which of the following statements about this is correct?"
    items = [
        Item(str(n), question, tuple(f"statement {n} {k} speaks of thing {n} {k} alone" for k in range(4)))
        for n in range(3)
    ]
    index = index_of(items)
    assert found(index, f"{question} Something else entirely, of which nobody has written.") == []
    assert found(index, f"{question} {' '.join(items[1].options)}") == ["1"]


def test_a_short_item_must_stand_there_whole() -> None:
    index = index_of([Item("0", "ما عاصمة فرنسا الجميلة")])
    assert found(index, "سألني: ما عاصمة فرنسا الجميلة؟") == ["0"]
    assert found(index, "ما عاصمة فرنسا القديمة الجميلة") == []


def test_grams_may_be_shorter_than_the_shortest_side() -> None:
    index = index_of(QUESTIONS, Rules(n=3, least=5))
    assert [found(index, item.question) for item in QUESTIONS] == [["test/0"], ["test/1"], ["test/2"]]
    assert found(index_of([Item("0", "only three words")], Rules(n=3)), "only three words") == []


def test_items_that_cannot_be_looked_for_are_counted() -> None:
    builder = IndexBuilder()
    letters = builder.add("letters", [Item(str(n), letter) for n, letter in enumerate("ABCD")])
    assert (letters.items, letters.short, letters.same, letters.alike) == (4, 4, 0, 0)
    empty = builder.add("empty", [Item("0", ""), Item("1", "؟!"), Item("2", "")])
    assert (empty.items, empty.same, empty.short) == (3, 2, 1)
    chinese = builder.add("chinese", [Item("0", "法国的首都是哪里？哪一个答案是正确的？")])
    assert chinese.short == 1
    nothing = builder.build()
    assert not len(nothing.grams)
    assert found(nothing, "A B C D and anything else that a row may say") == []


def test_items_that_say_the_same_count_once() -> None:
    builder = IndexBuilder()
    twice = [QUESTIONS[0], QUESTIONS[0]._replace(name="9", question=QUESTIONS[0].question.upper())]
    reordered = QUESTIONS[0]._replace(name="10", options=tuple(reversed(QUESTIONS[0].options)))
    assert builder.add("twice", [*twice, reordered]).same == 2


def test_a_phrase_of_most_items_is_no_evidence() -> None:
    phrase = "Read what follows with great care and then answer what is asked of you"
    items = [Item(str(n), f"{phrase} thing{n}") for n in range(20)]
    builder = IndexBuilder()
    assert builder.add("phrases", items).alike == 20
    long = [Item(str(n), f"{phrase} {' '.join(f'word{n}x{k}' for k in range(12))}") for n in range(20)]
    index = index_of(long)
    assert found(index, f"{phrase} nothing of theirs") == []
    assert found(index, long[7].question) == ["7"]


def test_a_file_of_an_index_finds_what_the_index_finds_and_has_the_same_bytes(tmp_path: Path) -> None:
    index = index_of(QUESTIONS)
    save(index, tmp_path / "one.npz")
    save(index_of(QUESTIONS), tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    again = load(tmp_path / "one.npz")
    assert again.benchmarks == index.benchmarks and again.rules == index.rules
    for item in QUESTIONS:
        assert found(again, item.question) == found(index, item.question) == [item.name]


def test_a_file_of_an_index_holds_none_of_the_texts(tmp_path: Path) -> None:
    save(index_of(QUESTIONS), tmp_path / "one.npz")
    with np.load(tmp_path / "one.npz") as data:
        whole = b"".join(data[name].tobytes() for name in data.files)
    assert b"Baghdad" not in whole and b"baghdad" not in whole and "المنصور".encode() not in whole


def test_two_indexes_are_joined() -> None:
    parts = [index_of(QUESTIONS[:1], name="a"), index_of(QUESTIONS[1:], name="b"), index_of([], name="c")]
    index = joined(parts)
    assert [one.name for one in index.benchmarks] == ["a", "b", "c"]
    for item, name in zip(QUESTIONS, "abb", strict=True):
        (hit,) = Search(index).find([item.question])
        assert (hit.item, hit.benchmark, hit.coverage) == (item.name, name, 1.0)
    with pytest.raises(InputError, match="different rules"):
        joined([parts[0], index_of(QUESTIONS, Rules(n=8))])


@pytest.mark.parametrize("spoil", ["text", "cut", "format", "arrays", "missing"])
def test_a_file_that_is_no_index_is_one_line(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "index.npz"
    save(index_of(QUESTIONS), path)
    if spoil == "text":
        path.write_text("not an index")
    elif spoil == "cut":
        path.write_bytes(path.read_bytes()[:400])
    elif spoil == "missing":
        path.unlink()
    else:
        with np.load(path) as data:
            arrays = {name: data[name] for name in data.files}
        if spoil == "arrays":
            arrays["sides"] = arrays["sides"] + np.uint32(1000)
        else:
            header = arrays["header"].tobytes().replace(b'"format": 1', b'"format": 7')
            arrays["header"] = np.frombuffer(header, np.uint8)
        np.savez(path, **arrays)
    with pytest.raises(InputError) as error:
        load(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)
