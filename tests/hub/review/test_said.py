"""What people said, added up: a later word goes before an earlier one, and all is there after a restart."""

import csv
from pathlib import Path

import pytest

from hub.review.exports import MEMORY, write_memory, write_tables
from hub.review.progress import agreement, progress
from hub.review.said import INSTRUCTIONS, TIE, Message, ReviewedText, Reviews
from processors.judging.votes import read_verdicts, read_votes
from processors.memory.memory import Memory

NAMES = ("one", "two")


def candidate(name: str, *texts: str, row: str = "s/0000001") -> ReviewedText:
    roles = ("user", "assistant")
    return ReviewedText(
        row, name, tuple(Message(i, roles[i % 2], f"Hello {i}.", text) for i, text in enumerate(texts))
    )


PAIR = (candidate("one", "مرحبا", "أهلا وسهلا"), candidate("two", "سلام", "أهلا بك"))


def test_verdicts_and_ties_are_votes_and_the_last_word_counts(tmp_path: Path) -> None:
    said = Reviews(tmp_path)
    said.judge("ann", PAIR, "one")
    said.judge("ann", PAIR[::-1], "two")
    said.judge("ben", PAIR, TIE)
    votes = read_verdicts(tmp_path / "verdicts.jsonl", NAMES)
    assert votes.difference("s/0000001", "two", "one", {}) == 0.5
    assert read_votes(tmp_path, NAMES).digest() == votes.digest()
    again = Reviews(tmp_path)
    assert again.verdicts == said.verdicts
    assert (again.verdict("ann", PAIR) or {})["choice"] == "two"
    # The table holds what stands.
    write_tables(again)
    assert read_verdicts(tmp_path / "verdicts.csv", NAMES).digest() == votes.digest()


def test_a_verdict_is_on_texts_and_not_on_names(tmp_path: Path) -> None:
    said = Reviews(tmp_path)
    said.judge("ann", PAIR, "one")
    assert said.verdict("ann", PAIR[::-1]) is not None
    assert said.verdict("ann", (PAIR[0], candidate("two", "سلام", "غيره"))) is None
    assert said.verdict("ben", PAIR) is None


def test_marked_errors_weigh_a_verdict_before_it_and_after(tmp_path: Path) -> None:
    said = Reviews(tmp_path)

    def weight() -> float | None:
        return read_verdicts(tmp_path, NAMES).difference("s/0000001", "one", "two", {})

    said.mark("ann", PAIR[1], (0, 0, 4), "accuracy", "minor", others=PAIR)
    said.judge("ann", PAIR, "one")
    assert weight() == pytest.approx(0.2)
    said.mark("ann", PAIR[1], (1, 0, 4), "style", "major", others=PAIR)
    assert weight() == 1
    said.mark("ann", PAIR[0], (1, 0, 4), "accuracy", "critical", others=PAIR)
    assert weight() == 0, "what has a critical error is no better one"
    said.mark("ann", PAIR[0], (1, 0, 4), "accuracy", "critical", others=PAIR, removed=True)
    assert weight() == 1
    # Others' marks are theirs.
    said.mark("ben", PAIR[0], (1, 0, 4), "accuracy", "critical", others=PAIR)
    assert weight() == 1 and len(said.marked("ann", PAIR[1])) == 2
    assert Reviews(tmp_path).marked("ann", PAIR[1]) == said.marked("ann", PAIR[1])
    assert not said.marked("ann", candidate("two", "x", "y")), "marks are on texts"
    write_tables(said)
    with (tmp_path / "errors.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["text"] for row in rows] == ["سلام", "أهلا", "أهلا"] and rows[1]["severity"] == "major"


def memory(folder: Path) -> dict[str, str]:
    return {unit.source: unit.target for unit in Memory.load(folder / MEMORY).units() if unit.approved}


def test_what_is_approved_and_edited_is_a_memory(tmp_path: Path) -> None:
    said = Reviews(tmp_path)
    said.edit("ann", PAIR[0], 0, "مرحبًا بالعالم")
    write_memory(said, "ar")
    assert memory(tmp_path) == {"Hello 0.": "مرحبًا بالعالم"}
    said.approve("ann", PAIR[0])
    assert said.is_approved("ann", PAIR[0]) and not said.is_approved("ben", PAIR[0])
    write_memory(said, "ar")
    assert memory(tmp_path) == {"Hello 0.": "مرحبًا بالعالم", "Hello 1.": "أهلا وسهلا"}
    again = Reviews(tmp_path)
    assert again.edits("ann", PAIR[0]) == said.edits("ann", PAIR[0])
    write_tables(again)
    assert len(Memory.load(tmp_path / "translations.csv")) == 2, "the table is a memory too"
    # Whoever takes the approval back keeps the edit, and who takes the edit back has nothing.
    again.approve("ann", PAIR[0], approved=False)
    again.edit("ann", PAIR[0], 0, "مرحبا")
    write_memory(again, "ar")
    assert not (tmp_path / MEMORY).exists() and not again.edits("ann", PAIR[0])


def test_the_later_of_two_translations_is_used(tmp_path: Path) -> None:
    said = Reviews(tmp_path)
    said.edit("ann", PAIR[0], 0, "أ")
    said.edit("ben", PAIR[1], 0, "ب")
    said.edit("ann", PAIR[0], 0, "ج")
    write_memory(said, "ar")
    assert memory(tmp_path) == {"Hello 0.": "ج"}


def test_instructions_and_lines_are_in_the_memory(tmp_path: Path) -> None:
    said = Reviews(tmp_path)
    text = Message(0, "user", "<think>\nOne.\n</think>\nTwo.\n\nThree.", "<think>\nواحد.\n</think>\nاثنان.\n\nثلاثة.")
    said.approve("ann", ReviewedText("s/1", "one", (Message(INSTRUCTIONS, "system", "Be brief.", "أوجز."), text)))
    write_memory(said, "ar")
    found = memory(tmp_path)
    assert found["Be brief."] == "أوجز." and found["One."] == "واحد." and found["Three."] == "ثلاثة."


def test_who_did_how_much_and_how_far_they_agree(tmp_path: Path) -> None:
    said = Reviews(tmp_path)
    pairs = [(candidate("one", "أ", row=f"s/{n}"), candidate("two", "ب", row=f"s/{n}")) for n in range(4)]
    for pair in pairs:
        said.judge("ann", pair, "one")
    said.judge("ben", pairs[0][::-1], "one")
    said.judge("ben", pairs[1], "two")
    said.judge("ben", pairs[2], TIE)
    said.comment("ben", "s/1", "Why?")
    said.edit("ben", pairs[1][0], 0, "ج")
    assert progress(said) == [
        {"annotator": "ann", "verdicts": 4, "ties": 0, "approved": 0, "edited": 0, "errors": 0, "comments": 0},
        {"annotator": "ben", "verdicts": 3, "ties": 1, "approved": 0, "edited": 1, "errors": 0, "comments": 1},
    ]
    found = agreement(said)
    assert (found["pairs"], found["same"]) == (3, 1) and found["alpha"] < 0.5
    # On other texts it is no verdict on the same.
    said.judge("ben", (pairs[3][0], candidate("two", "غيره", row="s/3")), "two")
    assert agreement(said) == found
