"""Nothing that costs money begins before its total has been shown, and a large one not before somebody agrees."""

import sys
from typing import Any

from builders.engines import engine_of
from builders.recipes.recipe import Recipe
from builders.run_folder.folder import Run
from builders.scorers import scorers_of
from processors.errors import InputError

# A build that will cost more is asked about, or needs --yes where nobody can be asked.
ASK_ABOVE_USD = 10.0
# Rows that the estimate reads: a few seconds, and the total within about a tenth.
SAMPLE = 300


def confirm_spending(recipe: Recipe, run: Run, *, yes: bool) -> None:
    """Say what the build will still pay for, and ask whether to go on where that is much.

    Raises InputError where the answer is no, and where there is no terminal to ask and no `yes`. Servers without a
    price and without a key in the recipe are taken for one's own.
    """
    paid = [spec for spec in recipe.translators if engine_of(spec).asks_a_model and _costs(engine_of(spec))]
    labels, scored = recipe.ranking.calibration, any(kind.served(spec) for kind, spec in scorers_of(recipe))
    judged = scored or (labels is not None and labels.judges is not None)
    if not paid and not judged:
        return
    # Each build comes here, and the estimate brings the clients of servers.
    from rich.console import Console

    from builders.estimates.command import estimate
    from builders.estimates.panel import panel_line

    total = 0.0
    if paid or judged:
        # Scorers are asked for the candidates of all translators.
        of = recipe.translators if scored else paid or recipe.translators[:1]
        asked = recipe.model_copy(update={"translators": of})
        plan = estimate(asked, run, SAMPLE, scan=False, console=Console(quiet=True))
        names = {spec.name for spec in paid}
        for one in (one for one in plan["translators"] if one["name"] in names):
            _say(f"{one['name']}: {_told(one)}")
            total += one.get("usd", {"value": 0.0})["value"]
        for one in plan.get("judges", []):
            _say(panel_line(one))
            total += one["usd"] or 0.0
    if total:
        _say(f"about ${total:,.2f} in all; smolkalam plan has the details")
    if total > ASK_ABOVE_USD and not yes:
        ask_to_go_on(f"the build would cost about ${total:,.2f}; nothing was asked")


def ask_to_go_on(otherwise: str) -> None:
    """Ask on the terminal. Raises InputError (`otherwise`) for a no, and where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(f"{otherwise}: add --yes to go on at this cost")
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InputError(otherwise)


def _costs(engine: Any) -> bool:
    return bool(engine.cost.priced or any(address.api_key_env for address in engine.addresses()))


def _told(one: dict[str, Any]) -> str:
    requests, tokens = one["requests_to_send"]["value"], one["input_tokens"]["value"]
    most = "at most " if one.get("at_most") else ""
    told = f"{most}about {requests:,.0f} requests to send, {tokens:,.0f} tokens in"
    told += f", {one['output_tokens']['value']:,.0f} out"
    if usd := one.get("usd"):
        return f"{told}, ${usd['value']:,.2f} ({usd['low']:,.2f} to {usd['high']:,.2f})"
    return f"{told}; its price is not known (the recipe gives no `cost`)"


def _say(line: str) -> None:
    print(line, file=sys.stderr)
