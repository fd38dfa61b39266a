"""The model that is evaluated: what it is, so that nothing of another's is taken for its own, and as lm-eval's LM."""

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from model_recipes.evaluation.benchmarks.hub import commit_of
from processors.errors import InputError, one_line

Engine = Literal["transformers", "vllm", "api"]
# Of each file of weights so much is read, at so many places: another training changes all of them.
_PIECE, _PLACES = 1 << 16, 16


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
    for file in files:
        size = file.stat().st_size
        found.update(f"{file.name} {size}\n".encode())
        with file.open("rb") as stream:
            for place in range(_PLACES):
                stream.seek(max(0, size - _PIECE) * place // (_PLACES - 1))
                found.update(stream.read(_PIECE))
    return found.hexdigest()[:32]


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
        return _ENGINES[model.engine](model)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise InputError(f"{model.name}: cannot be loaded ({one_line(error, 300)})") from None
