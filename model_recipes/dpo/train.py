"""Preference training with TRL's DPOTrainer: sigmoid (DPO), `apo_zero`, or what else its `loss_type` names.

    smolkalam train dpo --config model_recipes/dpo/smollm3-3b-apo.yaml --set output_dir=dpo
    accelerate launch -m model_recipes.dpo.train --config model_recipes/dpo/smollm3-3b-apo.yaml --set output_dir=dpo

The settings are TRL's own (`DPOConfig`, `ModelConfig`) and those of `PairSettings`, read strictly.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field

from model_recipes.dpo.data import DpoEncoder
from model_recipes.training.accounts import Account
from model_recipes.training.data import PAIRS, encode
from model_recipes.training.recipe import Prepared, TrainingRecipe
from model_recipes.training.run import main as run
from model_recipes.training.settings import DataSettings

# TRL (1.16) looks at the name when the first loss is computed, after the model and all pairs.
Loss = Literal[
    "sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired",
    "apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm",
]  # fmt: skip


class PairSettings(DataSettings):
    """The keys of ours beside TRL's; DPOConfig has none for a template."""

    loss_type: list[Loss] = Field(["sigmoid"], description="TRL's key, with the names that it knows.")

    chat_template_path: str | None = Field(None, description="A chat template in place of the tokenizer's.")


class PreferenceTraining(TrainingRecipe):
    """Pairs of answers to the same prompt, of which one is preferred."""

    name = "dpo"
    trainer_name = "DPOTrainer"
    decisive = ("beta", "loss_type", "loss_weights", "label_smoothing", "precompute_ref_log_probs")
    own = PairSettings
    sides = 2
    reads = PAIRS
    has_reference = True
    without_effect: ClassVar[Mapping[str, str]] = {
        "truncation_mode": "a pair is cut at its end; TRL is to remove the other way",
        "padding_free": "TRL (1.16) warns and pads",
        "pad_token": "TRL is to remove it; set the tokenizer's",
        "hub_token": "keys come from the environment; set HF_TOKEN",
    }

    def config(self) -> type:
        from trl import DPOConfig

        return DPOConfig

    def encoder(self, args: Any, tokenizer: Any, day: date) -> DpoEncoder:
        return DpoEncoder(tokenizer, max_length=args.max_length, day=day)

    def encode(self, about: Prepared, sources: Any, day: date) -> tuple[Any, list[Account]]:
        return encode(sources, self.encoder(about.args, about.tokenizer, day), about.args.dataset_num_proc)

    def lengths(self, about: Prepared) -> list[int]:
        return [
            len(prompt) + len(side)
            for batch in about.training.iter(1000)
            for name in ("chosen_ids", "rejected_ids")
            for prompt, side in zip(batch["prompt_ids"], batch[name], strict=True)
        ]

    def trainer(self, about: Prepared, shared: dict[str, Any]) -> Any:
        from trl import DPOTrainer

        class OfEncodedPairs(DPOTrainer):
            """TRL's trainers of conversations and of rewards take rows that are encoded; this one encodes again."""

            def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
                return dataset

        return OfEncodedPairs(**shared)


RECIPE = PreferenceTraining()


def main(words: Sequence[str] | None = None) -> None:
    run(RECIPE, words)


if __name__ == "__main__":
    main()
