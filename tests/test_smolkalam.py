"""The command line, run as a user runs it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from builders.recipes.recipe import shipped_recipes
from tests.conftest import tree
from tests.standins.processes import ROOT, environment, start_command, wait_for

Run = Callable[..., "subprocess.CompletedProcess[str]"]

HEAVY = ("torch", "transformers", "datasets", "datatrove", "pyarrow", "numpy", "tokenizers", "httpx", "rich")

# 0.05 to 2 s of CPU each: for who asks a server, reads the Hub, trains, or makes a table of pandas.
NOT_IN_A_BUILD = (
    *("torch", "transformers", "datasets", "pandas", "matplotlib", "spacy", "httpx", "trio", "huggingface_hub.hf_api"),
    *("numpy.random", "datatrove.pipeline.inference", "datatrove.pipeline.filters"),
)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["build", "--help"], ["memory", "--help"], ["memory", "merge", "--help"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys, smolkalam\n"
        f"sys.argv = ['smolkalam', *{arguments!r}]\n"
        "try:\n    smolkalam.main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.stderr.strip() == "[]"
    assert "Usage" in done.stdout


def test_a_build_that_asks_no_server_imports_no_client_and_nothing_heavy() -> None:
    code = (
        "import sys, processors.own_process, builders.build, builders.estimates.spending, hub.card.write\n"
        f"print([name for name in {NOT_IN_A_BUILD!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_every_command_and_every_option_is_explained(smolkalam: Run) -> None:
    done = smolkalam("build", "--help")
    assert done.returncode == 0
    for option in ("--input", "--output", "--set", "--workers", "--tasks", "--stop-after"):
        line = next(line for line in done.stdout.splitlines() if option in line)
        assert len(line.split(option, 1)[1].strip(" │|")) > 20, line


def test_the_version_is_that_of_the_package(smolkalam: Run) -> None:
    done = smolkalam("--version")
    assert done.returncode == 0 and done.stdout == f"smolkalam {version('smolkalam')}\n"


def test_a_pipe_of_no_known_width_gets_a_line_for_each_recipe(smolkalam: Run) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    done = smolkalam("recipes", env=environment | {"PYTHONPATH": str(ROOT)})
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(shipped_recipes())


def test_the_shipped_recipes_are_listed_with_what_they_are(smolkalam: Run) -> None:
    done = smolkalam("recipes")
    assert done.returncode == 0 and not done.stderr
    names = [line.split()[0] for line in done.stdout.splitlines() if line.strip()]
    assert {"demo", "pseudo", "smolkalam"} <= set(names)
    assert all(len(line.split()) > 4 for line in done.stdout.splitlines() if line.strip())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["build", "dmo"], "no recipe 'dmo': did you mean 'demo'?"),
        (["build", "missing.yaml"], "no recipe 'missing.yaml': give a YAML file or one of demo"),
        (["build", "demo", "--set", "seed"], "--set seed: expected KEY=VALUE"),
        (["build", "demo", "--set", "sed=1"], "sed: unknown key; did you mean 'seed'?"),
        (["build", "demo", "--stop-after", "slect"], "--stop-after slect: no such stage; expected one of select"),
        (["build", "pseudo", "--input", "nowhere"], "nowhere: no shards SFT/"),
        (["memory", "merge", "nowhere.tmx", "-o", "a.tmx"], "nowhere.tmx: does not exist"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: list[str], expected: str, smolkalam: Run) -> None:
    done = smolkalam(*arguments)
    assert done.returncode == 2 and not done.stdout
    said = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert len(said) == 1 and said[0].startswith("smolkalam: ") and expected in said[0], done.stderr


@pytest.mark.parametrize("arguments", [["build"], ["build", "demo", "--wrkers", "2"], ["nonsense"]])
def test_a_wrong_command_line_is_exit_code_2_and_says_how(arguments: list[str], smolkalam: Run) -> None:
    done = smolkalam(*arguments)
    assert done.returncode == 2 and not done.stdout
    assert "Usage" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_is_one_line_and_the_same_command_goes_on(
    workers: int, row: Callable[..., dict[str, Any]], write_split: Callable[..., Path], smolkalam: Run, tmp_path: Path
) -> None:
    text = "Water boils at 100 degrees at sea level, and sooner in the mountains. " * 40
    source = write_split("alpha", [row(("user", f"{i}: {text}"), ("assistant", text)) for i in range(120)], shards=12)
    recipe = tmp_path / "small.yaml"
    recipe.write_text("name: small\nsource: {path: unused}\ntranslators: [{name: one, backend: pseudo}]\n")
    build = ("build", recipe, "--input", source, "--workers", workers, "--tasks", 2, "--output")
    # A session of its own: the signal goes to its whole group, as from a terminal.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = start_command(*build, tmp_path / "stopped", start_new_session=True, **pipes)
    try:
        units = (tmp_path / "stopped" / "translate" / "one" / "counts").glob
        wait_for(lambda: process.poll() is not None or any(units("*.json")), "a unit", every_s=0.002)
        os.killpg(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and not stdout
    assert "Traceback" not in stderr and "KeyboardInterrupt" not in stderr
    assert [line for line in stderr.splitlines() if line.strip()][-1] == (
        "smolkalam: stopped; run the same command again to go on"
    )
    assert len(list(tmp_path.glob("stopped/translate/one/counts/*.json"))) < 12
    assert smolkalam(*build, tmp_path / "stopped").returncode == 0
    assert smolkalam(*build, tmp_path / "whole").returncode == 0
    assert tree(tmp_path / "stopped" / "dataset") == tree(tmp_path / "whole" / "dataset")


def test_a_reader_that_has_gone_is_no_reason_to_complain(tmp_path: Path) -> None:
    receiver, sender = os.pipe()
    os.close(receiver)
    process = start_command("recipes", stdout=sender, stderr=subprocess.PIPE)
    os.close(sender)
    _, stderr = process.communicate(timeout=60)
    assert not stderr and process.returncode in (1, 141)


def test_a_shell_completes_commands() -> None:
    asked = {"_SMOLKALAM_COMPLETE": "complete_bash", "COMP_WORDS": "smolkalam in", "COMP_CWORD": "1"}
    # Under the name that it is installed by: the variable is named after it.
    code = "import sys; sys.argv = ['smolkalam']; import smolkalam; smolkalam.main()"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment() | asked, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["init", "instruct"], done.stderr


def test_a_number_of_workers_that_cannot_be_is_told_without_a_box(smolkalam: Run) -> None:
    done = smolkalam("build", "demo", "--workers", 0)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.splitlines()[-1].startswith("Error: Invalid value for '--workers': Input should be")
    assert not set(done.stderr) & set("╭│╰")
