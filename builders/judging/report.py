"""What `smolkalam judge` says: its cost before it asks, and afterwards how far judges and ranker agree."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from rich.table import Table

from builders.judging.sample import Sampled
from builders.recipes.scorers import Panel, PanelJudge
from builders.reports.bars import table_console
from processors.answers.store import AnswerStore
from processors.judging.client import Judge
from processors.judging.panel import (
    CandidatePair,
    JudgedPair,
    Share,
    agreements,
    audit,
    judge_reports,
    majorities,
    to_plain,
)
from processors.scoring.columns import ORDERS


class JudgeCost(NamedTuple):
    """What a judge is still to be asked; `usd` is None where the panel gives no prices."""

    requests: int
    stored: int
    input_tokens: int
    output_tokens: int
    usd: float | None


def estimate(spec: PanelJudge, judge: Judge, pairs: list[CandidatePair], store: AnswerStore, tokens: Any) -> JudgeCost:
    """What is left to ask `judge`, counted by the requests themselves; attempts after the first are not foreseen."""
    requests = stored = input_tokens = 0
    for pair in pairs:
        for swapped in (False, True):
            forms = [judge.output, "text"] if judge.output != "text" else ["text"]
            payloads = [judge.payload(pair, swapped=swapped, attempt=0, output=form) for form in forms]  # type: ignore[arg-type]
            if any(store.get(judge.key(payload)) for payload in payloads):
                stored += 1
                continue
            requests += 1
            input_tokens += sum(tokens(message["content"]) for message in payloads[0]["messages"])
    output_tokens = requests * spec.answer_tokens
    usd = spec.cost.usd(input_tokens, output_tokens) if spec.cost else None
    return JudgeCost(requests, stored, input_tokens, output_tokens, usd)


def say_cost(panel: Panel, estimates: list[JudgeCost], drawn: Sampled) -> None:
    """Print what is to be asked and its price, on stderr."""
    console = table_console(stderr=True)
    left_out = ", ".join(f"{reason} {n:,}" for reason, n in drawn.left_out.most_common())
    console.print(f"{len(drawn.pairs):,} of {drawn.possible:,} pairs; left out: {left_out or 'none'}", markup=False)
    table = Table(title="To be asked, each pair in both orders", title_justify="left", box=None, pad_edge=False)
    table.add_column("judge", overflow="fold")
    for column in ("requests", "known", "tokens in", "tokens out, about", "USD, about"):
        table.add_column(column, justify="right", overflow="fold")
    for spec, one in zip(panel.judges, estimates, strict=True):
        usd = "no price given" if one.usd is None else f"{one.usd:,.2f}"
        table.add_row(
            spec.name, *(f"{n:,}" for n in (one.requests, one.stored, one.input_tokens, one.output_tokens)), usd
        )
    if len(estimates) > 1:
        total = sum(one.usd for one in estimates if one.usd is not None)
        priced = any(one.usd is not None for one in estimates)
        sums = [sum(one[i] for one in estimates) for i in range(4)]  # type: ignore[misc]
        table.add_row("all", *(f"{n:,}" for n in sums), f"{total:,.2f}" if priced else "no price given")
    console.print(table)


def audits(verdicts: list[JudgedPair], drawn: Sampled) -> dict[str, Share]:
    """How often the panel prefers what the run's scores prefer, where no check has decided already."""
    panel = {pair: winner for pair, winner in majorities(verdicts).items() if pair not in drawn.vetoed}
    found = {}
    for score in ORDERS:
        known = {pair: scores[score] for pair, scores in drawn.scores.items() if score in scores}
        if known:
            found[score] = audit(panel, known)
    return found


def plain_report(verdicts: list[JudgedPair], drawn: Sampled) -> dict[str, Any]:
    """All figures as JSON values."""
    return {
        "judges": to_plain(judge_reports(verdicts)),
        "krippendorff_alpha": agreements(verdicts),
        "ranker": {score: found._asdict() for score, found in audits(verdicts, drawn).items()},
    }


def print_report(verdicts: list[JudgedPair], drawn: Sampled) -> None:
    """The agreement table, on stdout."""
    console = table_console()
    table = Table(
        title="Judges; flips: another winner when the order is swapped, 95% intervals",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    table.add_column("judge", overflow="fold")
    for column in (
        "judged",
        "ties",
        "failed",
        "flips",
        "to the first",
        "agrees with others",
    ):
        table.add_column(column, justify="right", overflow="fold")
    reports = judge_reports(verdicts)
    for judge, one in reports.items():
        cells = (f"{one.judged:,}", f"{one.ties:,}", f"{one.failures.total():,}", one.flips.percent)
        table.add_row(judge, *cells, f"{one.flips_to_first:,}", str(one.with_others))
    console.print(table)
    for line in _lines(verdicts, drawn):
        console.print(line, markup=False, soft_wrap=True)
    for judge, one in reports.items():
        for failure, n in one.failures.most_common(3):
            line = f"{judge}: {n:,} failed: {failure}"
            table_console(stderr=True).print(line, markup=False, soft_wrap=True)


def _lines(verdicts: list[JudgedPair], drawn: Sampled) -> Iterator[str]:
    winners = majorities(verdicts)
    counts = Counter(pair[1:][winner == "b"] if winner != "tie" else "tie" for pair, winner in winners.items())
    yield "\nPanel prefers: " + ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items()))
    if len({verdict.judge for verdict in verdicts}) > 1:
        yield "Krippendorff's alpha between the judges:"
        for name, alpha in agreements(verdicts).items():
            yield f"  {name}: {'not defined' if alpha is None else f'{alpha:.3f}'}"
    yield "The panel prefers what scores higher, where no check decides:"
    for score, found in audits(verdicts, drawn).items():
        yield f"  {score}: {found}"
