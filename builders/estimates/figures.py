"""The figures of one translator in a plan: what it is asked, what is saved, what it costs, and on what assumptions.

Each figure is a function of the totals over all rows, so that each has its confidence interval
(`builders.estimates.intervals`).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from builders.engines import Engine, engine_of
from builders.estimates.count_requests import RequestCounter, Requests
from builders.estimates.intervals import Interval, SampleTotals, SplitSample, asked_shares, selected_rows, totals
from builders.recipes.translator_base import Cost
from builders.recipes.translators import Translator, others_of
from builders.run_folder.activity import read_engines, total_counters
from builders.run_folder.folder import ENGINES, TRANSLATE, Run
from builders.run_folder.units import NOT_FUSED, all_counts

# Of the totals over all rows (the columns are the last axis), for the estimate and for each replicate.
Figure = Callable[[np.ndarray], Any]
# Fewer finished requests tell little of how long answers are or of how often one is asked again.
ENOUGH = 100
# Requests at a time of which a plan speaks where a translator asks by batches: what an endpoint has by default.
ONE_BY_ONE = 64
# Columns of what a row asks of a translator.
FAILED, ALL_REQUESTS, ALL_TOKENS, REQUESTS, TOKENS, FRESH, FRESH_TOKENS, ASKED, ASKED_TOKENS = range(9)
STORED_TOKENS, STORED_COMPLETION, ASKED_TOLD = 9, 10, 11


@dataclass(frozen=True, slots=True)
class Measured:
    """What the run folder tells of a translator; None where it does not tell yet. The pace is that of one process."""

    requests_per_chunk: float | None = None
    requests_per_second: float | None = None
    # Of a translator that fuses: the rows that it is done with, and those of them that were fused.
    rows: int = 0
    fused: int = 0

    def to_fuse(self, selected: float) -> float:
        """Which share of the `selected` rows is still to be fused: all that are left, until finished ones tell."""
        share = self.fused / self.rows if self.rows >= ENOUGH else 1.0
        return share * max(0.0, 1 - self.rows / selected) if selected else 0.0


def measured_in(run: Run, spec: Translator) -> Measured:
    """What finished units and processes have left in the run folder."""
    extra: Counter[str] = Counter()
    rows = left = 0
    for counts in all_counts(run.stage(TRANSLATE, spec.name)).values():
        extra.update(counts.get("extra", {}))
        rows += counts["read"]
        left += counts["dropped"].get(NOT_FUSED, 0)
    states = read_engines(run.logs(TRANSLATE, spec.name, ENGINES))
    answers, seconds = total_counters(states)["answers"], sum(state.seconds for state in states.values())
    return Measured(
        extra["requests"] / extra["chunks_asked"] if extra["chunks_asked"] >= ENOUGH else None,
        answers / seconds if answers >= ENOUGH and seconds else None,
        rows,
        rows - left,
    )


def limits(interval: Interval) -> dict[str, float]:
    """An interval as JSON has it."""
    digits = 0 if interval.value >= 1000 else 4
    return {name: round(value, digits) for name, value in interval._asdict().items()}


def translator_figures(
    spec: Translator,
    counter: RequestCounter,
    found: list[list[Requests | None]],
    samples: list[SplitSample],
    weights: list[np.ndarray],
    repeats: Mapping[int, float] | None,
    seed: int,
    measured: Measured,
) -> dict[str, Any]:
    """One translator's part of the plan, as JSON.

    `found[i]` are the requests of the rows of `samples[i]` (None for a row that is dropped), `weights[i]` what each
    row stands for; `repeats` in how many selected rows each message of the sample stands, where that was counted.
    """
    shares = _shares(found, samples, weights, repeats or {})
    sums = totals(samples, [_columns(*one) for one in zip(found, shares, strict=True)], seed, TOKENS)
    engine = engine_of(spec)
    served, cost = engine.asks_a_model, engine.cost
    # What is fused already is stored under the candidates that it was made of, which are not known here.
    wanted = measured.to_fuse(selected_rows(samples).value) if others_of(spec) else 1.0
    retries = wanted * (measured.requests_per_chunk or 1.0)
    finished = sum(int((row.stored[:, 0] >= 0).sum()) for split in found for row in split if row)
    told = finished >= ENOUGH and sums.values[STORED_COMPLETION] > 0
    # The server counts, and bills, every beam.
    usual = engine.choices * cost.output_tokens_per_source_token
    by_token, by_request = _prompt_tokens(found) if told else (1.0, float(counter.overhead))

    def requests(t: np.ndarray) -> np.ndarray:
        return retries * t[..., ASKED]

    def prompt(t: np.ndarray) -> np.ndarray:
        return retries * (by_token * t[..., ASKED_TOKENS] + by_request * t[..., ASKED] + t[..., ASKED_TOLD])

    def completion(t: np.ndarray) -> np.ndarray:
        ratio = t[..., STORED_COMPLETION] / t[..., STORED_TOKENS] if told else usual
        return retries * ratio * t[..., ASKED_TOKENS]

    figures: dict[str, Figure] = {
        "rows_not_in_memory": lambda t: t[..., FAILED],
        "requests": lambda t: t[..., ALL_REQUESTS],
        "saved_by_memory": lambda t: t[..., ALL_REQUESTS] - t[..., REQUESTS],
        "saved_by_finished_work": lambda t: t[..., REQUESTS] - t[..., FRESH],
        "saved_by_duplicates": lambda t: t[..., FRESH] - t[..., ASKED],
    }
    figures |= {"requests_to_send": requests} if served else {}
    figures |= {"source_tokens": lambda t: t[..., ALL_TOKENS]}
    if served:
        figures |= {"input_tokens": prompt, "output_tokens": completion}
        figures |= _costs(cost, _pace(engine, measured), requests, prompt, completion, engine.price_share)
    return {
        "name": spec.name,
        "backend": spec.backend,
        "model": engine.model,
        "counts": engine.counts,
        **({"at_most": True} if others_of(spec) else {}),
        "rows": limits(selected_rows(samples)),
        **{name: limits(sums.interval(of)) for name, of in figures.items()},
        "assumptions": _assumptions(engine, counter, measured, told, finished, sums) if served else [],
    }


def _costs(
    cost: Cost, pace: float | None, requests: Figure, prompt: Figure, completion: Figure, share: float
) -> dict[str, Figure]:
    """Money and time, where the recipe's `cost` or the run so far say enough. `pace`: requests a second.

    `share` of the prices is paid where requests are asked in batches; then the same one by one stands beside it.
    """
    found: dict[str, Figure] = {}

    def usd(t: np.ndarray) -> np.ndarray:
        return (prompt(t) * cost.usd_per_million_input + completion(t) * cost.usd_per_million_output) / 1e6

    if cost.priced:
        found["usd"] = lambda t: share * usd(t)
    if share != 1:
        if cost.priced:
            found["usd_one_by_one"] = usd
        if seconds := cost.seconds_per_request:
            found["hours_one_by_one"] = lambda t: requests(t) * seconds / ONE_BY_ONE / 3600
        return found
    if speed := cost.output_tokens_per_gpu_second:
        found["gpu_hours"] = lambda t: completion(t) / speed / 3600
        found["hours"] = lambda t: completion(t) / speed / 3600 / cost.gpus
    elif pace:
        found["hours"] = lambda t: requests(t) / pace / 3600
    return found


def _columns(rows: list[Requests | None], shares: list[np.ndarray]) -> np.ndarray:
    columns = np.zeros((len(rows), 12))
    for line, row, share in zip(columns, rows, shares, strict=True):
        if row is None:
            continue
        stored = row.stored[:, 0] >= 0
        fresh = ~stored
        line[FAILED] = row.failed
        line[[ALL_REQUESTS, ALL_TOKENS]] = row.unremembered
        line[[REQUESTS, TOKENS]] = len(row.tokens), row.tokens.sum()
        line[[FRESH, FRESH_TOKENS]] = fresh.sum(), row.tokens[fresh].sum()
        line[[ASKED, ASKED_TOKENS, ASKED_TOLD]] = share.sum(), share @ row.tokens, share @ row.told
        line[[STORED_TOKENS, STORED_COMPLETION]] = row.tokens[stored].sum(), row.stored[stored, 1].sum()
    return columns


def _prompt_tokens(found: list[list[Requests | None]]) -> tuple[float, float]:
    """Prompt tokens for each token of a text and for each request, by least squares over the answered requests.

    What is told beside a text is counted by itself, so it is taken off.
    """
    rows = [row for split in found for row in split if row]
    tokens = np.concatenate([row.tokens[row.stored[:, 0] >= 0] for row in rows]).astype(float)
    prompts = np.concatenate([(row.stored[:, 0] - row.told)[row.stored[:, 0] >= 0] for row in rows]).astype(float)
    spread = float(np.var(tokens))
    by_token = float(np.cov(tokens, prompts, bias=True)[0, 1]) / spread if spread else 0.0
    by_request = float(prompts.mean() - by_token * tokens.mean())
    if by_token <= 0 or by_request < 0:
        return float(prompts.sum() / tokens.sum()), 0.0
    return by_token, by_request


def _shares(
    found: list[list[Requests | None]],
    samples: list[SplitSample],
    weights: list[np.ndarray],
    repeats: Mapping[int, float],
) -> list[list[np.ndarray]]:
    """For each row of each split the part of each of its requests that has to be asked; 0 where it is answered."""
    rows = [row for split in found for row in split]
    fresh = [row.stored[:, 0] < 0 if row else np.zeros(0, bool) for row in rows]
    keys = [row.keys[new] if row else np.zeros(0, np.uint64) for row, new in zip(rows, fresh, strict=True)]
    places = np.repeat(np.arange(len(rows)), [len(key) for key in keys])
    messages = np.concatenate([row.messages[new] for row, new in zip(rows, fresh, strict=True) if row] or [places])
    # The row itself is selected, and not only with its split's probability.
    certain = [1 - w.sum() / one.drawn.size for one, w in zip(samples, weights, strict=True) for _ in w]
    known = np.array([repeats.get(m, -2.0) + certain[p] for m, p in zip(messages.tolist(), places, strict=True)])
    shares = asked_shares(np.concatenate(keys), places, np.concatenate(weights), messages, known)
    by_row = []
    for new, part in zip(fresh, np.split(shares, np.cumsum([len(key) for key in keys])[:-1]), strict=True):
        whole = np.zeros(len(new))
        whole[new] = part
        by_row.append(whole)
    ends = np.cumsum([len(split) for split in found])
    return [by_row[end - len(split) : end] for end, split in zip(ends, found, strict=True)]


def _pace(engine: Engine[Any], measured: Measured) -> float | None:
    """Requests a second, as the run went so far or as the recipe says."""
    if measured.requests_per_second:
        return measured.requests_per_second
    seconds = engine.cost.seconds_per_request
    return engine.in_flight / seconds if seconds else None


def _of_batches(engine: Engine[Any]) -> list[str]:
    """What is to be known of a translator that asks by batches."""
    if engine.price_share == 1:
        return []
    rounds = engine.spec.rounds
    last = "asked one by one at the full price" if engine.spec.then == "ask" else "left out"
    return [
        f"in batches at {engine.price_share:.0%} of the price, each within 24 hours by what the APIs promise: at most "
        f"{24 * rounds} hours for {rounds} rounds; what is still bad then is {last}, which is not in the estimate",
        f"one by one: {ONE_BY_ONE} requests at once",
    ]


def _assumptions(
    engine: Engine[Any],
    counter: RequestCounter,
    measured: Measured,
    told: bool,
    finished: int,
    sums: SampleTotals,
) -> list[str]:
    cost, tokenizer, batches = engine.cost, engine.spec.chunking.tokenizer, _of_batches(engine)
    notes = [
        f"tokens are counted by the tokenizer '{tokenizer}', with {counter.overhead} tokens of prompt a request; the "
        "marks of the model's chat template are not counted"
    ]
    if engine.counts == "characters":
        notes = ["characters as they stand in the chunks, marks of lists and code among them, which are not sent"]
    elif told:
        ratio = sums.values[STORED_COMPLETION] / sums.values[STORED_TOKENS]
        notes = [
            f"input and output tokens as the server counted them in {finished:,} sampled requests that are answered"
        ]
        notes.append(f"{ratio:.2f} tokens of translation a source token, measured in those answers")
    else:
        choices = engine.choices
        beams = f", times {choices}, for the server counts all {choices} answers of a request" if choices > 1 else ""
        notes.append(
            f"{cost.output_tokens_per_source_token:g} tokens of translation a source token "
            f"(cost.output_tokens_per_source_token){beams}; its error is not in the interval"
        )
    if others := others_of(engine.spec):
        more = cost.output_tokens_per_source_token
        seen = f"; of {measured.rows:,} finished rows {measured.fused:,} were fused" if measured.rows else ""
        notes.append(
            f"at most: the candidates of all of {', '.join(others)}, each as long as {more:g} tokens a source token; "
            f"which rows `only: {engine.spec.only}` leaves out is known when they are there{seen}"
        )
    if engine.context:
        notes.append(
            f"a conversation's chunks are asked one after the other; a translation that is told as context, and not "
            f"there yet, counts as {cost.output_tokens_per_source_token:g} tokens a source token"
        )
    if measured.requests_per_chunk:
        more = measured.requests_per_chunk - 1
        notes.append(f"{more:.1%} more requests by the retry ladder, measured in the rows that are finished")
    else:
        notes.append("no request is asked again by the retry ladder; how many are, the first finished rows will tell")
    if cost.output_tokens_per_gpu_second:
        speed = cost.output_tokens_per_gpu_second
        notes.append(
            f"{speed:g} output tokens a second and GPU, {cost.gpus} GPU{'s' if cost.gpus > 1 else ''} at a time"
        )
    elif measured.requests_per_second and not batches:
        notes.append(
            f"time at the pace of the run so far, {measured.requests_per_second:.1f} requests a second a process"
        )
    elif cost.seconds_per_request and not batches:
        notes.append(f"time with {engine.in_flight} requests at once, {cost.seconds_per_request:g} s each, a task")
    return notes + batches
