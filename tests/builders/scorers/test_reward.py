"""What a scorer's stage keeps of a unit, and the reward model; whole builds with one are in test_reward_build.py."""

import json
import threading
from pathlib import Path

import pytest
from datatrove.data import Document

from builders.recipes.load import load_recipe
from builders.recipes.scorers import Reward
from builders.run_folder import schemas
from builders.run_folder.folder import Run
from builders.run_folder.units import UnitFiles, write_unit
from builders.scorers import scorers_of
from builders.scorers.base import AskedPassage, Place
from builders.scorers.partial import PartialScores
from builders.scorers.reward import _Rewards
from builders.stages.opinions import ScoreFolders
from builders.stages.score import CutUnit, JoinScores, ScoreCandidates, Unfinished, ahead, parts, score_row
from processors.errors import EngineError, RecipeError
from processors.languages.language import Language


def test_a_unit_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "partial" / "unit.jsonl"
    with PartialScores(path, "digest") as first:
        assert first.read() == {}
        first.add([4, 1], [0.5, -1.25])
        first.add([3], [2.0])
        # A passage without a score is asked again, and so is what is scored with it.
        first.add([5, 6], [1.0, "no JSON"])
        first.add([], [])
    with PartialScores(path, "digest") as second:
        assert second.read() == {4: 0.5, 1: -1.25, 3: 2.0}
    with PartialScores(path, "of another model") as other:
        assert other.read() == {}


def test_a_line_that_was_cut_off_is_scored_again(tmp_path: Path) -> None:
    path = tmp_path / "unit.jsonl"
    with PartialScores(path, "d") as first:
        first.add([0], [0.5])
        first.add([1], [0.25])
    path.write_bytes(path.read_bytes()[:-4])
    with PartialScores(path, "d") as second:
        assert second.read() == {0: 0.5}
        second.add([1], [0.25])
    with PartialScores(path, "d") as third:
        assert third.read() == {0: 0.5, 1: 0.25}


class Mean:
    """A reward model whose reward is the mean of the ids; `dies` after so many batches."""

    def __init__(self, dies: int | None = None) -> None:
        self.dies = dies
        self.batches: list[list[list[int]]] = []

    def score(self, batches, keep) -> None:
        for number, batch in enumerate(batches):
            if len(self.batches) == self.dies:
                raise EngineError("killed")
            self.batches.append(batch)
            keep(number, [sum(ids) / len(ids) for ids in batch])


def unit_of(*windows: list[list[int]]) -> CutUnit:
    documents = [Document(text="", id=str(i), metadata={"unit": "u"}) for i in range(len(windows))]
    passages = [[AskedPassage(ids, len(ids)) for ids in of] for of in windows]
    return CutUnit("u", documents, [(document, "A") for document in documents], passages)


def step(tmp_path: Path) -> ScoreCandidates:
    place, unfinished = Place(tmp_path / "answers", tmp_path), Unfinished(tmp_path / "partial", "mark")
    return ScoreCandidates("reward", Reward(model="a/b"), Language(), place, unfinished, tmp_path / "progress")


def test_a_killed_unit_loses_no_more_than_a_batch_and_has_the_same_bytes(tmp_path: Path) -> None:
    windows = [*([[i] * (10 + i)] for i in range(3)), [[1] * 8, [2] * 24], [[1, 2], [float("nan")] * 3]]  # type: ignore[list-item]
    whole, at_once = unit_of(*windows), Mean()
    step(tmp_path / "whole").score(whole, _Rewards(None, at_once, 30), 2)  # type: ignore[arg-type]
    scores = [document.metadata["scores"]["A"] for document in whole.documents]
    assert scores == [0.0, 1.0, 2.0, 1.75, None] and len(at_once.batches) > 2
    assert whole.documents[3].metadata["counters"] == {"A/scored": 1, "A/passages": 2}
    assert whole.documents[4].metadata["counters"] == {"A/no_score": 1, "A/passages": 2}
    assert json.loads((tmp_path / "whole/progress/00002.json").read_text()) == {"rows": 5}
    assert not list((tmp_path / "whole" / "partial").iterdir())
    for killed in range(1, len(at_once.batches)):
        first, second, again = Mean(dies=killed), Mean(), unit_of(*windows)
        with pytest.raises(EngineError):
            step(tmp_path / str(killed)).score(unit_of(*windows), _Rewards(None, first, 30), 2)  # type: ignore[arg-type]
        step(tmp_path / str(killed)).score(again, _Rewards(None, second, 30), 2)  # type: ignore[arg-type]
        assert str(first.batches + second.batches) == str(at_once.batches)
        assert [document.metadata for document in again.documents] == [d.metadata for d in whole.documents]


def test_the_next_is_made_while_one_is_in_use() -> None:
    made = threading.Event()

    def items():
        yield 1
        made.set()
        yield 2

    several = ahead(items())
    assert next(several) == 1
    assert made.wait(10)
    assert list(several) == [2]


def test_an_error_in_the_making_comes_out() -> None:
    def items():
        yield 1
        raise ValueError("broken")

    several = ahead(items())
    assert next(several) == 1
    with pytest.raises(ValueError, match="broken"):
        next(several)


def test_scores_are_joined_by_id(tmp_path: Path) -> None:
    documents = [
        Document(text="", id=i, metadata={"unit": "u", "scores": {"A": r}}) for i, r in (("1", 0.5), ("2", -1.0))
    ]
    write_unit(UnitFiles(tmp_path, "u"), schemas.opinions(), 2, [score_row(d) for d in documents], [])
    fresh = [Document(text="", id=i, metadata={"unit": "u"}) for i in ("2", "1")]
    joined = [d.metadata["opinions"] for d in JoinScores({"reward": tmp_path}).run(fresh)]
    assert joined == [{"A": {"reward": -1.0}}, {"A": {"reward": 0.5}}]
    assert [d.metadata["opinions"] for d in JoinScores({}).run(fresh)] == [{}, {}]


def test_the_recipe_checks_its_reward_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError, match=r"no reward model; add ranking\.reward"):
        load_recipe("demo", ["ranking.order_by=reward"])
    with pytest.raises(RecipeError, match=r"ranking\.reward\.batch_token: unknown key; did you mean 'batch_tokens'"):
        load_recipe("demo", ["ranking.reward={model: a/b, batch_token: 3}"])
    with pytest.raises(RecipeError, match=r"ranking\.reward\.max_length"):
        load_recipe("demo", ["ranking.reward={model: a/b, max_length: 3}"])
    (tmp_path / "rm").mkdir()
    monkeypatch.chdir(tmp_path)
    reward = load_recipe("demo", ["ranking.order_by=reward", "ranking.reward={model: rm}"]).ranking.reward
    assert reward and reward.model == str((tmp_path / "rm").resolve())
    hub = load_recipe("demo", ["ranking.reward={model: org/rm}"]).ranking.reward
    assert hub and hub.model == "org/rm"


def test_the_reward_model_is_one_of_the_scorers_that_the_ranker_sees(tmp_path: Path) -> None:
    recipe = load_recipe("demo", ["ranking.reward={model: org/rm}", "ranking.scorers.metricx={model: org/mx}"])
    assert [kind.column for kind, _ in scorers_of(recipe)] == ["reward", "metricx"]
    assert [part.name for part in parts(recipe)] == ["score/reward", "score/metricx"]
    seen = ScoreFolders.of(recipe, Run(tmp_path))
    assert seen and [*seen.folders] == ["reward", "metricx"]
