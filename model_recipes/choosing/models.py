"""A model for each variant and seed: trained by `smolkalam train sft`, evaluated by `smolkalam evaluate`.

Each in a process of its own, so that memory and randomness are a run's own. What is done is not done again: a training
goes on from its last checkpoint, an evaluation from its last part, and a model that is evaluated has a file that says
of which data and settings.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from model_recipes.evaluation.asked.models import Model
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from model_recipes.evaluation.scoring.answers import items_of, read_answers
from model_recipes.evaluation.scoring.scores import ScoredItem
from processors.atomic_files import write_text
from processors.errors import InputError

DONE = "evaluated.json"
Items = dict[str, list[ScoredItem]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained and asked: `variants` are TRL's sources of rows by name, in the order of the table."""

    variants: Mapping[str, Sequence[Mapping[str, Any]]]
    train: Path
    suites: Sequence[str]
    seeds: int = 3
    data: Path | None = None
    settings: Sequence[str] = ()
    evaluate: Sequence[str] = field(default=())

    def models(self) -> list[tuple[str, int]]:
        return [(variant, seed) for variant in self.variants for seed in range(1, self.seeds + 1)]


def train_and_evaluate(plan: Plan, benchmarks: Sequence[SuiteBenchmark], folder: Path) -> dict[tuple[str, int], Items]:
    """Each model's items by benchmark. Raises InputError with its last line where a training or evaluation fails."""
    if not plan.train.is_file():
        raise InputError(f"--train {plan.train}: no such file; expected the YAML of `smolkalam train sft`")
    found: dict[tuple[str, int], Items] = {}
    todo = plan.models()
    for number, (variant, seed) in enumerate(todo, 1):
        place = folder / f"{variant}_seed{seed}"
        key = _key(plan, variant, seed)
        if _done(place) != key:
            print(f"model {number} of {len(todo)}: {variant}, seed {seed}", file=sys.stderr)
            _train(plan, variant, seed, place)
            _evaluate(plan, place)
            write_text(place / DONE, json.dumps({"key": key, "identity": Model(str(place)).identity()}) + "\n")
        found[variant, seed] = _items(place, benchmarks)
    return found


def _train(plan: Plan, variant: str, seed: int, place: Path) -> None:
    sources = json.dumps([dict(one) for one in plan.variants[variant]])
    settings = [*plan.settings, f"datasets={sources}", f"seed={seed}", f"output_dir={place}"]
    words = ["train", "sft", "--config", str(plan.train), *(word for one in settings for word in ("--set", one))]
    _run(words, f"{variant}, seed {seed}: its training failed")


def _evaluate(plan: Plan, place: Path) -> None:
    words = ["evaluate", str(place), *(word for one in plan.suites for word in ("--suite", one)), *plan.evaluate]
    words += ["--data", str(plan.data)] if plan.data else []
    _run(words, f"{place.name}: its evaluation failed")


def _run(words: Sequence[str], failed: str) -> None:
    """A command of ours; its progress is shown, and its last line where it fails."""
    command = [sys.executable, "-m", "smolkalam", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        last = ""
        for line in process.stderr:
            print(line, end="", file=sys.stderr)
            last = line.strip() or last
    if process.returncode:
        raise InputError(f"{failed} (exit code {process.returncode}): {last.removeprefix('smolkalam: ')[:300]}")


def _key(plan: Plan, variant: str, seed: int) -> str:
    about = [
        variant,
        seed,
        [dict(one) for one in plan.variants[variant]],
        [_digest(str(one["path"])) for one in plan.variants[variant]],
        plan.train.read_text(encoding="utf-8"),
        list(plan.settings),
        list(plan.suites),
        list(plan.evaluate),
        _digest(str(plan.data)) if plan.data else None,
    ]
    return sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


def _digest(path: str) -> str:
    """A local file's or folder's bytes; nothing for what the Hub has, whose revision the settings name."""
    found = sha256()
    place = Path(path)
    files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.is_file())
    for file in files:
        found.update(f"{file.relative_to(place) if file != place else file.name}\0".encode())
        with file.open("rb") as stream:
            while piece := stream.read(1 << 20):
                found.update(piece)
    return found.hexdigest()[:32]


def _done(place: Path) -> str | None:
    path = place / DONE
    if not path.is_file():
        return None
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        return str(about["key"]) if about["identity"] == Model(str(place)).identity() else None
    except (ValueError, KeyError, TypeError):
        return None


def _items(place: Path, benchmarks: Sequence[SuiteBenchmark]) -> Items:
    """The answers that the last evaluation took, by benchmark."""
    table = json.loads((place / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    found: Items = {}
    for one in benchmarks:
        for part in table["benchmarks"][one.name]["parts"]:
            records = read_answers(place / "evaluation" / "items" / f"{part}.jsonl")
            assert records is not None
            found.setdefault(one.name, []).extend(items_of(part, records))
    return found
