"""The documents are executed: references are what the code says, links lead somewhere, and what is shown works.

Commands are parsed against the real command line, recipes are loaded by the real reader, Python is run where it asks
nobody. What no test can run (a model's server, the Hub) is at least spelled as the code spells it.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import smolkalam
from builders.arbitrage import load_arbitrage
from builders.distillation import load_distillation
from builders.distillation.recipe import load_norms
from builders.mixtures import load_mixture
from builders.recipes.load import load_recipe
from model_recipes.gate import GatePlan
from model_recipes.plans import load_plan
from tests.conftest import Demo
from tests.rooms import names_of_nothing
from tests.standins.processes import ROOT, command_line, environment
from tests.test_rooms import TOPS

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")), ROOT / "tests" / "README.md"]


def name(document: Path) -> str:
    return str(document.relative_to(ROOT))


def blocks(language: str) -> list[Any]:
    """Each code block of a language in the documents, as a parameter named by its place."""
    found = []
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        for match in re.finditer(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 2
            found.append(pytest.param(match.group(1), id=f"{name(document)}:{line}"))
    return found


def test_the_references_are_what_the_code_says() -> None:
    done = subprocess.run([sys.executable, "-m", "docs.generate", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


PAGES_OF_KEYS = ("recipe.md", "mixture.md", "arbitrage_recipe.md", "distillation_recipe.md", "gate_plan.md")


def test_every_key_of_a_recipe_has_a_meaning() -> None:
    rows = [row for page in PAGES_OF_KEYS for row in (ROOT / "docs" / page).read_text("utf-8").splitlines()]
    assert not [row for row in rows if row.startswith("| `") and row.endswith("|  |")]


def test_readme_is_short() -> None:
    assert (ROOT / "README.md").read_text("utf-8").count("\n") <= 150


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL)
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, place = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (place and place not in anchors(file)):
            missing.append(target)
    assert not missing


@cache
def anchors(document: Path) -> set[str]:
    """The places of a document that a link may name, as GitHub makes them of its titles."""
    titles = re.findall(r"^#+ (.*)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_documents_name_what_is_in_the_tree(document: Path) -> None:
    """Blocks of code, targets of links and names of Markdown files (a build writes some) are not looked at here."""
    text = re.sub(r"^```.*?^```|\]\([^)]*\)", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    faults = names_of_nothing(name(document), 0, text, ROOT, TOPS)
    assert not [fault for fault in faults if not fault.what.endswith(".md")]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_recipes_load(text: str, tmp_path: Path) -> None:
    shown = yaml.safe_load(text)
    if "judges" in shown:
        pytest.skip("a panel, which tests/builders/judging/test_command.py reads")
    if "pool" in shown:
        (tmp_path / "arbitrage.yaml").write_text(text, "utf-8")
        assert load_arbitrage(str(tmp_path / "arbitrage.yaml"))
        return
    if "candidates" in shown:
        # The files that it names are a user's own.
        (tmp_path / "plan.yaml").write_text(text, "utf-8")
        assert load_plan(tmp_path / "plan.yaml", GatePlan)
        return
    if "teacher" in shown:
        (tmp_path / "distillation.yaml").write_text(text, "utf-8")
        assert load_distillation(str(tmp_path / "distillation.yaml"))
        return
    if "regions" in shown:
        (tmp_path / "norms.yaml").write_text(text, "utf-8")
        assert load_norms(str(tmp_path / "norms.yaml"))
        return
    if "sources" in shown:
        (tmp_path / "mixture.yaml").write_text(text, "utf-8")
        assert load_mixture(str(tmp_path / "mixture.yaml"))
        return
    recipe = {"name": "shown", "source": {"path": "sample"}, "translators": [{"name": "A", "backend": "pseudo"}]}
    (tmp_path / "data" / "SFT").mkdir(parents=True)
    # The files of a user's own that the documents name beside a recipe.
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "mine.txt").write_text("{source}", "utf-8")
    (tmp_path / "terms.tsv").write_text("model\tنموذج\n", "utf-8")
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe | shown), "utf-8")
    assert load_recipe(str(path))


@pytest.mark.parametrize("text", blocks("bash"))
def test_commands_are_spelled_as_the_command_line_spells_them(text: str) -> None:
    for line in text.replace("\\\n", " ").splitlines():
        for words in _commands(line):
            command, rest = _find(words)
            options = {option for each in command.params for option in [*each.opts, *each.secondary_opts]}
            given = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
            assert given <= options, f"{line}: {given - options}"


def _commands(line: str) -> Iterator[list[str]]:
    """The words after `smolkalam`, where a line calls it."""
    words = shlex.split(line, comments=True)
    while any(Path(word).name == "smolkalam" for word in words[:-1]):
        start = next(i for i, word in enumerate(words) if Path(word).name == "smolkalam") + 1
        end = next((i for i in range(start, len(words)) if words[i] in ("&&", "|", ";")), len(words))
        if words[start - 2] != "build" and not words[start].startswith("-"):
            yield words[start:end]
        words = words[end:]


def _find(words: list[str]) -> tuple[Any, list[str]]:
    command: Any = typer.main.get_command(smolkalam.app)
    while hasattr(command, "commands"):
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("text", blocks("bash"))
def test_modules_that_are_run_are_there(text: str) -> None:
    modules = re.findall(
        r"(?:python3?|launch) -m ((?:model_recipes|benchmarks|builders|processors|hub|docs)[\w.]*)", text
    )
    for module in modules:
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


def test_readme_python_runs(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "demo").symlink_to(demo.run)
    text = (ROOT / "README.md").read_text("utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    environment = os.environ | {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_readme_init_writes_a_recipe_that_runs(tmp_path: Path) -> None:
    line = {"messages": [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hello!"}]}
    (tmp_path / "mine.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(r"^smolkalam (init .*?) +#", text, re.MULTILINE)
    assert found
    # Nothing listens at the README's address, so that the model is not known.
    command = command_line(*found[1].replace(":8000", ":9").split(), "--model", "tiny")
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert load_recipe(str(tmp_path / "mine.yaml")).translators[0].name == "tiny"


def test_ci_runs_what_readme_says() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    command = text.partition("<!-- test -->")[2].partition("```bash\n")[2].partition("```")[0]
    for part in ("ruff check .", "ruff format --check .", "mypy", "docs.generate --check", "pytest"):
        assert part in command
