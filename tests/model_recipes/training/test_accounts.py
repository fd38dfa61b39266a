"""Rows accounted for, and what can be said of tools and dates without a model."""

from datetime import date

import pytest

from model_recipes.training.accounts import Account, look_at, table
from model_recipes.training.launch import run_train
from model_recipes.training.lengths import run_tokens
from model_recipes.training.rows import ALL_CUT, NO_ASSISTANT, dated, read_tools, tools_hidden
from processors.errors import InputError

TOOL = '{"type": "function", "function": {"name": "get_weather", "parameters": {}}}'


def account() -> Account:
    made = Account("demo")
    reasons = ["", "", NO_ASSISTANT, ALL_CUT]
    made.add(
        {"tokens": [10, 700, 30, 900], "cut": [0, 188, 0, 0], "learnt": [4, 100, 0, 0], "left_out": reasons},
    )
    return made


def test_read_is_kept_and_left_out() -> None:
    made = account()
    assert (made.rows, made.kept, made.cut) == (4, 2, 1)
    assert (made.tokens, made.tokens_cut, made.learnt) == (10 + 512, 188, 104)
    assert made.kept + made.left_out.total() == made.rows
    assert f"left out, 1: {NO_ASSISTANT}" in table([made])


@pytest.mark.parametrize(("share", "stops"), [(0.49, True), (0.5, False)])
def test_more_left_out_than_the_recipe_allows_stops(share: float, stops: bool) -> None:
    if stops:
        with pytest.raises(InputError, match=r"2 of 4 rows would be left out \(50\.0%; max_left_out is 49\.0%\)"):
            look_at([account()], share)
    else:
        look_at([account()], share)


def test_no_row_left_stops_whatever_the_recipe_allows() -> None:
    none = Account("none")
    with pytest.raises(InputError, match="no rows"):
        look_at([none], 1.0)
    none.add({"tokens": [3], "cut": [0], "learnt": [0], "left_out": [NO_ASSISTANT]})
    with pytest.raises(InputError, match=f"1 of 1 rows .*, 1 for: {NO_ASSISTANT}; mend"):
        look_at([none], 1.0)


@pytest.mark.parametrize("value", [None, "", "  ", [], "[]", "null"])
def test_no_tools(value: object) -> None:
    assert read_tools(value) is None


@pytest.mark.parametrize("value", [f"[{TOOL}]", [TOOL]])
def test_tools_in_both_forms(value: object) -> None:
    tools = read_tools(value)
    assert tools is not None and tools[0]["function"]["name"] == "get_weather"


@pytest.mark.parametrize("value", ["{", '{"name": "x"}', "[3]", ['"text"'], ["not JSON"]])
def test_what_is_no_list_of_schemas_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        read_tools(value)


def test_tools_that_the_text_does_not_name_are_hidden() -> None:
    tools = read_tools([TOOL])
    assert tools_hidden(tools, {}, lambda: "a text without them")
    assert not tools_hidden(tools, {}, lambda: "<tools>get_weather</tools>")
    assert tools_hidden(None, {"xml_tools": [TOOL]}, lambda: "")
    # Where there are none there is no text to make.
    assert not tools_hidden(None, {"xml_tools": []}, lambda: pytest.fail("asked for the text"))
    assert not tools_hidden(None, {"xml_tools": ["def f(): ..."]}, lambda: pytest.fail("asked for the text"))


def test_functions_of_python_that_the_text_does_not_name_are_hidden() -> None:
    python = {"python_tools": ["def area(radius: float) -> float: ...", "async def fetch(url: str) -> str: ..."]}
    assert tools_hidden(None, python, lambda: "a text without them")
    assert not tools_hidden(None, python, lambda: "fetch(url)")
    # Of each kind one must be seen.
    assert tools_hidden(read_tools([TOOL]), python, lambda: "<tools>get_weather</tools>")
    assert not tools_hidden(None, {"python_tools": []}, lambda: pytest.fail("asked for the text"))


def test_a_template_is_told_the_day_of_the_training() -> None:
    template = """{% set today = strftime_now("%d %B %Y") %}{{ strftime_now('%Y') }}"""
    assert dated(template, date(2026, 1, 31)) == "{% set today = '31 January 2026' %}{{ '2026' }}"
    assert dated(None, date(2026, 1, 31)) is None


def test_an_unknown_recipe_is_one_line(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="no training recipe 'stf'; expected one of sft, dpo, reward, merge"):
        run_train("stf", tmp_path / "x.yaml", [])


def test_without_the_extra_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"this needs torch: pip install torch && pip install 'smolkalam\[train\]'"):
        run_tokens("x", "y", name=None, split="all", max_lengths=[1], template=None, plain=False)
