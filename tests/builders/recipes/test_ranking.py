from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from builders.recipes.load import dump_recipe, load_recipe
from builders.recipes.ranking import Ranking
from builders.recipes.recipe import shipped_recipes
from processors.errors import RecipeError
from processors.ranking.model import SHIPPED
from processors.ranking.policy import Policy

RECIPE = """
name: small
source: {path: unused}
translators:
  - {name: one, backend: pseudo}
  - {name: two, backend: pseudo}
ranking:
"""
REWARD = "reward: {model: folder}"


def load(folder: Path, ranking: str, translators: int = 2) -> Any:
    text = RECIPE + "".join(f"  {line}\n" for line in ranking.splitlines())
    if translators == 1:
        text = text.replace("  - {name: two, backend: pseudo}\n", "")
    (folder / "small.yaml").write_text(text)
    return load_recipe(str(folder / "small.yaml"))


def test_a_split_is_ranked_by_the_first_entry_that_matches_it_and_else_as_all() -> None:
    ranking = Ranking.model_validate(
        {
            "min_SCR": 0.8,
            "min_LR": 0.2,
            "margin": 0.1,
            "splits": [
                {"match": "xlam*", "min_SCR": 0, "replace": "vetoed"},
                {"match": "*_think", "order_by": "rank_score"},
                {"match": "*toolcalling*", "min_LR": 0.5},
            ],
        }
    )
    plain = Policy("better", "quality", 0.1, {"LR": 0.2, "SCR": 0.8})
    assert ranking.policy("OpenHermes_2.5") == plain
    assert ranking.policy("xlam_traces_no_think") == Policy("vetoed", "quality", 0.1, {"LR": 0.2})
    # A margin is in the unit of its order, so that another order has its own.
    assert ranking.policy("smolagents_toolcalling_traces_think") == Policy("better", "rank_score", None, plain.limits)
    assert ranking.policy("toolcalling") == Policy("better", "quality", 0.1, {"LR": 0.5, "SCR": 0.8})
    assert ranking.unmatched(["xlam_1", "a_think", "b"]) == ["*toolcalling*"]
    assert ranking.unmatched(["xlam_1", "a_think", "toolcalling_think"]) == ["*toolcalling*"]


def test_checks_that_veto_are_known_ones_and_left_out_where_none_is_named(tmp_path: Path) -> None:
    plain = load(tmp_path, "replace: vetoed")
    assert "veto" not in plain.model_dump()["ranking"] and "veto:" not in dump_recipe(plain)
    named = load(tmp_path, "veto: {numbers: false, length: true}")
    (tmp_path / "resolved.yaml").write_text(dump_recipe(named))
    assert load_recipe(str(tmp_path / "resolved.yaml")).ranking == named.ranking
    assert named.model_dump()["ranking"]["veto"] == {"numbers": False, "length": True}
    with pytest.raises(RecipeError, match=r"veto.*no check 'number'; did you mean numbers\?"):
        load(tmp_path, "veto: {number: false}")


def test_a_resolved_recipe_says_the_same(tmp_path: Path) -> None:
    recipe = load(
        tmp_path, "min_reward: -2\n" + REWARD + "\nsplits: [{match: 'x*', min_SCR: 0, order_by: reward, margin: 3}]"
    )
    (tmp_path / "resolved.yaml").write_text(dump_recipe(recipe))
    again = load_recipe(str(tmp_path / "resolved.yaml"))
    assert again == recipe
    assert again.ranking.policy("xlam") == Policy("better", "reward", 3, {"reward": -2})


def test_a_dictionary_that_is_not_there_is_told_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"ranking\.dictionary .*mine: there is no file .*mine\.aff; give the path"):
        load(tmp_path, "dictionary: mine")
    assert "dictionary" not in load(tmp_path, "alpha: 1.0").model_dump()["ranking"]


def test_a_ranker_lies_relative_to_its_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"ranking\.ranker: .*mine\.json: no ranker \(No such file"):
        load(tmp_path, "ranker: mine.json")
    (tmp_path / "mine.json").write_text(SHIPPED.read_text())
    assert load(tmp_path, "ranker: mine.json").ranking.ranker == str(tmp_path / "mine.json")


@pytest.mark.parametrize(
    ("ranking", "said"),
    [
        ("order_by: reward", "ranking: order_by is reward, but there is no reward model; add ranking.reward"),
        ("min_reward: 0", "min_reward is given, but there is no reward model"),
        ("splits: [{match: 'a*', order_by: reward}]", "splits 'a*': order_by is reward, but"),
        ("margin: 0.5", "margin 0.5 of quality is never exceeded"),
        ("order_by: rank_score\nmargin: 1", "margin 1 of rank_score is never exceeded"),
        ("splits: [{match: b, margin: 0.7}]", "splits 'b': margin 0.7 of quality"),
        ("splits: [{match: '*'}, {match: b}]", "splits: the entry 2, 'b', is never used"),
        (
            "order_by: length",
            "order_by: input should be 'cometkiwi', 'judge_score', 'likelihood', 'metricx', 'quality', 'rank_score' "
            "or 'reward'",
        ),
        ("splits: [{match: b, min_LRR: 1}]", "did you mean 'min_LR'?"),
        ("min_quality: 2", "min_quality"),
    ],
)
def test_contradictions_are_one_line(ranking: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as error:
        load(tmp_path, ranking)
    assert said in str(error.value) and "\n" not in str(error.value) and "small.yaml:" in str(error.value)


def test_quality_filters_nothing_where_there_is_one_translator(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="min_quality: quality compares translators, and there is one"):
        load(tmp_path, "min_quality: 0.3", translators=1)
    # What orders and is not asked for is no contradiction.
    assert load(tmp_path, "min_LR: 0.3", translators=1).ranking.order_by == "quality"


def test_negative_margins_are_refused() -> None:
    with pytest.raises(ValidationError, match="margin"):
        Ranking.model_validate({"margin": -0.1})


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipes_can_describe_what_decides(name: str) -> None:
    ranking = load_recipe(name).ranking
    for entry in (None, *ranking.splits):
        assert ranking.policy_of(entry).describe()
