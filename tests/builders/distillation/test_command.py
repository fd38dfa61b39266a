"""`smolkalam distil` on a stand-in teacher with planted faults, stand-in judges, and what can go wrong."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from builders.distillation import load_distillation, run_distillation
from builders.distillation.language import mistakes_in
from builders.distillation.recipe import RUBRICS, SHIPPED, load_norms
from hub.card.answered import write_distillation_card
from hub.rules.check import check_dataset
from processors.checks.arabic import Dictionary
from processors.errors import EngineError, InputError, RecipeError
from processors.verification import sandbox_missing
from tests.builders.distillation.planted import judge, kind_of, number_in, problems, teacher, writer
from tests.standins.processes import kill_when, start_command
from tests.standins.standin_hunspell import write_hunspell
from tests.standins.standin_models import ModelsServer, models

# By the fault that was planted, for which reasons a trace is left out.
REASONS = {
    "wrong_answer": {"no_right_trace"},
    "english": {"mistake_language", "all_thought_language"},
    "chinese": {"mistake_language"},
    "hamza": {"mistake_hamza"},
    "ta_marbuta": {"mistake_ta_marbuta"},
    "number_noun": {"mistake_number_noun"},
    "norm_kept": {"norm_currency"},
}


def server_of(**more: Any) -> Any:
    return models(**({"teacher": teacher, "judge1": judge, "judge2": judge, "judge3": judge} | more))


def write_recipe(folder: Path, server: ModelsServer, count: int, **more: Any) -> Path:
    lines = [json.dumps(row, ensure_ascii=False) for row in problems(count)]
    (folder / "problems.jsonl").write_text("\n".join(lines), encoding="utf-8")
    place = {"base_url": f"{server.url}/v1", "concurrency": 6}
    recipe = {
        "name": "small",
        "source": {"path": "problems.jsonl"},
        "problems": {"kind": "mathematics"},
        "teacher": {"name": "Teacher", "backend": "endpoint", "model": "teacher", **place},
        "linguistics": {"refuse": ["language", "hamza", "ta_marbuta", "number_noun"], "most": None},
        "norms": {"judges": [{"name": n, "model": n, **place} for n in ("judge1", "judge2", "judge3")]},
        **more,
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    return path


def distil(folder: Path, recipe: Path, to: str = "run", **more: Any) -> Path:
    run_distillation(str(recipe), folder / to, finish=write_distillation_card, **more)
    return folder / to / "dataset"


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def left_out(run: Path) -> dict[int, str]:
    """Why each problem was left out, by its number."""
    found = {}
    for stage in ("prompts", "completions", "verified", "linguistics", "norms"):
        for line in (run / stage / "left_out.jsonl").read_text().splitlines():
            row = json.loads(line)
            found[number_in(row["messages"][-1]["content"])] = row["reason"]
    return found


def figures(count: int, run: Path) -> dict[str, tuple[int, int]]:
    """Of each fault how many were planted and how many of these found; of `clean` how many were left out."""
    reasons = left_out(run)
    planted = Counter(kind_of(n) for n in range(count))
    found = Counter(kind_of(n) for n, why in reasons.items() if why in REASONS.get(kind_of(n), {why}))
    return {kind: (found[kind], number) for kind, number in planted.items()}


def test_two_hundred_problems_with_planted_faults(tmp_path: Path) -> None:
    with server_of() as server:
        dataset = distil(tmp_path, write_recipe(tmp_path, server, 200))
        asked = len(server.asked)
        before = files_of(dataset)
        distil(tmp_path, tmp_path / "recipe.yaml")
        assert len(server.asked) == asked and before == files_of(dataset)
    found = figures(200, tmp_path / "run")
    # What breaks a norm and is rewritten comes through; nothing that is clean is left out.
    assert found.pop("clean") == (0, 100) and found.pop("norm")[0] == 0
    # One of the four sentences with a wrong noun after its number is not found.
    assert found.pop("number_noun") == (9, 12)
    assert all(number == planted for number, planted in found.values()), found
    told = json.loads((tmp_path / "run" / "distillation.json").read_text())
    for of in told["stages"].values():
        assert of["counts"]["read"] == of["counts"].get("kept", 0) + sum(of["left_out"].values())
    assert told["norms"]["alpha"] == 1.0
    rows = pq.read_table(dataset / "Reasoning_Teacher").to_pylist()
    rewritten = [row for row in rows if row["rewritten"]]
    assert len(rewritten) == told["norms"]["rewritten"] == sum(kind_of(n) == "norm" for n in range(200))
    for row in rewritten:
        assert "ريال واحد" in row["messages"][-1]["content"] and row["norms"][0]["norm"] == "currency"
        assert row["norms"][0]["judges"] == ["judge1", "judge2", "judge3"] and row["norms"][0]["reason"]
    one = rows[0]
    assert one["messages"][-1]["content"].startswith("<think>\n") and one["chat_template_kwargs"]["enable_thinking"]
    assert (one["answer"], one["kind"], one["teacher"], one["region"]) == ("18", "mathematics", "Teacher", "gulf")
    assert {row["region"] for row in rows} == {"gulf", "egypt", "general"}
    assert {finding.severity for finding in check_dataset(dataset)} == {"warning"}
    card = (dataset / "README.md").read_text()
    assert "no_right_trace" in card and "alpha" in card and str(tmp_path) not in card and server.url not in card


@pytest.mark.parametrize("stage", ["norms", pytest.param("completions", marks=pytest.mark.slow)])
def test_killed_in_a_phase_it_ends_with_the_same_bytes(stage: str, tmp_path: Path) -> None:
    with server_of() as server:
        recipe = write_recipe(tmp_path, server, 32)
        whole = distil(tmp_path, recipe)
        once = len(server.asked)
        until = once + (12 if stage == "completions" else 32 + 20)
        server.hold(until)
        process = start_command("distil", recipe, "-o", tmp_path / "killed")
        assert kill_when(process, lambda: len(server.asked) > until)
        server.go_on()
        assert not (tmp_path / "killed" / stage / "stage.json").exists()
        server.asked.clear()
        killed = distil(tmp_path, recipe, "killed")
        # What was under way, of twelve problems with three judges at most, is asked again, and no more.
        assert len(server.asked) <= once - (until - once) + 36
    assert files_of(whole) == files_of(killed)


def test_a_phase_that_was_cut_off_is_done_again_with_the_same_bytes(tmp_path: Path) -> None:
    """As a kill leaves it between any two writes: without its record, the phase and what follows are made anew."""
    with server_of() as server:
        whole = files_of(distil(tmp_path, write_recipe(tmp_path, server, 16)))
        asked = len(server.asked)
        for stage in ("prompts", "completions", "verified", "linguistics", "norms"):
            (tmp_path / "run" / stage / "stage.json").unlink()
            (tmp_path / "run" / stage / "kept.jsonl").write_text('{"broken', encoding="utf-8")
            assert files_of(distil(tmp_path, tmp_path / "recipe.yaml")) == whole
        assert len(server.asked) == asked


def test_several_traces_the_share_that_is_right_and_the_cleanest_is_kept(tmp_path: Path) -> None:
    def says(body: dict[str, Any]) -> str:
        """Wrong with the first seed, with a mistake with the second, clean with the third."""
        text, turn = teacher({"messages": [{"content": "المسألة 0"}]}), body["seed"] - 42
        number = number_in(body["messages"][-1]["content"])
        right = f"الجواب هو {number + 7 + number % 9 + 11}"
        text = text.replace("الجواب هو 18", right if turn or number == 3 else "الجواب هو 1")
        return text.replace("نقرأ", "الى أن نقرأ") if turn == 1 else text

    with server_of(teacher=says) as server:
        recipe = write_recipe(
            tmp_path, server, 6, answering={"samples": 3}, problems={"kind": "mathematics", "most_solved": 0.9}
        )
        dataset = distil(tmp_path, recipe, settings=["linguistics.refuse=[language]"])
    rows = pq.read_table(dataset / "Reasoning_Teacher").to_pylist()
    assert [row["solved"] for row in rows] == [0.6667] * 5 and {row["sample"] for row in rows} == {2}
    assert left_out(tmp_path / "run") == {3: "too_easy_for_teacher"}


def test_judges_mark_the_arabic_that_no_rule_can_tell(tmp_path: Path) -> None:
    def says(body: dict[str, Any]) -> str:
        """The second trace of a problem has a mistake that is no reason to leave it out."""
        text = teacher(body)
        return text if body["seed"] == 42 else text.replace("وهكذا يكون", "وهكذا، يكون الان")

    with server_of(teacher=says, writer1=writer, writer2=writer) as server:
        place = {"base_url": f"{server.url}/v1", "concurrency": 6}
        judges = [{"name": n, "model": n, **place} for n in ("writer1", "writer2")]
        more = {"writing": {"judges": judges}, "answering": {"samples": 2}}
        recipe = write_recipe(tmp_path, server, 16, **more)
        dataset = distil(tmp_path, recipe, settings=["linguistics.refuse=[language]"])
        # One question to try each; of good traces the cleanest alone, of bad ones both; once more what was rewritten.
        told = json.loads((tmp_path / "run" / "distillation.json").read_text())
        rewritten = told["norms"]["rewritten"]
        assert len(server.asked_of("writer1")) == 1 + told["writing"]["judged"] + rewritten
        asked = len(server.asked)
        assert files_of(dataset) == files_of(distil(tmp_path, recipe, settings=["linguistics.refuse=[language]"]))
        assert len(server.asked) == asked
    assert told["stages"]["writing"]["left_out"] == {"badly_written": 4}
    assert told["writing"]["alpha"]["mean"] == 1.0 and set(told["writing"]["alpha"]) >= {"agreement", "case", "idiom"}
    rows = pq.read_table(dataset / "Reasoning_Teacher").to_pylist()
    assert rewritten and {row["mark"] for row in rows} == {4.0}
    assert rows[0]["marks"][1] == {"judge": "writer2", "mark": 4.0, "reason": "none"}
    card = (dataset / "README.md").read_text()
    assert "badly_written" in card and "| `idiom` |" in card and "## The Arabic, by judges" in card
    assert {finding.severity for finding in check_dataset(dataset)} == {"warning"}


def test_choices_and_code_and_what_cannot_be_verified(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"question": "ما عاصمة مصر؟", "kind": "choice", "choices": ["دمشق", "القاهرة"], "answer": 1},
        {"question": "ما عاصمة العراق؟", "kind": "choice", "choices": ["دمشق", "بغداد"], "answer": "Z"},
        {"question": "اكتب دالة تضاعف العدد.", "kind": "code", "tests": ["assert double(2) == 4"]},
        {"question": "كيف الحال؟", "kind": "talk"},
    ]
    code = "<think>\nنضاعف العدد.\n</think>\n\n```python\ndef double(x):\n    return 2 * x\n```"

    def says(body: dict[str, Any]) -> str:
        asked = body["messages"][-1]["content"]
        if "دالة" in asked:
            return code
        assert "ب) القاهرة" in asked
        return "<think>\nالقاهرة عاصمة مصر.\n</think>\n\nالجواب هو ب"

    with server_of(teacher=says) as server:
        recipe = write_recipe(tmp_path, server, 1, problems={}, norms=None)
        (tmp_path / "problems.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        dataset = distil(tmp_path, recipe)
        told = json.loads((tmp_path / "run" / "distillation.json").read_text())["stages"]["prompts"]["left_out"]
        assert told == {"code_not_run": 1, "no_kind": 1, "unverifiable": 1}
        (one,) = pq.read_table(dataset / "Reasoning_Teacher").to_pylist()
        assert one["messages"][0]["content"].endswith("أ) دمشق\nب) القاهرة") and one["answer"] == "B"
        if sandbox_missing():
            with pytest.raises(InputError, match=r"code\.run: no program is run on this machine"):
                distil(tmp_path, recipe, settings=["code.run=true"])
        else:
            dataset = distil(tmp_path, recipe, settings=["code.run=true"])
            rows = pq.read_table(dataset / "Reasoning_Teacher").to_pylist()
            assert [row["kind"] for row in rows] == ["choice", "code"]


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (lambda body: "عذرًا، لا يمكنني المساعدة في هذا الطلب.", "refusal"),
        (lambda body: f"الجواب هو {len(body['messages'][-1]['content'])} بلا تفكير.", "no_thought"),
        (lambda body: "<think>\nLet us add the two numbers together.\n</think>\n\nالجواب هو 3", "thought_language"),
    ],
)
def test_a_teacher_that_cannot_is_known_early(says: Any, why: str, tmp_path: Path) -> None:
    with server_of(teacher=says) as server:
        recipe = write_recipe(tmp_path, server, 300)
        with pytest.raises(EngineError, match=rf"Teacher .*of its first \d+ prompts got no usable answer.*{why}"):
            distil(tmp_path, recipe)
        assert len(server.asked) < 60 and len(server.asked_of("judge1")) == 1


BAD = json.dumps({"broken": [{"norm": "law", "quote": "", "reason": "always"}]})


@pytest.mark.parametrize(
    ("changes", "told", "asked"),
    [
        (
            {"teacher": lambda body: teacher(body).replace("الجواب هو ", "الجواب هو 7")},
            r"none of the 16 prompts .*verified: no_right_trace \(1\d\); sample: '<think>.*verified has them",
            16,
        ),
        (
            {"teacher": lambda body: teacher(body).replace("نجمع العددين", "قال احمد ان نجمع الاعداد")},
            r"none of the 16 .*linguistics: mistake_hamza \(1\d\)",
            16,
        ),
        (dict.fromkeys(("judge1", "judge2"), lambda body: BAD), r"norms: norm_law \(1\d\).*give_up: false", 32),
        ({"judge3": lambda body: "I like it."}, "judge 'judge3': its answer to a question to try it.*no JSON", 0),
    ],
)
def test_what_lets_nothing_through_is_known_early(changes: Any, told: str, asked: int, tmp_path: Path) -> None:
    with server_of(**changes) as server:
        recipe = write_recipe(tmp_path, server, 300)
        with pytest.raises(EngineError, match=told):
            distil(tmp_path, recipe)
        # The teacher's rewrites are among its requests.
        assert len(server.asked_of("teacher")) <= asked


def test_thoughts_beside_the_answer_are_taken(tmp_path: Path) -> None:
    def says(body: dict[str, Any]) -> dict[str, Any]:
        thought, _, answer = teacher(body).partition("</think>")
        return {"content": answer.strip(), "reasoning_content": thought.replace("<think>", "").strip()}

    with server_of(teacher=says) as server:
        dataset = distil(tmp_path, write_recipe(tmp_path, server, 4, norms=None))
    rows = pq.read_table(dataset / "Reasoning_Teacher").to_pylist()
    assert rows and all(row["messages"][-1]["content"].startswith("<think>\n") for row in rows)


def test_recipes_are_strict_and_the_shipped_ones_load(tmp_path: Path) -> None:
    for path in SHIPPED.glob("*.yaml"):
        shipped, _ = load_distillation(path.stem)
        assert shipped.norms and shipped.config == f"Reasoning_{shipped.teacher.name}"
    rubric = load_norms(str(RUBRICS / "norms.yaml"))
    wanted = {"religion", "family", "law", "address", "units", "currency", "calendar", "names", "dialect"}
    for region in ("general", "gulf", "levant", "egypt", "maghreb"):
        assert set(rubric.of(region).names) == wanted
    with server_of() as server:
        recipe = write_recipe(tmp_path, server, 1)
        for setting, said in (
            ("problems.kind=code", "code.run: programs are verified by running them"),
            ("linguistics.refuse=[typo]", "refuse: no kind of mistake 'typo'"),
            ("norms.region=atlantis", "norms.region: 'atlantis' is none of the rubric's"),
            ("norms.rubric=mine", "norms.rubric: mine: no such file, and none of norms"),
            ("writing={judges: [], rubric: x}", "writing.judges"),
            (
                "writing={judges: [{name: a, model: a, base_url: 'http://x'}], rubric: mine}",
                "writing.rubric: mine: no",
            ),
            ("teacher.backend=tgi", "prompt|answers no chats"),
        ):
            with pytest.raises(RecipeError, match=said):
                load_distillation(str(recipe), [setting])


def test_typing_errors_are_looked_for_in_a_dictionary_of_the_user_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "الجواب النهائي هو المطلوب المسألة العددين نجمع لنصل إلى"
    (tmp_path / "mine.aff").write_text("SET UTF-8\n", encoding="utf-8")
    (tmp_path / "mine.dic").write_text("\n".join(words.split()), encoding="utf-8")
    monkeypatch.setenv("PATH", str(write_hunspell(tmp_path / "bin")), prepend=os.pathsep)
    text = "<think>\nنجمع العددين لنصل إلى المطوب.\n</think>\nالجواب هو 5"
    [found] = [one for one in mistakes_in(text, Dictionary(tmp_path / "mine")) if one["kind"] == "spelling"]
    assert (found["where"], found["found"], found["expected"]) == ("thought", "المطوب", "المطلوب")
    with server_of() as server:
        settings = ["linguistics.dictionary=none"]
        with pytest.raises(RecipeError, match=r"recipe.yaml: linguistics.dictionary .*none.*hunspell dictionary"):
            load_distillation(str(write_recipe(tmp_path, server, 4)), settings)
        recipe, _ = load_distillation(str(tmp_path / "recipe.yaml"), ["linguistics.dictionary=mine"])
    assert recipe.linguistics.dictionary == str(tmp_path / "mine")


def test_the_stage_that_left_all_out_is_named(tmp_path: Path) -> None:
    said = "<think>\nنحسب المسألة خطوة خطوة ثم نجمع العددين فنحصل على الناتج.\n</think>\n\nالجواب هو 987654321."
    with (
        server_of(teacher=lambda body: said) as server,
        pytest.raises(InputError, match=r"no trace came through; .*verified says why"),
    ):
        distil(tmp_path, write_recipe(tmp_path, server, 6))
