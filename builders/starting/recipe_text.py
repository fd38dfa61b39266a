"""The text of a first recipe, with a comment where a choice was made: it is read and changed by people."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from builders.starting.engines_here import EngineFound
from processors.errors import InputError

# By code: English name and script. Another language is given as code:Name:Script.
LANGUAGES = {
    "am": ("Amharic", "Ethi"), "ar": ("Arabic", "Arab"), "bn": ("Bengali", "Beng"), "cs": ("Czech", "Latn"),
    "de": ("German", "Latn"), "el": ("Greek", "Grek"), "es": ("Spanish", "Latn"), "fa": ("Persian", "Arab"),
    "fr": ("French", "Latn"), "ha": ("Hausa", "Latn"), "he": ("Hebrew", "Hebr"), "hi": ("Hindi", "Deva"),
    "id": ("Indonesian", "Latn"), "it": ("Italian", "Latn"), "ko": ("Korean", "Kore"), "nl": ("Dutch", "Latn"),
    "pl": ("Polish", "Latn"), "ps": ("Pashto", "Arab"), "pt": ("Portuguese", "Latn"), "ro": ("Romanian", "Latn"),
    "ru": ("Russian", "Cyrl"), "sw": ("Swahili", "Latn"), "ta": ("Tamil", "Taml"), "te": ("Telugu", "Telu"),
    "th": ("Thai", "Thai"), "tr": ("Turkish", "Latn"), "uk": ("Ukrainian", "Cyrl"), "ur": ("Urdu", "Arab"),
    "vi": ("Vietnamese", "Latn"), "yo": ("Yoruba", "Latn"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choices:
    """What a recipe is made of.

    `source` stands in it as given; `looked` says what was seen there, `told` what its card says: `title`, `license`.
    """

    name: str
    source: str
    config: str
    carry: tuple[str, ...]
    looked: str
    language: tuple[str, str, str]
    engine: EngineFound
    model: str
    max_usd: float | None
    prices: tuple[float, float] | None
    title: str
    license: str | None
    told: dict[str, str]


def language_of(given: str) -> tuple[str, str, str]:
    """Code, English name and script of a target language. Raises InputError for one that is not known.

    >>> language_of("ur"), language_of("so:Somali:Latn")
    (('ur', 'Urdu', 'Arab'), ('so', 'Somali', 'Latn'))
    """
    parts = given.split(":")
    if len(parts) == 3 and all(parts):
        return parts[0], parts[1], parts[2]
    by_name = {name.casefold(): code for code, (name, _) in LANGUAGES.items()}
    code = by_name.get(given.casefold(), given)
    if code not in LANGUAGES:
        raise InputError(
            f"--language {given}: expected one of {', '.join(LANGUAGES)}, or code:Name:Script such as so:Somali:Latn"
        )
    return code, *LANGUAGES[code]


def recipe_text(choices: Choices) -> str:
    """The recipe as YAML, whose every value is quoted where YAML would read it as something else."""
    code, name, script = choices.language
    carry = f"  carry: {_value(list(choices.carry))}   # columns of the source that the dataset shall have\n"
    parts = [
        f"# {choices.looked}, into {name}. Written by `smolkalam init`; docs/recipe.md has every key.",
        f"name: {choices.name}   # names the run folder: run/{choices.name}",
        f"source:\n  path: {_value(choices.source)}   # relative to this file\n  config: {choices.config}\n"
        + (carry if choices.carry else "")
        + "".join(_told(choices)),
        "# selection: {max_rows_per_split: 100}   # a look at some rows first",
        f"language: {{code: {code}, name: {_value(name)}, script: {script}}}",
        "translators:\n" + _translator(choices),
        _ceiling(choices),
        "outputs:\n"
        f"  pretty_name: {_value(choices.title)}   # the card's title\n"
        f"{_license(choices)}   # of the card, by the Hub's names; the source's and the model's terms decide it\n"
        "  # repo: user/name   # shown in the card's examples",
    ]
    return "\n".join(part.rstrip() for part in parts if part) + "\n"


def _translator(choices: Choices) -> str:
    engine = choices.engine
    if engine.backend == "pseudo":
        why = "  # No model: text in the target's script without meaning, to see the form of it all."
        return f"{why}\n  - {{name: Pseudo, backend: pseudo}}"
    lines = [
        f"  - name: {_config_name(choices.model)}",
        f"    backend: {engine.backend}",
        f"    model: {_value(choices.model)}",
    ]
    if engine.base_url:
        lines.append(f"    base_url: {engine.base_url}")
    if engine.api_key_env:
        lines.append(f"    api_key_env: {engine.api_key_env}   # the NAME of the variable that holds the key")
    lines.append("    # prompt: chat   # of instruction models; seed-x, translategemma and hunyuan-mt have their own")
    lines.append("    decoding: {temperature: 0.7, max_tokens: 4096}")
    if choices.prices:
        spent = f"{{usd_per_million_input: {choices.prices[0]:g}, usd_per_million_output: {choices.prices[1]:g}}}"
        lines.append(f"    cost: {spent}   # for plan, status, card and max_usd")
    else:
        lines.append("    # cost: {usd_per_million_input: 0.1, usd_per_million_output: 0.2}   # for plan and max_usd")
    return "\n".join(lines)


def _told(choices: Choices) -> Iterator[str]:
    if title := choices.told.get("title"):
        yield f"  title: {_value(title)}   # as its card says\n"
    if licence := choices.told.get("license"):
        yield f"  terms: {{license: {_value(licence)}}}   # as its card says\n"


def _license(choices: Choices) -> str:
    """Where neither this nor the source's card gives one, the dataset's card says so, and `check` warns of it."""
    return f"  license: {_value(choices.license)}" if choices.license else "  # license: cc-by-4.0"


def _ceiling(choices: Choices) -> str:
    if choices.max_usd is None:
        return "# max_usd: 5   # the run stops there, and goes on when it is raised; needs the translators' cost"
    return f"max_usd: {choices.max_usd:g}   # the run stops there, and goes on when it is raised"


def _config_name(model: str) -> str:
    """A name for the dataset's config: letters and digits of the model's own name.

    >>> _config_name("google/gemma-3-27b-it"), _config_name("/m/tiny.Q4.gguf"), _config_name("...")
    ('gemma_3_27b_it', 'tiny.Q4', 'Model')
    """
    plain = re.sub(r"[^\w.]+", "_", model.rsplit("/", 1)[-1].removesuffix(".gguf"))
    return ".".join(part for part in plain.strip("_").split(".") if part)[:60].strip("._") or "Model"


def _value(value: object) -> str:
    # JSON's texts and lists are YAML's too.
    text = json.dumps(value, ensure_ascii=False)
    plain = isinstance(value, str) and value.replace("/", "").replace(" ", "").replace("_", "").isalpha()
    return str(value) if plain and value not in ("null", "true", "false", "yes", "no", "on", "off") else text
