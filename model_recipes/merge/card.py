"""A merged model's folder beside its weights: configuration, tokenizer, what was merged (`merge.json`), model card."""

import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from model_recipes.merge.checkpoint import Checkpoint, read_json
from model_recipes.merge.distances import distances_table
from model_recipes.merge.inputs import Inputs
from model_recipes.merge.settings import normalised
from model_recipes.merge.tokenizers import write_tokenizer
from processors.atomic_files import replacing_text

MERGED = "merge.json"
GENERATION = "generation_config.json"


def write_rest(folder: Path, inputs: Inputs) -> list[str]:
    """All that is copied; returns what a person should know of it."""
    source = inputs.source
    shutil.copyfile(source.folder / "config.json", folder / "config.json")
    if "auto_map" in source.config:
        for path in sorted(source.folder.glob("*.py")):
            shutil.copyfile(path, folder / path.name)
    told = []
    if (source.folder / GENERATION).is_file():
        shutil.copyfile(source.folder / GENERATION, folder / GENERATION)
    if not inputs.updates:
        others = [expert for expert in inputs.experts[1:] if _generation(expert) != _generation(source)]
        told += [f"{one.name}: another {GENERATION} than {source.name}, whose is taken" for one in others]
    write_tokenizer(folder, inputs.tokens, inputs.templates, inputs.template)
    if inputs.template is None and inputs.templates is None:
        told.append("no chat template: none of the experts has one")
    return told


def _generation(model: Checkpoint) -> dict[str, Any]:
    found = read_json(model.folder / GENERATION) or {}
    return {key: value for key, value in found.items() if key not in ("transformers_version", "_from_model_config")}


def merged_json(inputs: Inputs, weights: str, digests: dict[str, str], distances: dict[str, Any]) -> dict[str, Any]:
    """What `merge.json` says."""
    experts = [
        {
            "name": expert.name,
            "revision": about.revision,
            "capability": about.capability,
            "weight": weight,
            "share": share,
            "sha256": digests[expert.name],
        }
        for expert, about, weight, share in zip(
            inputs.experts, inputs.about, inputs.weights, normalised(inputs.weights), strict=True
        )
    ]
    base = inputs.base and {"name": inputs.base.name, "sha256": digests[inputs.base.name]}
    adapters = "LoRA adapters on their base" if len(inputs.experts) > 1 else "LoRA adapter on its base"
    kind = adapters if inputs.updates else "models"
    return {
        "method": "linear",
        "of": kind,
        "weights": weights,
        "experts": experts,
        "base": base,
        "distances": distances,
    }


def write_merge_card(folder: Path, merged: dict[str, Any], warnings: list[str]) -> None:
    """Write `README.md` and, last, `merge.json`: a folder that has it is whole."""
    about: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["merge", "smolkalam"],
    }
    # A folder is no model of the Hub, and the Hub refuses it as one.
    models = [merged["base"]] if merged["base"] and merged["of"] != "models" else merged["experts"]
    if names := [model["name"] for model in models if _on_the_hub(model["name"])]:
        about |= {"base_model": names, "base_model_relation": "merge"}
    rows = [
        f"| {_short(one['name'])} | {one['capability'] or ''} | {one['share']:.4f} | `{one['sha256']}` |"
        for one in merged["experts"]
    ]
    if merged["base"]:
        rows.append(f"| {_short(merged['base']['name'])} | base | | `{merged['base']['sha256']}` |")
    told = "".join(f"\n> {line}\n" for line in warnings)
    start = "the base" if merged["base"] else "the mean"
    with replacing_text(folder / "README.md") as stream:
        stream.write(
            f"---\n{yaml.safe_dump(about, sort_keys=False, allow_unicode=True)}---\n\n# {folder.name}\n\n"
            f"The linear merge of {len(merged['experts'])} {merged['of']}, by `smolkalam train merge`, with weights: "
            f"{merged['weights']}.\n\n| | capability | share | SHA-256 of the tensors |\n|---|---|---:|---|\n"
            + "\n".join(rows)
            + f"\n\n## How far the experts lie apart\n{told}\nThe distance of each from {start}, as a share of its "
            f"norm.\n\n{distances_table(merged['distances'], from_base=bool(merged['base']))}\n\n"
            "The settings stand in `settings.yaml`, which `smolkalam train merge --config` reads.\n"
        )
    with replacing_text(folder / MERGED) as stream:
        json.dump(merged, stream, indent=1, ensure_ascii=False)


def _on_the_hub(name: str) -> bool:
    return name.count("/") == 1 and not name.startswith((".", "/", "~")) and not Path(name).exists()


def _short(name: str) -> str:
    return name if _on_the_hub(name) else Path(name).name
