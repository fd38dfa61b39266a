"""Builds of the sample through several endpoints at once and through TGI; what their recipes may say."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from builders.engines.endpoint import EndpointEngine
from builders.recipes.load import dump_recipe, load_recipe
from hub.card.reproduce import public_recipe
from processors.errors import RecipeError
from tests.conftest import tree
from tests.standins import processes
from tests.standins.standin_llm import running

KEYS = {"KEY_A": "sk-first-never-seen-1", "KEY_B": "sk-second-never-seen-2"}
FAULTS = ("429", "500", "drop", "half", "html")
SOURCE = """
name: engines
source:
  path: sample
  keep: [OpenHermes_2.5_no_think, s1k_1.1_think]
translators:
"""
ENDPOINTS = """
  - name: Chat
    backend: endpoint
    model: stand-in
    chunking: {{max_tokens: 120, window: 20}}
    endpoints:
      - {{base_url: "{0}", api_key_env: KEY_A, weight: 3}}
      - {{base_url: "{1}", api_key_env: KEY_B}}
      - {{base_url: "{0}/v1", api_key_env: KEY_B}}
"""
TGI = """
  - name: Tgi
    backend: tgi
    model: ByteDance-Seed/Seed-X-PPO-7B
    base_url: "{0}"
    prompt: seed-x
    spans: tag
    decoding: {{temperature: 0.0, max_tokens: 400}}
    chunking: {{max_tokens: 120, window: 20}}
"""


def environment() -> dict[str, str]:
    return processes.environment(**KEYS)


def check_counts(run: Path, name: str) -> None:
    selected = sum(pq.ParquetFile(path).metadata.num_rows for path in run.glob("select/*.parquet"))
    kept = sum(pq.ParquetFile(path).metadata.num_rows for path in run.glob(f"translate/{name}/*.parquet"))
    dropped = [json.loads(line) for path in run.glob(f"translate/{name}/dropped/*.jsonl") for line in path.open()]
    assert selected == kept + len(dropped) and kept > 0, Counter(drop["reason"] for drop in dropped)


def requests(run: Path) -> int:
    return sum(json.loads(path.read_text())["counters"].get("requests", 0) for path in run.glob("logs/**/engines/*"))


def test_a_build_by_three_endpoints_of_which_one_rejects_its_key(
    tmp_path: Path, smolkalam: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    recipe = tmp_path / "several.yaml"
    with running("--requires-key", KEYS["KEY_A"]) as first, running() as second:
        recipe.write_text(SOURCE + ENDPOINTS.format(first.url, second.url))
        done = smolkalam("build", recipe, "--output", tmp_path / "run", env=environment())
        assert done.returncode == 0, done.stderr
        by = [sum(server.stats()["answered"].values()) for server in (first, second)]
        assert first.stats()["keys"].keys() >= {f"Bearer {KEYS['KEY_A']}"}
        assert set(second.stats()["keys"]) == {f"Bearer {KEYS['KEY_B']}"}
        recipe.write_text(SOURCE + ENDPOINTS.format(first.url, second.url).replace("weight: 3", "weight: 1"))
        again = smolkalam("build", recipe, "--output", tmp_path / "run", env=environment())
        assert again.returncode == 0 and by == [sum(s.stats()["answered"].values()) for s in (first, second)]
    assert all(by) and by[0] > by[1]
    check_counts(tmp_path / "run", "Chat")
    with running() as alone:
        recipe.write_text(SOURCE + ENDPOINTS.format(alone.url, alone.url).split("    endpoints:")[0])
        recipe.write_text(recipe.read_text() + f"    base_url: {alone.url}\n")
        one = smolkalam("build", recipe, "--output", tmp_path / "one", env=environment())
        assert one.returncode == 0, one.stderr
    # Who answered shows nowhere in the data, and a key shows nowhere at all.
    for name, content in tree(tmp_path / "run" / "dataset").items():
        if name.endswith(".parquet"):
            assert content == tree(tmp_path / "one" / "dataset")[name]
    for content in tree(tmp_path / "run").values():
        assert not any(key.encode() in content for key in KEYS.values())


def test_a_build_by_tgi_with_faults_is_the_same_as_without(
    tmp_path: Path, smolkalam: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    recipe = tmp_path / "tgi.yaml"
    with running() as server:
        recipe.write_text(SOURCE + TGI.format(server.url))
        done = smolkalam("build", recipe, "--output", tmp_path / "run", env=environment())
        assert done.returncode == 0, done.stderr
        asked = server.stats()["asked"]
        again = smolkalam("build", recipe, "--output", tmp_path / "run", env=environment())
        assert again.returncode == 0 and server.stats()["asked"] == asked and asked
        assert set(server.stats()["keys"]) == {"Bearer EMPTY", ""}
    check_counts(tmp_path / "run", "Tgi")
    with running("--seed", "5", *(word for fault in FAULTS for word in ("--fault", f"{fault}=0.04"))) as server:
        recipe.write_text(SOURCE + TGI.format(server.url))
        faulty = smolkalam("build", recipe, "--output", tmp_path / "faulty", env=environment())
        assert faulty.returncode == 0, faulty.stderr
        served = server.stats()["served"]
    assert sum(served.get(fault, 0) for fault in FAULTS) > 5
    parquet = {name: data for name, data in tree(tmp_path / "run" / "dataset").items() if name.endswith(".parquet")}
    assert parquet == {
        name: data for name, data in tree(tmp_path / "faulty" / "dataset").items() if name.endswith(".parquet")
    }


# ---- recipes


def load(tmp_path: Path, translator: str):
    path = tmp_path / "r.yaml"
    path.write_text(f"name: x\nsource: {{path: here}}\ntranslators:\n  - {{name: a, model: m, {translator}}}\n")
    return load_recipe(str(path))


HERE = "base_url: http://h"


@pytest.mark.parametrize(
    ("translator", "says"),
    [
        ("backend: endpoint", "give either base_url (with api_key_env, if it takes a key) or endpoints"),
        (f"backend: endpoint, {HERE}, endpoints: [{{{HERE}}}]", "give either base_url"),
        (f"backend: endpoint, api_key_env: K, endpoints: [{{{HERE}}}]", "give each of the endpoints its own"),
        (f"backend: endpoint, endpoints: [{{{HERE}}}, {{{HERE}}}]", "http://h is there twice with the same key"),
        (f"backend: endpoint, endpoints: [{{{HERE}, weight: 0}}]", "endpoints[0].weight: input should be greater"),
        ("backend: endpoint, endpoints: [{base_url: http://key@h}]", "endpoints[0].base_url"),
        (f"backend: endpoint, endpoints: [{{{HERE}, wight: 2}}]", "did you mean 'weight'?"),
        (f"backend: tgi, {HERE}", "applies no chat template, so `chat` cannot work"),
        (f"backend: tgi, {HERE}, prompt: seed-x", "ends an answer after 100 tokens"),
        (
            f"backend: tgi, {HERE}, prompt: seed-x, decoding: {{max_tokens: 9, extra: {{use_beam_search: true}}}}",
            "TGI has no use_beam_search here; it takes adapter_id",
        ),
        (f"backend: endpoint, {HERE}, prompt: completion", "`prompt: completion` and `template` go together"),
        (f"backend: endpoint, {HERE}, template: '{{text}}'", "`prompt: completion` and `template` go together"),
        (f"backend: endpoint, {HERE}, prompt: completion, template: 'x {{txt}}'", "must contain {text} once"),
        ("backend: llamacpp, file: m.bin", "file: expected the .gguf file in that repository (found 'm.bin')"),
        ("backend: llamacpp, base_url: http://h", "base_url: unknown key"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_write(translator: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as error:
        load(tmp_path, translator)
    assert says in str(error.value) and "r.yaml:4: translators[0]" in str(error.value)
    assert "\n" not in str(error.value)


def test_the_endpoints_of_a_recipe_are_those_asked(tmp_path: Path) -> None:
    recipe = load(
        tmp_path,
        "backend: endpoint, endpoints: [{base_url: https://a.example/v1, weight: 3}, "
        "{base_url: http://10.0.0.7:8000, api_key_env: K, model: other}]",
    )
    config = EndpointEngine(recipe.translators[0]).endpoint(recipe.language)
    assert [(a.api_base, a.api_key_env, a.weight, a.model) for a in config.addresses] == [
        ("https://a.example/v1", None, 3.0, None),
        ("http://10.0.0.7:8000/v1", "K", 1.0, "other"),
    ]
    again = tmp_path / "again.yaml"
    again.write_text(dump_recipe(recipe))
    assert load_recipe(str(again)) == recipe
    # The card's recipe names no key and no address within somebody's network, and can be built again.
    again.write_text(yaml.safe_dump(public_recipe(recipe)))
    shown = load_recipe(str(again)).translators[0]
    assert [address.base_url for address in shown.addresses()] == ["https://a.example/v1"]
    assert "10.0.0.7" not in again.read_text() and "api_key_env" not in again.read_text()
