"""What labels changed, in words: for the build's own lines and for the card."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from builders.run_folder.folder import CALIBRATION


def read_told(folder: Path) -> str | None:
    """What the labels of the run's ranker, in this folder, changed; None where it had none."""
    file = folder / CALIBRATION
    return describe(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def describe(told: Mapping[str, Any]) -> str:
    """What labels changed, in a line: the strongest against each other translator."""
    agree = "" if told["agreement"] is None else f", who agree with an alpha of {told['agreement']:.2f}"
    panel = ""
    if "asked" in told:
        end = "it is settled" if told["settled"] else "the rows were spent"
        panel = (
            f" (a panel, which judged {told['asked']:,} rows in {told['rounds']} rounds until {end}{_without(told)})"
        )
    labels = f"{told['labels']:,} labels on {told['rows']:,} rows by {told['by']}{panel}{agree}"
    if not told["labels"]:
        return f"{labels}; which translator is better at large is taken to be as without labels"
    names, strengths, before, errors = (told[key] for key in ("translators", "strengths", "before", "errors"))
    first = max(range(len(names)), key=lambda column: strengths[column])
    against = [
        f"{names[other]} by {strengths[first] - strengths[other]:.1f} ± {errors[first][other]:.1f} "
        f"(without labels {before[first] - before[other]:+.1f})"
        for other in range(len(names))
        if other != first
    ]
    return (
        f"{labels}; about {told['wrong']:.0%} of them contradict the rows; {names[first]} is better at large, in chrF "
        f"points, than {', '.join(against)}{_worth(told)}"
    )


def _worth(told: Mapping[str, Any]) -> str:
    """What labels say of the scorers."""
    found = [f"{name} {worth:.1f} ± {doubt:.1f}" for name, (worth, doubt) in told.get("scorers", {}).items()]
    return f"; a usual difference is worth, in chrF points, by {', by '.join(found)}" if found else ""


def _without(told: Mapping[str, Any]) -> str:
    """Which judges nothing was learnt of."""
    names = list(told["left_out"])
    return f"; not counted, since they said no more than chance: {', '.join(names)}" if names else ""
