"""A plan as text: a table for each translator on stdout, and what it assumes."""

from typing import Any

from rich.console import Console
from rich.table import Table

from builders.estimates.panel import panel_line

_TITLES = {
    "rows_not_in_memory": "rows that the memory lacks",
    "requests": "requests in all",
    "saved_by_memory": "  saved by the memory",
    "saved_by_finished_work": "  saved by finished work",
    "saved_by_duplicates": "  saved by duplicates",
    "requests_to_send": "requests to send",
    "source_tokens": "source tokens",
    "input_tokens": "input tokens to send",
    "output_tokens": "output tokens",
    "usd": "dollars",
    "usd_one_by_one": "  one by one",
    "gpu_hours": "GPU-hours",
    "hours": "time",
    "hours_one_by_one": "time one by one",
}


# They rest on what a token costs, how long a translation is, how quick the engine: known at best, never counted.
_ASSUMED = ("input", "output", "usd", "gpu", "hours")


def print_plan(plan: dict[str, Any]) -> None:
    """Print a plan (as `builders.estimates.command.run_plan` makes it) on stdout."""
    console = Console(highlight=False, soft_wrap=True)
    rows = plan["rows"]
    console.print(
        f"{plan['recipe']}: {_number(rows['value'])} of {plan['rows_in_source']:,} rows of {plan['source']} would be "
        f"translated ({_between(rows)}), by a sample of {plan['rows_sampled']:,}",
        markup=False,
    )
    for reason, seen in sorted(plan["left_out"].items(), key=lambda item: -item[1]["rows"]):
        console.print(
            f"  left out, of the sample: {reason} {seen['rows']:,}; the first is {seen['first']} ({seen['detail']})",
            markup=False,
        )
    if not rows["value"]:
        console.print("No row is left to translate, and nothing would be asked.", markup=False)
        return
    for translator in plan["translators"]:
        console.print(_table(translator, plan["duplicates"] == "counted"))
        _list(console, translator["assumptions"])
    for one in plan.get("judges", []):
        console.print(f"\n{panel_line(one)}", markup=False)
    console.print("\nFor all translators", markup=False)
    _list(console, plan["assumptions"])


def _table(translator: dict[str, Any], counted: bool) -> Table:
    model = f" ({translator['model']})" if translator["model"] else f" ({translator['backend']}, costs nothing)"
    table = Table(title=f"\n{translator['name']}{model}", title_justify="left", box=None, pad_edge=False)
    table.add_column("", overflow="fold", min_width=32)
    table.add_column("estimate", justify="right")
    table.add_column("95% interval", justify="right")
    for name, title in _TITLES.items():
        interval = translator.get(name)
        if interval is None or (not interval["value"] and name.startswith(("saved", "rows"))):
            continue
        if name == "saved_by_duplicates" and not counted:
            title += ", at least"
        title = title.replace("tokens", translator.get("counts", "tokens"))
        show = _time if name.startswith("hours") else _number
        certain = "by the assumptions below" if name.startswith(_ASSUMED) and interval["value"] else "exact"
        table.add_row(title, show(interval["value"]), _between(interval, show, certain))
    return table


def _list(console: Console, notes: list[str]) -> None:
    for note in notes:
        console.print(f"  - {note}", markup=False)


def _between(interval: dict[str, float], show: Any = None, certain: str = "exact") -> str:
    if interval["low"] == interval["high"]:
        return certain
    show = show or _number
    return f"{show(interval['low'])} to {show(interval['high'])}"


def _number(value: float) -> str:
    """
    >>> _number(1234567.8), _number(12.345), _number(0.0123)
    ('1,234,568', '12.3', '0.012')
    """
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def _time(hours: float) -> str:
    """
    >>> _time(0.005), _time(1.5), _time(100)
    ('18 s', '1.5 h', '4.2 days')
    """
    if hours < 1 / 60:
        return f"{hours * 3600:.0f} s"
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
