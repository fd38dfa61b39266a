"""Which translation model a recipe means: its files, its family, and what it calls the two languages.

Nothing heavy is imported here: a build finds out in its first moment what it cannot use.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from processors.errors import InputError
from processors.scrub import excerpt
from processors.servers.gguf import digest

NEEDED = ("torch", "transformers", "sentencepiece")
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
# What of a model's folder decides its translations, beside the weights.
_DECISIVE = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json")
_DECISIVE_ENDS = ("*.spm", "*.model")
# Files that name the languages that a model knows.
_NAMING = ("tokenizer.json", "vocab.json", "special_tokens_map.json", "added_tokens.json", "tokenizer_config.json")
_FETCHED = ["*.json", "*.spm", "*.model", "*.txt", *WEIGHTS]


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of model. `token` is how a language's code stands in the vocabulary, and where the target's is put.

    `begins`: the target's token is the first of the `target`, or of the `source`. `codes` names the table of codes.
    `sentence`: tokens of the longest sentence that it is given.
    """

    name: str
    model_type: str
    tokenizers: tuple[str, ...]
    codes: str
    token: str
    begins: str
    sentence: int


@dataclass(frozen=True, slots=True)
class Seq2SeqModel:
    """A model on this machine: its folder, the Hub's commit, a digest of what it is, its words for the languages."""

    folder: Path
    commit: str | None
    digest: str
    family: Family
    source: str
    target: str
    # Tokens that fit its encoder; None where any number does.
    positions: int | None

    @property
    def target_token(self) -> str:
        """The target language in the model's vocabulary; empty for a model of one target."""
        return self.family.token.format(code=self.target) if self.target else ""

    @property
    def source_token(self) -> str:
        return self.family.token.format(code=self.source)


@cache
def find_seq2seq(
    model: str,
    revision: str | None,
    languages: tuple[str, str],
    codes: tuple[str | None, str | None] = (None, None),
) -> Seq2SeqModel:
    """The model in a folder or of the Hub, downloaded where it is not cached, for the languages (BCP 47).

    `codes` are the recipe's own words for the two languages. Raises InputError where a library is missing, there is no
    such model, it is of no known family, or it does not know a language.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise InputError(
            f"the backend seq2seq needs {', '.join(missing)}, of the extra of that name: pip install -e '.[seq2seq]'"
        )
    folder, commit = _find(model, revision)
    config, tokenizer = _read(model, folder / "config.json"), _read(model, folder / "tokenizer_config.json")
    family = _family(model, str(config.get("model_type")), str(tokenizer.get("tokenizer_class")))
    weights = _weights(model, folder)
    source = codes[0] or _code(family, languages[0], "source_code")
    target = codes[1] or _code(family, languages[1], "target_code")
    multi = family.name != "marian" or ">>" in _naming(folder)
    found = Seq2SeqModel(
        folder, commit, _digest(folder, weights), family, source, target if multi else "", _positions(config)
    )
    _check_codes(model, found)
    return found


def digest_of(model: str, revision: str | None) -> str:
    """What identifies a model, whatever it is called. Raises InputError where there is no such model."""
    folder, _ = _find(model, revision)
    return _digest(folder, _weights(model, folder))


@cache
def families() -> dict[str, Family]:
    """The kinds of models by name."""
    told = {name: dict(told, tokenizers=tuple(told["tokenizers"])) for name, told in _table()["families"].items()}
    return {name: Family(name, **fields) for name, fields in told.items()}


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("families.json").read_text(encoding="utf-8"))
    return found


def _find(model: str, revision: str | None) -> tuple[Path, str | None]:
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder, None
    if folder.is_absolute() or model.startswith((".", "~")) or model.count("/") != 1:
        raise InputError(f"model '{model}': no such folder, and not the name of a model on the Hub")
    import httpx2
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        names = [file.rfilename for file in HfApi().model_info(model, revision=revision).siblings or []]
        others = ["*.bin"] if any(name.endswith(".safetensors") for name in names) else []
        path = snapshot_download(model, revision=revision, allow_patterns=_FETCHED, ignore_patterns=others)
    except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError) as error:
        try:
            path = snapshot_download(model, revision=revision, local_files_only=True)
        except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError):
            words = excerpt(str(error), 300)
            raise InputError(
                f"model '{model}'{f', revision {revision}' if revision else ''}: cannot be had from the Hub "
                f"({type(error).__name__}: {words}); check the name and the network, or give a folder as model"
            ) from None
    # `snapshots/<commit>` in the cache.
    return Path(path), Path(path).name


def _read(model: str, path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"model '{model}': {path.parent} has no {path.name}; give a folder as transformers saves a model"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"model '{model}': its {path.name} cannot be read ({excerpt(str(error))})") from None
    return found if isinstance(found, dict) else {}


def _family(model: str, model_type: str, tokenizer: str) -> Family:
    for family in families().values():
        if family.model_type == model_type and tokenizer in family.tokenizers:
            return family
    # A tokenizer of no class of its own: what tells the two that share an architecture apart is missing.
    of_type = [family for family in families().values() if family.model_type == model_type]
    if len(of_type) == 1:
        return of_type[0]
    known = ", ".join(families())
    raise InputError(
        f"model '{model}': a {model_type} with {tokenizer} is no translation model of a kind known here ({known}); "
        "models that take prompts run behind vllm, llamacpp or an endpoint"
    )


def _code(family: Family, language: str, setting: str) -> str:
    base = language.split("-")[0].lower()
    if family.codes == "two":
        return base
    if base not in _table()["languages"]:
        raise InputError(
            f"language '{language}': its code for {family.name} is not known here; give it as {setting}, as "
            "the model's card writes it"
        )
    flores, three = _table()["languages"][base]
    return str(flores if family.codes == "flores" else three)


def _check_codes(model: str, found: Seq2SeqModel) -> None:
    """A language that no file of the tokenizer names would be translated into any other."""
    naming = _naming(found.folder)
    wanted = {"target_code": found.target_token}
    if found.family.begins == "target":
        wanted["source_code"] = found.source_token
    for setting, token in wanted.items():
        if token and token not in naming:
            raise InputError(
                f"model '{model}': its vocabulary has no '{token}' ({found.family.name}); give {setting} as the "
                "model's card writes it, or take a model that knows the language"
            )


def _naming(folder: Path) -> str:
    """The tokenizer's files, as one text."""
    files = [folder / name for name in _NAMING]
    # MADLAD's languages are pieces of its sentencepiece model.
    files += sorted(path for pattern in _DECISIVE_ENDS for path in folder.glob(pattern))
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files if path.is_file())


def _weights(model: str, folder: Path) -> list[Path]:
    weights = sorted(path for pattern in WEIGHTS for path in folder.glob(pattern))
    if not weights:
        raise InputError(f"model '{model}': {folder} holds no weights (model.safetensors or pytorch_model.bin)")
    return weights


def _digest(folder: Path, weights: list[Path]) -> str:
    files = [folder / name for name in _DECISIVE]
    files += sorted(path for pattern in _DECISIVE_ENDS for path in folder.glob(pattern))
    return digest([*weights, *(path for path in files if path.is_file())])


def _positions(config: dict[str, Any]) -> int | None:
    found = config.get("max_position_embeddings")
    return int(found) if isinstance(found, int) else None
