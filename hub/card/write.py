"""The dataset card: front matter that the Hub and `datasets` read, and what a reader must know of this build."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.dataset.combined import has_combined
from builders.dataset.policy_effects import policy_effects
from builders.dataset.rows import statistics_by_config
from builders.dataset.side_statistics import sides_by_config
from builders.dataset.statistics import to_json
from builders.engines import engine_of
from builders.licences import PROVENANCE, dataset_licence, dataset_title, provenance_of
from builders.recipes.recipe import Recipe
from builders.run_folder import schemas
from builders.run_folder.folder import RANK
from builders.run_folder.schemas import PARALLEL
from hub.card import sections
from hub.card.examples import example_blocks, examples
from hub.card.first_screen import introduction, loading
from hub.card.licences import licences
from hub.card.merging.kept_sections import PSEUDO_TAG, TAG, edited_sections, generated, merge_card
from hub.card.noted import duplicates_section, notes_section, sides_section, templates_section
from hub.card.plots import Plot, write_plots
from hub.card.reproduce import public_recipe, reproduce
from hub.card.translators import translators
from processors.atomic_files import write_text
from processors.scoring.columns import columns_with

if TYPE_CHECKING:
    from builders.stages.common.context import Build

# The Hub's size categories (huggingface.co/docs/hub/datasets-cards), by number of rows.
_SIZES = [
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
]


def write_card(build: "Build") -> None:
    """Write statistics, plots and, last of a build's files, `README.md`; what people wrote in the old one stays."""
    dataset = build.run.dataset
    tables, effects = (
        statistics_by_config(build.splits),
        policy_effects(build.recipe, build.run.stage(RANK), build.selected),
    )
    (dataset / "statistics").mkdir(parents=True, exist_ok=True)
    sides = sides_by_config(build.splits)
    for config, splits in tables.items():
        of_sides = {name: of.means() for name, of in sides.get(config, {}).items()} or None
        write_text(dataset / "statistics" / f"{config}.json", to_json(splits, effects[config], of_sides))
    for stale in (dataset / "statistics").glob("*.json"):
        if stale.stem not in tables:
            stale.unlink()
    of = provenance_of(build.recipe, [unit.split for unit in build.selected], public_recipe(build.recipe))
    write_text(dataset / PROVENANCE, json.dumps(of, indent=1, ensure_ascii=False) + "\n")
    plots = write_plots(build)
    combined = has_combined(build.recipe, build.totals[RANK].extra)
    # What a killed build left half-written would be published with the folder, which is the repository.
    for leftover in dataset.rglob(".*.tmp"):
        leftover.unlink()
    for folder in dataset.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    card = generated(front_matter(build.recipe, build.splits, combined, dataset), body(build, plots))
    path = dataset / "README.md"
    if path.exists():
        old = path.read_text(encoding="utf-8", errors="replace")
        for title in edited_sections(old):
            build.observer.say(f"README.md: {title or 'the introduction'} was edited by hand; the edit is kept")
        card = merge_card(card, old)
    write_text(path, card)


def front_matter(
    recipe: Recipe, splits: list[dict[str, Any]], combined: bool = False, dataset: "Path | None" = None
) -> str:
    """The card's YAML: `configs` and `dataset_info` with true counts and sizes; splits without rows are left out.

    `combined`: rows have the column `segments`. `dataset`: the folder of the files.
    """
    # Not `datasets`, whose import takes 0.5 s with pandas', an eighth of the demo's build.
    from huggingface_hub import DatasetCardData

    built: dict[str, list[dict[str, Any]]] = {}
    for split in splits:
        if split["rows"]:
            built.setdefault(split["config"], []).append(split)
    ranked = [config for config in built if config != PARALLEL]
    rows = max((sum(s["rows"] for s in built[config]) for config in built), default=0)
    data = DatasetCardData(
        language=[recipe.language.code] + (["en"] if PARALLEL in built else []),
        license=dataset_licence(recipe),
        pretty_name=dataset_title(recipe),
        size_categories=[size_category(rows)],
        task_categories=None if recipe.source.fields else ["text-generation"],
        tags=["synthetic", "machine-translation", *_kind(recipe), TAG]
        + ([PSEUDO_TAG] if any(engine_of(t).meaningless for t in recipe.translators) else []),
        source_datasets=["HuggingFaceTB/smoltalk2"] if "smoltalk2" in recipe.source.path else None,
    )
    infos, configs = {}, {}
    for config, parts in built.items():
        infos[config] = {
            "config_name": config,
            "features": _features(recipe, config, combined, dataset and dataset / parts[0]["files"][0]["file"]),
            "splits": [{"name": s["split"], "num_bytes": s["bytes"], "num_examples": s["rows"]} for s in parts],
            "download_size": sum(item["bytes"] for s in parts for item in s["files"]),
            "dataset_size": sum(s["bytes"] for s in parts),
        }
        files = [{"split": s["split"], "path": f"{config}/{s['split']}-*"} for s in parts]
        default = {"default": True} if config == ranked[0] else {}
        configs[config] = {"config_name": config, "data_files": files} | default
    if built:
        described = [infos[config] for config in sorted(infos)]
        data["dataset_info"] = described if len(described) > 1 else described[0]
        data["configs"] = [configs[config] for config in sorted(configs)]
    return data.to_yaml()


def _kind(recipe: Recipe) -> list[str]:
    if recipe.source.fields:
        return []
    return ["post-training", *(["preference", "dpo"] if recipe.source.pairs else ["sft"]), "conversational"]


def size_category(rows: int) -> str:
    """The Hub's word for so many rows."""
    return next((name for limit, name in _SIZES if rows < limit), "10M<n<100M")


def _features(recipe: Recipe, config: str, combined: bool, file: "Path | None") -> list[dict[str, Any]]:
    """The columns of a config, as cards have them. `file`: one of its files, which has those of a source by fields."""
    if recipe.source.fields and file is not None:
        import pyarrow.parquet as pq
        from datasets import Features

        return Features.from_arrow_schema(pq.read_schema(file))._to_yaml_list()
    of = schemas.parallel if config == PARALLEL else schemas.ranked
    schema = of(combined, recipe.source.carry, columns_with(recipe.ranking.scorers.given()), recipe.source.pairs)
    return [{"name": field.name, **feature(field.type)} for field in schema]


def feature(kind: Any) -> dict[str, Any]:
    """An Arrow type as `datasets` writes it into cards."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return {"struct": [{"name": field.name, **feature(field.type)} for field in kind]}
    if pa.types.is_list(kind):
        inner = feature(kind.value_type)
        return {"list": inner.get("dtype") or inner.get("struct") or inner}
    return {"dtype": "float64" if pa.types.is_float64(kind) else str(kind)}


def body(build: "Build", plots: list[Plot]) -> list[str]:
    """The card's sections, in order; one that has nothing to say is empty."""
    recipe = build.recipe
    pseudo = any(engine_of(translator).meaningless for translator in recipe.translators)
    blocks = example_blocks(build)
    return [
        introduction(build, blocks[0] if blocks else ""),
        loading(
            recipe.outputs.repo,
            build.splits,
            train=not pseudo,
            pairs=recipe.source.pairs,
            fields=bool(recipe.source.fields),
        ),
        sections.overview(build),
        sections.intended_use(recipe),
        sections.splits(build, plots),
        sections.limitations(recipe),
        examples(blocks),
        sections.columns(recipe, has_combined(recipe, build.totals[RANK].extra)),
        templates_section(build),
        translators(build),
        sections.ranking(build),
        notes_section(build),
        duplicates_section(build),
        sides_section(build),
        sections.dropped(build, plots),
        reproduce(recipe),
        licences(build),
        sections.citation(recipe),
    ]
