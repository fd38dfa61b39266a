import os
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from builders.recipes.load import load_recipe
from builders.reports.end_report import _advice, _printable
from builders.run_folder.folder import Run as RunFolder
from builders.sample import planted_faults
from builders.sources.find import row_id
from tests.conftest import Demo

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def cells(report: str, title: str) -> list[list[str]]:
    """The rows of the table under `title`, by runs of two spaces or more; its header first."""
    lines = report.split(f"{title}", 1)[1].splitlines()[1:]
    table = []
    for line in lines:
        if not line.strip():
            break
        table.append(re.split(r" {2,}", line.strip()))
    return table


def test_stdout_holds_the_path_of_the_dataset_alone(demo: Demo) -> None:
    assert demo.stdout == f"{demo.run / 'dataset'}\n"


def test_rows_read_kept_and_dropped_add_up_and_drops_have_reasons(demo: Demo) -> None:
    header, *stages = cells(demo.stderr, "Rows")
    assert header == ["stage", "read", "kept", "dropped, by reason"]
    assert [stage[0] for stage in stages] == ["scan", "select", "translate/reference", "translate/draft", "rank"]
    for _, read, kept, dropped, *reasons in stages:
        assert int(read) == int(kept) + int(dropped)
        assert sum(int(n) for n in re.findall(r"\d+", " ".join(reasons))) == int(dropped)


def test_the_table_of_faults_says_what_caught_each(demo: Demo) -> None:
    header, *found = cells(demo.stderr, "Faults planted in the draft memory")
    assert header == ["fault", "row", "caught by"]
    assert len(found) == len(planted_faults())
    for fault, (name, row, caught) in zip(planted_faults(), found, strict=True):
        assert (name, row) == (fault["fault"], row_id(fault["split"], fault["row"]))
        assert fault["check"] in re.split(r"[ ,]+", caught)


def test_the_tables_of_findings_and_choices_name_each_translator_and_config(demo: Demo) -> None:
    findings = cells(demo.stderr, "What the checks found (rows)")
    assert [line[0] for line in findings[1:3]] == ["reference", "draft"]
    assert "segments" in findings[1][-1]
    choices = cells(demo.stderr, "What the ranking chose (rows)")
    assert [line[0] for line in choices[1:3]] == ["SFT_reference_ranked", "SFT_draft_ranked"]
    assert {sum(map(int, line[1:5])) for line in choices[1:3]} == {94}
    assert "5 of 5 rows with calls say all values of their arguments" in demo.stderr


def test_a_sample_row_stands_in_both_languages(demo: Demo) -> None:
    panel = demo.stderr[demo.stderr.index("╭─") : demo.stderr.index("╰─")]
    assert "English" in panel and "Arabic (reference)" in panel
    assert "user:" in panel and "assistant:" in panel and re.search(r"[\u0621-\u064a]{3}", panel)


def test_a_terminal_of_80_columns_loses_no_word(demo: Demo, smolkalam: Run) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[3]), "COLUMNS": "80", "NO_COLOR": "1"}
    done = smolkalam("build", "demo", "--output", demo.run, env=os.environ | environment)
    assert done.returncode == 0 and "…" not in done.stderr
    assert done.stdout == demo.stdout


@pytest.fixture
def small(row: Callable[..., dict[str, Any]], write_split: Callable[..., Path], tmp_path: Path) -> Callable[..., Any]:
    """Build two rows, of which the memory holds the first only."""
    source = write_split(
        "alpha",
        [
            row(("user", "Hello \x1b[2Jthere."), ("assistant", "Good.")),
            row(("user", "Unknown."), ("assistant", "So.")),
        ],
    )
    recipe = tmp_path / "small.yaml"
    recipe.write_text(
        "name: small\nsource: {path: unused}\noutputs: {parallel: false}\n"
        "translators: [{name: one, backend: memory, memory: [m.jsonl]}]\n"
    )

    def build(run: Callable[..., Any], output: Path, *pairs: tuple[str, str]) -> Any:
        import json

        lines = [json.dumps({"source": one, "target": other}) for one, other in pairs]
        (tmp_path / "m.jsonl").write_text("\n".join(lines))
        return run("build", recipe, "--input", source, "--output", output, "--workers", 1)

    return build


def test_the_command_that_loads_the_dataset_works_as_printed(
    small: Callable[..., Any], smolkalam: Run, tmp_path: Path
) -> None:
    done = small(smolkalam, tmp_path / "it's a run", ("Hello \x1b[2Jthere.", "مرحبا \x1b[2Jهناك."), ("Good.", "حسن."))
    assert done.returncode == 0, done.stderr
    command = done.stderr.split("Load it:\n", 1)[1].strip()
    assert len(shlex.split(command)) == 3
    environment = os.environ | {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}
    loaded = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment)
    assert loaded.returncode == 0, loaded.stderr
    assert "حسن." in loaded.stdout
    # A row cannot steer the terminal on which the report stands.
    assert "\x1b[2J" not in done.stderr and "\ufffd[2J" in done.stderr
    assert "Faults planted" not in done.stderr


def test_a_dataset_without_rows_is_said_after_the_tables_that_tell_why(
    small: Callable[..., Any], smolkalam: Run, tmp_path: Path
) -> None:
    done = small(smolkalam, tmp_path / "run", ("Something else.", "شيء آخر."))
    assert done.returncode == 2 and not done.stdout
    assert "not_in_memory 2" in done.stderr and "Traceback" not in done.stderr
    assert "the dataset has no row: every candidate failed or was vetoed" in done.stderr.splitlines()[-1]
    # A memory says the same the next time.
    assert "--retry-failed" not in done.stderr


@pytest.mark.parametrize("failed", [2, 0])
def test_where_models_failed_all_rows_the_last_line_says_how_to_try_them_again(failed: int, tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "name: r\nsource: {path: here}\ntranslators:\n"
        '  - {name: Chat, backend: endpoint, model: m, base_url: "http://localhost:1/v1"}\n'
    )
    totals = {"translate/Chat": SimpleNamespace(failed=Counter(empty=failed))}
    run = RunFolder(tmp_path / "it's a run")
    advice = _advice(SimpleNamespace(recipe=load_recipe(str(recipe)), run=run, totals=totals))  # type: ignore[arg-type]
    command = shlex.join(["build", str(run.recipe), "--output", str(run.folder), "--retry-failed"])
    assert (command in advice) is bool(failed)


def test_stopping_after_a_stage_names_the_run_folder(demo: Demo, smolkalam: Run, tmp_path: Path) -> None:
    done = smolkalam("build", "demo", "--output", tmp_path / "run", "--stop-after", "select", "--workers", 1)
    assert done.returncode == 0 and done.stdout == f"{tmp_path / 'run'}\n"
    assert "Stopped after select, as asked" in done.stderr and "Load it" not in done.stderr


def test_control_characters_are_not_printed() -> None:
    assert _printable("a\tb\nc\x1b[31m\x07\r") == "a\tb\nc\ufffd[31m\ufffd\ufffd"
    assert _printable("عربي \u200f 👩‍🚀") == "عربي \u200f 👩‍🚀"
