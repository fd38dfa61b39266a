"""The card's first screen: what the dataset is in a line of facts, an example, which config to take, how to load it.

The snippets run as they stand, one after the other.
"""

import re
from typing import TYPE_CHECKING, Any

from builders.dataset.rows import statistics_by_config
from builders.dataset.statistics import summarise, tokens_column
from builders.engines import engine_of
from builders.licences import dataset_licence, dataset_title, source_title
from builders.run_folder.schemas import PARALLEL
from hub.card.fields import introduced, parallel_snippet, snippet_columns
from hub.card.markdown import cell, details, fenced, joined, linked, names, score
from hub.card.merging.kept_sections import replace_in
from hub.card.reproduce import public_recipe
from processors.scoring.columns import COLUMN

if TYPE_CHECKING:
    from builders.stages.common.context import Build

_TITLE = "How to load"


def introduction(build: "Build", example: str = "") -> str:
    """The first screen: what it is in a line of facts, an example, which config to take, what the scores mean.

    Of pseudo-localised text the first line says that it is none.
    """
    recipe = build.recipe
    pseudo = [t.name for t in recipe.translators if engine_of(t).meaningless]
    warning = (
        f"**Not a translation: the text of {names(pseudo)} is pseudo-localised, without meaning, made to test the "
        "pipeline. Do not train on it.**"
        if pseudo
        else ""
    )
    notice = f"**{recipe.outputs.notice}**" if recipe.outputs.notice else ""
    kind = "preference pairs" if recipe.source.pairs else "post-training conversations"
    said = (
        f"English {kind} in {recipe.language.name}: each row of the source, translated by "
        f"{names(t.name for t in recipe.translators)}, checked, scored and ranked. One config for each primary "
        "translator, one split for each split of the source."
    )
    if recipe.source.fields:
        said = introduced(recipe, source_title(recipe.source), names(t.name for t in recipe.translators))
    if recipe.source.pairs:
        said += " Both sides of a pair are of one translator, and their prompt is the same text."
    parts = [warning, notice, f"# {dataset_title(recipe)}", said, _facts(build), example, _advice(build)]
    return "\n\n".join(part for part in parts if part)


def _facts(build: "Build") -> str:
    recipe, tables = build.recipe, statistics_by_config(build.splits)
    largest = max((summarise(of.values()) for of in tables.values()), key=lambda one: one.rows, default=None)
    path = public_recipe(recipe)["source"]["path"]
    title = cell(source_title(recipe.source))
    source = f"[{title}](https://huggingface.co/{path[5:]})" if path.startswith("hf://datasets/") else title
    licence = dataset_licence(recipe)
    facts = [f"**Licence** {f'`{licence}`' if licence else 'none given'}"]
    if largest:
        size = sum(file["bytes"] for split in build.splits for file in split["files"])
        title, shown = tokens_column(largest.total_tokens)
        unit = " million tokens" if "(M)" in title else " tokens"
        facts.append(f"**{largest.rows:,} rows**, {shown(largest.total_tokens)}{unit} in the largest of {len(tables)}")
        facts[-1] += f" config{'s' if len(tables) > 1 else ''}; {size / 1e6:,.1f} MB in all"
    models = [(t.name, engine_of(t).model or "") for t in recipe.translators]
    by = joined(f"`{name}` ({linked(model)})" if model.count("/") == 1 else f"`{name}`" for name, model in models)
    facts += [f"**Source** {source}", f"**Translators** {by}"]
    facts.append(f"**Filter** hard checks veto, what is left is ranked by `{recipe.ranking.order_by}`")
    return " · ".join(facts)


def _advice(build: "Build") -> str:
    """Which config to take, and the scores in a line each; nothing where there are no rows."""
    recipe = build.recipe
    whole = {config: summarise(of.values()) for config, of in statistics_by_config(build.splits).items()}
    if not whole:
        return ""
    places = COLUMN["quality"].decimals
    means = {config: one.mean("quality") for config, one in whole.items()}
    if len(whole) == 1:
        take = f"There is one config of translations: `{next(iter(whole))}`."
    elif len({score(mean, places) for mean in means.values()} - {"n/a"}) == len(means):
        best = max(means, key=lambda config: means[config] or 0.0)
        mean = score(means[best], places)
        take = f"**Which config?** `{best}`: of all, its rows have the highest mean quality ({mean})."
    else:
        take = f"**Which config?** Each holds its primary translator's rows where they pass: {names(whole)}."
    if recipe.outputs.parallel:
        take += f" `{PARALLEL}` has the English beside every candidate."
    lines = [
        "- **LR** (length ratio): 1 where a translation is as long as one of its source should be, less the further "
        "it is off.",
        f"- **SCR** (script purity): 1 where what should be {recipe.language.name} is in its script, less the more is "
        "not.",
    ]
    if any(mean is not None for mean in means.values()):
        said = "the ranker's chance that this is the best of the row's candidates; it does not compare rows."
        lines.append(f"- **quality**: {said}")
    return take + "\n\n" + "\n".join(lines)


def loading(
    repo: str, splits: list[dict[str, Any]], *, train: bool = True, pairs: bool = False, fields: bool = False
) -> str:
    """The section, with the smallest split of the first config: the first try should be quick. Empty without rows.

    `train`: say how, too. Every snippet takes the names that the first one gives. `pairs`: rows are preference pairs,
    `fields`: rows of fields, which nobody trains on.
    """
    built = [split for split in splits if split["rows"]]
    if not built:
        return ""
    of_first = [split for split in built if split["config"] == built[0]["config"]]
    first = min(of_first, key=lambda split: (split["bytes"], split["split"]))
    config, split = first["config"], first["split"]
    size = sum(file["bytes"] for s in of_first for file in s["files"])
    said = "chosen" if pairs else "messages"
    shown = "" if fields else f'["{said}"]'
    parts = [
        f"## {_TITLE}",
        fenced(
            "from datasets import load_dataset\n\n"
            f'REPO = "{repo}"\nCONFIG = "{config}"\nSPLIT = "{split}"\n\n'
            # `datasets` 5.2 fetches and converts every split of a config, whichever is asked for.
            f"# Downloads all of the config ({size / 1e6:,.1f} MB) and returns one split of it:\n"
            "dataset = load_dataset(REPO, CONFIG, split=SPLIT)\n"
            f"print(dataset[0]{shown})",
            "python",
        ),
    ]
    more = "\n\n".join(_more(built, split, said, fields))
    parts.append(details("Streaming, filters, polars, DuckDB, the English beside it", more))
    if train and not fields:
        parts += _training(repo, config, split, "dpo" if pairs else "sft")
    return "\n\n".join(parts)


def _more(built: list[dict[str, Any]], split: str, said: str, fields: bool = False) -> list[str]:
    """Other ways than the first, by its names; `said` is the column of what is said, but for rows of `fields`."""
    shown = "" if fields else f'["{said}"]'
    theirs = "translation" if said == "messages" else f"translated_{said}"
    parts = [
        fenced(
            "# Reads only what is looked at:\n"
            "stream = load_dataset(REPO, CONFIG, split=SPLIT, streaming=True)\n"
            f"print(next(iter(stream)){shown})\n\n"
            # `datasets` 5.2: beside a config's name `filters` raises NonMatchingSplitsSizesError, for fewer rows come
            # than the card says; and without streaming it raises where none is left.
            "# With a filter, from one split's files; `quality` compares a row's candidates, not rows:\n"
            'FILES = f"hf://datasets/{REPO}/{CONFIG}/{SPLIT}-*.parquet"\n'
            'good = load_dataset("parquet", data_files=FILES, split="train",\n'
            '                    filters=[("rank_score", ">=", 0.8)], streaming=True)\n'
            "print(sum(1 for row in good))",
            "python",
        ),
        fenced(
            "import polars as pl\n\n"
            "rows = pl.scan_parquet(FILES)\n"
            'print(rows.filter(pl.col("rank_score") >= 0.8).select("id", "LR", "SCR", "translator").collect())',
            "python",
        ),
        fenced(
            "import duckdb\n\n"
            'print(duckdb.sql(f"""\n'
            "    SELECT translator, count(*) AS rows, avg(rank_score) AS rank_score\n"
            "    FROM '{FILES}' GROUP BY translator ORDER BY translator\n"
            '"""))',
            "python",
        ),
    ]
    if fields:
        parts = [snippet_columns(part) for part in parts]
    if any(s["config"] == PARALLEL and s["split"] == split for s in built):
        parts += [
            "The English beside every candidate:",
            fenced(parallel_snippet(), "python")
            if fields
            else fenced(
                f'row = load_dataset(REPO, "{PARALLEL}", split=SPLIT)[0]\n'
                f'print(row["{said}"][0]["content"])\n'
                'for candidate in row["candidates"]:\n'
                f'    if candidate["{theirs}"]:\n'
                f'        print(candidate["translator"], candidate["{theirs}"][0]["content"])',
                "python",
            ),
        ]
    return [*parts, "From a disk, give the path of this folder as `REPO`, and `FILES` without `hf://datasets/`."]


_READ = {
    "sft": "`messages` go through the model's chat template, with `chat_template_kwargs` (the system prompt, thinking "
    "or not, the tools) as the row's own arguments of it",
    "dpo": "`prompt` with each of `chosen` and `rejected` goes through the model's chat template, with "
    "`chat_template_kwargs` (the system prompt, thinking or not, the tools) as the row's own arguments of it",
}


def _training(repo: str, config: str, split: str, how: str) -> list[str]:
    return [
        f"TRL trains on it as it is: {_READ[how]}:",
        fenced(
            f'trl {how} --dataset_name "{repo}" \\\n    --dataset_config "{config}" \\\n'
            f'    --dataset_train_split "{split}" \\\n'
            f"    --model_name_or_path MODEL --output_dir {how}",
            "bash",
        ),
        "A machine without a GPU needs `--use_cpu --bf16 false` too.",
    ]


def named_as(card: str, repo: str) -> str:
    """A card whose snippets load `repo`: where it is published is known last of all."""
    match = re.search(r'^REPO = "([\w./-]+)"$', card, re.M)
    return replace_in(card, _TITLE, match[1], repo) if match else card
