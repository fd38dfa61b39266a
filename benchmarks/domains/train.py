"""Train the prompt classifier: `python -m benchmarks.domains.train` writes its weights.

Softmax regression with an L2 penalty on `processors.selection.domains.features`, by full-batch gradient descent from
zero, so that it is the same everywhere; its weights are `processors/selection/domains.json`. The data is `prompts.tsv`
(domain, tab, text with \\n for a line break): prompts and term lists written for this purpose, in the manner of the
sources of OpenThoughts3. No text of a test set.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from processors.selection.domains import DOMAINS, features

ROOT = Path(__file__).resolve().parents[2]

PROMPTS = Path(__file__).with_name("prompts.tsv")
PENALTY = 1e-3
STEPS = 1500
RATE = 2.0
SMALLEST = 0.02


def examples(path: Path = PROMPTS) -> list[tuple[str, str]]:
    """(domain, text) of the TSV."""
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [(domain, text.replace("\\n", "\n")) for domain, text in lines]


def train(data: list[tuple[str, str]]) -> dict[str, Any]:
    """The model as `domains.json` has it: `bias` [3] and `weights` {feature: [3]}, in the order of DOMAINS."""
    rows = [features(text) for _, text in data]
    names = sorted({name for row in rows for name in row})
    column = {name: i for i, name in enumerate(names)}
    x = np.zeros((len(rows), len(names)))
    for i, row in enumerate(rows):
        for name, value in row.items():
            x[i, column[name]] = value
    y = np.array([[domain == name for name in DOMAINS] for domain, _ in data], dtype=float)
    share = y / y.sum(axis=0) / len(DOMAINS)  # every domain weighs the same, whatever its number of lines
    weights, bias = np.zeros((len(names), len(DOMAINS))), np.zeros(len(DOMAINS))
    total = share.sum(axis=1, keepdims=True)
    for _ in range(STEPS):
        scores = x @ weights + bias
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        error = odds / odds.sum(axis=1, keepdims=True) * total - share
        weights -= RATE * (x.T @ error + PENALTY * weights)
        bias -= RATE * error.sum(axis=0)
    kept = {name: [round(float(w), 2) for w in weights[i]] for name, i in column.items()}
    kept = {name: row for name, row in kept.items() if max(map(abs, row)) >= SMALLEST}
    return {"domains": list(DOMAINS), "bias": [round(float(b), 2) for b in bias], "weights": kept}


def main() -> None:
    model = train(examples())
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in model["weights"].items())
    head = f'{{"domains": {json.dumps(model["domains"])}, "bias": {json.dumps(model["bias"])}, "weights": {{\n'
    path = ROOT / "processors" / "selection" / "domains.json"
    path.write_text(f"{head}{rows}\n}}}}\n", encoding="utf-8")
    print(f"{path}: {len(model['weights'])} features, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
