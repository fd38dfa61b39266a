"""Labels on a run's rows, from verdicts and from approved translations, and what the ranker learns of them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from builders.calibration.labels import label_source
from builders.calibration.told import read_told
from builders.recipes.ranking import LabelledRows
from builders.stages.fit_ranker import load_fitted, plan_ranker
from processors.errors import InputError
from processors.languages.language import Language
from tests.builders.small_run import small_recipe
from tests.builders.stages.test_rank import PAIRS, UNITS, run

NAMES = ("near", "good")
__all__ = ["run"]


def verdicts(path: Path, better: str, worse: str, rows: int = 30) -> str:
    lines = [{"id": f"alpha/{n:07d}", "better": better, "worse": worse, "annotator": "one"} for n in range(rows)]
    lines += [{"id": "alpha/0000001", "better": better, "worse": worse, "annotator": "two"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def approved(path: Path) -> str:
    """Every row's three sentences as they stand in it, which is what `good` says."""
    rows = {}
    for unit in UNITS:
        for source, target in _texts(path.parent, unit.name):
            rows[source] = target
    path.write_text(
        "".join(json.dumps({"source": s, "target": t}, ensure_ascii=False) + "\n" for s, t in rows.items())
    )
    return str(path)


def _texts(folder: Path, unit: str) -> list[tuple[str, str]]:
    from builders.run_folder.units import UnitFiles, read_unit

    found = []
    for stage in ("select", "translate/good"):
        table = read_unit(UnitFiles(folder / stage, unit), ["id", "messages"]).to_pylist()
        found.append({row["id"]: row["messages"][0]["content"] for row in table})
    sources, targets = found
    return [(sources[i], target) for i, target in targets.items()]


def build(run: Path, calibration: dict[str, Any] | None, said: list[str]) -> Any:
    return SimpleNamespace(
        recipe=small_recipe(NAMES, ranking={"calibration": calibration}),
        run=SimpleNamespace(stage=lambda *names: run.joinpath(*names)),
        observer=SimpleNamespace(say=said.append, warn=said.append),
        marks={f"translate/{name}": "done" for name in NAMES},
        executor=SimpleNamespace(workers=1),
        selected=UNITS,
    )


def difference(run: Path) -> float:
    prior = load_fitted(run / "ranker", Language()).prior()
    return prior["good"] - prior["near"]


@pytest.mark.parametrize(("better", "worse"), [("good", "near"), ("near", "good")])
def test_verdicts_of_people_tell_who_is_better_at_large(run: Path, better: str, worse: str) -> None:
    said: list[str] = []
    spec = {"by": "people", "path": verdicts(run / "said.jsonl", better, worse)}
    plain = plan_ranker(build(run, None, said))
    assert not (run / "ranker" / "calibration.json").exists() and not said
    mark = plan_ranker(build(run, spec, said))
    assert mark != plain and (difference(run) > 0) == (better == "good")
    told = json.loads((run / "ranker" / "calibration.json").read_text())
    # `near` lacks some rows, and of those there is nothing to compare.
    assert 20 < told["labels"] == told["rows"] < 30 and told["by"] == "people"
    assert f"labels on {told['rows']} rows by people" in said[-1] and f"; {better} is better at large" in said[-1]
    assert read_told(run / "ranker") == said[-1].removeprefix("ranker: ")
    # The same once more is not fitted again, other verdicts are.
    assert plan_ranker(build(run, spec, said)) == mark
    assert plan_ranker(build(run, spec | {"rows": 10}, said)) != mark


def test_approved_rows_tell_it_too(run: Path) -> None:
    said: list[str] = []
    plan_ranker(build(run, {"by": "references", "path": approved(run / "approved.jsonl"), "rows": 40}, said))
    told = json.loads((run / "ranker" / "calibration.json").read_text())
    assert 20 < told["rows"] <= 40 and difference(run) > 0 and told["agreement"] is None


def test_rows_that_nobody_approved_are_no_labels(run: Path) -> None:
    source, target = PAIRS[0]
    path = run / "one.jsonl"
    path.write_text(json.dumps({"source": source, "target": target}) + "\n")
    found = label_source(LabelledRows(by="references", path=str(path)), NAMES, Language(), 1)
    folders = {name: run / "translate" / name for name in NAMES}
    assert not list(found.labelled(UNITS, run / "select", folders))
    said: list[str] = []
    plan_ranker(build(run, {"by": "references", "path": str(path)}, said))
    assert f"{path} labels no row of this run, known by its source" in said[-1]


def test_who_agrees_is_said_where_rows_were_judged_twice(run: Path) -> None:
    path = Path(verdicts(run / "said.jsonl", "good", "near", rows=5))
    line = {"id": "alpha/0000002", "better": "near", "worse": "good", "annotator": "two"}
    path.write_text(path.read_text() + json.dumps(line) + "\n")
    found = label_source(LabelledRows(by="people", path=str(path)), NAMES, Language(), 1)
    assert found.agreement() is not None and found.agreement() < 1  # type: ignore[operator]
    assert len(list(found.labelled(UNITS, run / "select", {n: run / "translate" / n for n in NAMES}))) == 5


def test_a_vote_of_less_weight_is_less_of_a_label_and_no_disagreement(run: Path) -> None:
    path = Path(verdicts(run / "said.jsonl", "good", "near", rows=5))
    less = {"id": "alpha/0000001", "better": "good", "worse": "near", "annotator": "two", "weight": 0.2}
    other = {"id": "alpha/0000002", "better": "near", "worse": "good", "annotator": "three", "weight": 0.2}
    path.write_text("".join(f"{line}\n" for line in [*path.read_text().splitlines(), json.dumps(less)]))
    found = label_source(LabelledRows(by="people", path=str(path)), NAMES, Language(), 1)
    rows = list(found.labelled(UNITS, run / "select", {n: run / "translate" / n for n in NAMES}))
    [[label]] = [row.verdicts for row in rows if row.id == "alpha/0000001"]
    assert label == ("good", "near", pytest.approx(0.6))
    # All say the same, so that there is nothing to disagree on: how much they say it is no other verdict.
    assert found.agreement() is None
    path.write_text(path.read_text() + json.dumps(other) + "\n")
    assert label_source(LabelledRows(by="people", path=str(path)), NAMES, Language(), 1).agreement() == 0.0


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for by in ("references", "judges"):
        with pytest.raises(InputError, match=r"none\.jsonl"):
            label_source(LabelledRows(by=by, path=str(tmp_path / "none.jsonl")), NAMES, Language(), 1)
