"""Rows chosen by segment: the best of each, never what a check refuses, the same whatever the tasks."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
from datatrove.data import Document

from builders.build import run_build
from builders.run_folder.ranked_rows import taken_by
from builders.stages.common.combine import Segmented, add_gains, chosen_by_segment
from hub.card.write import write_card
from processors.checks.run import check_conversation
from processors.ranking.policy import Choice
from tests.conftest import tree
from tests.standins.processes import kill_when, start_command

RECIPE = """
name: segmented
source: {{path: {source}, keep: [{splits}]}}
translators:
  - {{name: One, backend: pseudo, variant: 0, chunking: {{strategy: lines, lines: 1}}}}
  - {{name: Two, backend: pseudo, variant: 1, chunking: {{strategy: lines, lines: 1}}}}
ranking: {{replace: segments}}
"""
SOURCE = "Open the door.\nClose the window.\nGo home."
TEXTS = {"One": ["افتح الباب.\n", "أغلق النافذة.\n", "اذهب إلى البيت."], "Two": ["فتح باب.\n", "غلق نافذة.\n", "بيت."]}


def document() -> Document:
    candidates = {}
    for name, texts in TEXTS.items():
        places, source_at, target_at = [], 0, 0
        for source, target in zip(SOURCE.splitlines(keepends=True), texts, strict=True):
            places.append(
                {
                    "message": 0, "origin": "engine", "source_start": source_at, "source_end": source_at + len(source),
                    "target_start": target_at, "target_end": target_at + len(target),
                }
            )  # fmt: skip
            source_at, target_at = source_at + len(source), target_at + len(target)
        messages = [{"role": "user", "content": "".join(texts)}]
        candidates[name] = {"messages": messages, "custom_instructions": "", "chunks": places}
    messages = [{"role": "user", "content": SOURCE}]
    metadata = {"messages": messages, "chat_template_kwargs": None, "candidates": candidates}
    return Document("", "plain/0", metadata=metadata)


def by(gains: list[tuple[float, float]], primary: str = "One") -> dict[str, Any] | None:
    row = Segmented(document(), ("One", "Two"))
    row.gains = [list(of) for of in gains]
    return row.best(primary)


def test_each_segment_takes_the_best_and_the_row_says_whose_it_is() -> None:
    found = by([(5, 0), (0, 5), (5, 0)])
    assert found and found["messages"][0]["content"] == "افتح الباب.\nغلق نافذة.\nاذهب إلى البيت."
    content = found["messages"][0]["content"]
    passages = [(s["translator"], content[s["start"] : s["end"]]) for s in found["segments"]]
    assert passages == [("One", "افتح الباب.\n"), ("Two", "غلق نافذة.\n"), ("One", "اذهب إلى البيت.")]


def test_what_one_translator_has_is_its_candidate_and_small_gains_change_nothing() -> None:
    assert by([(5, 0), (5, 0), (5, 0)]) is None and by([(0, 0), (0, 0), (0, 0)]) is None
    assert by([(5, 0), (0, 1.5), (5, 0)]) is None


def test_what_the_ranker_says_of_a_segment_is_weighed_by_its_length() -> None:
    asked: list[tuple[str, dict[str, str | None]]] = []

    def score(sources: list[str], candidates: dict[str, list[str | None]]) -> list[dict[str, Any]]:
        asked.extend((s, {n: of[i] for n, of in candidates.items()}) for i, s in enumerate(sources))
        return [{"One": SimpleNamespace(gain=2.0), "Two": SimpleNamespace(gain=-2.0)} for _ in sources]

    row = Segmented(document(), ("One", "Two"))
    add_gains([row], SimpleNamespace(translators=("One", "Two", "Three"), score=score))  # type: ignore[arg-type]
    assert asked[0] == ("Open the door.\n", {"One": TEXTS["One"][0], "Two": TEXTS["Two"][0], "Three": None})
    assert [len(of) for of in row.gains] == [2, 2, 2]
    assert row.gains[1][0] > row.gains[0][0] > row.gains[2][0] > 0


def test_a_row_is_whose_the_most_of_it_is() -> None:
    choice = Choice("One", "primary", "primary", ("chosen: best", "not chosen: worse", "vetoed: empty"))
    segments = [{"translator": "One", "start": 0, "end": 10}, {"translator": "Two", "start": 10, "end": 40}]
    made, most = chosen_by_segment(choice, segments, "One", ["One", "Two", "Three"])
    assert (made.translator, most, made.outcome) == ("Two", "Two", "replaced_better")
    assert made.reason == "by segment: One 25%, Two 75%"
    assert made.decisions == (
        "chosen by segment: 25% of the row",
        "chosen by segment: 75% of the row",
        "vetoed: empty",
    )
    assert chosen_by_segment(choice, segments, "Two", ["One", "Two", "Three"])[0].outcome == "primary"


def test_a_build_by_segment_passes_all_checks_and_has_the_same_bytes_for_any_tasks_and_kills(
    row: Callable[..., Any], write_split: Callable[..., Path], tmp_path: Path
) -> None:
    words = "the river runs under an old stone bridge near our quiet village where people sell bread and fruit".split()  # noqa: SIM905
    splits = {f"part{n}": n * 50 for n in range(8)}
    for split, first in splits.items():
        lines = [" ".join(words[(n * 7 + i * (n % 5 + 1)) % len(words)] for i in range(12)) + "." for n in range(160)]
        texts = ["\n".join(lines[(first + n) % 150 : (first + n) % 150 + 5]) for n in range(6)]
        source = write_split(split, [row(("user", "What do you see?"), ("assistant", text)) for text in texts])
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.format(source=source, splits=", ".join(splits)))
    run_build(str(recipe), output=tmp_path / "one", finish=write_card)
    run_build(str(recipe), output=tmp_path / "other", tasks=3, workers=2, finish=write_card)
    # Killed with some of its units chosen by segment, and gone on with by others' tasks.
    killed = start_command("build", recipe, "--output", tmp_path / "killed", "--tasks", "8", "--workers", "1", "--yes")
    kill_when(killed, lambda: any((tmp_path / "killed/rank").glob("*.parquet")), every_s=0.001)
    assert 0 < len(list((tmp_path / "killed/rank").glob("*.parquet"))) < len(splits)
    run_build(str(recipe), output=tmp_path / "killed", tasks=5, workers=2, finish=write_card)
    for name in ("other", "killed"):
        assert tree(tmp_path / "one/dataset") == tree(tmp_path / name / "dataset")
    sources = {
        one["id"]: one["messages"] for path in (tmp_path / "one/select").glob("*.parquet") for one in rows(path)
    }
    built = [one for path in (tmp_path / "one/dataset/SFT_One_ranked").glob("*.parquet") for one in rows(path)]
    assert len(built) == 48
    mixed = [one for one in built if one["segments"]]
    for one in mixed:
        assert not [v for v in check_conversation(sources[one["id"]], one["messages"]) if v.hard]
        assert {passage["translator"] for passage in one["segments"]} == {"One", "Two"}
        assert sum(candidate["chosen"] for candidate in one["candidates"]) == 1
    assert 0 < len(mixed) < 48
    # What is made of a build, a memory for one, takes them as the dataset has them.
    texts = {one["id"]: one["messages"] for one in built}
    for path in (tmp_path / "one/rank").glob("*.parquet"):
        for one in rows(path):
            taken = taken_by(one, "SFT_One_ranked")
            assert taken and taken["messages"] == texts[one["id"]]
    assert f"`SFT_One_ranked`: {len(mixed)} rows are of several translators" in (
        tmp_path / "one/dataset/README.md"
    ).read_text(encoding="utf-8")


def rows(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path, partitioning=None).to_pylist()
