"""Rows by segment and fused ones where a server is of no use, or fails now and then: what comes out passes all checks,
the others' configs lose nothing, and the user hears of it while the build runs."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build import run_build
from hub.card.write import write_card
from processors.checks.run import check_conversation
from processors.errors import EngineError
from tests.conftest import tree
from tests.standins.processes import kill_when, start_command
from tests.standins.standin_llm import running
from tests.standins.standin_useless import REFUSAL_ARABIC, useless

pytestmark = pytest.mark.slow

RECIPE = """
name: faulty
source: {{path: {source}, keep: [plain]}}
translators:
  - {{name: One, backend: pseudo, variant: 0, chunking: {{strategy: lines, lines: 1}}}}
  - {{name: Two, backend: endpoint, model: stand-in, base_url: "{two}/v1",
     chunking: {{strategy: lines, lines: 1}}{more}}}
  - {{name: Fused, backend: endpoint, model: stand-in, base_url: "{fused}/v1", prompt: fuse, of: [One, Two],
     only: all{more}}}
ranking: {{replace: segments}}
"""
WORDS = "the river runs under an old stone bridge near our quiet village where people sell bread and fruit".split()  # noqa: SIM905
CONFIGS = ("SFT_One_ranked", "SFT_Two_ranked", "SFT_Fused_ranked")


@pytest.fixture
def source(row: Callable[..., Any], write_split: Callable[..., Path]) -> Path:
    def text(number: int) -> str:
        lines = [[WORDS[(number * 7 + line * 5 + i) % len(WORDS)] for i in range(9)] for line in range(4)]
        return "\n".join(f"{' '.join(line)} on day {number * 10 + at}." for at, line in enumerate(lines))

    return write_split("plain", [row(("user", text(n)), ("assistant", text(n + 500))) for n in range(12)])


def write(folder: Path, source: Path, two: str, fused: str, more: str = "") -> Path:
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(source=source, two=two, fused=fused, more=more))
    return path


def build(recipe: Path, run: Path, **options: Any) -> None:
    run_build(str(recipe), output=run, finish=write_card, **options)


def built(run: Path, config: str) -> list[dict[str, Any]]:
    return [one for path in (run / "dataset" / config).glob("*.parquet") for one in pq.read_table(path).to_pylist()]


def assert_sound(run: Path) -> None:
    """Every row of every config passes all checks."""
    found = (one for path in (run / "select").glob("*.parquet") for one in pq.read_table(path).to_pylist())
    sources = {one["id"]: one["messages"] for one in found}
    for config in CONFIGS:
        rows = built(run, config)
        assert len(rows) == len(sources), config
        for one in rows:
            assert not [v for v in check_conversation(sources[one["id"]], one["messages"]) if v.hard], one["id"]


def first_candidate(asked: str) -> str:
    """The first candidate that a request to fuse shows, else nothing."""
    shown = re.search(r"<translation_1>\n(.*?)\n</translation_1>", asked, re.DOTALL)
    return shown[1] if shown else ""


SAYS: dict[str, Callable[[str], str]] = {
    "refuses": lambda asked: REFUSAL_ARABIC,
    "stubs": lambda asked: "…",
    "English": lambda asked: "Here is what I think about the text that you gave to me today.",
    "echo": lambda asked: asked,
    "copies": first_candidate,
}


@pytest.mark.parametrize(("who", "says"), [*(("two", says) for says in SAYS), *(("fused", says) for says in SAYS)])
def test_a_useless_server_is_told_of_or_costs_no_row(who: str, says: str, source: Path, tmp_path: Path) -> None:
    with running() as well, useless() as server:
        server.says = SAYS[says]
        at = {"two": well.url, "fused": well.url} | {who: f"{server.url}"}
        recipe = write(tmp_path, source, **at)
        # What copies a candidate is of use; the user hears of all else before much is asked.
        if (who, says) != ("fused", "copies"):
            name = {"two": "Two", "fused": "Fused"}[who]
            with pytest.raises(EngineError, match=rf"^{name} \(model 'stand-in'\): .* got no usable answer"):
                build(recipe, tmp_path / "told")
            assert len(server.asked) < 150
        build(write(tmp_path, source, **at, more=", give_up: false"), tmp_path / "run")
    assert_sound(tmp_path / "run")


@pytest.mark.parametrize(("who", "name"), [("two", "Two"), ("fused", "Fused")])
def test_a_server_that_is_down_is_told_of_before_anything_is_asked(
    who: str, name: str, source: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with running() as well:
        at = {"two": well.url, "fused": well.url} | {who: "http://127.0.0.1:9"}
        with pytest.raises(EngineError, match=r"127\.0\.0\.1:9"):
            build(write(tmp_path, source, **at), tmp_path / who)
    said = capfd.readouterr().err
    assert 0 <= said.find(f"translate/{name}: nobody listens at 127.0.0.1:9") < said.find("select:")
    assert "nobody" not in said.replace(f"translate/{name}: nobody", "")


FAULTS = [part for fault in ("think", "empty", "length") for part in ("--fault", f"{fault}=0.1")]


def test_with_faults_in_three_of_ten_requests_and_a_kill_nothing_is_paid_for_twice(
    source: Path, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        two, fused = (stack.enter_context(running(*FAULTS, "--seed", seed, "--steady")) for seed in "12")
        recipe = write(tmp_path, source, two.url, fused.url, more=", give_up: false")
        build(recipe, tmp_path / "whole")
        once = [sum(server.stats()["answered"].values()) for server in (two, fused)]
        process = start_command("build", recipe, "--output", tmp_path / "killed", "--workers", "1", "--yes")
        assert kill_when(process, lambda: sum(fused.stats()["answered"].values()) >= once[1] + 30)
        build(recipe, tmp_path / "killed")
        again = [sum(server.stats()["answered"].values()) for server in (two, fused)]
    assert_sound(tmp_path / "whole")
    assert tree(tmp_path / "killed/dataset") == tree(tmp_path / "whole/dataset")
    # What was on its way at the kill is all that is answered a third time.
    assert again[0] == 2 * once[0] and 0 <= again[1] - 2 * once[1] <= 64


def test_a_slow_server_is_waited_for(source: Path, tmp_path: Path) -> None:
    with running("--latency", "0.5") as slow, running() as well:
        build(write(tmp_path, source, well.url, slow.url), tmp_path / "run")
    assert_sound(tmp_path / "run")
