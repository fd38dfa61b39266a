"""A build by a LibreTranslate server, by the command line: its rows, its price, its key, a pair that it lacks."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from builders.engines import engine_of
from builders.recipes.load import load_recipe
from processors.clients.address import Rates
from processors.errors import RecipeError
from tests.processors.translation.test_trial import write_rows
from tests.standins.processes import environment
from tests.standins.standin_libretranslate import libretranslate

KEY = "6f1c2a77-aaaa-bbbb-cccc-1234567890ab"
RECIPE = """
name: libre
source: {{path: sample, keep: [OpenHermes_2.5_no_think]}}
selection: {{max_rows_per_split: 4}}
translators:
  - name: Libre
    backend: libretranslate
    base_url: {url}
    api_key_env: LT_KEY
    usd_per_million_characters: 20.0
    give_up: false
    {more}
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_build_keeps_its_rows_and_its_key_and_says_what_it_costs(tmp_path: Path, smolkalam: Run) -> None:
    recipe, run, with_key = tmp_path / "recipe.yaml", tmp_path / "run", environment(LT_KEY=KEY)
    with libretranslate() as server:
        server.key, server.busy = KEY, 3
        recipe.write_text(RECIPE.format(url=server.url, more=""))
        plan = smolkalam("plan", recipe, "--format", "json", env=with_key)
        assert plan.returncode == 0, plan.stderr
        assert not server.asked
        done = smolkalam("build", recipe, "--output", run, "--stop-after", "translate", "--yes", env=with_key)
        assert done.returncode == 0, done.stderr
        sent = sum(len(text) for asked in server.asked[3:] for text in asked["q"])
    (told,) = json.loads(plan.stdout)["translators"]
    assert told["counts"] == "characters" and told["usd"]["value"] > 0
    kept = sum(pq.ParquetFile(path).metadata.num_rows for path in run.glob("translate/Libre/*.parquet"))
    lines = [line for path in run.glob("translate/Libre/dropped/*.jsonl") for line in path.read_text().splitlines()]
    assert kept + len(lines) == 4
    counters = [json.loads(path.read_text())["counters"] for path in run.glob("logs/translate/Libre/engines/*.json")]
    assert sum(one["prompt_tokens"] for one in counters) == sent > 100
    for path in run.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    assert KEY not in done.stderr + done.stdout


def test_300_rows_on_a_server_that_translates_nothing_end_after_200_requests(tmp_path: Path, smolkalam: Run) -> None:
    write_rows(tmp_path / "source", 300)
    recipe = tmp_path / "recipe.yaml"
    with libretranslate() as server:
        server.says = str
        text = RECIPE.format(url=server.url, more="").replace("give_up: false", "").replace("api_key_env: LT_KEY", "")
        text = text.replace("sample, keep: [OpenHermes_2.5_no_think]", f"{tmp_path / 'source'}, keep: [part]")
        recipe.write_text(text.replace("max_rows_per_split: 4", "max_rows_per_split: 300"))
        done = smolkalam("build", recipe, "--output", tmp_path / "run", "--yes")
        assert len(server.asked) <= 200
    said = " ".join(done.stderr.split())
    assert done.returncode == 1 and "chunks got no usable answer" in said and "sample 2: " in said


def test_limits_that_the_recipe_tells_go_with_the_address(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.format(url="http://127.0.0.1:5000", more="requests_per_minute: 30"))
    loaded = load_recipe(str(recipe))
    (address,) = engine_of(loaded.translators[0]).endpoint(loaded.language).addresses
    assert address.rates == Rates(requests_per_minute=30)


def test_a_pair_that_the_server_lacks_ends_the_build_in_one_line(tmp_path: Path, smolkalam: Run) -> None:
    recipe = tmp_path / "recipe.yaml"
    with libretranslate() as server:
        recipe.write_text(RECIPE.format(url=server.url, more="target_code: tlh"))
        done = smolkalam("build", recipe, "--output", tmp_path / "run", "--yes", env=environment(LT_KEY=KEY))
        assert not server.asked
    assert done.returncode == 2, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert "translates 'en' into ar, en and not into 'tlh'; give target_code" in last
    assert "Traceback" not in done.stderr


def test_a_ceiling_is_by_characters(tmp_path: Path, smolkalam: Run) -> None:
    recipe = tmp_path / "recipe.yaml"
    text = RECIPE.replace("api_key_env: LT_KEY", "max_usd: 0.02")
    with libretranslate() as server:
        recipe.write_text(text.format(url=server.url, more=""))
        stopped = smolkalam("build", recipe, "--output", tmp_path / "run", "--yes")
        sent = sum(len(text) for asked in server.asked for text in asked["q"])
        assert stopped.returncode == 3 and 0 < sent * 20 / 1e6 <= 0.02, stopped.stderr
        (line,) = [line for line in stopped.stderr.splitlines() if line.startswith("smolkalam:")]
        assert "the translator's max_usd of $0.02 is reached" in line
    for without, words in (
        (text.replace("usd_per_million_characters: 20.0", ""), "max_usd: give usd_per_million_characters too"),
        (text.replace("20.0", "0"), "max_usd: give usd_per_million_characters too"),
        (text.replace("20.0", "1").replace("{more}", "cost: {{usd_per_million_input: 1}}"), "priced by characters"),
    ):
        recipe.write_text(without.format(url="http://127.0.0.1:1", more=""))
        with pytest.raises(RecipeError, match=words):
            load_recipe(str(recipe))
