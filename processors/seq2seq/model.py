"""A translation model in memory, by transformers: from the tokens of a batch to its translations.

What is measured of it stands in docs/engines.md. Whatever a batch holds beside a sentence, the same tokens come out
for it but for rounding: padding is masked, the width is a step's and not the batch's, the bound of the output is the
width's, and nothing is sampled.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from processors.errors import EngineError, InputError, SmolKalamError
from processors.scrub import excerpt
from processors.seq2seq.batches import Batch, TokenIds, Translated
from processors.seq2seq.find import Seq2SeqModel

Dtype = Literal["auto", "float32", "bfloat16", "float16"]

# Tries of the same sentence: what a model of sentences does wrong is to loop, to end early, or to take a bad beam.
# Each differs from the first in how it searches; sampling would depend on what else is in the batch.
ATTEMPTS: tuple[dict[str, Any], ...] = (
    {},
    {"no_repeat_ngram_size": 4, "num_beams": 5},
    {"repetition_penalty": 1.2, "num_beams": 1},
    {"no_repeat_ngram_size": 3, "num_beams": 8, "length_penalty": 1.4},
    {"num_beams": 3, "length_penalty": 0.6},
)
# An output may have so many tokens beside `max_length_ratio` times its source's.
LEAST_TOKENS = 24


@dataclass(frozen=True)
class Seq2SeqSettings:
    """How to run a model. `threads` None: torch's choice; `gpu` None: on the CPU."""

    model: Seq2SeqModel
    beams: int
    max_length_ratio: float
    sentence_tokens: int | None
    batch_tokens: int
    dtype: Dtype = "auto"
    threads: int | None = None
    gpu: int | None = None


class LoadedModel:
    """The model and its tokenizer. Raises InputError where they cannot be loaded, or do not know a language."""

    def __init__(self, settings: Seq2SeqSettings) -> None:
        import torch
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
        from transformers.utils import logging

        # Its bars and its advice would lie over the build's.
        logging.disable_progress_bar()
        logging.set_verbosity_error()
        self.settings, found = settings, settings.model
        self.device = "cpu" if settings.gpu is None else f"cuda:{settings.gpu}"
        if settings.threads:
            torch.set_num_threads(settings.threads)
        names = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
        usual = torch.float32 if settings.gpu is None else torch.float16
        # T5's activations leave float16's range.
        usual = torch.bfloat16 if settings.gpu is not None and found.family.model_type == "t5" else usual
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(found.folder)
            self.model: Any = AutoModelForSeq2SeqLM.from_pretrained(
                found.folder, dtype=names.get(settings.dtype, usual)
            )
            self.model = self.model.to(self.device).eval()
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise InputError(
                f"{found.folder}: transformers cannot load it ({type(error).__name__}: {excerpt(str(error), 300)})"
            ) from None
        except RuntimeError as error:
            raise self._too_large(error, "the model") from None
        if found.family.begins == "target":
            self.tokenizer.src_lang = found.source
        self._first = self._language_token()
        self.generation = self._generation()

    def encode(self, sentence: str) -> TokenIds:
        """A sentence's tokens, with those that the model wants around it."""
        found = self.settings.model
        text = sentence
        if found.family.begins == "source" and found.target:
            text = f"{found.target_token} {sentence}"
        return tuple(self.tokenizer(text, truncation=False)["input_ids"])

    @property
    def longest(self) -> int:
        """Tokens of the longest sentence that it is given, those around it included."""
        settings, found = self.settings, self.settings.model
        most = min(settings.sentence_tokens or found.family.sentence, found.positions or 1 << 20)
        # Padding counts too.
        return max(8, most // 8 * 8)

    def bound(self, width: int) -> int:
        """Tokens that the translation of a sentence of that width may have; one that reaches it was cut off."""
        most = LEAST_TOKENS + round(self.settings.max_length_ratio * width)
        # The first two are the decoder's beginning and the language.
        return min(most, self.settings.model.positions - 2) if self.settings.model.positions else most

    def generate(self, batch: Batch) -> Sequence[Translated]:
        """The batch's translations, in its order."""
        import torch

        pad = self.tokenizer.pad_token_id
        rows = [[*ids, *[pad] * (batch.width - len(ids))] for ids in batch.sentences]
        ids = torch.tensor(rows, device=self.device)
        lengths = torch.tensor([[len(row)] for row in batch.sentences], device=self.device)
        mask = (torch.arange(batch.width, device=self.device) < lengths).long()
        # Of a chunk that is asked again after `--retry-failed` the tries begin anew.
        most = self.bound(batch.width)
        how = deepcopy(self.generation)
        how.update(max_new_tokens=most, **ATTEMPTS[batch.attempt % len(ATTEMPTS)])
        try:
            with torch.inference_mode():
                out = self.model.generate(input_ids=ids, attention_mask=mask, generation_config=how)
        except (RuntimeError, MemoryError) as error:
            size = f"{len(rows)} sentences of {batch.width} tokens with {self.settings.beams} beams"
            raise self._too_large(error, f"a batch of {size}") from None
        return [self._read(row, most) for row in out.tolist()]

    def _read(self, row: list[int], most: int) -> Translated:
        # The first token is what the decoder begins with, which may be the one that ends a sentence too.
        tokens, end = row[1:], self.generation.eos_token_id
        ends = end if isinstance(end, list) else [end]
        length = next((place for place, token in enumerate(tokens) if token in ends), len(tokens))
        text = self.tokenizer.decode(tokens[:length], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return Translated(text.strip(), length < len(tokens) and length < most - 1, length)

    def _language_token(self) -> int | None:
        """What the target begins with. Raises InputError where the vocabulary lacks a language."""
        found = self.settings.model
        unknown = self.tokenizer.unk_token_id
        wanted = [found.target_token] if found.target else []
        wanted += [found.source_token] if found.family.begins == "target" else []
        for token in wanted:
            number = self.tokenizer.convert_tokens_to_ids(token)
            if number is None or number == unknown:
                raise InputError(f"{found.folder}: its vocabulary has no '{token}'; give the language's code there")
        if found.family.begins != "target":
            return None
        return int(self.tokenizer.convert_tokens_to_ids(found.target_token))

    def _generation(self) -> Any:
        """How it searches, from what the model's folder says."""
        config = deepcopy(self.model.generation_config)
        config.update(
            num_beams=self.settings.beams,
            do_sample=False,
            early_stopping=True if self.settings.beams > 1 else None,
            max_length=None,
            temperature=None,
            top_k=None,
            top_p=None,
            num_return_sequences=1,
            return_dict_in_generate=False,
        )
        # It would end what is cut off as if it were whole.
        config.forced_eos_token_id = None
        if self._first is not None:
            config.forced_bos_token_id = self._first
        return config

    def _too_large(self, error: BaseException, what: str) -> SmolKalamError:
        words = excerpt(str(error).splitlines()[0] if str(error) else type(error).__name__, 200)
        if "memory" in str(error).lower() or isinstance(error, MemoryError):
            return InputError(
                f"{self.settings.model.folder}: {what} does not fit the memory of {self.device} ({words}); lower "
                "batch_tokens or beams, or take a smaller model or dtype"
            )
        return EngineError(f"{self.settings.model.folder}: {what} fails on {self.device} ({words})")
