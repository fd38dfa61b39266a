"""Whether `smolkalam evaluate` gives lm-eval's own numbers, item by item, on Arabic multiple choice.

    python -m benchmarks.lm_eval_numbers DIR [--limit 20] [--model FOLDER] [--output DIR]

DIR holds AceGPT's copies: `MMLUArabic/test/<subject>_test.csv` (question, four options, the answer's letter, without
a header) and `ArabicCulture/*.jsonl` (question; answer نعم or لا). They are written in the columns of OALL/Arabic_MMLU
and OALL/ACVA, asked by our command's runner and by `lm_eval run` on the same tasks in a process of its own, with the
same model (one of random weights where none is given), and compared: each item's option and whether it counts.
Printed: items, those that differ (there must be none), and both accuracies. `--limit`: so many items of each of
MMLU's subjects.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_recipes.evaluation import Model, chosen
from model_recipes.evaluation.benchmarks import TASKS
from model_recipes.evaluation.run import Runner
from model_recipes.evaluation.scoring import score
from model_recipes.evaluation.scoring.answers import read_answers

CULTURE = "culture"
# Our tasks as lm-eval's command line reads them, with the rows of a file.
YAML = """\
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {rows}}}}}
test_split: test
output_type: multiple_choice
{asked}
target_delimiter: ""
metric_list:
  - {{metric: acc_norm, aggregation: mean, higher_is_better: true}}
metadata: {{version: 1.0}}
"""
ASKED = {
    "mmlu_mt": """\
doc_to_text: !function documents.mmlu_mt
doc_to_choice: ["أ", "ب", "ج", "د"]
doc_to_target: !function documents.latin_answer""",
    CULTURE: """\
doc_to_text: "السؤال: {{question}}\\nالإجابة:"
doc_to_choice: ["صح", "خطأ"]
doc_to_target: "{{['صح', 'خطأ'].index(answer)}}\"""",
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of one benchmark: items, those on which the two differ, and both accuracies from 0 to 1."""

    name: str
    items: int
    differing: int
    ours: float
    own: float


def convert(source: Path, folder: Path, limit: int | None) -> dict[str, Path]:
    """AceGPT's files in the columns of the Hub: mmlu_mt/<subject>.jsonl and culture.jsonl; task -> rows.

    Raises ValueError for a row of other columns.
    """
    found = {}
    for path in sorted((source / "MMLUArabic" / "test").glob("*_test.csv")):
        subject = path.name.removesuffix("_test.csv")
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [
                dict(zip(("question", "A", "B", "C", "D", "answer", "subject"), (*row, subject), strict=True))
                for row in csv.reader(stream)
            ]
        found[f"smolkalam_mmlu_mt_{subject}"] = _write(folder / "mmlu_mt" / f"{subject}.jsonl", rows[:limit])
    said = {"نعم": "صح", "لا": "خطأ"}
    rows = []
    for path in sorted((source / "ArabicCulture").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            rows.append({"question": row["question"], "answer": said[row["answer"]], "id": row["id"]})
    found[CULTURE] = _write(folder / f"{CULTURE}.jsonl", rows)
    return found


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def compare(source: Path, model: Path, folder: Path, limit: int | None) -> Iterator[Numbers]:
    """Both benchmarks of `source`, by our runner and by lm-eval's command line."""
    rows = convert(source, folder / "data", limit)
    tasks = folder / "tasks"
    tasks.mkdir(parents=True, exist_ok=True)
    shutil.copy(TASKS / "documents.py", tasks)
    for name, path in rows.items():
        asked = ASKED[CULTURE if name == CULTURE else "mmlu_mt"]
        (tasks / f"{name}.yaml").write_text(YAML.format(name=name, rows=path, asked=asked), encoding="utf-8")
    own = _of_lm_eval(model, tasks, list(rows), folder / "own")
    runner = Runner(Model(str(model)), folder / "ours", folder / "data")
    benchmarks = chosen(["mmlu_mt", str(tasks / f"{CULTURE}.yaml")])
    evaluated = runner.run(benchmarks)
    for benchmark in benchmarks:
        parts = list(dict.fromkeys(item.part for item in evaluated.items[benchmark.name]))
        pairs = [pair for part in parts for pair in zip(_ours(folder, part), own[part], strict=True)]
        flat = benchmark.model_copy(update={"mean": "items"})
        yield Numbers(
            benchmark.name,
            len(pairs),
            sum(one != other for one, other in pairs),
            score(flat, evaluated.items[benchmark.name]).value,
            sum(counts for _, (_, _, counts) in pairs) / len(pairs),
        )


# An item's digest, the place of the option that was taken, and whether it counts.
Item = tuple[str, str, float]


def _ours(folder: Path, part: str) -> list[Item]:
    records = read_answers(folder / "ours" / "items" / f"{part}.jsonl")
    assert records is not None
    return [(str(one["id"]).partition("-")[0], str(one["answer"]), float(one["reached"][0])) for one in records]


def _of_lm_eval(model: Path, tasks: Path, names: list[str], folder: Path) -> dict[str, list[Item]]:
    """Each task's items as lm-eval's own command logs them, in the order of the rows."""
    command = [sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={model}"]
    command += ["--tasks", ",".join(names), "--include_path", str(tasks), "--device", "cpu", "--batch_size", "8"]
    command += ["--output_path", str(folder), "--log_samples"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    found = {}
    for name in names:
        (path,) = folder.rglob(f"samples_{name}_2*.jsonl")
        samples = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        options = ["صح", "خطأ"] if name == CULTURE else ["أ", "ب", "ج", "د"]
        found[name] = [
            (sample["doc_hash"][:16], _taken(sample, options), float(sample["acc_norm"]))
            for sample in sorted(samples, key=lambda sample: int(sample["doc_id"]))
        ]
    return found


def _taken(sample: dict[str, Any], options: list[str]) -> str:
    by_character = [float(one[0]) / len(option) for one, option in zip(sample["filtered_resps"], options, strict=True)]
    return options[by_character.index(max(by_character))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--output", type=Path, default=Path("run/lm_eval_numbers"))
    given = parser.parse_args()
    folder = given.output.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    model = given.model
    if model is None:
        from tests.standins.tiny_model import write_model

        model = write_model(folder / "model")
    differing = 0
    for one in compare(given.source.absolute(), model, folder, given.limit):
        differing += one.differing
        print(f"{one.name}: {one.items:,} items, {one.differing:,} differ; ours {one.ours:.6f}, lm-eval {one.own:.6f}")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
