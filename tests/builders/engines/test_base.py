"""The contract: every kind of translator has an engine that answers what callers ask, and nobody asks for the kind."""

import ast
import json
import pickle
from pathlib import Path
from typing import Any, get_args

import pytest

from builders.engines import ENGINES, Engine, engine_of
from builders.recipes.recipe import Recipe
from builders.recipes.translators import BACKENDS, Translator
from hub.card.reproduce import public_recipe
from processors.languages.language import Language
from tests.standins.processes import ROOT

ADDRESS = "http://localhost:8000/v1"
# Of each kind the least that a recipe says of it; a new kind has a line here.
LEAST: dict[str, dict[str, Any]] = {
    "memory": {"memory": ["m.tmx"]},
    "pseudo": {},
    "endpoint": {"model": "org/chat", "base_url": ADDRESS},
    "tgi": {"model": "org/raw", "base_url": ADDRESS, "prompt": "seed-x", "decoding": {"max_tokens": 100}},
    "batch": {"model": "org/chat", "base_url": ADDRESS, "api": "openai"},
    "llamacpp": {"model": "m.gguf", "digest": "0" * 32},
    "vllm": {"model": "org/chat", "server": {"python": "/opt/vllm/bin/python"}},
    "seq2seq": {"model": "org/nllb", "digest": "0" * 32},
    "libretranslate": {"base_url": ADDRESS},
}


def recipe_of(backend: str) -> Recipe:
    translator = {"name": "one", "backend": backend, **LEAST[backend]}
    return Recipe.model_validate({"name": "test", "source": {"path": "sample"}, "translators": [translator]})


def test_every_kind_of_a_recipe_has_its_engine() -> None:
    assert set(ENGINES) == set(BACKENDS) == set(LEAST)
    for backend in BACKENDS:
        engine = engine_of(recipe_of(backend).translators[0])
        assert type(engine) is ENGINES[backend] and type(engine).__module__ == f"builders.engines.{backend}"


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_engine_answers_without_a_look_at_a_file_or_server(backend: str, tmp_path: Path) -> None:
    recipe = recipe_of(backend)
    engine: Engine[Any] = pickle.loads(pickle.dumps(engine_of(recipe.translators[0])))
    public = public_recipe(recipe)["translators"][0]
    said = engine.says(public, lambda model: f"<{model}>")
    assert said and "\n" not in said and ("<" in said) == engine.asks_a_model
    assert (engine.prompt(Language()) is None) == (engine.model is None) == (not engine.asks_a_model)
    assert bool(engine.steps(Language())) != engine.asks_a_model
    # Who starts a server here says how many processes may; nobody else does.
    assert (engine.server_key() is None) == (engine.processes(tmp_path, print) is None)
    assert engine.choices == 1 and engine.in_flight >= 1 and not engine.cost.usd(1, 1)
    json.dumps(engine.shapes_answers())


# What a stage's fingerprint holds. A setting that joins or leaves it makes everybody's finished work be done again.
SHAPES = {"name", "chunking", "backend"}
ASKED = SHAPES | {"model", "revision", "retry_budget"}
SERVED = ASKED | {"prompt", "template", "decoding", "spans"}
# Of a model with the prompt `chat`, which is told what was wrong with an answer.
CHAT = SERVED | {"feedback"}
CODES = {"source_code", "target_code"}


@pytest.mark.parametrize(
    ("backend", "settings"),
    [
        ("memory", SHAPES),
        ("pseudo", SHAPES),
        ("endpoint", CHAT),
        ("tgi", SERVED),
        ("batch", CHAT | {"rounds", "then"}),
        ("llamacpp", CHAT | {"file", "context"}),
        ("vllm", CHAT | {"repetition_detection"}),
        ("libretranslate", ASKED | CODES),
        ("seq2seq", ASKED | CODES | {"beams", "max_length_ratio", "sentence_tokens", "dtype"}),
    ],
)
def test_what_shapes_the_answers_is_in_the_fingerprint_and_nothing_else(backend: str, settings: set[str]) -> None:
    assert set(engine_of(recipe_of(backend).translators[0]).shapes_answers()) == settings


def test_nobody_outside_asks_which_kind_a_translator_is() -> None:
    kinds = {kind.__name__ for one in get_args(get_args(Translator)[0]) for kind in one.__mro__}
    kinds = {name for name in kinds if "Translator" in name}
    asked = []
    for top in ("builders", "hub", "processors", "benchmarks", "smolkalam"):
        for path in (ROOT / top).rglob("*.py"):
            if {"engines", "recipes"} & set(path.relative_to(ROOT).parts[:-1]):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
                    names = {one.id for one in ast.walk(node.args[1]) if isinstance(one, ast.Name)}
                    names |= {one.attr for one in ast.walk(node.args[1]) if isinstance(one, ast.Attribute)}
                    asked += [f"{path}:{node.lineno}"] if names & kinds else []
    assert not asked


def test_a_variant_is_in_the_fingerprint_only_where_there_is_one() -> None:
    """Runs of before there were variants are not done again."""
    spec = recipe_of("pseudo").translators[0]
    assert "variant" not in engine_of(spec).shapes_answers()
    assert engine_of(spec.model_copy(update={"variant": 0})).shapes_answers()["variant"] == 0
