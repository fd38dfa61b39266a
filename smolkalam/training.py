"""Training on what was built, and what a model's tokenizer makes of it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from smolkalam.options import Format, Settings, Yes


def train(
    recipe: Annotated[str, typer.Argument(help="What to train: sft, dpo or reward; or merge, of what was trained.")],
    config: Annotated[Path, typer.Option(help="YAML of the settings: TRL's own keys, `datasets` and few more.")],
    set: Settings = None,
    on: Annotated[
        Literal["local", "accelerate", "slurm"],
        typer.Option(help="This process, `accelerate launch` on this machine, or a job of a Slurm cluster."),
    ] = "local",
    launch: Annotated[
        str | None,
        typer.Option(help="Accelerate's YAML, with --on accelerate or slurm: several-gpus, fsdp, zero3, or a file."),
    ] = None,
    slurm: Annotated[
        list[str] | None,
        typer.Option(help="--on slurm: what the job asks, such as nodes=2; short for --set slurm.nodes=2."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say rows, tokens, steps, and memory and hours on a GPU.")
    ] = False,
    gpu: Annotated[str, typer.Option(help="dry-run: of which GPU.")] = "H100",
    gpus: Annotated[int, typer.Option(min=1, help="dry-run: of how many.")] = 1,
    sharded: Annotated[
        bool, typer.Option("--sharded", help="dry-run: the model is spread over them, by FSDP or ZeRO-3.")
    ] = False,
) -> None:
    """Train a model by TRL; every row is accounted for first, and the same command again goes on."""
    from model_recipes.training.launch import run_train

    asked = ["--dry-run", "--gpu", gpu, "--gpus", str(gpus), *(["--sharded"] if sharded else [])] if dry_run else []
    run_train(recipe, config, set or [], asked, on=on, launch=launch, slurm=slurm or [])


def gate(
    plan: Annotated[Path, typer.Argument(help="A gate's YAML file.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of its steps; given again, it goes on [default: run/NAME]."),
    ] = None,
    set: Settings = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make the mixtures, say GPU-hours and price, and train nothing.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Keep of candidate datasets those that make a model better beyond chance and nothing worse; refine the others."""
    from model_recipes.gate import run_gate

    run_gate(plan, set or [], output=output, dry_run=dry_run, yes=yes)


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


def evaluate(
    model: Annotated[str, typer.Argument(help="A model's folder, a model of the Hub, or with --base-url an API's.")],
    suite: Annotated[
        list[str] | None, typer.Option(help="arabic, english, oall, or a benchmark's name; may be repeated.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of local rows, <benchmark>/<part>.jsonl; the Hub has the others.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder [default: evaluation/ inside the model's].")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Another model, asked the same items; the difference has an interval.")
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Of a model of the Hub.")] = None,
    vllm: Annotated[bool, typer.Option("--vllm", help="By vLLM instead of transformers.")] = False,
    base_url: Annotated[
        str | None, typer.Option(help="An OpenAI-compatible API: asked in words, not comparable with likelihoods.")
    ] = None,
    api_key_env: Annotated[str | None, typer.Option(help="The environment variable that holds its key.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests at once to an API.")] = 16,
    batch_size: Annotated[int, typer.Option(min=1, help="Sequences at once, by transformers.")] = 8,
    chat: Annotated[bool, typer.Option("--chat", help="Ask in the model's chat template.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many items of each part: to try.")] = None,
    checkpoints: Annotated[
        bool, typer.Option("--checkpoints", help="Each checkpoint of a training's folder, and curves.")
    ] = False,
    judges: Annotated[Path | None, typer.Option(help="YAML of a panel, for ALRAGE's marks and --arena.")] = None,
    arena: Annotated[
        Path | None, typer.Option(help="File of prompts: judges compare the model's answers with the baseline's.")
    ] = None,
    training_data: Annotated[
        Path | None, typer.Option(help="What the model was trained on: items that stand in it are counted.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before an API is paid.")] = False,
) -> None:
    """Evaluate a model in Arabic and English, with intervals, beside a baseline and what papers report."""
    from model_recipes.evaluation.asked.models import Engine, Model
    from model_recipes.evaluation.command import run_evaluate

    engine: Engine = "api" if base_url else "vllm" if vllm else "transformers"
    run_evaluate(
        Model(model, engine, revision, base_url, api_key_env, concurrency, batch_size, chat),
        suite or [], output=output, data=data, baseline=baseline, limit=limit, checkpoints=checkpoints,
        judges=judges, arena=arena, training_data=training_data, yes=yes,
    )  # fmt: skip
