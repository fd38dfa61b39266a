"""Evaluation by lm-eval itself: its own numbers, what is kept after a kill, an API, a model that says nothing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from builders.recipes.scorers import load_panel
from model_recipes.evaluation.arena import compare
from model_recipes.evaluation.asked.models import Model
from model_recipes.evaluation.benchmarks.suites import TASKS, chosen
from model_recipes.evaluation.command import run_evaluate
from model_recipes.evaluation.in_training import items_in_training
from model_recipes.evaluation.report import made, text
from model_recipes.evaluation.run import Runner
from model_recipes.evaluation.scoring.answers import write_answers
from model_recipes.evaluation.scoring.scores import score
from processors.errors import EngineError, InputError
from tests.standins.speaking import Speaking, panel_of
from tests.standins.tiny_model import write_model

pytest.importorskip("lm_eval")
pytestmark = [pytest.mark.train, pytest.mark.timeout(1800)]

LETTERS = "ABCDE"


@pytest.fixture(scope="module", autouse=True)
def offline() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
            patch.setenv(name, "1")
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"))


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def options(n: int) -> dict[str, Any]:
    return {f"Option {k}": f"خيار {n} {k}" if k <= 3 + n % 2 else None for k in range(1, 6)}


# Twenty rows each in the schema that the benchmark has on the Hub: (part or None, a row by its number, right option).
SCHEMAS: dict[str, tuple[Sequence[str], Callable[[int], dict[str, Any]], Callable[[int], int]]] = {
    "alghafa": (
        ["mcq_exams_test_ar", "meta_ar_dialects", "meta_ar_msa", "multiple_choice_facts_truefalse_balanced_task",
         "multiple_choice_grounded_statement_soqal_task", "multiple_choice_grounded_statement_xglue_mlqa_task",
         "multiple_choice_rating_sentiment_no_neutral_task", "multiple_choice_rating_sentiment_task",
         "multiple_choice_sentiment_task"],
        lambda n: {"query": f"س {n}", "sol1": "أ", "sol2": "ب", "sol3": "ج", "sol4": "د", "label": str(n % 4)},
        lambda n: n % 4,
    ),
    "exams": (
        [],
        lambda n: {"id": str(n), "subject": "Physics", "question": f"س {n}", **dict(zip("ABCD", "1234", strict=True)),
                   "answer": LETTERS[n % 4]},
        lambda n: n % 4,
    ),
    "madinah_qa": (
        ["Arabic Language (General)", "Arabic Language (Grammar)"],
        lambda n: {"Context": "نص", "Question": f"س {n}", **options(n), "Answer Key": LETTERS[n % 3]},
        lambda n: n % 3,
    ),
    "ara_trust": (
        ["Trustfulness", "MentalHealth", "PhysicalHealth", "Offensive", "Ethics", "Privacy", "Unfairness", "Illegal"],
        lambda n: {"Question": f"س {n}", "A": "أ) نعم", "B": "ب) لا", "C": "ج) ربما", "Answer": "أبج"[n % 3]},
        lambda n: n % 3,
    ),
    "faith_eval_ar": (
        ["counterfactual", "unanswerable", "inconsistent"],
        lambda n: {"context": f"نص {n}", "question": "س", "answerKey": LETTERS[n % 4],
                   "choices": {"label": list("ABCD"), "text": list("1234")}},
        lambda n: n % 4,
    ),
}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, (parts, row, _) in SCHEMAS.items():
        for part in parts or [""]:
            path = tmp_path / "data" / (f"{name}/{part}.jsonl" if part else f"{name}.jsonl")
            write(path, [row(n) for n in range(20)])
    return tmp_path / "data"


class Stub:
    """An LM that gives the first option its whole likelihood, and says that it does not know."""

    rank, world_size = 0, 1
    tokenizer_name, chat_template = "", None

    def __new__(cls) -> Any:
        from lm_eval.api.model import LM

        class First(LM):
            def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
                seen: dict[str, int] = {}
                found = []
                for request in requests:
                    place = seen[request.args[0]] = seen.get(request.args[0], -1) + 1
                    found.append((-float(place), place == 0))
                return found

            def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:
                raise NotImplementedError

            def generate_until(self, requests: Sequence[Any]) -> list[str]:
                return ["غير معروف"] * len(requests)

        return First()


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_a_metric_is_what_twenty_rows_say_by_hand(name: str, data: Path, model: Path, tmp_path: Path) -> None:
    runner = Runner(Model(str(model)), tmp_path / "out", data)
    runner._lm = Stub()
    (benchmark,) = chosen([name])
    found = runner.run([benchmark])
    first = sum(SCHEMAS[name][2](n) == 0 for n in range(20)) / 20
    # All contexts of a part's rows differ, so the first of each row's options is the stub's; of FaithEval's other
    # two parts it is right in the one that has no answer.
    expected = (first + 1 + 0) / 3 if name == "faith_eval_ar" else first
    assert score(benchmark, found.items[name]).value == pytest.approx(expected)


def test_scores_are_lm_eval_s_own(data: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    benchmarks = chosen(["madinah_qa", "exams"])
    found = Runner(Model(str(model)), out, data).run(benchmarks)
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "documents.py").write_text((TASKS / "documents.py").read_text("utf-8"), encoding="utf-8")
    text = (TASKS / "exams.yaml").read_text("utf-8").replace("dataset_name: default\n", "")
    files = f"dataset_kwargs: {{data_files: {{test: {data}/exams.jsonl, validation: {data}/exams.jsonl}}}}\n"
    (folder / "exams.yaml").write_text(
        text.replace("dataset_path: OALL/Arabic_EXAMS\n", f"dataset_path: json\n{files}")
    )
    command = ["lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={model}", "--tasks", "smolkalam_exams"]
    command += ["--include_path", str(folder), "--device", "cpu", "--output_path", str(tmp_path / "own")]
    subprocess.run([Path(sys.executable).with_name(command[0]), *command[1:]], check=True, timeout=900)
    (path,) = (tmp_path / "own").rglob("results_*.json")
    own = json.loads(path.read_text())["results"]["smolkalam_exams"]["acc_norm,none"]
    (exams,) = chosen(["exams"])
    assert score(exams, found.items["exams"]).value == pytest.approx(own)


def command(model: Path, data: Path, out: Path, *more: str) -> list[str]:
    words = ["evaluate", str(model), "--suite", "exams", "--suite", "ara_trust", "--data", str(data), "-o", str(out)]
    return [sys.executable, "-m", "smolkalam", *words, *more]


def test_killed_and_run_again_gives_the_same_table(data: Path, model: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(model, data, whole), check=True, timeout=900)
    process = subprocess.Popen(command(model, data, killed))
    while not list(killed.glob("items/*.jsonl")) and process.poll() is None:
        os.sched_yield()
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = subprocess.run(command(model, data, killed), check=True, timeout=900, capture_output=True, text=True)
    assert "180 items asked now" not in again.stderr
    assert (killed / "evaluation.json").read_text() == (whole / "evaluation.json").read_text()
    third = subprocess.run(command(model, data, killed), check=True, timeout=900, capture_output=True, text=True)
    assert "0 items asked now" in third.stderr


def test_rows_of_another_schema_are_one_line(data: Path, model: Path, tmp_path: Path) -> None:
    write(data / "exams.jsonl", [{"text": "x"}])
    runner = Runner(Model(str(model)), tmp_path / "out", data)
    with pytest.raises(InputError, match=r"exams, smolkalam_exams.*not the rows that this task asks"):
        runner.run(chosen(["exams"]))


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [
        ("exams.jsonl", b"", r"exams\.jsonl: is empty; expected the rows that this task asks$"),
        ("exams.csv", b"", r"exams\.csv: no rows that can be read \(.*\); repair the file$"),
        ("exams.jsonl", b'{"a": [\n', r"exams\.jsonl: no rows that can be read \(.*JSON.*\); repair the file$"),
        ("exams.jsonl", b"\xff\xfe\0", r"exams\.jsonl: no rows that can be read \(.*\); repair the file$"),
    ],
)
def test_a_file_of_rows_that_cannot_be_read_is_one_line(
    model: Path, tmp_path: Path, name: str, held: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(held)
    with pytest.raises(InputError, match=said):
        Runner(Model(str(model)), tmp_path / "out", tmp_path).run(chosen(["exams"]))


def test_an_output_that_is_a_file_is_one_line(data: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(InputError, match=r"out: cannot be written \(File exists\); choose another --output$"):
        run_evaluate(Model(str(model)), ["exams"], output=tmp_path / "out", data=data)


def test_what_is_internal_to_a_paper_is_left_out_and_said(model: Path, tmp_path: Path, data: Path) -> None:
    found = Runner(Model(str(model)), tmp_path / "out", data).run(chosen(["ifeval_ar", "exams"]))
    assert "no data on the Hub" in found.left_out["ifeval_ar"] and "exams" in found.items


def test_an_api_is_asked_in_words_once_and_a_useless_one_is_left(data: Path, tmp_path: Path) -> None:
    (exams,) = chosen(["exams"])
    with Speaking() as server:
        server.answer = "الإجابة: ب"
        api = Model("m", "api", base_url=server.url)
        found = Runner(api, tmp_path / "out", data).run([exams])
        assert score(exams, found.items["exams"]).value == 5 / 20 and found.in_words == {"exams"}
        assert server.requests == 20
        (tmp_path / "out" / "items" / "smolkalam_exams.jsonl").unlink()
        Runner(api, tmp_path / "out", data).run([exams])
        assert server.requests == 20
        server.answer = "I cannot help with that."
        with pytest.raises(EngineError, match=r"name no option: I cannot help"):
            Runner(Model("n", "api", base_url=server.url), tmp_path / "useless", data).run([exams])


def test_judges_mark_alrage_once_and_without_them_it_is_left_out(data: Path, model: Path, tmp_path: Path) -> None:
    rows = [{"question": f"س {n}", "candidates": ["نص"], "gold_answer": "ج"} for n in range(6)]
    write(data / "alrage.jsonl", rows)
    (alrage,) = chosen(["alrage"])
    with Speaking() as server:
        server.answer = lambda asked: '{"mark": 7}' if "<answer-" in asked else "جواب"
        api = Model("m", "api", base_url=server.url)
        assert "--judges" in Runner(api, tmp_path / "out", data).run([alrage]).left_out["alrage"]
        judges = load_panel(panel_of(tmp_path / "panel.yaml", server))
        found = Runner(api, tmp_path / "out", data, judges=judges).run([alrage])
        assert score(alrage, found.items["alrage"]).value == pytest.approx(0.7)
        asked = server.requests
        Runner(api, tmp_path / "out", data, judges=judges).run([alrage])
        assert server.requests == asked
        server.answer = lambda asked: "no idea" if "<answer-" in asked else "جواب آخر"
        write(data / "alrage.jsonl", [{**row, "question": f"{row['question']}؟"} for row in rows * 3])
        with pytest.raises(EngineError, match=r"judge 'J': its first 10 answers say nothing"):
            Runner(Model("n", "api", base_url=server.url), tmp_path / "o", data, judges=judges).run([alrage])


def test_two_models_are_compared_in_both_orders(tmp_path: Path) -> None:
    with Speaking() as server:

        def say(asked: str) -> str:
            if "<first-" not in asked:
                return "طيب" if asked.endswith("1") else "حسن"
            first = asked.partition("<first-")[2].partition("</first-")[0]
            # Its choice is the good answer where there is one, else whatever is first.
            better = "first" if "حسن" in first or "حسن" not in asked else "second"
            return json.dumps({"reason": "", "better": better})

        server.answer = say
        panel = load_panel(panel_of(tmp_path / "panel.yaml", server))
        one = Runner(Model("m", "api", base_url=server.url), tmp_path / "one", None)
        other = Runner(Model("n", "api", base_url=server.url), tmp_path / "other", None)
        found = compare(one, other, [f"قل شيئا {n}" for n in range(4)], panel, yes=True)
        # The two say the same, so a judge that prefers what is first contradicts itself: ties.
        assert (found.wins, found.ties, found.losses, found.win_rate.value) == (0, 4, 0, 0.5)
        write_answers(
            tmp_path / "other" / "items" / "arena.jsonl",
            {"key": json.loads((tmp_path / "other" / "items" / "arena.jsonl").read_text().splitlines()[0])["key"]},
            [{"answer": "سيئ"}] * 4,
        )
        found = compare(one, other, [f"قل شيئا {n}" for n in range(4)], panel, yes=True)
        assert (found.wins, found.ties, found.losses) == (3, 1, 0)


def test_items_that_stand_in_training_data_are_counted(data: Path, model: Path, tmp_path: Path) -> None:
    questions = (
        "ما هي عاصمة البلاد التي يجري فيها نهر النيل من الجنوب إلى الشمال حتى البحر",
        "كم عدد الأضلاع في شكل هندسي منتظم مجموع زواياه الداخلية تسعمئة درجة كاملة",
        "من كتب الرواية التي تدور أحداثها في حارة من حارات القاهرة القديمة قبل الحرب",
    )
    rows = [{"subject": "x", "question": q, "A": "ا", "B": "ب", "C": "ج", "D": "د", "answer": "A"} for q in questions]
    write(data / "exams.jsonl", rows)
    (exams,) = chosen(["exams"])
    found = Runner(Model(str(model)), tmp_path / "out", data).run([exams])
    chat = [{"role": "user", "content": f"قل لي {rows[1]['question']} من فضلك"}, {"role": "assistant", "content": "ا"}]
    write(tmp_path / "train.jsonl", [{"messages": chat}])
    trained = items_in_training(tmp_path / "train.jsonl", found.rows)
    table = made("M", [exams], found, None, trained)
    assert table.rows[0].found_in_training == 1
    assert "| 1 |" in text(table)
