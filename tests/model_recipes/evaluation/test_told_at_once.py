"""What cannot work is told in one line before a model is asked for hours, as what it is."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from model_recipes.evaluation import run
from model_recipes.evaluation.asked.models import Model
from model_recipes.evaluation.benchmarks.hub import commit_of
from model_recipes.evaluation.benchmarks.suites import chosen
from model_recipes.evaluation.benchmarks.tasks import documents
from model_recipes.evaluation.command import run_evaluate
from model_recipes.evaluation.parts import FAILED
from model_recipes.evaluation.report.table import made, text
from model_recipes.evaluation.run import Runner
from model_recipes.evaluation.scoring.evaluation import Evaluation
from processors.errors import EngineError, InputError
from tests.standins.known_model import known_model
from tests.standins.processes import command_line
from tests.standins.speaking import Speaking
from tests.standins.standin_hub import Hub
from tests.standins.tiny_model import write_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def exam(n: int, answer: Any = "A") -> dict[str, Any]:
    return {"subject": "x", "question": f"item {n}", "A": "1", "B": "2", "C": "3", "D": "4", "answer": answer}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no model there"),
        ({"config.json": "{}"}, r"no weights there \(no model.safetensors\)"),
        ({"config.json": "{}", "training_args.bin": ""}, "no weights there"),
        (
            {"config.json": "{}", "model-00001-of-00002.safetensors": "", "model-00002-of-00002.safetensors": ""},
            r"in shards \(model-00001-of-00002.safetensors\), and model.safetensors.index.json is missing",
        ),
        (
            {"config.json": "{}", "model-00001-of-00002.safetensors": "", "model.safetensors.index.json":
             '{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}'},
            "names model-00002-of-00002.safetensors, which is missing",
        ),
        (
            {"config.json": "{}", "model-00001-of-00001.safetensors": "", "model.safetensors.index.json": "{"},
            r"model.safetensors.index.json: cannot be read",
        ),
    ],
)  # fmt: skip
def test_weights_that_are_missing_are_told_before_any_row_is_read(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=said):
        Model(str(tmp_path)).identity()


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "adapter_model.safetensors"])
def test_weights_that_are_there_are_a_model(tmp_path: Path, name: str) -> None:
    (tmp_path / ("adapter_config.json" if "adapter" in name else "config.json")).write_text("{}")
    (tmp_path / name).write_text("")
    assert Model(str(tmp_path)).identity()


def test_a_chat_template_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer_config.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "model.safetensors").write_text("")
    model = Model(str(tmp_path), chat=True)
    with pytest.raises(InputError, match=r"--chat asks in the model's chat template, and its tokenizer has none"):
        model.identity()
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}')
    assert model.identity() == Model(str(tmp_path)).identity()
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(InputError, match=r"tokenizer_config\.json: cannot be read"):
        model.identity()


@pytest.mark.parametrize("missing", ["model", "baseline"])
def test_a_model_that_is_missing_is_told_before_the_other_is_asked(
    tmp_path: Path, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_recipes.evaluation.command.look_for_libraries", lambda engine: None)
    monkeypatch.setattr(Runner, "run", lambda *given: pytest.fail("was asked"))
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_text("")
    there, gone = str(tmp_path), str(tmp_path / "gone")
    with pytest.raises(InputError, match=r"gone: no such folder, and not the id of a model"):
        run_evaluate(
            Model(gone if missing == "model" else there), ["exams"], output=tmp_path / "out",
            baseline=gone if missing == "baseline" else there,
        )  # fmt: skip


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_where_the_hub_is_not_reached_its_cache_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: Any
) -> None:
    def unreachable(*given: Any, **more: Any) -> None:
        raise ConnectionError("no route")

    offline: list[bool] = []
    monkeypatch.setattr("huggingface_hub.HfApi.repo_info", unreachable)
    monkeypatch.setattr("model_recipes.evaluation.benchmarks.hub.stay_offline", lambda: offline.append(True))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError, match=rf"user/{kind}: the Hub does not give it \(no route\); give it"):
        commit_of(kind, f"user/{kind}", None, "give it")
    folder = tmp_path / f"{kind}s--user--{kind}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(COMMIT)
    with pytest.raises(InputError):
        commit_of(kind, f"user/{kind}", None, "give it")
    (folder / "snapshots" / COMMIT).mkdir(parents=True)
    assert commit_of(kind, f"user/{kind}", None, "") == COMMIT == commit_of(kind, f"user/{kind}", COMMIT, "")
    assert capsys.readouterr().err == f"user/{kind}: the Hub is not reached; of its cache is taken 0123456789ab\n"
    assert offline
    with pytest.raises(InputError):
        commit_of(kind, f"user/{kind}", "v1.0", "")
    # What was asked for by its commit has no name in the cache.
    (folder / "refs" / "main").unlink()
    assert commit_of(kind, f"user/{kind}", None, "") == COMMIT


def test_a_row_without_an_answer_has_none() -> None:
    with pytest.raises(ValueError, match="the answer '' is none of A, B, C, D, E"):
        documents.latin_answer({"answer": ""})


def test_the_table_says_what_is_wrong_with_rows() -> None:
    found = Evaluation(warnings={"exams": ["2 of 20 rows have no answer"]}, left_out={"exams": "nothing"})
    assert "- EXAMS: 2 of 20 rows have no answer; nothing" in text(made("M", chosen(["exams"]), found))


def runner_of(folder: Path, model: Any) -> Runner:
    pytest.importorskip("lm_eval")
    runner = Runner(Model("m", "api", base_url="http://127.0.0.1:9/v1"), folder / "out", folder / "data")
    runner.model, runner._lm = Model("m"), model
    return runner


@pytest.mark.train
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda n: "", r"exams.jsonl: not the rows that this task asks \(ValueError: the answer '' is none of A, B"),
        (lambda n: "" if n else "A", r"row 2: not the rows that this task asks \(ValueError: the answer '' is none"),
        (lambda n: "F" if n else "A", r"row 2: not the rows that this task asks \(ValueError: the answer 'F' is none"),
        (lambda n: None, r"the answer None is none of A, B"),
    ],
)
def test_labels_that_are_missing_are_told_before_a_model_is_asked(
    tmp_path: Path, answer: Callable[[int], Any], said: str
) -> None:
    write(tmp_path / "data" / "exams.jsonl", [exam(n, answer(n)) for n in range(2)])
    model = pytest.importorskip("lm_eval") and known_model(lambda *given: pytest.fail("was asked"))
    with pytest.raises(InputError, match=said):
        runner_of(tmp_path, model).run(chosen(["exams"]))


@pytest.mark.train
def test_labels_out_of_the_options_are_wrong_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places, as MMLU-HT has them: lm-eval counts an item that can be answered by nothing as wrong."""
    pytest.importorskip("lm_eval")
    every = run.leaves
    monkeypatch.setattr(run, "leaves", lambda manager, name: every(manager, name)[:1])
    path, ht = tmp_path / "data" / "mmlu_ht" / "abstract_algebra.jsonl", chosen(["mmlu_ht"])
    rows = [{"question": f"item {n}", "choices": ["a", "b"], "answer": 0} for n in range(4)]
    write(path, [*rows[:1], {**rows[1], "answer": 2}, *rows[2:]])
    found = runner_of(tmp_path, known_model(lambda item, prompt, option: -float(option))).run(ht)
    assert [item.reached[0] for item in found.items["mmlu_ht"]] == [1, 0, 1, 1]
    assert (
        "1 of 4 rows have no answer among their options (row 2: 2); counted as wrong" in found.warnings["mmlu_ht"][0]
    )
    write(path, [{**row, "answer": -1} for row in rows])
    with pytest.raises(
        InputError, match=r"4 of 4 rows have no answer among .*\(row 1: '-1'\); give rows with answers by"
    ):
        runner_of(tmp_path, None).run(ht)


@pytest.mark.train
def test_other_rows_in_the_same_folder_are_asked_anew(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    path, exams = tmp_path / "data" / "exams.jsonl", chosen(["exams"])
    first = known_model(lambda item, prompt, option: -float(ord(option[0])))
    for answer, asked in (("A", 5), ("A", 0), ("B", 5), ("A", 5)):
        write(path, [exam(n, answer) for n in range(5)])
        found = runner_of(tmp_path, first).run(exams)
        assert (found.asked, [item.reached[0] for item in found.items["exams"]]) == (asked, [answer == "A"] * 5)
    # A row that stands twice is two items, and the same two for every model.
    write(path, [exam(0), exam(0)])
    assert len({item.key for item in runner_of(tmp_path, first).run(exams).items["exams"]}) == 2


@pytest.mark.train
def test_a_benchmark_that_the_given_data_lacks_is_told(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    write(tmp_path / "data" / "exams.jsonl", [exam(0)])
    model = known_model(lambda *given: pytest.fail("was asked"))
    with pytest.raises(
        InputError, match=r"asas-ai/AraTrust-categorized: the Hub does not give it .*; give its rows by"
    ):
        runner_of(tmp_path, model).run(chosen(["exams", "ara_trust"]))


@pytest.mark.train
def test_what_a_model_fails_at_is_no_fault_of_the_rows(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    write(tmp_path / "data" / "exams.jsonl", [exam(n) for n in range(3)])

    def liked(item: int, prompt: str, option: str) -> float:
        raise ValueError("CUDA is out of patience")

    runner = runner_of(tmp_path, known_model(liked))
    with pytest.raises(EngineError, match=r"smolkalam_exams: m failed on it, .*\(ValueError: CUDA is out of pat"):
        runner.run(chosen(["exams"]))
    assert "Traceback" in (tmp_path / "out" / FAILED).read_text("utf-8")


@pytest.mark.train
@pytest.mark.parametrize("rows", [4, 30])
def test_an_api_that_says_nothing_or_refuses_is_told(tmp_path: Path, rows: int) -> None:
    pytest.importorskip("lm_eval")
    write(tmp_path / "data" / "exams.jsonl", [exam(n) for n in range(rows)])
    exams = chosen(["exams"])

    def asked(name: str, server: Speaking, status: int = 200) -> Evaluation:
        server.status = status
        runner = Runner(Model(name, "api", base_url=server.url), tmp_path / f"{name}{status}", tmp_path / "data")
        try:
            return runner.run(exams)
        finally:
            runner.close()

    with Speaking() as server:
        for status in (400, 401, 404):
            with pytest.raises(InputError) as told:
                asked("m", server, status)
            assert len(str(told.value).splitlines()) == 1
        server.answer = ""
        before = server.requests
        if rows < 5:
            assert [item.reached[0] for item in asked("m", server).items["exams"]] == [0] * rows
        else:
            with pytest.raises(InputError, match=r"m: its first 20 answers are empty; look at its chat template"):
                asked("m", server)
            assert server.requests - before < rows + 20


@pytest.mark.train
def test_an_api_that_is_not_there_is_told(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    write(tmp_path / "data" / "exams.jsonl", [exam(n) for n in range(3)])
    runner = Runner(Model("m", "api", base_url="http://127.0.0.1:9/v1"), tmp_path / "out", tmp_path / "data")
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9"):
        runner.run(chosen(["exams"]))


_UPLOAD = """
import sys
from huggingface_hub import HfApi
api = HfApi()
api.create_repo("user/mine", repo_type="dataset")
api.create_repo("user/tiny")
api.upload_file(path_or_fileobj=sys.argv[1], path_in_repo="test.jsonl", repo_id="user/mine", repo_type="dataset")
api.upload_folder(folder_path=sys.argv[2], repo_id="user/tiny")
"""


@pytest.mark.train
@pytest.mark.timeout(600)
def test_without_the_hub_its_cache_gives_model_and_rows(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    write(tmp_path / "test.jsonl", [{"q": f"item {n}", "a": n % 2} for n in range(6)])
    task = tmp_path / "mine.yaml"
    task.write_text(
        "task: mine\ndataset_path: user/mine\ntest_split: test\noutput_type: multiple_choice\ndoc_to_text: '{{q}}'\n"
        "doc_to_choice: ['yes', 'no']\ndoc_to_target: a\nmetric_list: [{metric: acc}]\n"
    )

    def evaluate(out: str) -> subprocess.CompletedProcess[str]:
        words = command_line("evaluate", "user/tiny", "--suite", str(task), "-o", str(tmp_path / out))
        return subprocess.run(words, env=environment, capture_output=True, text=True)

    with Hub(tmp_path / "state") as hub:
        environment = hub.environment(tmp_path / "home") | {"HF_DATASETS_CACHE": str(tmp_path / "home" / "datasets")}
        model = write_model(tmp_path / "tiny")
        upload = [sys.executable, "-c", _UPLOAD, str(tmp_path / "test.jsonl"), str(model)]
        subprocess.run(upload, env=environment, check=True)
        with_it = evaluate("with")
        assert with_it.returncode == 0, with_it.stderr
    without = evaluate("without")
    assert without.returncode == 0, without.stderr
    assert without.stdout == with_it.stdout and "Retrying" not in without.stderr
    assert all(f"user/{name}: the Hub is not reached" in without.stderr for name in ("tiny", "mine"))
    shutil.rmtree(tmp_path / "home")
    without = evaluate("nowhere")
    assert without.returncode == 2 and len(without.stderr.splitlines()) == 1
