"""Accuracy, intervals and calibration of rewards, the figures and the card made of them; no model is needed."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from model_recipes.reward.card import write_card
from model_recipes.reward.evaluate import plot_reliability, report, summary
from model_recipes.reward.metrics import (
    by_translators,
    calibration_error,
    clustered_accuracy,
    log_loss,
    pairwise_accuracy,
    reliability,
)


def test_accuracy_counts_a_tie_as_one_half() -> None:
    found = pairwise_accuracy([2.0, 0.1, -3.0, 0.0])
    assert (found.pairs, found.accuracy) == (4, 0.625)
    assert 0 < found.low < 0.625 < found.high < 1


def test_pairs_of_one_row_are_not_independent() -> None:
    draw = np.random.default_rng(0)
    by_row = draw.choice([-1.0, 1.0], 40, p=[0.3, 0.7])
    differences, rows = np.repeat(by_row, 20), [f"row/{i}" for i in range(40) for _ in range(20)]
    clustered, naive = clustered_accuracy(list(differences), rows), pairwise_accuracy(list(differences))
    assert clustered.accuracy == naive.accuracy
    # Twenty times the same pair says no more than once.
    once = pairwise_accuracy(list(by_row))
    assert clustered.high - clustered.low == pytest.approx(once.high - once.low, rel=0.15)
    assert clustered.high - clustered.low > 3 * (naive.high - naive.low)


@pytest.mark.parametrize("difference", [1.0, -1.0])
def test_few_rows_that_agree_are_no_certainty(difference: float) -> None:
    found = clustered_accuracy([difference] * 12, [f"row/{i // 2}" for i in range(12)])
    once = pairwise_accuracy([difference] * 6)
    assert (found.pairs, found.accuracy, found.low, found.high) == (12, once.accuracy, once.low, once.high)
    assert found.high - found.low > 0.3


def test_two_translators_are_one_line_whichever_was_preferred() -> None:
    found = by_translators([1.0, -1.0, 2.0, 1.0], ["B", "A", "A", "A"], ["A", "B", "B", "C"])
    assert list(found) == ["A / B", "A / C"]
    assert (found["A / B"]["pairs"], found["A / B"]["accuracy"]) == (3, 2 / 3)
    assert found["A / B"]["first_preferred"] == 2 / 3


def test_a_calibrated_model_lies_on_the_diagonal_and_an_overconfident_one_below() -> None:
    draw = np.random.default_rng(0)
    true = draw.normal(0, 2, 20_000)
    right = draw.random(20_000) < 1 / (1 + np.exp(-np.abs(true)))
    differences = np.where(right, np.abs(true), -np.abs(true))
    bins = reliability(list(differences))
    assert len(bins) == 10 and sum(b.pairs for b in bins) == 20_000
    assert calibration_error(bins) < 0.02
    assert all(b.low - 0.02 <= b.confidence <= b.high + 0.02 for b in bins)
    overconfident = reliability(list(5 * differences))
    assert all(b.confidence > b.accuracy for b in overconfident[2:])
    assert calibration_error(overconfident) > 0.1
    assert log_loss(list(differences)) < log_loss(list(5 * differences))


def test_a_coin_has_a_loss_of_log_two() -> None:
    assert log_loss([0.0, 0.0]) == pytest.approx(np.log(2))
    assert log_loss([1000.0, 1000.0]) == 0.0
    assert log_loss([-1000.0]) == pytest.approx(1000)


def evaluation() -> dict:
    draw = np.random.default_rng(3)
    names = ["SeedX", "Gemma3", "NLLB"]
    rows = []
    for i in range(60):
        a, b = draw.choice(names, 2, replace=False)
        chosen, rejected = float(draw.normal(1, 1)), float(draw.normal(0, 1))
        about = {"source_id": f"s/{i // 3}", "chosen_translator": str(a), "rejected_translator": str(b)}
        rows.append({**about, "chosen": chosen, "rejected": rejected})
    left_out = {"longer than max_length": 2, "both sides are the same": 0}
    return summary(rows) | {"data": "/private/place/prefs", "split": "test", "max_length": 2048, "left_out": left_out}


def test_a_summary_without_names_of_rows_and_translators() -> None:
    rows = [{"source_id": "", "chosen_translator": "", "rejected_translator": "", "chosen": 1.0, "rejected": 0.5}] * 3
    found = summary(rows)
    assert found["interval"] == "Wilson" and found["source_rows"] is None and found["by_translators"] == {}


def test_the_card_has_the_figures_and_no_folder_of_this_machine(tmp_path: Path) -> None:
    found = evaluation()
    (tmp_path / "training.json").write_text(
        json.dumps({"model": "Qwen/Qwen2.5-1.5B", "dataset": "/private/place/prefs", "seed": 42, "lora_r": None})
    )
    write_card(tmp_path, found)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    head = yaml.safe_load(card.split("---\n")[1])
    assert head["base_model"] == "Qwen/Qwen2.5-1.5B"
    assert head["model-index"][0]["results"][0]["metrics"][0]["value"] == round(found["accuracy"]["accuracy"], 4)
    for names, line in found["by_translators"].items():
        assert f"| {names} | {line['pairs']} | {line['accuracy']:.1%} |" in card
    assert "2 (longer than max_length)" in card and "20 source rows" in card
    assert "/private" not in card and "lora_r" not in card and "| dataset | prefs |" in card
    assert "calibration.png" in card


def test_the_report_is_short(tmp_path: Path) -> None:
    lines = report(evaluation()).splitlines()
    assert lines[0].startswith("pairwise accuracy ") and len(lines) == 1 + 3 + 1


def test_the_plot_shows_every_bin(tmp_path: Path) -> None:
    bins = reliability(list(np.random.default_rng(0).normal(1, 1, 200)))
    plot_reliability(bins, tmp_path / "plot.png")
    import matplotlib.image

    assert matplotlib.image.imread(tmp_path / "plot.png").shape[:2] == (750, 750)
