"""Stands in for the commands that train and evaluate: seconds become milliseconds, and a skill is what data says.

    python standin_training.py MODULE WORDS...

as `python -m MODULE WORDS...`. A model's skill at a benchmark is 0.5 and what the sources of its mixture teach, by
`STANDIN_SKILLS` (JSON: source -> benchmark -> points from -0.5 to 0.5), with a little chance of its seed. It answers
each item right or wrong by a hash of item and seed. What it was asked is a line of `STANDIN_LOG`; at the line of the
number `STANDIN_KILL` it kills whoever started it, as `kill -9` does, before it has done anything, and does its work
alone where `STANDIN_GOES_ON` says so. Arbitrage is the command itself.
"""

import argparse
import json
import os
import random
import signal
import sys
from pathlib import Path


def main() -> None:
    module, *words = sys.argv[1:]
    log = Path(os.environ["STANDIN_LOG"])
    with log.open("a", encoding="utf-8") as stream:
        stream.write(f"{module} {' '.join(words)}\n")
    if len(log.read_text(encoding="utf-8").splitlines()) == int(os.environ.get("STANDIN_KILL", "0")):
        os.kill(os.getppid(), signal.SIGKILL)
        if not os.environ.get("STANDIN_GOES_ON"):
            return
    if module == "smolkalam" and words[0] == "arbitrate":
        # Nothing of it is stood in for but its servers.
        os.execv(sys.executable, [sys.executable, "-m", module, *words])
    {
        "model_recipes.evaluation.items": items,
        "model_recipes.plans.needs": needs,
        "smolkalam": lambda words: {"train": train, "evaluate": evaluate}[words[0]](words[1:]),
    }[module](words)


def task(suite: str) -> tuple[str, list[dict[str, str]]]:
    """The name of a task's file, and the rows that it names."""
    line = next(line for line in Path(suite).read_text(encoding="utf-8").splitlines() if "data_files" in line)
    rows = Path(line.rpartition("test: ")[2].rstrip("}"))
    return Path(suite).stem, [json.loads(one) for one in rows.read_text(encoding="utf-8").splitlines()]


def parsed(words: list[str], *positional: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in positional:
        parser.add_argument(name)
    for name in ("--suite", "--set"):
        parser.add_argument(name, action="append", default=[])
    for name in ("--output", "--config", "--batch-size", "--data"):
        parser.add_argument(name)
    return parser.parse_args(words)


def items(words: list[str]) -> None:
    given = parsed(words)
    folder = Path(given.output)
    with (folder / "items.jsonl").open("w", encoding="utf-8") as stream:
        for suite in given.suite:
            name, rows = task(suite)
            for number, row in enumerate(rows):
                line = {"benchmark": name, "part": name, "id": str(number), "prompt": row["question"]}
                line |= {"question": row["question"], "options": []}
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    (folder / "left_out.json").write_text("{}")


def needs(words: list[str]) -> None:
    Path(words[2]).write_text('{"hours": 0.5, "steps": 1}')


def train(words: list[str]) -> None:
    settings = dict(one.split("=", 1) for one in parsed(words, "recipe").set)
    rows = Path(json.loads(settings["datasets"])[0]["path"])
    mixture = json.loads((rows.parent / "mixture.json").read_text(encoding="utf-8"))
    taught = json.loads(os.environ["STANDIN_SKILLS"])
    skills: dict[str, float] = {}
    for source in mixture["sources"]:
        if any(split["kept"] for split in source["splits"].values()):
            for benchmark, points in taught.get(source["name"], {}).items():
                skills[benchmark] = skills.get(benchmark, 0.5) + points
    place = Path(json.loads(settings["output_dir"]))
    place.mkdir(parents=True, exist_ok=True)
    (place / "model.safetensors").write_text(json.dumps({"skills": skills, "seed": int(settings["seed"])}))
    (place / "config.json").write_text("{}")
    (place / "trainer_state.json").write_text("{}")


def evaluate(words: list[str]) -> None:
    given = parsed(words, "model")
    place = Path(given.model)
    model = json.loads((place / "model.safetensors").read_text())
    folder = place / "evaluation" / "items"
    folder.mkdir(parents=True, exist_ok=True)
    table = {}
    for suite in given.suite:
        name, rows = task(suite)
        skill = model["skills"].get(name, 0.5) + random.Random(f"{model} {name}").uniform(-0.01, 0.01)
        lines = [{"key": "k", "items": len(rows)}]
        for number, row in enumerate(rows):
            # An item's difficulty is mostly its own, and the same for all models.
            hard = random.Random(f"{name} {number}").random()
            right = 0.95 * hard + 0.05 * random.Random(f"{name} {number} {model}").random() < skill
            said = row["answer"] if right else "لا أدري"
            line = {"id": str(number), "reached": [float(right)], "of": [1.0], "chance": 0.0}
            lines.append(line | {"gold": row["answer"], "answer": said})
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
        table[name] = {"parts": [name]}
    (place / "evaluation" / "evaluation.json").write_text(json.dumps({"benchmarks": table}))


if __name__ == "__main__":
    main()
