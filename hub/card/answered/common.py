"""What the cards of answered datasets have in common: front matter, how to load, counts, models, provenance."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from builders.engines import engine_of
from builders.licences import PROVENANCE
from builders.pools import PoolRecipe, Prompts
from builders.pools.dataset import WrittenConfig
from builders.recipes.base import Terms
from builders.recipes.translators import Translator
from hub.card.markdown import cell, details, fenced, table
from hub.card.merging.kept_sections import TAG, generated
from hub.card.mixture import linked_dataset
from hub.card.reproduce import public_block
from hub.card.write import feature, size_category
from processors.atomic_files import write_text


def write_answered_card(
    folder: Path,
    recipe: PoolRecipe,
    outputs: Any,
    prompts: Prompts,
    configs: Sequence[WrittenConfig],
    models: Sequence[Translator],
    *,
    tags: Sequence[str],
    body: Sequence[str],
) -> None:
    """Write `README.md` and `provenance.json` into a dataset's folder."""
    write_text(folder / PROVENANCE, json.dumps(_provenance(recipe, prompts, outputs, models), indent=1) + "\n")
    front = _front(recipe, outputs, prompts, configs, tags)
    write_text(folder / "README.md", generated(front, list(body)))


def _front(
    recipe: PoolRecipe, outputs: Any, prompts: Prompts, configs: Sequence[WrittenConfig], tags: Sequence[str]
) -> str:
    from huggingface_hub import DatasetCardData

    data = DatasetCardData(
        language=[recipe.language.code],
        license=outputs.license,
        pretty_name=outputs.pretty_name or recipe.name,
        size_categories=[size_category(sum(sum(one.rows.values()) for one in configs))],
        task_categories=["text-generation"],
        tags=["post-training", "synthetic", *tags, TAG],
        source_datasets=[recipe.source.path.removeprefix("hf://datasets/")] if prompts.revision else None,
    )
    infos, listed = [], []
    for number, one in enumerate(configs):
        infos.append(
            {
                "config_name": one.name,
                "features": [{"name": field.name, **feature(field.type)} for field in one.schema],
                "splits": [{"name": s, "num_bytes": one.bytes[s], "num_examples": n} for s, n in one.rows.items()],
                "download_size": one.size,
                "dataset_size": sum(one.bytes.values()),
            }
        )
        files = [{"split": split, "path": f"{one.name}/{split}-*"} for split in one.rows]
        listed.append({"config_name": one.name, "data_files": files} | ({} if number else {"default": True}))
    data["dataset_info"], data["configs"] = infos, listed
    return data.to_yaml()


def title(recipe: PoolRecipe, outputs: Any) -> str:
    """The card's title, below its notice."""
    notice = f"**{outputs.notice}**\n\n" if outputs.notice else ""
    return f"{notice}# {outputs.pretty_name or recipe.name}"


def loading(repo: str, config: str, column: str) -> str:
    """How to load it."""
    code = (
        f'from datasets import load_dataset\n\ndataset = load_dataset("{repo}", "{config}", split="train")\n'
        f'print(dataset[0]["{column}"])'
    )
    return f"## How to load\n\n{fenced(code, 'python')}"


def counts_table(stages: Mapping[str, Any]) -> str:
    """Each stage with what it read, kept and left out, and why."""
    rows = []
    for name, told in stages.items():
        counts, left_out = told["counts"], told["left_out"]
        why = ", ".join(f"`{reason}` {number:,}" for reason, number in left_out.items())
        numbers = counts.get("read", 0), counts.get("kept", 0), sum(left_out.values())
        rows.append([f"`{name}`", *(f"{number:,}" for number in numbers), why])
    return table(["Stage", "Read", "Kept", "Left out", "Why"], rows)


def models_table(models: Sequence[Translator], told: Mapping[str, Mapping[str, int]]) -> str:
    """Who answered, how, and what became of the answers."""
    rows = []
    for spec in models:
        engine = engine_of(spec)
        counts = dict(told.get(spec.name, {}))
        answers, usable = counts.pop("answers", 0), counts.pop("usable", 0)
        why = ", ".join(f"`{reason}` {number:,}" for reason, number in counts.items())
        decoding = json.dumps({k: v for k, v in spec.decoding.model_dump().items() if v not in (None, {})})  # type: ignore[union-attr]
        revision = spec.revision or "not recorded"  # type: ignore[union-attr]
        rows.append(
            [
                f"`{spec.name}`",
                cell(public_block(str(engine.model))),
                revision,
                f"`{decoding}`",
                f"{answers:,}",
                f"{usable:,}",
                why,
            ]
        )
    return table(["Name", "Model", "Revision", "Decoding", "Answers", "Usable", "Left out"], rows, left=4)


def marks_table(panel: Mapping[str, Any]) -> str:
    """Judges that marked answers by a rubric: how many, and how far they agree."""
    judges = [[f"`{n}`", f"{of['read']:,}", f"{of['failed']:,}"] for n, of in panel["judges"].items()]
    text = table(["Judge", "Answers marked", "Not readable"], judges)
    if panel["alpha"]:
        rows = [[f"`{n}`", "not defined" if a is None else f"{a:.3f}"] for n, a in panel["alpha"].items()]
        text += "\n\nKrippendorff's alpha between the judges, of marks from 1 to 5 as an interval:\n\n"
        text += table(["Criterion", "Alpha"], rows)
    return text


def source_line(recipe: PoolRecipe, prompts: Prompts) -> str:
    """Where the prompts come from."""
    place = linked_dataset(recipe.source.path, prompts.revision) if prompts.revision else f"`{_public(recipe)}`"
    licence = prompts.licence
    return f"The prompts are those of {place} (licence: {f'`{licence}`' if licence else 'not known'})."


def again(recipe: PoolRecipe, command: str) -> str:
    """How to make it again: the recipe, without the paths of this machine."""
    plain = public_block(recipe.model_dump(mode="json", exclude_defaults=True))
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)
    shown = details("Recipe", fenced(text, "yaml"))
    return (
        f"## How to make it again\n\n`smolkalam {command} RECIPE -o DIR` with this recipe; models that sample answer "
        f"otherwise each time, unless their server keeps to the seed.\n\n{shown}"
    )


def _public(recipe: PoolRecipe) -> str:
    path = recipe.source.path
    return Path(path).name if path.startswith("/") else path


def _provenance(recipe: PoolRecipe, prompts: Prompts, outputs: Any, models: Sequence[Translator]) -> dict[str, Any]:
    """As a build's: where the prompts are from, and who wrote the answers."""
    source = recipe.source.terms or Terms(license=prompts.licence)
    of = {
        spec.name: {"model": engine_of(spec).model} | (spec.terms or Terms()).model_dump(mode="json")
        for spec in models
    }
    return {
        "license": outputs.license,
        "source": {"title": _public(recipe), "path": _public(recipe)} | source.model_dump(mode="json"),
        "splits": {},
        "translators": of,
    }
