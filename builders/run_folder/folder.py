"""The run folder: where a build keeps what it has done, and how it knows what is still to do.

One folder a stage; beside each stage's output `stage.json`, the stage's fingerprint: everything that its output
depends on. A stage whose fingerprint changed is done again with all that follows from it. What was paid for lies
outside of the stages, in `answers/`: a translator whose settings changed is asked only what it was not asked before.
"""

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from builders.recipes.translator_base import TranslatorBase
from builders.run_folder.files import write_error
from processors.atomic_files import check_guard, write_text
from processors.errors import InputError

# What decides the bytes of a build, beside the recipe.
LIBRARIES = ("smolkalam", "datatrove", "datasets", "huggingface_hub", "pyarrow", "tokenizers", "regex", "numpy")
# Raised when a stage's output changes for the same input, so that a newer version does not go on with an older's work.
FORMAT = 1

# Every name of a folder or file that others than the stage that writes it read stands here; a stage's folder has its
# name. These are in the order of their work; `translate` holds one a translator.
SCAN, SELECT, TRANSLATE, CALIBRATE, SCORE, RANKER, RANK, BUILD = (
    "scan", "select", "translate", "calibrate", "score", "ranker", "rank", "build",
)  # fmt: skip
# Of a stage: its fingerprint; the counts of each unit, which say that it is done; the rows that it left out, and why.
STAGE, COUNTS, DROPS = "stage.json", "counts", "dropped"
# Of a translator: what is good in conversations that it failed.
DONORS = "donors"
# Of a translator whose failed rows are tried again: how often each unit's were, and the units that are done with it.
RETRY_PLAN, RETRIED = "retry.json", "retried"
# Of a scorer: what is scored of units that are not done.
PARTIAL = "partial"
# Of the ranker: its weights, and what was fitted to this run.
WEIGHTS, FITTED, CALIBRATION = "ranker.json", "fitted.npz", "calibration.json"
# Of the whole dataset: which rows of each config say again what an earlier one says.
DUPLICATES = "duplicates"
# Of the calibration: what its panel said; of a scorer: what its first questions showed.
VERDICTS, PROBE = "verdicts.json", "probe.json"
# The recipe as it was run.
RECIPE = "recipe.yaml"
# Of several machines: what was decided, who works on what, and who takes part.
PLAN, CLAIMS, WORKERS = "plan", "claims", "workers"
# Of the processes that have claims: what says on their machine whether they live.
LOCKS = "locks"
# Of the plans, the one that is made last, and the one that says that failed rows are tried again.
CARD, RETRY = "card", "retry-failed.json"
# Of a stage's logs: how far its tasks are, and what they ask of models.
PROGRESS, ENGINES = "progress", "engines"
# Of a translator's logs: how its first chunks came out (see `processors.translation.trial`).
TRIAL = "trial.json"


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder."""

    folder: Path

    @property
    def dataset(self) -> Path:
        return self.folder / "dataset"

    @property
    def finished(self) -> Path:
        """There while `dataset` is whole: from its card on, until a build changes a file of it."""
        return self.folder / BUILD / "finished.json"

    @property
    def recipe(self) -> Path:
        return self.folder / RECIPE

    def stage(self, *names: str) -> Path:
        """The folder of a stage, or a file in it: `stage("translate/SeedX")`, `stage(SELECT, COUNTS)`."""
        return self.folder.joinpath(*names)

    def built_split(self, config: str, split: str) -> Path:
        """The record of a split of the dataset that is written: its files, rows and statistics."""
        return self.folder / BUILD / config / f"{split}.json"

    def answers(self, spec: TranslatorBase) -> Path:
        return self.folder.joinpath("answers", spec.answers_in())

    @property
    def spending(self) -> Path:
        """What translators have cost, where the recipe sets a ceiling (see `processors.answers.ceiling`)."""
        return self.folder / "spending"

    def logs(self, *names: str) -> Path:
        return self.folder.joinpath("logs", *names)

    def progress(self, *names: str) -> Path:
        return self.folder.joinpath("logs", *names, PROGRESS)

    def lock(self) -> FileLock:
        """Create the folder and take its lock. Raises InputError if it cannot be written or another build has it."""
        busy = "another build is running in this folder; wait for it or choose another --output"
        return lock_folder(self.folder, busy=busy)

    def write(self, name: str, text: str) -> None:
        """Write a small file of the run folder atomically."""
        try:
            write_text(self.folder / name, text)
        except OSError as error:
            raise write_error(error, self.folder) from None


def lock_folder(folder: Path, *, busy: str, name: str = ".lock") -> FileLock:
    """Create a folder and take its lock. Raises InputError if it cannot be written, or says `busy` if it is taken."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / name)
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"{folder}: {busy}") from None
    except OSError as error:
        raise write_error(error, folder) from None
    return lock


def library_versions() -> dict[str, str]:
    """Installed versions of what decides a build's bytes."""
    return {library: metadata.version(library) for library in LIBRARIES}


def fingerprint(inputs: dict[str, Any]) -> str:
    """A digest of everything that a stage's output depends on."""
    text = json.dumps({"format": FORMAT, **inputs}, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.blake2b(text.encode("utf-8", errors="backslashreplace"), digest_size=16).hexdigest()


def enter_stage(folder: Path, inputs: dict[str, Any], *, say: Callable[[str], None]) -> str:
    """Prepare a stage's folder for `inputs`; returns the fingerprint.

    A folder of other inputs is emptied, with a message that says what changed.
    """
    mark = fingerprint(inputs)
    path = folder / STAGE
    try:
        before = _inputs_before(path, say)
        if before is not None and before["fingerprint"] != mark:
            changed = (
                ", ".join(changes(before["inputs"], json.loads(json.dumps(inputs, default=str)))) or "the version"
            )
            say(f"{folder.name}: done again, for this changed: {changed}")
            _remove(folder)
            before = None
        folder.mkdir(parents=True, exist_ok=True)
        if before is None:
            # Units without their fingerprint (a kill between the two) belong to nobody.
            if (folder / COUNTS).exists():
                _remove(folder / COUNTS)
            write_text(path, json.dumps({"fingerprint": mark, "inputs": inputs}, default=str))
        for leftover in folder.rglob(".*.tmp"):
            check_guard()
            leftover.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(error, folder) from None
    return mark


def _inputs_before(path: Path, say: Callable[[str], None]) -> dict[str, Any] | None:
    """What a stage's folder was made for; None where that is not known, so that its units are done again."""
    if not path.exists():
        return None
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        if {"fingerprint", "inputs"} <= set(before):
            return before
    except (ValueError, TypeError):
        pass
    say(f"{path.parent.name}: done again, for {path.name} is damaged")
    return None


def _remove(folder: Path) -> None:
    """Remove a folder in one step, so that who is stopped in the middle and wakes later removes nothing of others'."""
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.old")
    check_guard()
    folder.rename(aside)
    for old in folder.parent.glob(f".{folder.name}.*.old"):
        shutil.rmtree(old, ignore_errors=True)


def changes(before: Any, after: Any, path: str = "") -> list[str]:
    """Dotted names of what differs.

    >>> changes({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}})
    ['a.c']
    """
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            change
            for key in dict.fromkeys([*before, *after])
            for change in changes(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
        ]
    return [] if before == after else [path]


def plan_file(run: Run, name: str) -> Path:
    """Where the workers of a run keep what was decided as `name`."""
    return run.stage(PLAN, f"{file_name(name)}.json")


def file_name(name: str) -> str:
    return name.replace("/", "--")
