"""CometKiwi, or another COMET model without a reference: run by a small process in an environment of its own.

`unbabel-comet` needs an older transformers and numpy than this project, as vLLM does: `comet_process.py` is run by the
interpreter of the environment that has it, and asked through a pipe.
"""

import json
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from processors.errors import EngineError, InputError
from processors.scrub import excerpt
from processors.servers.gpus import gpu_groups, hold_group
from processors.servers.process import clean_environment, find_interpreter

SCRIPT = Path(__file__).with_name("comet_process.py")
_MEND = {
    # Of setuptools from 81 on it lacks pkg_resources.
    "library": "python -m venv /opt/comet && /opt/comet/bin/pip install unbabel-comet 'setuptools<81', and give "
    "ranking.scorers.cometkiwi.python: /opt/comet/bin/python",
    "reference": "take one without, such as Unbabel/wmt22-cometkiwi-da",
}
# Of what the process printed so much is looked through for its last words; it gets so long to end by itself, and so
# long for its first word before somebody is told that it is waited for.
_TAIL, _GRACE_S, _PATIENCE_S = 20_000, 10.0, 30.0


@dataclass
class CometProcess:
    """A COMET model at work in a process of this one's, which ends with it. `revision` is one of the Hub."""

    python: str
    model: str
    revision: str | None = None
    batch: int = 16
    threads: int = 1
    timeout_s: float = 1800.0
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)
    _printed: Any = field(default=None, repr=False)

    def check(self, warn: Callable[[str], None] | None = None) -> str:
        """The version of unbabel-comet there. Raises InputError where it, or a model without a reference, is missing.

        The model is fetched where it is of the Hub, and not loaded. Where that takes long, `warn` is told.
        """
        started = subprocess.Popen(
            self._command("check"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            env=self._environment(), start_new_session=True,
        )  # fmt: skip
        with started:
            try:
                try:
                    printed, said = started.communicate(timeout=_PATIENCE_S)
                except subprocess.TimeoutExpired:
                    if warn:
                        warn(
                            f"cometkiwi: {self.python} says nothing yet; it may be fetching {self.model}, and is "
                            f"waited for {self.timeout_s:,.0f} s at most"
                        )
                    printed, said = started.communicate(timeout=self.timeout_s)
            except subprocess.TimeoutExpired:
                raise InputError(self._late()) from None
            finally:
                started.kill()
        told = _told(printed)
        if not isinstance(told, dict) or "ready" not in told:
            if not isinstance(told, dict) or (printed.strip() and "failed" not in told):
                raise InputError(self._nonsense(printed))
            raise InputError(self._words(told, said, started.returncode))
        return str(told["ready"])

    def __enter__(self) -> "CometProcess":
        self._printed = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        environment, groups = self._environment(), gpu_groups(1)
        # One that no other process of ours holds, where there is one; the process inherits what holds it.
        held = hold_group(groups) if groups else None
        if held:
            environment["CUDA_VISIBLE_DEVICES"] = held[0]
        self._process = subprocess.Popen(
            self._command("serve"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._printed,
            text=True,
            encoding="utf-8",
            env=environment,
            pass_fds=(held[1],) if held else (),
            # Ctrl-C at the terminal is for us to act on.
            start_new_session=True,
        )
        if held:
            os.close(held[1])
        try:
            with self._in_time():
                line = self._process.stdout.readline() if self._process.stdout else ""
            told = _told(line)
            if not isinstance(told, dict) or "ready" not in told:
                failed = isinstance(told, dict) and "failed" in told
                raise EngineError(self._why(line) if not failed else self._words(told, "", None))
        except BaseException:
            self._end(0.0)
            raise
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        # One that answered wrongly or not at all has no reason to end by itself.
        self._end(0.0 if isinstance(error[1], EngineError) else _GRACE_S)

    def _end(self, grace_s: float) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin and process.stdout
            try:
                process.stdin.close()
                process.wait(grace_s)
            except (OSError, subprocess.TimeoutExpired):
                process.kill()
                process.wait()
            process.stdout.close()
        self._printed.close()

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """A score for each (source, translation), as the model gives it. Raises EngineError where it gives none."""
        if not pairs:
            return []
        assert self._process and self._process.stdin and self._process.stdout
        line = ""
        with self._in_time():
            try:
                self._process.stdin.write(json.dumps(pairs) + "\n")
                self._process.stdin.flush()
                line = self._process.stdout.readline()
            except OSError:
                pass
        found = _told(line)
        if not isinstance(found, list) or not all(isinstance(score, int | float) for score in found):
            raise EngineError(self._why(line))
        if len(found) != len(pairs):
            raise EngineError(f"cometkiwi: {len(found)} scores came back for {len(pairs)} texts from {self.python}")
        return [float(score) for score in found]

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """Ends a process that does not answer. Raises EngineError then."""
        assert self._process
        late = threading.Event()

        def end(process: subprocess.Popen[str]) -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self.timeout_s, end, [self._process])
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
        if late.is_set():
            raise EngineError(self._late())

    def _why(self, line: str) -> str:
        """Why a line is no answer: the process ended, or says something else."""
        assert self._process
        if line:
            return self._nonsense(line)
        # Its output is closed, so it is ending; one that lives on without it is of no use.
        try:
            code: int | None = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return self._words({}, self._last(), code)

    def _nonsense(self, line: str) -> str:
        return (
            f"cometkiwi: {self.python} answers {excerpt(line.strip() or 'an empty line', 100)!r}, no scores; take the "
            "interpreter of an environment with unbabel-comet"
        )

    def _late(self) -> str:
        return (
            f"cometkiwi: no answer within {self.timeout_s:,.0f} s from {self.python} on {socket.gethostname()}; raise "
            "ranking.scorers.cometkiwi.timeout_s if it is only slow"
        )

    def _command(self, what: str) -> list[str]:
        python = find_interpreter(self.python, "ranking.scorers.cometkiwi.python")
        return [python, str(SCRIPT), what, self.model, self.revision or "", str(self.batch)]

    def _environment(self) -> dict[str, str]:
        return clean_environment() | {"OMP_NUM_THREADS": str(self.threads), "TOKENIZERS_PARALLELISM": "false"}

    def _last(self) -> str:
        self._printed.seek(0)
        return str(self._printed.read())[-_TAIL:]

    def _words(self, told: dict[str, Any], printed: str, code: int | None) -> str:
        """Why there is no score, in one line."""
        if "failed" in told:
            mend = _MEND.get(told.get("mend", ""), "look at the model's name, and at HF_TOKEN for one that is gated")
            return f"cometkiwi: {excerpt(told['failed'], 300)}; {mend}"
        said = [line.strip() for line in printed.splitlines() if line.strip()] or ["it printed nothing"]
        killed = ", as the kernel does for lack of memory" if code == -9 else ""
        return (
            f"cometkiwi: the process of {self.python} on {socket.gethostname()} ended (exit code {code}{killed}): "
            f"{excerpt(said[-1], 300)}"
        )


def _told(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return {}
