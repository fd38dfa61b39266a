"""The model card of a reward model, from its evaluation and, where it was trained here, its training."""

import json
from pathlib import Path
from typing import Any

import yaml

from model_recipes.training.resume import TRAINING
from processors.atomic_files import replacing_text


def write_card(model: Path, evaluation: dict[str, Any]) -> None:
    """Write `README.md` into a model's folder, from `evaluation` and the folder's `training.json` if there is one."""
    path = model / TRAINING
    training = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    with replacing_text(model / "README.md") as stream:
        stream.write(_head(model.name, evaluation, training) + _text(model.name, evaluation, training))


def _head(name: str, evaluation: dict[str, Any], training: dict[str, Any]) -> str:
    metric = {"type": "accuracy", "name": "pairwise accuracy", "value": round(evaluation["accuracy"]["accuracy"], 4)}
    dataset = {"name": Path(evaluation["data"]).name, "type": "preference", "split": evaluation["split"]}
    about: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": "text-classification",
        "tags": ["reward-model", "trl", "reward-trainer", "translation", "smolkalam"],
        "model-index": [
            {
                "name": name,
                "results": [
                    {
                        "task": {"type": "text-classification", "name": "translation preference"},
                        "dataset": dataset,
                        "metrics": [metric],
                    }
                ],
            }
        ],
    }
    # A folder is no model of the Hub, and the Hub refuses it as one.
    if (base := training.get("model", "")).count("/") == 1 and not Path(base).exists():
        about["base_model"] = base
    return f"---\n{yaml.safe_dump(about, sort_keys=False, allow_unicode=True)}---\n\n"


def _text(name: str, evaluation: dict[str, Any], training: dict[str, Any]) -> str:
    whole = evaluation["accuracy"]
    left_out = ", ".join(f"{n:,} ({why})" for why, n in evaluation["left_out"].items() if n) or "none"
    rows = f" from {evaluation['source_rows']:,} source rows" if evaluation["source_rows"] else ""
    return f"""\
# {name}

A reward model for translations: given a conversation and its translation it gives a number, larger for the better of
two translations of the same conversation. Numbers of different conversations are not comparable.

## Evaluation

On {whole["pairs"]:,} held-out pairs{rows} (split `{evaluation["split"]}` of `{Path(evaluation["data"]).name}`); pairs
left out: {left_out}.

| | pairs | accuracy | 95% interval |
|---|---|---|---|
| all | {whole["pairs"]:,} | {whole["accuracy"]:.1%} | {whole["low"]:.1%} to {whole["high"]:.1%} |
{_translators(evaluation["by_translators"])}
Accuracy is the share of pairs whose preferred translation has the larger reward; a tie counts one half. The first
interval is by {evaluation["interval"]}, the others are Wilson's. Log loss {evaluation["log_loss"]:.3f} (a coin has
0.693); expected calibration error {evaluation["calibration_error"]:.3f}; ties: {evaluation["ties"]:,}.

![How often the larger reward is right, by confidence](calibration.png)

## Training

{_training(training)}
## Use

```yaml
# in a recipe of SmolKalam
ranking:
  order_by: reward
  reward: {{model: {name}, max_length: {evaluation["max_length"]}}}
```

The input is what `processors/judging/exchange.py` makes of a source and its translation, in the model's chat
template. A conversation over {evaluation["max_length"]:,} tokens is scored by aligned windows; its reward is their
mean, weighted by tokens. The model is an `AutoModelForSequenceClassification` with one label, which
`vllm serve MODEL --runner pooling` serves.

## Limits

It prefers what its training data preferred: a preference by benchmark or by chrF is one for what they measure.
"""


def _translators(table: dict[str, dict[str, Any]]) -> str:
    return "".join(
        f"| {names} | {a['pairs']:,} | {a['accuracy']:.1%} | {a['low']:.1%} to {a['high']:.1%} |\n"
        for names, a in table.items()
    )


def _training(training: dict[str, Any]) -> str:
    if not training:
        return "Not trained by `smolkalam train reward`, so not described here.\n"
    plain = {
        name: value for name, value in training.items() if value is not None and name not in ("data", "test_rows")
    }
    shown = {name: _without_folder(value) for name, value in plain.items()}
    for account in training.get("data", ()):
        reasons = ", ".join(f"{n:,} {why}" for why, n in account["left_out"].items()) or "none"
        shown[account["name"]] = f"{account['kept']:,} of {account['rows']:,} pairs; left out: {reasons}"
    rows = "".join(f"| {name} | {value} |\n" for name, value in shown.items())
    return f"Bradley-Terry, by TRL's `RewardTrainer`.\n\n| | |\n|---|---|\n{rows}"


def _without_folder(value: Any) -> Any:
    """The name of what lies on this machine: where it lies says nothing to others."""
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value
