"""`smolkalam ablate`: build the variants on the same rows, print the paper's tables 3 to 6 for them, and plot them."""

import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from builders.ablations.scores import Ablation, Estimate, compare, read_scores
from builders.ablations.variants import Variant, expand, expanded
from builders.recipes.load import dump_recipe, load_recipe
from builders.run_folder.folder import RANK, Run
from builders.run_folder.ranked_rows import units_to_rank
from builders.run_folder.units import read_counts
from processors.atomic_files import replacing
from processors.commands import pasted
from processors.scoring.columns import NAMES, PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Callable

    from builders.stages.common.context import Build

# Fewer rows that every variant translated are said to be few.
FEW = 100


def run_ablation(
    name: str,
    over: list[str],
    *,
    source_path: str | None = None,
    output: Path | None = None,
    settings: list[str] | None = None,
    workers: int = 1,
    executor: str | None = None,
    dry_run: bool = False,
    yes: bool = False,
    finish: "Callable[[Build], None]",
) -> None:
    """Translate and rank with every variant; write `ablation.{yaml,json,md,png}` and print the table on stdout.

    `dry_run` writes the expanded recipe and stops; `yes` as of `run_build`. Raises `processors.errors`.
    """
    recipe = load_recipe(name, settings or [], source_path=source_path)
    variants = expand(recipe, over)
    run = Run((output or Path("run") / f"{recipe.name}-ablation").absolute())
    run.lock().release()
    path = run.stage("ablation.yaml")
    run.write(path.name, f"# {' '.join(f'--over {one}' for one in over)}\n{dump_recipe(expanded(recipe, variants))}")
    console = Console(stderr=True, highlight=False)
    console.print(f"{len(variants)} variants: {', '.join(variant.name for variant in variants)}", markup=False)
    if dry_run:
        console.print(f"Nothing was run. What it would cost:\n  {pasted('plan', path)}", markup=False, soft_wrap=True)
        print(path)
        return

    from builders.build import run_build

    # The build's own last line on stdout is a path; the data of this command is the table.
    with redirect_stdout(sys.stderr):
        run_build(
            str(path), output=run.folder, workers=workers, stop_after=RANK, executor=executor, yes=yes, finish=finish
        )
    units = units_to_rank(run.folder)
    if missing := sum(not unit.done() for unit in units):
        console.print(f"{missing} units are not ranked yet: run the same command again when the jobs are done.")
        return
    dropped = sum(sum(read_counts(unit)["dropped"].values()) for unit in units)
    scores = read_scores(units, recipe.ranking.veto)
    found = compare([variant.name for variant in variants], scores, dropped, recipe.seed)
    text = table(found)
    run.write("ablation.json", json.dumps(as_json(found, variants), indent=1) + "\n")
    run.write("ablation.md", text)
    if found.compared:
        from builders.ablations.plot import draw

        with replacing(run.stage("ablation.png")) as temporary:
            draw(found, variants, temporary)
    print(text, end="")
    if found.compared < FEW:
        console.print(
            f"Only {found.compared} rows (of {found.rows}) were translated by every variant: take more before you "
            "decide by these figures.",
            markup=False,
        )
    console.print(f"Written: {run.folder}/ablation.md, .json and .png", markup=False, soft_wrap=True)


def table(found: Ablation) -> str:
    """The ablation as Markdown: means over the rows that all variants translated, with 95% intervals."""
    shown = [name for name in NAMES if any(name in variant.scores for variant in found.variants)]
    first = found.variants[0].name
    heads = ["variant", *shown, "mean rank", "difference", "failed", "vetoed"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for variant in found.variants:
        cells = [
            variant.name,
            *(_interval(variant.scores[name], 3) for name in shown),
            _interval(variant.mean_rank, 2),
            "" if variant.name == first else _interval(variant.difference, 3, "+"),
            _share(variant.failed, found.rows),
            _share(variant.vetoed, found.rows),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    both = f"{found.compared} of {found.rows} rows, translated by every variant; 95% intervals by bootstrap over rows"
    return (
        "\n".join(lines) + f"\n\nMeans over {both}. Mean rank: place by {PUBLISHED} in each row, 1 is "
        f"best. Difference: {PUBLISHED} less {first}'s.\n"
    )


def as_json(found: Ablation, variants: list[Variant]) -> dict[str, Any]:
    """The ablation with each variant's settings, for other programs."""
    plain = asdict(found)
    for line, variant in zip(plain["variants"], variants, strict=True):
        line |= {"translator": variant.base, "settings": variant.settings}
    return plain


def _interval(estimate: Estimate, digits: int, sign: str = "") -> str:
    if estimate.mean != estimate.mean:
        return ""
    return f"{estimate.mean:{sign}.{digits}f} [{estimate.low:{sign}.{digits}f}, {estimate.high:{sign}.{digits}f}]"


def _share(rows: int, of: int) -> str:
    return f"{100 * rows / of:.1f}%" if of else ""
