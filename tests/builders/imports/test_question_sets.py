"""Arabic question sets in their published forms become rows of chat, and what cannot is left out with its reason."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.imports.command import LEFT_OUT, run_import
from builders.imports.question_sets import solved

ARMATH = [
    {
        "question": "في سلة 12 تفاحة أكل سامي 3 منها، فكم تفاحة بقيت؟", "segmented": "في سله 12 تفاحه ؟",
        "equation": "x=12-3", "tag": "novel",
    },
    {"question": "ما هو ثلث العدد 10؟", "segmented": "ثلث العدد 10 ؟", "equation": "x=10/3", "tag": "translated"},
    {"question": " ", "segmented": "", "equation": "x=1", "tag": "novel"},
]  # fmt: skip
ARABICAQA = {
    "data": [
        {
            "title": "النيل",
            "paragraphs": [
                {
                    "context": "نهر النيل أطول أنهار أفريقيا، ويصب في البحر المتوسط.",
                    "qas": [
                        {
                            "question": "أين يصب نهر النيل؟", "id": "q1",
                            "answers": [{"answer_start": 34, "text": "في البحر المتوسط"}],
                        },
                        {"question": "من اكتشف النهر؟", "id": "q2", "answers": []},
                    ],
                },
                {"context": "فقرة بلا أسئلة", "qas": []},
            ],
        },
        {"title": "مقال فارغ", "paragraphs": []},
        {"title": "مقال مكسور", "paragraphs": ["نص"]},
    ]
}  # fmt: skip


def imported(path: Path, content: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The rows that a file becomes, and by what was told of them the reasons of the others."""
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    output = path.with_suffix("")
    run_import([str(path)], output)
    rows = pq.ParquetFile(output / "SFT" / "train-00000-of-00001.parquet").read().to_pylist()
    left = [json.loads(line) for line in (output / LEFT_OUT).read_text(encoding="utf-8").splitlines()]
    return rows, {one["detail"]: one["reason"] for one in left}


def said(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in row["messages"]]


def test_armath_s_problems_are_asked_and_answered_by_the_equation_with_its_value(tmp_path: Path) -> None:
    rows, left = imported(tmp_path / "fold_0.json", ARMATH)

    assert [said(row)[1] for row in rows] == [("assistant", "x=12-3=9"), ("assistant", "x=10/3")]
    assert said(rows[0])[0] == ("user", ARMATH[0]["question"])
    assert left == {"question is empty": "empty"}


def test_arabicaqa_s_questions_are_asked_below_their_passage(tmp_path: Path) -> None:
    rows, left = imported(tmp_path / "train.json", ARABICAQA)

    (row,) = rows
    context = "نهر النيل أطول أنهار أفريقيا، ويصب في البحر المتوسط."
    assert said(row) == [("user", f"{context}\n\nأين يصب نهر النيل؟"), ("assistant", "في البحر المتوسط")]
    assert row["source_id"] == "q1"
    assert left == {
        "answers has no text: the passage does not answer the question": "unanswered",
        "paragraphs has no question": "empty",
        "paragraphs[0]: expected context and qas, a list of questions": "wrong_type",
    }


def test_rows_of_squad_as_the_hub_has_them_are_read_too(tmp_path: Path) -> None:
    row = {"id": "1", "title": "t", "context": "Tea is a drink.", "question": "What is tea?"}
    rows, _ = imported(tmp_path / "rows.json", [row | {"answers": {"text": ["a drink"], "answer_start": [7]}}])

    assert said(rows[0])[1] == ("assistant", "a drink")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2*(3+4)", "14"),
        ("50*40%", "20"),
        ("-3+5", "2"),
        ("1/0", ""),
        ("2**9", ""),
        (f"{'9*' * 400}9", ""),
        ("f(2)", ""),
        ("(", ""),
        ("", ""),
    ],
)
def test_only_arithmetic_is_solved(written: str, value: str) -> None:
    assert solved(written) == value
