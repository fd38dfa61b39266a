"""Rules for a card's front matter: what the Hub refuses, and what `datasets` refuses or silently loses.

Sources: `datasets` 5.2 (`utils/metadata.py`, `naming.py`, `builder.py`), huggingface_hub 2.4 (`repocard.py`), and
huggingface.co/docs/hub/datasets-cards.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builders.recipes.base import LICENCES
from hub.rules.findings import Finding, error, errors, warning

# A split's name as `datasets` takes it (5.2, `datasets.splits`).
SPLIT = re.compile(r"^\w+(\.\w+)*$")
# Splits of a config that the dataset viewer shows.
MAX_SPLITS = 30
# As long as the Hub lets a repository's name be: configs and splits are folders and files of it.
MAX_NAME = 96
# `datasets` makes a folder of a config's name, and refuses what Windows would.
_FORBIDDEN_IN_CONFIGS = set("<>:/\\|?*")

# ISO 639-1; of three letters (ISO 639-2 and -3) any code is taken.
_LANGUAGE_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee "
    "el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is "
    "it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms "
    "mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk "
    "sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi "
    "yo za zh zu code multilingual "
)
_LANGUAGES = frozenset(_LANGUAGE_CODES.split())


@dataclass(slots=True)
class Declared:
    """What the front matter declares, once it has been found readable."""

    patterns: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # config -> split -> data_files
    infos: dict[str, Any] = field(default_factory=dict)  # config -> datasets.DatasetInfo
    licence: str | None = None  # where it is one


def check_card(readme: Path) -> tuple[Declared | None, list[Finding]]:
    """Check `README.md`; the card is None where it cannot be read, so that nothing that depends on it is checked."""
    text, findings = _read(readme)
    if text is None:
        return None, findings
    data, findings = _parse(text)
    if data is None:
        return None, findings
    findings += [finding for rule in CARD_RULES for finding in rule(data)]
    configs, infos = data.get("configs"), data.get("dataset_info")
    if not configs:
        findings.append(
            error(
                "configs",
                "README.md",
                "the front matter has no `configs`: all files become splits that `datasets` guesses from their names",
                "list every config with its splits and data_files",
            )
        )
        return None, findings
    infos = [infos] if isinstance(infos, dict) else infos or []
    shape = [*_shapes("configs", configs), *_shapes("dataset_info", infos)]
    if shape:
        return None, findings + shape
    findings += [*_duplicates("configs", configs), *_duplicates("dataset_info", infos), *_names(configs)]
    if errors(findings):
        # What follows would only repeat it in other words; patterns are still good enough to look at the files.
        return Declared(_patterns(configs)), findings
    return _as_datasets_reads_it(text, configs, findings)


def _read(readme: Path) -> tuple[str | None, list[Finding]]:
    try:
        return readme.read_text(encoding="utf-8"), []
    except FileNotFoundError:
        seen = "there is no card: no configs, no licence, and splits that `datasets` guesses from file names"
        return None, [error("card", "README.md", seen, "finish the build, which writes the card last")]
    except UnicodeDecodeError as problem:
        return None, [error("card", "README.md", f"it is not UTF-8 ({problem.reason})", "save it as UTF-8")]


def _parse(text: str) -> tuple[dict[str, Any] | None, list[Finding]]:
    import yaml
    from huggingface_hub import DatasetCard
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    match = REGEX_YAML_BLOCK.search(text)
    if not match:
        seen = "it does not begin with a block of YAML between two lines `---`; everything in it is ignored"
        return None, [error("front-matter", "README.md", seen, "put the block at the top of the file")]
    try:
        node = yaml.compose(match.group(2), Loader=yaml.SafeLoader)
        DatasetCard(text)  # the client's own validation
        data = yaml.safe_load(match.group(2)) or {}
    except (yaml.YAMLError, ValueError, TypeError) as problem:
        where = getattr(problem, "problem_mark", None)
        line = f" in line {where.line + 2}" if where else ""
        reason = getattr(problem, "problem", None) or str(problem).splitlines()[0]
        seen = f"the front matter cannot be read{line} ({reason}); the Hub refuses the commit"
        return None, [error("front-matter", "README.md", seen, "mend the YAML")]
    twice = list(_keys_twice(node))
    findings = [
        error(
            "front-matter",
            "README.md",
            f"the key '{key}' is there twice (again in line {line}); the Hub refuses it and `datasets` loses one",
            "remove one of them",
        )
        for key, line in twice
    ]
    return data, findings


def _keys_twice(node: Any) -> Iterator[tuple[str, int]]:
    """Keys that a mapping has twice, with the line of the file in which they come again."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 2
            seen.add(key.value)
            yield from _keys_twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _keys_twice(value)


def _language(data: dict[str, Any]) -> Iterator[Finding]:
    codes = data.get("language") or []
    codes = [codes] if isinstance(codes, str) else codes
    for code in codes:
        first = str(code).split("-")[0]
        if not isinstance(code, str) or (first not in _LANGUAGES and not re.fullmatch(r"[a-z]{3}", first)):
            seen = f"'{code}' is no language code: nobody who filters by language finds the dataset"
            if code is False:
                seen = "YAML reads an unquoted `no` as false, not as Norwegian"
            yield warning("language", "README.md", seen, "write an ISO 639 code in lower case, such as ar or arz")
    if not codes:
        yield warning("language", "README.md", "no language is given: no filter finds it", "add `language: [ar]`")


def _licence(data: dict[str, Any]) -> Iterator[Finding]:
    licences = data.get("license") or []
    licences = [licences] if isinstance(licences, str) else licences
    for licence in licences:
        if licence not in LICENCES:
            yield warning(
                "licence",
                "README.md",
                f"'{licence}' is no licence that the Hub knows: it may refuse the card",
                "take one of huggingface.co/docs/hub/repositories-licenses, or `other` with license_name",
            )
    if not licences:
        yield warning("licence", "README.md", "no licence: nobody may use the dataset", "add `license:`")


# What a readable front matter breaks, whatever its configs are.
CARD_RULES = (_language, _licence)


def _shapes(key: str, entries: Any) -> Iterator[Finding]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield error("configs", "README.md", f"`{key}` is not a list of mappings", "write `- config_name: ...` entries")
        return
    for entry in entries:
        if not isinstance(entry.get("config_name"), str) and (key == "configs" or len(entries) > 1):
            seen = f"an entry of `{key}` has no config_name, or one that YAML reads as a number or a truth value"
            yield error("configs", "README.md", seen, "give it one, in quotes")


def _duplicates(key: str, entries: list[dict[str, Any]]) -> Iterator[Finding]:
    for name, times in Counter(entry.get("config_name", "default") for entry in entries).items():
        if times > 1:
            seen = f"`{key}` has it {times} times; all but the last are lost without a word"
            yield error("duplicate-config", name, seen, "give each config one entry")
    if key == "configs":
        defaults = [e["config_name"] for e in entries if e.get("default") or e["config_name"] == "default"]
        if len(defaults) > 1:
            seen = f"several default configs ({', '.join(defaults)}); loading raises a ValueError"
            yield error("default-config", "README.md", seen, "leave `default: true` at one")


def _names(configs: list[dict[str, Any]]) -> Iterator[Finding]:
    yield from _collisions("config", [config["config_name"] for config in configs], "")
    for config in configs:
        name = config["config_name"]
        bad = sorted(_FORBIDDEN_IN_CONFIGS & set(name))
        if bad or not name.strip() or name in (".", ".."):
            seen = f"`datasets` refuses the name of the config ({' '.join(bad) or 'empty'}): no config can be loaded"
            yield error("config-name", name, seen, "use letters, digits, _ and single dots")
        elif not SPLIT.match(name):
            seen = "a config's name with other than letters, digits, _ and dots must be quoted in many places"
            yield warning("config-name", name, seen, "use letters, digits, _ and single dots")
        if len(name) > MAX_NAME:
            seen = f"a name of {len(name)} characters; the viewer's menu and some file systems cut it"
            yield warning("config-name", name, seen, f"use at most {MAX_NAME}")
        yield from _splits(name, config.get("data_files"))


def _splits(config: str, data_files: Any) -> Iterator[Finding]:
    entries = data_files if isinstance(data_files, list) else []
    if not entries or not all(
        isinstance(e, dict) and set(e) == {"split", "path"} and isinstance(e["path"], str | list) for e in entries
    ):
        seen = "its data_files do not name split and path: all its files become one split, `train`, or loading fails"
        yield error("data-files", config, seen, "write data_files as a list of {split, path}")
        return
    splits = [str(entry["split"]) for entry in entries]
    for split, times in Counter(splits).items():
        if times > 1:
            yield error("split-name", f"{config}/{split}", "the split is there twice; loading fails", "remove one")
        if split.lower() == "all":
            seen = "'all' is reserved for every split of a config together: the config cannot be loaded"
            yield error("split-name", f"{config}/{split}", seen, "rename the split")
        if not SPLIT.match(split):
            seen = "`datasets` refuses the split's name: no config of the dataset can be loaded"
            yield error("split-name", f"{config}/{split}", seen, "use letters, digits, _ and single dots, no hyphen")
        if len(split) > MAX_NAME:
            seen = f"a name of {len(split)} characters; the viewer's menu and some file systems cut it"
            yield warning("split-name", f"{config}/{split}", seen, f"use at most {MAX_NAME}")
    yield from _collisions("split", splits, f"{config}/")
    if len(set(splits)) > MAX_SPLITS:
        seen = f"{len(set(splits))} splits; the viewer shows none of a config that has more than {MAX_SPLITS}"
        yield error("too-many-splits", config, seen, "divide it into several configs")


def _collisions(kind: str, names: list[str], prefix: str) -> Iterator[Finding]:
    folded: dict[str, str] = {}
    for name in dict.fromkeys(names):
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            seen = f"differs from the {kind} '{other}' only in case: on macOS and Windows one overwrites the other"
            yield error("name-collision", f"{prefix}{name}", seen, f"rename one {kind}")


def _patterns(configs: list[dict[str, Any]]) -> dict[str, dict[str, list[str]]]:
    patterns: dict[str, dict[str, list[str]]] = {}
    for config in configs:
        entries = config.get("data_files")
        entries = entries if isinstance(entries, list) else []
        patterns[config["config_name"]] = {
            str(e["split"]): [e["path"]] if isinstance(e["path"], str) else e["path"]
            for e in entries
            if isinstance(e, dict) and {"split", "path"} <= set(e)
        }
    return patterns


def _one(licence: Any) -> str | None:
    return licence if isinstance(licence, str) else None


def _as_datasets_reads_it(
    text: str, configs: list[dict[str, Any]], findings: list[Finding]
) -> tuple[Declared, list[Finding]]:
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCard

    data = DatasetCard(text).data
    card = Declared(_patterns(configs), licence=_one(data.get("license")))
    try:
        MetadataConfigs.from_dataset_card_data(data).get_default_config_name()
        infos = dict(DatasetInfosDict.from_dataset_card_data(data))
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        reason = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
        seen = f"`datasets` cannot read the front matter: {reason}"
        return card, [*findings, error("front-matter", "README.md", seen, "let the build write it")]
    for name, info in infos.items():
        for split in (info.splits or {}).values():
            for key in ("num_examples", "num_bytes"):
                # A truth value is an int to Python.
                if type(getattr(split, key)) is not int:
                    seen = f"{key} of {name}/{split.name} is {getattr(split, key)!r}, no number: loading fails"
                    return card, [*findings, error("front-matter", "README.md", seen, "let the build write it")]
    card.infos = infos
    for name in card.patterns:
        if name not in card.infos:
            seen = "no `dataset_info`: readers see no sizes, and types are guessed from the first file"
            findings.append(warning("dataset-info", name, seen, "let the build write it"))
    for name in card.infos:
        if name not in card.patterns:
            seen = "`dataset_info` has it and `configs` has not; it cannot be loaded"
            findings.append(error("dataset-info", name, seen, "remove it, or add its data_files to `configs`"))
    return card, findings
