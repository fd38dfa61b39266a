"""From one's own file to the first translated row: a recipe that runs, with questions on a terminal and without."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.recipes.load import load_recipe
from builders.recipes.translators import EndpointTranslator
from builders.starting.command import Given, run_init
from builders.starting.engines_here import EngineFound
from processors.errors import InputError
from tests.standins.processes import ROOT, command_line, environment
from tests.standins.standin_llm import running

Run = Callable[..., subprocess.CompletedProcess[str]]
CHAT = {
    "id": "mine-1",
    "conversations": [{"from": "human", "value": "How long does tea steep?"}, {"from": "gpt", "value": "A while."}],
}


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    path = tmp_path / "cwd" / "mine.jsonl"
    path.parent.mkdir()
    path.write_text(json.dumps(CHAT) + "\n")
    return path


def test_from_a_clone_to_the_first_translated_row_in_four_commands(
    own_file: Path, smolkalam: Run, tmp_path: Path
) -> None:
    """`git clone`, the README's installation, `init`, `build`: the first two are here, the others are run."""
    from datasets import load_dataset

    with running("--model", "tiny") as server:
        done = smolkalam("init", "my file.yaml", "--source", "mine.jsonl", "--engine", server.url)
        assert done.returncode == 0, done.stderr
        plan, build = map(shlex.split, done.stdout.splitlines())
        assert plan == ["smolkalam", "plan", "my file.yaml"] and build[:3] == ["smolkalam", "build", "my file.yaml"]
        built = smolkalam(*build[1:])
        assert built.returncode == 0, built.stderr
        assert smolkalam(*plan[1:]).returncode == 0
        assert sum(server.stats()["answered"].values()) >= 2
    dataset = str(own_file.parent / "run" / "my_file" / "dataset")
    (row,) = load_dataset(dataset, "SFT_tiny_ranked", split="train", cache_dir=str(tmp_path / "cache"))
    assert row["source_id"] == "mine-1"
    assert re.search(r"[\u0600-\u06ff]", row["messages"][1]["content"])
    card = Path(dataset, "README.md").read_text(encoding="utf-8")
    assert "pretty_name: mine in Arabic" in card
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "smolkalam init mine.yaml --source mine.jsonl" in readme


def test_without_a_terminal_and_without_options_it_is_one_line(smolkalam: Run) -> None:
    done = smolkalam("init", "mine.yaml", stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr == (
        "smolkalam: init: no terminal to ask on; give --source and --engine (see smolkalam init --help)\n"
    )


def test_on_a_terminal_it_asks_at_most_five_things(own_file: Path) -> None:
    """On a pseudo-terminal, each question is answered when it has come."""
    leader, follower = os.openpty()
    command = command_line("init", "mine.yaml", "--price", "0.1:0.2")
    with running("--model", "tiny", "--no-models") as server:
        pipes: dict[str, Any] = {"stdin": follower, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, cwd=own_file.parent, env=environment(), text=True, **pipes)
        os.close(follower)
        answers = ["mine.jsonl", "ur", f"{server.url}/v1", "my-model", "3"]
        os.write(leader, "".join(f"{answer}\n" for answer in answers).encode())
        stdout, stderr = process.communicate(timeout=120)
        os.close(leader)
    assert process.returncode == 0, stderr
    asked = re.findall(r"(Source|Target language|Engine|Model|Budget)[^:]*: ", stderr)
    assert asked == ["Source", "Target language", "Engine", "Model", "Budget"]
    recipe = load_recipe(str(own_file.parent / "mine.yaml"))
    (translator,) = recipe.translators
    assert (recipe.language.code, recipe.max_usd, translator.name) == ("ur", 3, "my_model")
    assert stdout.startswith("smolkalam plan mine.yaml\nsmolkalam build mine.yaml")


def test_options_stand_in_the_recipe_and_a_folder_is_looked_at(
    tmp_path: Path, row: Callable[..., dict[str, Any]], write_split: Callable[..., Path]
) -> None:
    folder = write_split("alpha", [row(("user", "a"), ("assistant", "b"))])
    path = tmp_path / "my recipe.yaml"
    given = Given(str(folder), "so:Somali:Latn", "pseudo", title='A "title": mine', license="cc-by-4.0")
    choices = run_init(path, given)
    assert choices.looked.startswith("1 rows of ") and "alpha" in choices.looked
    recipe = load_recipe(str(path))
    assert (recipe.name, recipe.source.path) == ("my_recipe", str(folder))
    assert (recipe.outputs.pretty_name, recipe.outputs.license) == ('A "title": mine', "cc-by-4.0")
    assert recipe.language.name == "Somali" and recipe.translators[0].backend == "pseudo"
    with pytest.raises(InputError, match="is there already"):
        run_init(path, given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Given("nowhere", engine="pseudo"), "--source nowhere: no such file"),
        (Given("x", engine="vllm"), "--engine vllm: expected the address"),
        (Given("x", engine="http://u:p@h/v1"), "without a user, key"),
        (Given("x", engine="none.gguf"), "no such file"),
        (Given("x", engine="pseudo", language="xx"), "--language xx: expected one of"),
        (
            Given("x", engine="pseudo", license="Apache 2.0"),
            "--license Apache 2.0: expected a licence",
        ),
        (Given("x", engine="pseudo", price="1"), "--price 1: expected INPUT:OUTPUT"),
        (Given("x", engine="pseudo", price="a:b"), "--price a: expected a number"),
        (Given("x", engine="pseudo", max_usd=1), "--max-usd: the model's price is not known"),
        (Given("x", engine="http://127.0.0.1:9/v1"), "http://127.0.0.1:9/v1 names none"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(given: Given, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        run_init(tmp_path / "a.yaml", given)
    assert told in str(error.value) and "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_an_api_says_its_prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = EngineFound("endpoint", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", (), {"g/m": (0.1, 0.2)})
    monkeypatch.setattr("builders.starting.command.find_engine", lambda given: found)
    (tmp_path / "mine.jsonl").write_text(json.dumps(CHAT) + "\n")
    run_init(tmp_path / "a.yaml", Given(str(tmp_path / "mine.jsonl"), None, "openrouter", "g/m", 2.5))
    recipe = load_recipe(str(tmp_path / "a.yaml"))
    (translator,) = recipe.translators
    assert isinstance(translator, EndpointTranslator)
    assert translator.cost and translator.cost.usd_per_million_output == 0.2 and recipe.max_usd == 2.5
    assert translator.api_key_env == "OPENROUTER_API_KEY"
