"""A plan on its way: which steps are done, which are to do and why, and doing them once.

What a step left under another key is never lost: its folder is put aside, in `earlier/`, and comes back when the
settings do.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any, Self

from filelock import BaseFileLock

from builders.estimates.spending import ASK_ABOVE_USD, ask_to_go_on
from builders.run_folder.files import write_error
from builders.run_folder.folder import changes, lock_folder
from model_recipes.plans.commands import run_command, wait_for_command
from model_recipes.plans.file import PlanFile, PlanMachine
from model_recipes.plans.journal import JOURNAL, PlanJournal, versions
from model_recipes.plans.shown import Ahead, show_ahead, total
from model_recipes.plans.step import BEGUN, DONE, PlanStep, Results, StepNeeds, digest, hash_of, read_note
from processors.atomic_files import write_text
from processors.errors import InputError, SmolKalamError

EARLIER = "earlier"


class PlanRun(AbstractContextManager["PlanRun"]):
    """The folder of a plan's steps, held by this process alone.

    Raises InputError where the folder cannot be written, or another process has it.
    """

    def __init__(self, folder: Path, plan: PlanFile | None = None) -> None:
        self.folder = folder.absolute()
        self.plan = plan
        self._digests: dict[str, str] = {}
        self._keys: dict[int, tuple[PlanStep, str, dict[str, Any]]] = {}
        self._to_do: list[PlanStep] = []
        self._started = False

    def __enter__(self) -> Self:
        there = {path.name for path in self.folder.glob("[!.]*")}
        # A step's folder is put aside or written into, and the result takes a name: none of that is another's.
        if there and JOURNAL not in there:
            raise InputError(f"{self.folder}: is not empty, and no plan's folder; choose another --output")
        self._lock: BaseFileLock = lock_folder(self.folder, busy="another process works on this plan; wait for it")
        try:
            self.journal = PlanJournal(self.folder / JOURNAL)
        except OSError as error:
            self._lock.release()
            raise write_error(error, self.folder) from None
        except ValueError as error:
            self._lock.release()
            raise InputError(f"{self.folder / JOURNAL}: damaged ({error}); move it away") from None
        return self

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def _start(self) -> None:
        """Write down, once, who starts here and of what; says what is another than at the last start."""
        if self._started:
            return
        self._started = True
        now = versions()
        starts = [one["versions"] for one in self.journal.records if one["event"] == "started"]
        before = starts[-1] if starts else {}
        self.journal.add("started", versions=now, plan=self.plan.model_dump(mode="json") if self.plan else None)
        for name in changes(before, now) if before else ():
            what = f"{name} is another than at the last start: {before.get(name)}, now {now.get(name)}"
            print(f"warning: {what}; steps that are done stay", file=sys.stderr)

    # Of a step.

    def place(self, step: PlanStep) -> Path:
        """The step's folder."""
        return self.folder / step.name

    def key(self, step: PlanStep) -> str:
        """The hash of everything that the step depends on."""
        return self._about(step)[0]

    def results(self, step: PlanStep) -> Results | None:
        """What came of a step; None where it is not done under this key."""
        note = read_note(self.place(step) / DONE)
        if note is None or note["key"] != self.key(step):
            return None
        if step.mark is not None and note.get("mark") != _mark(step, self.place(step)):
            return None
        return dict(note["results"])

    def state(self, step: PlanStep) -> str:
        """`done`, `done before` (and put aside since), `begun`, `to do`, or `again`, with what changed."""
        key, about = self._about(step)
        if self.results(step) is not None:
            return "done"
        if read_note(self._earlier(step, key) / DONE) is not None:
            return "done before"
        begun = read_note(self.place(step) / BEGUN)
        if begun is None:
            return "to do"
        if begun["key"] == key:
            return "again: what it left is not that any more" if (self.place(step) / DONE).exists() else "begun"
        return f"again: {', '.join(changes(begun['about'], about))} changed"

    def _about(self, step: PlanStep) -> tuple[str, dict[str, Any]]:
        known = self._keys.get(id(step))
        if known is None:
            after = {one.name: self.key(one) for one in step.after}
            files = {name: self._digest(str(path)) for name, path in step.files.items()}
            text = json.dumps({"settings": step.settings, "files": files, "after": after}, default=str)
            # The folder itself may be moved, or be another for the same plan.
            about = json.loads(text.replace(json.dumps(str(self.folder))[1:-1], "@"))
            # The step is held too, so that its place in memory is no other's.
            known = self._keys[id(step)] = step, hash_of(about), about
        return known[1], known[2]

    def _digest(self, path: str) -> str:
        if path not in self._digests:
            self._digests[path] = digest(path) if Path(path).exists() else f"not here: {path}"
        return self._digests[path]

    # Of the whole.

    def begin(
        self, steps: Sequence[PlanStep], perhaps: Sequence[PlanStep] = (), *, dry_run: bool = False, yes: bool = False
    ) -> bool:
        """Say what is done, what is to do, what is done again and why, and what it comes to; False for `dry_run`.

        `perhaps`: steps that a decision may call for. Raises InputError where it would cost much, and nobody says yes.
        """
        _look_at_names([*steps, *perhaps])
        machine = self.plan.machine if self.plan else PlanMachine()
        states = [(step, self.state(step)) for step in steps]
        ahead = [Ahead(step, state, step.needs if _is_left(state) else StepNeeds()) for step, state in states]
        show_ahead(ahead, perhaps, machine, dry_run=dry_run)
        if dry_run:
            return False
        _, usd, *_ = total([*(one.left for one in ahead), *(step.needs for step in perhaps)])
        if usd > ASK_ABOVE_USD and not yes:
            ask_to_go_on(f"the plan would cost about ${usd:,.2f}; nothing was begun")
        self._start()
        self._to_do = [one.step for one in ahead if _is_left(one.state)]
        return True

    def do(self, step: PlanStep) -> Results:
        """A step's results: those that are there, or of doing it now. The steps before it must be done."""
        found = self.results(step)
        if found is not None:
            return found
        for before in step.after:
            if self.results(before) is None:
                raise ValueError(f"{step.name}: {before.name} is not done yet")
        key, about = self._about(step)
        self._start()
        try:
            self._make_room(step, key, about)
            taken_back = self.results(step)
            return self._do(step, key, about) if taken_back is None else taken_back
        except OSError as error:
            raise write_error(error, self.folder) from error
        except SmolKalamError as error:
            self.journal.add("failed", step=step.name, key=key, said=str(error))
            raise

    def _do(self, step: PlanStep, key: str, about: Mapping[str, Any]) -> Results:
        place = self.place(step)
        if step in self._to_do:
            print(self._line(step), file=sys.stderr)
        self.journal.add("begun", step=step.name, key=key)
        start = monotonic()
        results: Results = json.loads(json.dumps(dict(step.do(place) or {})))
        seconds = round(monotonic() - start, 1)
        note = {"key": key, "about": about, "results": results, "seconds": seconds}
        if step.mark is not None:
            note["mark"] = step.mark(place)
        write_text(place / DONE, json.dumps(note, ensure_ascii=False, indent=1) + "\n")
        self.journal.add("done", step=step.name, key=key, seconds=seconds, results=results)
        return results

    def _make_room(self, step: PlanStep, key: str, about: Mapping[str, Any]) -> None:
        """The step's folder with what was begun of this key, if anything was; of another key it is put aside."""
        place = self.place(step)
        begun = read_note(place / BEGUN)
        if begun is not None and begun["key"] != key:
            aside = self._earlier(step, begun["key"])
            aside.parent.mkdir(parents=True, exist_ok=True)
            place.rename(aside)
            print(f"{step.name}: what was made of other settings is put aside, in {aside}", file=sys.stderr)
            self.journal.add("put_aside", step=step.name, key=begun["key"], folder=f"{EARLIER}/{aside.name}")
        if not place.exists() and self._earlier(step, key).is_dir():
            place.parent.mkdir(parents=True, exist_ok=True)
            self._earlier(step, key).rename(place)
            print(f"{step.name}: made of these settings before, and taken back", file=sys.stderr)
            self.journal.add("taken_back", step=step.name, key=key)
        place.mkdir(parents=True, exist_ok=True)
        if self.results(step) is None:
            (place / DONE).unlink(missing_ok=True)
        if not (place / BEGUN).exists():
            write_text(place / BEGUN, json.dumps({"key": key, "about": about}, ensure_ascii=False) + "\n")

    def _earlier(self, step: PlanStep, key: str) -> Path:
        return self.folder / EARLIER / f"{step.name.replace('/', '--')}-{key[:12]}"

    def _line(self, step: PlanStep) -> str:
        """Which of the announced steps this is, and about how long it and those after it will take."""
        place = self._to_do.index(step)
        hours, _, known, _ = total(one.needs for one in self._to_do[place:])
        left = f", {'about' if known else 'at least'} {hours:,.2f} hours to go" if hours else ""
        return f"step {place + 1} of {len(self._to_do)}: {step.name}{left}"

    def decide(self, what: str, figures: Mapping[str, Any]) -> None:
        """Write a decision down in the journal, once; `figures` are all that it was made of, as JSON takes them."""
        self.journal.decide(what, figures)

    def command(self, words: Sequence[str], failed: str, module: str = "smolkalam") -> None:
        """Run `smolkalam WORDS`, or another module of ours, in a process of its own.

        Raises InputError, `failed` and its last line.
        """
        run_command(words, failed, folder=self.folder, module=module)

    def wait(self) -> None:
        """Wait for a command that an earlier start, killed by itself, has left running."""
        wait_for_command(self.folder)


def _look_at_names(steps: Sequence[PlanStep]) -> None:
    """Raises ValueError where two steps would write into one folder."""
    names = sorted(f"{step.name}/".casefold() for step in steps)
    for one, other in pairwise(names):
        if other.startswith(one):
            raise ValueError(f"steps {one} and {other} have one folder")


def _is_left(state: str) -> bool:
    return state not in ("done", "done before")


def _mark(step: PlanStep, place: Path) -> str | None:
    assert step.mark is not None
    try:
        return step.mark(place)
    except (OSError, ValueError, InputError):
        return None
