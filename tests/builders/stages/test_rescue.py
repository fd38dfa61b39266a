"""Two translators that fail different chunks: of what one failed the other's is taken, and nothing else changes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build import run_build
from hub.card.write import write_card
from processors.checks.run import check_conversation
from tests.conftest import tree
from tests.standins.processes import kill_when, start_command
from tests.standins.standin_llm import Running, running

RECIPE = """
name: rescued
source: {{path: {source}, keep: [plain, other]}}
translators:
  - {{name: One, model: stand-in, base_url: "{one}", backend: endpoint, chunking: {{strategy: lines, lines: 1}}}}
  - {{name: Two, model: stand-in, base_url: "{two}", backend: endpoint, chunking: {{strategy: lines, lines: {lines}}}}}
"""
WORDS = "the|river|runs|under|an|old|stone|bridge|near|our|quiet|village|where|people|sell|bread|and|fruit"
# One in twenty chunks fails at all five tries, so two rows in five have a chunk that failed.
FAULTS = ("--fault", "empty=0.55", "--steady")


def lines(number: int) -> str:
    """Six lines, which are no other row's."""
    words = WORDS.split("|")
    return "\n".join(
        " ".join(words[(number * 7 + line * 5 + i * (number % 5 + 1)) % len(words)] for i in range(9))
        + f" and day {number * 10 + line}."
        for line in range(6)
    )


@pytest.fixture
def source(row: Callable[..., Any], write_split: Callable[..., Path]) -> Path:
    for split, first in (("plain", 0), ("other", 1000)):
        rows = [
            row(("user", lines(n)), ("assistant", f"<think>\nSo.\n</think>\n\n{lines(n + 500)}"))
            for n in range(first, first + 14)
        ]
        folder = write_split(split, rows)
    return folder


@contextmanager
def servers() -> Iterator[tuple[Running, Running]]:
    """Two models that meet different faults, each the same fault at the same request, whenever it comes."""
    with running(*FAULTS, "--seed", "1") as one, running(*FAULTS, "--seed", "2", "--translation", "fast") as two:
        yield one, two


def write_recipe(path: Path, source: Path, at: tuple[Running, Running], each: int = 1) -> Path:
    path.write_text(RECIPE.format(source=source, one=at[0].url, two=at[1].url, lines=each))
    return path


def build(recipe: Path, output: Path, *settings: str, **options: Any) -> None:
    run_build(str(recipe), output=output, settings=list(settings), finish=write_card, **options)


def rows(run: Path, config: str) -> dict[str, dict[str, Any]]:
    found = [row for path in (run / "dataset" / config).glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    return {row["id"]: row for row in found}


def failures(run: Path, name: str) -> dict[str, str]:
    files = (run / "translate" / name / "dropped").glob("*.jsonl")
    return {row["id"]: row["detail"] for path in files for row in map(json.loads, path.read_text().splitlines())}


def asked(server: Running) -> int:
    return sum(server.stats()["asked"].values())


@pytest.mark.parametrize("each", [1, 2])
def test_rows_that_both_failed_in_different_places_come_out(source: Path, tmp_path: Path, each: int) -> None:
    """`each`: lines of a chunk of the second translator; where boundaries differ, more than the hole is filled."""
    with servers() as at:
        recipe = write_recipe(tmp_path / "recipe.yaml", source, at, each)
        build(recipe, tmp_path / "without", "ranking.rescue=false")
        before = [asked(server) for server in at]
        build(recipe, tmp_path / "with")
        # What was asked without is taken from the first run's place only if it is the same folder: here all is asked.
        assert all(asked(server) - first >= first for server, first in zip(at, before, strict=True))
    without, rescued = (rows(tmp_path / name, "SFT_One_ranked") for name in ("without", "with"))
    failed_by = [set(failures(tmp_path / "with", name)) for name in ("One", "Two")]
    both = failed_by[0] & failed_by[1]
    assert len(both) > 3 and set(without) == set(without) - both
    assert set(without) < set(rescued) and 2 * (len(rescued) - len(without)) >= len(both)
    assert all("segments" not in row for row in without.values())
    sources = {row["id"]: row for path in (tmp_path / "with/select").glob("*.parquet") for row in table(path)}
    combined = [row for row in rescued.values() if row["segments"]]
    # Whoever has a row whole is taken as before.
    assert set(rescued) - set(without) == {row["id"] for row in combined}
    for row in combined:
        whole = check_conversation(sources[row["id"]]["messages"], row["messages"])
        assert not [verdict for verdict in whole if verdict.hard]
        assert {passage["translator"] for passage in row["segments"]} == {"One", "Two"}
        for passage in row["segments"]:
            content = row["messages"][passage["message"]]["content"]
            assert 0 <= passage["start"] < passage["end"] <= len(content)
    assert all(rescued[row] == without[row] | {"segments": None} for row in without)
    card = (tmp_path / "with/dataset/README.md").read_text()
    assert f"`SFT_One_ranked`: {len(combined)} rows came out only so" in card
    assert "segments" not in (tmp_path / "without/dataset/README.md").read_text()


def test_the_bytes_do_not_depend_on_tasks_workers_and_kills(source: Path, tmp_path: Path) -> None:
    with servers() as at:
        recipe = write_recipe(tmp_path / "recipe.yaml", source, at)
        build(recipe, tmp_path / "whole")
        build(recipe, tmp_path / "shared", tasks=3, workers=2)
        for answers in (20, 200):
            before = asked(at[0])
            process = start_command("build", recipe, "--output", tmp_path / "killed")
            kill_when(process, lambda least=before + answers: asked(at[0]) >= least)  # type: ignore[misc]
        build(recipe, tmp_path / "killed")
    whole = tree(tmp_path / "whole/dataset")
    assert any(row["segments"] for row in rows(tmp_path / "whole", "SFT_Two_ranked").values())
    assert tree(tmp_path / "shared/dataset") == whole and tree(tmp_path / "killed/dataset") == whole


def test_what_is_tried_again_and_comes_out_needs_no_other(source: Path, tmp_path: Path) -> None:
    with servers() as at:
        recipe = write_recipe(tmp_path / "recipe.yaml", source, at)
        build(recipe, tmp_path / "run")
        assert any(row["segments"] for row in rows(tmp_path / "run", "SFT_One_ranked").values())
        for server in at:
            server.control(faults={})
        build(recipe, tmp_path / "run", retry_failed=True)
        build(recipe, tmp_path / "well")
    assert not list((tmp_path / "run").glob("translate/*/donors/*"))
    for config in ("SFT_One_ranked", "SFT_Two_ranked"):
        assert rows(tmp_path / "run", config) == rows(tmp_path / "well", config)


def table(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path, partitioning=None).to_pylist()
