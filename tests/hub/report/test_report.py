"""The report's page: one file without faults, what it leaves to a sample, and what is no finished run."""

import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

import hub.report.rows
from builders.recipes.load import load_recipe
from builders.run_folder.folder import Run
from hub.report.command import run_report
from hub.report.gathered import gather
from hub.report.rows import read_rows
from hub.report.sections import SECTIONS
from processors.errors import InputError
from tests.conftest import Demo
from tests.conftest import tree as files_of

VOID = {"meta", "input", "br", "rect", "path"}


class Whole(HTMLParser):
    """Sees that what is opened is closed, and notes ids, links within the page and addresses outside of it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "for", "aria-labelledby"):
                self.links.append((value or "").removeprefix("#"))
            if name in ("src", "href") and not (value or "").startswith("#"):
                self.outside.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> str:
    output = tmp_path_factory.mktemp("report") / "new" / "report.html"
    run_report(demo.run, output)
    return output.read_text(encoding="utf-8")


def test_the_page_is_whole_and_asks_nobody(page: str) -> None:
    seen = Whole()
    seen.feed(page)
    assert not seen.open and not seen.outside
    assert len(set(seen.ids)) == len(seen.ids) and set(seen.links) <= set(seen.ids)
    assert set(SECTIONS) <= set(seen.ids)
    assert len(page) < 500_000


GAINED = ("What each part of the ensemble gave", "Another&#x27;s, for its own is vetoed or missing")


def test_it_tells_where_rows_went_and_marks_what_was_found(page: str) -> None:
    for told in (
        "han characters 2",
        "102",
        "<mark>50,000</mark>",
        "<mark>15,000</mark>",
        '<bdi lang="en">order ',
        *GAINED,
    ):
        assert told in page, told


def test_a_run_gives_the_same_page_and_is_left_as_it_was(demo: Demo, page: str, tmp_path: Path) -> None:
    before = files_of(demo.run)
    run_report(demo.run, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page
    assert files_of(demo.run) == before


def test_of_many_rows_a_sample_is_drawn_that_has_a_part_of_every_split(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.report.rows, "_LEAST_OF_SPLIT", 2)
    run, recipe = Run(demo.run), load_recipe(str(demo.run / "recipe.yaml"))
    every, some = read_rows(recipe, run), read_rows(recipe, run, exact_rows=40)
    assert every.exact and not some.exact and every.population == some.population
    assert len(some.rows) < 60 and {row["split"] for row in some.rows} == set(every.population)
    assert [row for row in every.rows if row in some.rows] == some.rows == read_rows(recipe, run, exact_rows=40).rows
    run_report(demo.run, tmp_path / "sample.html", exact_rows=40)
    assert f"Computed on {len(some.rows)} of 94 rows" in (tmp_path / "sample.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("recipe.yaml", "not a run folder (no recipe.yaml)"),
        ("select", "the stage select is not finished"),
        ("translate/draft", "the stage translate/draft is not finished"),
        ("rank/counts", "the stage rank is not finished"),
        ("build/finished.json", "the stage build is not finished"),
    ],
)
def test_what_is_no_finished_run_is_told(missing: str, said: str, demo: Demo, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(demo.run, run)
    gone = run / missing
    gone.unlink() if gone.is_file() else shutil.rmtree(gone)
    with pytest.raises(InputError) as error:
        gather(run)
    assert said in str(error.value) and "\n" not in str(error.value)
    assert error.value.exit_code == 2


def test_a_folder_is_no_page(demo: Demo, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is a folder; give the name of the page"):
        run_report(demo.run, tmp_path)
