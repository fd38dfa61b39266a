"""Runs a program with what it may do taken away, in a process that `sandbox.py` starts; a script, no module of ours.

Arguments: the folder that it may write to, seconds of CPU, megabytes of memory, then the program's words. By Landlock
it may read what Python needs and write to that folder alone. Exit code 97: there is no Landlock here.
"""

import ctypes
import os
import resource
import sys
from pathlib import Path

# Landlock's calls, the same on all machines (Linux 5.13), and prctl's "no new privileges".
_CREATE, _ADD, _RESTRICT, _NO_NEW_PRIVS = 444, 445, 446, 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
# Every right over files that the first version knows: 13 of them.
_ALL = (1 << 13) - 1
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE
NO_LANDLOCK = 97


class _Rules(ctypes.Structure):
    _fields_ = [("handled_access_fs", ctypes.c_uint64)]


class _Below(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


def _restrict(folder: str) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    rules = _Rules(_ALL)
    ruleset = libc.syscall(_CREATE, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    if ruleset < 0:
        return False
    readable = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(sys.executable).resolve().parent)}
    readable |= {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom"}
    for path, access in [*((one, _READ) for one in sorted(readable)), (folder, _ALL & ~_EXECUTE)]:
        if not Path(path).exists():
            continue
        opened = os.open(path, os.O_PATH)
        below = _Below(access if Path(path).is_dir() else access & _ON_FILES, opened)
        added = libc.syscall(_ADD, ruleset, 1, ctypes.byref(below), 0)
        os.close(opened)
        if added < 0:
            return False
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return libc.syscall(_RESTRICT, ruleset, 0) == 0


def main() -> int:
    folder, seconds, megabytes, *words = sys.argv[1:]
    memory = int(megabytes) << 20
    for limit, value in (
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 16 << 20),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    os.chdir(folder)
    if not _restrict(folder):
        return NO_LANDLOCK
    resource.setrlimit(resource.RLIMIT_NPROC, (32, 32))
    # Python itself, and not one of an environment, whose packages lie elsewhere: the standard library alone.
    python = str(Path(sys.executable).resolve())
    return os.execv(python, [python, "-I", "-S", *words])


if __name__ == "__main__":
    sys.exit(main())
