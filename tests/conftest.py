"""Small sources in SmolTalk2's layout, and a command line run as a user runs it."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from builders.run_folder import schemas
from tests.standins.processes import command_line, environment

# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")

# Where a machine has it set, each command line that a test starts compiles all of its modules anew, half of the time
# that it takes.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Whoever starts the tests in the background of a script has Ctrl-C ignored, by them and by all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def row() -> Callable[..., dict[str, Any]]:
    """Make a SmolTalk2 row from (role, content) pairs."""

    def make(*messages: tuple[str, str], instructions: str = "", source: str = "test") -> dict[str, Any]:
        return {
            "messages": [{"content": content, "role": role} for role, content in messages],
            "chat_template_kwargs": {
                "custom_instructions": instructions,
                "enable_thinking": False,
                "python_tools": [],
                "xml_tools": [],
            },
            "source": source,
        }

    return make


@pytest.fixture
def write_split(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as the shards of a split under `tmp_path/source/SFT`; returns the source folder."""

    def write(split: str, rows: list[dict[str, Any]], shards: int = 1, **options: Any) -> Path:
        folder = tmp_path / "source" / "SFT"
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(shards):
            part = rows[index * len(rows) // shards : (index + 1) * len(rows) // shards]
            path = folder / f"{split}-{index:05d}-of-{shards:05d}.parquet"
            pq.write_table(pa.Table.from_pylist(part, schemas.source()), path, **options)
        return folder.parent

    return write


@pytest.fixture
def smolkalam(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in an empty folder."""

    def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        (tmp_path / "cwd").mkdir(exist_ok=True)
        defaults = {"cwd": tmp_path / "cwd", "env": environment(), "capture_output": True, "timeout": 300}
        return subprocess.run(command_line(*arguments), text=True, **(defaults | options))

    return run


class Demo(NamedTuple):
    """The demo, built once for all tests: its run folder and what the command line said."""

    run: Path
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    command = command_line("build", "demo", "--output", folder / "run")
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return Demo(folder / "run", done.stdout, done.stderr)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
