import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.dataset.rows import parallel_row, ranked_row, statistics_by_config
from builders.dataset.shard_writer import SplitWriter
from builders.dataset.write_splits import BuildSplits
from builders.run_folder import schemas
from builders.run_folder.folder import Run
from builders.run_folder.units import UnitFiles, write_unit
from tests.conftest import tree

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("tags", pa.list_(pa.string()))])


def made(sizes: list[int], seed: int = 0) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        {
            "id": f"a/{i:07d}",
            "text": chance.randbytes(size // 2).hex() if i % 11 else None,
            "tags": ["ف"] * (i % 3) if i % 5 else None,
        }
        for i, size in enumerate(sizes)
    ]


def write(
    folder: Path, rows: list[dict[str, Any]], cuts: list[int], *, group: int = 10_000, shard: int = 10**9
) -> list[dict[str, Any]]:
    folder.mkdir(exist_ok=True)
    writer = SplitWriter(folder, "alpha", SCHEMA, group_bytes=group, shard_bytes=shard)
    for start, stop in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        writer.write(rows[start:stop])
    files = writer.close()
    assert writer.rows == len(rows)
    return files


def groups(path: Path) -> list[tuple[int, int]]:
    """Rows and bytes in memory of each row group."""
    metadata = pq.ParquetFile(path)
    return [(g.num_rows, g.nbytes) for g in map(metadata.read_row_group, range(metadata.num_row_groups))]


def test_row_groups_are_bounded_by_bytes_though_long_rows_cluster(tmp_path: Path) -> None:
    rows = made([40] * 300 + [6000] * 40 + [40] * 300)
    write(tmp_path, rows, [256, 512])
    found = groups(tmp_path / "alpha-00000-of-00001.parquet")
    assert sum(count for count, _ in found) == len(rows)
    assert max(size for _, size in found) <= 10_000 * 1.05
    assert len(found) > 40
    assert pq.read_table(tmp_path / "alpha-00000-of-00001.parquet").to_pylist() == rows


def test_a_row_larger_than_a_group_is_a_group_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, made([10, 10, 50_000, 10]), [])
    assert [count for count, _ in groups(tmp_path / "alpha-00000-of-00001.parquet")] == [2, 1, 1]


def test_short_rows_are_bounded_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builders.dataset.shard_writer.GROUP_ROWS", 100)
    write(tmp_path, made([1] * 350), [120], group=10**6)
    assert [count for count, _ in groups(tmp_path / "alpha-00000-of-00001.parquet")] == [100, 100, 100, 50]


@settings(max_examples=30)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_the_bytes_do_not_depend_on_how_the_rows_arrive(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], cuts: list[int]
) -> None:
    folder, rows = tmp_path_factory.mktemp("split"), made(sizes)
    write(folder / "whole", rows, [], shard=30_000)
    write(folder / "parts", rows, sorted(min(cut, len(rows)) for cut in cuts), shard=30_000)
    assert tree(folder / "whole") == tree(folder / "parts")


def test_every_column_has_a_page_index(tmp_path: Path) -> None:
    write(tmp_path, made([100] * 50), [])
    group = pq.ParquetFile(tmp_path / "alpha-00000-of-00001.parquet").metadata.row_group(0)
    for column in (group.column(i) for i in range(group.num_columns)):
        assert column.has_offset_index and column.has_column_index, column.path_in_schema


def test_shards_are_numbered_with_their_true_count_and_keep_the_order(tmp_path: Path) -> None:
    rows = made([900] * 60)
    files = write(tmp_path / "SFT_x_ranked", rows, [7, 41], shard=25_000)
    assert len(files) >= 2
    names = [f"SFT_x_ranked/alpha-{i:05d}-of-{len(files):05d}.parquet" for i in range(len(files))]
    assert [file["file"] for file in files] == names
    paths = [tmp_path / name for name in names]
    assert [file["bytes"] for file in files] == [path.stat().st_size for path in paths]
    assert sorted(tmp_path.rglob("*.*")) == sorted(paths)
    assert [r for path in paths for r in pq.read_table(path).to_pylist()] == rows
    assert all(sum(size for _, size in groups(path)) <= 25_000 * 1.05 for path in paths)


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_a_split_without_rows_writes_no_file(batches: int, tmp_path: Path) -> None:
    assert write(tmp_path, [], [0] * batches) == []
    assert not list(tmp_path.iterdir())


def message(content: str) -> dict[str, str]:
    return {"role": "user", "content": content}


def candidate(translator: str, text: str | None, score: float = 0.9, **changes: Any) -> dict[str, Any]:
    whole = text is not None
    check = {"check": "refusal", "hard": True, "message": 0, "detail": "says no"}
    return {
        "translator": translator,
        **dict.fromkeys(("LR", "SCR", "rank_score", "quality"), score if whole else None),
        "reward": None,
        "checks": [] if whole else [check],
        "messages": [message(text)] if text is not None else None,
        "custom_instructions": "" if whole else None,
        "tokens": 3 if whole else None,
    } | changes


def ranked_unit_row(number: int, **chosen: str | None) -> dict[str, Any]:
    return {
        "id": f"alpha/{number:07d}",
        "messages": [message("Good day.")],
        "chat_template_kwargs": {
            "custom_instructions": "Be kind.",
            "enable_thinking": True,
            "python_tools": [],
            "xml_tools": ["{}"],
        },
        "source": "test",
        "candidates": [
            candidate("one", "طاب يومك.", 0.9, custom_instructions="كن لطيفا."),
            candidate("two", None),
        ],
        "choices": [
            {
                "config": config,
                "translator": translator,
                "reason": "why",
                "decisions": ["chosen: best", "not translated: refusal"],
            }
            for config, translator in chosen.items()
        ],
    }


def test_a_ranked_row_is_the_chosen_candidate_with_the_others_scores() -> None:
    row = ranked_row(ranked_unit_row(3, A="one", B=None), "A")
    assert row is not None
    assert row["id"] == "alpha/0000003" and row["messages"] == [message("طاب يومك.")]
    assert row["chat_template_kwargs"] == {
        "custom_instructions": "كن لطيفا.", "enable_thinking": True, "python_tools": [], "xml_tools": ["{}"],
    }  # fmt: skip
    assert (row["LR"], row["SCR"], row["rank_score"], row["tokens"], row["turns"]) == (0.9, 0.9, 0.9, 3, 1)
    assert (row["quality"], row["reward"]) == (0.9, None)
    assert [(c["translator"], c["chosen"], c["LR"], c["quality"], c["decision"]) for c in row["candidates"]] == [
        ("one", True, 0.9, 0.9, "chosen: best"),
        ("two", False, None, None, "not translated: refusal"),
    ]
    assert [c["decided"] for c in row["candidates"]] == ["chosen", "not_translated"]
    assert all("messages" not in c for c in row["candidates"])
    assert row["candidates"][1]["checks"][0]["check"] == "refusal"
    assert set(row) == set(schemas.ranked().names) and row["noted"] == []


def test_a_row_that_a_config_leaves_out_is_none() -> None:
    assert ranked_row(ranked_unit_row(3, A="one", B=None), "B") is None


def test_template_arguments_stay_null_and_stay_english_only_where_there_is_nothing_to_translate() -> None:
    source = ranked_unit_row(0, A="one") | {"chat_template_kwargs": None}
    row = ranked_row(source, "A")
    assert row is not None and row["chat_template_kwargs"] is None


def test_a_parallel_row_is_the_english_beside_an_entry_for_each_translator() -> None:
    source = ranked_unit_row(3, A="one", B=None)
    row = parallel_row(source)
    assert row["messages"] == source["messages"] and row["chat_template_kwargs"] == source["chat_template_kwargs"]
    assert [(c["translator"], c["translation"]) for c in row["candidates"]] == [
        ("one", [message("طاب يومك.")]),
        ("two", None),
    ]
    assert set(row) == set(schemas.parallel().names)
    # Exploded, no name stands twice.
    inside = {field.name for field in schemas.parallel().field("candidates").type.value_type}
    assert inside.isdisjoint(schemas.parallel().names)


# As Qwen's and other ChatML templates write tools, in short.
CHATML = (
    "{% if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
)


def test_tools_reach_a_chatml_template() -> None:
    """Given the column as TRL gives it, a JSON string decoded; without it the row's tools would be missing."""
    from jinja2 import Environment

    flat = {"name": "get_rate", "description": "يعيد السعر", "parameters": {"type": "object"}}
    whole = {"type": "function", "function": {"name": "search"}}
    source = ranked_unit_row(3, A="one")
    source["chat_template_kwargs"]["xml_tools"] = [json.dumps(flat), json.dumps(whole), "def no_json(): ..."]
    row = ranked_row(source, "A")
    assert row is not None and row["chat_template_kwargs"]["xml_tools"] == source["chat_template_kwargs"]["xml_tools"]
    tools = json.loads(row["tools"])
    assert tools == [{"type": "function", "function": flat}, whole]
    template = Environment().from_string(CHATML)
    text = template.render(messages=row["messages"], tools=tools, **row["chat_template_kwargs"])
    assert "get_rate" in text and "search" in text
    assert "get_rate" not in template.render(messages=row["messages"], **row["chat_template_kwargs"])
    empty = ranked_row(ranked_unit_row(3, A="one"), "A")
    assert empty is not None and empty["tools"] is None


def build(run: Run, rows: list[dict[str, Any]], configs: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    files = UnitFiles(run.stage("rank"), "alpha-00000000")
    write_unit(files, schemas.ranked_unit(), len(rows), rows, [])
    pairs = [(config, "alpha") for config in configs]
    step = BuildSplits(run, pairs, {"alpha": ["alpha-00000000"]}, 50_000_000, 500_000_000)
    for rank in range(2):
        list(step.run(rank=rank, world_size=2))
    return {config: json.loads((run.stage("build", config, "alpha.json")).read_text()) for config in configs}


def test_a_config_that_takes_no_row_has_no_file_and_the_others_count_true(tmp_path: Path) -> None:
    run = Run(tmp_path)
    rows = [ranked_unit_row(i, A="one" if i % 3 else None, B=None) for i in range(600)]
    results = build(run, rows, ("A", "B", "parallel"))
    assert {config: result["rows"] for config, result in results.items()} == {"A": 400, "B": 0, "parallel": 600}
    assert results["B"]["files"] == [] and not list((run.dataset / "B").iterdir())
    for config in ("A", "parallel"):
        (path,) = (run.dataset / config).iterdir()
        assert pq.ParquetFile(path).metadata.num_rows == results[config]["rows"]
    assert set(statistics_by_config(results.values())) == {"A"}
    assert statistics_by_config(results.values())["A"]["alpha"].means()["rows"] == 400


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    run = Run(tmp_path)
    (run.dataset / "A").mkdir(parents=True)
    for name in (".alpha-00000.tmp", "alpha-00000-of-00009.parquet", "alpha-00008-of-00009.parquet"):
        (run.dataset / "A" / name).write_text("left over")
    (run.dataset / "A" / "alpha_two-00000-of-00001.parquet").write_text("another split's")
    build(run, [ranked_unit_row(0, A="one")], ("A",))
    assert sorted(path.name for path in (run.dataset / "A").iterdir()) == [
        "alpha-00000-of-00001.parquet",
        "alpha_two-00000-of-00001.parquet",
    ]
