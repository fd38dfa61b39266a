"""`smolkalam plan` against what a build then really asks."""

import contextlib
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.estimates.command import run_plan
from tests.builders.engines.test_served import environment, write_recipe
from tests.conftest import Demo, tree
from tests.standins.standin_llm import running

SENTENCE = "water boils sooner in the mountains because pressure falls with height as every cook who lives there knows"
Run = Callable[..., Any]
Row = Callable[..., dict[str, Any]]
Write = Callable[..., Path]

RECIPE = """
name: small
source: {path: unused}
selection: {cuts: [{split: beta, into: beta_cut, rows: 60}]}
translators:
  - name: one
    backend: endpoint
    model: stand-in
    base_url: http://127.0.0.1:9
    chunking: {max_tokens: 60, window: 10}
    cost: {usd_per_million_input: 1.0, usd_per_million_output: 2.0, seconds_per_request: 0.5}
  - {name: free, backend: pseudo}
"""
FIGURES = ("requests", "source_tokens", "requests_to_send", "input_tokens", "output_tokens", "usd", "hours")


def plan(recipe: Path | str, **options: Any) -> dict[str, Any]:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
        run_plan(str(recipe), as_json=True, **options)
    return json.loads(out.getvalue())


def prose(generator: random.Random) -> str:
    """Sentences, most texts short and some very long, some with code that is not sent."""
    count = int(generator.lognormvariate(1.5, 0.8)) + 1
    text = " ".join(" ".join(generator.choices(SENTENCE.split(), k=12)).capitalize() + "." for _ in range(count))
    return f"{text}\n```\nprint({generator.random()})\n```\n" if generator.random() < 0.2 else text


@pytest.fixture
def source(row: Row, write_split: Write) -> Path:
    generator = random.Random(5)

    def conversation() -> dict[str, Any]:
        return row(
            ("system", "Answer in short sentences."), ("user", prose(generator)), ("assistant", prose(generator))
        )

    rows = [conversation() for _ in range(700)]
    for index in range(0, 700, 50):
        rows[index]["messages"][1]["content"] = "一 is Chinese."
    write_split("alpha", rows, shards=2, row_group_size=10)
    return write_split("beta", [conversation() for _ in range(300)], row_group_size=100)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE)
    return path


def test_intervals_hold_what_a_full_count_finds(source: Path, recipe: Path) -> None:
    """`alpha` is drawn in clusters, `beta` row by row, and cut."""
    recipe.write_text(RECIPE.replace("  - {name: free, backend: pseudo}\n", ""))
    options = {"source_path": str(source)}
    truth = plan(recipe, sample=10**6, **options)
    assert truth["rows_sampled"] == 1000 and truth["rows"] == {"value": 746.0, "low": 746.0, "high": 746.0}
    inside: dict[str, int] = dict.fromkeys(FIGURES, 0)
    seeds = 16
    for seed in range(seeds):
        found = plan(recipe, sample=160, settings=[f"seed={seed}"], **options)
        assert found["rows"]["low"] <= 746 <= found["rows"]["high"]
        for name in FIGURES:
            interval, true = found["translators"][0][name], truth["translators"][0][name]["value"]
            inside[name] += interval["low"] <= true <= interval["high"]
    assert all(count >= 0.85 * seeds for count in inside.values()), inside


def test_the_same_seed_gives_the_same_plan_and_nothing_is_written(
    source: Path, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = tree(tmp_path)
    one, other = (plan(recipe, source_path=str(source), sample=100) for _ in range(2))
    assert one == other and tree(tmp_path) == before
    assert one != plan(recipe, source_path=str(source), sample=100, settings=["seed=7"])


def test_all_beams_of_a_request_are_paid_for(source: Path, recipe: Path) -> None:
    beams = "translators.one.decoding={temperature: 0, extra: {use_beam_search: true, n: 4}}"
    one, four = (
        plan(recipe, source_path=str(source), sample=50, settings=settings)["translators"][0]
        for settings in ([], [beams])
    )
    assert four["output_tokens"]["value"] == pytest.approx(4 * one["output_tokens"]["value"], abs=4)
    assert four["input_tokens"] == one["input_tokens"] and four["requests_to_send"] == one["requests_to_send"]
    assert any("times 4, for the server counts all 4 answers" in note for note in four["assumptions"])


def test_a_plan_of_all_rows_is_what_the_build_asks_and_nothing_is_left_afterwards(
    smolkalam: Run, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with running() as server:
        recipe = write_recipe(tmp_path, server.url)
        before = plan(recipe, sample=10**6)
        build = ("build", recipe, "--output", run, "--workers", 1, "--stop-after", "translate")
        done = smolkalam(*build, env=environment())
        assert done.returncode == 0, done.stderr
        asked = server.stats()["asked"]
    planned = [one["requests_to_send"] for one in before["translators"]]
    assert all(one["low"] == one["value"] == one["high"] for one in planned)
    after = plan(recipe, sample=10**6, output=run)
    for one, other in zip(before["translators"], after["translators"], strict=True):
        # Its key is that of the stored answer: no request of the plan is one that the build did not make.
        assert other["requests_to_send"]["value"] == 0 == other["output_tokens"]["value"]
        assert other["saved_by_finished_work"]["value"] == other["requests"]["value"] == one["requests"]["value"]
    retries = 0
    for spec in ("Chat", "Seed"):
        for path in (run / "translate" / spec / "counts").glob("*.json"):
            extra = json.loads(path.read_text())["extra"]
            retries += extra["requests"] - extra["chunks_asked"]
    assert 0 <= sum(asked.values()) - sum(one["value"] for one in planned) <= retries


def test_what_is_answered_tells_lengths_and_retries(
    smolkalam: Run, source: Path, recipe: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with running("--fault", "length=0.1") as server:
        settings = [f"translators.one.base_url={server.url}", "source.keep=[beta]"]
        arguments = [part for setting in settings for part in ("--set", setting)]
        build = ("build", recipe, "--input", source, "--output", run, "--workers", 1, "--stop-after", "translate")
        done = smolkalam(*build, *arguments)
        assert done.returncode == 0, done.stderr
    found = plan(recipe, source_path=str(source), output=run, sample=300)["translators"][0]
    notes = " ".join(found["assumptions"])
    assert "measured in those answers" in notes and "more requests by the retry ladder, measured" in notes
    assert "requests a second a process" in notes and found["hours"]["value"] > 0
    # 60 of the 746 rows are done, and only 60 of beta's 300 were: the cut's own choice is not looked up.
    assert 0 < found["saved_by_finished_work"]["value"] < found["requests"]["value"]
    # The stand-in counts words, of which there are about as many in the translation as in the source.
    ratio = found["output_tokens"]["value"] / found["input_tokens"]["value"]
    assert 0.5 < ratio < 1.5


def test_of_all_rows_a_cut_takes_those_that_the_build_takes(demo: Demo) -> None:
    found = plan("demo", sample=10**6)
    counts = [json.loads(path.read_text()) for path in (demo.run / "translate" / "draft" / "counts").iterdir()]
    assert found["rows"]["value"] == sum(one["read"] for one in counts)
    failed = sum(sum(one["dropped"].values()) for one in counts)
    assert found["translators"][1]["rows_not_in_memory"]["value"] == failed > 0
    asked = sum(one["rows"] for one in found["splits"])
    assert asked == found["rows"]["value"]


def test_a_memory_saves_what_it_holds(row: Row, write_split: Write, tmp_path: Path) -> None:
    source = write_split("alpha", [row(("user", f"Hello {i % 2}."), ("assistant", f"Number {i}.")) for i in range(40)])
    (tmp_path / "m.jsonl").write_text('{"source": "Hello 0.", "target": "مرحبا 0."}')
    recipe = tmp_path / "small.yaml"
    recipe.write_text(
        "name: small\nsource: {path: unused}\ntranslators:\n"
        "  - {name: one, backend: endpoint, model: m, base_url: 'http://127.0.0.1:9', memory: [m.jsonl]}\n"
        "  - {name: two, backend: memory, memory: [m.jsonl]}\n"
    )
    one, two = plan(recipe, source_path=str(source))["translators"]
    assert {name: one[name]["value"] for name in ("requests", "saved_by_memory", "saved_by_duplicates")} == {
        "requests": 80,
        "saved_by_memory": 20,
        "saved_by_duplicates": 19,
    }
    assert one["requests_to_send"]["value"] == 41 and "usd" not in one
    assert two["rows_not_in_memory"]["value"] == 40 and "requests_to_send" not in two


def test_text_and_mistakes(smolkalam: Run, source: Path, recipe: Path, tmp_path: Path) -> None:
    done = smolkalam("plan", recipe, "--input", source, "--sample", 50)
    assert done.returncode == 0, done.stderr
    assert "row groups" in done.stderr and "row groups" not in done.stdout
    for words in ("one (stand-in)", "free (pseudo, costs nothing)", "dollars", "requests to send", "tokens of prompt"):
        assert words in done.stdout
    done = smolkalam("plan", recipe, "--input", source, "--output", tmp_path / "nothing")
    assert done.returncode == 2 and "there is no such run folder" in done.stderr and not done.stdout
    done = smolkalam("plan", recipe, "--input", tmp_path / "nowhere", "--format", "json")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and not done.stdout


def test_rows_that_fall_out_are_told_with_their_reason_before_money_is_spent(
    tmp_path: Path, row: Any, write_split: Any, smolkalam: Any
) -> None:
    source = write_split("alpha", [row(("user", "no answer")), row(("user", "你好"), ("assistant", "a"))])
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(f"name: mine\nsource: {{path: {source}}}\ntranslators: [{{name: one, backend: pseudo}}]\n")
    done = smolkalam("plan", recipe)
    assert done.returncode == 0, done.stderr
    assert "left out, of the sample: no_assistant_message 1; the first is alpha/0000000" in done.stdout
    assert "No row is left to translate" in done.stdout and "requests" not in done.stdout
