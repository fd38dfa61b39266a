"""Log-probabilities by a causal language model that runs here, by transformers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from processors.errors import InputError, one_line
from processors.likelihood.text import Forced


@dataclass
class LocalLikelihood:
    """A causal model: `dtype` auto is bfloat16 on a GPU, float32 on a CPU."""

    model: str
    revision: str | None = None
    dtype: str = "auto"
    threads: int | None = None

    @cached_property
    def loaded(self) -> Any:
        from transformers import AutoModelForCausalLM

        from processors.reward.device import device_and_type

        device, dtype = device_and_type(self.dtype, self.threads)
        try:
            model: Any = AutoModelForCausalLM.from_pretrained(self.model, revision=self.revision, dtype=dtype)
        except (OSError, ValueError) as error:
            raise InputError(f"likelihood model '{self.model}': cannot be read ({one_line(error)})") from None
        return model.to(device).eval()

    def means(self, texts: Sequence[Forced]) -> list[float]:
        """The mean log-probability (nats) of each translation's tokens, in one batch. Each has one, after a prompt."""
        import torch

        longest, model = max(len(one.ids) for one in texts), self.loaded
        ids = torch.tensor([[*one.ids, *[0] * (longest - len(one.ids))] for one in texts], device=model.device)
        lengths = torch.tensor([len(one.ids) for one in texts], device=model.device)
        mask = (torch.arange(longest, device=model.device) < lengths[:, None]).long()
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
            means = []
            # A text at a time: the logarithms of a large vocabulary in float32 would be twice the logits' size.
            for row, one in enumerate(texts):
                of = torch.log_softmax(logits[row, one.begin - 1 : len(one.ids) - 1].float(), dim=-1)
                wanted = ids[row, one.begin : len(one.ids)]
                means.append(float(of.gather(1, wanted[:, None]).double().mean()))
        return means
