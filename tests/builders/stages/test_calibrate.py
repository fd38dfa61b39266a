"""A build that asks a panel of judges by itself: what it asks, resumes, costs, refuses, and what the card says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builders.build import run_build
from builders.calibration.choose import Choosable, choose_pairs, settled
from builders.calibration.panel import left_out
from builders.calibration.told import read_told
from builders.recipes.load import load_recipe
from hub.card.write import write_card
from processors.answers.reader import AnswerReader
from processors.errors import EngineError, RecipeError
from processors.judging.panel import JudgedPair, Winner
from processors.ranking.calibration import Calibration
from tests.conftest import tree
from tests.standins.processes import kill_when, start_command
from tests.standins.standin_llm import Running, running

ROWS = 20


def settings(*servers: Running, **more: Any) -> list[str]:
    cost = {"usd_per_million_input": 1.0, "usd_per_million_output": 4.0}
    names = [f"judge{number}" for number in range(len(servers))]
    judges = [
        {"name": name, "model": name, "base_url": f"{server.url}/v1", "cost": cost, **more}
        for name, server in zip(names, servers, strict=True)
    ]
    spec = {"by": "judges", "judges": {"judges": judges}, "rows": ROWS}
    return [f"ranking.calibration={json.dumps(spec)}"]


def answered(server: Running) -> int:
    return sum(server.stats()["answered"].values())


def test_a_panel_labels_rows_once_and_the_bytes_are_those_of_any_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with running("--judge", "honest", "--model", "judge0", "--marker", "ا") as server:
        build = settings(server)
        run_build("demo", output=tmp_path / "one", settings=build, finish=write_card)
        asked = answered(server)
        found = json.loads((tmp_path / "one" / "calibrate" / "verdicts.json").read_text())
        # And a first pair before anything is translated.
        assert 0 < found["rows"] == len(found["verdicts"]) <= ROWS and asked == 2 * (found["rows"] + 1)
        told = read_told(tmp_path / "one" / "ranker")
        assert told and f"(a panel, which judged {found['rows']} rows in {found['rounds']} rounds until " in told
        assert told in " ".join((tmp_path / "one" / "dataset" / "README.md").read_text().split())
        assert "judge judge0: at most about 40 requests" in capfd.readouterr().err
        # As after a kill in the middle of it: what was answered is stored, and nothing is asked again.
        before = tree(tmp_path / "one" / "dataset")
        (tmp_path / "one" / "calibrate" / "verdicts.json").unlink()
        run_build("demo", output=tmp_path / "one", settings=build, finish=write_card)
        assert answered(server) == asked and tree(tmp_path / "one" / "dataset") == before
        run_build("demo", output=tmp_path / "two", settings=build, tasks=3, workers=2, finish=write_card)
        again = json.loads((tmp_path / "two" / "calibrate" / "verdicts.json").read_text())
        assert again == found and tree(tmp_path / "two" / "dataset") == before


def test_a_panel_killed_in_the_middle_judges_nothing_twice(tmp_path: Path) -> None:
    judge = ("--judge", "honest", "--model", "judge0", "--marker", "ا")
    with running(*judge) as server:
        run_build("demo", output=tmp_path / "whole", settings=settings(server), finish=write_card)
        whole = server.stats()["answered"]
    with running(*judge) as server:
        # It answers so many, and keeps the others waiting.
        server.control(answers=11)
        killed = start_command(
            "build", "demo", "--output", tmp_path / "run", "--set", *settings(server), "--yes", cwd=tmp_path
        )
        assert kill_when(killed, lambda: stored(tmp_path / "run") == 11)
        before = server.stats()["answered"]
        assert not (tmp_path / "run" / "calibrate" / "verdicts.json").exists()
    with running(*judge) as server:
        run_build("demo", output=tmp_path / "run", settings=settings(server), finish=write_card)
        after = server.stats()["asked"]
    assert sum(before.values()) == 11 and not before.keys() & after.keys()
    assert before | after == whole
    assert tree(tmp_path / "run" / "dataset") == tree(tmp_path / "whole" / "dataset")


def stored(run: Path) -> int:
    with AnswerReader(run / "answers" / "judges") as answers:
        return answers.totals()[0]


@pytest.mark.parametrize(
    ("mode", "count", "why"),
    [("first", 10, "order is swapped"), ("tie", 20, "a tie")],
)
def test_a_judge_that_says_nothing_is_told_before_the_bill(tmp_path: Path, mode: str, count: int, why: str) -> None:
    with running("--judge", mode, "--model", "judge0", "--marker", "ا") as server:
        with pytest.raises(EngineError, match=f"judge 'judge0': none of its first {count} verdicts .*{why}"):
            build = [*settings(server, attempts=1, concurrency=1), "ranking.calibration.rows=120"]
            run_build("demo", output=tmp_path / "run", settings=build, finish=lambda _: None)
        assert answered(server) <= 2 * (count + 3)


def test_a_judge_that_cannot_judge_is_told_before_anything_is_translated(tmp_path: Path) -> None:
    with running("--judge", "prose", "--model", "judge0") as server:
        with pytest.raises(EngineError, match=r"'judge0': no verdict on a first short pair .*no JSON object"):
            run_build("demo", output=tmp_path / "run", settings=settings(server, attempts=1), finish=lambda _: None)
        assert answered(server) == 2 and not (tmp_path / "run" / "translate").exists()


@pytest.mark.parametrize("mode", ["first", "tie"])
def test_nothing_is_learnt_of_a_judge_that_says_no_more_than_chance(
    tmp_path: Path, mode: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with running("--judge", mode, "--model", "judge0", "--marker", "ا") as server:
        build = [*settings(server), "ranking.calibration.rows=6"]
        run_build("demo", output=tmp_path / "run", settings=build, finish=write_card)
    assert "judge 'judge0' is left out: of 6 pairs" in " ".join(capfd.readouterr().err.split())
    told = json.loads((tmp_path / "run" / "ranker" / "calibration.json").read_text())
    assert told["labels"] == 0 and told["strengths"] == told["before"]
    line = read_told(tmp_path / "run" / "ranker")
    assert line and "not counted, since they said no more than chance: judge0" in line and "as without labels" in line
    assert line in " ".join((tmp_path / "run" / "dataset" / "README.md").read_text().split())


def test_a_judge_is_left_out_unless_it_is_surely_of_one_mind() -> None:
    def of(judge: str, same: int, flips: int, ties: int) -> list[JudgedPair]:
        one: list[tuple[Winner, Winner]] = [("a", "a")] * same + [("a", "b")] * flips + [("tie", "tie")] * ties
        return [
            JudgedPair(str(n), "x", "y", judge, first if first == second else "tie", (first, second), first != second)
            for n, (first, second) in enumerate(one)
        ]

    sure = [*of("sharp", 9, 0, 20), *of("fair", 120, 70, 10)]
    noise = [*of("coin", 103, 97, 0), *of("first", 20, 180, 0), *of("ties", 2, 0, 198), *of("silent", 0, 0, 0)]
    assert list(left_out([*sure, *noise])) == ["coin", "first", "ties"]


def test_plan_says_what_a_panel_costs_at_most(smolkalam: Callable[..., Any]) -> None:
    judges = '{judges: [{name: a, model: m, base_url: "http://localhost:1/v1"}]}'
    done = smolkalam("plan", "demo", "--set", f"ranking.calibration={{by: judges, rows: 20, judges: {judges}}}")
    assert done.returncode == 0 and "judge a: at most about 40 requests" in done.stdout, done.stderr


def test_a_panel_s_file_becomes_a_part_of_the_recipe(tmp_path: Path) -> None:
    file = tmp_path / "panel.yaml"
    file.write_text("judges: [{name: a, model: m, base_url: 'http://localhost:1/v1'}]\n")
    spec = load_recipe("demo", [f"ranking.calibration={{by: judges, panel: '{file}'}}"]).ranking.calibration
    assert spec and spec.panel is None and spec.judges and spec.judges.judges[0].name == "a"
    for wrong in ("{by: judges}", "{by: people}", f"{{by: judges, path: x, panel: '{file}'}}"):
        with pytest.raises(RecipeError, match="give"):
            load_recipe("demo", [f"ranking.calibration={wrong}"])


def test_rows_are_chosen_from_all_strata_and_none_of_what_is_settled() -> None:
    pairs = [Choosable(f"r{n}", 0, 1, ("big" if n < 80 else "small", n % 3)) for n in range(100)]
    chosen = choose_pairs(pairs, np.where(np.arange(100) < 90, 1.0, 0.0), {"r0"}, 30, seed=1)
    assert len(chosen) == 30 and 0 not in chosen and max(chosen) < 90
    assert {pairs[place].stratum for place in chosen} == {(s, n) for s in ("big", "small") for n in range(3)}
    # What tells more is drawn more often, and the same whatever the order.
    told = np.where(np.arange(100) % 2, 9.0, 1.0)
    uneven = choose_pairs(pairs, told, set(), 30, seed=1)
    assert sum(place % 2 for place in uneven) > 20
    turned = choose_pairs(pairs[::-1], told[::-1], set(), 30, seed=1)
    assert [99 - place for place in turned] == uneven
    known = Calibration(
        9, 0, 0.0, np.zeros(3), np.array([4.0, 0.0, -0.2]), np.array([[0, 1, 1], [1, 0, 2], [1, 2, 0]])
    )
    assert settled(known).tolist() == [[True, True, True], [True, True, False], [True, False, True]]
