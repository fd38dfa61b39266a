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
    names, strengths, before, errors = (told[key] for key in ("translators", "strengths", "before", "errors"))
    first = max(range(len(names)), key=lambda column: strengths[column])
    against = [
        f"{names[other]} by {strengths[first] - strengths[other]:.1f} ± {errors[first][other]:.1f} "
        f"(without labels {before[first] - before[other]:+.1f})"
        for other in range(len(names))
        if other != first
    ]
    agree = "" if told["agreement"] is None else f", who agree with an alpha of {told['agreement']:.2f}"
    panel = ""
    if "asked" in told:
        end = "it is settled" if told["settled"] else "the rows were spent"
        panel = f" (a panel, which judged {told['asked']:,} rows in {told['rounds']} rounds until {end})"
    return (
        f"{told['labels']:,} labels on {told['rows']:,} rows by {told['by']}{panel}{agree}; about {told['wrong']:.0%} "
        f"of them contradict the rows; {names[first]} is better at large, in chrF points, than {', '.join(against)}"
    )
