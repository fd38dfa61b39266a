"""Runs Python that a model wrote: without network, with little time and memory, in a folder that is thrown away.

What it guards against: no network, no signals to other processes (namespaces of its own for network, processes and
users, by `unshare`), no files written but in its temporary folder and none read but Python's own and the system's
libraries (Landlock), bounded seconds, memory, file sizes and processes. What it does not: the kernel is the machine's
own, so a fault of the kernel is a way out; a solution that looks for its own tests finds them. It is for programs that
are wrong, not for those that attack. Where the machine has no user namespaces or no Landlock, nothing is run.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from processors.verification.guard import NO_LANDLOCK

_GUARD = Path(__file__).with_name("guard.py")
_APART = ("unshare", "--user", "--map-root-user", "--net", "--pid", "--ipc", "--fork", "--kill-child", "--")
# Runs the solution, then its tests, then says a word that came with neither: an early exit is no success.
_HARNESS = """\
import sys
space = {"__name__": "solution"}
exec(compile(open("solution.py", encoding="utf-8").read(), "solution.py", "exec"), space)
exec(compile(open("tests.py", encoding="utf-8").read(), "tests.py", "exec"), space)
open("passed", "w").write(sys.argv[1])
"""
_TRIAL = """\
import socket
try:
    socket.create_connection(("127.0.0.1", 9), 1)
except OSError as error:
    why = error.errno
"""
# Of what a program says so much is read.
_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended: `passed`, or why not."""

    passed: bool
    reason: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What a program may take. Raises nothing: what goes wrong is a reason."""

    seconds: float = 10.0
    megabytes: int = 512

    def passes(self, code: str, tests: str) -> Ran:
        """Whether `tests`, Python that asserts, run through after `code`, in the same names."""
        with _folder() as folder:
            (folder / "solution.py").write_text(code, encoding="utf-8", errors="backslashreplace")
            (folder / "tests.py").write_text(tests, encoding="utf-8", errors="backslashreplace")
            (folder / "harness.py").write_text(_HARNESS, encoding="utf-8")
            word = secrets.token_hex(16)
            ran = self._run(folder, "harness.py", word)
            said = folder / "passed"
            if ran.passed and not (said.is_file() and said.read_text(encoding="utf-8", errors="replace") == word):
                return Ran(False, "ended before its tests", ran.output)
            return ran

    def answers(self, code: str, given: str, expected: str) -> Ran:
        """Whether the program prints what is expected of it when it reads `given`; white space at line ends aside."""
        with _folder() as folder:
            (folder / "solution.py").write_text(code, encoding="utf-8", errors="backslashreplace")
            ran = self._run(folder, "solution.py", given=given)
            if ran.passed and _lines(ran.output) != _lines(expected):
                return Ran(False, "prints another result", ran.output)
            return ran

    def _run(self, folder: Path, *words: str, given: str = "") -> Ran:
        limits = [str(folder), str(max(1, round(self.seconds))), str(self.megabytes)]
        command = [*_APART, sys.executable, "-I", "-S", str(_GUARD), *limits, *words]
        out = folder / ".output"
        with out.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder)},
                start_new_session=True,
            )
            try:
                process.communicate(given.encode("utf-8", "replace"), timeout=self.seconds + 1)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                return Ran(False, f"took more than {self.seconds:g} s")
        with out.open("rb") as said:
            text = said.read(1 << 20).decode("utf-8", "replace")
        if process.returncode == 0:
            return Ran(True, "", text)
        if process.returncode == NO_LANDLOCK:
            return Ran(False, "no sandbox: the kernel has no Landlock", text)
        return Ran(False, _last_line(text) or f"exit code {process.returncode}", text[-_SHOWN:])


class _folder:
    """A temporary folder that is gone afterwards."""

    def __enter__(self) -> Path:
        self.path = Path(tempfile.mkdtemp(prefix="smolkalam-code-"))
        return self.path

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


@cache
def sandbox_missing() -> str:
    """Why no code can be run here, or nothing: a trial program must run, and must not reach the network."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return "needs Linux and `unshare` (util-linux)"
    ran = Sandbox(seconds=10).passes(_TRIAL, "import errno\nassert why == errno.ENETUNREACH, why\n")
    return "" if ran.passed else f"no user namespaces or no Landlock on this machine ({ran.reason})"


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else ""
