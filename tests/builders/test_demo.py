"""The embedded sample and the demo that is built of it: what a newcomer sees first."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from builders.recipes.recipe import shipped_recipes
from builders.sample import planted_faults, write_shards
from builders.sources.find import row_id
from processors.conversations.parts import split_parts
from processors.protected.compare import compare_protected
from tests.conftest import Demo, tree

MULTILINGUAL = {"smoltalk_multilingual8_Qwen3_32B_think", "smoltalk_multilingual_8languages_lang_5_no_think"}


def table(demo: Demo, *names: str) -> list[dict[str, Any]]:
    return [
        row for path in sorted(demo.run.joinpath(*names).glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]


@pytest.fixture(scope="module")
def ranked(demo: Demo) -> dict[str, dict[str, dict[str, Any]]]:
    """Each ranked row's candidates by translator."""
    return {row["id"]: {c["translator"]: c for c in row["candidates"]} for row in table(demo, "rank")}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_shards(folder, "SFT")
    return folder


def test_the_sample_has_a_row_of_every_split_of_smoltalk2(source: Path) -> None:
    real = set(yaml.safe_load(shipped_recipes()["smolkalam"].read_text())["source"]["keep"]) | MULTILINGUAL
    assert len(real) == 25
    assert {path.name.removesuffix("-00000-of-00001.parquet") for path in source.glob("SFT/*")} == real


def test_the_sample_s_shards_are_the_same_bytes_every_time(source: Path, tmp_path: Path) -> None:
    write_shards(tmp_path / "again", "SFT")
    assert tree(tmp_path / "again") == tree(source)


def test_the_sample_covers_every_shape(source: Path) -> None:
    rows = [row for path in sorted(source.glob("SFT/*")) for row in pq.read_table(path).to_pylist()]
    texts = [m["content"] or "" for row in rows for m in row["messages"]]
    for shape in ("<think>", "<tool_call>", "<tool_response>", "```", "$$", "\\boxed{", "|---", "http", "/no_think"):
        assert any(shape in text for text in texts), shape
    assert {m["role"] for row in rows for m in row["messages"]} >= {"system", "user", "assistant", "tool"}
    kwargs = [row["chat_template_kwargs"] for row in rows]
    for field in ("custom_instructions", "enable_thinking", "python_tools", "xml_tools"):
        assert any(given[field] for given in kwargs), field
    assert any(len(row["messages"]) >= 6 for row in rows)
    assert max(len(text) for text in texts) > 4000


def test_faults_name_rows_of_the_sample_once_each(source: Path) -> None:
    faults = planted_faults()
    places = [(fault["split"], fault["row"]) for fault in faults]
    assert len(set(places)) == len(places)
    for fault in faults:
        assert set(fault) == {"split", "row", "fault", "check", "note"} and all(fault["note"].split())
        shard = source / "SFT" / f"{fault['split']}-00000-of-00001.parquet"
        assert fault["row"] < pq.ParquetFile(shard).metadata.num_rows
    # Each kind twice, in rows of different shape.
    assert set(Counter(fault["fault"] for fault in faults).values()) == {2} and len(faults) == 28


@pytest.mark.parametrize("fault", planted_faults(), ids=lambda fault: f"{fault['fault']}-{fault['split']}")
def test_every_planted_fault_is_caught_by_the_check_that_it_names(
    fault: dict[str, Any], ranked: dict[str, dict[str, dict[str, Any]]]
) -> None:
    draft = ranked[row_id(fault["split"], fault["row"])]["draft"]
    assert fault["check"] in [verdict["check"] for verdict in draft["checks"]]


def test_no_hard_check_is_raised_where_no_fault_was_planted(ranked: dict[str, dict[str, dict[str, Any]]]) -> None:
    planted = {row_id(fault["split"], fault["row"]) for fault in planted_faults()}
    raised = {i for i, candidates in ranked.items() if any(v["hard"] for v in candidates["draft"]["checks"])}
    assert raised <= planted
    # The others are noted, and no veto: one Persian letter more or less is no reason to throw a row away.
    assert len(planted - raised) <= 1


def test_the_reference_is_whole_and_arabic_and_nothing_is_held_against_it(
    demo: Demo, ranked: dict[str, dict[str, dict[str, Any]]]
) -> None:
    english = {row["id"]: row for row in table(demo, "select")}
    assert len(english) >= 80 and set(ranked) == set(english)
    for number, candidates in ranked.items():
        reference = candidates["reference"]
        assert reference["messages"] is not None, number
        assert not reference["checks"], number
        assert reference["LR"] > 0.5 and reference["SCR"] > 0.8, number
        instructions = (english[number]["chat_template_kwargs"] or {}).get("custom_instructions")
        assert bool(instructions) == bool(reference["custom_instructions"]), number
        for message, translated in zip(english[number]["messages"], reference["messages"], strict=True):
            assert message["role"] == translated["role"]
            for one, other in zip(split_parts(message["content"]), split_parts(translated["content"]), strict=True):
                assert one.type == other.type and not compare_protected(one.text, other.text), number
                if one.type in ("tool_call", "tool_response") or message["role"] == "tool":
                    assert one.text == other.text


def test_the_ranking_prefers_the_reference(demo: Demo, ranked: dict[str, dict[str, dict[str, Any]]]) -> None:
    reference, draft = (
        {
            row["id"]: row
            for path in sorted(demo.run.glob(f"dataset/SFT_{name}_ranked/*"))
            for row in pq.read_table(path).to_pylist()
        }
        for name in ("reference", "draft")
    )
    assert set(reference) == set(draft) == set(ranked)
    assert {row["translator"] for row in reference.values()} == {"reference"}
    for number, row in draft.items():
        if any(verdict["hard"] for verdict in ranked[number]["draft"]["checks"]):
            assert row["translator"] == "reference", number
    replaced = sum(row["translator"] == "reference" for row in draft.values())
    assert 27 <= replaced < len(draft)
    scored = [
        (c["reference"]["rank_score"], c["draft"]["rank_score"]) for c in ranked.values() if c["draft"]["messages"]
    ]
    assert sum(one for one, _ in scored) > sum(other for _, other in scored)


def test_each_row_s_candidates_say_which_check_or_score_decided(demo: Demo) -> None:
    faults = {row_id(fault["split"], fault["row"]): fault for fault in planted_faults()}
    by_score = 0
    for row in table(demo, "dataset", "SFT_draft_ranked"):
        said = {c["translator"]: c for c in row["candidates"]}
        assert said[row["translator"]]["chosen"] and said[row["translator"]]["decision"].startswith("chosen: ")
        draft = said["draft"]
        hard = [v["check"] for v in draft["checks"] if v["hard"]]
        if hard:
            assert hard[0] in draft["decision"] and draft["decision"].startswith(("vetoed: ", "not translated: "))
            assert faults[row["id"]]["check"] in draft["decision"]
        else:
            assert f"{draft['quality']:.3f}" in draft["decision"]
            by_score += row["translator"] == "reference"
        assert row["quality"] == said[row["translator"]]["quality"]
    assert by_score > 10


def test_drops_have_their_reasons_and_places(demo: Demo) -> None:
    dropped = [json.loads(line) for path in demo.run.glob("select/dropped/*.jsonl") for line in path.open()]
    assert set(Counter(drop["reason"] for drop in dropped)) == {
        "han_characters", "not_sampled", "null_content", "unbalanced_think", "unknown_role", "unparsable_tool_call",
    }  # fmt: skip
    assert all(drop["detail"] for drop in dropped if drop["reason"] != "not_sampled")


# It leaves without the interpreter's end: threads of streams that were not read to it abort a process now and then.
LOAD = """
import os, sys, json
from datasets import get_dataset_config_names, load_dataset
counts = {}
for config in get_dataset_config_names(sys.argv[1]):
    streamed = load_dataset(sys.argv[1], config, streaming=True)
    for split, loaded in load_dataset(sys.argv[1], config).items():
        assert [row["id"] for row in streamed[split]] == loaded["id"][:]
        assert streamed[split].features == loaded.features
        counts[f"{config}/{split}"] = len(loaded)
default = load_dataset(sys.argv[1], split="s1k_1.1_think", streaming=True)
assert {row["translator"] for row in default} == {"reference"}
print(json.dumps(counts), flush=True)
os._exit(0)
"""


def test_the_dataset_loads_with_datasets_in_every_config_and_split(demo: Demo, tmp_path: Path) -> None:
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", LOAD, str(demo.run / "dataset")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    by_config: dict[str, dict[str, int]] = {}
    for name, count in counts.items():
        config, split = name.split("/")
        by_config.setdefault(config, {})[split] = count
    assert set(by_config) == {"SFT_reference_ranked", "SFT_draft_ranked", "parallel"}
    for splits in by_config.values():
        assert len(splits) == 23 and {"OpenThoughts3_50K", "OpenThoughts3_NoThink_180K"} <= set(splits)
        assert sum(splits.values()) >= 80
