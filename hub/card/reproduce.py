"""How to build the dataset again: the recipe as it was run, without what belongs to one machine, and the versions."""

import ipaddress
import platform
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from builders.recipes.recipe import Recipe
from builders.run_folder.folder import library_versions
from hub.card.markdown import details, fenced

_SECRET = re.compile(r"(?i)api_?key|secret|password|authori[sz]ation|bearer|credential|(access|auth|hf)_?token$")


def reproduce(recipe: Recipe) -> str:
    """The section: seed, versions, and the recipe in a block that is closed at first."""
    versions = ", ".join(f"{library} {version}" for library, version in library_versions().items())
    text = yaml.safe_dump(public_recipe(recipe), sort_keys=False, allow_unicode=True, width=100).rstrip()
    return "\n\n".join(
        [
            "## How to reproduce",
            f"Seed {recipe.seed}; Python {platform.python_version()}, {versions}. Save the recipe below as "
            "`recipe.yaml`, put your own paths, servers and keys into it, and run:",
            fenced("smolkalam build recipe.yaml --output run", "bash"),
            "The same recipe, source and answers of the translators give the same bytes, whatever the number of "
            "processes. A server that samples answers otherwise each time; selection and layout stay the same.",
            details("The recipe as it was run, every default written out", fenced(text, "yaml")),
        ]
    )


def public_recipe(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values, for everybody to see.

    Local paths are reduced to their last name, addresses within a network to localhost; the name of the variable with
    a key and the executor, which say nothing of the data, are left out.
    """
    data = recipe.model_dump(mode="json", exclude={"executor"})
    _hide_source(data)
    data["outputs"]["tokenizer"] = _public_tokenizer(data["outputs"]["tokenizer"])
    _hide_ranking(data["ranking"])
    for translator in data["translators"]:
        _hide_local(translator)
    return data


def _hide_ranking(ranking: dict[str, Any]) -> None:
    for file in ("ranker", "verdicts"):
        if ranking[file]:
            ranking[file] = _public_path(ranking[file])
    if labels := ranking["calibration"]:
        if labels["path"]:
            labels["path"] = _public_path(labels["path"])
        if labels["judges"]:
            _hide_panel(labels["judges"])
    for scorer in ranking["scorers"].values():
        if scorer:
            _hide_scorer(scorer)
    if reward := ranking["reward"]:
        reward["model"] = _public_tokenizer(reward["model"])
        _hide_server(reward)
        if reward["served_model"]:
            reward["served_model"] = _public_tokenizer(reward["served_model"])


def _hide_source(data: dict[str, Any]) -> None:
    data["source"]["path"] = _public_path(data["source"]["path"])
    if data["selection"]["domain_index"]:
        data["selection"]["domain_index"] = _public_path(data["selection"]["domain_index"])
    for benchmark in data.get("decontamination", {}).get("against", ()):
        benchmark["path"] = _public_tokenizer(benchmark["path"])


def _hide_local(translator: dict[str, Any]) -> None:
    """Take from a translator what belongs to one machine; settings that were never there are not told."""
    translator["memory"] = [Path(file).name for file in translator["memory"]]
    if (glossary := translator.pop("glossary")) is not None:
        translator["glossary"] = Path(glossary).name
    if translator.get("context", False) is None:
        del translator["context"]
    translator["chunking"]["tokenizer"] = _public_tokenizer(translator["chunking"]["tokenizer"])
    if endpoints := translator.pop("endpoints", None):
        # One will do to build it again, and says nothing less of the data.
        translator["base_url"] = endpoints[0]["base_url"]
    _hide_server(translator)
    if server := translator.get("server"):
        # An interpreter's path and variables are of one machine; options may hold paths, or what a server asks of
        # its clients.
        server["python"] = Path(server["python"]).name
        server.pop("environment")
        server["arguments"] = _without_paths(_without_secrets(server["arguments"]))
    if "model" in translator:
        translator["model"] = _public_tokenizer(translator["model"])
    if "decoding" in translator:
        translator["decoding"]["extra"] = _without_secrets(translator["decoding"]["extra"])


def public_block(block: Any) -> Any:
    """A recipe's block, of whatever kind, without what belongs to one machine: places, keys, paths of files."""
    if isinstance(block, list):
        return [public_block(one) for one in block]
    if isinstance(block, str):
        return Path(block).name if block.startswith("/") else block
    if not isinstance(block, dict):
        return block
    shown = {name: public_block(value) for name, value in block.items() if name != "environment"}
    if endpoints := shown.pop("endpoints", None):
        shown["base_url"] = endpoints[0]["base_url"]
    _hide_server(shown)
    return _without_secrets(shown)


def _hide_panel(panel: dict[str, Any]) -> None:
    panel["tokenizer"] = _public_tokenizer(panel["tokenizer"])
    for judge in panel["judges"]:
        _hide_scorer(judge)


def _hide_scorer(block: dict[str, Any]) -> None:
    _hide_server(block)
    for name in {"model", "tokenizer"} & block.keys():
        block[name] = _public_tokenizer(block[name]) if block[name] else block[name]
    if "decoding" in block:
        block["decoding"]["extra"] = _without_secrets(block["decoding"]["extra"])


def _hide_server(block: dict[str, Any]) -> None:
    """Where it is reached is told only of a public address; with which key, never."""
    if block.get("base_url"):
        block["base_url"] = _public_address(block["base_url"])
    for name in ("api_key_env", "key_header", "headers", "headers_env", "requests_per_minute", "tokens_per_minute"):
        block.pop(name, None)


def _public_path(path: str) -> str:
    return path if "://" in path else Path(path).name


def _public_tokenizer(name: str) -> str:
    """A Hub id is two names; anything longer, or what begins at a root, is a path."""
    return Path(name).name if name.startswith(("/", ".", "~")) or name.count("/") > 1 or "\\" in name else name


def _public_address(address: str) -> str:
    host = urlsplit(address).hostname or ""
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:
        public = "." in host and not host.endswith((".local", ".internal", ".lan", ".localdomain", ".home.arpa"))
    return address if public and address.startswith("https://") else "http://localhost:8000/v1"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_secrets(v) for k, v in value.items() if not _SECRET.search(str(k))}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _without_paths(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_paths(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_paths(item) for item in value]
    return _public_tokenizer(value) if isinstance(value, str) else value
