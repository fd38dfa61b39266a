"""Runs a command, and ends it with all that it started when whoever asked for it is gone, by kill -9 too.

`python supervise.py SECONDS FOLDER COMMAND...`. Standard input is a pipe whose other end only the asker holds: the
kernel closes it however the asker ends. (Linux's PR_SET_PDEATHSIG would not do: it follows the thread that started
the process, and reaches no grandchildren.) The command gets SIGTERM then, and after SECONDS its process group is
killed. FOLDER is removed at the end. A script by itself, of the standard library alone: it starts in 20 ms.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def main() -> int:
    """The command's exit code, or 128 and the number of the signal that ended it, as a shell says it."""
    seconds, folder, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
    # A cluster signals every process of a job. Handlers, not SIG_IGN: the command would inherit that.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    try:
        command_process = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    except OSError as error:
        print(f"OSError: {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        return 127

    def end_when_asker_is_gone() -> None:
        while os.read(0, 4096):
            pass
        command_process.terminate()
        try:
            command_process.wait(seconds)
        except subprocess.TimeoutExpired:
            _kill_group(command_process.pid)

    threading.Thread(target=end_when_asker_is_gone, daemon=True).start()
    code = command_process.wait()
    # What the command started may outlive it: vLLM's engine, when its API server is killed.
    _kill_group(command_process.pid)
    shutil.rmtree(folder, ignore_errors=True)
    return code if code >= 0 else 128 - code


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
