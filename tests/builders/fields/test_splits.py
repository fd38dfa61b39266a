"""Builds of data that is no chat: what is named is translated, all else is as it was, and nothing is lost."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from processors.memory.files import write_units
from tests.builders.fields import sets
from tests.conftest import tree
from tests.hub.client import Client
from tests.standins.processes import command_line, environment, kill_when, start_command
from tests.standins.standin_hub import Hub

IFEVAL = """
name: ifeval
source: {path: ifeval, config: default, fields: [prompt], verbatim: [key, kwargs]}
translators:
  - {name: reference, backend: memory, memory: [reference.jsonl]}
  - {name: draft, backend: memory, memory: [draft.jsonl]}
  - {name: silent, backend: memory, memory: [nothing.jsonl]}
"""
MCQ = """
name: mcq
source: {path: mcq, config: main, fields: [question, "choices.text.*", answer], verbatim: [choices.label, id]}
translators:
  - {name: reference, backend: memory, memory: [reference.jsonl]}
  - {name: draft, backend: memory, memory: [draft.jsonl]}
"""


class Built(NamedTuple):
    """Both builds, and the folder around them."""

    folder: Path
    ifeval: Path
    mcq: Path
    said: dict[str, str]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command_line(*arguments), env=environment(), capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("fields")
    sets.write_source(folder / "ifeval", "default", sets.ifeval(), sets.IFEVAL)
    sets.write_source(folder / "mcq", "main", sets.mcq(), sets.MCQ)
    sets.write_memories(folder)
    write_units(folder / "nothing.jsonl", [], source="en", target="ar")
    said = {}
    for name, recipe in (("ifeval", IFEVAL), ("mcq", MCQ)):
        (folder / f"{name}.yaml").write_text(recipe)
        done = run("build", folder / f"{name}.yaml", "--output", folder / f"run_{name}", "--workers", "1")
        assert done.returncode == 0, done.stderr
        said[name] = done.stderr
    return Built(folder, folder / "run_ifeval", folder / "run_mcq", said)


def table(run: Path, config: str, split: str) -> pa.Table:
    (path,) = (run / "dataset" / config).glob(f"{split}-*.parquet")
    return pq.ParquetFile(path).read()


def source(folder: Path, split: str) -> pa.Table:
    return pa.concat_tables([pq.ParquetFile(path).read() for path in sorted(folder.glob(f"{split}-*"))])


@pytest.mark.parametrize("split", ["test", "dev"])
def test_prompts_are_translated_and_all_else_is_as_it_was(built: Built, split: str) -> None:
    english = source(built.folder / "ifeval" / "default", split)
    arabic = table(built.ifeval, "default_reference_ranked", split)

    assert arabic.schema.names[: len(english.schema)] == english.schema.names
    assert all(name.startswith("kalam_") for name in arabic.schema.names[len(english.schema) :])
    for field in english.schema:
        assert arabic.schema.field(field.name).type == field.type
        if field.name != "prompt":
            assert arabic.column(field.name).equals(english.column(field.name))
    translated = {line[0]: line[3] for line in sets.lines("ifeval.tsv")}
    assert arabic["prompt"].to_pylist() == [translated[prompt] for prompt in english["prompt"].to_pylist()]


def test_an_answer_is_translated_as_its_option_is_and_short_options_stay(built: Built) -> None:
    english = source(built.folder / "mcq" / "main", "test")
    arabic = table(built.mcq, "main_reference_ranked", "test")

    for name in ("id", "answerKey", "weight"):
        assert arabic.column(name).equals(english.column(name))
    assert arabic.schema.field("choices").type == english.schema.field("choices").type
    for row, before in zip(arabic.to_pylist(), english.to_pylist(), strict=True):
        assert row["choices"]["label"] == before["choices"]["label"]
        assert row["answer"] == row["choices"]["text"][before["answerKey"]]
    kept = [row["choices"]["text"] for row in arabic.to_pylist() if row["answer"].isascii()]
    assert kept == [["749", "2,675", "2,945", "4,250"], ["80%", "60%", "40%", "20%"], ["True", "False"]]


def test_the_dataset_has_the_features_of_the_source(built: Built) -> None:
    from datasets import Features

    for folder, config, features in (
        (built.mcq, "main_draft_ranked", sets.MCQ),
        (built.mcq, "parallel", sets.MCQ),
        (built.ifeval, "parallel", sets.IFEVAL),
    ):
        found = Features.from_arrow_schema(table(folder, config, "test").schema)
        assert {name: found[name] for name in features} == features
        assert list(found)[: len(features)] == list(features)


def test_what_a_draft_answers_or_merges_is_replaced_and_who_says_nothing_replaces_nothing(built: Built) -> None:
    def by(run: Path, config: str) -> dict[int, str]:
        found = table(run, config, "test")["kalam_translator"].to_pylist()
        return {number: name for number, name in enumerate(found) if f"_{name}_" not in config}

    assert by(built.mcq, "main_draft_ranked") == {sets.MERGED: "reference"}
    assert by(built.ifeval, "default_draft_ranked") == {sets.ANSWERED: "reference"}
    assert len(by(built.ifeval, "default_silent_ranked")) == 20
    assert not by(built.mcq, "main_reference_ranked") and not by(built.ifeval, "default_reference_ranked")
    merged = table(built.mcq, "main_draft_ranked", "test").to_pylist()[sets.MERGED]["kalam_candidates"][1]
    assert [(c["check"], c["hard"], c["field"]) for c in merged["checks"]] == [
        ("options_merged", True, "choices.text[3]")
    ]


def test_parallel_has_the_english_row_and_every_translation_by_its_place(built: Built) -> None:
    english = source(built.folder / "mcq" / "main", "test")
    found = table(built.mcq, "parallel", "test")

    assert found.select(english.schema.names).equals(english)
    first = found["kalam_candidates"].to_pylist()[0]
    assert [one["translator"] for one in first] == ["reference", "draft"]
    assert [one["field"] for one in first[0]["translation"]] == [
        "question", "choices.text[0]", "choices.text[1] = answer", "choices.text[2]", "choices.text[3]",
    ]  # fmt: skip


def test_killed_and_gone_on_with_in_eight_tasks_gives_the_same_bytes(built: Built, tmp_path: Path) -> None:
    command = ("build", built.folder / "mcq.yaml", "--output", tmp_path / "run")

    def reached() -> Any:
        return list((tmp_path / "run").glob("rank/counts/*.json"))

    kill_when(start_command(*command, "--workers", "1"), reached)
    done = run(*command, "--tasks", "8", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "run" / "dataset") == tree(built.mcq / "dataset")


def test_another_revision_of_the_source_is_built_anew_and_said(built: Built, tmp_path: Path) -> None:
    rows = sets.mcq()
    moved = [*rows[1:], rows[0] | {"id": 99}]
    sets.write_source(tmp_path / "mcq", "main", moved, sets.MCQ)
    sets.write_memories(tmp_path)
    (tmp_path / "mcq.yaml").write_text(MCQ)
    # What a build of the revision before has left.
    shutil.copytree(built.mcq, tmp_path / "run")
    done = run("build", tmp_path / "mcq.yaml", "--output", tmp_path / "run", "--workers", "1")

    assert done.returncode == 0 and "another revision than the build before had" in done.stderr, done.stderr
    arabic = table(tmp_path / "run", "main_reference_ranked", "test")
    assert arabic["id"].to_pylist() == [row["id"] for row in moved]
    assert arabic["question"].to_pylist()[-1] == sets.lines("mcq.tsv")[0][3]
    assert "texts  tokens" in done.stderr and "turns" not in done.stderr


@pytest.fixture
def look() -> Callable[..., str]:
    """The command line over a build, which is to end well; what it says."""

    def said(*arguments: str | Path) -> str:
        done = run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return said


def test_check_finds_nothing_wrong(built: Built, look: Callable[..., str]) -> None:
    assert "no errors" in look("check", built.mcq)


def test_the_card_speaks_of_fields_and_its_snippets_run(built: Built, tmp_path: Path) -> None:
    pytest.importorskip("polars")
    pytest.importorskip("duckdb")
    card = (built.mcq / "dataset" / "README.md").read_text(encoding="utf-8")
    for word in ("conversation", "Turns", "turn ", "messages", "chat", "tool", "fine-tuning", "trl"):
        assert word not in card.partition("## How to reproduce")[0], word
    for said in ("of each row `question`, `choices.text.*`, `answer`, translated by", "`kalam_LR`", "| Texts |"):
        assert said in card
    code = "\n".join(re.findall(r"```python\n(.*?)```", card, re.S)).replace("hf://datasets/", "")
    code = code.replace('"user/SmolKalam"', repr(str(built.mcq / "dataset")))
    found = environment(HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1")
    done = subprocess.run([sys.executable, "-c", code], env=found, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "kalam_rank_score" in done.stdout and "choices.text[0] واحد" in done.stdout


def test_published_and_loaded_it_is_the_source_s_rows_and_features(built: Built, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with Hub(tmp_path / "hub") as hub:
        client = Client(hub.environment(tmp_path / "home", xet=False))
        try:
            for name, run in (("ifeval", built.ifeval), ("mcq", built.mcq)):
                done = client("run_publish", folder=str(run), repo=f"user/{name}")
                assert done["error"] is None, done
            loaded = client("load", repo="user/mcq", config="main_draft_ranked", split="test")["result"]
            seen = client("features", repo="user/mcq", config="main_draft_ranked", split="test")["result"]
            prompts = client("load", repo="user/ifeval", config="default_reference_ranked", split="dev")["result"]
        finally:
            client.kill()
    built_rows = table(built.mcq, "main_draft_ranked", "test").to_pylist()
    assert loaded == built_rows and len(loaded) == 20
    assert seen.startswith(repr(dict(sets.MCQ)).removesuffix("}")) and "'kalam_LR': Value('float64')" in seen
    english = source(built.folder / "ifeval" / "default", "dev").to_pylist()
    assert [row["kwargs"] for row in prompts] == [row["kwargs"] for row in english]
