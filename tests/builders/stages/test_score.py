"""A build whose candidates further models score: columns, answers kept, bytes, and what is told of a useless one."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from datatrove.data import Document
from rich.console import Console

from builders.build import run_build
from builders.recipes.load import load_recipe
from builders.reports.status import Watch
from builders.reports.status_text import render
from builders.scorers import SCORERS
from builders.scorers.base import AskedPassage, Place
from builders.scorers.probe import ROWS
from builders.stages.score import ScoreCandidates, Unfinished
from hub.card.write import write_card
from processors.answers.reader import AnswerReader
from processors.errors import EngineError, RecipeError
from processors.languages.language import Language
from tests.conftest import tree
from tests.standins.fake_comet import write_environment, write_model
from tests.standins.processes import ROOT, kill_when, start_command, wait_for
from tests.standins.standin_llm import Running, running

JUDGE = ("--judge", "honest", "--model", "judge0")


def settings(server: Running, **more: Any) -> list[str]:
    cost = {"usd_per_million_input": 1.0, "usd_per_million_output": 4.0}
    spec = {"model": "judge0", "base_url": f"{server.url}/v1", "cost": cost, **more}
    return [f"ranking.scorers.judge_score={json.dumps(spec)}"]


def scores(run: Path, column: str = "judge_score") -> dict[tuple[str, str], float | None]:
    found = {}
    for path in (run / "score" / column).glob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            found |= {(row["id"], one["translator"]): one["score"] for one in row["scores"]}
    return found


def test_a_judge_s_marks_are_a_column_paid_for_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with running(*JUDGE) as server:
        build = [*settings(server), "ranking.order_by=judge_score", "ranking.min_judge_score=20"]
        run_build("demo", output=tmp_path / "one", settings=build, finish=write_card)
        said = " ".join(capfd.readouterr().err.split())
        assert re.search(r"judge_score, judge judge: at most about [\d,]+ requests, .* out, \$0\.", said)
        asked = server.stats()["answered"]
        assert max(asked.values()) == 1
        found = scores(tmp_path / "one")
        assert len(found) > 150 and all(value is not None and 0 <= value <= 100 for value in found.values())
        before = tree(tmp_path / "one" / "dataset")
        run_build("demo", output=tmp_path / "two", settings=build, tasks=3, workers=2, finish=write_card)
        assert tree(tmp_path / "two" / "dataset") == before
        status = Watch(tmp_path / "one").look()
        (told,) = status["opinions"]
        assert told["name"] == "judge_score" and told["answered"] == len(asked) and told["tokens"]["input"]
        assert status["usd"] == told["usd"] == pytest.approx(told["tokens"]["input"] / 1e6, rel=1) and told["usd"] > 0
    # With other settings of the ranking nothing is asked again: there is nobody to ask.
    again = [*build[:1], "ranking.order_by=quality"]
    run_build("demo", output=tmp_path / "one", settings=again, finish=write_card)
    card = (tmp_path / "one" / "dataset" / "README.md").read_text()
    words = " ".join(card.split())
    assert "`judge_score`: marks from 0 to 100 of `judge0` for passages of about 400 tokens." in words
    assert re.search(r"`judge_score` gave \d of 8 rows' own translations more than another row's\.", words)
    assert "- name: judge_score\n" in card and "http://127" not in card
    for config in ("parallel", "SFT_draft_ranked"):
        for path in (tmp_path / "one" / "dataset" / config).glob("*.parquet"):
            for row in pq.read_table(path).to_pylist():
                of = {one["translator"]: one["judge_score"] for one in row["candidates"]}
                assert all(value == found.get((row["id"], name)) for name, value in of.items())
                assert config == "parallel" or row["judge_score"] == of[row["translator"]]


def test_labels_tell_what_a_scorer_is_worth_and_who_falls_behind_is_noted(tmp_path: Path, demo: Any) -> None:
    reference = ROOT / "builders/sample/memory/reference.tmx"
    labels = f"ranking.calibration={{by: references, path: {reference}, rows: 40}}"
    with running(*JUDGE) as server:
        run_build("demo", output=tmp_path / "plain", settings=settings(server), stop_after="rank", finish=write_card)
        run_build("demo", output=tmp_path / "run", settings=[*settings(server), labels], finish=write_card)
    worth, doubt = json.loads((tmp_path / "run/ranker/calibration.json").read_text())["scorers"]["judge_score"]
    card = " ".join((tmp_path / "run/dataset/README.md").read_text().split())
    assert doubt > 0 and f"by judge_score {worth:.1f} ± {doubt:.1f}" in card
    # Without labels it is worth nothing, but who falls behind is noted.
    before, plain, labelled = (ranked(folder) for folder in (demo.run, tmp_path / "plain", tmp_path / "run"))
    assert {k: one["quality"] for k, one in plain.items()} == {k: one["quality"] for k, one in before.items()}
    assert {k: one["quality"] for k, one in labelled.items()} != {k: one["quality"] for k, one in before.items()}
    said = [check for one in plain.values() for check in one["checks"] if check["check"] == "scorer_behind"]
    assert said and all(re.fullmatch(BEHIND, check["detail"]) and not check["hard"] for check in said), said
    assert len(said) < len(plain) / 5 and "scorer_behind" not in str(before)


BEHIND = r"judge_score [\d.]+, the others' [\d.]+: [\d.]+ usual differences behind"


def ranked(run: Path) -> dict[tuple[str, str], dict[str, Any]]:
    rows = [row for path in (run / "rank").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    return {(row["id"], one["translator"]): one for row in rows for one in row["candidates"]}


def test_killed_while_it_scores_it_asks_nothing_twice(tmp_path: Path) -> None:
    with running(*JUDGE) as server:
        run_build("demo", output=tmp_path / "whole", settings=settings(server), finish=write_card)
        whole = server.stats()["answered"]
    with running(*JUDGE) as server:
        server.control(answers=40)
        command = ("build", "demo", "--output", tmp_path / "run", "--yes", "--workers", "1", "--tasks", "1")
        killed = start_command(*command, "--set", *settings(server), cwd=tmp_path)
        assert kill_when(killed, lambda: stored(tmp_path / "run") == 40)
        before = server.stats()["answered"]
    with running(*JUDGE) as server:
        run_build("demo", output=tmp_path / "run", settings=settings(server), finish=write_card)
        after = server.stats()["asked"]
    assert sum(before.values()) == 40 and not before.keys() & after.keys()
    assert before | after == whole
    assert tree(tmp_path / "run" / "dataset") == tree(tmp_path / "whole" / "dataset")


@pytest.mark.slow
def test_a_judge_that_dies_at_work_is_told_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    with running(*JUDGE) as server:
        server.control(answers=40)
        command = ("build", "demo", "--output", tmp_path / "run", "--yes", "--workers", "1", "--tasks", "1")
        build = start_command(*command, "--set", *settings(server), cwd=tmp_path)
        wait_for(lambda: stored(tmp_path / "run") == 40, "40 answers")
        before = server.stats()["answered"]
    # Its server is gone.
    watch, snapshot = Watch(tmp_path / "run"), dict[str, Any]()

    def told() -> bool:
        snapshot.update(watch.look())
        return any(stage.get("troubles") for stage in snapshot["stages"])

    assert kill_when(build, told, every_s=0.2)
    (stage,) = (one for one in snapshot["stages"] if one["stage"] == "score/judge_score")
    assert stage["troubles"][0]["where"] in server.url and not stage["troubles"][0]["left_aside"]
    page = StringIO()
    Console(file=page, width=400).print(render(snapshot))
    said = f"score/judge_score: paused: {stage['troubles'][0]['where']}: "
    (line,) = (one for one in page.getvalue().splitlines() if one.startswith(said))
    assert "for " in line and re.search(r"; \d+ rows without its scores", line)
    with running(*JUDGE) as server:
        run_build("demo", output=tmp_path / "run", settings=settings(server), finish=write_card)
        assert not before.keys() & server.stats()["asked"].keys()


class _DyingKind:
    """A scorer whose server gives three scores and no more."""

    @contextmanager
    def open(self, *of: Any) -> Iterator[Any]:
        yield self

    def cut(self, items: list[Any]) -> list[list[AskedPassage]]:
        return [[AskedPassage(place, 1)] for place, _ in enumerate(items)]

    def say(self, passages: Any, known: Any, keep: Any) -> None:
        keep([0, 1, 2], [1.0, 2.0, 3.0])
        raise EngineError("127.0.0.1:1: its server has ended")


def test_the_line_that_ends_a_build_names_the_scorer_and_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCORERS, "judge_score", _DyingKind())  # type: ignore[arg-type]
    said = [{"role": "user", "content": "Good."}]
    documents = [
        Document(
            "",
            f"a/{n}",
            metadata={
                "unit": "a-0",
                "messages": said,
                "chat_template_kwargs": None,
                "candidates": {name: {"messages": said, "custom_instructions": ""} for name in ("One", "Two")},
            },
        )
        for n in range(4)
    ]
    unfinished, place = Unfinished(tmp_path / "partial", "mark"), Place(tmp_path, tmp_path)
    step = ScoreCandidates("judge_score", None, Language(), place, unfinished, tmp_path)
    with pytest.raises(EngineError) as ended:
        list(step.run(documents))
    assert str(ended.value) == (
        "score/judge_score: 127.0.0.1:1: its server has ended; of a-0 5 of 8 passages have no score yet, and what "
        "came is kept. To build without this scorer, leave ranking.scorers.judge_score out"
    )
    assert list((tmp_path / "partial").iterdir())


def stored(run: Path, column: str = "judge_score") -> int:
    with AnswerReader(run / "answers" / "score" / column) as answers:
        return answers.totals()[0]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("prose", r"no score for a first short text \(.*no JSON object.*nothing is translated yet"),
        ("tie", "80 for each of the first 16 texts"),
    ],
)
def test_a_useless_judge_is_told_before_the_bill(tmp_path: Path, mode: str, words: str) -> None:
    with running("--judge", mode, "--model", "judge0") as server:
        with pytest.raises(EngineError, match=f"^judge_score: {words}"):
            build = settings(server, attempts=1)
            run_build("demo", output=tmp_path / "run", settings=build, finish=lambda _: None)
        assert sum(server.stats()["answered"].values()) <= (1 if mode == "prose" else 3 * ROWS)
        # What is of no use at all is known before anything is translated.
        assert (tmp_path / "run" / "translate").exists() == (mode == "tie")


def test_a_judge_that_says_what_chance_says_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with running("--judge", "random", "--model", "judge0") as server:
        run_build("demo", output=tmp_path / "run", settings=settings(server), finish=write_card)
    assert "no more than chance does" in " ".join(capfd.readouterr().err.split())
    assert "no more than chance does" in " ".join((tmp_path / "run" / "dataset" / "README.md").read_text().split())


def test_cometkiwi_is_a_column_and_what_it_lacks_is_told_first(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], smolkalam: Callable[..., Any]
) -> None:
    spec = {"python": write_environment(tmp_path / "comet"), "model": write_model(tmp_path / "kiwi")}
    build = [f"ranking.scorers.cometkiwi={json.dumps(spec)}", "ranking.order_by=cometkiwi"]
    run_build("demo", output=tmp_path / "run", settings=build, finish=write_card)
    assert "cometkiwi: gave" in " ".join(capfd.readouterr().err.split())
    found = scores(tmp_path / "run", "cometkiwi")
    assert len(set(found.values())) > 50 and None not in found.values()
    assert "the quality that `" in (tmp_path / "run/dataset/README.md").read_text()
    lacking = json.dumps(spec | {"python": sys.executable})
    done = smolkalam("build", "demo", "--output", tmp_path / "none", "--set", f"ranking.scorers.cometkiwi={lacking}")
    assert done.returncode == 2 and "has no unbabel-comet; python -m venv" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "none" / "translate").exists()


def test_a_dead_server_ends_the_build_in_a_line(tmp_path: Path, smolkalam: Callable[..., Any]) -> None:
    spec = '{model: judge0, base_url: "http://127.0.0.1:9/v1", api_key_env: NO_SUCH_KEY}'
    done = smolkalam("build", "demo", "--output", tmp_path / "run", "--set", f"ranking.scorers.judge_score={spec}")
    assert done.returncode == 2 and "NO_SUCH_KEY" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
    assert not (tmp_path / "run" / "translate").exists()


def test_what_needs_a_scorer_says_so() -> None:
    for setting in ("ranking.order_by=judge_score", "ranking.min_judge_score=50"):
        with pytest.raises(
            RecipeError, match=r"judge_score.*, but there is no model that gives it; add ranking\.scor"
        ):
            load_recipe("demo", [setting])


def test_without_scorers_no_column_of_theirs_is_published(demo: Any) -> None:
    for path in (demo.run / "dataset").glob("*/*.parquet"):
        assert "judge_score" not in str(pq.read_schema(path))
    assert "judge_score" not in "".join(
        path.read_text() for path in (demo.run / "dataset" / "statistics").glob("*.json")
    )


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer that knows the demo's words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    sample = Path(__file__).parents[3] / "builders" / "sample" / "rows.jsonl"
    tokenizer = Tokenizer(models.WordLevel(unk_token="[unk]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(special_tokens=["[unk]"], show_progress=False)
    tokenizer.train_from_iterator(sample.read_text(encoding="utf-8").splitlines(), trainer)
    path = tmp_path_factory.mktemp("words") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def likelihood(server: Running, words: Path) -> list[str]:
    spec = {"model": "lm", "base_url": f"{server.url}/v1", "tokenizer": str(words), "passage_tokens": 200}
    return [f"ranking.scorers.likelihood={json.dumps(spec)}"]


def test_likelihood_of_a_served_model_is_asked_for_once(tmp_path: Path, words: Path) -> None:
    with running("--model", "lm") as server:
        run_build("demo", output=tmp_path / "whole", settings=likelihood(server, words), finish=write_card)
        whole = server.stats()["answered"]
        payload = server.stats()["payloads"][-1]
    assert payload["prompt_logprobs"] == 0 and payload["max_tokens"] == 1 and isinstance(payload["prompt"], list)
    found = scores(tmp_path / "whole", "likelihood")
    # The stand-in expects a word that it has read with -1, any other with -5; no text is of one kind alone.
    values = [value for value in found.values() if value is not None]
    assert len(found) > 150 and len(values) == len(found) and all(-5 <= value <= -1 for value in values)
    assert len(set(values)) > 100
    with running("--model", "lm") as server:
        server.control(answers=60)
        command = ("build", "demo", "--output", tmp_path / "run", "--yes", "--workers", "1", "--tasks", "1")
        killed = start_command(*command, "--set", *likelihood(server, words), cwd=tmp_path)
        assert kill_when(killed, lambda: stored(tmp_path / "run", "likelihood") == 60)
        before = server.stats()["answered"]
    with running("--model", "lm") as server:
        run_build("demo", output=tmp_path / "run", settings=likelihood(server, words), finish=write_card)
        after = server.stats()["asked"]
    assert not before.keys() & after.keys() and before | after == whole
    assert tree(tmp_path / "run" / "dataset") == tree(tmp_path / "whole" / "dataset")


def test_a_server_without_the_prompt_s_log_probabilities_is_refused_in_a_line(
    tmp_path: Path, words: Path, smolkalam: Callable[..., Any]
) -> None:
    with running("--model", "lm", "--no-prompt-logprobs") as server:
        done = smolkalam("build", "demo", "--output", tmp_path / "run", "--set", *likelihood(server, words))
        assert sum(server.stats()["asked"].values()) == 1
    assert not (tmp_path / "run" / "translate").exists()
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert "returns no log-probabilities of the prompt, as llama.cpp's server does" in " ".join(done.stderr.split())


def test_a_prompt_without_a_source_is_a_mistake() -> None:
    with pytest.raises(RecipeError, match=r"give \{source\} once"):
        load_recipe("demo", ["ranking.scorers.likelihood={model: lm, prompt: 'Arabic:'}"])
