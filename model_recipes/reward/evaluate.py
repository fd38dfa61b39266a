"""Evaluates a reward model on held-out pairs and writes its card.

    python -m model_recipes.reward.evaluate MODEL DATA [--split test] [--max-length 2048] [--limit N]

MODEL is a folder that `smolkalam train reward` (or TRL) wrote, DATA a preference dataset as `smolkalam
preferences` writes it. Every candidate is scored as a build scores it. Into MODEL go `evaluation.json` (pairwise
accuracy overall and for each two translators, calibration), `rewards.parquet` (each pair's two rewards),
`calibration.png` and `README.md`.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model_recipes.reward.card import write_card
from model_recipes.reward.data import ABOUT, PairEncoder, load_splits
from model_recipes.reward.metrics import (
    Bin,
    by_translators,
    calibration_error,
    clustered_accuracy,
    log_loss,
    pairwise_accuracy,
    reliability,
)
from processors.atomic_files import replacing_text
from processors.errors import InputError, SmolKalamError, tell
from processors.reward.local_model import ModelScorer, load_reward_tokenizer
from processors.reward.score import Scorer, TokenIds, score_candidates


def evaluate(
    model: Path,
    data: str,
    *,
    config: str | None = None,
    split: str = "test",
    max_length: int = 2048,
    batch_tokens: int = 16_384,
    limit: int | None = None,
    scorer: Scorer | None = None,
) -> dict[str, Any]:
    """Score the pairs of a split, write what came out into `model`, and return it. Raises InputError on bad data."""
    dataset = load_splits(data, config, [split])[split]
    if limit:
        dataset = dataset.select(range(min(limit, len(dataset))))
    encoder = PairEncoder(load_reward_tokenizer(str(model)), max_length, f"{data}, {split}")
    pairs: list[tuple[dict[str, str], int, int]] = []
    places: dict[tuple[tuple[int, ...], ...], int] = {}
    candidates: list[list[TokenIds]] = []
    too_long = same = 0
    for number, row in enumerate(dataset):
        sides = encoder.candidates(row, number)
        if not sides:
            too_long += 1
            continue
        # The same candidate is in several pairs of its row.
        keys = [tuple(map(tuple, windows)) for windows in sides]
        if keys[0] == keys[1]:
            same += 1
            continue
        for key, windows in zip(keys, sides, strict=True):
            if key not in places:
                places[key] = len(candidates)
                candidates.append(windows)
        about = {name: str(row.get(name) or "") for name in ABOUT}
        pairs.append((about, places[keys[0]], places[keys[1]]))
    if not pairs:
        raise InputError(
            f"{data}, {split}: no pair is left ({too_long} longer than {max_length} tokens, {same} equal)"
        )
    rewards = score_candidates(candidates, scorer or ModelScorer(str(model)), batch_tokens)
    rows = [{**about, "chosen": rewards[a], "rejected": rewards[b]} for about, a, b in pairs]
    found = summary(rows) | {
        "data": data,
        "split": split,
        "max_length": max_length,
        "left_out": {"longer than max_length": too_long, "both sides are the same": same},
    }
    _write(model, rows, found)
    return found


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What rewards (`chosen`, `rejected`, each a number) say of the pairs of `rows`, which also hold `ABOUT`."""
    differences = [row["chosen"] - row["rejected"] for row in rows]
    bins = reliability(differences)
    named = [row for row in rows if row["chosen_translator"] and row["rejected_translator"]]
    sources = [row["source_id"] for row in rows]
    overall = clustered_accuracy(differences, sources) if all(sources) else pairwise_accuracy(differences)
    return {
        "accuracy": asdict(overall),
        "interval": "bootstrap over source rows" if all(sources) else "Wilson",
        "source_rows": len(set(sources)) if all(sources) else None,
        "ties": differences.count(0.0),
        "log_loss": log_loss(differences),
        "calibration_error": calibration_error(bins),
        "reliability": [asdict(b) for b in bins],
        "by_translators": by_translators(
            [row["chosen"] - row["rejected"] for row in named],
            [row["chosen_translator"] for row in named],
            [row["rejected_translator"] for row in named],
        ),
    }


def _write(model: Path, rows: list[dict[str, Any]], found: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [*((name, pa.string()) for name in ABOUT), ("chosen", pa.float64()), ("rejected", pa.float64())]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(columns)), model / "rewards.parquet")
    with replacing_text(model / "evaluation.json") as stream:
        json.dump(found, stream, indent=1, ensure_ascii=False)
    plot_reliability([Bin(**b) for b in found["reliability"]], model / "calibration.png")
    write_card(model, found)


def plot_reliability(bins: list[Bin], path: Path) -> None:
    """Accuracy against confidence with 95% intervals; a calibrated model lies on the diagonal."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0.5, 1], [0.5, 1], color="0.6", linestyle="--", label="calibrated")
    x, y = [b.confidence for b in bins], [b.accuracy for b in bins]
    errors = [[b.accuracy - b.low for b in bins], [b.high - b.accuracy for b in bins]]
    axes.errorbar(x, y, errors, marker="o", capsize=2, label=f"{bins[0].pairs} pairs a bin")
    axes.set(
        xlabel="confidence: sigmoid(|difference of the rewards|)",
        ylabel="share of pairs where the larger reward is right",
        xlim=(0.48, 1.02),
        ylim=(min(0.4, *(b.low for b in bins)), 1.02),
    )
    axes.legend(loc="upper left")
    figure.savefig(path, dpi=150, metadata={"Software": None})


def report(found: dict[str, Any]) -> str:
    """What an evaluation found, in lines."""
    whole = found["accuracy"]
    lines = [
        f"pairwise accuracy {whole['accuracy']:.1%} [{whole['low']:.1%}, {whole['high']:.1%}] of {whole['pairs']:,} "
        f"pairs, log loss {found['log_loss']:.3f} (a coin: 0.693), calibration error {found['calibration_error']:.3f}"
    ]
    lines += [
        f"  {names}: {a['accuracy']:.1%} [{a['low']:.1%}, {a['high']:.1%}] of {a['pairs']:,}"
        for names, a in found["by_translators"].items()
    ]
    lines += [f"  left out, {why}: {n:,}" for why, n in found["left_out"].items() if n]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data")
    parser.add_argument("--config")
    parser.add_argument("--split", default="test")
    parser.add_argument("--max-length", type=int, default=2048)
    parser.add_argument("--batch-tokens", type=int, default=16_384)
    parser.add_argument("--limit", type=int, help="evaluate the first so many pairs")
    options = parser.parse_args()
    try:
        if not options.model.is_dir():
            raise InputError(f"{options.model}: no such folder; give one that `smolkalam train reward` wrote")
        found = evaluate(
            options.model,
            options.data,
            config=options.config,
            split=options.split,
            max_length=options.max_length,
            batch_tokens=options.batch_tokens,
            limit=options.limit,
        )
    except SmolKalamError as error:
        tell(error)
        sys.exit(error.exit_code)
    print(report(found))


if __name__ == "__main__":
    main()
