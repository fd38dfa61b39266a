"""Training on what was built, and what a model's tokenizer makes of it."""

from pathlib import Path
from typing import Annotated

import typer

from smolkalam.options import Format, Settings


def train(
    recipe: Annotated[str, typer.Argument(help="What to train: sft or dpo; or merge, of what was trained.")],
    config: Annotated[Path, typer.Option(help="YAML of the settings: TRL's own keys, `datasets` and few more.")],
    set: Settings = None,
    accelerate: Annotated[
        bool, typer.Option("--accelerate", help="Under `accelerate launch`: all GPUs of this machine.")
    ] = False,
    accelerate_config: Annotated[
        Path | None, typer.Option(help="Accelerate's YAML (FSDP, several machines); implies --accelerate.")
    ] = None,
) -> None:
    """Train a model by TRL; every row is accounted for first, and the same command again goes on."""
    from model_recipes.training.launch import run_train

    run_train(recipe, config, set or [], accelerate=accelerate, accelerate_config=accelerate_config)


def tokens(
    data: Annotated[str, typer.Argument(help="A dataset of the Hub, a folder, or a JSON lines or Parquet file.")],
    tokenizer: Annotated[str, typer.Option(help="A model of the Hub, or a folder with a tokenizer.")],
    config: Annotated[str | None, typer.Option(help="The dataset's config.")] = None,
    split: Annotated[str, typer.Option(help="One split, several as a+b, or all.")] = "all",
    max_length: Annotated[
        list[int] | None, typer.Option(min=1, help="Say what it would cut; may be repeated.")
    ] = None,
    template: Annotated[Path | None, typer.Option(help="A chat template in place of the tokenizer's.")] = None,
    format: Annotated[Format, typer.Option(help="text or json.")] = "text",
) -> None:
    """Count rows in a model's tokens, by split, and what a max_length would cut of them."""
    from model_recipes.training.lengths import run_tokens

    limits = max_length or [2048, 4096, 8192]
    run_tokens(
        data, tokenizer, name=config, split=split, max_lengths=limits, template=template, plain=format == "json"
    )
