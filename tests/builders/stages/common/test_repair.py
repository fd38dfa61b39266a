"""A candidate that a check vetoes takes another's passages for those to blame, and no others; or none at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from datatrove.data import Document

from builders.build import run_build
from builders.stages.common.combine import chosen_by_segment
from builders.stages.common.repair import Repairs, _without_blamed
from hub.card.write import write_card
from hub.report.command import run_report
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_conversation
from processors.languages.language import DEFAULT
from processors.ranking.combine import Piece
from processors.ranking.policy import Choice, Policy, Scored, decided
from tests.conftest import tree

RECIPE = """
name: repaired
source: {{path: {source}, keep: [plain]}}
translators:
  - {{name: One, backend: memory, memory: [{folder}/One.tsv]}}
  - {{name: Two, backend: memory, memory: [{folder}/Two.tsv]}}
"""
ENGLISH = [
    "The nurse asked the child to breathe slowly.", "He wrote 14 letters to his brother.",
    "Rain fell on the hills all night.", "The station opens at 6 in the morning.",
    "Prices rose by 3 percent last year.", "She keeps 25 books on the shelf.",
    "The bridge was closed for 12 days.", "Our teacher lives near the river.",
]  # fmt: skip
ARABIC = [
    "طلبت الممرضة من الطفل أن يتنفس ببطء.", "كتب 14 رسالة إلى أخيه.",
    "هطل المطر على التلال طوال الليل.", "تفتح المحطة أبوابها في الساعة 6 صباحا.",
    "ارتفعت الأسعار بنسبة 3 في المئة العام الماضي.", "تحتفظ بعدد 25 كتابا على الرف.",
    "أغلق الجسر لمدة 12 يوما.", "يسكن معلمنا قرب النهر.",
]  # fmt: skip
# What a check vetoes: another number.
WRONG = {
    ("One", 1): "كتب 74 رسالة إلى أخيه.",
    ("One", 6): "أغلق الجسر لمدة 19 يوما.",
    ("Two", 3): "تفتح المحطة أبوابها في الساعة 9 صباحا.",
    ("Two", 6): "أغلق الجسر لمدة 13 يوما.",
}
# Which lines a row's messages are: one of One's is wrong; one of either; the same of both; none.
ROWS = {0: (0, 1, 2, 4), 1: (1, 3, 2, 5), 2: (4, 6, 7, 2), 3: (5, 0, 7, 4)}


def said(texts: list[str], lines: tuple[int, ...]) -> list[tuple[str, str]]:
    return [(("user", "assistant")[place % 2], texts[line]) for place, line in enumerate(lines)]


@pytest.fixture
def recipe(row: Callable[..., Any], write_split: Callable[..., Path], tmp_path: Path) -> Path:
    rows = [row(*said(ENGLISH, lines)) for lines in ROWS.values()]
    source = write_split("plain", rows)
    for name in ("One", "Two"):
        texts = [WRONG.get((name, line)) or one for line, one in enumerate(ARABIC)]
        texts = [one.replace("الليل", "الليلة") if name == "Two" else one for one in texts]
        pairs = [f"{english}\t{arabic}\n" for english, arabic in zip(ENGLISH, texts, strict=True)]
        (tmp_path / f"{name}.tsv").write_text("source\ttarget\n" + "".join(pairs), encoding="utf-8")
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.format(source=source, folder=tmp_path))
    return path


def rows(run: Path, config: str) -> dict[int, dict[str, Any]]:
    found = [one for path in (run / "dataset" / config).glob("*.parquet") for one in pq.read_table(path).to_pylist()]
    return {int(one["id"].rpartition("/")[2]): one for one in found}


def build(recipe: Path, output: Path, *settings: str, **options: Any) -> Path:
    run_build(str(recipe), output=output, settings=list(settings), finish=write_card, **options)
    return output


def test_only_what_is_to_blame_is_anothers_and_the_row_says_so(recipe: Path, tmp_path: Path) -> None:
    run = build(recipe, tmp_path / "with")
    found = rows(run, "SFT_One_ranked")
    assert set(found) == {0, 1, 3}, "what both have wrong in one place comes out for nobody"
    assert found[3]["segments"] is None and found[3]["translator"] == "One"
    for number, wrong in ((0, 1), (1, 1)):
        one = found[number]
        assert [m["content"] for m in one["messages"]] == [ARABIC[line] for line in ROWS[number]]
        place = ROWS[number].index(wrong)
        assert [s["translator"] for s in one["segments"]] == ["Two" if n == place else "One" for n in range(4)]
        assert one["translator"] == "One"
        assert one["quality"] is not None and 0 < one["quality"] < 1
        source = [{"role": role, "content": content} for role, content in said(ENGLISH, ROWS[number])]
        assert not [verdict for verdict in check_conversation(source, one["messages"]) if verdict.hard]
        # The candidate as it was is there, with what vetoes it.
        own = next(c for c in one["candidates"] if c["translator"] == "One")
        assert any(check["check"] == "numbers" and check["hard"] for check in own["checks"])
        assert "repaired: numbers" in own["decision"]
    # Two's own is not vetoed in the first row; in the second its own fault is One's line.
    two = rows(run, "SFT_Two_ranked")
    assert two[0]["translator"] == "Two" and two[0]["segments"] is None
    assert [m["content"] for m in two[1]["messages"]][:2] == [ARABIC[1], ARABIC[3]]
    card = (run / "dataset/README.md").read_text()
    assert "`SFT_One_ranked`: 2 rows" in card and "| `SFT_One_ranked` | vetoed but for others' passages | 2 |" in card


def test_without_it_the_whole_row_is_anothers_or_nobodys(recipe: Path, tmp_path: Path) -> None:
    whole = rows(build(recipe, tmp_path / "whole", "ranking.rescue=false"), "SFT_One_ranked")
    assert set(whole) == {0, 3} and whole[0]["translator"] == "Two"
    own = rows(build(recipe, tmp_path / "own", "ranking.replace=never"), "SFT_One_ranked")
    assert set(own) == {3}


def test_votes_on_the_candidate_as_it_was_say_nothing_of_it_repaired(recipe: Path, tmp_path: Path) -> None:
    ids = [one["id"] for one in rows(build(recipe, tmp_path / "first"), "SFT_One_ranked").values()]
    lines = [json.dumps({"id": one, "better": "Two", "worse": "One"}) for one in ids]
    (tmp_path / "votes.jsonl").write_text("\n".join(lines) + "\n")
    found = rows(build(recipe, tmp_path / "voted", f"ranking.verdicts={tmp_path / 'votes.jsonl'}"), "SFT_One_ranked")
    assert found[0]["translator"] == "One" and found[0]["segments"]
    assert found[3]["translator"] == "Two", "who was not repaired has lost"


def test_the_bytes_do_not_depend_on_tasks_and_workers(recipe: Path, tmp_path: Path) -> None:
    one, other = build(recipe, tmp_path / "one"), build(recipe, tmp_path / "other", tasks=3, workers=2)
    assert tree(one / "dataset") == tree(other / "dataset")


def test_the_report_counts_them(recipe: Path, tmp_path: Path) -> None:
    run = build(recipe, tmp_path / "run")
    run_report(run, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert 'data-word="report.gained.repaired"' in page


def test_of_a_message_that_is_vetoed_nothing_is_given_where_no_piece_shows_why() -> None:
    pieces = [Piece(n // 2, 5 * (n % 2), 5 * (n % 2) + 5, text, "B") for n, text in enumerate(("a", "?", "c", "d"))]

    def given(*blamed: int | None) -> list[str | None]:
        return [one.text for one in _without_blamed(pieces, frozenset(blamed), lambda one: one.text == "?")]

    assert given() == given(0) == ["a", "?", "c", "d"]
    assert given(1) == given(0, 1) == ["a", "?", None, None]
    # Which message is vetoed as a whole is told beside one that is known: that one gives nothing all the same.
    assert given(None, 1) == ["a", "?", None, None]
    # Of the whole row: where pieces show it, it is theirs.
    assert given(None) == ["a", "?", "c", "d"]


def test_who_gives_nothing_to_a_row_by_segment_is_not_said_to_be_chosen() -> None:
    """The best whole candidate may be one that was repaired, which gives no segments."""
    whole = Choice("One", "primary", "primary", ("chosen: best; repaired: numbers", "not chosen: x", "not chosen: y"))
    segments = [{"message": 0, "start": 0, "end": 9, "translator": name} for name in ("Two", "Three")]
    choice, _ = chosen_by_segment(whole, segments, "One", ["One", "Two", "Three"])
    assert [decided(one) for one in choice.decisions] == ["not_chosen", "chosen_by_segment", "chosen_by_segment"]


def test_where_a_score_decides_that_the_whole_lacks_it_is_put_together_for_want_of_anything_else() -> None:
    class Candidate:
        def __init__(self, *vetoes: str) -> None:
            self.scores: dict[str, float | None] = {"reward": 0.5}
            self.verdicts, self.vetoes, self.segments = [Verdict(one, True, "", 0) for one in vetoes], vetoes, None

        def seen(self, translator: str) -> Scored:
            return Scored(translator, self.scores, self.vetoes)

    class Chunks:
        def of(self, translator: str, row: str) -> list[dict[str, Any]]:
            asked.append(translator)
            return []

    asked: list[str] = []
    document = Document("", "x", metadata={"chunks": Chunks(), "messages": [{"role": "user", "content": "Hi."}]})
    repairs: Any = Repairs(DEFAULT, {}, lambda *_: Candidate(), ("reward",))  # type: ignore[arg-type]
    assert repairs._row(document, {"A": Candidate("numbers"), "B": Candidate()}, Policy(order_by="reward")) == {}
    assert not asked
    repairs._row(document, {"A": Candidate("numbers"), "B": Candidate("dates")}, Policy(order_by="reward"))
    repairs._row(document, {"A": Candidate("numbers"), "B": Candidate()}, Policy())
    assert asked == ["A", "B", "A", "B"]
