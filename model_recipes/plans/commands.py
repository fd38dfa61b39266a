"""A command of ours as a process of its own, so that memory and randomness are a step's alone."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from processors.errors import InputError

# What runs a module of this installation.
PYTHON_M = (sys.executable, "-m")
_LOCK = ".command.lock"


def with_made(settings: Sequence[str], made: Mapping[str, Any]) -> list[str]:
    """Settings `a.b=c`, and those that a plan itself makes, which come last and so count."""
    # JSON is YAML too, but for characters beyond the first plane in its escapes.
    return [*settings, *(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in made.items())]


def set_words(settings: Sequence[str], made: Mapping[str, Any] | None = None) -> list[str]:
    """A command's `--set` of each setting and of what a plan makes.

    >>> set_words(["seed=3"], {"output_dir": "sft"})
    ['--set', 'seed=3', '--set', 'output_dir="sft"']
    """
    return [word for one in with_made(settings, made or {}) for word in ("--set", one)]


def set_by_plan(settings: Sequence[str], made: Collection[str]) -> str:
    """The first key of the settings that a plan makes itself; empty where there is none."""
    keys = (one.partition("=")[0].split(".")[0] for one in settings)
    return next((key for key in keys if key in made), "")


def run_command(
    words: Sequence[str],
    failed: str,
    *,
    folder: Path,
    module: str = "smolkalam",
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run `smolkalam WORDS`; its progress is shown. Raises InputError, `failed` and its last line, where it fails.

    One at a time in `folder`: what an earlier start has left running there, because it alone was killed, is waited
    for, and not run a second time beside itself.
    """
    descriptor = _locked(folder)
    try:
        # The command holds the lock too, for as long as it lives, whatever becomes of this process.
        code, last = _run([*PYTHON_M, module, *words], descriptor, environment)
    finally:
        os.close(descriptor)
    if code:
        raise InputError(
            f"{failed} (exit code {code}): {last.removeprefix('smolkalam: ').removeprefix('error: ')[:300]}"
        )


def wait_for_command(folder: Path) -> None:
    """Wait until no command of an earlier start runs in `folder`: what it is about to finish is not to be begun."""
    os.close(_locked(folder))


def _locked(folder: Path) -> int:
    """The descriptor of the folder's lock, which is held until it is closed in all processes that have it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for a command that an earlier start has left running", file=sys.stderr)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _run(command: Sequence[str], descriptor: int, environment: Mapping[str, str] | None) -> tuple[int, str]:
    """The exit code, and the last line that it said."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        pass_fds=(descriptor,),
        env=environment,
    ) as process:
        assert process.stderr is not None
        last = ""
        for line in process.stderr:
            print(line, end="", file=sys.stderr)
            last = line.strip() or last
    return process.returncode, last
