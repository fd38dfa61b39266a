"""What a run folder shows of its build, read without a trace: nothing here creates, locks or changes a file.

What is done is what finished units have counted. Whoever works on the rest is known by signs of life: a claim, or a
file of progress, that changed while we looked. Ages are differences of times that the shared file system itself gave
to files, and never between its clock and ours.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builders.recipes.executors import Shared
from builders.recipes.recipe import Recipe
from builders.run_folder.activity import EngineState, read_engines
from builders.run_folder.folder import (
    CARD,
    CLAIMS,
    COUNTS,
    ENGINES,
    PLAN,
    RETRY_PLAN,
    SCAN,
    SELECT,
    STAGE,
    TRANSLATE,
    WORKERS,
    Run,
)
from builders.run_folder.stage_parts import StagePart
from processors.errors import InputError

# Rates of rows are taken from the units that were finished in so many seconds before the last one.
RECENT_S = 600.0


@dataclass(slots=True)
class StageState:
    """A part of a build: rows that are done, of how many (None: not known yet), and what its units have counted."""

    name: str
    done: int
    total: int | None
    dropped: Counter[str] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)
    rows_per_second: float | None = None

    @property
    def finished(self) -> bool:
        return self.total is not None and self.done >= self.total


@dataclass(slots=True)
class _Units:
    """Counts of a stage's units and when the file system saw them; they do not change while the fingerprint stands."""

    fingerprint: str = ""
    counts: dict[str, tuple[dict[str, Any], float]] = field(default_factory=dict)


class RunReader:
    """Looks at a run folder again and again; counts are read once, unless rows are retried. `parts`: the build's."""

    def __init__(self, run: Run, recipe: Recipe, parts: Sequence[StagePart]) -> None:
        self.run = run
        self.recipe = recipe
        self.parts = parts
        self._units: dict[str, _Units] = {}
        self._retried = False

    def stages(self) -> list[StageState]:
        """The parts in order, as far as the folder tells."""
        if (retried := self.retried()) or self._retried:
            # Counts of units whose failed rows are tried again change in place, once more after the last look.
            self._units = {}
        self._retried = retried
        states: list[StageState] = []
        selected = None
        for part in self.parts:
            if part.maybe and not self.run.stage(part.name).is_dir():
                continue
            states.append(self._units_of(part, selected) if part.by_units else self._files_of(part, selected))
            if part.name == SELECT and states[-1].finished:
                selected = sum(counts["kept"] for counts, _ in self._units[SELECT].counts.values())
        return states

    def finished(self, stages: list[StageState]) -> bool:
        """Whether the whole build is done, its card too."""
        shared = isinstance(self.recipe.executor, Shared)
        card = self.run.stage(PLAN, f"{CARD}.json") if shared else self.run.finished
        return all(stage.finished for stage in stages) and card.exists() and not self.retried()

    def retried(self) -> bool:
        """Whether failed rows are being tried again, or were when the build was stopped."""
        return any(self.run.stage(TRANSLATE, spec.name, RETRY_PLAN).exists() for spec in self.recipe.translators)

    def begun(self) -> bool:
        return any(self.run.stage(name).exists() for name in (SELECT, SCAN, PLAN))

    def engines(self, translator: str) -> dict[str, EngineState]:
        return read_engines(self.run.logs(TRANSLATE, translator, ENGINES))

    def _units_of(self, part: StagePart, selected: int | None) -> StageState:
        units = self._marked(part.name)
        if units.fingerprint:
            self._read_counts(self.run.stage(part.name, COUNTS), units)
        state = StageState(part.name, 0, part.rows(self._inputs(part.name)) if part.rows else selected)
        for counts, _ in units.counts.values():
            state.done += counts["read"]
            state.dropped.update(counts["dropped"])
            state.extra.update(counts.get("extra", {}))
        state.rows_per_second = recent_rate((at, counts["read"]) for counts, at in units.counts.values())
        return state

    def _files_of(self, part: StagePart, selected: int | None) -> StageState:
        """A part that writes a file or the dataset's splits, by the selected rows that these are made of."""
        into, current = self._inputs(SELECT).get("into", {}), bool(self._marked(part.name).fingerprint)
        done = total = 0
        there: dict[Path, bool] = {}  # units share a file, and each look at a shared folder takes its time
        for unit, (counts, _) in self._units[SELECT].counts.items():
            split = unit.rpartition("-")[0]
            for path in part.outputs(self.run, unit, into.get(split, split)):
                total += counts["kept"]
                if current and path not in there:
                    there[path] = path.exists()
                done += counts["kept"] if there.get(path) else 0
        return StageState(part.name, done, None if selected is None else total)

    def _marked(self, name: str) -> _Units:
        """What is known of a part's units, anew where its fingerprint has changed; that is empty where it is old."""
        stage = _read_json(self.run.stage(name, STAGE))
        mark = stage["fingerprint"] if stage and self._current(stage["inputs"]) else ""
        if self._units.setdefault(name, _Units()).fingerprint != mark:
            self._units[name] = _Units(mark)
        return self._units[name]

    def _current(self, inputs: dict[str, Any]) -> bool:
        """Whether what lies there was made from what lies before it, and not from an earlier build's.

        A part's inputs hold the marks of those that it reads by their names; a stage's of several parts in a table.
        """
        for name, mark in inputs.items():
            marks = {f"{name}/{of}": one for of, one in mark.items()} if isinstance(mark, dict) else {name: mark}
            if any(self._units[of].fingerprint != one for of, one in marks.items() if of in self._units and one):
                return False
        return True

    def _read_counts(self, folder: Path, units: _Units) -> None:
        paths = {path.stem: path for path in folder.glob("*.json")}
        for gone in units.counts.keys() - paths.keys():
            del units.counts[gone]
        for name in sorted(paths.keys() - units.counts.keys()):
            with suppress(FileNotFoundError):
                at = paths[name].stat().st_mtime
                if counts := _read_json(paths[name]):
                    units.counts[name] = counts, at

    def _inputs(self, stage: str) -> dict[str, Any]:
        found = _read_json(self.run.stage(stage, STAGE))
        return found["inputs"] if found else {}


def recent_rate(units: Iterable[tuple[float, int]]) -> float | None:
    """Rows a second from (file time, rows) of finished units: those of the RECENT_S before the last.

    >>> recent_rate([(1000.0, 50), (1010.0, 50), (1020.0, 70), (3.0, 1000)])
    6.0
    """
    times = sorted(units)
    if not times:
        return None
    recent = [(at, rows) for at, rows in times if at > times[-1][0] - RECENT_S]
    seconds = recent[-1][0] - recent[0][0]
    return sum(rows for at, rows in recent if at > recent[0][0]) / seconds if seconds > 0 else None


class Pulse:
    """Signs of life in a run folder, by what changes between looks."""

    def __init__(self, run: Run, stages: list[str], lease_s: float) -> None:
        self.run = run
        self.stages = stages
        self.lease_s = lease_s
        # Of each file: its first content, whether it ever changed, when we last saw a change, and its own time.
        self._seen: dict[Path, tuple[bytes, bool, float, float]] = {}
        self._looked = False

    def look(self) -> None:
        """See every claim and file of progress once more."""
        now, found = time.monotonic(), {}
        for path in self._files():
            with suppress(OSError):
                content, at = path.read_bytes(), path.stat().st_mtime
                before = self._seen.get(path)
                # A file that was not there when we looked first is a sign of life too.
                changed = before[0] != content if before else self._looked
                ever = changed or (before is not None and before[1])
                found[path] = content, ever, now if changed or before is None else before[2], at
        self._seen, self._looked = found, True

    def workers(self) -> dict[str, list[str]]:
        """Workers by `alive` (gave a sign), `quiet` (not yet, but may), `silent` (for a lease: others take over)."""
        newest = max((at for _, _, _, at in self._seen.values()), default=0.0)
        now = time.monotonic()
        sorted_out: dict[str, list[str]] = {"alive": [], "quiet": [], "silent": []}
        for path, (_, ever, changed, at) in sorted(self._seen.items()):
            if path.parent != self.run.stage(CLAIMS, WORKERS):
                continue
            if now - changed > self.lease_s or newest - at > self.lease_s:
                kind = "silent"
            else:
                kind = "alive" if ever else "quiet"
            sorted_out[kind].append(path.name.rpartition(".")[0])
        return sorted_out

    def any(self) -> bool:
        """Whether anything changed within the last lease while we looked, or a build of this machine has the lock."""
        now = time.monotonic()
        lately = [ever and now - changed <= self.lease_s for _, ever, changed, _ in self._seen.values()]
        return any(lately) or locked(self.run.folder / ".lock")

    def changed(self, path: Path) -> bool:
        """Whether this file changed while we looked, and within the last lease."""
        _, ever, at, _ = self._seen.get(path, (b"", False, 0.0, 0.0))
        return ever and time.monotonic() - at <= self.lease_s

    def _files(self) -> Iterable[Path]:
        yield from self.run.stage(CLAIMS).glob("*/*.*")
        for stage in self.stages:
            yield from self.run.logs(stage, ENGINES).glob("*.json")
            yield from self.run.progress(stage).glob("*.json")


def locked(path: Path) -> bool:
    """Whether a process of this machine has locked the file, by Linux's list: to try it could turn a build away."""
    with suppress(OSError):
        inode = str(path.stat().st_ino)
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == inode:
                return True
    return False


def _read_json(path: Path) -> dict[str, Any] | None:
    """A file's object, None where there is no such file. Raises InputError where it is no JSON object."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: damaged ({error}); delete it, and the next build does that part again") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: damaged (not an object); delete it, and the next build does that part again")
    return found
