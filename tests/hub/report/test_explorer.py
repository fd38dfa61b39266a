"""The threshold explorer in a real browser: what it shows is what a build with its block makes."""

import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from builders.dataset.statistics import SplitStatistics, summarise
from hub.pages import data_block
from hub.report.command import run_report
from hub.report.explorer import explorer_data
from hub.report.gathered import gather
from hub.report.rows import SampledRows
from processors.judging.votes import Votes
from processors.ranking.policy import Policy, Scored, choose, vetoing
from processors.ranking.votes_decide import settle
from processors.scoring.columns import NAMES
from tests.builders.small_run import small_recipe
from tests.conftest import Demo
from tests.standins.browser import PATIENCE_S, all_arabic, chromium, open_file, read_in_arabic
from tests.standins.processes import command_line, environment

TRANSLATORS = ("reference", "draft")


@pytest.fixture(scope="module")
def window() -> Iterator[Any]:
    with chromium() as driver:
        yield driver


def report(run: Path, output: Path) -> Path:
    done = subprocess.run(
        command_line("report", run, "-o", output), env=environment(), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="module")
def page(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(demo.run, tmp_path_factory.mktemp("report") / "report.html")


def move(window: Any, **values: str) -> None:
    """Set controls by their ids (`least_LR`) or the checks' selects by their names, as a hand would."""
    for name, value in values.items():
        window.execute_script(
            "const [name, value] = arguments;"
            "const control = document.getElementById(name.replace('_', '-')) ||"
            "  document.querySelector(`[data-check=${name}]`);"
            "control.value = value; control.dispatchEvent(new Event('input'));"
            "control.dispatchEvent(new Event('change'));",
            name,
            value,
        )


def figures(window: Any, primary: int) -> dict[str, dict[str, dict[str, float]]]:
    return window.execute_script("return explorer.figures(arguments[0])", primary)


def rebuilt(run: Path, block: str, folder: Path) -> Path:
    """The run again with what the page says to paste."""
    shutil.copytree(run, folder)
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    recipe["ranking"] |= yaml.safe_load(block)["ranking"]
    (folder.parent / f"{folder.name}.yaml").write_text(yaml.safe_dump(recipe))
    command = command_line("build", folder.parent / f"{folder.name}.yaml", "--output", folder)
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


def same(shown: dict[str, dict[str, dict[str, float]]], built: dict[str, SplitStatistics]) -> None:
    for split, found in shown.items():
        of = built.get(split, SplitStatistics()) if split else summarise(built.values())
        assert (found["rows"]["value"], found["tokens"]["value"]) == (of.rows, of.total_tokens), split
        for name in ("LR", "SCR", "rank_score", "quality"):
            # What is no number comes as null.
            assert found[name]["value"] == pytest.approx(of.mean(name), abs=1e-12), (split, name)


def test_what_is_shown_is_what_a_build_with_the_block_makes(
    demo: Demo, page: Path, window: Any, tmp_path: Path
) -> None:
    open_file(window, page)
    for primary, name in enumerate(TRANSLATORS):
        same(figures(window, primary), gather(demo.run).built[f"SFT_{name}_ranked"])
    move(window, least_LR="0.82", least_SCR="0.97", least_quality="0.3", numbers="none", untranslated="all")
    strict = rebuilt(
        demo.run, window.execute_script("return document.getElementById('block').textContent"), tmp_path / "a"
    )
    found = gather(strict)
    assert 0 < sum(one.rows for one in found.built["SFT_reference_ranked"].values()) < 80
    shown = [figures(window, primary) for primary in range(2)]
    for primary, name in enumerate(TRANSLATORS):
        same(shown[primary], found.built[f"SFT_{name}_ranked"])
    # And back: rows that no config of the strict build took are known to its report.
    open_file(window, report(strict, tmp_path / "strict.html"))
    for primary in range(2):
        assert figures(window, primary) == shown[primary]
    move(window, least_LR="0", least_SCR="", least_quality="0", numbers="hard", untranslated="hard")
    for primary, name in enumerate(TRANSLATORS):
        same(figures(window, primary), gather(demo.run).built[f"SFT_{name}_ranked"])


def test_the_keyboard_alone_will_do(page: Path, window: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    open_file(window, page)

    def focused() -> str:
        return window.execute_script("return document.activeElement.id")

    def press(key: str) -> None:
        window.switch_to.active_element.send_keys(key)

    told = window.find_element("id", "told").text
    for _ in range(40):
        if focused() == "slide-LR":
            break
        press(Keys.TAB)
    assert focused() == "slide-LR"
    press(Keys.END)
    assert window.find_element("id", "told").text != told
    assert "min_LR: 1\n" in window.find_element("id", "block").text
    while focused() != "as-built":
        press(Keys.TAB)
    press(Keys.ENTER)
    assert window.find_element("id", "told").text == told
    assert not window.get_log("browser")


def test_the_language_is_the_browser_s_or_the_one_that_was_asked_for(
    demo: Demo, page: Path, window: Any, tmp_path: Path
) -> None:
    run_report(demo.run, tmp_path / "arabic.html", language="ar")
    # Without its script, too.
    text = (tmp_path / "arabic.html").read_text(encoding="utf-8")
    assert '<html lang="ar" dir="rtl">' in text and "نظرة عامة" in text and ">Overview<" not in text
    agent = window.execute_script("return navigator.userAgent")

    def read(path: Path, languages: str) -> str:
        override = {"userAgent": agent, "acceptLanguage": languages}
        window.execute_cdp_cmd("Emulation.setUserAgentOverride", override)
        open_file(window, path)
        return window.execute_script("return document.documentElement.lang + document.title")

    title = gather(demo.run).recipe.outputs.pretty_name
    assert read(page, "fr-FR,ar-EG,en") == f"ar\u2068{title}\u2069: التقرير"
    all_arabic(window)
    assert read(page, "fr-FR,de") == read(page, "en-GB,ar") == f"en{title}: report"
    assert read(tmp_path / "arabic.html", "en-GB") == f"ar\u2068{title}\u2069: التقرير"


@pytest.mark.parametrize("width", [400, 1600])
def test_nothing_stands_beyond_the_edge(page: Path, width: int) -> None:
    with chromium(width=width, dark=width == 400) as window:
        open_file(window, page)
        window.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
        assert window.execute_script("return document.documentElement.scrollWidth") <= width
        assert not window.get_log("browser")
        colour = window.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (colour == "rgb(21, 25, 28)") == (width == 400)
        arabic = window.find_element("css selector", ".text[lang=ar]")
        assert arabic.value_of_css_property("direction") == "rtl"
        in_arabic(window, width)


def in_arabic(window: Any, width: int) -> None:
    """The same page in Arabic, by keyboard alone, and so still when it is opened again."""
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    read_in_arabic(window)
    window.find_element("id", "slide-LR").send_keys(Keys.END)
    assert "min_LR: 1\n" in window.find_element("id", "block").text
    window.find_element("id", "copy").send_keys(Keys.ENTER)
    WebDriverWait(window, PATIENCE_S).until(lambda w: w.find_element("id", "copied").text)
    all_arabic(window)
    assert window.execute_script("return document.documentElement.scrollWidth") <= width
    window.find_element("id", "as-built").send_keys(Keys.ENTER)
    told = window.find_element("id", "told").text
    assert "من أصل 94 صفًّا" in told, told
    source = window.find_element("css selector", ".text[lang=en]")
    assert source.value_of_css_property("direction") == "ltr"
    # Columns run from the right; numbers are as they were, their signs before them.
    cells = window.find_elements("css selector", "#figures tbody tr:first-child > *")
    assert [cell.location["x"] for cell in cells] == sorted((cell.location["x"] for cell in cells), reverse=True)
    assert cells[1].value_of_css_property("direction") == "ltr"
    window.refresh()
    WebDriverWait(window, PATIENCE_S).until(lambda w: w.execute_script("return document.body.dataset.ready"))
    all_arabic(window)
    assert window.execute_script("return document.documentElement.dir") == "rtl"
    assert not window.get_log("browser")


# From here on: rows made up, in place of the demo's on its page.


def candidate(chance: random.Random, name: str) -> dict[str, Any]:
    if chance.random() < 0.1:
        failed = [{"check": "refusal", "hard": True}]
        return {"translator": name, **dict.fromkeys(NAMES), "checks": failed, "tokens": None}
    marks = [0.0, 0.1, 0.25, 0.5, 0.51, 0.9, 1.0]
    lr, scr = chance.choice(marks), chance.choice(marks)
    checks = [{"check": c, "hard": chance.random() < 0.5} for c in ("numbers", "script") if chance.random() < 0.2]
    scores: dict[str, Any] = {"LR": lr, "SCR": scr, "rank_score": (lr + scr) / 2}
    scores["quality"] = chance.choice([None, 0.1, 0.2, 0.3333, 0.5, 0.7])
    return {"translator": name, **dict.fromkeys(NAMES), **scores, "checks": checks, "tokens": chance.randrange(1, 900)}


def rows(count: int, splits: int, seed: int = 5) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        {"id": f"s{i}/{n:07d}", "split": f"s{i}", "candidates": [candidate(chance, name) for name in TRANSLATORS]}
        for i in range(splits)
        for n in range(count)
    ]


def with_data(page: Path, data: dict[str, Any], output: Path) -> Path:
    text = page.read_text(encoding="utf-8")
    block = re.compile(r'<script type="application/json" id="explorer-data">.*?</script>', re.S)
    output.write_text(block.sub(lambda _: data_block("explorer-data", data), text), encoding="utf-8")
    return output


def choice(
    row: dict[str, Any], primary: str, policy: Policy, veto: dict[str, bool], votes: Votes | None
) -> str | None:
    candidates = [
        Scored(one["translator"], failed="refusal")
        if one["tokens"] is None
        else Scored(one["translator"], one, vetoing(((v["check"], v["hard"]) for v in one["checks"]), veto))
        for one in row["candidates"]
    ]
    chosen = choose(candidates, primary, policy)
    if votes is None:
        return chosen.translator
    return settle(chosen, candidates, primary, policy, lambda a, b: votes.difference(row["id"], a, b, {})).translator


def test_each_row_s_choice_is_the_policy_s(page: Path, window: Any, tmp_path: Path) -> None:
    entries = [
        {"match": "s0", "replace": "vetoed"},
        {"match": "s1", "replace": "never", "min_LR": 0.2},
        {"match": "s2", "order_by": "rank_score", "min_SCR": 0},
        {"match": "s3", "margin": 0.0},
        {"match": "s4", "replace": "vetoed", "order_by": "rank_score", "min_quality": 0.3},
    ]
    given = {"min_LR": 0.1, "min_SCR": 0.5, "veto": {"numbers": False, "script": True}, "splits": entries}
    recipe, made = small_recipe(TRANSLATORS, ranking=given), rows(300, 6)
    chance = random.Random(7)
    votes = Votes(list(TRANSLATORS))
    for row in made:
        if chance.random() < 0.3:
            votes.votes[(row["id"], "draft", "reference")] = {"one": chance.choice([1.0, -1.0, 0.0])}
    sample = SampledRows(made, {f"s{i}": 300 for i in range(6)})
    open_file(window, with_data(page, explorer_data(recipe, sample, {}, votes), tmp_path / "made.html"))
    move(window, least_LR="0.1", least_SCR="0.5", numbers="none", script="all")
    for number, primary in enumerate(TRANSLATORS):
        shown = window.execute_script("return explorer.choose(arguments[0])", number)
        wanted = [
            choice(row, primary, recipe.ranking.policy(row["split"]), recipe.ranking.veto, votes) for row in made
        ]
        assert [TRANSLATORS[i] if i >= 0 else None for i in shown] == wanted


def test_a_sample_s_intervals_hold_what_all_rows_would_show(page: Path, window: Any, tmp_path: Path) -> None:
    recipe, made = small_recipe(TRANSLATORS, ranking={"min_LR": 0.2}), rows(3000, 2)
    picked = sorted(random.Random(3).sample(range(3000), 300) + random.Random(4).sample(range(3000, 6000), 300))
    sample = SampledRows([made[i] for i in picked], {"s0": 3000, "s1": 3000})
    open_file(window, with_data(page, explorer_data(recipe, sample, {}, None), tmp_path / "sample.html"))
    move(window, least_LR="0.2")
    held = []
    for number, primary in enumerate(TRANSLATORS):
        shown = figures(window, number)
        for split in ("", "s0", "s1"):
            taken = [
                next(one for one in row["candidates"] if one["translator"] == name)
                for row in made
                if row["split"].startswith(split)
                and (name := choice(row, primary, recipe.ranking.policy(row["split"]), {}, None))
            ]
            true = {"rows": len(taken), "tokens": sum(one["tokens"] for one in taken)}
            for score in ("LR", "SCR", "quality"):
                values = [one[score] for one in taken if one[score] is not None]
                true[score] = sum(values) / len(values)
            for name, value in true.items():
                found = shown[split][name]
                assert 0 < found["half"] < 0.2 * abs(value)
                held.append(abs(found["value"] - value) <= found["half"])
    # 28.5 of 30 are to be expected.
    assert sum(held) >= 26
