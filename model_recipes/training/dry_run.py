"""What a training would be: rows, tokens, steps, memory and hours on a GPU that is named, without loading a weight."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_recipes.needs import (
    Gpu,
    GpuMemory,
    ModelShape,
    Schedule,
    find_gpu,
    hours,
    memory,
    schedule,
    shape_of,
    step_flops,
)
from model_recipes.needs.estimate import CONTEXT_GB, FRAGMENTS, UTILISATION
from model_recipes.training.recipe import TrainingRecipe, prepare, read
from processors.errors import InputError, one_line


@dataclass(frozen=True, slots=True)
class TrainingNeeds:
    """A training in figures: `rows` are the trainer's (packed where rows are packed), `tokens` those of an epoch."""

    kept: int
    rows: int
    longest: int
    tokens: int
    plan: Schedule
    memory: GpuMemory
    gpu: Gpu
    gpus: int
    hours: float
    formula: str

    def shown(self) -> str:
        """As Markdown, each figure with its formula."""
        gpu, total = self.gpu, self.memory.total
        lines = [
            f"rows: {self.kept:,} kept, {self.rows:,} for the trainer, sequences of at most {self.longest:,} tokens",
            f"tokens: {self.tokens:,} an epoch, {round(self.tokens * self.plan.epochs):,} in all",
            f"steps: {self.plan.steps:,} = {self.plan.formula}",
            "",
            f"memory on each of {self.gpus} × {gpu.name}:",
            "",
            "| | | GB |",
            "|---|---|---:|",
            *(f"| {name} | {what} | {size:,.2f} |" for name, what, size in self.memory.parts),
            f"| in all | the sum × {1 + FRAGMENTS:g} for fragments + {CONTEXT_GB:g} GB for CUDA | {total:,.2f} |",
            "",
        ]
        if gpu.memory is not None:
            room = "fits" if total <= gpu.memory else "does NOT fit"
            lines.append(f"{room}: {total:,.1f} of {gpu.memory:g} GB")
        reached = f"{self.gpus} × {gpu.teraflops:g} teraflops × {UTILISATION:.0%} reached"
        return "\n".join([*lines, f"hours: {self.hours:,.2f} = {self.formula} / ({reached})"])


def dry_run(
    recipe: TrainingRecipe, config: Path, overrides: Sequence[str], *, gpu: str, gpus: int, sharded: bool
) -> TrainingNeeds:
    """What the training would need on `gpus` of the GPU named, `sharded` over them (FSDP, ZeRO-3) or a copy on each.

    Raises InputError for what the user can mend.
    """
    device = find_gpu(gpu)
    args, model, ours, settings = read(recipe, config, overrides, dry=True)
    bf16 = bool(settings.get("bf16", not settings.get("fp16", False)))
    if bf16 and not device.bf16:
        raise InputError(f"--gpu {gpu}: {device.name} has no bf16; --set bf16=false --set fp16=true")
    shape = _shape(model, reward=recipe.name == "reward")
    about = prepare(recipe, args, model, ours, settings, dry=True)
    lengths, rows = recipe.lengths(about), recipe.batches_of(about)
    plan = schedule(
        rows,
        batch=args.per_device_train_batch_size,
        gpus=gpus,
        accumulate=args.gradient_accumulation_steps,
        epochs=args.num_train_epochs,
        max_steps=args.max_steps,
    )
    before = getattr(args, "precompute_ref_log_probs", False)
    longest = args.max_length if getattr(args, "packing", False) else max(lengths)
    needed = memory(
        shape,
        dtype=model.dtype,
        autocast=bf16,
        optimizer=str(getattr(args.optim, "value", args.optim)),
        checkpointing=args.gradient_checkpointing,
        batch_tokens=args.per_device_train_batch_size * recipe.sides * longest,
        reference=recipe.has_reference and not before and not shape.adapter,
        gpus=gpus,
        sharded=sharded,
    )
    references = int(recipe.has_reference and not before)
    flops, formula = step_flops(shape, lengths, checkpointing=args.gradient_checkpointing, references=references)
    flops, formula = flops * plan.epochs, f"{plan.epochs:g} epochs × {formula}"
    if recipe.has_reference and before:
        once, _ = step_flops(shape, lengths, checkpointing=False, passes=1)
        flops, formula = flops + once, f"({formula} + the reference once before)"
    return TrainingNeeds(
        kept=len(about.training),
        rows=rows,
        longest=max(lengths),
        tokens=sum(lengths),
        plan=plan,
        memory=needed,
        gpu=device,
        gpus=gpus,
        hours=hours(flops, device, gpus),
        formula=formula,
    )


def _shape(model: Any, *, reward: bool) -> ModelShape:
    """Of the model that TRL's ModelConfig names, with its adapter. Raises InputError where there is none."""
    from transformers import AutoConfig
    from trl import get_peft_config

    name = model.model_name_or_path
    try:
        config = AutoConfig.from_pretrained(name, revision=model.model_revision)
    except (OSError, ValueError) as error:
        raise InputError(f"model_name_or_path: {name}: no model there ({one_line(error)})") from None
    try:
        return shape_of(config, reward=reward, peft_config=get_peft_config(model))
    except ValueError as error:
        raise InputError(f"model_name_or_path: {name}: cannot be made as set ({one_line(error)})") from None
