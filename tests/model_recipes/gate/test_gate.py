"""The gate on stand-ins for training and evaluation: what is kept, refined, refused, and what a kill changes."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from builders.mixtures import load_mixture
from model_recipes.gate import load_gate, run_gate
from processors.errors import InputError, RecipeError
from tests.standins.processes import ROOT
from tests.standins.standin_models import ModelsServer, asked_last, models

STANDIN = ROOT / "tests" / "standins" / "standin_training.py"
# What each dataset teaches, in points from 0 to 1.
SKILLS = {
    "good": {"sums": 0.2},
    "spoiling": {"sums": 0.2, "grammar": -0.25},
    "idle": {},
    "idle_r1": {"sums": 0.25},
}
TASK = "task: {name}\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {rows}}}}}\ntest_split: test\n"
TASK += 'output_type: generate_until\ndoc_to_text: "{{{{question}}}}"\nmetric_list:\n  - metric: exact_match\n'
WORDS = re.split(" ", "قلم كتاب بيت نهر جبل شمس قمر بحر شجرة طريق مدينة سوق باب نافذة حديقة")


def rows_of(name: str, count: int) -> list[dict[str, Any]]:
    """Chats that no other dataset has."""
    return [
        {
            "messages": [
                {
                    "role": "user",
                    "content": f"سؤال {name} رقم {n}: ما معنى {WORDS[n % 15]} و{WORDS[(n * 7 + 3) % 15]}؟",
                },
                {"role": "assistant", "content": f"جواب {name} رقم {n} هو كذا وكذا."},
            ]
        }
        for n in range(count)
    ]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two benchmarks, a base, candidates, and the stand-in in place of the commands."""
    for name in ("base", "good", "spoiling", "idle"):
        write_rows(tmp_path / f"{name}.jsonl", rows_of(name, 12))
    for name in ("sums", "grammar"):
        asked = [
            {
                "question": f"في امتحان {name} {WORDS[n % 15]} {n} {WORDS[(n * 4 + 1) % 15]} كم {n * 3} يساوي؟",
                "answer": str(n),
            }
            for n in range(300)
        ]
        write_rows(tmp_path / f"{name}.jsonl.rows", asked)
        (tmp_path / f"{name}.yaml").write_text(TASK.format(name=name, rows=tmp_path / f"{name}.jsonl.rows"))
    (tmp_path / "sft.yaml").write_text("model_name_or_path: tiny\nmax_steps: 3\n")
    monkeypatch.setenv("STANDIN_LOG", str(tmp_path / "asked.txt"))
    monkeypatch.setenv("STANDIN_SKILLS", json.dumps(SKILLS))
    monkeypatch.setattr("model_recipes.plans.commands.PYTHON_M", (sys.executable, "-S", str(STANDIN)))
    yield tmp_path


def plan_for(folder: Path, candidates: list[str], **more: Any) -> Path:
    about: dict[str, Any] = {
        "name": "gate",
        "mixture": {
            "name": "mix",
            "tokenizer": "approximate",
            "sources": [{"name": "own", "path": "base.jsonl", "language": "ar"}],
        },
        "candidates": [{"name": name, "path": f"{name}.jsonl", "language": "ar"} for name in candidates],
        "train": "sft.yaml",
        "seeds": 3,
        "benchmarks": {"ar": ["sums.yaml"], "en": ["grammar.yaml"]},
        "critical": ["sums"],
        "tolerance": 5.0,
    }
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(about | more, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def asked(folder: Path) -> list[str]:
    return (folder / "asked.txt").read_text(encoding="utf-8").splitlines()


def test_what_makes_better_is_kept_and_what_spoils_is_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = plan_for(folder, ["good", "spoiling", "idle"])
    found = run_gate(path, output=folder / "run")
    kept = {one.candidate: one.kept for one in found}
    assert kept == {"good": True, "spoiling": False, "idle": False}
    why = {one.candidate: one.why for one in found}
    assert why["good"] == "better on sums" and why["spoiling"].startswith("better on sums; fell on grammar (-3")
    assert why["idle"] == "none of sums better beyond chance"
    told = capsys.readouterr()
    assert "| candidate | kept | ar: sums (critical) | en: grammar | why |" in told.out and "Holm" in told.out
    assert "12 of 21 steps to do: about 6.00 hours on 1 × H100" in told.err
    mixture, _ = load_mixture(str(folder / "run" / "mixture.yaml"))
    assert [one.name for one in mixture.sources] == ["own", "good"]
    assert (folder / "run" / "gate.png").stat().st_size > 1000
    # Once more: nothing is asked, and all is as it was.
    before, table = asked(folder), (folder / "run" / "gate.json").read_bytes()
    assert len(before) == 1 + 4 + 4 * 3 * 2
    run_gate(path, output=folder / "run")
    assert asked(folder) == before and (folder / "run" / "gate.json").read_bytes() == table


def test_another_setting_asks_only_for_what_depends_on_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_gate(plan_for(folder, ["good", "idle"], seeds=2), output=folder / "run")
    write_rows(folder / "idle.jsonl", rows_of("idle", 13))
    before = len(asked(folder))
    capsys.readouterr()
    run_gate(plan_for(folder, ["good", "idle"], seeds=2, tolerance=9.0), output=folder / "run")
    new = asked(folder)[before:]
    assert len(new) == 1 + 2 * 2 and all("idle" in line for line in new)
    assert "models/idle_seed1: what was made of other settings is put aside" in capsys.readouterr().err


@pytest.fixture
def engines() -> Iterator[ModelsServer]:
    def rewrite(body: dict[str, Any]) -> str:
        return f"أعد صياغة ما يلي بدقة ثم أجب عنه: {asked_last(body).rpartition('Prompt:')[2].strip()}"

    def answer(body: dict[str, Any]) -> str:
        return f"هذا جواب دقيق ومفصل عن السؤال الذي نصه: {asked_last(body)}"

    with models(rewriter=rewrite, answerer=answer) as server:
        yield server


def refine(server: ModelsServer) -> dict[str, Any]:
    shared = {
        "backend": "endpoint",
        "base_url": f"{server.url}/v1",
        "decoding": {"temperature": 0.5, "max_tokens": 99},
    }
    shared["cost"] = {"usd_per_million_input": 1.0, "usd_per_million_output": 2.0}
    names = ("rewriter", "answerer")
    return {name: shared | {"name": name, "model": name} for name in names} | {"rounds": 2, "evidence": 4}


def test_what_did_not_pass_is_refined_and_tried_again(
    folder: Path, engines: ModelsServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A narrow table breaks its cells.
    monkeypatch.setenv("COLUMNS", "160")
    path = plan_for(folder, ["good", "idle"], refine=refine(engines))
    found = run_gate(path, output=folder / "run")
    assert [(one.candidate, one.round, one.kept) for one in found] == [
        ("good", 0, True), ("idle", 0, False), ("idle_r1", 1, True),
    ]  # fmt: skip
    # The rewriter was shown what the models got wrong, and each prompt once.
    shown = [body["messages"][0]["content"] for body in engines.asked_of("rewriter")]
    assert len(shown) == 12 == len(engines.asked_of("answerer"))
    assert shown[0].count("Test item") == 4 and "في امتحان sums" in shown[0] and "in Arabic" in shown[0]
    rows = [json.loads(line) for line in (folder / "run" / "refined" / "idle_r1" / "rows.jsonl").open()]
    assert rows[0]["messages"][0]["content"].startswith("أعد صياغة ما يلي بدقة ثم أجب عنه: سؤال idle")
    mixture, _ = load_mixture(str(folder / "run" / "mixture.yaml"))
    assert [one.name for one in mixture.sources] == ["own", "good", "idle_r1"]
    said = capsys.readouterr().err
    assert "with all that may be called for about 10.50 hours, at least $0.1" in said and "if it is called for" in said
    run_gate(path, output=folder / "run")
    assert len(engines.asked) == 24


def test_new_prompts_are_answered_by_arbitrage(folder: Path) -> None:
    def rewrite(body: dict[str, Any]) -> str:
        return f"أعد صياغة ما يلي بدقة ثم أجب عنه: {asked_last(body).rpartition('Prompt:')[2].strip()}"

    def answer(body: dict[str, Any]) -> str:
        return f"هذا جواب من النموذج {body['model']} فيه تفصيل كاف عن السؤال الذي نصه: {asked_last(body)}"

    def judge(body: dict[str, Any]) -> str:
        mark = 5 if "النموذج fine" in asked_last(body) else 2
        names = ("helpful", "natural", "correct", "register", "language", "culture")
        return json.dumps({"reason": "none", "scores": dict.fromkeys(names, mark)})

    with models(rewriter=rewrite, fine=answer, poor=answer, judge=judge) as server:
        place = {"base_url": f"{server.url}/v1"}
        recipe = {
            "name": "answers",
            "source": {"path": "user/elsewhere", "config": "none"},
            "pool": [{"name": name, "backend": "endpoint", "model": name, **place} for name in ("poor", "fine")],
            "panel": {"judges": [{"name": "judge", "model": "judge", **place}]},
        }
        (folder / "arbitrage.yaml").write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
        about = refine(server) | {"arbitrage": "arbitrage.yaml", "rounds": 1, "rows": 6}
        del about["answerer"]
        found = run_gate(plan_for(folder, ["idle"], seeds=2, refine=about), output=folder / "run")
        assert len(server.asked_of("rewriter")) == len(server.asked_of("fine")) == 6
    assert [(one.candidate, one.kept) for one in found] == [("idle", False), ("idle_r1", True)]
    told = json.loads((folder / "run" / "refined" / "idle_r1" / "done.json").read_text())["results"]
    assert told == {"prompts": 6, "rewritten": 6, "rows": 6}
    mixture, _ = load_mixture(str(folder / "run" / "mixture.yaml"))
    assert (mixture.sources[-1].name, mixture.sources[-1].config) == ("idle_r1", "SFT_arbitrage")
    [file] = (folder / "run" / "mix" / "idle_r1" / "data" / "SFT").glob("*.parquet")
    rows = pq.read_table(file).to_pylist()
    best = [row["messages"][-1]["content"] for row in rows if row["origin"] == "idle_r1"]
    assert len(best) == 6 and all("النموذج fine" in text for text in best)


_DRIVER = """\
import sys
from pathlib import Path
import model_recipes.plans.commands as commands
commands.PYTHON_M = (sys.executable, "-S", sys.argv[1])
from model_recipes.gate import run_gate
run_gate(Path(sys.argv[2]), output=Path(sys.argv[3]))
"""


def test_killed_at_a_step_of_each_kind_it_decides_the_same(folder: Path, engines: ModelsServer) -> None:
    path = plan_for(folder, ["idle"], seeds=2, refine=refine(engines))
    run_gate(path, output=folder / "whole")
    whole = asked(folder)
    # When a model of the base is asked, after its training, and when the last of a refined dataset is trained, which
    # goes on alone.
    killed_at = {5: "", len(whole) - 1: "yes"}
    answers = len(engines.asked)
    log = folder / "killed.txt"
    for seen, kill in enumerate([*killed_at, 0]):
        # The line at which it is killed is written again by the next start.
        environment = os.environ | {"STANDIN_LOG": str(log), "STANDIN_KILL": str(kill + seen if kill else 0)}
        environment["STANDIN_GOES_ON"] = killed_at.get(kill, "")
        done = subprocess.run(
            [sys.executable, "-c", _DRIVER, str(STANDIN), str(path), str(folder / "killed")],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == (-signal.SIGKILL if kill else 0), done.stderr[-2000:]
    for name in ("gate.json", "gate.md", "gate.png"):
        assert (folder / "killed" / name).read_bytes() == (folder / "whole" / name).read_bytes()
    assert decisions(folder / "killed") == decisions(folder / "whole") and len(decisions(folder / "whole")) == 2
    # Each command once, but for the one that died with the gate.
    assert len(log.read_text().splitlines()) == len(whole) + 1
    assert len(engines.asked) == 2 * answers


def decisions(folder: Path) -> list[tuple[str, Any]]:
    records = [json.loads(line) for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(one["what"], one["figures"]) for one in records if one["event"] == "decided"]


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    path = plan_for(folder, ["good"])
    about = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(about)
    path.write_text(yaml.safe_dump(about, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda plan: plan.update(seeds=1), "seeds: one training of each mixture does not tell what is chance"),
        (lambda plan: plan["benchmarks"].update(en=["gramar"]), "benchmarks.en: gramar: no such suite or benchmark"),
        (lambda plan: plan.update(critical=["sum"]), "critical: no benchmark 'sum' is asked; did you mean 'sums'?"),
        (lambda plan: plan.update(tolerances={"grammer": 1.0}), "tolerances: no benchmark 'grammer' is asked"),
        (lambda plan: plan.update(train="none.yaml"), "none.yaml: no such file"),
        (lambda plan: plan["candidates"][0].update(name="own"), "candidate 'own': another source is named so"),
        (lambda plan: plan["candidates"][0].update(path="base.jsonl"), "has the same rows as the base's source 'own'"),
        (lambda plan: plan["candidates"].append({"name": "b", "path": "good.jsonl"}), "rows as candidate 'good'"),
        (lambda plan: plan.update(refine={"rewriter": {"name": "a", "backend": "endpoint", "modl": "m"}}),
         "refine.rewriter.modl: unknown key; did you mean 'model'?"),
        (lambda plan: plan.update(data="none"), "data: none: no such folder"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_plan_is_a_line_before_anything_is_run(
    change: Callable[[dict[str, Any]], None], said: str, folder: Path
) -> None:
    with pytest.raises(RecipeError) as raised:
        load_gate(changed(folder, change))
    assert said in str(raised.value) and "plan.yaml" in str(raised.value)


def test_what_could_come_to_nothing_is_told_before_anything_is_trained(folder: Path) -> None:
    write_rows(folder / "same.jsonl", rows_of("base", 12))
    write_rows(folder / "empty.jsonl", [{"messages": []}])
    (folder / "none.jsonl").touch()
    question = json.loads((folder / "sums.jsonl.rows").open().readline())["question"]
    leaked = rows_of("leaked", 5)
    leaked[2]["messages"][0]["content"] = question
    write_rows(folder / "leaked.jsonl", leaked)
    for name, said in (
        ("same", "candidate 'same': none of its 12 rows is left: duplicate 12"),
        ("empty", "candidate 'empty': none of its 1 rows is left: "),
        ("none", "candidate 'none': "),
        ("leaked", "candidate 'leaked': 1 of its 5 rows hold items of the benchmarks"),
    ):
        with pytest.raises(InputError) as raised:
            run_gate(plan_for(folder, [name]), output=folder / "run")
        assert said in str(raised.value)
    assert not any(" train " in line for line in asked(folder))
    run_gate(plan_for(folder, ["leaked"], contamination="drop", seeds=2), output=folder / "run")
    told = json.loads((folder / "run" / "mix" / "leaked" / "done.json").read_text())["results"]["leaked"]
    assert (told["read"], told["kept"], told["dropped"]) == (5, 4, {"contaminated": 1})


def test_a_dry_run_says_hours_and_trains_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_gate(plan_for(folder, ["good"]), output=folder / "run", dry_run=True) == []
    assert "6 of 11 steps to do: about 3.00 hours on 1 × H100" in capsys.readouterr().out
    assert not any(" train " in line for line in asked(folder))
