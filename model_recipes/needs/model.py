"""Whether the model that a training begins from is whole and fits what is asked of it, before a weight is loaded.

transformers and TRL (1.16) find the same later, in other words or not at all: missing weights are a traceback after
the rows were encoded; a tokenizer with more tokens than the model has embeddings an index error somewhere in an epoch;
rows that are longer than the model's context train it on positions that it has never seen, without a word; a chat
template of another model ends its turns with what this one's generation does not stop at.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from processors.commands import as_yaml
from processors.errors import InputError, one_line

# Tokens beyond the embeddings that a model of the Hub may have, and no text.
_SPARE = 64
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_INDEX = ("model.safetensors.index.json", "pytorch_model.bin.index.json")


def look_at_name(name: str, where: str) -> None:
    """Raises InputError, which begins with `where`, for what is neither a folder nor can be a model of the Hub."""
    if "/" not in name and not Path(name).is_dir():
        # The Hub would be asked for it again and again: half a minute until the same is said.
        raise InputError(f"{where} {name}: no such folder, and the Hub's models are named USER/NAME")


def read_config(name: str, revision: str | None, *, weights: bool = True) -> Any:
    """The model's configuration. Raises InputError where there is no model, or (`weights`) a folder has none of it."""
    from transformers import AutoConfig

    look_at_name(name, "model_name_or_path:")
    folder = Path(name)
    if folder.is_dir() and (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        raise InputError(
            f"model_name_or_path: {name}: is an adapter, not a model; name its base, or make it one with its base by "
            f"`smolkalam train merge` (experts=[{{path: {as_yaml(name)}}}])"
        )
    try:
        config = AutoConfig.from_pretrained(name, revision=revision)
    except (OSError, ValueError) as error:
        raise InputError(f"model_name_or_path: {name}: no model there ({one_line(error)})") from None
    if weights and folder.is_dir():
        _look_at_weights(folder)
    return config


def _look_at_weights(folder: Path) -> None:
    """Raises InputError where a folder has no weights, or not all that its index names."""
    for index in _INDEX:
        if not (folder / index).is_file():
            continue
        try:
            files = set(json.loads((folder / index).read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"model_name_or_path: {folder / index}: is damaged ({one_line(error, 80)})") from None
        if missing := sorted(file for file in files if not (folder / file).is_file()):
            raise InputError(
                f"model_name_or_path: {folder}: {missing[0]} is missing, which {index} names; copy it whole"
            )
        return
    if not any(any(folder.glob(pattern)) for pattern in _WEIGHTS):
        raise InputError(f"model_name_or_path: {folder}: has no weights (*.safetensors); copy the model whole")


def look_at_vocabulary(name: str, config: Any, tokenizer: Any, used: Callable[[], int] | None = None) -> None:
    """Raises InputError where the tokenizer has tokens that the model has no embedding of: another model's.

    `used` finds the largest token of the rows, and is asked only where one could be too large. Without it a few too
    many are let pass: Gemma 3's of text alone (1B) has one, for a picture, that no text has.
    """
    size = getattr(config.get_text_config(), "vocab_size", None)
    last = max(tokenizer.get_vocab().values(), default=0)
    if size is None or last < size or (last < size + _SPARE if used is None else used() < size):
        return
    raise InputError(
        f"model_name_or_path: {name}: its tokenizer has tokens up to number {last:,} and the model embeddings of "
        f"{size:,}: it is another model's tokenizer"
    )


def context_of(config: Any) -> int | None:
    """How many tokens the model reads at once; None where its configuration does not say."""
    found = getattr(config.get_text_config(), "max_position_embeddings", None)
    return int(found) if found else None


def unstopped_end(name: str, revision: str | None, tokenizer: Any, eos_token: str | None) -> str | None:
    """What the chat template ends the assistant's turn with, where generation does not stop at it; None where it does.

    Generation stops at the tokenizer's end of text, at `eos_token` where the training sets it, and at what the model's
    own generation settings name.
    """
    from jinja2 import TemplateError
    from transformers import GenerationConfig

    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}]
    try:
        text = str(tokenizer.apply_chat_template(turns, tokenize=False))
    except (TemplateError, TypeError, ValueError):
        return None
    end = text.rpartition("!")[2]
    stops = {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(eos_token) if eos_token else None}
    try:
        given = GenerationConfig.from_pretrained(name, revision=revision).eos_token_id
        stops |= set(given) if isinstance(given, list) else {given}
    except (OSError, ValueError):
        # A model need not have any.
        pass
    ids = set(tokenizer(end, add_special_tokens=False)["input_ids"])
    return None if ids & stops else end.strip() or repr(end)
