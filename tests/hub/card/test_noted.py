"""The card's sections on notes and on what a chat template shows."""

import re
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jinja2
import pyarrow.parquet as pq
import pytest

from hub.card.noted import notes_section
from hub.card.translators import STORED, replayed
from tests.conftest import Demo
from tests.hub.card.test_write import SPLITS, build, recipe
from tests.standins.processes import ROOT


def test_the_card_says_which_rows_have_notes_and_what_share_of_calls_is_said() -> None:
    made = build(recipe("one", "two"), SPLITS)
    made.totals["rank"].extra.update(
        {"SFT_one_ranked/noted": 4, "SFT_one_ranked/noted_script": 3, "SFT_one_ranked/noted_prose_in_code": 1,
         "SFT_one_ranked/calls_said": 8, "SFT_one_ranked/calls_grounded": 6}
    )  # fmt: skip
    text = notes_section(made)
    assert "| `SFT_one_ranked` | 4 | 25.0% | script 3, prose_in_code 1 |" in text
    assert "| `SFT_two_ranked` | 0 | 0.0% | none |" in text
    assert "6 of 8 rows with such calls (75.0%)" in text and "`SFT_two_ranked`: " not in text


def tokenizer_of(template: str) -> Callable[..., Any]:
    made = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(template)

    def apply(messages: Any, *, tokenize: bool, **options: Any) -> str:
        return made.render(messages=messages, strftime_now=lambda _: "today", **options)

    return lambda _: SimpleNamespace(apply_chat_template=apply)


def test_the_snippet_finds_which_templates_show_tools_and_instructions(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = demo.run / "dataset"
    text = (folder / "README.md").read_text(encoding="utf-8")
    code = next(one for one in re.findall(r"```python\n(.*?)```", text, re.S) if "AutoTokenizer" in one)
    smollm3 = (ROOT / "tests" / "model_recipes" / "sft" / "smollm3.jinja").read_text(encoding="utf-8")
    shows = re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", smollm3)
    hides = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    for split in ("hermes_function_calling_v1_no_think", "smoltalk_systemchats_Qwen3_32B_think", "s1k_1.1_think"):
        dataset = pq.read_table(folder / "SFT_reference_ranked" / f"{split}-00000-of-00001.parquet").to_pylist()
        for template in (shows, hides):
            fake = SimpleNamespace(AutoTokenizer=SimpleNamespace(from_pretrained=tokenizer_of(template)))
            monkeypatch.setitem(sys.modules, "transformers", fake)
            told = any(row["tools"] or (row["chat_template_kwargs"] or {})["custom_instructions"] for row in dataset)
            if template is hides and told:
                with pytest.raises(AssertionError):
                    exec(code, {"dataset": dataset})
            else:
                exec(code, {"dataset": dataset})


@pytest.mark.parametrize(
    ("requests", "stored", "told"), [(364, "359", "5"), (12_364, "1,359", "11,005"), (7, "7", None)]
)
def test_requests_and_stored_answers_add_up(requests: int, stored: str, told: str | None) -> None:
    found = replayed(requests, [["Tokens", "9"], [STORED, stored]])
    assert [line[1] for line in found] == ([told] if told else [])
    assert not replayed(requests, []) and not replayed(3, [[STORED, "9"]])
