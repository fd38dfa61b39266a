"""The report lists what is a duplicate, those of the translation first, and what is private."""

import dataclasses

from hub.report import published as room
from hub.report.gathered import Report, gather
from tests.conftest import Demo


def report_of(demo: Demo) -> Report:
    return gather(demo.run)


def again(number: int, new: bool, kind: str = "near") -> dict[str, object]:
    return {
        "id": f"a/{number:07d}", "split": "a", "like": "a/<0>", "kind": kind, "alike": 0.9, "source_alike": 0.1,
        "new": new,
    }  # fmt: skip


def test_a_run_without_any_says_so(demo: Demo) -> None:
    said = room.published(report_of(demo))
    assert "No row of a config says again" in said and "No candidate holds an e-mail address" in said


def test_rows_are_listed_those_of_the_translation_first_and_no_more_than_a_page_bears(demo: Demo) -> None:
    report = report_of(demo)
    config = next(iter(report.built))
    rows = [again(1, False), *(again(number, True) for number in range(2, room.MOST + 3))]
    said = room.published(dataclasses.replace(report, duplicates={config: rows}))
    assert f"{len(rows):,} rows say again what an earlier one says (nearly the same {len(rows):,})" in said
    assert f"{len(rows) - 1:,} of them in translation only" in said
    assert said.count("in translation only</span></td>") == room.MOST and "in the source too" not in said
    assert "<code>a/&lt;0&gt;</code>" in said and f"duplicates/{config}.jsonl</code> of the run folder has all" in said


def test_each_candidate_with_private_data_is_listed(demo: Demo) -> None:
    report = report_of(demo)
    verdict = {"check": "private", "hard": False, "message": 0, "detail": "key at 3 that the source does not have"}
    row = report.sample.rows[0]
    row["candidates"][0]["checks"] = [verdict]
    said = room.published(report)
    assert "the source does not have there are 1;" in said
    assert f"<code>{row['id']}</code>" in said and verdict["detail"] in said
