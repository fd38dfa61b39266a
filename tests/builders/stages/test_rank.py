"""The rank stage's steps on units written here: real text, missing candidates, one translator, each order."""

import json
import os
import random
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from datatrove.data import Document

import builders.stages.rank
from builders.recipes.ranking import Ranking
from builders.run_folder import schemas
from builders.run_folder.unit_reader import UnitReader
from builders.run_folder.units import Dropped, Unit, UnitFiles, read_dropped, read_unit, write_unit
from builders.stages import fit_ranker as ranker_fit
from builders.stages.common.join_candidates import JoinCandidates
from builders.stages.fit_ranker import Sample, fit_sample, load_fitted, plan_ranker, plan_sample, ranked_texts
from builders.stages.rank import RankCandidates
from builders.stages.score import JoinScores
from processors.checks.once import rules_digest
from processors.languages.language import Language
from processors.ranking.features import MEASURES
from processors.ranking.model import SHIPPED, Ranker
from tests.builders.small_run import small_recipe
from tests.standins.standin_hunspell import write_hunspell

PAIRS = [
    ("The station opens at 6 in the morning.", "تفتح المحطة أبوابها في الساعة 6 صباحا."),
    ("He wrote 14 letters to his brother.", "كتب 14 رسالة إلى أخيه."),
    ("Rain fell on the hills all night.", "هطل المطر على التلال طوال الليل."),
    ("Use `len(x)` to count the items in the list.", "استخدم `len(x)` لعد العناصر في القائمة."),
    ("The nurse asked the child to breathe slowly.", "طلبت الممرضة من الطفل أن يتنفس ببطء."),
    ("Prices rose by 3 percent last year.", "ارتفعت الأسعار بنسبة 3 في المئة العام الماضي."),
]
UNITS = [
    Unit("alpha-00000000", "alpha", "alpha", "f", 0, 0, 30),
    Unit("alpha-00000030", "alpha", "alpha", "f", 30, 30, 30),
    Unit("xlam-00000000", "xlam", "xlam", "g", 0, 0, 20),
]
REWARDS = {"good": 1.5, "near": 2.5, "poor": -4.0}


def message(content: str) -> dict[str, str]:
    return {"role": "user", "content": content}


def spoil(text: str) -> str:
    return text.translate(str.maketrans("12346789", "98765432")).replace(" في ", " ").replace(" إلى ", " ")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """`good`, `near` and `poor` translate every row but: `near` lacks each 7th, `near` and `poor` each 10th, and all
    lack row 1 of xlam."""
    for unit in UNITS:
        chance = random.Random(unit.name)
        picks = [chance.sample(PAIRS, 3) for _ in range(unit.rows)]
        ids = [f"{unit.split}/{unit.first + i:07d}" for i in range(unit.rows)]
        rows = [
            {"id": i, "messages": [message(" ".join(source for source, _ in pick))], "source": "test"}
            for i, pick in zip(ids, picks, strict=True)
        ]
        write_unit(UnitFiles(tmp_path / "select", unit.name), schemas.selected(), unit.rows, rows, [])
        texts = [" ".join(target for _, target in pick) for pick in picks]
        for name, change in (("good", str), ("near", lambda t: t.replace("المحطة", "محطة القطار")), ("poor", spoil)):
            kept, dropped = [], []
            for number, (i, text) in enumerate(zip(ids, texts, strict=True)):
                lacks = number % 7 == 3 if name == "near" else False
                if lacks or (name != "good" and number % 10 == 9) or (unit.split == "xlam" and number == 1):
                    dropped.append(Dropped(i, "finish_reason", "length"))
                else:
                    kept.append({"id": i, "messages": [message(change(text))], "custom_instructions": ""})
            write_unit(
                UnitFiles(tmp_path / "translate" / name, unit.name), schemas.candidate(), unit.rows, kept, dropped
            )
        given = [{"translator": name, "score": reward} for name, reward in REWARDS.items()]
        scored = [{"id": i, "scores": given if unit.split == "alpha" else given[:1]} for i in ids]
        write_unit(UnitFiles(tmp_path / "reward", unit.name), schemas.opinions(), unit.rows, scored, [])
    return tmp_path


def fitted(run: Path, names: tuple[str, ...], seed: int = 1, weights: str | None = None, workers: int = 1) -> Path:
    folder = run / "ranker"
    folder.mkdir(exist_ok=True)
    folders = {name: run / "translate" / name for name in names}
    sample = Sample(run / "select", folders, Ranker.load(), Language(), seed)
    fit_sample(UNITS, sample, workers).save(folder / "fitted.npz")
    (folder / "ranker.json").write_text(weights or SHIPPED.read_text())
    return folder


def rank(
    run: Path,
    ranking: Ranking,
    names: tuple[str, ...] = ("good", "near", "poor"),
    units: list[Unit] | None = None,
    rewards: bool = False,
    weights: str | None = None,
) -> dict[str, Document]:
    data: Any = UnitReader(run / "select", units or UNITS).run()
    for step in (
        JoinCandidates({name: run / "translate" / name for name in names}),
        JoinScores({"reward": run / "reward"} if rewards else {}),
        RankCandidates(
            ranking,
            {f"SFT_{name}_ranked": name for name in names},
            Language(),
            "approximate",
            fitted(run, names, weights=weights) if len(names) > 1 else None,
        ),
    ):
        data = step.run(data)
    return {document.id: document for document in data}


def chosen(document: Document, config: str) -> str | None:
    choices = document.metadata["ranked"]["choices"]
    return next(choice["translator"] for choice in choices if choice["config"] == f"SFT_{config}_ranked")


def scores(document: Document, name: str) -> dict[str, Any]:
    return next(c for c in document.metadata["ranked"]["candidates"] if c["translator"] == name)


def test_typing_errors_are_looked_for_by_a_dictionary_and_change_no_choice(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(write_hunspell(tmp_path / "bin")), prepend=os.pathsep)
    without = rank(run, Ranking(), units=UNITS[:1])
    known = {word.strip(".") for _, target in PAIRS for word in target.split()} - {"التلال"} | {"التلول"}
    (tmp_path / "ar.aff").touch()
    (tmp_path / "ar.dic").write_text("\n".join(sorted(known)), encoding="utf-8")
    found = rank(run, Ranking(dictionary=str(tmp_path / "ar")), units=UNITS[:1])
    noted = [one for one in found.values() if "1 spelling; first 'التلال' for 'التلول'" in str(scores(one, "good"))]
    assert noted and all("التلال" in str(scores(one, "good")["messages"]) for one in noted)
    for name, one in found.items():
        assert one.metadata["ranked"]["choices"] == without[name].metadata["ranked"]["choices"]


def test_quality_is_a_chance_among_the_candidates_that_there_are(run: Path) -> None:
    ranked = rank(run, Ranking())
    assert len(ranked) == 80
    for document in ranked.values():
        found = [c for c in document.metadata["ranked"]["candidates"] if c["messages"] is not None]
        qualities = [c["quality"] for c in found]
        if len(found) > 1:
            assert sum(qualities) == pytest.approx(1, abs=2e-4)
            assert all(q == round(q, 4) for q in qualities)
        else:
            assert qualities in ([None], [])
        assert all(c["quality"] is None for c in document.metadata["ranked"]["candidates"] if c["messages"] is None)
    # One alone, two, and all three.
    assert scores(ranked["alpha/0000009"], "good")["quality"] is None
    assert scores(ranked["alpha/0000003"], "near")["quality"] is None
    assert scores(ranked["alpha/0000003"], "good")["quality"] > scores(ranked["alpha/0000003"], "poor")["quality"]
    means = {
        name: [q for d in ranked.values() if (q := scores(d, name)["quality"]) is not None]
        for name in ("good", "poor")
    }
    assert sum(means["good"]) / len(means["good"]) > sum(means["poor"]) / len(means["poor"]) + 0.1


def test_the_ranker_may_count_the_reward(run: Path) -> None:
    plain = rank(run, Ranking(), rewards=True)
    ignored = rank(run, Ranking())
    weights = json.loads(SHIPPED.read_text())
    for part in ("pair", "consensus"):
        weights[part]["reward"] = 4.0
    counted = {
        name: rank(run, Ranking(), rewards=rewards, weights=json.dumps(weights))
        for name, rewards in (("with", True), ("without", False))
    }

    def quality(ranked: dict[str, Document], name: str) -> float:
        return float(scores(ranked["alpha/0000000"], name)["quality"])

    # A ranker that was trained without rewards does not look at them, and one that was does without where none are.
    assert quality(plain, "near") == quality(ignored, "near") == quality(counted["without"], "near")
    assert quality(counted["with"], "near") > quality(plain, "near")
    assert quality(counted["with"], "poor") < quality(plain, "poor")
    # In xlam only `good` has a reward: a difference that is not known counts nothing.
    some = next(i for i, d in plain.items() if i.startswith("xlam/") and scores(d, "good")["quality"] is not None)
    assert scores(counted["with"][some], "good")["quality"] == scores(plain[some], "good")["quality"]


def test_a_row_that_nobody_translated_is_dropped_with_its_reason(run: Path) -> None:
    document = rank(run, Ranking())["xlam/0000001"]
    assert document.metadata["dropped"][0] == "no_candidate"
    assert "good not translated: finish_reason" in document.metadata["dropped"][1]


def test_with_one_translator_quality_is_null_and_nothing_else_changes(run: Path) -> None:
    ranked = rank(run, Ranking(), names=("poor",))
    assert {scores(document, "poor")["quality"] for document in ranked.values()} == {None}
    sound = [d for d in ranked.values() if not any(v["hard"] for v in scores(d, "poor")["checks"])]
    assert len(sound) > 5 and all(chosen(d, "poor") == "poor" for d in sound)
    assert all(chosen(d, "poor") is None for d in ranked.values() if d not in sound)
    assert all(not any("quality" in name for name in d.metadata["counters"]) for d in ranked.values())


@pytest.mark.parametrize("order", ["quality", "rank_score", "reward"])
def test_each_order_takes_the_candidate_that_is_best_by_it(run: Path, order: str) -> None:
    ranking = Ranking.model_validate({"order_by": order, "margin": 0, "reward": {"model": "any"}})
    ranked = rank(run, ranking, rewards=True)
    taken = set()
    for number, document in ranked.items():
        usable = {
            c["translator"]: c[order]
            for c in document.metadata["ranked"]["candidates"]
            if c["messages"] is not None and not any(v["hard"] for v in c["checks"])
        }
        known = {name: value for name, value in usable.items() if value is not None}
        if known and "good" in known:
            best = chosen(document, "good")
            assert usable[best] == max(known.values()), number
            taken.add(best)
    # xlam has a reward for `good` alone, and the others are never better.
    assert len(taken) >= 2


def test_a_split_may_have_a_policy_of_its_own(run: Path) -> None:
    ranking = Ranking.model_validate(
        {
            "order_by": "rank_score",
            "margin": 0,
            "min_LR": 0.99,
            "splits": [{"match": "x*", "min_LR": 0, "replace": "never"}],
        }
    )
    ranked = rank(run, ranking)
    for number, document in ranked.items():
        veto = any("LR" in d for choice in document.metadata["ranked"]["choices"] for d in choice["decisions"])
        if number.startswith("xlam"):
            assert not veto and chosen(document, "poor") in ("poor", None)
    assert sum(chosen(d, "good") is None for n, d in ranked.items() if n.startswith("alpha")) > 30
    counted = Counter[str]()
    for document in ranked.values():
        counted.update(document.metadata["counters"])
    assert counted["SFT_good_ranked/changed_by_LR"] > 30 and counted["good/veto_LR"] > 30


def test_what_decided_is_said_of_every_candidate(run: Path) -> None:
    for document in rank(run, Ranking()).values():
        row = document.metadata["ranked"]
        for choice in row["choices"]:
            assert len(choice["decisions"]) == len(row["candidates"])
            for candidate, decision in zip(row["candidates"], choice["decisions"], strict=True):
                hard = [v["check"] for v in candidate["checks"] if v["hard"]]
                if candidate["messages"] is None:
                    assert decision == "not translated: finish_reason"
                elif hard:
                    assert decision.startswith("vetoed: ") and hard[0] in decision
                else:
                    assert decision.startswith(("chosen: ", "not chosen: "))


def test_the_recipe_says_which_checks_veto_and_changes_nothing_but_the_choice(run: Path) -> None:
    def known(ranked: dict[str, Document]) -> list[Any]:
        return [document.metadata["ranked"]["candidates"] for document in ranked.values()]

    usual, lenient = (rank(run, Ranking(replace="vetoed", veto=veto)) for veto in ({}, {"numbers": False}))
    assert known(usual) == known(lenient)
    faulty = {
        i
        for i, document in usual.items()
        if [v["check"] for v in scores(document, "poor")["checks"] if v["hard"]] == ["numbers"]
        and scores(document, "poor")["messages"]
    }
    assert len(faulty) > 5
    for i in faulty:
        assert chosen(usual[i], "poor") != "poor" and chosen(lenient[i], "poor") == "poor"
        assert lenient[i].metadata["counters"]["poor/note_numbers"] == 1
        assert lenient[i].metadata["counters"]["SFT_poor_ranked/noted_numbers"] == 1
    strict = rank(run, Ranking(replace="never", veto={"length": True, "numbers": True, "markup": True}))
    for document in strict.values():
        said = {verdict["check"] for verdict in scores(document, "good")["checks"]}
        assert (chosen(document, "good") is None) == bool(
            said & {"length", "numbers", "markup"} or scores(document, "good")["messages"] is None
        )


def test_rows_are_scored_the_same_however_they_are_batched(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(documents: dict[str, Document]) -> dict[str, str]:
        return {number: json.dumps(d.metadata["ranked"], sort_keys=True) for number, d in documents.items()}

    together = plain(rank(run, Ranking()))
    for rows, characters in ((1, 10**9), (7, 10**9), (256, 200)):
        monkeypatch.setattr(builders.stages.rank, "_BATCH_ROWS", rows)
        monkeypatch.setattr(builders.stages.rank, "_BATCH_CHARACTERS", characters)
        assert plain(rank(run, Ranking())) == together
    alone = {}
    for unit in UNITS:
        alone |= plain(rank(run, Ranking(), units=[unit]))
    assert alone == together


def with_verdicts(run: Path, checked_by: str | None, checks: list[dict[str, Any]] | None) -> None:
    """Gives every candidate of `run` verdicts, as the stage `translate` does."""
    for unit in UNITS:
        for name in REWARDS:
            files = UnitFiles(run / "translate" / name, unit.name)
            rows = [row | {"checks": checks, "checked_by": checked_by} for row in read_unit(files).to_pylist()]
            write_unit(files, schemas.candidate(), unit.rows, rows, list(read_dropped(files)))


def test_verdicts_that_todays_rules_made_are_taken_and_no_others(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def checks(ranked: dict[str, Document]) -> set[str]:
        row = [c for d in ranked.values() for c in d.metadata["ranked"]["candidates"] if c["messages"] is not None]
        return {verdict["check"] for candidate in row for verdict in candidate["checks"]}

    anew, sample = checks(rank(run, Ranking())), (run / "ranker" / "fitted.npz").read_bytes()
    assert "numbers" in anew and "kept" not in anew
    kept = [{"check": "kept", "hard": False, "detail": "from translate", "message": 0}]
    for rules, found in ((None, None), ("of an earlier version", kept)):
        with_verdicts(run, rules, found)
        assert checks(rank(run, Ranking())) == anew
        assert (run / "ranker" / "fitted.npz").read_bytes() == sample
    # Only who translates has the glossary.
    with_verdicts(run, "of an earlier version", [kept[0] | {"check": "terms"}])
    assert checks(rank(run, Ranking())) == anew | {"terms"}
    with_verdicts(run, rules_digest("Arab", "ar"), kept)

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("checked again")

    monkeypatch.setattr("builders.stages.common.join_candidates.check_conversation", never)
    assert checks(rank(run, Ranking())) == {"kept"}
    # The fit has seen no wrong numbers.
    assert (run / "ranker" / "fitted.npz").read_bytes() != sample


def test_candidates_of_an_earlier_version_have_no_verdicts_and_are_checked(run: Path) -> None:
    before = {number: d.metadata["ranked"] for number, d in rank(run, Ranking()).items()}
    for unit in UNITS:
        for name in REWARDS:
            files = UnitFiles(run / "translate" / name, unit.name)
            pq.write_table(read_unit(files).drop_columns(["checks", "checked_by"]), files.kept)
    assert {number: d.metadata["ranked"] for number, d in rank(run, Ranking()).items()} == before


def units(sizes: dict[str, list[int]]) -> list[Unit]:
    return [
        Unit(f"{split}-{number:08d}", split, split, "f", 0, number * 2000, rows)
        for split, members in sizes.items()
        for number, rows in enumerate(members)
    ]


def test_the_sample_is_drawn_from_every_split_in_few_units() -> None:
    found = units({"huge": [2000] * 800, "middle": [2000] * 20, "small": [50, 3], "tiny": [5]})
    plan = plan_sample(found, seed=7)
    drawn = Counter[str]()
    for name, rows in plan.items():
        drawn[name.rsplit("-", 1)[0]] += rows
    assert drawn["tiny"] == 5 and drawn["small"] == 32 and drawn["middle"] == pytest.approx(4096 * 20 / 820, abs=2)
    assert 4000 < sum(plan.values()) < 4200
    # About one unit for 64 rows, and none more than it has.
    assert len(plan) < 80
    assert all(plan[unit.name] <= unit.rows for unit in found if unit.name in plan)
    assert plan_sample(found, seed=7) == plan != plan_sample(found, seed=8)
    assert plan_sample(found[::-1], seed=7) == plan


def test_a_small_run_is_sampled_whole() -> None:
    found = units({"one": [30, 2000], "two": [1]})
    assert plan_sample(found, seed=0) == {unit.name: unit.rows for unit in found}


def test_the_fit_depends_on_the_seed_and_the_rows_alone(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker_fit, "SAMPLE_ROWS", 40)
    monkeypatch.setattr(ranker_fit, "LEAST_A_SPLIT", 5)
    names = ("good", "near", "poor")
    once = (fitted(run, names) / "fitted.npz").read_bytes()
    assert (fitted(run, names) / "fitted.npz").read_bytes() == once
    assert (fitted(run, names, seed=2) / "fitted.npz").read_bytes() != once
    sample = load_fitted(run / "ranker", Language()).sample
    assert sample.candidates.shape == (40, 3, len(MEASURES))


@pytest.mark.parametrize("workers", [2, 3, 9])
def test_the_fit_is_the_same_with_any_number_of_processes(
    run: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    shared: list[int] = []

    def one_by_one(share: Any, count: int, _: int) -> list[Any]:
        shared.append(count)
        return [share(number) for number in range(count)]

    monkeypatch.setattr(ranker_fit, "SAMPLE_ROWS", 60)
    monkeypatch.setattr(ranker_fit, "ROWS_A_PROCESS", 1)
    monkeypatch.setattr(ranker_fit, "in_processes", one_by_one)
    names = ("good", "near", "poor")
    alone = (fitted(run, names) / "fitted.npz").read_bytes()
    assert not shared and (fitted(run, names, workers=workers) / "fitted.npz").read_bytes() == alone
    # Never more processes than there are units.
    assert shared == [min(workers, len(plan_sample(UNITS, 1)))]


def test_processes_measure_a_sample(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("good", "poor")
    alone = (fitted(run, names, workers=2) / "fitted.npz").read_bytes()
    monkeypatch.setattr(ranker_fit, "ROWS_A_PROCESS", 1)
    assert (fitted(run, names, workers=2) / "fitted.npz").read_bytes() == alone


def test_a_build_says_whom_the_ranker_knows_and_what_it_lacks(run: Path) -> None:
    plain = json.loads(SHIPPED.read_text(encoding="utf-8"))
    plain["standings"] = {name: {"strength": 1.0, "rows": 500} for name in ("poor", "good", "other")}
    plain["pair"]["reward"] = 2.0
    weights = run / "mine.json"
    weights.write_text(json.dumps(plain))
    said: list[str] = []
    build: Any = SimpleNamespace(
        recipe=small_recipe(("good", "near", "poor"), ranking={"ranker": str(weights)}),
        run=SimpleNamespace(stage=run.joinpath),
        observer=SimpleNamespace(say=said.append, warn=said.append),
        marks={f"translate/{name}": "done" for name in ("good", "near", "poor")},
        selected=UNITS,
        executor=SimpleNamespace(workers=1),
    )
    mark = plan_ranker(build)
    lacks, knows = (
        f"{weights} was trained with rewards, and ranking.reward is not set: it does without",
        ("ranker: takes good, poor for the translators that it was trained on"),
    )
    assert said == [lacks, knows]
    # What is fitted already is not told again.
    assert plan_ranker(build) == mark and said == [lacks, knows, lacks]


def test_a_very_long_conversation_is_read_in_part_and_keeps_its_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker_fit, "LONGEST", 1000)
    source, target = [message("word " * 1000)], [message("كلمة " * 1500)]
    (short,), candidates = ranked_texts([(source, {"a": target, "b": None})], ["a", "b"])
    assert len(short) == 1000 and candidates == {"a": [("كلمة " * 300)], "b": [None]}
