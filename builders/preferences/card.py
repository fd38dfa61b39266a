"""The card of a preference dataset: what a pair is, where the preferences come from, how to train on it."""

from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from builders.licences import dataset_licence, dataset_title

if TYPE_CHECKING:
    from builders.preferences.pairs import PairPlan

_TASKS = {
    "ranker": """\
The prompt asks to translate an English conversation; `chosen` and `rejected` are two translations of it. For a reward
model that ranks translations:

```bash
trl reward --dataset_name THIS_FOLDER --model_name_or_path Qwen/Qwen2.5-1.5B --max_length 2048 --output_dir reward
```

`trl` leaves out what is longer than `max_length`; the project's own command trains on long pairs in aligned windows,
and evaluates the model on `test`:

```bash
smolkalam train reward --config model_recipes/reward/qwen2.5-1.5b.yaml --set output_dir=reward \\
    --set 'datasets=[{path: THIS_FOLDER, split: train}]' --set 'test_dataset={path: THIS_FOLDER, split: test}'
```""",
    "assistant": """\
The prompt is a translated conversation up to its last message; `chosen` and `rejected` are two translations of the
assistant's answer. The prompt is the chosen translator's. For DPO of a model that was trained on the translations:

```bash
trl dpo --dataset_name THIS_FOLDER --model_name_or_path MODEL --output_dir dpo
```""",
}
_SOURCES = {
    "benchmark": "a ranking of the translators by a measured benchmark; every pair of a row follows it",
    "reference": "chrF against reference translations",
    "judges": "a panel of LLM judges, each asked in both orders",
    "verdicts": "verdicts of people",
}


def write_card(folder: Path, plan: "PairPlan", counts: dict[str, Any]) -> None:
    """Write `README.md` with the metadata by which `datasets` and the Hub's viewer read the folder."""
    recipe = plan.recipe
    # `datasets` knows a local folder's cached rows by its card alone: without this, pairs that were made anew in the
    # same place would load as the old ones.
    digest = sha256()
    for path in sorted(folder.glob("*.parquet")):
        with path.open("rb") as stream:
            digest.update(file_digest(stream, "sha256").digest())
    described = f"{sum(counts['pairs'].values()):,} pairs, content {digest.hexdigest()[:16]}"
    filled = [split for split, rows in counts["pairs"].items() if rows]
    about: dict[str, Any] = {
        "language": [recipe.language.code, "en"] if plan.task == "ranker" else [recipe.language.code],
        "pretty_name": f"{dataset_title(recipe)} preferences ({plan.task})",
        "tags": ["preference", "trl", "smolkalam"],
        "configs": [
            {
                "config_name": "default",
                "description": described,
                "data_files": [{"split": s, "path": f"{s}-*.parquet"} for s in filled],
            }
        ],
    }
    if licence := dataset_licence(recipe):
        about["license"] = licence
    (folder / "README.md").write_text(
        f"---\n{yaml.safe_dump(about, sort_keys=False, allow_unicode=True)}---\n\n{_text(plan, counts)}",
        encoding="utf-8",
    )


def _text(plan: "PairPlan", counts: dict[str, Any]) -> str:
    source, recipe = plan.source, plan.recipe
    kept = "".join(f"| {pairing} | {n:,} |\n" for pairing, n in counts["chosen"].items())
    left = "".join(f"| {reason} | {n:,} |\n" for reason, n in counts["left_out"].items())
    rewards = (
        "| `chosen_reward`, `rejected_reward` | the scores of the recipe's reward model, no label |\n"
        if recipe.ranking.reward is not None
        else ""
    )
    kwargs = (
        "| `chat_template_kwargs` | as in SmolTalk2, custom instructions translated |\n"
        if plan.task == "assistant"
        else ""
    )
    return f"""\
# {dataset_title(recipe)}: preferences

{_TASKS[plan.task]}

Preferences by {_SOURCES[plan.by]}. Of {counts["possible"]:,} pairs of candidates in {counts["rows"]:,} rows,
{sum(counts["pairs"].values()):,} are here ({", ".join(f"{s} {n:,}" for s, n in counts["pairs"].items())}).
Rows that share the user's first message are all in `train` or all in `test` (seed {plan.seed}).

| column | |
|---|---|
| `prompt`, `chosen`, `rejected` | lists of messages, in TRL's conversational preference format |
| `margin` | `difference` / {plan.scale:g}, at most 1: by how much the two rewards should differ (TRL's `margin`) |
| `difference` | by how much the chosen one is better, in {source.unit}; {plan.tie:g} or less is a tie |
| `source_id`, `split` | the row of the source, and its split in the built dataset |
| `chosen_translator`, `rejected_translator` | |
| `by` | where the preference comes from: `{plan.by}` |
{rewards}{kwargs}
| chosen over rejected | pairs |
|---|---|
{kept}
| left out | pairs |
|---|---|
{left}
A translation with a hard check against it is never `chosen`. `left_out.jsonl` names every pair that is not here.
"""
