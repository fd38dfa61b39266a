"""A lexicon learnt from a few lines, by the command, holds what the lines show and what people add."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from processors.alignment.lexicon import Lexicon
from tests.standins.processes import ROOT, environment

LINES = [
    ("The house is big.", "البيت كبير."),
    ("A small house near the river.", "بيت صغير قرب النهر."),
    ("My house and my garden.", "بيتي وحديقتي."),
    ("The river is long.", "النهر طويل."),
    ("We swim in the river.", "نسبح في النهر."),
    ("The garden is small.", "الحديقة صغيرة."),
    ("A long day in the garden.", "يوم طويل في الحديقة."),
    ("A river and a house.", "نهر وبيت."),
]
# The fifth of five lines is left out.
LEFT_OUT = ("A zebra in the garden.", "حمار وحشي في الحديقة.")
TEXTS = [line for first in (0, 4) * 2 for line in (*LINES[first : first + 4], LEFT_OUT)]


def learn(folder: Path, name: str) -> bytes:
    for side, code in enumerate(("en", "ar")):
        (folder / code).write_text("\n".join(pair[side] for pair in TEXTS), encoding="utf-8")
    (folder / "extra.tsv").write_text(
        "# by hand\nwaterfall\tشلال|شلالات\nuse\tيستخدم\nwriting\tكتابة\n", encoding="utf-8"
    )
    (folder / "ranked.tsv").write_text(
        "swim\tسباحة|يسبح|عوم\nwaterfall\tشلال|مسقط\nboat\tقارب|زورق|مركب|فلك\nsentence\tجملة|عبارة\n",
        encoding="utf-8",
    )
    rules = ROOT / "model_recipes" / "lexicon" / "en-ar.yaml"
    command = [sys.executable, "-m", "model_recipes.lexicon.train", rules, folder / "en", folder / "ar"]
    command += ["--extra", folder / "extra.tsv", "--ranked", folder / "ranked.tsv", "-o", folder / name]
    subprocess.run(command, check=True, env=environment(), cwd=folder, capture_output=True)
    return (folder / name).read_bytes()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return learn(tmp_path_factory.mktemp("lexicon"), "one.json")


@pytest.fixture(scope="module")
def found(written: bytes) -> Lexicon:
    return Lexicon.from_dict(json.loads(written))


def test_what_the_lines_show_and_what_people_add(found: Lexicon, written: bytes, tmp_path: Path) -> None:
    for word, translation in (("house", "بيت"), ("river", "نهر"), ("garden", "حديق"), ("waterfall", "شلال")):
        assert any(translation in other for other in found.forward[found.source.stems(word)[0]].others)
    assert found.forward[found.source.stems("waterfall")[0]].hit > 0.5
    assert learn(tmp_path, "two.json") == written


def test_a_word_added_by_hand_is_found_with_an_article_and_in_every_person(found: Lexicon) -> None:
    for word, texts in (
        ("use", ("استخدم", "نستخدم", "تستخدم", "يستخدم")),
        ("writing", ("كتابة", "الكتابة", "بالكتابة")),
    ):
        others = found.forward[found.source.stems(word)[0]].others
        for text in texts:
            assert not others.isdisjoint(found.target.stems(text.replace("ة", "ه"))), text


def test_what_is_ranked_behind_the_usual_words_stands_apart(found: Lexicon) -> None:
    assert "zebra" not in found.forward
    # Nobody else knows any: the first two are the usual ones.
    boat = found.forward[found.source.stems("boat")[0]]
    assert {"قارب", "زورق"} <= boat.others and {"مركب", "فلك"} <= boat.rarer
    assert boat.hit > 0.5 > boat.rarer_hit > 0
    # What people say elsewhere is usual, whatever its rank.
    waterfall = found.forward[found.source.stems("waterfall")[0]]
    assert "شلال" in waterfall.others and "مسقط" in waterfall.rarer
    assert waterfall.is_met(frozenset({"مسقط"})) and not waterfall.is_met(frozenset({"نهر"}))


def test_a_noun_of_the_feminine_is_found_before_a_pronoun_and_in_the_dual(found: Lexicon) -> None:
    sentence = found.forward[found.source.stems("sentences")[0]]
    for text in ("جمله", "جملتها", "جملتين"):
        assert sentence.is_met(frozenset(found.target.stems(text))), text
