"""A snapshot of a run (`builders.reports.status`) for people: tables for a terminal, by rich, or plain text."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from builders.run_folder.activity import trouble_text
from processors.clients.pacing import Trouble

# A server's words are a sentence or a whole web page; the end of what is wrong stands in the first lines.
LONGEST_REASON = 500


def render(snapshot: dict[str, Any]) -> Group:
    """The tables of a snapshot as `Watch.look` makes it."""
    parts: list[Any] = [Text(_headline(snapshot)), _stages(snapshot["stages"])]
    served = [one for one in snapshot["translators"] if _begun(one)]
    if served:
        parts += [Text(), _requests(served)]
        parts += [Text(line) for one in served for line in _notes(one)]
    for one in snapshot.get("opinions", []):
        usd = "" if one["usd"] is None else f", ${one['usd']:,.2f}"
        said = f"{one['answered']:,} answers, {one['tokens']['input']:,} tokens in, {one['tokens']['output']:,} out"
        parts.append(Text(f"{one['name']}: {said}{usd}"))
    for stage in snapshot["stages"]:
        for told in stage.get("troubles", []):
            missing = (
                "" if stage["rows"] is None else f"; {stage['rows'] - stage['rows_done']:,} rows without its scores"
            )
            parts.append(Text(f"{stage['stage']}: {trouble_text(Trouble(**told), LONGEST_REASON)}{missing}"))
        if stage["failed_rows"]:
            parts.append(Text(f"{stage['stage']}: rows left out: {_listed(stage['failed_rows'])}"))
    if silent := snapshot["worker_names"]["silent"]:
        parts.append(Text(f"silent for longer than their lease, others take over: {', '.join(silent)}"))
    return Group(*parts)


def _begun(one: dict[str, Any]) -> bool:
    return bool(one["requests"]["sent"] or one["requests"]["replayed"] or one["troubles"])


def _headline(snapshot: dict[str, Any]) -> str:
    workers = snapshot["workers"]
    told = [f"{n} {kind}" for kind, n in workers.items() if n]
    parts = [f"{snapshot['recipe']} ({snapshot['executor']}): {snapshot['state']}"]
    if told:
        parts.append(f"workers: {', '.join(told)}")
    if snapshot["usd"] is not None:
        most = f" of at most ${snapshot['max_usd']:,.2f}" if snapshot.get("max_usd") else ""
        parts.append(f"${snapshot['usd']:,.2f}{most} so far")
    return "; ".join(parts)


def _stages(stages: list[dict[str, Any]]) -> Table:
    table = _table(("stage", "left"), *((title, "right") for title in ("rows", "of", "in progress", "rows/s", "left")))
    for stage in stages:
        total = "?" if stage["rows"] is None else f"{stage['rows']:,}"
        rate = stage["rows_per_second"]
        table.add_row(
            stage["stage"],
            f"{stage['rows_done']:,}",
            total,
            f"{stage['rows_in_progress']:,}" if stage["rows_in_progress"] else "",
            f"{rate:,.1f}" if rate else "",
            duration(stage["seconds_left"]) if stage["seconds_left"] is not None else "",
        )
    return table


def _requests(translators: list[dict[str, Any]]) -> Table:
    titles = ("answered", "replayed", "failed", "in flight", "waiting", "limit", "requests/s", "tokens/s in", "out")
    table = _table(("requests", "left"), *((title, "right") for title in titles))
    for one in translators:
        requests, tokens = one["requests"], one["tokens_per_second"]
        counts = [f"{requests[name]:,}" for name in ("answered", "replayed", "failed")]
        now = [f"{requests[name]:,}" for name in ("in_flight", "waiting", "limit")] if one["processes"] else [""] * 3
        rates = [one["requests_per_second"], tokens["input"], tokens["output"]]
        table.add_row(one["name"], *counts, *now, *(f"{rate:,.0f}" if one["processes"] else "" for rate in rates))
    return table


def _notes(one: dict[str, Any]) -> list[str]:
    lines = []
    tokens = one["tokens"]
    beams = f" (all {one['choices_per_request']} answers of each request)" if one["choices_per_request"] > 1 else ""
    cached = f" ({tokens['cached']:,} cached)" if tokens.get("cached") else ""
    thought = f" ({tokens['reasoning']:,} of reasoning)" if tokens.get("reasoning") else ""
    spent = [f"{tokens['input']:,} tokens in{cached}, {tokens['output']:,} out{thought}{beams}"]
    spent += [_money(one)] if one["usd"] is not None else []
    spent += [f"{one['gpu_hours']:,.1f} GPU-hours"] if one["gpu_hours"] is not None else []
    lines.append(f"{one['name']}: {', '.join(spent)}")
    if (batches := one.get("batches")) and batches["requests"]:
        lines.append(
            f"{one['name']}: {batches['done']:,} of {batches['requests']:,} requests in batches done; "
            f"{batches['submitted']:,} submitted, {batches['found_again']:,} found again"
        )
    if one.get("answers_with_reasoning"):
        lines.append(f"{one['name']}: {one['answers_with_reasoning']:,} answers with reasoning beside them, left out")
    lines += [f"{one['name']}: {trouble_text(Trouble(**told), LONGEST_REASON)}" for told in one["troubles"]]
    if one.get("timed_out"):
        lines.append(_timed_out(one))
    for name, title in (("retries", "tried again"), ("asked_again", "asked again"), ("rejected", "answers refused")):
        if one[name]:
            lines.append(f"{one['name']}: {title}: {_listed(one[name])}")
    return lines


def _timed_out(one: dict[str, Any]) -> str:
    """Requests without an answer in time: their connections were closed, which not every server heeds."""
    answered, dollars = one["requests"]["answered"], ""
    if one["usd"] and answered:
        dollars = f", about ${one['usd'] / answered * one['timed_out']:,.2f} beside the sum above"
    return f"{one['name']}: {one['timed_out']:,} requests timed out; the server may bill them all the same{dollars}"


def _money(one: dict[str, Any]) -> str:
    """
    >>> _money({"usd": 1.5, "usd_under_way": 0.25, "usd_forecast": 12.0, "max_usd": 10.0})
    '$1.50 of at most $10.00 spent, $0.25 under way, $12.00 in the end'
    """
    most = f" of at most ${one['max_usd']:,.2f}" if one.get("max_usd") else ""
    told = [f"${one['usd']:,.2f}{most} spent" if one.get("usd_forecast") or most else f"${one['usd']:,.2f}"]
    told += [f"${one['usd_under_way']:,.2f} under way"] if one.get("usd_under_way") else []
    told += [f"${one['usd_forecast']:,.2f} in the end"] if one.get("usd_forecast") else []
    return ", ".join(told)


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title, justify in columns:
        table.add_column(title, justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in counts.items())


def duration(seconds: float) -> str:
    """
    >>> duration(42), duration(75 * 60), duration(100 * 3600)
    ('42 s', '1 h 15 min', '4 d 4 h')
    """
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"
