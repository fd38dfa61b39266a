"""Which variants an ablation has, and how its mistakes are told."""

import doctest
import re
from pathlib import Path

import pytest

from builders.ablations import variants as ablation
from builders.ablations.variants import expand, expanded
from builders.recipes.base import NAME_PATTERN
from builders.recipes.load import dump_recipe, load_recipe
from builders.recipes.recipe import Recipe
from builders.recipes.translator_base import AskedTranslator
from processors.errors import InputError


@pytest.fixture(scope="module")
def paper() -> Recipe:
    return load_recipe("smolkalam")


def test_the_examples_of_the_docstrings() -> None:
    assert doctest.testmod(ablation).failed == 0


def test_all_combinations_of_one_translator_and_the_other_as_it_is(paper: Recipe) -> None:
    variants = expand(
        paper,
        ["translators.Gemma3.decoding.temperature=0,0.2,0.5,0.7", "translators.Gemma3.chunking.lines=25,50,100,500"],
    )
    assert len(variants) == 1 + 16
    assert variants[0].name == "SeedX" and variants[0].settings == {}
    assert {v.translator.chunking.lines for v in variants[1:]} == {25, 50, 100, 500}
    assert len({v.name for v in variants}) == 17
    for variant in variants:
        assert re.match(NAME_PATTERN, variant.name), variant.name
        assert isinstance(variant.translator, AskedTranslator)
        # What two variants of a model would ask alike is asked once.
        assert (variant.translator.answers or variant.name) == variant.base


def test_a_key_of_all_translators_varies_each(paper: Recipe) -> None:
    names = [variant.name for variant in expand(paper, ["chunking.max_tokens=256,490"])]
    assert names == [
        "SeedX__max_tokens_256",
        "SeedX__max_tokens_490",
        "Gemma3__max_tokens_256",
        "Gemma3__max_tokens_490",
    ]


def test_translators_are_compared_as_they_are(paper: Recipe) -> None:
    assert [v.name for v in expand(paper, ["translators=Gemma3,SeedX"])] == ["Gemma3", "SeedX"]


def test_memories_are_varied_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one.tmx", "draft two.tmx"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    variants = expand(load_recipe("demo"), ["translators.draft.memory=one.tmx,draft two.tmx"])
    assert [v.name for v in variants] == ["reference", "draft__memory_one.tmx", "draft__memory_draft_two.tmx"]
    assert [v.translator.memory for v in variants[1:]] == [[str(tmp_path / n)] for n in ("one.tmx", "draft two.tmx")]


def test_the_expanded_recipe_is_an_ordinary_one(paper: Recipe, tmp_path: Path) -> None:
    recipe = expanded(paper, expand(paper, ["decoding.temperature=0,0.7"]))
    path = tmp_path / "ablation.yaml"
    path.write_text(dump_recipe(recipe))
    assert load_recipe(str(path)) == recipe


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ([], "nothing to vary: give --over"),
        (["chunking.max_tokens"], "--over chunking.max_tokens: expected KEY=V1,V2"),
        (["chunking..max_tokens=1,2"], "expected KEY=V1,V2"),
        (["chunking.max_tokens=[1,2"], "expected KEY=V1,V2"),
        (["chunking.max_tokens=300,300"], "a value is given twice"),
        (["translators.Gemma3=1,2"], "expected a key of the translator"),
        (["translators=SeedX,Gemma"], "no translator 'Gemma', only SeedX, Gemma3"),
        (["translators=SeedX"], "one variant only"),
        (["translators.SeedX.decoding.temperature=0.5", "translators=SeedX"], "one variant only"),
        (["ranking.margin=0.1,0.2"], "build twice with --set ranking.margin="),
        (["colour=red,blue"], "none of the translators (SeedX, Gemma3) has colour"),
        (["chunking.lines=25,50"], "--set translators.SeedX.chunking.strategy=lines"),
        (["decoding.temperature=0,3"], "--over decoding.temperature=0,3: SeedX__temperature_3"),
        (["chunking.max_tokens=60,490"], "window (50) must be less than half of max_tokens (60)"),
        (["translators.Gemma3.nothing.of=1,2"], "'Gemma3' has no nothing.of"),
    ],
)
def test_mistakes_are_one_line_that_names_the_argument(paper: Recipe, over: list[str], said: str) -> None:
    with pytest.raises(InputError) as error:
        expand(paper, over)
    assert said in str(error.value) and "\n" not in str(error.value)
