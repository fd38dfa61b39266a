"""Whole builds, by the command line in a process of its own, as a user runs them."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from processors.conversations.parts import parse_tool_call, split_parts
from processors.protected.compare import compare_protected
from tests.conftest import tree
from tests.standins.processes import kill_when, start_command

Run = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[..., Path]
Row = Callable[..., dict[str, Any]]

PROSE = "Water boils at 100 degrees at sea level. In the mountains it boils sooner, because the air presses less."
CODE = (
    "Use this:\n\n```python\ndef f(x):\n    return x ** 2  # square\n```\n\nIt squares `x`, see https://example.org/a."
)
MATH = "<think>\nWe need $a^2$.\n</think>\nThe answer is \\boxed{42}, as \\[x = 1\\] shows."
CALL = 'I will ask.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Cairo"}}\n</tool_call>'
RECIPE = """
name: small
source: {path: unused}
translators:
  - {name: one, backend: pseudo}
  - {name: two, backend: pseudo, chunking: {strategy: lines, lines: 2}}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE)
    return path


def rows(make: Row, count: int, seed: int = 0) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    made = []
    for index in range(count):
        text = " ".join(chance.sample([PROSE, CODE, MATH, "| a | b |\n|---|---|\n| 1 | two |", "- item\n- thing"], 2))
        text = text.replace("<think>", "").replace("</think>", "")
        made.append(
            make(
                ("system", "You are a careful assistant. /no_think"),
                ("user", f"Question {index}: {PROSE}"),
                ("assistant", CALL if index % 7 == 0 else MATH if index % 3 == 0 else text),
                *([("tool", '{"sky": "clear"}'), ("assistant", "It is clear.")] if index % 7 == 0 else []),
            )
        )
    return made


@pytest.fixture
def source(write_split: Write, row: Row) -> Path:
    write_split("alpha_think", rows(row, 230, 1), shards=6)
    return write_split("beta_no_think", rows(row, 120, 2), shards=5, row_group_size=7)


def built(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((folder / "dataset").glob("*/*.parquet")):
        for made in pq.read_table(path).to_pylist():
            yield path.parent.name, made


def test_every_row_comes_out_whole(smolkalam: Run, source: Path, recipe: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = smolkalam("build", recipe, "--input", source, "--output", run, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{run / 'dataset'}\n"
    english = {}
    for path in sorted(source.glob("SFT/*.parquet")):
        split = path.name.split("-0")[0]
        for made in pq.read_table(path).to_pylist():
            english[f"{split}/{sum(k.startswith(split) for k in english):07d}"] = made["messages"]
    seen: dict[str, set[str]] = {}
    for config, made in built(run):
        seen.setdefault(config, set()).add(made["id"])
        if config == "parallel":
            assert made["messages"] == english[made["id"]]
            continue
        assert made["turns"] == len(made["messages"])
        assert [m["role"] for m in made["messages"]] == [m["role"] for m in english[made["id"]]]
        assert made["rank_score"] == (made["LR"] + made["SCR"]) / 2
        assert [c["translator"] for c in made["candidates"] if c["chosen"]] == [made["translator"]]
        for source_message, message in zip(english[made["id"]], made["messages"], strict=True):
            for one, other in zip(
                split_parts(source_message["content"]), split_parts(message["content"]), strict=True
            ):
                assert one.type == other.type
                assert not compare_protected(one.text, other.text)
                if one.type == "tool_call":
                    assert parse_tool_call(other.text) == parse_tool_call(one.text)
    assert seen == {config: set(english) for config in ("SFT_one_ranked", "SFT_two_ranked", "parallel")}
    card = (run / "dataset" / "README.md").read_text()
    first = card.split("---\n", 2)[2].strip().splitlines()[0]
    assert first.startswith("**Not a translation:")


LOAD = """
import sys, json
from datasets import get_dataset_config_names, get_dataset_split_names, load_dataset
counts = {}
for config in get_dataset_config_names(sys.argv[1]):
    for split in get_dataset_split_names(sys.argv[1], config):
        loaded = load_dataset(sys.argv[1], config, split=split)
        streamed = load_dataset(sys.argv[1], config, split=split, streaming=True)
        assert streamed.features == loaded.features
        assert sum(1 for _ in streamed) == len(loaded)
        counts[f"{config}/{split}"] = len(loaded)
print(json.dumps(counts))
"""


def load_with_datasets(folder: Path, cache: Path) -> dict[str, int]:
    environment = os.environ | {"HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    command = [sys.executable, "-c", LOAD, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_dataset_loads_with_datasets_plain_and_streaming(
    smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    done = smolkalam("build", recipe, "--input", source, "--output", tmp_path / "run", "--workers", 1)
    assert done.returncode == 0, done.stderr
    counts = load_with_datasets(tmp_path / "run" / "dataset", tmp_path / "cache")
    splits = {"alpha_think": 230, "beta_no_think": 120}
    configs = ("SFT_one_ranked", "SFT_two_ranked", "parallel")
    assert counts == {f"{config}/{split}": n for config in configs for split, n in splits.items()}


def test_the_bytes_do_not_depend_on_tasks_and_workers(
    smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    for name, tasks, workers in (("a", 1, 1), ("b", 8, 2), ("c", 3, 2)):
        done = smolkalam(
            "build", recipe, "--input", source, "--output", tmp_path / name, "--tasks", tasks, "--workers", workers
        )
        assert done.returncode == 0, done.stderr
    one = tree(tmp_path / "a" / "dataset")
    assert len(one) > 6
    assert one == tree(tmp_path / "b" / "dataset") == tree(tmp_path / "c" / "dataset")


def test_killed_five_times_and_resumed_gives_the_same_bytes(
    smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert smolkalam("build", recipe, "--input", source, "--output", whole, "--workers", 2).returncode == 0
    marks = sorted(random.Random(11).sample(range(1, 36), 5))
    command = ("build", recipe, "--input", source, "--output", broken, "--workers", 2, "--tasks", 4)

    def reached(mark: int) -> bool:
        return len(list(broken.glob("*/**/counts/*.json"))) >= mark

    assert sum(kill_when(start_command(*command), partial(reached, mark), every_s=0.002) for mark in marks) >= 4
    done = smolkalam("build", recipe, "--input", source, "--output", broken, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert tree(broken / "dataset") == tree(whole / "dataset")
    assert not list(broken.rglob(".*.tmp"))


def test_a_finished_build_does_nothing_again_and_a_changed_one_only_what_changed(
    smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    build = ("build", recipe, "--input", source, "--output", run, "--workers", 1)
    assert smolkalam(*build).returncode == 0
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*.parquet")}
    assert smolkalam(*build).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*.parquet")} == before
    fit = (run / "ranker" / "fitted.npz").stat().st_mtime_ns
    done = smolkalam(*build, "--set", "ranking.replace=vetoed")
    assert done.returncode == 0 and "rank: done again, for this changed: ranking.replace" in done.stderr
    assert (run / "ranker" / "fitted.npz").stat().st_mtime_ns == fit
    changed = {path for path, stamp in before.items() if path.stat().st_mtime_ns != stamp}
    assert changed and not [path for path in changed if path.is_relative_to(run / "translate")]


def test_a_mistake_in_the_run_folders_recipe_is_told_and_not_written_over(
    smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    output = tmp_path / "run"
    build = ("build", recipe, "--input", source, "--output", output, "--stop-after", "select")
    assert smolkalam(*build).returncode == 0
    kept = output / "recipe.yaml"
    for edited in ("sede: 7\n", "translators: [\n"):
        whole = kept.read_text()
        kept.write_text(whole.replace("seed: 42\n", edited) if "sede" in edited else whole + edited)
        written = kept.read_text()
        done = smolkalam(*build)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        assert f"{kept}:" in done.stderr and f"remove {kept}" in done.stderr and kept.read_text() == written
        assert "sede" not in edited or "sede: unknown key; did you mean 'seed'?" in done.stderr
        kept.write_text(whole)
    kept.unlink()
    assert smolkalam(*build).returncode == 0 and kept.exists()


def test_stop_after_a_stage_and_go_on(smolkalam: Run, source: Path, recipe: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    build = ("build", recipe, "--input", source, "--output", run, "--workers", 1)
    done = smolkalam(*build, "--stop-after", "select")
    assert done.returncode == 0 and (run / "select").exists() and not (run / "translate").exists()
    assert smolkalam(*build, "--stop-after", "slect").returncode == 2
    assert smolkalam(*build).returncode == 0


BAD_ROWS: list[tuple[str, Any]] = [
    ("null_content", [("user", "Hi."), ("assistant", None)]),
    ("unknown_role", [("user", "Hi."), ("robot", "Hello.")]),
    ("missing_role", [("user", "Hi."), (None, "Hello.")]),
    ("unbalanced_think", [("user", "Hi."), ("assistant", "<think>\nNever closed.")]),
    ("unparsable_tool_call", [("user", "Hi."), ("assistant", "<tool_call>\n{'name: 1\n</tool_call>")]),
    ("han_characters", [("user", "Hi."), ("assistant", "你好")]),
    ("no_messages", []),
]


def test_bad_rows_are_dropped_with_reason_and_place_and_nothing_else_is_lost(
    smolkalam: Run, write_split: Write, row: Row, recipe: Path, tmp_path: Path
) -> None:
    huge = "This sentence is repeated until the message has five megabytes. " * 80_000
    good = [
        row(("user", "Hello there."), ("assistant", "Good day to you.")),
        row(("user", huge), ("assistant", "Read.")),
    ]
    bad = [row(*messages) for _, messages in BAD_ROWS]
    source = write_split("alpha", [good[0], *bad, good[1]])
    run = tmp_path / "run"
    done = smolkalam("build", recipe, "--input", source, "--output", run, "--workers", 1, "--tasks", 1)
    assert done.returncode == 0, done.stderr
    kept = [made["id"] for config, made in built(run) if config == "SFT_one_ranked"]
    assert kept == ["alpha/0000000", f"alpha/{len(bad) + 1:07d}"]
    dropped = [json.loads(line) for path in run.glob("select/dropped/*.jsonl") for line in path.open()]
    assert [d["id"] for d in dropped] == [f"alpha/{i + 1:07d}" for i in range(len(bad))]
    for found, (reason, _) in zip(dropped, BAD_ROWS, strict=True):
        assert found["reason"] == reason, found
        assert "messages" in found["detail"]


def test_invalid_utf8_is_one_dropped_row(
    smolkalam: Run, write_split: Write, row: Row, recipe: Path, tmp_path: Path
) -> None:
    marker = "QQQQ-marker-QQQQ"
    source = write_split(
        "alpha",
        [row(("user", f"Hello {i}."), ("assistant", marker if i == 3 else "Fine.")) for i in range(6)],
        compression="none",
        use_dictionary=False,
        write_statistics=False,
    )
    path = next(source.glob("SFT/*.parquet"))
    path.write_bytes(path.read_bytes().replace(marker.encode(), b"\xff\xfe" + marker.encode()[2:]))
    done = smolkalam("build", recipe, "--input", source, "--output", tmp_path / "run", "--workers", 1)
    assert done.returncode == 0, done.stderr
    dropped = [json.loads(line) for path in (tmp_path / "run").glob("select/dropped/*.jsonl") for line in path.open()]
    assert [(d["id"], d["reason"]) for d in dropped] == [("alpha/0000003", "invalid_utf8")]
    assert sum(config == "SFT_one_ranked" for config, _ in built(tmp_path / "run")) == 5


def break_not_parquet(source: Path) -> str:
    next(source.glob("SFT/*.parquet")).write_text("<html>rate limited</html>")
    return "not a Parquet file"


def break_cut_short(source: Path) -> str:
    path = next(source.glob("SFT/*.parquet"))
    path.write_bytes(path.read_bytes()[:-200])
    return "not a Parquet file, or cut short"


def break_missing_column(source: Path) -> str:
    path = next(source.glob("SFT/*.parquet"))
    pq.write_table(pq.read_table(path).drop_columns(["source"]), path)
    return "no column 'source'"


def break_column_type(source: Path) -> str:
    path = next(source.glob("SFT/*.parquet"))
    table = pq.read_table(path)
    pq.write_table(table.set_column(0, "messages", pa.array(["text"] * len(table))), path)
    return "column 'messages' is string; expected a list"


def break_missing_shard(source: Path) -> str:
    sorted(source.glob("SFT/alpha*.parquet"))[1].unlink()
    return "shard 00001 of 00003 of split 'alpha' is missing"


def break_empty_folder(source: Path) -> str:
    shutil.rmtree(source / "SFT")
    return "no shards SFT/<split>-00000-of-000NN.parquet"


def break_split_name(source: Path) -> str:
    for path in source.glob("SFT/*.parquet"):
        path.rename(path.with_name(path.name.replace("alpha", "al-pha")))
    return "split 'al-pha' cannot be a split of a dataset"


@pytest.mark.parametrize(
    "damage",
    [
        break_not_parquet,
        break_cut_short,
        break_missing_column,
        break_column_type,
        break_missing_shard,
        break_empty_folder,
        break_split_name,
    ],
)
def test_a_bad_source_is_one_clear_line(
    damage: Callable[[Path], str], smolkalam: Run, write_split: Write, row: Row, recipe: Path, tmp_path: Path
) -> None:
    source = write_split("alpha", [row(("user", "Hi."), ("assistant", "Yes."))] * 30, shards=3)
    expected = damage(source)
    done = smolkalam("build", recipe, "--input", source, "--output", tmp_path / "run", "--workers", 1)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("smolkalam: ")]
    assert len(lines) == 1 and expected in lines[0] and "Traceback" not in done.stderr, done.stderr


def test_a_wanted_split_that_is_not_there_is_a_warning_that_names_it(
    smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    done = smolkalam(
        "build", recipe, "--input", source, "--output", tmp_path / "run", "--workers", 1, "--stop-after", "select",
        "--set", "source.keep=[alpha_think, gamma_think]",
    )  # fmt: skip
    assert done.returncode == 0
    assert "warning: split 'gamma_think' is wanted by the recipe and not in" in done.stderr


def test_an_unwritable_output_is_one_line(smolkalam: Run, source: Path, recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = smolkalam("build", recipe, "--input", source, "--output", tmp_path / "file" / "run")
    assert done.returncode == 2 and "cannot be written" in done.stderr and "Traceback" not in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 400 KB, where the system lets us mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_fails_the_build_and_more_space_finishes_it(
    workers: int, smolkalam: Run, source: Path, recipe: Path, small_disk: Path, tmp_path: Path
) -> None:
    build = ("build", recipe, "--input", source, "--output", small_disk / "run", "--workers", workers)
    done = smolkalam(*build)
    assert done.returncode == 1, done.stderr
    assert "the disk is full" in done.stderr and "Traceback" not in done.stderr, done.stderr
    subprocess.run(["mount", "-o", "remount,size=50m", small_disk], check=True)
    done = smolkalam(*build)
    assert done.returncode == 0, done.stderr
    assert smolkalam("build", recipe, "--input", source, "--output", tmp_path / "whole").returncode == 0
    assert tree(small_disk / "run" / "dataset") == tree(tmp_path / "whole" / "dataset")


def test_a_cut_is_exact_and_does_not_depend_on_tasks(
    smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    cut = "selection.cuts=[{split: alpha_think, into: alpha_40, rows: 40}]"
    for name, tasks in (("a", 1), ("b", 7)):
        done = smolkalam(
            "build",
            recipe,
            "--input",
            source,
            "--output",
            tmp_path / name,
            "--tasks",
            tasks,
            "--workers",
            1,
            "--set",
            cut,
        )
        assert done.returncode == 0, done.stderr
    picked = [made["id"] for config, made in built(tmp_path / "a") if made["id"].startswith("alpha")]
    assert len(picked) == 3 * 40 and len(set(picked)) == 40
    assert list((tmp_path / "a" / "dataset" / "SFT_one_ranked").glob("alpha_40-*.parquet"))
    assert tree(tmp_path / "a" / "dataset") == tree(tmp_path / "b" / "dataset")
