"""MetricX without a reference (Juraska et al., 2023 and 2024): an mT5 that predicts a translation's errors, 0 to 25.

The models are of no class of transformers': an mT5 whose decoder makes one step, of which the logit of an unused token
is the prediction (google-research/metricx, `models.py`). It is turned round, for all scores here are the higher the
better: 25 is without errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from processors.errors import InputError, one_line
from processors.reward.device import device_and_type

Style = Literal["24", "23"]
# <extra_id_10> of mT5's vocabulary, and the range of MQM's error scores.
PREDICTION, WORST = 250089, 25.0
_INPUT: dict[Style, str] = {"24": "source: {source} candidate: {target}", "23": "candidate: {target} source: {source}"}


@dataclass
class MetricX:
    """A MetricX model that runs here. `dtype` auto is bfloat16 on a GPU, float32 on a CPU."""

    model: str
    revision: str | None = None
    tokenizer: str = "google/mt5-xl"
    style: Style = "24"
    dtype: str = "auto"
    threads: int | None = None

    @cached_property
    def encoder(self) -> Any:
        """The fast tokenizer. Raises InputError where there is none."""
        from transformers import AutoTokenizer

        try:
            return AutoTokenizer.from_pretrained(self.tokenizer)
        except (OSError, ValueError, ImportError) as error:
            raise InputError(f"metricx: the tokenizer '{self.tokenizer}' cannot be read ({one_line(error)})") from None

    @cached_property
    def loaded(self) -> Any:
        """The model. Raises InputError for one that is no MetricX."""
        from transformers import MT5ForConditionalGeneration

        device, dtype = device_and_type(self.dtype, self.threads)
        loader: Any = MT5ForConditionalGeneration
        try:
            model, notes = loader.from_pretrained(
                self.model, revision=self.revision, dtype=dtype, output_loading_info=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(f"metricx: '{self.model}' cannot be read ({one_line(error)})") from None
        if model.config.model_type != "mt5" or notes["missing_keys"] or model.config.vocab_size <= PREDICTION:
            raise InputError(f"metricx: '{self.model}' is no MetricX model: not an mT5 with its whole vocabulary")
        return model.to(device).eval()

    def ids(self, pairs: Sequence[tuple[str, str]]) -> list[list[int]]:
        """The token ids of (source, translation), as in training without the end of the text."""
        if not pairs:
            return []
        texts = [_INPUT[self.style].replace("{source}", s, 1).replace("{target}", t, 1) for s, t in pairs]
        found: list[list[int]] = self.encoder(texts, add_special_tokens=False, truncation=False, verbose=False)[
            "input_ids"
        ]
        return found

    def of_batch(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """25 less the errors predicted for each of these `ids`, in one batch."""
        import torch

        longest, model = max(1, *map(len, rows)), self.loaded
        ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=model.device)
        mask = (torch.arange(longest) < torch.tensor([[len(row)] for row in rows])).long().to(model.device)
        first = torch.zeros((len(rows), 1), dtype=torch.long, device=model.device)
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=first, use_cache=False).logits
        return [WORST - error for error in logits[:, 0, PREDICTION].float().clamp(0.0, WORST).tolist()]
