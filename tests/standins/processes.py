"""The command line as a process that goes on beside a test, and waiting for what it does."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# What is waited for comes on the slowest machine too; nobody waits so long for what never will.
PATIENCE_S = 180.0


def environment(**more: str) -> dict[str, str]:
    """What the command line is run with: this checkout, a wide screen, no colours, and `more`."""
    return os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"} | more


def command_line(*arguments: Any) -> list[str]:
    """The command that a user's `smolkalam ARGUMENTS` is here."""
    return [sys.executable, "-m", "smolkalam", *map(str, arguments)]


def start_command(*arguments: Any, **options: Any) -> "subprocess.Popen[str]":
    """Start the command line and go on. What it prints is lost, unless `options` (those of Popen) say otherwise."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command_line(*arguments), text=True, **({"env": environment()} | quiet | options))


def wait_for(found: Callable[[], Any], what: str, *, seconds: float = PATIENCE_S, every_s: float = 0.01) -> Any:
    """Ask `found` again and again until it says something true, and return that. AssertionError after `seconds`."""
    until = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(every_s)
    return result


def kill_when(
    process: "subprocess.Popen[Any]", seen: Callable[[], Any], *, seconds: float = PATIENCE_S, every_s: float = 0.01
) -> bool:
    """Kill -9 a process as soon as `seen` is true; False if it had ended before."""
    try:
        wait_for(lambda: process.poll() is not None or seen(), "the time to kill", seconds=seconds, every_s=every_s)
        return process.poll() is None
    finally:
        process.kill()
        process.wait()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
