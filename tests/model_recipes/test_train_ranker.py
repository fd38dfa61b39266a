import json
import random
import re
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.preferences.pairs import schema
from model_recipes.ranker import train as recipe
from model_recipes.ranker.data import WithReferences, read_folder, read_preferences, training_set
from model_recipes.ranker.texts import read_texts
from processors.errors import InputError
from processors.judging.exchange import translation_answer, translation_prompt
from processors.ranking.model import FittedRanker, Ranker, Weights, expected_gains, usual

PAIRS = [
    ("The library opens at 8 and closes at 17.", "تفتح المكتبة أبوابها في الساعة 8 وتغلق في الساعة 17."),
    ("Farmers grow wheat (and barley) in the north.", "يزرع المزارعون القمح (والشعير) في الشمال."),
    ("The old bridge was rebuilt in 1954.", "أعيد بناء الجسر القديم في عام 1954."),
    ("Nobody answered the telephone yesterday.", "لم يرد أحد على الهاتف أمس."),
    ("Water boils at 100 degrees at sea level.", "يغلي الماء عند 100 درجة على مستوى سطح البحر."),
    ("The minister resigned after the vote.", "استقال الوزير بعد التصويت."),
    ("My sister plays the violin very well.", "تعزف أختي على الكمان ببراعة."),
    ("A strong wind damaged 23 houses.", "ألحقت رياح قوية أضرارا بـ 23 منزلا."),
]


def damage(text: str, share: float, seed: int) -> str:
    """Loses words, and with them numbers and brackets."""
    chance = random.Random(f"{seed}{text}")
    return " ".join(word for word in text.split() if chance.random() > share) or text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flores")
    rows = [(f"{a} {c}", f"{b} {d}") for (a, b), (c, d) in permutations(PAIRS, 2)]
    sides = {"en": [source for source, _ in rows], "ar": [target for _, target in rows]}
    for name, share in (("fine", 0.1), ("fair", 0.2), ("poor", 0.35), ("worst", 0.5)):
        sides[f"{name}.ar"] = [damage(target, share, len(name)) for _, target in rows]
    for side, lines in sides.items():
        (folder / f"try.{side}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def test_learns_what_a_system_it_never_saw_loses(folder: Path) -> None:
    examples = read_folder(folder, "try")
    assert examples.systems == ("fair", "fine", "poor", "worst")
    ranker = recipe.train(examples, systems=[0, 2, 3])
    gains = expected_gains(examples.measures, usual(examples.measures), ranker.consensus)
    for other in (0, 2, 3):
        apart = np.abs(examples.chrf[:, 1] - examples.chrf[:, other]) > 5
        right = (gains[:, 1] - gains[:, other]) * (examples.chrf[:, 1] - examples.chrf[:, other]) > 0
        assert right[apart].mean() > 0.8


def test_what_a_system_is_worth_at_large_is_learnt_under_its_name(folder: Path) -> None:
    examples = read_folder(folder, "try")
    standings = recipe.train(examples, systems=[0, 1, 3]).standings
    assert set(standings) == {"fair", "fine", "worst"}
    truth = examples.chrf[:, [0, 1, 3]].mean(axis=0)
    found = np.array([standings[name].strength for name in ("fair", "fine", "worst")])
    assert np.allclose(found, truth - truth.mean()) and standings["fine"].rows == len(examples.chrf)
    # On other rows, so few that they show little themselves, it is nearer the truth.
    ranker, rest = recipe.train(examples, rows=np.arange(40)), examples.take(np.arange(40, 56))
    found = [list(FittedRanker(r, rest.systems, rest.measures).prior().values()) for r in (ranker, nameless(ranker))]
    truth = rest.chrf.mean(axis=0) - rest.chrf.mean()
    named, strangers = (np.abs(prior - truth).max() for prior in found)
    assert named < strangers - 1


def nameless(ranker: Ranker) -> Ranker:
    return replace(ranker, standings={})


def test_two_systems_are_enough(folder: Path) -> None:
    ranker = recipe.train(read_folder(folder, "try"), systems=[1, 3])
    assert ranker.pair is ranker.consensus


def test_the_command_writes_what_load_reads(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "ranker.json"
    monkeypatch.setattr("sys.argv", ["train", "references", str(folder), "try", str(out), "--data", "made up"])
    recipe.main()
    examples, made = training_set(read_texts(folder, "try"))
    loaded, trained = Ranker.load(out), recipe.train(examples, made=made)
    assert np.allclose(loaded.pair.shapes, trained.pair.shapes, rtol=1e-4)
    assert np.allclose(loaded.consensus.prior, trained.consensus.prior, rtol=1e-4)
    assert loaded.standings.keys() == trained.standings.keys() == {"fair", "fine", "poor", "worst"}
    assert loaded.standings["fine"].strength == pytest.approx(trained.standings["fine"].strength, abs=0.01)
    assert '"data": "made up"' in out.read_text()


def test_incomplete_folders_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.en: cannot be read"):
        read_folder(folder, "none")
    for side, lines in (("en", "one\ntwo\n"), ("ar", "واحد\nاثنان\n"), ("a.ar", "واحد\n"), ("b.ar", "واحد\nاثنان\n")):
        (tmp_path / f"x.{side}").write_text(lines, encoding="utf-8")
    with pytest.raises(InputError, match="1 lines of a, but 2 of en"):
        read_folder(tmp_path, "x")
    (tmp_path / "x.a.ar").unlink()
    with pytest.raises(InputError, match="two systems or more"):
        read_folder(tmp_path, "x")


def pairs(examples: WithReferences, folder: Path, rows: range, **without: bool) -> list[dict[str, Any]]:
    """Every pair of candidates that differ by more than a point, as `smolkalam preferences --by reference` writes."""

    def message(text: str) -> list[dict[str, str]]:
        return [{"content": text, "role": "user"}]

    sources = (folder / "try.en").read_text().splitlines()
    texts = {name: (folder / f"try.{name}.ar").read_text().splitlines() for name in examples.systems}
    made = []
    for i in rows:
        for a, b in combinations(range(len(examples.systems)), 2):
            difference = float(examples.chrf[i, a] - examples.chrf[i, b])
            if abs(difference) > 1:
                better, worse = (examples.systems[c] for c in ((a, b) if difference > 0 else (b, a)))
                made.append(
                    {
                        "prompt": translation_prompt(message(sources[i]), "Arabic"),
                        "chosen": translation_answer(message(texts[better][i])),
                        "rejected": translation_answer(message(texts[worse][i])),
                        "margin": min(1.0, abs(difference) / 20),
                        "difference": abs(difference),
                        "source_id": f"try/{i:07d}",
                        "chosen_translator": better,
                        "rejected_translator": worse,
                        "by": "reference",
                    }
                )
    return [{key: value for key, value in pair.items() if key not in without} for pair in made]


def write_jsonl(path: Path, made: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in made), encoding="utf-8")
    return path


def test_preferences_by_references_teach_what_the_references_do(folder: Path, tmp_path: Path) -> None:
    examples = read_folder(folder, "try")
    found = read_preferences(write_jsonl(tmp_path / "pairs.jsonl", pairs(examples, folder, range(len(examples.chrf)))))
    assert found is not None and found.systems == examples.systems
    known = ~np.isnan(found.better)
    truth = examples.differences((0, 1, 2, 3), examples.all_rows())
    assert known.mean() > 0.5 and np.allclose(found.better[known], truth[known])
    assert np.allclose(found.measures.agreement, examples.measures.agreement)
    direct, indirect = (recipe.pair_accuracy(examples, recipe.train(e)) for e in (examples, found))
    assert indirect[0] / indirect[1] > direct[0] / direct[1] - 0.02 and direct[0] / direct[1] > 0.8


@pytest.mark.parametrize("without", [("difference", "by"), ("difference", "by", "margin")])
def test_margins_are_no_must(without: tuple[str, ...], folder: Path, tmp_path: Path) -> None:
    examples = read_folder(folder, "try")
    made = pairs(examples, folder, range(len(examples.chrf)), **dict.fromkeys(without, True))
    found = read_preferences(write_jsonl(tmp_path / "pairs.jsonl", made))
    assert found is not None
    right, judged = recipe.pair_accuracy(examples, recipe.train(found))
    assert right / judged > 0.8


def test_pairs_of_unknown_translators_give_no_label_away(folder: Path, tmp_path: Path) -> None:
    examples = read_folder(folder, "try")
    made = pairs(examples, folder, range(40), chosen_translator=True, rejected_translator=True)
    found = read_preferences(write_jsonl(tmp_path / "pairs.jsonl", made))
    assert found is not None and found.systems == ("a", "b") and len(found.better) == len(made)
    assert 0.35 < (found.better[:, 0, 1] > 0).mean() < 0.65
    ranker, shipped = recipe.train(found), Ranker.load()
    assert (ranker.pair.prior == shipped.pair.prior).all() and (ranker.pair.shapes != shipped.pair.shapes).any()
    assert (ranker.consensus.shapes == shipped.consensus.shapes).all() and ranker.standings == shipped.standings


def test_candidates_that_are_missing_and_pairs_that_are_not_compared(folder: Path, tmp_path: Path) -> None:
    examples = read_folder(folder, "try")
    made = [
        pair
        for pair in pairs(examples, folder, range(len(examples.chrf)))
        if {"worst", "fine"} != {pair["chosen_translator"], pair["rejected_translator"]}
        and not (
            "fair" in (pair["chosen_translator"], pair["rejected_translator"]) and pair["source_id"] < "try/0000020"
        )
    ]
    found = read_preferences(write_jsonl(tmp_path / "pairs.jsonl", made))
    assert found is not None and np.isnan(found.measures.candidates).any()
    right, judged = recipe.pair_accuracy(examples, recipe.train(found))
    assert right / judged > 0.8


def test_a_reward_is_a_feature_where_the_pairs_have_one(folder: Path, tmp_path: Path) -> None:
    examples = read_folder(folder, "try")
    made = pairs(examples, folder, range(len(examples.chrf)))
    noise = random.Random(1)
    # Of translators that nobody can tell apart: what is left to learn is the reward, which is not always right.
    for number, pair in enumerate(made):
        pair["chosen_translator"], pair["rejected_translator"] = ("one", "two") if number % 2 else ("two", "one")
        pair["rejected"] = [{"content": pair["chosen"][0]["content"] + " ثم", "role": "assistant"}]
        pair["source_id"] = f"try/{number:07d}"
        pair |= {
            "chosen_reward": noise.gauss(1, 1),
            "rejected_reward": noise.gauss(0, 1),
            "margin": 1.0,
            "by": "judges",
        }
        del pair["difference"]
        if number % 2:
            longer, shorter = pair["rejected"], pair["chosen"]
            pair["chosen"], pair["rejected"] = longer, shorter
    train, test = made[: len(made) // 2], made[len(made) // 2 :]
    with_rewards = read_preferences(write_jsonl(tmp_path / "train.jsonl", train))
    held_out = read_preferences(write_jsonl(tmp_path / "test.jsonl", test))
    assert with_rewards is not None and held_out is not None and with_rewards.rewards is not None
    ranker = recipe.train(with_rewards)
    assert ranker.pair.reward > 0 and Weights.from_json(ranker.pair.to_json()).reward > 0
    right, judged = recipe.pair_accuracy(held_out, ranker)
    held_out.rewards = None
    without, _ = recipe.pair_accuracy(held_out, ranker)
    # The difference of two such rewards is above 0 in 76 % of the pairs.
    assert right / judged > 0.65 and right / judged > without / judged + 0.1
    with_rewards.rewards = None
    plain = recipe.train(with_rewards).pair
    assert plain.reward == 0 and "reward" not in plain.to_json()


def test_a_folder_of_parquet_is_trained_on_and_its_test_split_tried(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = read_folder(folder, "try")
    for split, rows in (("train", range(40)), ("test", range(40, 56))):
        table = pa.Table.from_pylist(pairs(examples, folder, rows), schema("ranker"))
        pq.write_table(table, tmp_path / f"{split}-00000-of-00001.parquet")
    monkeypatch.setattr("sys.argv", ["train", "preferences", str(tmp_path), str(tmp_path / "ranker.json")])
    recipe.main()
    assert Ranker.load(tmp_path / "ranker.json").pair.shapes.any()
    said = capsys.readouterr().out
    assert "trained on 40 rows of 4 systems" in said and re.search(r"test: (8|9)\d\.\d% of \d+ pairs", said)


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        (1.0, 0.7, "warning: the rewards put 100.0% of these pairs right"),
        (0.7, None, "warning: the pairs hold rewards; without a test split"),
        (0.75, 0.75, ""),
        (None, None, ""),
    ],
)
def test_rewards_of_a_model_that_was_trained_on_these_pairs_are_doubted(
    train: float | None, test: float | None, said: str, folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    examples = read_folder(folder, "try")
    for split, rows, share in (("train", range(28), train), ("test", range(28, 56), test)):
        if split == "test" and test is None:
            continue
        made = pairs(examples, folder, rows)
        # One pair a row, so that the shares are what they are said to be.
        made = list({pair["source_id"]: pair for pair in made}.values())
        for number, pair in enumerate(made):
            if share is not None:
                right = number < share * len(made)
                pair |= {"chosen_reward": 1.0 if right else 0.0, "rejected_reward": 0.0 if right else 1.0}
        table = pa.Table.from_pylist(made, schema("ranker", rewards=share is not None))
        pq.write_table(table, tmp_path / f"{split}-00000-of-00001.parquet")
    monkeypatch.setattr("sys.argv", ["train", "preferences", str(tmp_path), str(tmp_path / "ranker.json")])
    recipe.main()
    printed = capsys.readouterr().err
    assert printed.startswith(said) and bool(printed) == bool(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no pair"),
        ("{\n", "cannot be read"),
        ('{"prompt": "Hi", "chosen": "a"}', "pair 1: rejected is None, expected a text"),
        ('{"prompt": "Hi", "chosen": "a", "rejected": "b", "margin": -1}', "pair 1: the margin is -1"),
        ('{"prompt": "Hi", "chosen": "a", "rejected": "b", "chosen_reward": "x"}', "pair 1: chosen_reward is 'x'"),
        ('{"prompt": "Hi", "chosen": "a", "rejected": []}', r"pair 1: rejected is \[\]"),
    ],
)
def test_what_is_no_preference_data_is_named(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "pairs.jsonl").write_text(content)
    with pytest.raises(InputError, match=f"pairs.jsonl.*{said}"):
        read_preferences(tmp_path / "pairs.jsonl")


@pytest.mark.parametrize("source", [["preferences", "nowhere"], ["references", "nowhere", "dev"]])
def test_a_mistake_is_a_line_and_exit_code_2(
    source: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["train", *source, "out.json"])
    with pytest.raises(SystemExit) as stop:
        recipe.main()
    said = capsys.readouterr().err
    assert stop.value.code == 2 and said.startswith("smolkalam: nowhere") and said.count("\n") == 1
    assert not Path("out.json").exists()
