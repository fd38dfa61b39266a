"""An inference server as a process that belongs to this one: started, looked after, and never left behind.

It listens on a Unix socket in a folder that only this user can enter. There is no port to race for, and nobody else
on a shared machine can use the server.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from multiprocessing import util
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from loguru import logger

from processors.errors import InputError
from processors.scrub import is_key, scrub
from processors.servers.deaths import Deaths
from processors.servers.gpus import gpu_groups, hold_group

SUPERVISE = Path(__file__).with_name("supervise.py")
# A server gets this long to end by itself before it is killed.
GRACE_S = 10.0
# sun_path takes 108 bytes.
LONGEST_SOCKET = 100
# Of a log, so much is read for the cause of an end.
TAIL_BYTES = 200_000

Command = Callable[[Path], list[str]]


class ServerProcess:
    """One server: `command` makes its command line for the socket that it is to listen on.

    `environment` is added to ours. `log` gets what it prints, one start after the other. On a machine with GPUs it
    gets a group of `gpus` that no other holds.
    """

    def __init__(self, name: str, command: Command, environment: Mapping[str, str], log: Path, gpus: int = 1) -> None:
        self.name = name
        self.log = log
        self.ready = False
        self.starts = 0
        self.deaths = Deaths()
        self._command = command
        self._environment = environment
        self._gpus = gpus
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._began_at = 0
        self.socket = Path()

    @property
    def started(self) -> bool:
        return self._process is not None

    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def try_start(self) -> bool:
        """Start it; False where all of this machine's GPUs are held by other servers.

        Raises InputError where the log cannot be written or the machine has fewer GPUs than it takes.
        """
        self.stop()
        environment = clean_environment() | dict(self._environment)
        groups = gpu_groups(self._gpus)
        held: tuple[int, ...] = ()
        if groups:
            claim = hold_group(groups)
            if claim is None:
                return False
            environment["CUDA_VISIBLE_DEVICES"], held = claim[0], (claim[1],)
        try:
            self._start(environment, held)
        except OSError as error:
            raise InputError(
                f"{self.name}: cannot be started: {error.filename or self.log}: {error.strerror}"
            ) from None
        finally:
            for descriptor in held:
                os.close(descriptor)
        return True

    def _start(self, environment: dict[str, str], held: tuple[int, ...]) -> None:
        folder = self._fresh_folder()
        self.socket = folder / "server.sock"
        command = self._command(self.socket)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            began = f"--- {datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {scrub(' '.join(command))}\n"
            log.write(began.encode())
            log.flush()
            self._began_at = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(SUPERVISE), str(GRACE_S), str(folder), *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                # Ctrl-C at the terminal is for us to act on.
                start_new_session=True,
                pass_fds=held,
            )
        self.ready = False
        self.starts += 1
        logger.info(f"{self.name}: starting on {self.socket}, its log is {self.log}")

    def _fresh_folder(self) -> Path:
        """The same at each start, so that clients of the life before find the next one."""
        if self._folder is None:
            self._folder = _socket_folder()
        else:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(mode=0o700)
        return self._folder

    def stop(self) -> None:
        """End it and all that it started; returns when it is gone."""
        process, self._process, self.ready = self._process, None, False
        if process is None:
            return
        assert process.stdin
        process.stdin.close()
        try:
            process.wait(GRACE_S + 5)
        except subprocess.TimeoutExpired:
            # Not even SIGKILL ends it, as when a GPU's driver hangs. Its supervisor waits on, and holds its GPUs.
            logger.warning(f"{self.name}: killed, and still there after {GRACE_S + 5:g} s; its log: {self.log}")

    def printed(self) -> str:
        """The end of what it has printed since its last start."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self._began_at, size - TAIL_BYTES))
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None


class Stops(Protocol):
    """A server of this process's, of whatever kind."""

    def stop(self) -> None: ...


Server = TypeVar("Server", bound=Stops)
_kept: tuple[Any, Stops] | None = None


def keep_server(key: Any, make: Callable[[], Server]) -> Server:
    """This process's server for `key`, which may serve many pipelines one after the other.

    A process has one server at a time, for two would fight for the same GPUs: another's is stopped first. It ends
    with `stop_server`, or with the process.
    """
    global _kept
    if _kept and _kept[0] == key:
        return cast(Server, _kept[1])
    stop_server()
    server = make()
    _kept = (key, server)
    return server


def stop_server() -> None:
    """End the server that this process keeps, if any."""
    global _kept
    if _kept:
        server, _kept = _kept[1], None
        server.stop()


# Not atexit, which a worker of multiprocessing does not run.
util.Finalize(None, stop_server, exitpriority=1)


def find_interpreter(python: str, setting: str) -> str:
    """The absolute path of an interpreter. Raises InputError, which names the recipe's `setting`."""
    found = shutil.which(str(Path(python).expanduser()))
    if found is None:
        raise InputError(f"{setting}: {python} is no program on {socket.gethostname()}; give the interpreter's path")
    # Not resolved: a virtual environment's interpreter is a link, and knows its environment by the link's place.
    return str(Path(found).absolute())


def clean_environment() -> dict[str, str]:
    """Ours without what would lead another interpreter to our libraries, and without the keys of APIs.

    What a server prints goes into its log as it is, and there are logs of whole environments. The Hub's token stays,
    by which a model may be downloaded.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME") and not name.endswith("API_KEY") and not is_key(value)
    }


def _socket_folder() -> Path:
    folder = tempfile.mkdtemp(prefix="smolkalam-")
    if len(os.fsencode(folder)) + len("/server.sock") > LONGEST_SOCKET:
        Path(folder).rmdir()
        folder = tempfile.mkdtemp(prefix="smolkalam-", dir="/tmp")
    return Path(folder)
