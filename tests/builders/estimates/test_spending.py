"""What a build will cost is said before it begins, and agreed to where it is much."""

import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.processors.translation.test_trial import RECIPE, write_rows
from tests.standins.processes import ROOT, command_line, environment
from tests.standins.standin_llm import Running, running

COST = ", cost: {{usd_per_million_input: {0}, usd_per_million_output: {0}}}}}\n"


def write_recipe(folder: Path, server: Running, dollars: float) -> Path:
    write_rows(folder / "source", 20)
    recipe = folder / "recipe.yaml"
    plain = RECIPE.format(source=folder / "source", url=server.url).rstrip().removesuffix("}")
    recipe.write_text(plain + (COST.format(dollars) if dollars else ", api_key_env: A_KEY}\n"))
    return recipe


def asked(server: Running) -> int:
    return sum(server.stats()["asked"].values())


@pytest.mark.parametrize("command", ["build", "ablate"])
def test_a_script_needs_yes_for_much_and_is_told_the_sum(
    command: str, smolkalam: Callable[..., Any], tmp_path: Path
) -> None:
    with running("--translation", "fast") as server:
        recipe = write_recipe(tmp_path, server, 5000.0)
        over = ["--over", "decoding.temperature=0,0.5"] if command == "ablate" else []
        arguments = (command, recipe, *over, "--output", tmp_path / "run", "--workers", 1)
        done = smolkalam(*arguments)
        assert done.returncode == 2 and asked(server) == 0
        assert not (tmp_path / "run" / "translate").exists()
        last = done.stderr.splitlines()[-1]
        assert last.startswith("smolkalam: the build would cost about $") and last.endswith(
            "add --yes to go on at this cost"
        )
        assert "about 20 requests to send" in done.stderr
        if command == "build":
            done = smolkalam(*arguments, "--yes")
            assert done.returncode == 0 and asked(server) == 20, done.stderr
            # What is paid for is not asked about again.
            assert "about $" not in smolkalam(*arguments).stderr


def test_little_is_said_and_paid(smolkalam: Callable[..., Any], tmp_path: Path) -> None:
    with running("--translation", "fast") as server:
        recipe = write_recipe(tmp_path, server, 1.0)
        done = smolkalam("build", recipe, "--output", tmp_path / "run", "--workers", 1)
    assert done.returncode == 0 and "Chat: about 20 requests to send" in done.stderr and "about $0.0" in done.stderr


def test_a_key_without_a_price_is_said_by_requests_and_tokens(smolkalam: Callable[..., Any], tmp_path: Path) -> None:
    with running("--translation", "fast") as server:
        recipe = write_recipe(tmp_path, server, 0.0)
        arguments = ("build", recipe, "--output", tmp_path / "run", "--workers", 1, "--stop-after", "translate")
        done = smolkalam(*arguments, env=environment(A_KEY="sk-0123456789abcdef"))
    assert done.returncode == 0 and "tokens in" in done.stderr and "its price is not known" in done.stderr


@pytest.mark.parametrize(("answer", "code"), [("n", 2), ("y", 0)])
def test_on_a_terminal_it_is_asked(answer: str, code: int, tmp_path: Path) -> None:
    with running("--translation", "fast") as server:
        recipe = write_recipe(tmp_path, server, 5000.0)
        ours, theirs = pty.openpty()
        command = command_line("build", recipe, "--output", tmp_path / "run", "--workers", 1)
        process = subprocess.Popen(
            command, stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL, env=environment(), cwd=ROOT
        )
        os.close(theirs)
        said = b""
        while b"Go on? [y/N]" not in said:
            said += os.read(ours, 1000)
        os.write(ours, answer.encode() + b"\n")
        try:
            while more := os.read(ours, 1000):
                said += more
        except OSError:
            pass  # as a terminal says that its program has ended
        os.close(ours)
        assert process.wait(150) == code
        assert bool(asked(server)) == (answer == "y")
