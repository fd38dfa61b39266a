"""The rules of the house: rooms look down only, hold few and short files, and say what they are.

The rules are functions of a tree of files (`tests/rooms.py`). Here they judge the project's tree, and small made-up
trees in which each of them has something to find.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rooms import (
    Fault,
    House,
    circles_of_files,
    classes_of_one_name,
    looks_up,
    mirrors_nothing,
    names_of_nothing,
    says_nothing,
    too_full,
    too_long,
)
from tests.standins.processes import ROOT

Floors = tuple[tuple[str, ...], ...]

# Highest first. What stands on one floor does not know each other.
FLOORS: Floors = (("smolkalam",), ("hub", "model_recipes"), ("builders",), ("processors",))
TOPS = tuple(top for floor in FLOORS for top in floor)

# The rooms of each, highest first. A folder's own files (`builders/build.py`) are the room of its name.
ROOMS: dict[str, Floors] = {
    "smolkalam": (("smolkalam",),),
    "hub": (
        ("hub",),
        ("hub.review",),
        ("hub.publishing", "hub.report"),
        ("hub.card.answered",),
        ("hub.card", "hub.rules", "hub.pages"),
        ("hub.card.merging", "hub.card.fields"),
    ),
    "model_recipes": (
        ("model_recipes.lexicon", "model_recipes.names", "model_recipes.ranker"),
        ("model_recipes.pipeline",),
        ("model_recipes.gate",),
        ("model_recipes.choosing", "model_recipes.on_policy"),
        ("model_recipes.plans",),
        ("model_recipes.evaluation",),
        ("model_recipes.evaluation.report",),
        ("model_recipes.evaluation.scoring", "model_recipes.evaluation.asked"),
        ("model_recipes.evaluation.benchmarks",),
        ("model_recipes.evaluation.benchmarks.tasks",),
        ("model_recipes.merge", "model_recipes.reward", "model_recipes.sft", "model_recipes.dpo"),
        ("model_recipes.training",),
        ("model_recipes.lora", "model_recipes.needs"),
    ),
    "builders": (
        ("builders.ablations", "builders.judging", "builders.starting", "builders.trying"),
        ("builders.arbitrage", "builders.distillation"),
        ("builders.instructions",),
        ("builders",),
        ("builders.pools",),
        ("builders.preferences", "builders.estimates", "builders.mixtures"),
        ("builders.reports",),
        ("builders.stages",),
        ("builders.stages.common",),
        ("builders.contamination",),
        ("builders.imports",),
        ("builders.scorers",),
        ("builders.fields",),
        ("builders.dataset", "builders.sources", "builders.executors", "builders.calibration", "builders.licences"),
        ("builders.engines",),
        ("builders.engines.common",),
        ("builders.sample",),
        ("builders.run_folder",),
        ("builders.recipes",),
    ),
    "processors": (
        ("processors.likelihood",),
        ("processors.reward",),
        ("processors.judging", "processors.translation", "processors.seq2seq"),
        ("processors.ranking", "processors.answers", "processors.servers", "processors.batches"),
        ("processors.translation.unwrapping",),
        ("processors.completions",),
        ("processors.checks",),
        ("processors.checks.quantities", "processors.checks.arabic", "processors.checks.partners", "processors.terms"),
        ("processors.checks.pairs",),
        ("processors.checks.wording",),
        ("processors.alignment",),
        (
            "processors.scoring",
            "processors.selection",
            "processors.memory",
            "processors.clients",
            "processors.duplicates",
        ),
        ("processors.selection.decontamination", "processors.fields"),
        ("processors.conversations", "processors.prompting"),
        ("processors.instructions", "processors.verification"),
        ("processors.instructions.verbs",),
        ("processors.languages",),
        ("processors.languages.names",),
        ("processors.protected.kept",),
        ("processors.protected",),
        ("processors.texts",),
        ("processors",),
    ),
}

# What is not finished yet, by rule, as the faults below name it. Empty, and to stay so.
UNFINISHED: dict[str, set[str]] = {}


@pytest.fixture(scope="module")
def house() -> House:
    return House(ROOT, TOPS)


def left(rule: str, faults: list[Fault]) -> list[str]:
    """What is to mend: the faults that are not listed as unfinished."""
    return sorted({f"{fault.what}: {fault.where}" for fault in faults if fault.what not in UNFINISHED.get(rule, ())})


def test_rooms_look_down_only(house: House) -> None:
    assert not left("floors", looks_up(house, FLOORS, ROOMS))


def test_files_import_each_other_in_no_circle(house: House) -> None:
    assert not left("circles", circles_of_files(house))


def test_a_room_holds_at_most_twelve_files(house: House) -> None:
    assert not left("full", too_full(house, 12))


def test_files_and_functions_are_short(house: House) -> None:
    assert not left("lengths", too_long(house, lines_of_file=400, lines_of_function=60))


def test_no_class_name_stands_twice(house: House) -> None:
    assert not left("classes", classes_of_one_name(house))


def test_a_room_says_what_it_is_and_hands_on_its_names(house: House) -> None:
    assert not left("rooms say", says_nothing(house))


def test_tests_mirror_rooms() -> None:
    assert not left("tests", mirrors_nothing(ROOT / "tests", ROOT))


def test_no_comment_names_what_is_not_in_the_tree(house: House) -> None:
    faults = [
        fault
        for name, module in house.modules.items()
        for line, text in module.prose()
        for fault in names_of_nothing(name, line, text, ROOT, TOPS)
    ]
    assert not left("names", faults)


# From here on: each rule finds what it is for, in a tree made for it.

Grow = Callable[..., House]


@pytest.fixture
def grow(tmp_path: Path) -> Grow:
    """Write files below a folder, by path, and read them as a house of two floors: `top` on `base`."""

    def write(files: dict[str, str]) -> House:
        for path, text in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            for folder in file.relative_to(tmp_path).parents:
                if folder.parts:
                    (tmp_path / folder / "__init__.py").touch()
        return House(tmp_path, ("top", "base"))

    return write


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("base/low/a.py", "from top.roof.b import c", "base.low -> top.roof"),
        ("base/low/a.py", "import base.high.b", "base.low -> base.high"),
        ("base/low/a.py", "from base import high", "base.low -> base.high"),
        ("base/low/a.py", "from ..high import b", "base.low -> base.high"),
        ("base/low/a.py", "def f():\n    from base.high.b import c", "base.low -> base.high"),
        ("base/low/a.py", "if TYPE_CHECKING:\n    from base.high.b import c", "base.low -> base.high"),
        ("base/high/b.py", "from base.beside.a import c", "base.high -> base.beside"),
        ("base/new/a.py", "from base.low.a import c", "base.new"),
        ("top/roof/b.py", "from base.high.b import c", None),
        ("base/high/b.py", "from base.low.a import c\nimport os.path", None),
    ],
)
def test_a_look_up_is_found(path: str, text: str, found: str | None, grow: Grow) -> None:
    rooms: dict[str, Floors] = {
        "top": (("top.roof",),),
        "base": (("base.high", "base.beside"), ("base.low",)),
    }
    files = {"top/roof/b.py": "", "base/high/b.py": "", "base/beside/a.py": "", "base/low/a.py": ""} | {path: text}
    faults = looks_up(grow(files), (("top",), ("base",)), rooms)
    assert [fault.what for fault in faults] == ([found] if found else [])


def test_a_circle_is_found_over_three_files(grow: Grow) -> None:
    files = {
        "base/low/a.py": "from base.low import b",
        "base/low/b.py": "def f():\n    import base.high.c",
        "base/high/c.py": "if TYPE_CHECKING:\n    from base.low.a import X",
        "base/high/d.py": "import base.high.c",
    }
    assert circles_of_files(grow(files)) == [
        Fault("base.high + base.low", "base.high.c <-> base.low.a <-> base.low.b"),
    ]
    assert not circles_of_files(grow(files | {"base/low/b.py": ""}))


def test_a_full_room_and_a_long_file_and_a_long_function_are_found(grow: Grow) -> None:
    house = grow({f"base/low/f{number}.py": "" for number in range(4)} | {"base/high/a.py": "x = 1\n" * 11})
    assert too_full(house, 3) == [Fault("base.low", "4 files")] and not too_full(house, 4)
    assert too_long(house, 10, 5) == [Fault("base.high.a", "11 lines")] and not too_long(house, 11, 5)
    house = grow({"base/high/a.py": "class A:\n    @property\n    def f(self):\n" + "        return 1\n" * 5})
    assert too_long(house, 10, 5) == [Fault("base.high.a.f", "6 lines")] and not too_long(house, 10, 6)


def test_a_class_of_two_files_is_found(grow: Grow) -> None:
    house = grow({"base/low/a.py": "class Unit: ...", "top/roof/b.py": "def f():\n    class Unit: ..."})
    assert classes_of_one_name(house) == [Fault("Unit", "top.roof.b and base.low.a")]


@pytest.mark.parametrize(
    ("init", "found"),
    [
        ("", "no docstring, no __all__"),
        ('"""What it is."""', "no __all__"),
        ('__all__ = ["a"]', "no docstring"),
        ('"""What it is."""\n__all__ = ["a"]', None),
        ('"""What it is."""\n__all__: list[str] = ["a"]', None),
    ],
)
def test_a_silent_room_is_found(init: str, found: str | None, grow: Grow) -> None:
    faults = says_nothing(grow({"base/low/a.py": "", "base/low/__init__.py": init}))
    assert faults == ([Fault("base.low", found)] if found else [])


def test_a_test_file_of_no_room_is_found(grow: Grow, tmp_path: Path) -> None:
    grow({"base/low/a.py": "", "tests/test_b.py": "", "tests/base/low/test_a.py": "", "tests/standins/test_c.py": ""})
    assert not mirrors_nothing(tmp_path / "tests", tmp_path)
    grow({"tests/base/old/test_d.py": ""})
    assert mirrors_nothing(tmp_path / "tests", tmp_path) == [Fault("base/old/test_d.py", "base/old is no room")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("as in design section 5", "design section"),
        ("see ../other/design.md", "../other/design.md"),
        ("see docs/old.md", "docs/old.md"),
        ("see PLAN.md, and README.md", "PLAN.md"),
        ("see base/low/gone.py and base/low/a.py", "base/low/gone.py"),
        ("pickled as base.gone.a", "base.gone.a"),
        ("pickled as base.low.a.f, of `base`.", None),
        ("the paper, section 3.5; README.md; docs/new.md; https://x.org/base/low/gone.py", None),
        ("writes `translate/*/dropped`, base/*.py and statistics/x.json", None),
    ],
)
def test_a_name_of_nothing_is_found(text: str, found: str | None, grow: Grow, tmp_path: Path) -> None:
    grow({"base/low/a.py": "", "docs/new.md": "", "README.md": ""})
    faults = names_of_nothing("a", 1, text, tmp_path, ("top", "base"))
    assert [fault.what for fault in faults] == ([f"a: {found}"] if found else [])


def test_comments_and_docstrings_are_prose_and_strings_are_not(grow: Grow) -> None:
    text = '"""Of the module."""\n\nX = "no prose"  # of the line\n\n\ndef f():\n    """Of the function."""\n'
    module = grow({"base/low/a.py": text}).modules["base.low.a"]
    assert sorted(module.prose()) == [(1, "Of the module."), (3, "# of the line"), (7, "Of the function.")]


# What a clone holds at its top, beside the rooms.
BESIDE = {"benchmarks", "docs", "examples", "tests", ".ci", ".github", ".gitignore", ".pre-commit-config.yaml",
          "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
          "Makefile", "README.md", "pyproject.toml", "requirements.lock"}  # fmt: skip


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_nothing_that_a_run_left_is_committed() -> None:
    # Models of a test were once, under a folder named by a quotation mark.
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {name.partition("/")[0] for name in told.split("\0") if name} - {*TOPS, *BESIDE} == set()
