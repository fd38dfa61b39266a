import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from processors.memory.memory import Memory

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Row = Callable[..., dict[str, Any]]

PAIRS = [
    ("Good day.", "طاب يومك."),
    ('Say "one, two".', 'قل "واحد، اثنان".'),
    ("Tab\there\nand line", "جدول\tهنا\nوسطر"),
]


def save(path: Path, pairs: list[tuple[str, str]], **changes: Any) -> Path:
    lines = [json.dumps({"source": one, "target": other} | changes, ensure_ascii=False) for one, other in pairs]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def pairs(path: Path) -> list[tuple[str, str]]:
    return [(unit.source, unit.target) for unit in Memory.load(path).units()]


def test_converting_through_every_format_loses_nothing(smolkalam: Run, tmp_path: Path) -> None:
    path = save(tmp_path / "a.jsonl", PAIRS)
    for suffix in (".tmx", ".tsv", ".csv", ".jsonl"):
        output = tmp_path / f"b{suffix}"
        done = smolkalam("memory", "convert", path, "-o", output)
        assert (done.returncode, done.stdout) == (0, f"{output}\n"), done.stderr
        assert done.stderr.startswith("3 segments written; 0 duplicates, 0 conflicts")
        assert pairs(output) == PAIRS
        path = output


def test_merging_a_later_pair_replaces_an_earlier_one_but_not_an_approved_one(smolkalam: Run, tmp_path: Path) -> None:
    first = save(tmp_path / "a.jsonl", [("One.", "قديم."), ("Two.", "اثنان.")])
    second = save(tmp_path / "b.jsonl", [("One.", "جديد."), ("Two.", "اثنان."), ("Three.", " ")])
    done = smolkalam("memory", "merge", first, second, "--output", tmp_path / "c.tmx")
    assert done.returncode == 0
    assert pairs(tmp_path / "c.tmx") == [("One.", "جديد."), ("Two.", "اثنان.")]
    assert done.stderr == "2 segments written; 1 duplicates, 1 conflicts, 1 empty, 0 of other languages\n"
    approved = save(tmp_path / "d.jsonl", [("One.", "معتمد.")], approved=True)
    assert smolkalam("memory", "merge", approved, second, "-o", tmp_path / "e.tmx").returncode == 0
    assert ("One.", "معتمد.") in pairs(tmp_path / "e.tmx")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["merge", "a.jsonl", "-o", "b.tmx", "--languages", "en-ar"], "--languages en-ar: expected SOURCE:TARGET"),
        (["merge", "a.jsonl", "-o", "b.docx"], "b.docx: a memory is one of .tmx"),
        (["merge", "a.jsonl", "-o", "no/such/b.tmx"], "cannot be written"),
        (["convert", "b.jsonl", "-o", "c.tmx"], "b.jsonl: does not exist"),
        (["from-build", ".", "--config", "x", "-o", "c.tmx"], "not a run folder"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], expected: str, smolkalam: Run, tmp_path: Path) -> None:
    save(tmp_path / "a.jsonl", PAIRS)
    done = smolkalam("memory", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and not done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("smolkalam: ") and expected in line


def conversations(row: Row) -> list[dict[str, Any]]:
    text = "Water boils at 100 degrees.\n\n```python\nx = 1\n```\n\n- first\n- second `x`, see https://example.org"
    call = 'Yes.\n<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'
    return [
        row(
            ("system", "Be brief."),
            ("user", f"Question {i}: {text}"),
            ("assistant", f"<think>\nLet me see {i}.\n</think>\n{text}"),
            instructions=f"Answer in {i} words.",
        )
        for i in range(12)
    ] + [
        row(("user", "Ask."), ("assistant", call), ("tool", "{}"), ("assistant", "```\nx\n```")),
        row(("user", ""), ("assistant", "\\[x = 1\\]")),
    ]


def test_a_memory_of_a_build_gives_the_same_translations_again(
    smolkalam: Run, row: Row, write_split: Callable[..., Path], tmp_path: Path
) -> None:
    source = write_split("alpha_think", conversations(row))
    recipe = tmp_path / "small.yaml"
    recipe.write_text("name: small\nsource: {path: unused}\ntranslators: [{name: one, backend: pseudo}]\n")
    build = ("build", recipe, "--input", source, "--workers", 1, "--output")
    first, second, memory = tmp_path / "first", tmp_path / "second", tmp_path / "memory.tmx"
    early = smolkalam(*build, first, "--stop-after", "translate")
    assert early.returncode == 0
    done = smolkalam("memory", "from-build", first, "--config", "SFT_one_ranked", "-o", memory)
    assert done.returncode == 2 and "has not ranked every row yet" in done.stderr
    assert smolkalam(*build, first).returncode == 0
    done = smolkalam("memory", "from-build", first, "--config", "SFT_two_ranked", "-o", memory)
    assert done.returncode == 2 and "--config SFT_two_ranked: this build has SFT_one_ranked" in done.stderr
    done = smolkalam("memory", "from-build", first, "--config", "SFT_one_ranked", "-o", memory)
    assert (done.returncode, done.stdout) == (0, f"{memory}\n"), done.stderr
    again = f"translators=[{{name: one, backend: memory, memory: [{memory}]}}]"
    assert smolkalam(*build, second, "--set", again).returncode == 0

    def built(run: Path) -> list[dict[str, Any]]:
        (path,) = run.glob("dataset/SFT_one_ranked/*.parquet")
        return pq.read_table(path, columns=["id", "messages", "chat_template_kwargs"]).to_pylist()

    assert len(built(first)) == 14
    assert built(second) == built(first)


def test_only_rows_of_the_score_asked_for_go_into_the_memory(demo: Any, smolkalam: Run, tmp_path: Path) -> None:
    written = {}
    for least in (0, 0.9, 1):
        output = tmp_path / f"{least}.jsonl"
        done = smolkalam(
            "memory", "from-build", demo.run, "--config", "SFT_draft_ranked", "--min-score", least, "-o", output
        )
        assert done.returncode == 0, done.stderr
        written[least] = set(pairs(output))
    assert written[0] > written[0.9] > written[1]
