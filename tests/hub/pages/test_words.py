"""The pages' own words: the same in every language, and nowhere but in the languages' files."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from builders.dataset.combined import PARTS
from builders.dataset.duplicates import KINDS
from hub.pages import LANGUAGES, PageWord, PageWords
from hub.pages.words import Text, texts_of
from hub.report.command import run_report
from hub.report.sections import SECTIONS
from hub.review.page import review_page
from processors.checks.run import VERDICTS
from processors.judging.mqm import CATEGORIES, SEVERITIES
from processors.ranking.policy import OUTCOMES
from processors.scoring.columns import COLUMNS
from tests.conftest import Demo
from tests.standins.processes import ROOT

PLURALS = {"en": {"one", "other"}, "ar": {"zero", "one", "two", "few", "many", "other"}}
PLACE = re.compile(r"\{([a-z_]+)\}")
KEY = re.compile(r"""["'`]((?:page|report|review)(?:\.[a-z0-9_]+)+)["'`]""")
# Keys that are put together, by how they begin.
MADE = (
    *("page.check.", "report.reason.", "report.score.", "review.error.", "review.key.", "review.role."),
    *(
        "report.section.",
        "report.fact.",
        "report.head.",
        "report.step.",
        "report.outcome.",
        "report.found.",
        "report.gained.",
    ),
    *("report.example.", "report.kind.", "report.new.", "report.result.", "report.explorer.veto.", "report.language."),
    *(
        "report.title",
        "review.side.",
        "review.category.",
        "review.severity.",
        "review.count.",
        "review.queue.",
        "review.title",
    ),
)


def pieces(text: Text) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def sources() -> Iterator[Path]:
    for room in ("pages", "report", "review"):
        yield from (path for path in sorted((ROOT / "hub" / room).iterdir()) if path.suffix in (".py", ".js"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_all_of_it(language: str) -> None:
    english, texts = texts_of("en"), texts_of(language)
    assert list(texts) == list(english)
    for key, text in texts.items():
        assert isinstance(text, str) or set(text) == PLURALS[language], key
        wanted = set(PLACE.findall(pieces(english[key])[-1]))
        for one in pieces(text):
            assert set(PLACE.findall(one)) <= wanted, key
            assert one.strip() and one.count("`") % 2 == 0, key
        # One and two are said without the number.
        many = (
            [one for name, one in text.items() if name not in ("zero", "one", "two")]
            if isinstance(text, dict)
            else [text]
        )
        assert all(set(PLACE.findall(one)) == wanted for one in many), key


def test_arabic_is_arabic() -> None:
    for key, text in texts_of("ar").items():
        for one in pieces(text):
            plain = PLACE.sub("", re.sub(r"`[^`]*`|JavaScript", "", one))
            assert not re.search("[a-z]", plain) or key == "page.direction", (key, one)
            assert not re.search("[,;?]", plain), (key, one)


def test_words_are_used_and_known() -> None:
    used = {key for path in sources() for key in KEY.findall(path.read_text(encoding="utf-8"))}
    known = set(texts_of("en"))
    names = {"page.check", "report.reason", "report.score", "review.role"}
    assert {key for key in used if not key.endswith((".js", ".css"))} - known <= names
    assert {key for key in known - used if not key.startswith(MADE)} == set()


def test_whatever_a_run_can_name_has_a_word() -> None:
    named = {f"page.check.{name}" for name in VERDICTS}
    named |= {f"report.score.{column.name}" for column in COLUMNS}
    named |= {f"report.outcome.{outcome}" for outcome in OUTCOMES} | {f"report.kind.{kind}" for kind in KINDS}
    named |= {f"report.section.{name}" for name in SECTIONS}
    named |= {f"report.gained.{part}" for part in PARTS}
    named |= {f"review.category.{name}" for name in CATEGORIES} | {f"review.severity.{name}" for name in SEVERITIES}
    assert not named - set(texts_of("en"))
    assert {texts_of("en")[f"report.score.{column.name}"] for column in COLUMNS} == {one.title for one in COLUMNS}


def test_plurals_and_pieces() -> None:
    words = PageWords(
        "ar", {"page.direction": "rtl", "page.and": "، ", "n": texts_of("ar")["review.error.name"], "a": "`{x}` {y}"}
    )
    said = [words.text("n", n=n) for n in (1, 2, 3, 11, 100, 1103)]
    assert [one.rpartition(" ")[2] for one in said] == ["واحد", "حرفين", "أحرف", "حرفًا", "حرف", "أحرف"]
    assert "1,103" in said[-1]
    assert words.inner("a", x="<", y=["p", PageWord("a", {"x": 1, "y": 2})]) == (
        '<code dir="ltr">&lt;</code> <bdi>p</bdi>، <code dir="ltr">1</code> 2'
    )
    assert words.text("a", x="x", y="y") == "x \u2068y\u2069"


class Read(HTMLParser):
    """What a page says in words of its own, or of nobody's: not what is a name, code or a text of the data."""

    OTHERS = ("style", "script", "code", "kbd", "bdi", "pre", "option")

    def __init__(self) -> None:
        super().__init__()
        self.within: list[str] = []
        self.said: list[str] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.labels += [given[name] or "" for name in ("aria-label", "title", "placeholder", "alt") if name in given]
        if tag not in ("meta", "input", "br", "rect", "path"):
            other = tag in self.OTHERS or "text" in (given.get("class") or "").split() or given.get("id") == "language"
            self.within.append("other" if other and "data-word" not in given else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "input", "br", "rect", "path"):
            self.within.pop()

    def handle_data(self, data: str) -> None:
        if "other" not in self.within:
            self.said.append(data)


def left(page: str) -> list[str]:
    """What of a page whose words are all in brackets is not."""
    read = Read()
    read.feed(page)
    # Brackets are within each other where words are put into words.
    said = "\n".join(["".join(read.said), *read.labels])
    while (fewer := re.sub(r"⟦[^⟦⟧]*⟧", "", said)) != said:
        said = fewer
    return re.findall(r".*[A-Za-z]{2}.*", said)


@pytest.fixture
def bracketed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text in brackets, with all that is put into it."""
    texts: dict[str, Text] = {
        key: f"⟦{text}⟧" if isinstance(text, str) else {name: f"⟦{one}⟧" for name, one in text.items()}
        for key, text in texts_of("en").items()
    }
    texts |= {key: texts_of("en")[key] for key in ("page.direction", "page.and", "page.language")}
    monkeypatch.setattr("hub.pages.words.texts_of", lambda language: texts)


@pytest.mark.usefixtures("bracketed")
def test_no_words_stand_in_the_review_itself() -> None:
    assert not left(review_page("⟦⟧"))
    assert left("<p>Tie</p>") == ["Tie"] and left('<p title="A tie">⟦x ⟦y⟧⟧</p>') == ["A tie"]


@pytest.mark.usefixtures("bracketed")
@pytest.mark.parametrize("exact_rows", [20_000, 40])
def test_no_words_stand_in_the_report_itself(demo: Demo, tmp_path: Path, exact_rows: int) -> None:
    run_report(demo.run, tmp_path / "report.html", exact_rows=exact_rows)
    assert not left((tmp_path / "report.html").read_text(encoding="utf-8"))


LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`')
# What is no text: comments, and classes and selectors.
NO_TEXT = re.compile(
    r"""^\s*//.*$|/\*.*?\*/|className[:=] *(?:"[^"]*"|`[^`]*`)"""
    r"""|(?:querySelector(?:All)?|matches|closest|getElementById)\((?:"[^"]*"|`[^`]*`)\)"""
)
NAMES = {"Content-Type", "Escape", "Enter", "Esc", "use strict"}


@pytest.mark.parametrize(
    "path",
    [path for path in sources() if path.suffix == ".js"],
    ids=lambda path: path.name,
)
def test_no_words_stand_in_scripts(path: Path) -> None:
    assert not words_in(path.read_text(encoding="utf-8"))


def words_in(script: str) -> list[str]:
    """Literals of two words, or of one that begins like a sentence."""
    literals = [one[1:-1] for line in script.splitlines() for one in LITERAL.findall(NO_TEXT.sub("", line))]
    found = [re.sub(r"\$\{[^}]*\}", "", literal) for literal in literals]
    return [
        one for one in found if re.search(r"[A-Za-z]{2,}[:,]? [a-z]{2,}|^[A-Z][a-z]+\W?$", one) and one not in NAMES
    ]


def test_words_in_scripts_would_be_found() -> None:
    for script in ('tell("Saved.")', "`${n} of ${all} are done`", '// x\n"First"', 'f("not saved: full")'):
        assert words_in(script), script
