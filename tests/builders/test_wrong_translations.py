"""A build of two memories, one right and one with a fault in each row: what is published is the right translation."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.run_folder import schemas
from builders.sources.read import row_id
from tests.processors.checks import (
    test_facts_kept,
    test_lost_and_added,
    test_no_translation,
    test_untranslated_inside,
    test_verbatim_kept,
)
from tests.standins.processes import command_line, environment

Case = tuple[str, ...]

TABLES = {
    "broken": test_no_translation.BROKEN_SCRIPT,
    "stub": test_no_translation.STUB,
    "wrapped": test_no_translation.WRAPPED,
    "answered": test_no_translation.ANSWERED,
    "another": test_no_translation.ANOTHER_TEXT,
    "lost": test_lost_and_added.LOST,
    "added": test_lost_and_added.ADDED,
    "untranslated": test_untranslated_inside.SENTENCE_OR_HEADING,
    "number": test_facts_kept.NUMBER,
    "letter": test_facts_kept.LETTER,
    "unit": test_facts_kept.UNIT,
    "name": test_facts_kept.NAME,
    "link": test_verbatim_kept.LINK,
    "placeholder": test_verbatim_kept.PLACEHOLDER,
}
THANKS = ("Thank you very much for your help.", "شكرًا جزيلًا على مساعدتك.")
SPLIT = "s1k_1.1_think"
RECIPE = """
name: two
source: {path: source, config: SFT, keep: ["*"]}
translators:
  - {name: right, backend: memory, memory: [right.jsonl]}
  - {name: faulty, backend: memory, memory: [faulty.jsonl]}
"""
# A memory has one translation of a text, so cases of one text need a build each; the first of each do.
BUILDS = 3

# Published with the fault today, in one config or in both. Whoever mends a kind takes its ids away.
PUBLISHED: tuple[str, ...] = ("number-6",)


def rounds() -> list[dict[str, Case]]:
    """By build and id: (source, right, wrong)."""
    found: list[dict[str, Case]] = [{} for _ in range(BUILDS)]
    for name, table in TABLES.items():
        for i, row in enumerate(table):
            case = tuple(getattr(row, "values", row))
            place = next((r for r in found if all(case[0] != other[0] for other in r.values())), None)
            if place is not None:
                place[f"{name}-{i}"] = case
    return found


def build(folder: Path, cases: dict[str, Case]) -> dict[str, dict[str, str | None]]:
    """Config and id: the text that is published."""
    kwargs = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    rows = [
        {
            "messages": [{"content": source, "role": "user"}, {"content": THANKS[0], "role": "assistant"}],
            "chat_template_kwargs": kwargs,
            "source": "test",
        }
        for source, _, _ in cases.values()
    ]
    (folder / "source" / "SFT").mkdir(parents=True)
    table = pa.Table.from_pylist(rows, schemas.source())
    pq.write_table(table, folder / "source" / "SFT" / f"{SPLIT}-00000-of-00001.parquet")
    for name, side in (("right", 1), ("faulty", 2)):
        pairs = [THANKS, *((case[0], case[side]) for case in cases.values())]
        lines = [json.dumps({"source": one, "target": other}, ensure_ascii=False) for one, other in pairs]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "two.yaml").write_text(RECIPE, encoding="utf-8")
    command = command_line("build", folder / "two.yaml", "--output", folder / "run")
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    published: dict[str, dict[str, str | None]] = {}
    for config in ("right", "faulty"):
        by_row = {
            row["id"]: row["messages"][0]["content"]
            for path in sorted((folder / "run" / "dataset" / f"SFT_{config}_ranked").glob("*.parquet"))
            for row in pq.read_table(path).to_pylist()
        }
        published[config] = {key: by_row.get(row_id(SPLIT, i)) for i, key in enumerate(cases)}
    return published


ROUNDS = rounds()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {"right": {}, "faulty": {}}
    for cases in ROUNDS:
        for config, texts in build(tmp_path_factory.mktemp("two"), cases).items():
            found[config] |= texts
    return found


def marked() -> list[Any]:
    mark = pytest.mark.xfail(strict=True, reason="the fault is published")
    return [
        pytest.param(key, case[1], id=key, marks=[mark] if key in PUBLISHED else [])
        for cases in ROUNDS
        for key, case in cases.items()
    ]


@pytest.mark.parametrize(("key", "right"), marked())
def test_no_faulty_text_is_published_where_the_other_candidate_is_right(
    key: str, right: str, published: dict[str, dict[str, str | None]]
) -> None:
    assert {config: texts[key] for config, texts in published.items()} == {"right": right, "faulty": right}
