"""How to load the dataset: snippets that run as they stand."""

from typing import Any

from builders.ranked import PARALLEL
from hub.markdown import fenced


def loading(repo: str, splits: list[dict[str, Any]]) -> str:
    """The section, with the smallest split of the first config: the first try should be quick. Empty without rows."""
    built = [split for split in splits if split["rows"]]
    if not built:
        return ""
    of_first = [split for split in built if split["config"] == built[0]["config"]]
    first = min(of_first, key=lambda split: (split["bytes"], split["split"]))
    config, split = first["config"], first["split"]
    files = f"hf://datasets/{repo}/{config}/{split}-*.parquet"
    parts = [
        "## How to load",
        fenced(
            "from datasets import load_dataset\n\n"
            f'dataset = load_dataset("{repo}", "{config}", split="{split}")\n'
            'print(dataset[0]["messages"])\n\n'
            "# Without downloading first:\n"
            f'stream = load_dataset("{repo}", "{config}", split="{split}", streaming=True)\n'
            'print(next(iter(stream))["messages"])',
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
        parts += [
            "The English beside every candidate:",
            fenced(
                "from datasets import load_dataset\n\n"
                f'row = load_dataset("{repo}", "{PARALLEL}", split="{split}")[0]\n'
                'print(row["messages"][0]["content"])\n'
                'for candidate in row["candidates"]:\n'
                '    print(candidate["translator"], candidate["messages"][0]["content"])',
                "python",
            ),
        ]
    parts.append("Give the path of this folder in place of the repository's name to load it from a disk.")
    return "\n\n".join(parts)
