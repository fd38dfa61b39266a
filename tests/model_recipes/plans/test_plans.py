"""A plan's steps: done once, gone on with after a kill, done again where what they depend on has changed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.recipes.base import Strict
from model_recipes.plans import InPlanFolder, PlanFile, PlanJournal, PlanRun, PlanStep, StepNeeds, load_plan
from model_recipes.plans.commands import run_command
from model_recipes.plans.journal import JOURNAL
from processors.errors import InputError, RecipeError
from tests.standins.processes import ROOT


class _Part(Strict):
    data: InPlanFolder
    weight: float = 1.0


class _Small(PlanFile):
    parts: list[_Part]
    more: dict[str, InPlanFolder]
    other: InPlanFolder | None = None


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plan_is_read_with_its_paths_absolute_and_ids_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").touch()
    text = "name: small\nparts:\n- {data: rows.jsonl}\n- {data: user/name}\nmore: {a: rows.jsonl}\nother: rows.jsonl\n"
    plan = load_plan(write(tmp_path / "plan.yaml", text), _Small, ["machine.gpus=8", "parts.0.weight=0.5"])
    rows = str(tmp_path / "rows.jsonl")
    assert [part.data for part in plan.parts] == [rows, "user/name"]
    assert (plan.more, plan.other) == ({"a": rows}, rows)
    assert (plan.machine.gpus, plan.parts[0].weight) == (8, 0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "name: small\nmore: {}\nparts:\n- {data: x, wieght: 2}\n",
            "plan.yaml:4: parts[0].wieght: unknown key; did you mean",
        ),
        ("name: small\nmachine: {gpus: 0}\nmore: {}\nparts: []\n", "plan.yaml:2: machine.gpus: "),
        ("name: small\nmore: {}\n", "plan.yaml:1: parts: missing"),
        ("- a\n", "a plan is a mapping with the keys name, machine, parts"),
    ],
)
def test_a_mistake_is_a_line_of_the_file(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as raised:
        load_plan(write(tmp_path / "plan.yaml", text), _Small)
    assert said in str(raised.value)
    with pytest.raises(RecipeError, match="no such file"):
        load_plan(tmp_path / "none.yaml", _Small)


class _Doing:
    """Steps that write down that they were done: `a` reads a file, `b` uses `a`, `c` is by itself."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.done = folder, list[str]()
        self.file = write(folder / "rows.txt", "1")
        self.settings = {"rate": 1}

    def steps(self) -> list[PlanStep]:
        a = PlanStep("train/a", self._do("a"), {"rate": self.settings["rate"]}, {"rows": self.file})
        b = PlanStep("train/b", self._do("b"), after=(a,), needs=StepNeeds(2.0, 5.0), mark=_mark)
        return [a, b, PlanStep("c", self._do("c"))]

    def _do(self, name: str) -> Callable[[Path], dict[str, Any]]:
        def do(place: Path) -> dict[str, Any]:
            self.done.append(name)
            (place / "out").write_text(f"{name}{self.settings}")
            return {"place": place.name, "of": (1, 2)}

        return do

    def run(self) -> tuple[list[str], list[str], list[dict[str, Any]]]:
        """Which were done, the states before, and the results."""
        self.done = []
        with PlanRun(self.folder / "run") as run:
            steps = self.steps()
            states = [run.state(step) for step in steps]
            return [*self.done], states, [run.do(step) for step in steps]


def _mark(place: Path) -> str:
    return (place / "out").read_text()


@pytest.fixture
def doing(tmp_path: Path) -> _Doing:
    return _Doing(tmp_path)


def test_what_is_done_is_not_done_again(doing: _Doing) -> None:
    _, states, first = doing.run()
    assert doing.done == ["a", "b", "c"] and states == ["to do"] * 3
    _, states, second = doing.run()
    assert not doing.done and states == ["done"] * 3 and first == second
    assert first[0] == {"place": "a", "of": [1, 2]}


def test_a_change_does_again_what_depends_on_it_and_says_what_changed(doing: _Doing) -> None:
    doing.run()
    doing.settings["rate"] = 2
    _, states, _ = doing.run()
    assert states == ["again: settings.rate changed", "again: after.train/a changed", "done"]
    assert doing.done == ["a", "b"]
    doing.file.write_text("2")
    _, states, _ = doing.run()
    assert states[0] == "again: files.rows changed" and doing.done == ["a", "b"]
    # What was made of the first settings was put aside, and is there when they are again.
    doing.file.write_text("1")
    doing.settings["rate"] = 1
    _, states, _ = doing.run()
    assert states == ["done before", "done before", "done"] and not doing.done
    assert (doing.folder / "run" / "train" / "a" / "out").read_text() == "a{'rate': 1}"


def test_a_step_whose_output_is_another_is_done_again(doing: _Doing) -> None:
    doing.run()
    (doing.folder / "run" / "train" / "b" / "out").write_text("trained further")
    _, states, _ = doing.run()
    assert states[1] == "again: what it left is not that any more" and doing.done == ["b"]


def test_the_folder_may_be_moved(doing: _Doing) -> None:
    def inside(run: PlanRun) -> PlanStep:
        return PlanStep("d", lambda place: {}, {"words": [f"--output {run.folder / 'train' / 'a'}"]})

    with PlanRun(doing.folder / "run") as run:
        run.do(inside(run))
    (doing.folder / "run").rename(doing.folder / "moved")
    with PlanRun(doing.folder / "moved") as run:
        assert run.state(inside(run)) == "done"


def test_a_step_that_is_not_finished_finds_what_it_left(doing: _Doing) -> None:
    def stopped(place: Path) -> None:
        (place / "checkpoint").touch()
        raise InputError("no room")

    with PlanRun(doing.folder / "run") as run, pytest.raises(InputError):
        run.do(PlanStep("d", stopped))
    with PlanRun(doing.folder / "run") as run:
        step = PlanStep("d", lambda place: {"found": (place / "checkpoint").exists()})
        assert run.state(step) == "begun" and run.do(step) == {"found": True}
        events = [one["event"] for one in run.journal.records]
        assert events == ["started", "begun", "failed", "started", "begun", "done"]


def test_what_it_comes_to_is_shown_and_a_price_asked_about(doing: _Doing, capsys: pytest.CaptureFixture[str]) -> None:
    with PlanRun(doing.folder / "run") as run:
        steps = doing.steps()
        assert not run.begin(steps, dry_run=True)
        shown = capsys.readouterr().out
        assert "3 of 3 steps to do: about 2.00 hours on 1 × H100, about $5.00" in shown
        perhaps = [PlanStep("round2", lambda place: {}, needs=StepNeeds(None, 6.0))]
        with pytest.raises(InputError, match=r"about \$11.00; nothing was begun: add --yes"):
            run.begin(steps, perhaps)
        assert run.begin(steps, perhaps, yes=True)
        run.do(steps[0])
        assert "step 1 of 3: train/a, about 2.00 hours to go" in capsys.readouterr().err
        with pytest.raises(ValueError, match="one folder"):
            run.begin([*steps, PlanStep("train", lambda place: {})])
    assert doing.done == ["a"]


def test_another_process_waits_for_its_turn(doing: _Doing) -> None:
    with (
        PlanRun(doing.folder / "run"),
        pytest.raises(InputError, match="another process works on this plan"),
        PlanRun(doing.folder / "run"),
    ):
        pass


def test_the_journal_takes_a_decision_once_and_loses_half_a_line_only(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL
    journal = PlanJournal(path)
    journal.decide("keep a", {"gain": 0.5})
    journal.decide("keep b", {"gain": (0, 1)})
    journal.decide("keep a", {"gain": 0.5})
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"time": "2026-0')
    again = PlanJournal(path)
    assert path.read_bytes() == whole and again.decisions() == {"keep a": {"gain": 0.5}, "keep b": {"gain": [0, 1]}}
    again.decide("keep b", {"gain": [0, 1]})
    again.decide("keep a", {"gain": 0.6})
    assert [one["what"] for one in again.records] == ["keep a", "keep b", "keep a"]
    path.write_bytes(b"no json\n" + whole)
    with pytest.raises(InputError, match="damaged"), PlanRun(tmp_path):
        pass


_KILLED = """\
import os, signal, sys
from pathlib import Path
from model_recipes.plans import PlanRun, PlanStep

def do(name):
    def step(place):
        count = Path(sys.argv[1]) / f"{name}.count"
        count.write_text(count.read_text() + "x" if count.exists() else "x")
        if sys.argv[2] == name:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"name": name}
    return step

with PlanRun(Path(sys.argv[1]) / "run") as run:
    a = PlanStep("a", do("a"))
    for step in (a, PlanStep("b", do("b"), after=(a,))):
        run.decide(f"kept {step.name}", run.do(step))
"""


def test_killed_in_a_step_only_that_one_is_begun_again(tmp_path: Path) -> None:
    for killed, code in (("a", -signal.SIGKILL), ("b", -signal.SIGKILL), ("none", 0)):
        command = [sys.executable, "-c", _KILLED, str(tmp_path), killed]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
    assert [(tmp_path / f"{name}.count").read_text() for name in "ab"] == ["xx", "xx"]
    decided = PlanJournal(tmp_path / "run" / JOURNAL)
    assert decided.decisions() == {"kept a": {"name": "a"}, "kept b": {"name": "b"}}
    assert sum(one["event"] == "decided" for one in decided.records) == 2


def test_a_command_that_fails_says_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; print('some progress', file=sys.stderr); sys.exit('smolkalam: no such ' + sys.argv[2])"
    monkeypatch.setattr("model_recipes.plans.commands.PYTHON_M", (sys.executable, "-c", code))
    with pytest.raises(InputError, match=r"^its training failed \(exit code 1\): no such file$"):
        run_command(["file"], "its training failed", folder=tmp_path)


def test_what_a_killed_start_left_running_is_waited_for(tmp_path: Path) -> None:
    # The first command says that it runs and waits for a word; whoever started it is killed meanwhile.
    write(
        tmp_path / "first.py", "open(0 if 0 else 'up', 'w').close(); open('fifo').read(); open('whole', 'w').close()"
    )
    write(tmp_path / "second.py", "import os, sys; sys.exit(None if os.path.exists('whole') else 'too early')")
    os.mkfifo(tmp_path / "fifo")
    starter = (
        "import sys; from pathlib import Path; import model_recipes.plans.commands as c; "
        "c.PYTHON_M = (sys.executable,); c.run_command([], 'failed', folder=Path('.'), module='first.py')"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    first = subprocess.Popen([sys.executable, "-c", starter], cwd=tmp_path, env=environment)
    with (tmp_path / "fifo").open("w") as word:
        first.kill()
        first.wait()
        second = subprocess.Popen(
            [sys.executable, "-c", starter.replace("first.py", "second.py")],
            cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert second.stderr is not None
        assert "waiting for a command" in second.stderr.readline()
        word.write("go on")
    assert second.wait() == 0


def test_done_says_of_what(doing: _Doing) -> None:
    doing.run()
    note = json.loads((doing.folder / "run" / "train" / "a" / "done.json").read_text())
    assert note["about"]["settings"] == {"rate": 1} and set(note) == {"key", "about", "results", "seconds"}


def test_a_folder_with_somebody_s_files_is_no_plan_s(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(InputError, match="is not empty, and no plan's folder"), PlanRun(tmp_path):
        pass
    assert (tmp_path / "model").is_dir()
