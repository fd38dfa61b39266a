"""`max_usd`: a build stops in order, tells how far it is, and goes on when it is raised; nothing is paid for twice."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.recipes.load import load_recipe
from builders.reports.status import Watch
from processors.answers.ceiling import read_spending
from processors.errors import RecipeError
from tests.standins.processes import command_line, environment
from tests.standins.standin_llm import Running, running

RECIPE = """
name: x
source: {path: sample}
translators:
  - name: Chat
    backend: endpoint
    model: stand-in
    base_url: URL/v1
    decoding: {max_tokens: 2000}
    concurrency: 8
    give_up: false
    COST
ranking: {replace: never}
"""
COST = "cost: {usd_per_million_input: 0, usd_per_million_output: 1000}"


@pytest.fixture
def server() -> Iterator[Running]:
    with running() as found:
        yield found


def recipe(folder: Path, url: str, cost: str = COST, more: str = "") -> Path:
    path = folder / "r.yaml"
    path.write_text(RECIPE.replace("URL", url).replace("COST", cost) + more)
    return path


def build(path: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = command_line("build", path, "--output", path.parent / "run", "--workers", "1", "--yes", *more)
    return subprocess.run(command, env=environment(), text=True, capture_output=True, timeout=300)


def test_a_build_stops_at_the_ceiling_and_goes_on_when_it_is_raised(tmp_path: Path, server: Running) -> None:
    path = recipe(tmp_path, server.url)
    # A dollar a thousand tokens, of which an answer may have 2,000.
    stopped = build(path, "--set", "max_usd=4")
    assert stopped.returncode == 3
    (line,) = [line for line in stopped.stderr.splitlines() if line.startswith("smolkalam:")]
    assert "the run's max_usd of $4.00 is reached" in line and "Raise max_usd" in line
    before = server.stats()["answered"]
    spent = read_spending(tmp_path / "run" / "spending")["Chat"]
    assert 1.5 < spent.spent <= 4 and not spent.under_way
    (snapshot,) = Watch(tmp_path / "run").look()["translators"]
    assert snapshot["usd"] == pytest.approx(spent.spent, abs=1e-5)
    raised = build(path, "--set", "max_usd=1000", "--stop-after", "translate")
    assert raised.returncode == 0, raised.stderr
    after = server.stats()["answered"]
    assert len(after) > len(before) and all(after[text] == times for text, times in before.items())


@pytest.mark.parametrize(
    ("cost", "more", "words"),
    [
        ("max_usd: 5", "", "max_usd: give cost with usd_per_million_input"),
        ("max_usd: 5\n    cost: {seconds_per_request: 1}", "", "max_usd: give cost with usd_per_million_input"),
        ("answers: here", "max_usd: 5", "translator 'Chat' has no cost"),
        ("cost: {usd_per_million_input: 0}", "max_usd: 5", "no translator has a price"),
    ],
)
def test_a_ceiling_without_prices_is_refused_at_load(tmp_path: Path, cost: str, more: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        load_recipe(str(recipe(tmp_path, "http://localhost:1", cost, more)))
