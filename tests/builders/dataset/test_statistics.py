"""Statistics: exact whatever the order and the tasks, weighted by rows, and the paper's row counts."""

import json
import pickle
import random
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.dataset.statistics import SplitStatistics, summarise, to_json, to_markdown
from processors.errors import InputError

PAPER = json.loads(Path(__file__).with_name("paper_tables.json").read_text(encoding="utf-8"))

ROW = st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, 400), st.integers(0, 200_000))


def a_row(LR: float, SCR: float, turns: float, tokens: float, **scores: float) -> dict[str, float]:
    return {"LR": LR, "SCR": SCR, "turns": turns, "tokens": tokens} | scores


def gather(rows: list[tuple[float, float, int, int]]) -> SplitStatistics:
    statistics = SplitStatistics()
    for row in rows:
        statistics.add(a_row(*row))
    return statistics


@given(st.lists(ROW, max_size=40), st.randoms(use_true_random=False), st.integers(1, 8))
def test_order_and_tasks_do_not_matter(rows: list, chance: random.Random, tasks: int) -> None:
    whole = gather(rows)
    shuffled = chance.sample(rows, len(rows))
    parts = [gather(shuffled[task::tasks]) for task in range(tasks)]
    chance.shuffle(parts)
    merged = SplitStatistics()
    for part in parts:
        merged.merge(pickle.loads(pickle.dumps(part)))
    assert to_json({"s": merged}) == to_json({"s": whole})


def test_order_matters_to_a_naive_sum_of_these_rows() -> None:
    # Guards the property above: without exact sums these rows give two different means.
    values = [0.1] * 10 + [1.0, 1e-3] * 7
    assert sum(values) != sum(reversed(values))
    forward, backward = (gather([(v, v, 2, 1) for v in order]) for order in (values, values[::-1]))
    assert forward.mean("LR") == backward.mean("LR")


@given(st.lists(ROW, min_size=1, max_size=40))
def test_means_are_the_true_means(rows: list) -> None:
    statistics = gather(rows)
    for column, values in zip(("LR", "SCR", "turns", "tokens"), zip(*rows, strict=True), strict=True):
        exact = sum(map(Fraction, values)) / len(rows)
        assert statistics.mean(column) == pytest.approx(float(exact), abs=1e-18, rel=1e-15)
    assert statistics.total_tokens == sum(row[3] for row in rows)


def test_summary_weighs_by_rows_not_by_splits() -> None:
    splits = {
        "large": SplitStatistics.from_means(rows=900, LR=0.8, SCR=1.0, turns=2.0, tokens=1000.5),
        "small": SplitStatistics.from_means(rows=100, LR=0.3, SCR=0.5, turns=6.0, tokens=10.0),
    }
    summary = summarise(splits.values())
    assert summary.rows == 1000
    assert summary.total_tokens == 901_450
    assert pytest.approx((0.75, 0.95)) == (summary.mean("LR"), summary.mean("SCR"))
    assert summary.mean("turns") == pytest.approx(2.4)
    assert summary.mean("tokens") == pytest.approx(901.45)


@pytest.mark.parametrize("config", sorted(PAPER["configs"]))
def test_papers_rows_add_up_to_its_summary(config: str) -> None:
    """The rows are the paper's. The means of single splits are constructed: far apart, balanced by the largest."""
    published = PAPER["configs"][config]
    rows = {name: count for name, count in PAPER["rows"].items() if name != published["without"]}
    assert sum(rows.values()) == published["rows"]

    largest = max(rows, key=lambda name: rows[name])
    lifts = {name: 0.002 * (place + 1) for place, name in enumerate(rows)}
    lifts[largest] = -sum(rows[name] * lifts[name] for name in rows if name != largest) / rows[largest]
    mean_tokens = published["tokens_in_millions"] * 1e6 / published["rows"]
    splits = {
        name: SplitStatistics.from_means(
            rows=count,
            LR=published["LR"] + lifts[name],
            SCR=published["SCR"] + lifts[name],
            turns=published["turns"] + 10 * lifts[name],
            tokens=mean_tokens + 1e4 * lifts[name],
        )
        for name, count in rows.items()
    }
    unweighted = sum(split.mean("LR") or 0 for split in splits.values()) / len(splits)
    assert round(unweighted, 3) != published["LR"]

    summary = summarise(splits.values())
    assert summary.rows == published["rows"]
    assert round(summary.total_tokens / 1e6, 2) == published["tokens_in_millions"]
    assert [round(mean or 0, 3) for mean in (summary.mean("LR"), summary.mean("SCR"))] == [
        published["LR"],
        published["SCR"],
    ]
    assert round(summary.mean("turns") or 0, 2) == published["turns"]


@pytest.mark.parametrize("config", sorted(PAPER["splits"]))
def test_the_papers_tables_give_its_summary(config: str) -> None:
    """Of the splits' rows and means as printed; table 2 spells two kinds of split names wrongly."""
    published, splits = PAPER["configs"][config], {}
    for name, (rows, LR, SCR, turns, tokens) in PAPER["splits"][config].items():
        for wrong, right in PAPER["misspelt"].items():
            name = name.replace(wrong, right)
        assert PAPER["rows"][name] == rows
        splits[name] = SplitStatistics.from_means(rows=rows, LR=LR, SCR=SCR, turns=turns, tokens=tokens)
    assert {*splits, published["without"]} == set(PAPER["rows"])
    summary = summarise(splits.values())
    means = {name: summary.mean(name) for name in ("LR", "SCR", "turns")}
    assert summary.rows == published["rows"]
    # Of means that are rounded to their last digit.
    assert summary.total_tokens / 1e6 == pytest.approx(published["tokens_in_millions"], abs=0.01)
    assert means == pytest.approx({name: published[name] for name in means}, abs=0.005)
    assert [round(means[name] or 0, 3) for name in ("LR", "SCR")] == [published["LR"], published["SCR"]]
    assert round(means["turns"] or 0, 2) == published["turns"]
    assert summary.tokens_p95 is None and "tokens_p95" not in summary.means()


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(1, 5))
def test_95_percent_of_the_rows_are_at_most_so_long(lengths: list[int], tasks: int) -> None:
    merged = SplitStatistics()
    for task in range(tasks):
        part = gather([(0.5, 0.5, 2, length) for length in lengths[task::tasks]])
        merged.merge(SplitStatistics.from_plain(json.loads(json.dumps(part.to_plain()))))
    found = merged.tokens_p95
    assert found in lengths
    assert 100 * sum(length <= found for length in lengths) >= 95 * len(lengths)
    assert 100 * sum(length < found for length in lengths) < 95 * len(lengths)


def test_without_the_lengths_of_all_rows_there_is_no_percentile() -> None:
    known = gather([(0.5, 0.5, 2, 10)])
    known.merge(SplitStatistics.from_means(rows=3, LR=0.5, SCR=0.5, turns=2.0, tokens=100.0))
    assert known.tokens_p95 is None and SplitStatistics().tokens_p95 is None
    assert "95 %" not in to_markdown({"s": known})


def test_papers_totals_say_that_a_turn_is_a_message() -> None:
    seedx, gemma = PAPER["configs"]["SFT_SeedX_ranked"], PAPER["configs"]["SFT_Gemma3_ranked"]
    difference = seedx["rows"] * seedx["turns"] - gemma["rows"] * gemma["turns"]
    rounding = 0.005 * (seedx["rows"] + gemma["rows"])
    only_seedx, only_gemma = PAPER["rows"][gemma["without"]], PAPER["rows"][seedx["without"]]
    assert abs(2 * only_seedx - 2 * only_gemma - difference) < rounding
    assert abs(1 * only_seedx - 1 * only_gemma - difference) > 10 * rounding


def test_empty_split_has_no_means() -> None:
    splits = {"empty": SplitStatistics()}
    assert summarise(splits.values()).mean("LR") is None
    assert json.loads(to_json(splits))["splits"]["empty"]["LR"] is None
    assert "| `empty` | 0 | n/a | n/a | n/a | n/a | 0 |" in to_markdown(splits)
    assert summarise([]).rows == 0


def test_outputs() -> None:
    splits = {
        "OpenHermes_2.5_no_think": SplitStatistics.from_means(rows=384_900, LR=0.8, SCR=0.95, turns=2.0, tokens=500.0),
        "xlam_traces_no_think": SplitStatistics.from_means(rows=59_962, LR=0.7, SCR=0.5, turns=3.5, tokens=1200.0),
    }
    assert to_markdown(splits) == (
        "| Split | Rows | LR | SCR | Turns | Tokens a row | Tokens (M) |\n"
        "|---|---:|---:|---:|---:|---:|---:|\n"
        "| `OpenHermes_2.5_no_think` | 384,900 | 0.800 | 0.950 | 2.00 | 500 | 192.45 |\n"
        "| `xlam_traces_no_think` | 59,962 | 0.700 | 0.500 | 3.50 | 1,200 | 71.95 |\n"
        "| **All** | 444,862 | 0.787 | 0.889 | 2.20 | 594 | 264.40 |\n"
    )
    parsed = json.loads(to_json(splits))
    assert list(parsed["splits"]) == list(splits)
    assert parsed["splits"]["xlam_traces_no_think"] == {
        "rows": 59_962,
        "LR": 0.7,
        "SCR": 0.5,
        "turns": 3.5,
        "tokens": 1200.0,
        "quality": None,
        "reward": None,
        "total_tokens": 71_954_400,
    }
    assert parsed["summary"]["rows"] == 444_862


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ((1.1, 0.5, 2, 3), "LR"),
        ((float("nan"), 0.5, 2, 3), "LR"),
        ((0.5, -0.1, 2, 3), "SCR"),
        ((0.5, 0.5, -1, 3), "turns"),
        ((0.5, 0.5, 2, float("inf")), "tokens"),
    ],
)
def test_impossible_values_are_named(row: tuple, name: str) -> None:
    statistics = SplitStatistics()
    with pytest.raises(InputError, match=name):
        statistics.add(a_row(*row))
    assert statistics == SplitStatistics()


def test_quality_and_reward_are_means_of_the_rows_that_have_them() -> None:
    one, other, without = SplitStatistics(), SplitStatistics(), SplitStatistics()
    one.add(a_row(0.5, 0.5, 2, 10, quality=0.75, reward=-3.5))
    one.add(a_row(0.5, 0.5, 2, 10))
    other.add(a_row(0.5, 0.5, 2, 10, quality=0.25))
    without.add(a_row(0.5, 0.5, 2, 10))
    splits = {"one": one, "other": other, "without": without}
    summary = summarise(splits.values())
    assert (summary.rows, summary.mean("quality"), summary.mean("reward")) == (4, 0.5, -3.5)
    assert other.mean("reward") is None
    table = to_markdown(splits).splitlines()
    assert (
        table[0]
        == "| Split | Rows | LR | SCR | Quality | Reward | Turns | Tokens a row | 95 % have at most | Tokens |"
    )
    assert "| `without` | 1 | 0.500 | 0.500 | n/a | n/a | 2.00 | 10 | 10 | 10 |" in table
    assert "Quality" not in to_markdown({"without": without})


@pytest.mark.parametrize("changes", [{"quality": 1.2}, {"quality": -0.1}, {"reward": float("nan")}])
def test_values_outside_their_range_are_named(changes: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(changes))):
        SplitStatistics().add(a_row(0.5, 0.5, 2, 10, **changes))
