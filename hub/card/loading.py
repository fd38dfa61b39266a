"""How to load the dataset: snippets that run as they stand."""

import re
from typing import Any

from builders.run_folder.schemas import PARALLEL
from hub.card.markdown import fenced
from hub.card.merging.kept_sections import replace_in

_TITLE = "How to load"


def loading(repo: str, splits: list[dict[str, Any]], *, train: bool = True) -> str:
    """The section, with the smallest split of the first config: the first try should be quick. Empty without rows.

    `train`: say how, too.
    """
    built = [split for split in splits if split["rows"]]
    if not built:
        return ""
    of_first = [split for split in built if split["config"] == built[0]["config"]]
    first = min(of_first, key=lambda split: (split["bytes"], split["split"]))
    config, split = first["config"], first["split"]
    size = sum(file["bytes"] for s in of_first for file in s["files"])
    files = f"hf://datasets/{repo}/{config}/{split}-*.parquet"
    parts = [
        f"## {_TITLE}",
        fenced(
            "from datasets import load_dataset\n\n"
            # `datasets` 5.2 fetches and converts every split of a config, whichever is asked for.
            f"# Downloads all of the config ({size / 1e6:,.1f} MB) and returns one split of it:\n"
            f'dataset = load_dataset("{repo}", "{config}", split="{split}")\n'
            'print(dataset[0]["messages"])\n\n'
            "# Reads only what is looked at:\n"
            f'stream = load_dataset("{repo}", "{config}", split="{split}", streaming=True)\n'
            'print(next(iter(stream))["messages"])\n\n'
            # `datasets` 5.2: beside a config's name `filters` raises NonMatchingSplitsSizesError, for fewer rows come
            # than the card says; and without streaming it raises where none is left.
            "# With a filter, from one split's files; `quality` compares a row's candidates, not rows:\n"
            f'good = load_dataset("parquet", data_files="{files}", split="train",\n'
            '                    filters=[("rank_score", ">=", 0.8)], streaming=True)\n'
            "print(sum(1 for row in good))",
            "python",
        ),
        fenced(
            "import polars as pl\n\n"
            f'rows = pl.scan_parquet("{files}")\n'
            'print(rows.filter(pl.col("rank_score") >= 0.8).select("id", "LR", "SCR", "translator").collect())',
            "python",
        ),
        fenced(
            "import duckdb\n\n"
            'print(duckdb.sql("""\n'
            "    SELECT translator, count(*) AS rows, avg(rank_score) AS rank_score\n"
            f"    FROM '{files}' GROUP BY translator ORDER BY translator\n"
            '"""))',
            "python",
        ),
    ]
    if any(s["config"] == PARALLEL and s["split"] == split for s in built):
        parts += _beside(repo, split)
    if train:
        parts += _training(repo, config, split)
    parts.append("Give the path of this folder in place of the repository's name to load it from a disk.")
    return "\n\n".join(parts)


def _beside(repo: str, split: str) -> list[str]:
    return [
        "The English beside every candidate:",
        fenced(
            "from datasets import load_dataset\n\n"
            f'row = load_dataset("{repo}", "{PARALLEL}", split="{split}")[0]\n'
            'print(row["messages"][0]["content"])\n'
            'for candidate in row["candidates"]:\n'
            '    if candidate["translation"]:\n'
            '        print(candidate["translator"], candidate["translation"][0]["content"])',
            "python",
        ),
    ]


def _training(repo: str, config: str, split: str) -> list[str]:
    return [
        "TRL trains on it as it is: `messages` go through the model's chat template, with `chat_template_kwargs` "
        "(the system prompt, thinking or not, the tools) as the row's own arguments of it:",
        fenced(
            f'trl sft --dataset_name "{repo}" --dataset_config "{config}" --dataset_train_split "{split}" \\\n'
            "    --model_name_or_path MODEL --output_dir sft",
            "bash",
        ),
    ]


def named_as(card: str, repo: str) -> str:
    """A card whose snippets load `repo`: where it is published is known last of all."""
    match = re.search(r'^dataset = load_dataset\("([\w./-]+)", ', card, re.M)
    return replace_in(card, _TITLE, match[1], repo) if match else card
