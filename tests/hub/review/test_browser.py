"""The review in a real browser: by keyboard alone, through a killed server, and into the next build."""

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from builders.preferences.command import run_preferences
from builders.run_folder.folder import Run
from hub.pages.words import PLURALS
from tests.conftest import Demo
from tests.standins.browser import PATIENCE_S, all_arabic, chromium, read_in_arabic
from tests.standins.processes import command_line, environment, start_command


@contextmanager
def serving(run: Path, port: int = 0) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The review's server: the address that it prints, and its process."""
    given = ("--port", port, "--near-ties", "0.5")
    process = start_command("review", run, *given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), process.stderr and process.stderr.read()
        yield address, process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def run(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(demo.run, tmp_path_factory.mktemp("review") / "run"))


class Reader:
    """Somebody at the keyboard: presses keys, and waits for what comes of it."""

    def __init__(self, window: Any, address: str) -> None:
        self.window = window
        window.get(address)

    def wait(self, script: str, *arguments: Any) -> Any:
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.window, PATIENCE_S, 0.02).until(lambda w: w.execute_script(script, *arguments))

    def press(self, *keys: str) -> None:
        self.window.switch_to.active_element.send_keys(*keys)

    def chord(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        *held, last = keys
        actions = ActionChains(self.window)
        for key in held:
            actions.key_down(key)
        actions.send_keys(last)
        for key in held:
            actions.key_up(key)
        actions.perform()

    def item(self) -> str:
        return self.wait("return document.body.dataset.ready")

    def told(self, text: str) -> None:
        self.wait("return document.getElementById('told').textContent.includes(arguments[0])", text)

    def name(self, name: str) -> None:
        from selenium.webdriver.common.keys import Keys

        self.wait("return document.getElementById('asks-name').open")
        self.press(name, Keys.ENTER)
        self.wait("return document.getElementById('who').textContent === arguments[0]", name)
        self.item()

    def choose(self, kind: str) -> None:
        """Another queue, by Tab and the list's first letter."""
        from selenium.webdriver.common.keys import Keys

        before = self.item()
        for _ in range(30):
            if self.window.execute_script("return document.activeElement.id") == "kind":
                break
            self.chord(Keys.SHIFT, Keys.TAB)
        self.press(kind)
        self.wait("return document.body.dataset.ready !== arguments[0]", before)
        self.wait("return document.activeElement.id === 'item'")

    def judge(self, key: str) -> None:
        before = self.item()
        self.press(key)
        self.wait("return document.body.dataset.ready !== arguments[0]", before)

    def done(self) -> int:
        return int(self.wait("return document.getElementById('count').textContent").split()[0])


def lines(run: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "review" / name).read_text(encoding="utf-8").splitlines()]


def test_nothing_is_lost_and_the_next_build_uses_all_of_it(run: Path, tmp_path: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    with chromium() as window:
        with serving(run) as (address, process):
            reader = Reader(window, address)
            reader.name("ann")
            assert "token" not in window.current_url
            reader.choose("R")
            comment_that_is_not_saved(reader)
            reader.judge("1")
            judged_while_the_next_one_comes(reader)
            for number in range(2, 13):
                reader.judge("120"[number % 3])
            # A mark, by selecting from the end of the text to its beginning, and an edit.
            reader.press("z")
            reader.wait("return document.activeElement.id === 'marks-text'")
            typed = window.execute_script("return document.activeElement.value")
            reader.press("x", Keys.CONTROL + Keys.END)
            reader.chord(Keys.CONTROL, Keys.SHIFT, Keys.HOME)
            assert window.execute_script("return document.activeElement.value") == typed, "typing changes nothing"
            window.find_element("id", "marks-it").send_keys(Keys.ENTER)
            reader.told("The error is marked.")
            edited = edit(reader, "a", "مرحبًا. ")
            reader.told("The edit is saved.")
            reader.judge("2")
            # What is typed when the server is killed is still in the browser, and said not to be saved.
            draft = edit(reader, "s", "أهلًا. ", save=False)
            process.send_signal(signal.SIGKILL)
            process.wait()
            reader.chord(Keys.CONTROL, Keys.ENTER)
            reader.told("Not saved: the server does not answer")
        assert len(lines(run, "verdicts.jsonl")) == 14
        with serving(run, urlsplit(address).port or 0) as (address, process):
            reader = Reader(window, address)
            # The queue that was open, at its first item that is not done, and what was typed there.
            reader.told("not saved yet")
            assert reader.done() == 14
            assert window.execute_script("return document.activeElement.value") == draft
            reader.chord(Keys.CONTROL, Keys.ENTER)
            reader.told("The edit is saved.")
            for number in range(16):
                reader.judge("120"[number % 3])
            assert reader.done() == 30
            reader.press("q")
            reader.told("Approved.")
            agree(reader)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0 and "ann: verdicts 30, ties 9" in said, said
            assert "judged by more than one: 4" in said
    by = {line["annotator"] for line in lines(run, "verdicts.jsonl")}
    assert by == {"ann", "ben"} and all(line["blind"] for line in lines(run, "verdicts.jsonl"))
    [error] = lines(run, "errors.jsonl")
    assert (error["text"], error["category"], error["severity"]) == (typed, "accuracy", "minor")
    changed = [line["after"] for line in lines(run, "translations.jsonl") if line["after"] != line["before"]]
    assert changed == [edited, draft]
    used_by_the_next_build(run, changed, tmp_path)


def comment_that_is_not_saved(reader: Reader) -> None:
    """It stays with its row, and is there again."""
    from selenium.webdriver.common.keys import Keys

    reader.press("c")
    reader.press("Not sure.", Keys.ESCAPE)
    typed = []
    for key in ("n", "p"):
        before = reader.item()
        reader.press(key)
        reader.wait("return document.body.dataset.ready !== arguments[0]", before)
        typed.append(reader.window.find_element("id", "comment").get_property("value"))
    assert typed == ["", "Not sure."]


# The next item's answer waits until `held` is called.
HOLD = """
const real = window.fetch;
window.fetch = (path, ...rest) => String(path).startsWith("/api/item") ? new Promise((come) => {
  window.held = () => { window.fetch = real; come(real(path, ...rest)); };
}) : real(path, ...rest);
"""


def judged_while_the_next_one_comes(reader: Reader) -> None:
    """Keys that are pressed too early judge nothing: not what is still there, whose translators are known by then."""
    reader.window.execute_script(HOLD)
    before = reader.item()
    reader.press("2")
    reader.wait("return Boolean(window.held)")
    reader.press("1", "q")
    reader.window.execute_script("held()")
    reader.wait("return document.body.dataset.ready !== arguments[0]", before)


def edit(reader: Reader, key: str, more: str, *, save: bool = True) -> str:
    """Write something before a translation, or after its reasoning; returns what stands there then."""
    from selenium.webdriver.common.keys import Keys

    reader.press(key)
    reader.wait("return document.activeElement.matches('.editor textarea')")
    # Before `<think>` nothing can stand, and which rows come depends on what the checks find.
    thinks = reader.window.execute_script("return document.activeElement.value").startswith("<think>")
    reader.press(Keys.CONTROL + (Keys.END if thinks else Keys.HOME))
    reader.press(f" {more.strip()}" if thinks else more)
    reader.wait("return document.querySelector('.live').children.length")
    text = reader.window.execute_script("return document.activeElement.value")
    assert more.strip() in text
    if save:
        reader.chord(Keys.CONTROL, Keys.ENTER)
    return text


def agree(reader: Reader) -> None:
    """Another annotator judges some of the same pairs, whose first verdicts are shown to nobody before."""
    from selenium.webdriver.common.keys import Keys

    reader.window.find_element("id", "who").send_keys(Keys.ENTER)
    reader.name("ben")
    reader.wait("return document.getElementById('count').textContent.startsWith('0 of')")
    assert not reader.window.find_elements("css selector", ".head .name")
    for key in "1202":
        reader.judge(key)
    reader.window.find_element("css selector", "#progress summary").send_keys(Keys.ENTER)
    told = reader.wait("const found = document.getElementById('agreement'); return found && found.textContent")
    assert told.startswith("4 pairs were judged by more than one") and "alpha: " in told, told


def used_by_the_next_build(run: Path, changed: list[str], folder: Path) -> None:
    said = run / "review"
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    for translator in recipe["translators"]:
        translator["memory"].append(str(said / "approved.tmx"))
    recipe["ranking"] |= {"verdicts": str(said), "calibration": {"by": "people", "path": str(said)}}
    (folder / "next.yaml").write_text(yaml.safe_dump(recipe))
    command = command_line("build", folder / "next.yaml", "--output", folder / "next")
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    rows = {line["id"] for line in lines(run, "verdicts.jsonl")}
    counts = [json.loads(path.read_text()) for path in Run(folder / "next").stage("rank", "counts").glob("*.json")]
    assert sum(one["extra"].get("rows_with_verdicts", 0) for one in counts) == len(rows) == 30
    calibration = json.loads((folder / "next" / "ranker" / "calibration.json").read_text())
    # Rows of which a hard verdict is on one of the two tell nothing of who is better.
    assert calibration["by"] == "people" and 20 < calibration["rows"] <= 30 and calibration["agreement"] < 1
    texts = "".join(path.read_text() for path in _messages(folder / "next", folder))
    assert all(json.dumps(text) in texts for text in changed)
    run_preferences(run, folder / "pairs", by="verdicts", verdicts=said)
    kept = json.loads((folder / "pairs" / "preferences.json").read_text())
    assert sum(kept["pairs"].values()) + kept["left_out"]["tie"] + kept["left_out"].get("better_is_vetoed", 0) == 30


def _messages(run: Path, folder: Path) -> list[Path]:
    import pyarrow.parquet as pq

    found = []
    for path in sorted((run / "rank").glob("*.parquet")):
        said = [
            message["content"]
            for row in pq.read_table(path, columns=["candidates"], partitioning=None).to_pylist()
            for one in row["candidates"]
            for message in one["messages"] or ()
        ]
        found.append(folder / f"{path.stem}.json")
        found[-1].write_text("\n".join(json.dumps(text) for text in said))
    return found


# A text with a pair of surrogates, an invisible mark, a carriage return and a formula: the place of what is selected,
# the same in a textarea and back, and what stands there.
PLACES = r"""
const text = "a\u{1F642}\u202Eb\r\nc$x$", box = document.createElement("div"), map = texts.inArea(text);
document.body.append(box);
const marks = [[1, 3, "error"], [7, 10, "kept"], [8, 10, "differs"]];
texts.fill(box, text, marks.map(([start, end, kind]) => ({start, end, kind})));
const select = (from, to) => {
  const nodes = [...box.querySelectorAll("[data-start]")];
  getSelection().setBaseAndExtent(nodes[from].firstChild, 0, nodes[to].firstChild, nodes[to].firstChild.length);
  return texts.selected(box);
};
const starts = [...box.querySelectorAll("[data-start]")].map((one) => one.dataset.start);
const found = [select(0, starts.length - 1), select(1, 3), Array.from(text, (_, i) => i).slice(0, 10).map(map.toArea)];
found.push([map.fromArea(4), map.fromArea(5)]);
found.push(box.querySelector("bdi").textContent, box.querySelector(".odd").textContent);
found.push(texts.likeBefore("x\ny", "a\r\nb"), texts.likeBefore("x\ny", "a\nb"));
box.remove();
return found;
"""
PLACED = [[0, 10], [1, 7], [0, 1, 3, 4, 5, 5, 6, 7, 8, 9], [3, 4], "$x$", "[RLO]", "x\r\ny", "x\ny"]


@pytest.mark.parametrize("width", [400, 1600])
def test_nothing_stands_beyond_the_edge(run: Path, width: int) -> None:
    with serving(run) as (address, _), chromium(width=width, dark=width == 400) as window:
        reader = Reader(window, address)
        reader.name("eve")

        def fits() -> None:
            assert window.execute_script("return document.documentElement.scrollWidth") <= width

        fits()
        # On an Arabic keyboard the key of A writes another letter.
        window.execute_script(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
            " {key: '\u0634', code: 'KeyA', bubbles: true, cancelable: true}))"
        )
        reader.wait("return document.querySelector('.live')?.children.length")
        fits()
        from selenium.webdriver.common.keys import Keys

        reader.press(Keys.ESCAPE)
        reader.press("?")
        reader.wait("return document.getElementById('shows-keys').open")
        fits()
        reader.press(Keys.ESCAPE)
        colour = window.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (colour == "rgb(21, 25, 28)") == (width == 400)
        arabic = window.find_element("css selector", ".target .text[lang=ar]")
        english = window.find_element("css selector", ".source .text[lang=en]")
        assert [one.value_of_css_property("text-align") for one in (arabic, english)] == ["start", "start"]
        assert (arabic.value_of_css_property("direction"), english.value_of_css_property("direction")) == (
            "rtl",
            "ltr",
        )
        assert window.execute_script(PLACES) == PLACED
        in_arabic(reader, fits)
        assert not window.get_log("browser")


# Of 0 to 300, and of what ends alike, the category that the browser has for Arabic.
CATEGORIES = "const of = new Intl.PluralRules('ar'); return arguments[0].map((n) => of.select(n))"


def in_arabic(reader: Reader, fits: Callable[[], None]) -> None:
    """The same page in Arabic, by the keys of an Arabic keyboard, and so still after it was loaded again."""
    from selenium.webdriver.common.keys import Keys

    window = reader.window
    read_in_arabic(window)
    numbers = [*range(301), 1000, 1002, 1111]
    assert window.execute_script(CATEGORIES, numbers) == [PLURALS["ar"](n) for n in numbers]
    source, other = (window.find_element("css selector", f".{name} .text") for name in ("source", "target"))
    assert [one.value_of_css_property("direction") for one in (source, other)] == ["ltr", "rtl"]

    def typed(key: str, code: str) -> None:
        script = "const [key, code] = arguments; document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
        window.execute_script(script + " {key, code, bubbles: true, cancelable: true}))", key, code)

    def seen() -> None:
        fits()
        all_arabic(window)

    window.find_element("id", "item").send_keys(Keys.TAB)
    window.execute_script("document.getElementById('item').focus()")
    before = reader.item()
    typed("\u0661", "Digit1")
    reader.wait("return document.body.dataset.ready !== arguments[0]", before)
    reader.told("حُفظ")
    typed("\u061f", "Slash")
    reader.wait("return document.getElementById('shows-keys').open")
    seen()
    reader.press(Keys.ESCAPE)
    typed("ئ", "KeyZ")
    reader.wait("return document.activeElement.id === 'marks-text'")
    reader.chord(Keys.CONTROL, "a")
    window.find_element("id", "marks-it").send_keys(Keys.ENTER)
    reader.told("وُسم الخطأ")
    reader.wait("return document.querySelectorAll('.badge').length === 1")
    seen()
    typed("س", "KeyS")
    reader.wait("return document.querySelector('.live')?.children.length")
    seen()
    # The language can be changed while something is written, which stays as it is.
    reader.press("مرحبا")
    held = window.execute_script("return document.activeElement.value")
    window.find_element("id", "language").send_keys(Keys.ENTER)
    read_in_arabic(window)
    assert window.find_element("css selector", ".editor textarea").get_property("value") == held
    window.find_element("css selector", ".editor textarea").send_keys(Keys.ESCAPE)
    window.find_element("css selector", "#progress summary").send_keys(Keys.ENTER)
    reader.wait("return document.getElementById('agreement')")
    seen()
    window.refresh()
    reader.item()
    assert window.execute_script("return document.documentElement.lang") == "ar"
    seen()
