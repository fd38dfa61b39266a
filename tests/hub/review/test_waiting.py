"""The queue of an arbitrage on the page, and what the next arbitrage makes of what was said there."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from hub.review.command import run_review
from hub.review.said import Reviews
from hub.review.server import Desk
from hub.review.waiting import WAITING, WaitingAnswers
from processors.errors import InputError
from tests.builders.arbitrage.test_command import arbitrate, server_of, write_recipe

WRITTEN = "هذا جواب كتبه إنسان، وهو أحسن مما كتبته النماذج كلها."


def opened(run: Path) -> tuple[Desk, dict[str, dict[str, Any]]]:
    """The desk of an arbitrage's queue, and an item of each prompt, as somebody sees it."""
    (run / "review").mkdir(exist_ok=True)
    desk = Desk(WaitingAnswers(run, 1), Reviews(run / "review"))
    keys = [one["key"] for one in desk.queue({"kind": WAITING, "annotator": "ann"})["items"]]
    items = [desk.item({"key": key, "annotator": "ann"}) for key in keys]
    return desk, {item["row"]: item for item in reversed(items)}


def test_what_people_choose_and_write_is_taken_by_the_next_arbitrage(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with server_of() as server:
        dataset = arbitrate(tmp_path, write_recipe(tmp_path, server))
        queue = [json.loads(line) for line in (run / "queue.jsonl").read_text().splitlines()]
        why = {row["id"]: row["why"] for row in queue}
        desk, items = opened(run)
        assert set(items) == set(why) and desk.start({})["queues"] == [{"kind": WAITING}]
        assert desk.start({})["source_language"] == "ar"
        low = [row for row, reason in why.items() if reason == "below_mark"]
        refused = [row for row, reason in why.items() if reason == "all_refusal"]
        # Whose an answer is nobody sees before the verdict; the prompt stands where a run has the source.
        item = items[low[0]]
        assert [side["name"] for side in item["sides"]] == [None, None] and "اشرح" in item["messages"][0]["source"][
            "text"
        ]
        said = {"annotator": "ann", "key": item["key"]}
        judged = desk.verdict(said | {"choice": 1})
        better = judged["sides"][1]["name"]
        for row in (low[1], refused[0]):
            of = {"annotator": "ann", "key": items[row]["key"], "side": 0, "message": 0, "text": WRITTEN}
            assert desk.check(of) == {"verdicts": []}
            desk.edit(of)
        assert not (run / "review" / "approved.tmx").exists()
        asked = len(server.asked)
        arbitrate(tmp_path, tmp_path / "recipe.yaml")
        assert len(server.asked) == asked
    rows = {row["source_id"]: row for row in pq.read_table(dataset / "SFT_arbitrage").to_pylist()}
    assert len(rows) == 18 + 3 and {rows[row]["by"] for row in (low[0], low[1], refused[0])} == {"people"}
    assert rows[low[0]]["model"] == better
    assert [rows[row]["messages"][-1]["content"] for row in (low[1], refused[0])] == [WRITTEN, WRITTEN]
    pairs = [row for row in pq.read_table(dataset / "Preference_arbitrage").to_pylist() if row["by"] == "people"]
    assert [pair["source_id"] for pair in pairs] == [low[0]]
    left = [json.loads(line)["id"] for line in (run / "queue.jsonl").read_text().splitlines()]
    assert sorted(left) == sorted([low[2], *refused[1:]])
    # What was said is still there; the queue is shorter.
    assert set(opened(run)[1]) == set(left)


def line(**said: Any) -> str:
    """A line of a queue with something else in it."""
    answer = {"name": "a", "text": "جواب", "reward": 0.5, "mark": None, "reason": None, "detail": None}
    row = {"id": "1", "why": "below_mark", "prompt": [{"role": "user", "content": "اشرح"}], "candidates": [answer]}
    return json.dumps({**row, **said}, ensure_ascii=False) + "\n"


NO_TEXT = line(id="0", candidates=[{"name": "a", "text": None}])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no prompt that waits for people"),
        ("{}\n", "line 1: is no line of an arbitrage's queue: id: Field required"),
        ("{\n", "line 1: is no JSON"),
        (NO_TEXT + "\n" + line() + "{\n", "line 4: is no JSON"),
        (NO_TEXT + "[]\n", "line 2: is no line of an arbitrage's queue: Input should be"),
        (line(candidates=None), "line 1: .*: candidates: Input should be a valid list"),
        (line(candidates=["جواب"]), r"line 1: .*: candidates\.0: Input should be"),
        (line(candidates=[{"text": "جواب"}]), r"line 1: .*: candidates\.0\.name: Field required"),
        (line(candidates=[{"name": "a", "text": 3}]), r"candidates\.0\.text: Input should be an instance of str"),
        (line(candidates=[{"name": "a", "mark": "4"}]), r"candidates\.0\.mark: Input should be a valid number"),
        (line(id=7), "line 1: .*: id: Input should be an instance of str"),
        (line(id=["7"]), "line 1: .*: id: Input should be an instance of str"),
        (line(why=None), "line 1: .*: why: Input should be an instance of str"),
        (line(prompt=[{"content": "اشرح"}]), r"line 1: .*: prompt\.0\.role: Field required"),
        (line() + "\n" + line(), "line 3: has the id '1' of line 1"),
        (NO_TEXT + "[" * 100_000 + "\n", "line 2: is no"),
        (b"\xff\n", "is not UTF-8"),
    ],
)
def test_what_is_no_queue_is_told_in_a_line(text: str | bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "queue.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=told) as raised:
        run_review(tmp_path, port=0, near=0.2, seed=1)
    assert "\n" not in str(raised.value)


def test_lines_without_anything_and_answers_without_text_are_passed_over(tmp_path: Path) -> None:
    answers = [
        {"name": "a", "mark": 1, "text": "نعم\u2028لا"},
        {"name": "b", "mark": 2.5, "text": "بلى"},
        {"name": "c"},
    ]
    answers[1]["text"] = "بلى\ud83d"
    (tmp_path / "queue.jsonl").write_text(
        "\n" + NO_TEXT + " \n" + line(candidates=answers), "utf-8", "backslashreplace"
    )
    waiting = WaitingAnswers(tmp_path, 1)
    assert [(one.row, one.names) for one in waiting.queue(WAITING)] == [("1", ("b", "a"))]
    assert {name: one.messages[0].target for name, one in waiting.candidates("1").items()} == {
        "b": "بلى\ud83d",
        "a": "نعم\u2028لا",
    }
