"""CometKiwi, or another COMET model without a reference: run by a small process in an environment of its own.

`unbabel-comet` needs an older transformers and numpy than this project, as vLLM does: `comet_process.py` is run by the
interpreter of the environment that has it, and asked through a pipe.
"""

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Sequence
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
# Of what the process printed so much is looked through for its last words, and it gets so long to end by itself.
_TAIL, _GRACE_S = 20_000, 10.0


@dataclass
class CometProcess:
    """A COMET model at work in a process of this one's, which ends with it. `revision` is one of the Hub."""

    python: str
    model: str
    revision: str | None = None
    batch: int = 16
    threads: int = 1
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)
    _printed: Any = field(default=None, repr=False)

    def check(self) -> str:
        """The version of unbabel-comet there. Raises InputError where it, or a model without a reference, is missing.

        The model is fetched where it is of the Hub, and not loaded.
        """
        done = subprocess.run(self._command("check"), capture_output=True, text=True, env=self._environment())
        told = _told(done.stdout)
        if "ready" not in told:
            raise InputError(self._words(told, done.stderr, done.returncode))
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
        told = self._answer()
        if "ready" not in told:
            words = self._words(told, self._last(), self._process.poll())
            self.__exit__(None, None, None)
            raise EngineError(words)
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin and process.stdout
            try:
                process.stdin.close()
                process.wait(_GRACE_S)
            except (OSError, subprocess.TimeoutExpired):
                process.kill()
                process.wait()
            process.stdout.close()
        self._printed.close()

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """A score for each (source, translation), as the model gives it. Raises EngineError where it gives none."""
        if not pairs:
            return []
        assert self._process and self._process.stdin
        try:
            self._process.stdin.write(json.dumps(pairs) + "\n")
            self._process.stdin.flush()
            found = self._answer()
        except OSError:
            found = {}
        if not isinstance(found, list) or len(found) != len(pairs):
            raise EngineError(self._words({}, self._last(), self._process.wait()))
        return [float(score) for score in found]

    def _answer(self) -> Any:
        assert self._process and self._process.stdout
        return _told(self._process.stdout.readline())

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
