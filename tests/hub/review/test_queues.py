"""What is to be judged in the demo's run: the same for everybody, and nothing in it says whose a translation is."""

import json
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from builders.recipes.load import load_recipe
from builders.run_folder.folder import Run
from builders.run_folder.units import UnitFiles
from hub.report.rows import read_rows
from hub.review.queues import NEAR, RANDOM, Queues
from tests.builders.small_run import candidate, row, write_run
from tests.conftest import Demo


def queues(run: Path, near: float = 0.3, seed: int = 1) -> Queues:
    recipe = load_recipe(str(run / "recipe.yaml"))
    return Queues(Run(run), recipe, read_rows(recipe, Run(run)), near=near, seed=seed)


@pytest.fixture(scope="module")
def made(demo: Demo) -> Queues:
    return queues(demo.run)


def test_near_ties_are_those_and_the_nearest_first(made: Queues) -> None:
    items = made.queue(NEAR)
    quality = [[one["quality"] for one in made.whole(item.row)["candidates"]] for item in items]
    apart = [abs(one - other) for one, other in quality]
    assert apart == sorted(apart) and len(items) > 5 and apart[-1] <= 0.3


def test_a_check_s_queue_holds_what_it_found_hard_first(made: Queues) -> None:
    items = made.queue("check:numbers")
    verdicts = [
        [v["hard"] for one in made.whole(item.row)["candidates"] for v in one["checks"] if v["check"] == "numbers"]
        for item in items
    ]
    assert verdicts and all(verdicts)
    hard = [any(found) for found in verdicts]
    assert hard == sorted(hard, reverse=True)


def test_a_row_that_no_config_took_is_there_with_its_texts(demo: Demo, made: Queues, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(demo.run, run)
    [item, *_] = made.queue("check:numbers")
    files = UnitFiles(run / "rank", item.unit)
    table = pq.read_table(files.kept, partitioning=None)
    pq.write_table(table.filter(pc.not_equal(table["id"], item.row)), files.kept)
    files.dropped.parent.mkdir(exist_ok=True)
    with files.dropped.open("a") as lines:
        lines.write(json.dumps({"id": item.row, "reason": "no_candidate"}) + "\n")
    left_out = queues(run)
    assert item in left_out.queue("check:numbers")
    assert left_out.candidates(item.row) == made.candidates(item.row)


def test_a_split_s_queue_is_a_part_of_it(made: Queues) -> None:
    [one, *_] = made.queue(RANDOM)
    items = made.queue(RANDOM, one.split)
    assert items and {item.split for item in items} == {one.split} and one in items
    for kind, split in (("nothing", None), (RANDOM, "nothing")):
        with pytest.raises(KeyError):
            made.queue(kind, split)


def test_the_same_run_gives_the_same_queues_and_another_seed_another_order(demo: Demo, made: Queues) -> None:
    again, other = queues(demo.run), queues(demo.run, seed=2)
    assert all(again.queue(kind) == made.queue(kind) for kind in made.kinds)
    rows = [[item.row for item in each.queue(RANDOM)] for each in (made, other)]
    assert rows[0] != rows[1] and set(rows[0]) == set(rows[1])


def test_where_all_say_the_same_one_of_them_is_there_to_be_approved(tmp_path: Path) -> None:
    both = [candidate("SeedX", "أ", "ب"), candidate("Gemma3", "أ", "ب")]
    made = queues(write_run(tmp_path / "run", [row(n, ["Hi.", "Yes."], *both) for n in range(3)], ("SeedX", "Gemma3")))
    assert [item.names for item in made.queue(RANDOM)] == [("SeedX",)] * 3 and not made.queue(NEAR)


def test_sides_are_drawn_by_annotator_and_row(made: Queues) -> None:
    items = made.queue(RANDOM)
    sides = {name: [made.sides(item, name) for item in items] for name in ("ann", "ben")}
    assert sides["ann"] != sides["ben"] and sides["ann"] == [made.sides(item, "ann") for item in items]
    for drawn in sides.values():
        first = sum(names[0] == "draft" for names in drawn)
        assert 0.25 * len(items) < first < 0.75 * len(items)
    assert not any(name in item.key for item in items for name in item.names)
