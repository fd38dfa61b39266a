"""Our numbers are lm-eval's own, item by item, on made rows in the form of AceGPT's copies; by a benchmark of ours."""

import csv
import json
from pathlib import Path

import pytest

from model_recipes.evaluation import run
from tests.standins.tiny_model import write_model

SUBJECTS = ("anatomy", "virology")
ROWS = [
    ['ما "هو"، إذن؟', "خيار, أول", "ثان", "٣", "4", "ABCD"[n % 4]] if n else ["سطر\nوسطر", "أ", "ب", "ج", "د", "A"]
    for n in range(7)
]


def made(folder: Path) -> Path:
    (folder / "MMLUArabic" / "test").mkdir(parents=True)
    (folder / "ArabicCulture").mkdir()
    for place, subject in enumerate(SUBJECTS):
        with (folder / "MMLUArabic" / "test" / f"{subject}_test.csv").open(
            "w", encoding="utf-8", newline=""
        ) as stream:
            csv.writer(stream).writerows([f"{place} {n} {row[0]}", *row[1:]] for n, row in enumerate(ROWS))
    rows = [{"id": f"X-{n}", "question": f"جملة {n}.", "answer": "نعم" if n % 3 else "لا"} for n in range(9)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "ArabicCulture" / "difficulty-easy-TF_dev.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.mark.train
@pytest.mark.timeout(900)
@pytest.mark.parametrize("limit", [None, 3])
def test_items_are_lm_eval_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int | None) -> None:
    pytest.importorskip("lm_eval")
    from benchmarks.lm_eval_numbers import compare

    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    every = run.leaves
    kept = [f"smolkalam_mmlu_mt_{subject}" for subject in SUBJECTS] + ["culture"]
    monkeypatch.setattr(run, "leaves", lambda manager, name: [c for c in every(manager, name) if c["task"] in kept])
    found = list(compare(made(tmp_path / "source"), write_model(tmp_path / "model"), tmp_path, limit))
    assert [(one.name, one.items, one.differing) for one in found] == [
        ("mmlu_mt", 2 * (limit or 7), 0),
        ("culture", 9, 0),
    ]
    assert all(one.ours == pytest.approx(one.own) for one in found)
