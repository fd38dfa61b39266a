"""Reading of rows, strict and loose, and that no text of an answer raises or takes long."""

import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.errors import InputError
from processors.instructions import KINDS, Followed, clash, follows, loose_readings, share_followed

GIVEN: dict[str, dict[str, Any]] = {
    "keywords:existence": {"keywords": ["مدرسة", "Python"]},
    "keywords:frequency": {"keyword": "البيت", "frequency": 2, "relation": "at least"},
    "keywords:forbidden_words": {"forbidden_words": ["حرب", "no"]},
    "keywords:letter_frequency": {"letter": "بُ", "let_frequency": 2, "let_relation": "at least"},
    "language:response_language": {"language": "ar"},
    "length_constraints:number_sentences": {"num_sentences": 3, "relation": "at least"},
    "length_constraints:number_paragraphs": {"num_paragraphs": 2},
    "length_constraints:number_words": {"num_words": 3, "relation": "less than"},
    "length_constraints:nth_paragraph_first_word": {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "ثم"},
    "detectable_content:number_placeholders": {"num_placeholders": 1},
    "detectable_content:postscript": {"postscript_marker": "ملاحظة"},
    "detectable_format:number_bullet_lists": {"num_bullets": 1},
    "detectable_format:number_highlighted_sections": {"num_highlights": 1},
    "detectable_format:multiple_sections": {"section_spliter": "القسم", "num_sections": 1},
    "combination:repeat_prompt": {"prompt_to_repeat": "اكتب"},
    "startend:end_checker": {"end_phrase": "انتهى."},
    "change_case:capital_word_frequency": {"capital_frequency": 1, "capital_relation": "at least"},
    "sentences:start_with_verb": {"verb_form": "past"},
}
ALL = [(kind, GIVEN.get(kind, {})) for kind in KINDS]
IDS, KWARGS = [name for name, _ in ALL], [kwargs for _, kwargs in ALL]
# fmt: off
PIECES = [
    "كتب", "وَالْمَدْرَسَةُ", "\u202e", "\u200f", "*", "**", "***", "<<", ">>", "[", "]", "{", '"', "«", "»", "،", ".", "؟",
    "\n", "\n\n", " ", "\t", "١", "1)", "- ", "القسم 1", "ﻻ", "ـ", "\ud800", "\x00", "a", "NASA", "🎉", "```",
    "َ", "…", "ß", "İ",
]
# fmt: on


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=300))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_text_raises(text: str) -> None:
    found = follows(text, IDS, KWARGS)
    assert [one.id for one in found] == IDS and all(one.loose or not one.strict for one in found)
    assert 0 <= share_followed(text, IDS, KWARGS) <= 1


@pytest.mark.parametrize("piece", [*PIECES, "كلمة ", "a ", "* a\n", "<<a ", "[a ", '"a" ', "ا.", "P.S. "])
def test_a_long_loop_is_read_in_a_time_linear_in_it(piece: str) -> None:
    """What is linear takes under 0.2 s, what was quadratic took minutes: the bound is far from both."""
    text = piece * (50_000 // len(piece))
    start = time.process_time()
    follows(text, IDS, KWARGS)
    assert time.process_time() - start < 20


def test_an_empty_answer_follows_nothing() -> None:
    for text in ("", " \n\u200f"):
        assert not any(one.strict or one.loose for one in follows(text, IDS, KWARGS))


def test_loosely_a_first_and_a_last_line_and_asterisks_do_not_count() -> None:
    text = "إليك الإجابة:\n{}\nأرجو أن تفيدك."
    ids, kwargs = ["detectable_format:json_format"], [{}]
    assert follows(text, ids, kwargs) == [Followed(ids[0], False, True)]
    assert len(list(loose_readings("أ\n*ب*\nج"))) == 8
    end = follows("انتهى.\n*مع التحية*", ["startend:end_checker"], [{"end_phrase": "انتهى"}])
    assert (end[0].strict, end[0].loose) == (False, True)


def test_what_a_kind_allows_leniently() -> None:
    numbered = follows("1. الأول\n٢) الثاني", ["detectable_format:number_bullet_lists"], [{"num_bullets": 2}])
    assert (numbered[0].strict, numbered[0].loose) == (False, True)
    other = follows("انتهى.\n\nملحوظة: نعم", ["detectable_content:postscript"], [{"postscript_marker": "P.S."}])
    assert (other[0].strict, other[0].loose) == (False, True)


def test_a_row_of_the_hub_is_read_as_it_is() -> None:
    """Every argument of every kind, most of them null, and floats for whole numbers."""
    row = {"num_words": 2.0, "relation": "على الأقل", "keywords": None, "num_bullets": None}
    assert follows("كلمتان اثنتان", ["length_constraints:number_words"], [row])[0].strict


@pytest.mark.parametrize(
    ("ids", "kwargs", "says"),
    [
        (["punctuation:no_coma"], [{}], "did you mean 'punctuation:no_comma'"),
        (["punctuation:no_comma"], [], "1 instructions with 0 kwargs"),
        (["length_constraints:number_words"], [{"num_words": 3}], "needs the argument 'relation'"),
        (["length_constraints:number_words"], [{"num_words": 3, "relation": "about"}], "expected 'at least'"),
        (["length_constraints:number_words"], [{"num_words": 3.5, "relation": "at least"}], "a whole number"),
        (["keywords:existence"], [{"keywords": []}], "a list of texts"),
        (["language:response_language"], [{"language": "xx"}], "is none of"),
    ],
)
def test_what_a_row_cannot_ask_is_said(ids: list[str], kwargs: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(InputError, match=says):
        follows("نص", ids, kwargs)


def test_kinds_clash_both_ways() -> None:
    for one in KINDS.values():
        assert clash(one, one) and set(one.clashes) <= set(KINDS)
        for other in KINDS.values():
            assert clash(one, other) == clash(other, one)


def test_checking_changes_nothing_by_order() -> None:
    draw = random.Random(3)
    text = "كتب الولد «رسالة» إلى المدرسة.\n\n* نقطة\n* *أخرى*، ثم انتهى."
    once = {one.id: one for one in follows(text, IDS, KWARGS)}
    for _ in range(5):
        order = draw.sample(ALL, len(ALL))
        assert {one.id: one for one in follows(text, [n for n, _ in order], [k for _, k in order])} == once
