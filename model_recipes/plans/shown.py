"""What a plan comes to, step by step with a running total, before anything of it begins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table

from builders.reports.bars import table_console
from model_recipes.plans.file import PlanMachine
from model_recipes.plans.step import PlanStep, StepNeeds


@dataclass(frozen=True, slots=True)
class Ahead:
    """A step as it stands before the plan is gone on with: `state` for people, `left` what it will still take."""

    step: PlanStep
    state: str
    left: StepNeeds


def total(needs: Iterable[StepNeeds]) -> tuple[float, float, bool, bool]:
    """Hours and USD, and whether each is all of it: of some steps they may not be known."""
    hours = usd = 0.0
    all_hours = all_usd = True
    for one in needs:
        all_hours &= one.hours is not None
        all_usd &= one.usd is not None
        hours, usd = hours + (one.hours or 0.0), usd + (one.usd or 0.0)
    return hours, usd, all_hours, all_usd


def show_ahead(ahead: Sequence[Ahead], perhaps: Sequence[PlanStep], machine: PlanMachine, *, dry_run: bool) -> None:
    """The table: on stdout where it is all that was asked for, else on stderr."""
    console = table_console(stderr=not dry_run)
    table = Table(title="Steps, with what they come to in all", title_justify="left", box=None, pad_edge=False)
    table.add_column("step", overflow="fold")
    table.add_column("state", overflow="fold")
    for column in ("hours, about", "in all", "USD, about", "in all"):
        table.add_column(column, justify="right")
    lines = [*ahead, *(Ahead(step, "if it is called for", step.needs) for step in perhaps)]
    for number, line in enumerate(lines, 1):
        hours, usd, *_ = total(one.left for one in lines[:number])
        table.add_row(
            line.step.name, line.state, _shown(line.left.hours), _shown(hours), _shown(line.left.usd), _shown(usd)
        )
    console.print(table)
    console.print(sentence(ahead, perhaps, machine), markup=False, soft_wrap=True)


def sentence(ahead: Sequence[Ahead], perhaps: Sequence[PlanStep], machine: PlanMachine) -> str:
    """The sum in a line.

    >>> to_do, done = PlanStep("a", dict, needs=StepNeeds(1.5, None)), PlanStep("b", dict)
    >>> sentence([Ahead(to_do, "to do", to_do.needs), Ahead(done, "done", done.needs)], [], PlanMachine())
    '1 of 2 steps to do: about 1.50 hours on 1 × H100, their price is not known'
    """
    to_do = sum(one.state != "done" for one in ahead)
    said = f"{to_do} of {len(ahead)} steps to do: {_sum([one.left for one in ahead], machine)}"
    if perhaps:
        said += f"; with all that may be called for {_sum([one.left for one in ahead] + [s.needs for s in perhaps])}"
    return said


def _sum(needs: Sequence[StepNeeds], machine: PlanMachine | None = None) -> str:
    hours, usd, all_hours, all_usd = total(needs)
    of = f" on {machine.gpus} × {machine.gpu}" if machine else ""
    said = f"{'about' if all_hours else 'at least'} {hours:,.2f} hours{of}"
    if not all_usd and not usd:
        return f"{said}, their price is not known"
    return f"{said}, {'about' if all_usd else 'at least'} ${usd:,.2f}"


def _shown(number: float | None) -> str:
    return "not known" if number is None else f"{number:,.2f}"
