"""Who could translate: servers that listen on this machine, APIs whose key is in the environment, a GGUF file."""

import json
import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from processors.clients.address import EXPECTED, is_address
from processors.errors import InputError

# Where vLLM, llama.cpp, Ollama, LM Studio and text-generation-inference listen unless told otherwise.
PORTS = (8000, 8080, 11434, 1234, 3000)
# Long enough for this machine, short enough for five ports that drop what they get.
_LOCAL_S, _REMOTE_S = 0.5, 10.0


@dataclass(frozen=True, slots=True)
class EngineFound:
    """An engine of a recipe: its `backend`, where it is, the variable with its key, and the models that it names.

    `prices`: dollars for a million tokens of prompts and of answers, by model, where the API says them.
    """

    backend: str
    base_url: str = ""
    api_key_env: str = ""
    models: tuple[str, ...] = ()
    prices: Mapping[str, tuple[float, float]] | None = None

    def __str__(self) -> str:
        named = f", which serves {', '.join(self.models[:3])}" if self.models else ""
        return f"{self.base_url or self.backend}{named}"


# APIs by the name that people give: address, variable of the key.
KNOWN = {
    "openrouter": ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "together": ("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "huggingface": ("https://router.huggingface.co/v1", "HF_TOKEN"),
}


def engines_here() -> list[str]:
    """What `--engine` could be on this machine: addresses that answer, APIs whose key is set, and at last `pseudo`."""
    local = [url for port in PORTS if _models(url := f"http://localhost:{port}/v1", "", _LOCAL_S) is not None]
    return [*local, *(name for name, (_, key) in KNOWN.items() if os.environ.get(key)), "pseudo"]


def find_engine(given: str) -> EngineFound:
    """The engine that an address, an API's name, a .gguf file or `pseudo` means. Raises InputError for another."""
    if given == "pseudo":
        return EngineFound("pseudo")
    if given.endswith(".gguf"):
        if not Path(given).is_file():
            raise InputError(f"--engine {given}: no such file")
        return EngineFound("llamacpp", models=(str(Path(given).absolute()),))
    if given in KNOWN:
        url, key = KNOWN[given]
        # Hundreds of models are no choice: the recipe's own is asked for.
        priced = {name: price for name, price in (_models(url, key, _REMOTE_S) or {}).items() if price}
        return EngineFound("endpoint", url, key, (), priced)
    if "://" not in given:
        raise InputError(
            f"--engine {given}: expected the address of a server such as http://localhost:8000/v1, one of "
            f"{', '.join(KNOWN)}, a .gguf file, or pseudo (no model: text without meaning, to see the form)"
        )
    if not is_address(given):
        raise InputError(f"--engine {EXPECTED}")
    base = given.rstrip("/")
    listed = _models(base, "", _REMOTE_S)
    if listed is None and not base.endswith("/v1"):
        listed = _models(f"{base}/v1", "", _REMOTE_S)
        base = base if listed is None else f"{base}/v1"
    return EngineFound("endpoint", base, "", tuple(listed or ()))


def _models(base_url: str, key: str, timeout_s: float) -> dict[str, tuple[float, float] | None] | None:
    """The models that a server names, each with its prices where it says them; None where it does not answer."""
    request = urllib.request.Request(f"{base_url}/models")
    if key and (secret := os.environ.get(key)):
        request.add_header("Authorization", f"Bearer {secret}")
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            listed = json.loads(response.read(20_000_000)).get("data")
    except (OSError, ValueError, AttributeError):
        return None
    if not isinstance(listed, list):
        return None
    return {one["id"]: _prices(one) for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)}


def _prices(model: Mapping[str, object]) -> tuple[float, float] | None:
    """As OpenRouter says them: dollars for one token, in a text."""
    prices = model.get("pricing")
    if not isinstance(prices, dict):
        return None
    try:
        return round(float(prices["prompt"]) * 1e6, 6), round(float(prices["completion"]) * 1e6, 6)
    except (KeyError, TypeError, ValueError):
        return None
