"""What the page asks and says, without a browser: blind, on the disk at once, and no nonsense taken."""

import json
import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import hub.review.command
from builders.recipes.load import load_recipe
from builders.run_folder.folder import Run, lock_folder
from hub.report.rows import read_rows
from hub.review.command import run_review
from hub.review.queues import Queues
from hub.review.said import Reviews
from hub.review.server import Desk, NonsenseAsked
from processors.errors import InputError
from processors.judging.votes import read_verdicts
from processors.memory.memory import Memory
from tests.builders.small_run import candidate, row, write_run
from tests.conftest import Demo

NAMES = ("reference", "draft")


@pytest.fixture
def desk(demo: Demo, tmp_path: Path) -> Desk:
    run, recipe = Run(demo.run), load_recipe(str(demo.run / "recipe.yaml"))
    queues = Queues(run, recipe, read_rows(recipe, run), near=0.3, seed=1)
    (tmp_path / "said").mkdir()
    return Desk(queues, Reviews(tmp_path / "said"))


def first(desk: Desk, kind: str = "random", annotator: str = "ann") -> dict[str, Any]:
    key = desk.queue({"kind": kind, "annotator": annotator})["items"][0]["key"]
    return desk.item({"key": key, "annotator": annotator})


def test_nothing_says_whose_a_translation_is_before_the_verdict(desk: Desk) -> None:
    for kind in desk.queues.kinds:
        for one in desk.queue({"kind": kind, "annotator": "ann"})["items"]:
            item = desk.item({"key": one["key"], "annotator": "ann"})
            assert [side["name"] for side in item["sides"]] == [None] * len(item["sides"])
            texts = [cell.pop("text") for message in item["messages"] for cell in message["sides"]]
            assert texts and not any(f'"{name}"' in json.dumps(item) for name in NAMES)
    item = first(desk)
    said = {"annotator": "ann", "key": item["key"]}
    assert sorted(side["name"] for side in desk.verdict(said | {"choice": 1})["sides"]) == sorted(NAMES)
    lines = [json.loads(line) for line in (desk.reviews.folder / "verdicts.jsonl").read_text().splitlines()]
    assert lines[0]["blind"] is True and lines[0]["better"] == lines[0]["shown"][1]
    desk.verdict(said | {"choice": "tie"})
    assert json.loads((desk.reviews.folder / "verdicts.jsonl").read_text().splitlines()[1])["blind"] is False


def test_what_one_says_is_not_shown_to_who_has_not_judged(desk: Desk) -> None:
    item = first(desk)
    said = {"key": item["key"], "annotator": "ann"}
    desk.verdict(said | {"choice": 0})
    desk.comment(said | {"text": "The second has no verb."})
    theirs = desk.item({"key": item["key"], "annotator": "ben"})
    assert theirs["choice"] is None and not theirs["others"] and not theirs["comments"]
    told = desk.verdict({"key": item["key"], "annotator": "ben", "choice": 1})
    assert told["others"] == [{"annotator": "ann", "comment": "The second has no verb."}]
    assert desk.progress({})["agreement"]["pairs"] == 1


def test_verdicts_edits_and_marks_are_on_the_disk_at_once(desk: Desk) -> None:
    item = first(desk, "check:numbers")
    said = {"key": item["key"], "annotator": "ann"}
    side, message, found = next(
        (side, message["number"], cell)
        for message in item["messages"]
        for side, cell in enumerate(message["sides"])
        if any(verdict["check"] == "numbers" for verdict in cell["verdicts"])
    )
    [start, end] = next(v["places"][0] for v in found["verdicts"] if v["check"] == "numbers")
    place = {"side": side, "message": message, "start": start, "end": end}
    desk.verdict(said | {"choice": 1 - side})
    marked = desk.mark(said | place | {"category": "accuracy", "severity": "minor"})
    assert marked["messages"][message]["sides"][side]["errors"][0]["text"] == found["text"][start:end]
    votes = read_verdicts(desk.reviews.folder, NAMES)
    assert [sum(of.values()) for of in votes.votes.values()] in ([0.2], [-0.2])
    edited = item["messages"][message]["sides"][1 - side]["text"]
    live = {"side": side, "message": message, "text": edited}
    assert "numbers" not in {verdict["check"] for verdict in desk.check(said | live)["verdicts"]}
    assert "numbers" in {verdict["check"] for verdict in desk.check(said | live | {"text": found["text"]})["verdicts"]}
    desk.edit(said | live)
    source = item["messages"][message]["source"]["text"]
    assert Memory.load(desk.reviews.folder / "approved.tmx").lookup(source) == edited.strip()
    again = Desk(desk.queues, Reviews(desk.reviews.folder))
    assert again.item(said) == desk.item(said)
    assert again.item(said)["messages"][message]["sides"][side]["edit"] == edited


def test_two_annotators_say_things_of_the_same_rows_at_once(desk: Desk) -> None:
    keys = [one["key"] for one in desk.queue({"kind": "random", "annotator": "ann"})["items"]][:12]

    def judge(annotator: str) -> None:
        for number, key in enumerate(keys):
            said = {"annotator": annotator, "key": key}
            desk.verdict(said | {"choice": number % 2})
            item = desk.item(said)
            text = item["messages"][0]["sides"][0]["text"]
            desk.edit(said | {"side": 0, "message": item["messages"][0]["number"], "text": f"{text} {annotator}"})

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(judge, ("ann", "ben")))
    again = Desk(desk.queues, Reviews(desk.reviews.folder))
    assert again.progress({}) == desk.progress({})
    counts = {one["annotator"]: (one["verdicts"], one["edited"]) for one in again.progress({})["annotators"]}
    assert counts == {"ann": (12, 12), "ben": (12, 12)} and again.progress({})["agreement"]["pairs"] == 12
    assert Memory.load(desk.reviews.folder / "approved.tmx")


@pytest.mark.parametrize(
    ("work", "asked", "why"),
    [
        ("queue", {"kind": "nothing"}, "no queue"),
        ("queue", {"kind": "random", "annotator": "  "}, "annotator's name"),
        ("queue", {"kind": "random", "annotator": "a\u202eb"}, "annotator's name"),
        ("queue", {"kind": "random", "annotator": "a" * 61}, "annotator's name"),
        ("item", {"key": "../../etc/passwd"}, "no such item"),
        ("verdict", {"choice": 2}, "number of a side"),
        ("verdict", {"choice": True}, "number of a side"),
        ("edit", {"side": 0, "message": 0, "text": " "}, "empty"),
        ("edit", {"side": 0, "message": 99, "text": "x"}, "no such message"),
        ("edit", {"side": -1, "message": 0, "text": "x"}, "number of a side"),
        ("edit", {"side": 0, "message": 0, "text": 3}, "as a text"),
        ("mark", {"side": 0, "message": 0, "start": 3, "end": 3}, "a place"),
        ("mark", {"side": 0, "message": 0, "start": 0, "end": 10**6}, "a place"),
        ("mark", {"side": 0, "message": 0, "start": 0, "end": 1, "category": "accuracy", "severity": "x"}, "minor"),
        ("comment", {"text": " "}, "says nothing"),
    ],
)
def test_nonsense_is_refused_and_nothing_written(desk: Desk, work: str, asked: dict[str, Any], why: str) -> None:
    key = first(desk)["key"]
    with pytest.raises(NonsenseAsked, match=why):
        getattr(desk, work)({"annotator": "ann", "key": key} | asked)
    assert not list(desk.reviews.folder.iterdir())


def test_a_run_of_one_translator_is_edited_and_approved(tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run", [row(n, ["Hi.", "Yes."], candidate("SeedX", "أ", "ب")) for n in range(3)], ("SeedX",)
    )
    recipe = load_recipe(str(run / "recipe.yaml"))
    desk = Desk(Queues(Run(run), recipe, read_rows(recipe, Run(run)), near=0.2, seed=1), Reviews(tmp_path))
    assert [kind["kind"] for kind in desk.start({})["queues"]] == ["random"]
    item = first(desk)
    said = {"key": item["key"], "annotator": "ann", "side": 0}
    assert desk.approve(said | {"approved": True})["sides"] == [{"name": "SeedX", "approved": True, "verdicts": []}]
    assert [one["done"] for one in desk.queue({"kind": "random", "annotator": "ann"})["items"]] == [True, False, False]
    with pytest.raises(NonsenseAsked):
        desk.verdict(said | {"choice": 0})


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def _ranked(folder: Path) -> Path:
    return write_run(folder / "run", [row(1, ["Hi."], candidate("SeedX", "أ"))], ("SeedX",))


def _failed(folder: Path) -> Path:
    return write_run(folder / "run", [row(1, ["Hi."], candidate("SeedX"))], ("SeedX",))


def _unranked(folder: Path) -> Path:
    run = _ranked(folder)
    shutil.rmtree(run / "rank")
    return run


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "nothing", "not a run folder"),
        (_unranked, "has not ranked every row yet"),
        (_failed, "no row has a candidate"),
    ],
)
def test_a_run_that_cannot_be_reviewed_is_told(make: Callable[[Path], Path], said: str, tmp_path: Path) -> None:
    told(said, make(tmp_path))


def test_a_port_that_is_taken_is_told(tmp_path: Path, taken: int) -> None:
    told(rf"--port {taken}: cannot be served .*give another one", _ranked(tmp_path), port=taken)


def test_two_servers_do_not_write_into_one_folder(tmp_path: Path) -> None:
    run = _ranked(tmp_path)
    lock = lock_folder(run / "review", busy="")
    told("is being reviewed by another server", run)
    lock.release()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    run = _ranked(tmp_path)
    (run / "review").write_text("a file")
    told("cannot be written", run)
    if os.getuid():
        (run / "review").unlink()
        run.chmod(stat.S_IRUSR | stat.S_IXUSR)
        told("cannot be written", run)


@pytest.mark.parametrize("name", ["verdicts.jsonl", "comments.jsonl", "verdicts.csv", "approved.tmx"])
def test_a_folder_in_place_of_a_file_is_told(name: str, tmp_path: Path) -> None:
    run = _ranked(tmp_path)
    (run / "review" / name).mkdir(parents=True)
    told(rf"review/{name}: is a folder; take it away", run)


def test_who_opens_the_address_at_once_is_not_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def serve(server: Any, listener: socket.socket) -> None:
        with socket.create_connection(listener.getsockname(), timeout=60):
            opened.append(listener.getsockname())

    monkeypatch.setattr(hub.review.command, "_serve", serve)
    run_review(_ranked(tmp_path), None, port=0, near=0.2, seed=1)
    assert len(opened) == 1


def test_that_nothing_was_said_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hub.review.command, "_serve", lambda *given: None)
    run = _ranked(tmp_path)
    run_review(run, None, port=0, near=0.2, seed=1)
    assert capsys.readouterr().err.splitlines()[-1] == f"{run}/review: nothing was said"


def test_an_edit_goes_before_an_approved_memory_where_the_end_of_the_review_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A translator may have approved texts already: of two memories the later one's is taken."""
    run, own = _ranked(tmp_path), tmp_path / "own.csv"
    own.write_text("source,target,approved\nHi.,أ,true\n", encoding="utf-8")
    recipe = load_recipe(str(run / "recipe.yaml"))
    desk = Desk(Queues(Run(run), recipe, read_rows(recipe, Run(run)), near=0.2, seed=1), _said(run))
    desk.edit({"key": first(desk)["key"], "annotator": "ann", "side": 0, "message": 0, "text": "مرحبا."})
    monkeypatch.setattr(hub.review.command, "_serve", lambda *given: None)
    run_review(run, None, port=0, near=0.2, seed=1)
    assert "approved.tmx] in each translator of the recipe, after its other memories:" in capsys.readouterr().err
    assert Memory.load([own, run / "review" / "approved.tmx"]).lookup("Hi.") == "مرحبا."


def _said(run: Path) -> Reviews:
    (run / "review").mkdir()
    return Reviews(run / "review")


def test_a_missing_extra_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    told(r"pip install 'smolkalam\[review\]'", _ranked(tmp_path))


def told(said: str, run: Path, port: int = 0) -> None:
    with pytest.MonkeyPatch.context() as patched, pytest.raises(InputError, match=said) as error:
        # It would go on until somebody ends it.
        patched.setattr(hub.review.command, "_serve", lambda *given: pytest.fail("it serves"))
        run_review(run, None, port=port, near=0.2, seed=1)
    assert error.value.exit_code == 2 and "\n" not in str(error.value)
