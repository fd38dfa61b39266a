"""`smolkalam status`: what a build in a run folder has done and is doing, over all machines that share the folder."""

import json
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from builders.engines import engine_of
from builders.recipes.executors import Shared
from builders.recipes.load import load_recipe
from builders.recipes.translators import Translator
from builders.reports.opinions import AskedOpinions
from builders.reports.status_text import render
from builders.run_folder.activity import (
    TIMED_OUT,
    EngineState,
    endpoint_troubles,
    read_engines,
    refused,
    total_counters,
)
from builders.run_folder.claims import BEATS
from builders.run_folder.folder import ENGINES, SCORE, TRANSLATE, Run
from builders.run_folder.state import Pulse, RunReader, StageState
from builders.run_folder.units import failed_rows
from builders.stages import parts_of
from processors.answers.ceiling import Spending, read_spending
from processors.errors import InputError

# Longer than anything but a claim's heartbeat takes to show a sign of life.
OBSERVE_S = 2.5
# A build of one machine has no lease: it may be so long without a sign (one long answer), and its lock is a sign too.
LOCAL_LEASE_S = 30.0
LADDER = ("retries_same", "retries_smaller", "joins_refused", "retries_span_by_span", "chunks_failed")


def run_status(folder: Path, *, as_json: bool, follow: bool | None, interval_s: float = OBSERVE_S) -> None:
    """Print a snapshot of the run, or one every `interval_s` until the build is finished.

    `follow` None: follow on a terminal, once otherwise. As JSON a snapshot is an object on a line of its own. Raises
    InputError for what is no run folder, or a damaged one.
    """
    watch = Watch(folder)
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 160)
    if follow is None:
        follow = console.is_terminal and not as_json
    try:
        if not follow:
            _print(watch.first(), as_json, console)
        elif as_json or not console.is_terminal:
            snapshot = watch.first()
            _print(snapshot, as_json, console)
            while snapshot["state"] != "finished":
                time.sleep(interval_s)
                snapshot = watch.look()
                _print(snapshot, as_json, console)
        else:
            with Live(render(watch.look()), console=console, auto_refresh=False) as live:
                while (snapshot := watch.look())["state"] != "finished":
                    live.update(render(snapshot), refresh=True)
                    time.sleep(interval_s)
                live.update(render(snapshot), refresh=True)
    except KeyboardInterrupt:
        # The way to leave a view that follows; nothing was interrupted but the view.
        return


def _print(snapshot: dict[str, Any], as_json: bool, console: Console) -> None:
    if as_json:
        print(json.dumps(snapshot, ensure_ascii=False), flush=True)
    else:
        console.print(render(snapshot))


class Watch:
    """A run folder under observation: what changes between looks is what is alive."""

    def __init__(self, folder: Path) -> None:
        self.run = Run(folder.absolute())
        if not self.run.recipe.is_file():
            raise InputError(f"{folder}: no run folder (no recipe.yaml in it); give the --output of a build")
        self.recipe = load_recipe(str(self.run.recipe))
        parts = parts_of(self.recipe)
        self.reader = RunReader(self.run, self.recipe, parts)
        executor = self.recipe.executor
        lease_s = executor.lease_s if isinstance(executor, Shared) else LOCAL_LEASE_S
        self.pulse = Pulse(self.run, [part.name for part in parts], lease_s)
        self._before: dict[str, tuple[float, int]] = {}
        self.opinions = AskedOpinions(self.recipe, self.run)

    def first(self) -> dict[str, Any]:
        """A snapshot after a first observation; at once where the build is finished or not begun.

        It takes OBSERVE_S, and longer while a worker is quiet whose next sign of life is still to come.
        """
        snapshot = self.look()
        if snapshot["state"] in ("finished", "not begun"):
            return snapshot
        until = time.monotonic() + max(OBSERVE_S, 1.5 * self.pulse.lease_s / BEATS)
        while True:
            time.sleep(OBSERVE_S)
            snapshot = self.look()
            if not snapshot["workers"]["quiet"] or time.monotonic() >= until:
                return snapshot

    def look(self) -> dict[str, Any]:
        """What the folder shows now, as JSON.

        `state`: not begun, running, quiet (workers that gave no sign yet, and may be alive), stopped (nobody is at
        it), finished. `stages`: rows done by finished units, in progress by those at work, failed by reason.
        `translators`: what the requests' processes told; of requests `sent` counts every try, `answered` what came of
        them, `replayed` what needed none; `timed_out` those that were given up and sent again, which the server may
        bill too; `retries` by what the server did, `asked_again` by the retry ladder. Of
        money `usd` is what answers have cost, `usd_under_way` what requests that are not answered yet may cost,
        `usd_forecast` what all rows will have cost if they go on as they did. `opinions`, where there are, is what the
        panel and the scorers have been asked by now; the run's `usd` is with theirs. Rates are of the processes that
        are alive, and so are `troubles`: the endpoints that give no answer (a circuit breaker is open, the server
        ordered a wait or has been busy for seconds), each with `where` it is, the `reason`, the `seconds` since then
        as of its process's last sign of life, and `left_aside` where it is for good. Empty as soon as all work again.
        A stage of a scorer that is not finished has its own `troubles`.
        """
        self.pulse.look()
        stages = self.reader.stages()
        workers = self.pulse.workers()
        finished = self.reader.finished(stages)
        if finished:
            state = "finished"
        elif workers["alive"] or self.pulse.any():
            state = "running"
        elif workers["quiet"]:
            state = "quiet"
        else:
            state = "stopped" if self.reader.begun() else "not begun"
        by_name = {stage.name: stage for stage in stages}
        translators = []
        live: dict[str, dict[str, EngineState]] = {}
        for spec in self.recipe.translators:
            name = f"{TRANSLATE}/{spec.name}"
            engines = self.reader.engines(spec.name)
            folder = self.run.logs(name, ENGINES)
            alive = {file: one for file, one in engines.items() if self.pulse.changed(folder / file)}
            live[name] = {} if by_name[name].finished else alive
            translators.append(_translator(spec, engines, live[name], by_name[name]))
        spending = read_spending(self.run.spending)
        for one in translators:
            one |= _money(one, by_name[f"{TRANSLATE}/{one['name']}"], spending.get(one["name"]))
        opinions = self.opinions.look()
        usd = [one["usd"] for one in [*translators, *opinions] if one["usd"] is not None]
        return {
            "run": str(self.run.folder),
            "recipe": self.recipe.name,
            "executor": self.recipe.executor.kind,
            "state": state,
            "workers": {kind: len(names) for kind, names in workers.items()},
            "worker_names": workers,
            "usd": round(sum(usd), 6) if usd else None,
            "max_usd": self.recipe.max_usd,
            "stages": [self._stage(stage, live.get(stage.name, {}), state) for stage in stages],
            "translators": translators,
            **({"opinions": opinions} if opinions else {}),
        }

    def _stage(self, stage: StageState, engines: dict[str, EngineState], state: str) -> dict[str, Any]:
        held = self._held(stage) if state == "running" and not stage.finished else 0
        rate = None
        if state == "running" and not stage.finished:
            rate = sum(one.per_second.get("documents", 0.0) for one in engines.values())
            rate = rate or self._observed(stage.name, stage.done + held) or stage.rows_per_second
        left = stage.total - stage.done - held if stage.total is not None else None
        troubles = {}
        if stage.name.startswith(f"{SCORE}/") and not stage.finished:
            folder = self.run.logs(stage.name, ENGINES)
            alive = [one for file, one in read_engines(folder).items() if self.pulse.changed(folder / file)]
            troubles = {"troubles": [asdict(one) for one in endpoint_troubles(alive)]}
        return {
            "stage": stage.name,
            "rows_done": stage.done,
            "rows_in_progress": held,
            "rows": stage.total,
            "rows_per_second": round(rate, 3) if rate else None,
            "seconds_left": round(left / rate) if rate and left is not None else None,
            "failed_rows": dict(failed_rows(stage.dropped).most_common()),
            **troubles,
        }

    def _held(self, stage: StageState) -> int:
        """Rows of units that are not finished, by those whose file of progress moves; never more than are left."""
        held = 0
        for path in self.run.progress(stage.name).glob("*.json"):
            if self.pulse.changed(path):
                try:
                    held += int(json.loads(path.read_text())["rows"])
                except (OSError, ValueError, KeyError, TypeError):
                    continue
        return held if stage.total is None else max(0, min(held, stage.total - stage.done))

    def _observed(self, name: str, rows: int) -> float | None:
        """Rows a second since the first look at which the stage was not finished."""
        now = time.monotonic()
        at, before = self._before.setdefault(name, (now, rows))
        return (rows - before) / (now - at) if rows > before and now - at >= 1 else None


def _money(one: dict[str, Any], stage: StageState, told: Spending | None) -> dict[str, Any]:
    """Dollars spent, under way, and in the end; None without prices, or before there is anything to go by."""
    if one["usd"] is None:
        return {"usd_under_way": None, "usd_forecast": None}
    # What processes that died had under way is spent, for all that is known.
    spent = max(one["usd"], told.spent) if told else one["usd"]
    answered, in_flight = one["requests"]["answered"], one["requests"]["in_flight"]
    under_way = one["usd"] / answered * in_flight if answered else 0.0
    if told and one["processes"]:
        under_way = told.under_way
    forecast = spent / stage.done * stage.total if stage.done and stage.total else None
    return {
        "usd": round(spent, 6),
        "usd_under_way": round(under_way, 6),
        "usd_forecast": round(forecast, 6) if forecast is not None else None,
    }


def _translator(
    spec: Translator, engines: dict[str, EngineState], alive: dict[str, EngineState], stage: StageState
) -> dict[str, Any]:
    counters = total_counters(engines)
    engine = engine_of(spec)
    cost = engine.cost
    asked, answered = counters["prompt_tokens"], counters["completion_tokens"]
    rates: Counter[str] = Counter()
    now: Counter[str] = Counter()
    for one in alive.values():
        rates.update(one.per_second)
        now.update(one.now)
    hours = cost.gpu_hours(answered)
    return {
        "name": spec.name,
        "backend": spec.backend,
        "processes": len(alive),
        "requests": {
            "sent": counters["requests"],
            "answered": counters["answers"],
            "replayed": counters["cached"],
            "failed": counters["failed_requests"],
            "in_flight": int(now["in_flight"]),
            "waiting": int(now["waiting"]),
            "limit": int(now["limit"]),
        },
        "requests_per_second": round(rates["requests"], 2),
        "tokens_per_second": {
            "input": round(rates["prompt_tokens"], 1),
            "output": round(rates["completion_tokens"], 1),
        },
        "tokens": {
            "input": asked,
            "output": answered,
            "cached": counters["cached_tokens"],
            "reasoning": counters["reasoning_tokens"],
        },
        "batches": {
            "submitted": counters["batches"],
            "found_again": counters["batches_found_again"],
            "requests": counters["batched_requests"],
            "done": counters["batched_done"],
        },
        "answers_with_reasoning": counters["answers_with_reasoning"],
        "choices_per_request": engine.choices,
        "retries": {k.removeprefix("retry_"): n for k, n in counters.most_common() if k.startswith("retry_")},
        "timed_out": counters[TIMED_OUT],
        "troubles": [asdict(one) for one in endpoint_troubles(alive.values())],
        "asked_again": {name: stage.extra[name] for name in LADDER if stage.extra[name]},
        # As they come; where no process has told, what the finished units have counted.
        "rejected": refused(counters)
        or {k.removeprefix("rejected_"): n for k, n in stage.extra.most_common() if k.startswith("rejected_")},
        "usd": round(cost.bill(counters), 6) if cost.priced else None,
        "max_usd": getattr(spec, "max_usd", None),
        "gpu_hours": round(hours, 4) if hours is not None else None,
    }
