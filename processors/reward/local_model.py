"""A reward model run here, by transformers: a sequence classifier with one label, as TRL's RewardTrainer trains it.

The composition of a batch changes a reward by rounding only. Measured on a small trained model (the test of it is in
tests/model_recipes/test_reward_training.py): in float32 no reward differed at its four decimals, and 1e-4 is promised;
in bfloat16, whose products have 8 bits, by 0.003 where rewards range over 7, and 1% of the range is promised.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from processors.errors import InputError, SmolKalamError, one_line
from processors.reward.device import device_and_type
from processors.reward.score import TokenIds

Dtype = Literal["auto", "float32", "bfloat16"]
# What of a model's folder decides its rewards, beside the weights.
_DECISIVE = ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def load_reward_tokenizer(model: str, revision: str | None = None) -> Any:
    """The fast tokenizer of a reward model. Raises InputError where there is none."""
    _need("transformers")
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(model, revision=revision)
    except (OSError, ValueError) as error:
        raise InputError(f"reward model '{model}': its tokenizer cannot be read ({one_line(error)})") from None


@dataclass
class ModelScorer:
    """A reward model run here, by transformers.

    `dtype` auto: bfloat16 on a GPU, float32 on a CPU; the head is in float32 always. `gpu` is the device's number
    where there are several; `threads` the CPU threads of this process. Raises InputError where `model` is no reward
    model.
    """

    model: str
    revision: str | None = None
    dtype: Dtype = "auto"
    gpu: int = 0
    threads: int | None = None

    @cached_property
    def loaded(self) -> Any:
        _need("torch", "transformers")
        import torch
        from transformers import AutoModelForSequenceClassification

        device, dtype = device_and_type(self.dtype, self.threads, self.gpu)
        try:
            model, notes = AutoModelForSequenceClassification.from_pretrained(
                self.model, revision=self.revision, dtype=dtype, output_loading_info=True
            )
        except (OSError, ValueError) as error:
            raise InputError(f"reward model '{self.model}': cannot be read ({one_line(error)})") from None
        if model.config.num_labels != 1 or notes["missing_keys"]:
            missing = ", ".join(sorted(notes["missing_keys"])) or f"{model.config.num_labels} labels instead of 1"
            raise _no_reward_model(self.model, missing)
        if model.config.get_text_config().pad_token_id is None:
            model.config.get_text_config().pad_token_id = _pad_token(self.model, self.revision)
        head = getattr(model, "score", None)
        if head is not None and dtype != torch.float32:
            # In bfloat16 a reward near 3 could only move in steps of 0.016.
            head.float()
            head.register_forward_pre_hook(lambda _, inputs: (inputs[0].float(),))
        return model.to(device).eval()

    def score(self, batches: Sequence[list[TokenIds]], keep: Callable[[int, list[float]], None]) -> None:
        for number, rewards in enumerate(self._rewards(batches)):
            keep(number, rewards)

    def _rewards(self, batches: Sequence[list[TokenIds]]) -> Iterator[list[float]]:
        import torch

        waiting = None
        with torch.inference_mode():
            for batch in batches:
                try:
                    logits = self.forward(batch)
                except torch.cuda.OutOfMemoryError:
                    size = f"{len(batch)} sequences of {max(map(len, batch))} tokens"
                    raise SmolKalamError(
                        f"reward model '{self.model}': a batch of {size} does not fit the GPU; lower batch_tokens"
                    ) from None
                # Read one batch late: a GPU computes while the next batch is laid out.
                if waiting is not None:
                    yield waiting.tolist()
                waiting = logits
            if waiting is not None:
                yield waiting.tolist()

    def forward(self, batch: list[TokenIds]) -> Any:
        """The rewards of one batch, a float32 tensor of its length on the model's device."""
        import torch

        model, longest = self.loaded, max(map(len, batch))
        pad = model.config.get_text_config().pad_token_id
        ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in batch])
        mask = torch.arange(longest) < torch.tensor([[len(row)] for row in batch])
        kwargs = {} if bool(mask.all()) else {"attention_mask": mask.long().to(model.device)}
        return model(ids.to(model.device), use_cache=False, **kwargs).logits[:, 0].float()


@dataclass(frozen=True, slots=True)
class Resolved:
    """Which weights a name means: `digest` identifies them, `revision` is the Hub's commit (None for a folder)."""

    digest: str
    revision: str | None


def resolve_model(model: str, revision: str | None) -> Resolved:
    """A digest of a folder's files, or the Hub's commit: what is there now, or in the cache without a network.

    Raises InputError where there is no such model.
    """
    folder = Path(model)
    if folder.is_dir():
        import hashlib

        digest = hashlib.blake2b(digest_size=16)
        for path in sorted([*folder.glob("*.safetensors"), *(folder / name for name in _DECISIVE)]):
            if path.exists():
                digest.update(path.name.encode())
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "blake2b").digest())
        return Resolved(digest.hexdigest(), None)
    _check_name(model)
    import httpx2
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError

    try:
        commit = str(HfApi().model_info(model, revision=revision).sha)
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        cached = try_to_load_from_cache(model, "config.json", revision=revision)
        if not isinstance(cached, str):
            raise _not_found(model, error) from None
        commit = Path(cached).parent.name
    return Resolved(commit, commit)


def check_model(model: str, revision: str | None, *, served: bool) -> None:
    """Raise InputError if `model` is no reward model by its config, or a library is missing: before any other work."""
    _need(*(["transformers"] if served else ["torch", "transformers"]))
    path = Path(model) / "config.json"
    if not Path(model).is_dir():
        _check_name(model)
        import httpx2
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError

        try:
            path = Path(hf_hub_download(model, "config.json", revision=revision))
        except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
            raise _not_found(model, error) from None
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"reward model '{model}': its config.json cannot be read ({one_line(error)})") from None
    kinds = config.get("architectures") or ["no architecture"]
    if not kinds[0].endswith("ForSequenceClassification"):
        raise _no_reward_model(model, kinds[0])
    # What transformers takes where a config says nothing.
    if (labels := len(config.get("id2label") or range(2))) != 1:
        raise _no_reward_model(model, f"{labels} labels instead of 1")


def _check_name(model: str) -> None:
    if Path(model).is_absolute() or model.startswith((".", "~")) or model.count("/") != 1:
        raise InputError(f"reward model '{model}': no such folder, and not the name of a model on the Hub")


def _not_found(model: str, error: Exception) -> InputError:
    return InputError(f"reward model '{model}': neither a folder nor found on the Hub ({one_line(error)})")


def _no_reward_model(model: str, why: str) -> InputError:
    return InputError(
        f"reward model '{model}': not a reward model ({why}); give one that was trained with "
        "`smolkalam train reward` or TRL's RewardTrainer"
    )


def _pad_token(model: str, revision: str | None) -> int:
    found = load_reward_tokenizer(model, revision).pad_token_id
    if found is None:
        raise InputError(f"reward model '{model}': neither its config nor its tokenizer has a pad token")
    return int(found)


def _need(*libraries: str) -> None:
    from importlib.util import find_spec

    if missing := [library for library in libraries if find_spec(library) is None]:
        raise InputError(f"a reward model needs {' and '.join(missing)}: pip install 'smolkalam[train]'")
