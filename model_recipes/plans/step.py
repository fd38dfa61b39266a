"""A step of a plan, and the key that says of what it was made."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

# In a step's folder: what was begun there, and, once it is whole, what came of it.
BEGUN, DONE = "begun.json", "done.json"

Results = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StepNeeds:
    """About what a step takes: hours of the plan's machine, and USD beside those; None where that is not known."""

    hours: float | None = 0.0
    usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step by its name, which is its folder in the run's (`train/sft_seed1`).

    do: does it, given that folder, and returns the results; called again after a kill, it goes on.
    settings: what it depends on, as JSON takes it.
    files: what it reads from outside of the run, by a name for messages; what is no file or folder here (an id on the
        Hub) counts as its name, so that settings must say the revision.
    after: the steps whose results it uses.
    needs: about what it takes.
    mark: what tells, of the folder, that what the step left is still that; None where nobody looks.
    """

    name: str
    do: Callable[[Path], Mapping[str, Any] | None]
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Path | str] = field(default_factory=dict)
    after: tuple["PlanStep", ...] = ()
    needs: StepNeeds = StepNeeds()
    mark: Callable[[Path], str] | None = None


def digest(path: Path | str) -> str:
    """Of a local file's or folder's bytes and names; of what the Hub has it says nothing but that."""
    found = sha256()
    place = Path(path)
    files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.is_file())
    for file in files:
        found.update(f"{file.relative_to(place) if file != place else file.name}\0".encode())
        with file.open("rb") as stream:
            while piece := stream.read(1 << 20):
                found.update(piece)
    return found.hexdigest()[:32]


def hash_of(about: Mapping[str, Any]) -> str:
    """The key of what a step is made of."""
    return sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


def read_note(path: Path) -> dict[str, Any] | None:
    """A step's `begun.json` or `done.json`; None where there is none, or a damaged one."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) and {"key", "about"} <= set(note) else None
