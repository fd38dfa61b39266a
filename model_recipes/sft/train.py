"""Supervised fine-tuning with TRL's SFTTrainer.

    smolkalam train sft --config model_recipes/sft/smollm3-3b.yaml --set output_dir=sft
    accelerate launch -m model_recipes.sft.train --config model_recipes/sft/smollm3-3b.yaml --set output_dir=sft

The settings are TRL's own (`SFTConfig`, `ModelConfig`) and those of `DataSettings`, read strictly.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from model_recipes.training.accounts import Account
from model_recipes.training.data import encode
from model_recipes.training.recipe import Prepared, TrainingRecipe
from model_recipes.training.rows import RowEncoder
from model_recipes.training.run import main as run


class FineTuning(TrainingRecipe):
    """Conversations, with a loss on what the assistant says."""

    name = "sft"
    trainer_name = "SFTTrainer"
    decisive = ("packing", "assistant_only_loss")
    # Keys of SFTConfig that would do nothing, or the wrong thing, on rows that are encoded already.
    without_effect: ClassVar[Mapping[str, str]] = {
        "dataset_text_field": "conversations are read from `messages`",
        "dataset_kwargs": "rows are encoded before the trainer sees them",
        "completion_only_loss": "there is no completion in a conversation; assistant_only_loss is for these",
        "hub_token": "keys come from the environment; set HF_TOKEN",
    }

    def config(self) -> type:
        from trl import SFTConfig

        return SFTConfig

    def encoder(self, args: Any, tokenizer: Any, day: date) -> RowEncoder:
        return RowEncoder(
            tokenizer,
            assistant_only=args.assistant_only_loss,
            # The two ways of packing that cut nothing off put what is left of a row into the next sequence.
            max_length=None if args.packing and args.packing_strategy != "bfd" else args.max_length,
            keep_end=args.truncation_mode == "keep_end",
            day=day,
        )

    def encode(self, about: Prepared, sources: Any, day: date) -> tuple[Any, list[Account]]:
        return encode(sources, self.encoder(about.args, about.tokenizer, day), about.args.dataset_num_proc)

    def batches_of(self, about: Prepared) -> int:
        from trl import pack_dataset

        args = about.args
        return len(
            pack_dataset(about.training, args.max_length, args.packing_strategy) if args.packing else about.training
        )

    def trainer(self, about: Prepared, shared: dict[str, Any]) -> Any:
        from trl import SFTTrainer

        # Done already, in the labels; TRL looks for conversations where it is set.
        about.args.assistant_only_loss = False
        return SFTTrainer(**shared)


RECIPE = FineTuning()


def main(words: Sequence[str] | None = None) -> None:
    run(RECIPE, words)


if __name__ == "__main__":
    main()
