"""ArenaHard's way: two models answer the same prompts, and judges say whose answer is better, in both orders.

The score is the share of prompts that the model wins, a tie counting half, with a bootstrap over prompts (Multilingual
ArenaHard as in arXiv 2503.14603; its Arabic prompts are given as a file).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from builders.imports.readers import read_file
from builders.recipes.scorers import Panel
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from model_recipes.evaluation.judged import better
from model_recipes.evaluation.run import Runner
from model_recipes.evaluation.scoring.answers import read_answers, write_answers
from model_recipes.evaluation.scoring.scores import ScoredItem, ScoreInterval, score
from processors.errors import InputError
from processors.judging.krippendorff import krippendorff_alpha

_MAX_TOKENS = 2048
_WINS = SuiteBenchmark(name="arena", title="Arena", task="-", metric=["win"], mean="items")


@dataclass(frozen=True, slots=True)
class Arena:
    """How often the model's answers were better, equal and worse; `unjudged` prompts are those no judge decided on."""

    win_rate: ScoreInterval
    wins: int
    ties: int
    losses: int
    unjudged: int
    agreement: float | None

    def words(self, model: str, baseline: str) -> str:
        told = "-" if self.agreement is None else f"{self.agreement:.2f}"
        return (
            f"{model} against {baseline}: {self.win_rate.percent} % won ({self.wins:,} better, {self.ties:,} equal, "
            f"{self.losses:,} worse, {self.unjudged:,} not judged; judges agree by alpha {told})"
        )


def read_prompts(path: Path) -> list[str]:
    """The column `prompt` of a file. Raises InputError for a row without."""
    if not path.is_file():
        raise InputError(f"--arena {path}: no such file; expected JSON lines, CSV or Parquet with a column prompt")
    prompts = []
    for row in read_file(path):
        text = (row.values or {}).get("prompt")
        if not isinstance(text, str) or not text.strip():
            raise InputError(f"--arena {path}, row {row.line}: no text in the column prompt")
        prompts.append(text)
    if not prompts:
        raise InputError(f"--arena {path}: no rows")
    return prompts


def answers(runner: Runner, prompts: Sequence[str]) -> list[str]:
    """The model's answer to each prompt; what was answered before is read from its folder."""
    digest = sha256(json.dumps([runner.identity, runner.model.chat, list(prompts)]).encode()).hexdigest()[:32]
    path = runner.folder / "items" / "arena.jsonl"
    known = read_answers(path, digest)
    if known is None:
        known = [{"answer": text} for text in runner.generate(prompts, _MAX_TOKENS)]
        write_answers(path, {"key": digest, "model": runner.identity}, known)
    return [str(one["answer"]) for one in known]


def compare(one: Runner, other: Runner, prompts: Sequence[str], panel: Panel, *, yes: bool) -> Arena:
    """Both models on the prompts. Raises EngineError where a model or judge says nothing."""
    pairs = list(zip(answers(one, prompts), answers(other, prompts), strict=True))
    judged = better(panel, prompts, pairs, one.folder, yes=yes)
    items, votes = [], []
    for number, found in enumerate(judged):
        known = [value for value in found if value is not None]
        if known:
            items.append(ScoredItem("arena", str(number), (_majority(known),), (1.0,)))
        votes.append([None if value is None else 2 * value - 1 for value in found])
    if not items:
        raise InputError("--arena: no judge decided on any prompt")
    values = [item.reached[0] for item in items]
    counts: dict[str, Any] = {"wins": values.count(1.0), "ties": values.count(0.5), "losses": values.count(0.0)}
    alpha = krippendorff_alpha(votes, "ordinal") if len(panel.judges) > 1 else None
    return Arena(score(_WINS, items), **counts, unjudged=len(judged) - len(items), agreement=alpha)


def _majority(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return 1.0 if mean > 0.5 else 0.0 if mean < 0.5 else 0.5
