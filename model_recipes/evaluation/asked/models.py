"""The model that is evaluated: what it is, so that nothing of another's is taken for its own, and as lm-eval's LM."""

import importlib.util
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from model_recipes.evaluation.benchmarks.hub import commit_of
from processors.errors import InputError, SmolKalamError, one_line

# A model of whose first answers so many are read and none says anything is not asked on; fewer items tell nothing.
TRIAL, FEWEST = 20, 5
Engine = Literal["transformers", "vllm", "api"]
# Of each file of weights so much is read, at so many places: another training changes all of them.
_PIECE, _PLACES = 1 << 16, 16
_SHARD = re.compile(r"-\d+-of-\d+\.")


@dataclass(frozen=True, slots=True)
class Model:
    """`name` is a folder, an id of the Hub, or a model of the API at `base_url`."""

    name: str
    engine: Engine = "transformers"
    revision: str | None = None
    base_url: str | None = None
    api_key_env: str | None = None
    concurrency: int = 16
    batch_size: int = 8
    chat: bool = False

    @property
    def title(self) -> str:
        return Path(self.name).name if Path(self.name).exists() else self.name

    def identity(self) -> str:
        """What its answers are filed under: another model, or the same trained further, has another.

        Raises InputError where there is no such model.
        """
        if self.engine == "api":
            return f"{self.base_url} {self.name} {self.revision or ''}".strip()
        if Path(self.name).is_dir():
            if self.chat and not _has_template(Path(self.name)):
                raise InputError(f"{self.name}: --chat asks in the model's chat template, and its tokenizer has none")
            return _digest(Path(self.name))
        if self.name.count("/") != 1:
            raise InputError(f"{self.name}: no such folder, and not the id of a model such as user/name")
        commit = commit_of("model", self.name, self.revision, "check the name and the network, or give a folder")
        return f"{self.name}@{commit}"


def _digest(folder: Path) -> str:
    found = sha256()
    files = sorted(
        file
        for pattern in ("*.safetensors", "*.bin", "config.json", "adapter_config.json", "tokenizer.json", "*.jinja")
        for file in folder.glob(pattern)
    )
    if not any(file.name in ("config.json", "adapter_config.json") for file in files):
        raise InputError(f"{folder}: no model there (no config.json); expected a folder as training writes it")
    _look_at_weights(folder)
    for file in files:
        size = file.stat().st_size
        found.update(f"{file.name} {size}\n".encode())
        with file.open("rb") as stream:
            for place in range(_PLACES):
                stream.seek(max(0, size - _PIECE) * place // (_PLACES - 1))
                found.update(stream.read(_PIECE))
    return found.hexdigest()[:32]


def _has_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file():
        return True
    settings = folder / "tokenizer_config.json"
    if not settings.is_file():
        # An adapter's tokenizer may be its base's.
        return True
    try:
        return bool(json.loads(settings.read_text(encoding="utf-8")).get("chat_template"))
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"{settings}: cannot be read ({one_line(error)})") from None


def _look_at_weights(folder: Path) -> None:
    """Raises InputError where weights, or a shard of them, are missing: before anything else is read or asked."""
    found = {file.name for ending in ("safetensors", "bin") for file in folder.glob(f"*model*.{ending}")}
    if not found:
        raise InputError(f"{folder}: no weights there (no model.safetensors); expected a folder as training writes it")
    shards = sorted(name for name in found if _SHARD.search(name))
    for ending in ("safetensors", "bin"):
        index = folder / f"{'model' if ending == 'safetensors' else 'pytorch_model'}.{ending}.index.json"
        if not index.is_file():
            if len(found) == len(shards) and any(name.endswith(ending) for name in shards):
                raise InputError(f"{folder}: its weights are in shards ({shards[0]}), and {index.name} is missing")
            continue
        try:
            named = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{index}: cannot be read ({one_line(error)})") from None
        if missing := sorted(named - found):
            raise InputError(f"{folder}: {index.name} names {missing[0]}, which is missing")


def look_for_libraries(engine: Engine) -> None:
    """Raises InputError where what is needed is not installed."""
    needed = {"lm_eval": "pip install 'smolkalam[evaluation]'"}
    if engine == "transformers":
        needed |= dict.fromkeys(("torch", "transformers"), "pip install torch && pip install 'smolkalam[evaluation]'")
    if engine == "vllm":
        needed["vllm"] = "pip install vllm"
    for library, install in needed.items():
        if importlib.util.find_spec(library) is None:
            raise InputError(f"this needs {library}: {install}")


def _transformers(model: Model) -> Any:
    import torch
    from lm_eval.models.huggingface import HFLM

    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    arguments: dict[str, Any] = {"pretrained": model.name}
    adapter = Path(model.name) / "adapter_config.json"
    if adapter.is_file():
        base = json.loads(adapter.read_text(encoding="utf-8")).get("base_model_name_or_path")
        if not base:
            raise InputError(f"{adapter}: names no base model (base_model_name_or_path)")
        arguments = {"pretrained": base, "peft": model.name}
        if (Path(model.name) / "tokenizer_config.json").is_file():
            arguments["tokenizer"] = model.name
    if model.revision:
        arguments["revision"] = model.revision
    return HFLM(**arguments, device=device, batch_size=model.batch_size)


def _vllm(model: Model) -> Any:
    from lm_eval.models.vllm_causallms import VLLM

    return VLLM(pretrained=model.name, revision=model.revision, batch_size="auto")


_ENGINES: dict[str, Callable[[Model], Any]] = {"transformers": _transformers, "vllm": _vllm}


def load(model: Model) -> Any:
    """lm-eval's LM of a model with likelihoods. Raises InputError where it cannot be loaded."""
    try:
        lm = _ENGINES[model.engine](model)
        if model.chat:
            # Told by lm-eval only when it has read the first part.
            lm.apply_chat_template([{"role": "user", "content": "?"}])
    except SmolKalamError:
        raise
    # Formats of weights and tokenizers have errors of their own, which share no other class.
    except Exception as error:
        raise InputError(f"{model.name}: cannot be loaded ({one_line(error, 300) or type(error).__name__})") from None
    return _with_trial(lm, model.title)


def _with_trial(lm: Any, title: str) -> Any:
    """The same LM, which is not asked on where all that it writes first is nothing."""
    whole = lm.generate_until

    def generate_until(requests: Sequence[Any], **more: Any) -> list[str]:
        if len(requests) < FEWEST:
            return list(whole(requests, **more))
        first = list(whole(requests[:TRIAL], **more))
        if not any(answer.strip() for answer in first):
            raise InputError(nothing_said(title, len(first)))
        rest = requests[TRIAL:]
        return first + (list(whole(rest, **more)) if rest else [])

    lm.generate_until = generate_until
    return lm


def nothing_said(title: str, answers: int) -> str:
    """What is told of a model that writes nothing."""
    return (
        f"{title}: its first {answers} answers are empty; look at its chat template (--chat) and at the settings "
        "of its server, or leave out the benchmarks for which it has to write"
    )
