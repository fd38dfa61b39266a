"""The dataset card: front matter that the Hub and `datasets` read, and what a reader must know of this build."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from builders import schemas
from builders.ranked import PARALLEL, statistics_by_config
from builders.recipe import EndpointTranslator, MemoryTranslator, PseudoTranslator, Recipe, Translator
from builders.statistics import to_json, to_markdown
from processors.ranking import OUTCOMES

if TYPE_CHECKING:
    from builders.stages import Build

# The Hub's size categories (huggingface.co/docs/hub/datasets-cards), by number of rows.
_SIZES = [
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
]


def write_card(build: "Build") -> None:
    """Write `README.md` and `statistics/<config>.json` into the dataset folder: the last files of a build."""
    from builders.units import replacing

    dataset = build.run.dataset
    tables = statistics_by_config(build.splits)
    (dataset / "statistics").mkdir(parents=True, exist_ok=True)
    for config, splits in tables.items():
        with replacing(dataset / "statistics" / f"{config}.json") as temporary:
            temporary.write_text(to_json(splits), encoding="utf-8")
    for stale in (dataset / "statistics").glob("*.json"):
        if stale.stem not in tables:
            stale.unlink()
    # What a killed build left half-written would be published with the folder, which is the repository.
    for leftover in dataset.rglob(".*.tmp"):
        leftover.unlink()
    for folder in dataset.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    with replacing(dataset / "README.md") as temporary:
        temporary.write_text(f"---\n{front_matter(build.recipe, build.splits)}\n---\n{body(build)}", encoding="utf-8")


def front_matter(recipe: Recipe, splits: list[dict[str, Any]]) -> str:
    """The card's YAML: `configs` and `dataset_info` with true counts and sizes; splits without rows are left out."""
    from datasets import DatasetInfo, Features, SplitDict, SplitInfo
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCardData

    built: dict[str, list[dict[str, Any]]] = {}
    for split in splits:
        if split["rows"]:
            built.setdefault(split["config"], []).append(split)
    ranked = [config for config in built if config != PARALLEL]
    rows = max((sum(s["rows"] for s in built[config]) for config in built), default=0)
    data = DatasetCardData(
        language=[recipe.language.code] + (["en"] if PARALLEL in built else []),
        license=recipe.outputs.license,
        pretty_name=recipe.outputs.pretty_name,
        size_categories=[next((name for limit, name in _SIZES if rows < limit), "10M<n<100M")],
        task_categories=["text-generation"],
        tags=["synthetic", "machine-translation", "post-training", "sft", "smolkalam"],
        source_datasets=["HuggingFaceTB/smoltalk2"] if "smoltalk2" in recipe.source.path else None,
    )
    infos = DatasetInfosDict()
    configs = MetadataConfigs()
    for config, parts in built.items():
        schema = schemas.parallel() if config == PARALLEL else schemas.ranked()
        infos[config] = DatasetInfo(
            features=Features.from_arrow_schema(schema),
            splits=SplitDict({s["split"]: SplitInfo(s["split"], s["bytes"], s["rows"]) for s in parts}),
            download_size=sum(item["bytes"] for s in parts for item in s["files"]),
            dataset_size=sum(s["bytes"] for s in parts),
        )
        files = [{"split": s["split"], "path": f"{config}/{s['split']}-*"} for s in parts]
        configs[config] = {"data_files": files} | ({"default": True} if config == ranked[0] else {})
    infos.to_dataset_card_data(data)
    configs.to_dataset_card_data(data)
    return data.to_yaml()


def body(build: "Build") -> str:
    """The card's text."""
    recipe = build.recipe
    ranked = [recipe.config_name(t.name) for t in recipe.translators]
    first = next((s for s in build.splits if s["rows"]), None)
    tables = statistics_by_config(build.splits)
    sections = [
        *_pseudo_warning(recipe),
        f"# {recipe.outputs.pretty_name}\n\n"
        f"English post-training conversations in {recipe.language.name}: each row of the source, translated by "
        f"{_names(t.name for t in recipe.translators)}, checked, scored and ranked. One config for each primary "
        f"translator, one split for each split of the source.",
        _loading(recipe, first) if first else "",
        "## Splits\n\n"
        + "\n".join(f"### `{config}`\n\n{to_markdown(tables[config])}" for config in ranked if config in tables)
        + f"\nA turn is a message. Tokens are of the tokenizer `{recipe.outputs.tokenizer}`."
        + (
            " It estimates what a byte-pair tokenizer would count, without a download."
            if recipe.outputs.tokenizer == "approximate"
            else ""
        ),
        _columns(recipe),
        "## Translators\n\n" + "\n".join(f"- {_translator(t)}" for t in recipe.translators),
        _ranking(build),
        _dropped(build),
    ]
    return "\n" + "\n\n".join(section.strip("\n") for section in sections if section) + "\n"


def _pseudo_warning(recipe: Recipe) -> list[str]:
    pseudo = [t.name for t in recipe.translators if isinstance(t, PseudoTranslator)]
    if not pseudo:
        return []
    return [
        f"**Not a translation: the text of {_names(pseudo)} is pseudo-localised, without meaning, made to test the "
        "pipeline. Do not train on it.**"
    ]


def _loading(recipe: Recipe, first: dict[str, Any]) -> str:
    repo, config = recipe.outputs.repo, first["config"]
    return (
        "## How to load\n\n```python\nfrom datasets import load_dataset\n\n"
        f'dataset = load_dataset("{repo}", "{config}", split="{first["split"]}")\n'
        f'stream = load_dataset("{repo}", "{config}", split="{first["split"]}", streaming=True)\n```\n\n'
        "Give the path of this folder in place of the repository's name to load it from a disk."
    )


def _columns(recipe: Recipe) -> str:
    parallel = (
        "\n\nThe config `parallel` has the English `messages` beside all `candidates`, with their texts."
        if recipe.outputs.parallel
        else ""
    )
    return (
        "## Columns\n\n"
        "- `id`: `<source split>/<row number in it>`\n"
        "- `messages`, `chat_template_kwargs`, `source`: as in the source, translated; tool calls and tool schemas "
        "stay as they are\n"
        "- `LR`, `SCR`, `rank_score`: length ratio, script purity and their mean (arXiv 2511.18411, section 3.5)\n"
        "- `translator`: whose candidate the row is\n"
        "- `candidates`: every translator's scores and what the checks found; `chosen` marks the row's own. Scores "
        "are null where a translator has no candidate, and its check says why\n"
        "- `tokens`, `turns`: tokens and messages of the row" + parallel
    )


def _translator(spec: Translator) -> str:
    chunking = (
        f"chunks of {spec.chunking.lines} lines"
        if spec.chunking.strategy == "lines"
        else f"chunks of at most {spec.chunking.max_tokens} tokens"
    )
    memory = " after a translation memory" if spec.memory else ""
    if isinstance(spec, MemoryTranslator):
        return f"**{spec.name}**: a translation memory; no model translated these rows"
    if isinstance(spec, PseudoTranslator):
        return f"**{spec.name}**: pseudo-localisation{memory}, {chunking}"
    assert isinstance(spec, EndpointTranslator)
    revision = f" at revision `{spec.revision}`" if spec.revision else ""
    decoding = json.dumps(spec.decoding.model_dump(mode="json", exclude_none=True, exclude_defaults=True))
    return (
        f"**{spec.name}**: `{spec.model}`{revision}{memory}, prompt `{spec.prompt}`, {chunking}, decoding `{decoding}`"
    )


def _ranking(build: "Build") -> str:
    recipe, extra = build.recipe, build.totals["rank"].extra
    policy = recipe.ranking
    how = {
        "never": "a config holds its primary translator's candidates only; a vetoed one leaves the row out",
        "vetoed": "a row takes its primary translator's candidate, or the best other one where a hard check vetoes it",
        "better": "a row takes its primary translator's candidate, or another's where it is vetoed or better by more "
        f"than {policy.margin:g} in rank_score",
    }[policy.replace]
    titles = "Config | Primary's own | Replaced, for vetoed | Replaced, for better | Left out"
    lines = [f"| {titles} |", "|---|---:|---:|---:|---:|"]
    for spec in recipe.translators:
        config = recipe.config_name(spec.name)
        numbers = (extra[f"{config}/{outcome}"] for outcome in OUTCOMES)
        lines.append(f"| `{config}` | {' | '.join(f'{n:,}' for n in numbers)} |")
    limits = [f"{name} below {value:g}" for name, value in (("LR", policy.min_LR), ("SCR", policy.min_SCR)) if value]
    veto = f" Also vetoed: {' and '.join(limits)}." if limits else ""
    return f"## Ranking\n\nHard checks veto whatever the scores say; {how}.{veto}\n\n" + "\n".join(lines)


def _dropped(build: "Build") -> str:
    select = build.totals["select"]
    lines = [f"## What was left out\n\nRead {select.read:,} rows; {select.kept:,} were taken to be translated.\n"]
    lines += _table("Not taken, by reason", select.dropped)
    for spec in build.recipe.translators:
        totals, extra = build.totals[f"translate/{spec.name}"], build.totals["rank"].extra
        lines += _table(f"`{spec.name}`: conversations that it failed to translate, by check", totals.dropped)
        prefix = f"{spec.name}/veto_"
        vetoes = Counter({k.removeprefix(prefix): n for k, n in extra.items() if k.startswith(prefix)})
        lines += _table(f"`{spec.name}`: candidates vetoed, by check", vetoes)
    lines += _table("Rows that no config has", build.totals["rank"].dropped)
    lines += [f"- {note}" for note in build.notes]
    return "\n".join(lines)


def _table(title: str, counts: Counter[str]) -> list[str]:
    if not counts:
        return []
    rows = [
        f"| {_cell(reason)} | {n:,} |" for reason, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return [f"{title}:\n", "| Reason | Rows |", "|---|---:|", *rows, ""]


def _cell(text: str) -> str:
    """Text that stays within its cell of a table: a reason may quote what a server said."""
    return " ".join(text.split()).replace("|", "\\|")


def _names(names: Iterable[str]) -> str:
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} and {last}" if most else last
