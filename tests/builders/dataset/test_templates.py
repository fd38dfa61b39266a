"""Custom instructions as a system message: what a row becomes, what a template makes of it, and a build with them."""

import json
import re
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.build import run_build
from builders.dataset.templates import with_system_message
from builders.run_folder import schemas
from hub.card.write import write_card
from hub.rules.check import check_dataset
from tests.builders.small_run import message, small_recipe
from tests.standins.processes import ROOT

SMOLLM3 = ROOT / "tests" / "model_recipes" / "sft" / "smollm3.jinja"
CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"


def a_row(instructions: str | None = "كن موجزا.", *, system: bool = False) -> dict[str, Any]:
    messages = [message("user", "ما عاصمة مصر؟"), message("assistant", "القاهرة.")]
    check = {"check": "numbers", "hard": False, "message": 1, "detail": "here"}
    return {
        "messages": [message("system", "قبل."), *messages] if system else messages,
        "chat_template_kwargs": {"custom_instructions": instructions, "enable_thinking": False},
        "candidates": [{"checks": [check, check | {"message": None}]}],
        "segments": [{"message": -1, "start": 0, "end": 9}, {"message": 1, "start": 0, "end": 8}],
        "tokens": 8,
        "turns": 2,
    }


def rendered(template: str, row: dict[str, Any], **more: Any) -> str:
    # Marks of what has a loss are an extension of transformers'; they write nothing.
    plain = re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", template)
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    made = environment.from_string(plain)
    return made.render(messages=row["messages"], strftime_now=lambda _: "today", **row["chat_template_kwargs"], **more)


def test_what_names_a_message_by_its_number_names_it_still() -> None:
    before = a_row()
    row, done = with_system_message(before, len)
    assert done == "added" and before == a_row()
    assert row["messages"] == [message("system", "كن موجزا."), *before["messages"]]
    assert [check["message"] for check in row["candidates"][0]["checks"]] == [2, None]
    assert [one["message"] for one in row["segments"]] == [0, 2]
    assert (row["turns"], row["tokens"]) == (3, 8 + len("كن موجزا."))
    assert row["chat_template_kwargs"] == before["chat_template_kwargs"]


@pytest.mark.parametrize("instructions", [None, "", "  \n"])
def test_a_row_without_them_or_with_a_system_message_is_as_it_was(instructions: str | None) -> None:
    assert with_system_message(a_row(instructions), len) == (a_row(instructions), None)
    assert with_system_message(a_row(system=True), len) == (a_row(system=True), None)
    assert with_system_message(a_row() | {"chat_template_kwargs": None}, len)[1] is None
    assert with_system_message(a_row() | {"messages": []}, len)[1] is None


def test_smollm3s_template_makes_the_same_text_and_another_shows_them_at_last() -> None:
    template, before = SMOLLM3.read_text(encoding="utf-8"), a_row()
    row, _ = with_system_message(before, len)
    assert rendered(template, row) == rendered(template, before)
    assert "كن موجزا." in rendered(CHATML, row) and "كن موجزا." not in rendered(CHATML, before)


@pytest.mark.parametrize("flag", ["/think", "/no_think", "/system_override"])
def test_what_would_change_how_smollm3_reads_the_row_is_left_where_it_is(flag: str) -> None:
    row = a_row(f"كن موجزا. {flag}")
    assert with_system_message(row, len) == (row, "left")


def test_a_build_has_them_says_how_many_and_check_proves_it(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "SFT"
    folder.mkdir(parents=True)
    tool = json.dumps({"name": "get_weather", "description": "says it", "parameters": {}})
    told = [("Be brief and kind to them.", []), ("", [tool]), ("Use /think here and there.", [])]
    made = [
        {
            "messages": [message("user", f"What is the capital of Egypt, {i}?"), message("assistant", "It is Cairo.")],
            "chat_template_kwargs": {
                "custom_instructions": instructions, "enable_thinking": False, "python_tools": [], "xml_tools": tools,
            },
            "source": "own",
        }
        for i, (instructions, tools) in enumerate(told)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(made, schema=schemas.source()), folder / "own-00000-of-00001.parquet")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "name: own\nsource: {path: data}\noutputs: {system_message: true}\n"
        "translators: [{name: one, backend: pseudo}]\n"
    )
    run = run_build(str(recipe), output=tmp_path / "run", finish=write_card)
    file = run / "dataset" / "SFT_one_ranked" / "own-00000-of-00001.parquet"
    rows = pq.read_table(file).to_pylist()
    assert [row["messages"][0]["role"] for row in rows] == ["system", "user", "user"]
    assert rows[0]["messages"][0]["content"] == rows[0]["chat_template_kwargs"]["custom_instructions"]
    assert "`system` (in 1 rows; 1 with one of its flags (`/think`) are left there alone)" in (
        run / "dataset" / "README.md"
    ).read_text(encoding="utf-8")
    rules = {finding.rule for finding in check_dataset(run / "dataset")}
    assert not rules & {"tools", "system-message"}
    # Another program lost some of them.
    lost = [rows[0], rows[0] | {"messages": rows[0]["messages"][1:]}, rows[1] | {"tools": None}]
    pq.write_table(pa.Table.from_pylist(lost, schema=pq.read_schema(file)), file)
    assert {"tools", "system-message"} <= {finding.rule for finding in check_dataset(run / "dataset")}


def test_rows_of_fields_have_no_place_for_one() -> None:
    with pytest.raises(ValueError, match=r"outputs\.system_message puts a message before those of a row"):
        small_recipe(("one",), source={"path": "sample", "fields": ["text"]}, outputs={"system_message": True})


def test_of_a_pair_it_is_the_first_of_the_prompt() -> None:
    before = a_row()
    messages = before.pop("messages")
    pair = before | {"prompt": messages[:1], "chosen": messages[1:], "rejected": messages[1:]}
    row, done = with_system_message(pair, len)
    assert done == "added" and row["prompt"] == [message("system", "كن موجزا."), *messages[:1]]
    assert (row["chosen"], row["rejected"]) == (pair["chosen"], pair["rejected"])
    assert row["candidates"][0]["checks"][0]["message"] == 2
