"""`smolkalam judge`: a panel of LLM judges on a sample of a run's pairs, its cost first, and how far they agree."""

import asyncio
import json
import sys
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

from loguru import logger
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from builders.calibration.panel import ask_panel, judge_of
from builders.estimates.spending import ask_to_go_on
from builders.judging.report import JudgeCost, estimate, plain_report, print_report, say_cost
from builders.judging.sample import draw_pairs
from builders.recipes.api_keys import check_key
from builders.recipes.scorers import load_panel
from builders.run_folder.files import write_error
from builders.run_folder.folder import lock_folder
from builders.run_folder.ranked_rows import ranked_rows, ranked_units
from processors.answers.store import AnswerStore
from processors.atomic_files import write_text
from processors.commands import pasted
from processors.conversations.tokenizers import load_tokenizer
from processors.errors import InputError
from processors.judging.client import Judge
from processors.judging.panel import CandidatePair, JudgedPair

VERDICTS, REPORT = "verdicts.jsonl", "agreement.json"


def run_judge(
    run: Path, panel_file: Path, output: Path, *, sample: int, near: float | None = None, seed: int = 42, yes: bool
) -> None:
    """Judge `sample` pairs of a finished run; writes `verdicts.jsonl` and `agreement.json` to `output`.

    Interrupted, the same command goes on: answers are kept in `output/answers`. Without `yes` the cost is asked about
    on a terminal; elsewhere InputError says it.
    """
    panel = load_panel(panel_file)
    for one in panel.judges:
        check_key(f"judge '{one.name}'", one.base_url, one.api_key_env, warn=_warn)
    # Warnings as plain lines; what the client tells of each try is for debugging.
    logger.remove()
    logger.add(lambda line: print(line, end="", file=sys.stderr), level="WARNING", format="{message}")
    recipe, units = ranked_units(run)
    if len(recipe.translators) < 2:
        raise InputError(f"{run}: has one translator; judges compare two")
    tokenizer = load_tokenizer(panel.tokenizer)

    def tokens(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False))

    rows = chain.from_iterable(chain.from_iterable(ranked_rows(unit) for unit in units))
    limits: dict[str, Any] = {"near": near, "tokens": tokens, "max_tokens": panel.max_pair_tokens}
    drawn = draw_pairs(rows, sample, recipe=recipe, seed=seed, **limits)
    if not drawn.pairs:
        why = ", ".join(f"{reason} {n:,}" for reason, n in drawn.left_out.items())
        raise InputError(f"{run}: no pair to judge: {why or 'no row'}")
    judges = [judge_of(judge, recipe.language) for judge in panel.judges]
    lock = lock_folder(output, busy="is being judged into already; wait for that or choose another --output")
    try:
        with AnswerStore(output / "answers") as store:
            estimates = [
                estimate(spec, judge, drawn.pairs, store, tokens)
                for spec, judge in zip(panel.judges, judges, strict=True)
            ]
            say_cost(panel, estimates, drawn)
            _ask_to_go_on(estimates, yes)
            verdicts = asyncio.run(_judge_all(judges, drawn.pairs, store))
        write_text(output / VERDICTS, "".join(verdict.to_json() + "\n" for verdict in verdicts))
        write_text(output / REPORT, json.dumps(plain_report(verdicts, drawn), indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise write_error(error, output) from error
    finally:
        lock.release()
    print_report(verdicts, drawn)
    print(f"{output / VERDICTS}")
    print(
        f"next: {pasted('preferences', run, '--by', 'judges', '--verdicts', output, '--output', 'DIR')}",
        file=sys.stderr,
    )


async def _judge_all(judges: list[Judge], pairs: list[CandidatePair], store: AnswerStore) -> list[JudgedPair]:
    """All verdicts, by pair, then by judge."""
    counts: Counter[str] = Counter()
    console = Console(file=sys.stderr, highlight=False)
    columns = (
        TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bars = [progress.add_task(judge.name, total=len(pairs), note="") for judge in judges]

        def told(index: int, verdict: JudgedPair) -> None:
            progress.update(bars[index], advance=1, note=f"{counts['completion_tokens']:,} tokens out")

        def count(name: str, n: int) -> None:
            counts[name] += n

        verdicts = await ask_panel(judges, pairs, store, count=count, told=told)
    console.print(
        f"{counts['answers']:,} answers paid for ({counts['prompt_tokens']:,} tokens in, "
        f"{counts['completion_tokens']:,} out), {counts['cached']:,} known before",
        markup=False,
    )
    return verdicts


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


def _ask_to_go_on(estimates: list[JudgeCost], yes: bool) -> None:
    if yes or not sum(one.requests for one in estimates):
        return
    ask_to_go_on("nothing was asked")
