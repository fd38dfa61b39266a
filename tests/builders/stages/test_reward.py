"""The reward stage's own parts; whole builds with a model are in test_reward_build.py."""

import json
import threading
from pathlib import Path

import pytest
from datatrove.data import Document

from builders.recipes.load import load_recipe
from builders.recipes.scorers import Reward
from builders.run_folder import schemas
from builders.run_folder.units import UnitFiles, write_unit
from builders.stages.reward import Encoded, JoinRewards, PartialRewards, ScoreRewards, _ahead, reward_row
from processors.errors import RecipeError
from processors.languages.language import Language


def test_a_unit_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "partial" / "unit.jsonl"
    with PartialRewards(path, "digest") as first:
        assert first.read() == {}
        first.add(0, [0.5, -1.25])
        first.add(3, [2.0])
    with PartialRewards(path, "digest") as second:
        assert second.read() == {0: [0.5, -1.25], 3: [2.0]}
    with PartialRewards(path, "of another model") as other:
        assert other.read() == {}


def test_a_line_that_was_cut_off_is_scored_again(tmp_path: Path) -> None:
    path = tmp_path / "unit.jsonl"
    with PartialRewards(path, "d") as first:
        first.add(0, [0.5])
        first.add(1, [0.25])
    path.write_bytes(path.read_bytes()[:-4])
    with PartialRewards(path, "d") as second:
        assert second.read() == {0: [0.5]}
        second.add(1, [0.25])
    with PartialRewards(path, "d") as third:
        assert third.read() == {0: [0.5], 1: [0.25]}


def test_a_unit_is_scored_with_progress_and_leaves_nothing_behind(tmp_path: Path) -> None:
    documents = [Document(text="", id=str(i), metadata={"unit": "u", "candidates": {"A": {}}}) for i in range(4)]
    candidates = [(document, "A") for document in documents]
    unit = Encoded("u", documents, candidates, [[[1] * (10 + i)] for i in range(3)] + [[[1] * 8, [2] * 24]])
    seen = []

    class Mean:
        def score(self, batches, keep) -> None:
            for number, batch in enumerate(batches):
                keep(number, [sum(ids) / len(ids) for ids in batch])
                seen.append(json.loads((tmp_path / "progress" / "00002.json").read_text())["rows"])
                assert (tmp_path / "partial" / "u.jsonl").exists()

    spec = Reward(model="a/b", batch_tokens=64)
    step = ScoreRewards(spec, Language(), "mark", tmp_path / "partial", tmp_path / "progress")
    step._score(unit, Mean(), 2)
    assert seen == sorted(seen) and len(seen) > 1 and seen[-1] == 4
    assert [d.metadata["rewards"] for d in documents] == [{"A": 1.0}] * 3 + [{"A": 1.75}]
    assert documents[3].metadata["counters"] == {"A/scored": 1, "A/windows": 2, "A/tokens": 32, "A/reward_1e4": 17500}
    assert not list((tmp_path / "partial").iterdir())


def test_the_next_is_made_while_one_is_in_use() -> None:
    made = threading.Event()

    def items():
        yield 1
        made.set()
        yield 2

    several = _ahead(items())
    assert next(several) == 1
    assert made.wait(10)
    assert list(several) == [2]


def test_an_error_in_the_making_comes_out() -> None:
    def items():
        yield 1
        raise ValueError("broken")

    several = _ahead(items())
    assert next(several) == 1
    with pytest.raises(ValueError, match="broken"):
        next(several)


def test_rewards_are_joined_by_id(tmp_path: Path) -> None:
    documents = [
        Document(text="", id=i, metadata={"unit": "u", "rewards": {"A": r}}) for i, r in (("1", 0.5), ("2", -1.0))
    ]
    write_unit(UnitFiles(tmp_path, "u"), schemas.rewards(), 2, [reward_row(d) for d in documents], [])
    fresh = [Document(text="", id=i, metadata={"unit": "u"}) for i in ("2", "1")]
    assert [d.metadata["rewards"] for d in JoinRewards(tmp_path).run(fresh)] == [{"A": -1.0}, {"A": 0.5}]
    assert [d.metadata["rewards"] for d in JoinRewards(None).run(fresh)] == [{}, {}]


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
