"""A build by any number of machines on one shared folder: `smolkalam worker RUN` on each, at any time.

All go through the stages in order. What a stage has to do is decided once, by whoever holds the plan's claim, and
kept in `RUN/plan`; its items (units, files of the dataset) are claimed one at a time (see
`builders.run_folder.claims`) in `RUN/claims`. A worker that is killed leaves a claim that falls silent, and another
takes its item over.
"""

import json
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from os import getpid
from typing import Any

from datatrove.utils.stats import PipelineStats
from filelock import FileLock, Timeout

from builders.executors.same_code import check_code, note_code, same_code
from builders.executors.this_machine import LocalExecutor, Work, in_processes, missing_items
from builders.run_folder.claims import Claim, ClaimLost, WorkClaims
from builders.run_folder.folder import (
    CARD,
    CLAIMS,
    LOCKS,
    PLAN,
    PROGRESS,
    RECIPE,
    RETRY,
    WORKERS,
    Run,
    file_name,
    plan_file,
)
from processors import leases
from processors.atomic_files import guarded
from processors.errors import InputError, SmolKalamError


class Reached(Exception):
    """The one stage that this worker was started for is done."""


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """Takes part in a build with `workers` processes of this machine.

    `only` names the one part to work on (`translate/SeedX`), and `needs` what it is made from; Reached is raised when
    it is done. Without `wait`, a worker leaves as soon as living ones hold all that is left, and does not wait for
    earlier stages either.
    """

    where: Run
    lease_s: float
    workers: int = 1
    only: str | None = None
    wait: bool = True
    needs: frozenset[str] | None = None

    def planned(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        file, path = file_name(name), plan_file(self.where, name)
        claims = work_claims(self.where, self.lease_s, PLAN)
        while missing_items({name: path}):
            claim = claims.take(file)
            if claim is None:
                # Who decides may be reading a whole source; nothing can be done before that.
                time.sleep(claims.poll_s)
                continue
            try:
                with claim, guarded(claim.check):
                    # Between the look and the claim another may have decided.
                    if missing_items({name: path}):
                        plan = make()
                        path.parent.mkdir(parents=True, exist_ok=True)
                        self.where.write(f"{PLAN}/{path.name}", json.dumps(plan, ensure_ascii=False))
            except ClaimLost:
                # This process slept for a lease, and another decides now: its decision holds.
                continue
        return json.loads(path.read_text(encoding="utf-8"))

    def wants(self, name: str) -> bool:
        return self.needs is None or name == self.only or name in self.needs

    def works_on(self, name: str) -> bool:
        return self.only in (None, name)

    def run(self, work: Work) -> None:
        if self.works_on(work.name):
            if work.missing():
                claims = partial(work_claims, self.where, self.lease_s, file_name(work.name))
                workers = work.processes() if work.processes else self.workers
                QueueExecutor(work, claims, workers=workers, wait=self.wait).run()
            # What is missing now is in the hands of others, who go on with what the stage has more.
            if self.only and (not work.more or work.missing()):
                raise Reached(work.name)
            return
        if self.only is not None and not self.wants(work.name):
            # A later part of the same stage: there was nothing to do, as where a source has no split to scan.
            raise Reached(self.only)
        while missing := work.missing():
            if not self.wait:
                raise SmolKalamError(
                    f"{work.name}: {len(missing)} of {len(work.items)} parts are not done; start the build again"
                )
            time.sleep(WorkClaims(self.where.folder, self.lease_s).poll_s)

    def leave(self, name: str) -> None:
        if self.only == name:
            raise Reached(name)


class QueueExecutor(LocalExecutor):
    """datatrove's executor interface with a task an item: each process runs the ranks that it can claim."""

    def __init__(self, work: Work, claims: Callable[[], WorkClaims], *, workers: int, wait: bool) -> None:
        super().__init__(
            work.pipeline(list(work.items)), tasks=len(work.items), workers=workers, logging_dir=work.logs
        )
        self.items = work.items
        self.claims = claims
        self.progress = work.logs / PROGRESS
        self.wait = wait

    def run(self) -> PipelineStats:
        """Returns the merged statistics of what this machine did; each item's own lie in the logs."""
        if self.workers == 1:
            return self._run_claimed(0)
        return sum(in_processes(self._run_claimed, self.workers, self.workers), start=PipelineStats())

    def _run_claimed(self, process: int) -> PipelineStats:
        claims, done = self.claims(), PipelineStats()
        ranks = {name: rank for rank, name in enumerate(self.items)}
        while missing := missing_items(self.items):
            worked = False
            for name in missing:
                if self.items[name].exists() or not (claim := claims.take(file_name(name))):
                    continue
                with claim:
                    if missing_items({name: self.items[name]}):
                        done += self._run_item(ranks[name], claim)
                worked = True
            if not worked:
                # All that is left is in living hands: a cluster's task ends here and frees its cores.
                if not self.wait and all(claims.beats(file_name(name)) for name in missing):
                    break
                time.sleep(claims.poll_s)
        return done

    def _run_item(self, rank: int, claim: Claim) -> PipelineStats:
        pipeline = self.pipeline
        # A step keeps what it has counted and opened: each item begins with fresh ones.
        self.pipeline = deepcopy(pipeline)
        try:
            with guarded(claim.check):
                return self._run_quietly(rank)
        except ClaimLost:
            return PipelineStats()
        finally:
            self.pipeline = pipeline
            (self.progress / f"{rank:05d}.json").unlink(missing_ok=True)


def work_claims(run: Run, lease_s: float, *names: str) -> WorkClaims:
    """The claims of one kind on a run's work: those on its plans, on a stage's items, on being one of its workers."""
    return WorkClaims(run.stage(CLAIMS, *names), lease_s, run.stage(LOCKS))


def start(run: Run, recipe: str, lease_s: float, *, retry_failed: bool = False) -> None:
    """Make the run folder ready for workers with this recipe (its YAML as resolved).

    Raises InputError if workers are alive with another recipe. A finished build is planned anew, so that a changed
    source is seen; what is still valid of it is not done again. So is one whose failed rows are tried again.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    with work_claims(run, lease_s).wait("start"):
        if goes_on(run, recipe, retry_failed=retry_failed):
            if not same_code(run):
                if _workers(run, lease_s):
                    check_code(run)
                note_code(run)
            return
        same = _same(run, recipe)
        if workers := _workers(run, lease_s):
            if same and retry_failed:
                raise InputError(f"{run.folder}: workers are at it ({', '.join(workers)}); wait until they are done")
            if same:
                check_code(run)
                return
            raise InputError(
                f"{run.folder}: workers are at it with another recipe ({', '.join(workers)}); stop them, or choose "
                "another --output"
            )
        forget(run)
        run.stage(PLAN).mkdir()
        note_code(run)
        if retry_failed:
            run.write(f"{PLAN}/{RETRY}", "{}")
        run.write(RECIPE, recipe)


def goes_on(run: Run, recipe: str, *, retry_failed: bool) -> bool:
    """Whether a build with this recipe would go on with one that was interrupted, by the plans that this made."""
    return _same(run, recipe) and retry_failed == retries(run) and not plan_file(run, CARD).exists()


def _same(run: Run, recipe: str) -> bool:
    path = run.recipe
    return path.exists() and path.read_text(encoding="utf-8") == recipe and run.stage(PLAN).exists()


def retries(run: Run) -> bool:
    """Whether those who take part try failed rows again."""
    return run.stage(PLAN, RETRY).exists()


def forget(run: Run) -> None:
    """Remove all plans and claims, and locks of who has ended.

    A stopped worker that wakes later finds its claim gone and writes nothing.
    """
    shutil.rmtree(run.stage(PLAN), ignore_errors=True)
    for folder in run.stage(CLAIMS).glob("*/"):
        shutil.rmtree(folder, ignore_errors=True)
    for lock in run.stage(LOCKS).glob("*.lock"):
        if leases.ended_here(lock.parent, lock.stem, leases.machine()):
            lock.unlink(missing_ok=True)


@contextmanager
def joined(run: Run, lease_s: float) -> Iterator[None]:
    """Be known as a worker of the run.

    Raises InputError while a build of one machine runs in the folder, where it was begun with other code, and where
    it cannot be written.
    """
    check_code(run)
    name = f"{socket.gethostname()}-{getpid()}-{secrets.token_hex(3)}"
    try:
        claim = work_claims(run, lease_s, WORKERS).wait(name)
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{run.folder}: a worker writes to the run folder, and cannot ({reason})") from None
    with claim:
        try:
            with FileLock(run.folder / ".lock", timeout=5):
                pass
        except Timeout:
            raise InputError(f"{run.folder}: a build of one machine is running in this folder; wait for it") from None
        yield


def refuse_workers(run: Run, lease_s: float) -> None:
    """For a build of one machine, which holds the folder's lock: raise InputError if workers are at it."""
    if workers := _workers(run, lease_s):
        raise InputError(f"{run.folder}: workers are at it ({', '.join(workers)}); join them with smolkalam worker")
    forget(run)


def _workers(run: Run, lease_s: float) -> list[str]:
    claims = work_claims(run, lease_s, WORKERS)
    if any(claims.folder.glob("*")):
        print(f"looking for at most {lease_s:g} s whether workers of this folder are alive", file=sys.stderr)
    return claims.alive()
