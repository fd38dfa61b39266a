"""What the Hub says of the YAML at the head of a card, as far as this project's cards go."""

import re
from typing import Any

import yaml

_LICENSE_NAMES = """
apache-2.0 mit openrail afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause c-uda cc cc0-1.0 cc-
by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-
by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-
sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl epl-1.0 epl-2.0 eupl-1.1 etalab-2.0 agpl-3.0
gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc intel-research llama2 llama3 llama3.1 llama3.2
llama3.3 llama4 gemma ms-pl mpl-2.0 odc-by odbl openmdw-1.0 ofl-1.1 unlicense zlib other unknown
"""
_LICENSES = frozenset(_LICENSE_NAMES.split())
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9-]+)?|code|multilingual")
_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(\r?\n|$)", re.DOTALL)


def front_matter(content: str) -> Any:
    """The YAML at the head of a card; None where there is none. Raises yaml.YAMLError."""
    match = _FRONT_MATTER.match(content)
    return yaml.safe_load(match[1]) if match else None


def card_data(content: str) -> dict[str, Any]:
    """The same for a card that was let in: always a mapping."""
    data = front_matter(content)
    return data if isinstance(data, dict) else {}


def validate(content: str) -> tuple[list[str], list[str]]:
    """Errors, for which the Hub refuses a card, and warnings, which it passes on."""
    try:
        data = front_matter(content)
    except yaml.YAMLError as error:
        return [f"YAML syntax: {error}"], []
    if data is None:
        return [], ["empty or missing yaml metadata in repo card"]
    if not isinstance(data, dict):
        return ['"metadata" must be of type object'], []
    errors = [f'"license" must be one of the known identifiers, not {name!r}' for name in _unknown_licenses(data)]
    for code in _listed(data, "language"):
        if not isinstance(code, str) or not _LANGUAGE.fullmatch(code):
            errors.append(f'"language" must only contain lowercase ISO 639-1 or 639-3 codes, not {code!r}')
    for field in ("tags", "task_categories", "task_ids", "size_categories", "source_datasets"):
        if not all(isinstance(value, str) for value in _listed(data, field)):
            errors.append(f'"{field}" must be an array of strings')
    if not isinstance(data.get("pretty_name", ""), str):
        errors.append('"pretty_name" must be a string')
    errors += _config_errors(data.get("configs", []))
    return errors, []


def _listed(data: dict[str, Any], field: str) -> list[Any]:
    value = data.get(field) or []
    return value if isinstance(value, list) else [value]


def _unknown_licenses(data: dict[str, Any]) -> list[Any]:
    return [name for name in _listed(data, "license") if not isinstance(name, str) or name not in _LICENSES]


def _config_errors(configs: Any) -> list[str]:
    if not isinstance(configs, list):
        return ['"configs" must be an array']
    errors = []
    for number, config in enumerate(configs):
        if not isinstance(config, dict) or not isinstance(config.get("config_name"), str):
            errors.append(f'"configs[{number}].config_name" is required and must be a string')
            continue
        files = config.get("data_files", [])
        for entry in files if isinstance(files, list) else [files]:
            if isinstance(entry, dict) and not {"split", "path"} <= entry.keys():
                errors.append(f'"configs[{number}].data_files" needs "split" and "path"')
    return errors
