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

from builders.estimates.spending import ask_to_go_on
from builders.judging.panel_file import PanelJudge, load_panel
from builders.judging.report import JudgeCost, estimate, plain_report, print_report, say_cost
from builders.judging.sample import draw_pairs
from builders.recipes.api_keys import check_key
from builders.run_folder.files import write_error
from builders.run_folder.folder import lock_folder
from builders.run_folder.ranked_rows import ranked_rows, ranked_units
from processors.answers.store import AnswerStore
from processors.atomic_files import write_text
from processors.clients.endpoint import EndpointConfig
from processors.clients.prompts import PromptConfig
from processors.conversations.tokenizers import load_tokenizer
from processors.errors import InputError, SmolKalamError, first_error
from processors.judging.client import Judge, JudgeClient
from processors.judging.panel import CandidatePair, JudgedPair
from processors.languages.language import Language

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
    judges = [_judge(judge, recipe.language) for judge in panel.judges]
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
    print(f"next: smolkalam preferences {run} --by judges --verdicts {output} --output DIR", file=sys.stderr)


def _judge(spec: PanelJudge, language: Language) -> Judge:
    endpoint = EndpointConfig(
        base_url=spec.base_url,
        model=spec.model,
        # The client asks for the endpoint's kind only; a judge's messages are its own.
        prompt=PromptConfig(language),
        revision=spec.revision,
        api_key_env=spec.api_key_env,
        decoding=spec.decoding.fields(),
        concurrency=spec.concurrency,
        timeout_s=spec.timeout_s,
    )
    return Judge(spec.name, endpoint, language.name, spec.output, spec.attempts)


async def _judge_all(judges: list[Judge], pairs: list[CandidatePair], store: AnswerStore) -> list[JudgedPair]:
    """All verdicts, by pair, then by judge."""
    verdicts: dict[tuple[int, int], JudgedPair] = {}
    counts: Counter[str] = Counter()
    console = Console(file=sys.stderr, highlight=False)
    columns = (
        TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        async def ask(index: int, judge: Judge) -> None:
            bar = progress.add_task(judge.name, total=len(pairs), note="")
            todo = iter(enumerate(pairs))

            async def judge_next(client: JudgeClient) -> bool:
                number, pair = next(todo, (None, None))
                if number is None or pair is None:
                    return False
                verdicts[number, index] = await client.verdict(pair)
                progress.update(bar, advance=1, note=f"{counts['completion_tokens']:,} tokens out")
                return True

            async def work(client: JudgeClient) -> None:
                while await judge_next(client):
                    pass

            async with JudgeClient(judge, store, lambda name, n: counts.update({name: n})) as client:
                # One alone first: it finds a wrong key and a server without structured output before many are paid.
                await judge_next(client)
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(judge.endpoint.concurrency, len(pairs))):
                        group.create_task(work(client))

        try:
            async with asyncio.TaskGroup() as group:
                for index, judge in enumerate(judges):
                    group.create_task(ask(index, judge))
        except* SmolKalamError as errors:
            raise first_error(errors) from None
    console.print(
        f"{counts['answers']:,} answers paid for ({counts['prompt_tokens']:,} tokens in, "
        f"{counts['completion_tokens']:,} out), {counts['cached']:,} known before",
        markup=False,
    )
    return [verdicts[place] for place in sorted(verdicts)]


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


def _ask_to_go_on(estimates: list[JudgeCost], yes: bool) -> None:
    if yes or not sum(one.requests for one in estimates):
        return
    ask_to_go_on("nothing was asked")
