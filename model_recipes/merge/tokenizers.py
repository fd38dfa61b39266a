"""Whether models read and write the same tokens, and are spoken to in the same form.

Two tokenizers of one size may number their tokens differently (mergekit 0.1.5 does not look): the mean of two such
models' embeddings means nothing. What only says how a batch is padded or cut is no difference.
"""

import json
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from model_recipes.merge.checkpoint import Checkpoint, read_json, some
from processors.errors import InputError, one_line

_TOKENS = ("bos_token", "eos_token")
# In a tokenizer.json both stand in what decides: transformers writes them beside it, or not, as its version is.
_OLD_TOKENS = ("unk_token", "add_bos_token", "add_eos_token")
# What the numbers of a model's embeddings belong to. What stands around it may have been chosen for a training.
IDS = ("vocab", "merges", "added tokens", "model", "tokenizer.model", "spiece.model", "vocab.json", "merges.txt")
_OLD = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.json", "merges.txt", "vocab.txt")
_TEMPLATE = "chat_template.jinja"
# What a folder has of a tokenizer, as far as it has it.
_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    _TEMPLATE,
    "chat_template.json",
    *_OLD,
)
_TEMPLATES = "additional_chat_templates"


def look_same_tokens(models: Sequence[Checkpoint]) -> Checkpoint:
    """The first of `models` that has a tokenizer. Raises InputError where there is none or another differs."""
    having = [model for model in models if has_tokenizer(model)]
    if not having:
        raise InputError(f"{models[0].name}: no tokenizer in its folder; copy it there, it comes with the result")
    known = tokens_of(having[0])
    mistakes = []
    for other in having[1:]:
        if told := difference(known, tokens_of(other)):
            mistakes.append(f"{other.name}: another tokenizer than {having[0].name}: {told}")
    if mistakes:
        raise InputError("\n".join(mistakes))
    return having[0]


def has_tokenizer(model: Checkpoint) -> bool:
    return any((model.folder / name).is_file() for name in ("tokenizer.json", *_OLD))


def tokens_of(model: Checkpoint) -> dict[str, Any]:
    """What decides of text and tokens, in one form whatever library wrote it. Raises InputError."""
    about = read_json(model.folder / "tokenizer_config.json") or {}
    facts: dict[str, Any] = {key: _content(about.get(key)) for key in _TOKENS}
    path = model.folder / "tokenizer.json"
    if not path.is_file():
        found = [model.folder / name for name in _OLD if (model.folder / name).is_file()]
        facts |= {key: _content(about.get(key)) for key in _OLD_TOKENS}
        return facts | {file.name: file.read_bytes() for file in found}
    from tokenizers import Tokenizer

    try:
        whole = json.loads(Tokenizer.from_file(str(path)).to_str())
    except Exception as error:
        # The library raises plain exceptions for whatever is wrong with a file.
        raise InputError(f"{path}: no tokenizer that can be read ({one_line(error)})") from None
    inner = whole["model"]
    vocab = inner.pop("vocab", {})
    facts["vocab"] = (
        vocab if isinstance(vocab, dict) else {piece: [i, score] for i, (piece, score) in enumerate(vocab)}
    )
    facts["merges"] = [tuple(pair) for pair in inner.pop("merges", [])]
    facts["added tokens"] = {token["content"]: token for token in whole["added_tokens"]}
    # One library writes "" where another writes null or nothing.
    facts["model"] = {key: value for key, value in inner.items() if value}
    return facts | {key: whole[key] for key in ("normalizer", "pre_tokenizer", "post_processor", "decoder")}


def _content(token: Any) -> Any:
    return token.get("content") if isinstance(token, dict) else token


def difference(here: dict[str, Any], there: dict[str, Any], keys: Collection[str] | None = None) -> str:
    """The first thing in which two differ, in words; empty where they are the same. `keys`: only in these."""
    for key in {**here, **there}:
        if keys is not None and key not in keys:
            continue
        one, other = here.get(key), there.get(key)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
            told = [f"{name!r} is {other.get(name)}, not {one.get(name)}" for name in names]
            return f"{key}: {some(told)}"
        if isinstance(one, list) and isinstance(other, list):
            place = next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
            where = f", the first at {place:,}" if place is not None else ""
            return f"{key}: {len(other):,} and {len(one):,}{where}"
        return (
            f"{key} differs"
            if isinstance(one, bytes) or isinstance(other, bytes)
            else f"{key}: {other!r}, not {one!r}"
        )
    return ""


def templates_of(model: Checkpoint) -> dict[str, str]:
    """A model's chat templates by name, wherever its folder has them; the usual one is `default`."""
    about = read_json(model.folder / "tokenizer_config.json") or {}
    found: dict[str, str] = {}
    given = about.get("chat_template") or (read_json(model.folder / "chat_template.json") or {}).get("chat_template")
    if isinstance(given, list):
        found = {one["name"]: one["template"] for one in given}
    elif given:
        found = {"default": given}
    if (path := model.folder / _TEMPLATE).is_file():
        found["default"] = path.read_text(encoding="utf-8")
    for path in sorted((model.folder / _TEMPLATES).glob("*.jinja")):
        found[path.stem] = path.read_text(encoding="utf-8")
    return found


def look_same_templates(models: Sequence[Checkpoint]) -> Checkpoint | None:
    """The first of `models` that has a chat template, None if none has. Raises InputError where another differs."""
    having = [(model, found) for model in models if (found := templates_of(model))]
    for model, found in having[1:]:
        if found != having[0][1]:
            raise InputError(
                f"{model.name}: another chat template than {having[0][0].name}; say which the result has by "
                "`chat_template`, a Jinja file"
            )
    return having[0][0] if having else None


def write_tokenizer(folder: Path, tokens: Checkpoint, templates: Checkpoint | None, given: str | None) -> None:
    """Put the tokenizer of `tokens` into `folder`, with the chat templates of `templates` or the one `given`."""
    for name in _FILES:
        if (tokens.folder / name).is_file():
            shutil.copyfile(tokens.folder / name, folder / name)
    if given is None and (templates is None or templates is tokens):
        if (tokens.folder / _TEMPLATES).is_dir():
            shutil.copytree(tokens.folder / _TEMPLATES, folder / _TEMPLATES, dirs_exist_ok=True)
        return
    (folder / "chat_template.json").unlink(missing_ok=True)
    if about := read_json(folder / "tokenizer_config.json"):
        about.pop("chat_template", None)
        text = json.dumps(about, indent=2, ensure_ascii=False)
        (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")
    found = templates_of(templates) if given is None and templates is not None else {"default": given or ""}
    for name, text in found.items():
        path = folder / _TEMPLATE if name == "default" else folder / _TEMPLATES / f"{name}.jinja"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
