"""The two commands on small files: rows read are kept or dropped, the same bytes twice, JSON lines and Parquet."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from builders.instructions import Drawing, run_follow, run_instruct
from processors.errors import InputError
from smolkalam import app

SEEDS: list[dict[str, Any]] = [
    {"id": "a", "prompt": "اكتب قصة قصيرة."},
    {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "لخّص النص."}]},
    {"id": "none", "text": "لا سؤال"},
    {"key": 5, "prompt": "قل نعم", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{"num_words": None}]},
    {"key": 6, "prompt": "قل نعم", "instruction_id_list": ["punctuation:comma"], "kwargs": [{}]},
]
IDS = ["length_constraints:number_words", "punctuation:no_comma"]
KWARGS = [{"num_words": 2, "relation": "at least"}, {"num_words": None, "relation": None}]
ANSWERS: list[dict[str, Any]] = [
    {"id": 1, "instruction_id_list": IDS, "kwargs": KWARGS, "completion": "نعم بالطبع"},
    {"id": 2, "instruction_id_list": IDS, "kwargs": KWARGS, "completion": "نعم، بالطبع"},
    {"id": 3, "instruction_id_list": IDS, "kwargs": KWARGS, "completion": "إليك، كما طلبت:\nنعم بالطبع"},
    {"id": 4, "instruction_id_list": None, "kwargs": None, "completion": "نعم"},
    {"id": 5, "instruction_id_list": IDS, "kwargs": KWARGS, "completion": None},
]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_prompts_with_instructions(tmp_path: Path) -> None:
    seeds = written(tmp_path / "seeds.jsonl", SEEDS)
    found = run_instruct(seeds, tmp_path / "one", Drawing(seed=4), per_seed=3)
    run_instruct(seeds, tmp_path / "two", Drawing(seed=4), per_seed=3)
    assert (found.read, found.kept, found.written, dict(found.dropped)) == (
        5,
        3,
        7,
        {"no_prompt": 1, "instructions": 1},
    )
    rows = lines(tmp_path / "one" / "prompts.jsonl")
    assert [row["id"] for row in rows] == ["a-0", "a-1", "a-2", "2-0", "2-1", "2-2", "5"]
    assert rows[3]["prompt"].startswith("لخّص النص.\n\n") and rows[3]["messages"][0]["content"] == rows[3]["prompt"]
    assert rows[-1]["kwargs"] == [{}] and rows[-1]["prompt"] == "قل نعم"
    for name in ("prompts.jsonl", "dropped.jsonl", "report.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_prompts_in_parquet_have_the_columns_of_ifeval(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([{"prompt": f"سؤال {n}"} for n in range(3)]), tmp_path / "seeds.parquet")
    run_instruct(tmp_path / "seeds.parquet", tmp_path / "out", Drawing(most=2))
    table = pq.read_table(tmp_path / "out" / "prompts.parquet")
    assert table.num_rows == 3 and "num_words" in [
        field.name for field in table.schema.field("kwargs").type.value_type
    ]
    # What is written is read again as it is.
    run = run_instruct(tmp_path / "out" / "prompts.parquet", tmp_path / "again", Drawing())
    assert pq.read_table(tmp_path / "again" / "prompts.parquet").equals(table) and run.kept == 3


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_answers_that_follow_are_kept_with_what_they_follow(tmp_path: Path, kind: str) -> None:
    rows = tmp_path / f"rows.{kind}"
    if kind == "jsonl":
        written(rows, ANSWERS)
    else:
        pq.write_table(pa.Table.from_pylist(ANSWERS), rows)
    found = run_follow(rows, tmp_path / "out")
    assert (found.read, found.kept, dict(found.dropped)) == (
        5,
        1,
        {"not_followed": 2, "instructions": 1, "no_answer": 1},
    )
    kept = tmp_path / "out" / f"kept.{kind}"
    one = lines(kept)[0] if kind == "jsonl" else pq.read_table(kept).to_pylist()[0]
    assert (one["id"], one["instructions_followed"], one["followed_strict"]) == (1, 1.0, [True, True])
    dropped = lines(tmp_path / "out" / "dropped.jsonl")
    assert dropped[0]["reason"] == "not_followed: punctuation:no_comma" and dropped[0]["instructions_followed"] == 0.5
    assert dropped[1]["followed_loose"] == [True, True]
    assert run_follow(rows, tmp_path / "loose", loose=True).kept == 2
    assert run_follow(rows, tmp_path / "half", least=0.5).kept == 3


def test_the_commands(tmp_path: Path) -> None:
    seeds, rows = written(tmp_path / "seeds.jsonl", SEEDS), written(tmp_path / "rows.jsonl", ANSWERS)
    asked = ["instruct", str(seeds), "-o", str(tmp_path / "asked"), "--kind", "punctuation:no_comma", "--most", "1"]
    assert CliRunner().invoke(app, asked).exit_code == 0
    assert lines(tmp_path / "asked" / "prompts.jsonl")[0]["instruction_id_list"] == ["punctuation:no_comma"]
    assert CliRunner().invoke(app, ["follow", str(rows), "-o", str(tmp_path / "kept"), "--loose"]).exit_code == 0
    assert len(lines(tmp_path / "kept" / "kept.jsonl")) == 2


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    rows = written(tmp_path / "rows.jsonl", ANSWERS)
    with pytest.raises(InputError, match="no instructions can be drawn in 'xx'"):
        run_instruct(rows, tmp_path / "out", Drawing("xx"))
    with pytest.raises(InputError, match="expected a share"):
        run_follow(rows, tmp_path / "out", least=2)
    (tmp_path / "bad.parquet").write_bytes(b"no")
    with pytest.raises(InputError, match=r"bad\.parquet"):
        run_follow(tmp_path / "bad.parquet", tmp_path / "out")
    none = written(tmp_path / "none.jsonl", [{"id": 1, "text": "لا شيء"}, {"id": 2, "response": "نعم"}])
    with pytest.raises(
        InputError, match=r"none of its 2 rows.*instruction_id_list.*row 1 is left out, no_answer.*text"
    ):
        run_follow(none, tmp_path / "out")
    with pytest.raises(InputError, match="none of its 2 rows can be taken; expected prompt or messages; row 1"):
        run_instruct(none, tmp_path / "out", Drawing("ar"))
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(InputError, match="has no row in it"):
        run_instruct(tmp_path / "empty.jsonl", tmp_path / "out", Drawing("ar"))
    with pytest.raises(InputError, match="has no row in it"):
        run_follow(tmp_path / "empty.jsonl", tmp_path / "out")
    assert not (tmp_path / "out").exists()
