"""The training text of each shape of a row, with its loss, as docs/training_texts.md shows it.

    python -m tests.model_recipes.training.texts    # writes the page; needs the extra `train`

`test_texts.py` holds the page against the encoders. Templates: SmolLM3's own, Qwen3's as TRL ships it, and plain
ChatML, which knows of roles alone. The tokenizer is a byte-level one made on the spot: what it decodes is what it was
given, whatever its tokens are.
"""

import copy
import json
import tempfile
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from processors.judging.exchange import translation_answer, translation_prompt
from tests.standins.processes import ROOT
from tests.standins.tiny_reward import write_base

PAGE = ROOT / "docs" / "training_texts.md"
TEMPLATES = ROOT / "tests" / "model_recipes" / "sft"
DAY = date(2026, 1, 31)
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"city": "string"}}}
ASK = [{"role": "user", "content": "ما عاصمة مصر؟"}, {"role": "assistant", "content": "القاهرة."}]
MORE = [{"role": "user", "content": "والسودان؟"}, {"role": "assistant", "content": "الخرطوم."}]
BRIEF = "كن موجزًا."
CALL = [
    {"role": "user", "content": "ما الطقس؟"},
    {"role": "assistant", "content": '<tool_call>{"name": "get_weather"}</tool_call>'},
    {"role": "tool", "content": "مشمس"},
    {"role": "assistant", "content": "مشمس."},
]


def thinking(messages: list[dict[str, str]], thought: str) -> list[dict[str, str]]:
    """The same with a thought before each answer."""
    return [m | {"content": f"<think>\n{thought}\n</think>\n{m['content']}"} if m["role"] == "assistant" else m
            for m in messages]  # fmt: skip


# As SmolTalk2 and what is built of it have them.
CONVERSATIONS: dict[str, dict[str, Any]] = {
    "no_think": {"messages": ASK, "chat_template_kwargs": {"enable_thinking": False}},
    "think": {"messages": thinking(ASK, "مصر."), "chat_template_kwargs": {"enable_thinking": True}},
    "think, several turns": {
        "messages": thinking([*ASK, *MORE], "تذكّر."),
        "chat_template_kwargs": {"enable_thinking": True},
    },
    "no arguments (None)": {"messages": ASK, "chat_template_kwargs": None},
    "custom instructions": {
        "messages": ASK,
        "chat_template_kwargs": {"enable_thinking": False, "custom_instructions": BRIEF},
    },
    "system prompt": {"messages": [{"role": "system", "content": BRIEF}, *ASK], "chat_template_kwargs": None},
    "tools": {
        "messages": CALL,
        "tools": json.dumps([TOOL]),
        "chat_template_kwargs": {"enable_thinking": False, "custom_instructions": BRIEF},
    },
    "tools of Python": {
        "messages": ASK,
        "chat_template_kwargs": {"enable_thinking": False, "python_tools": ["def capital(country: str) -> str: ..."]},
    },
    "no assistant turn": {"messages": ASK[:1], "chat_template_kwargs": {"enable_thinking": False}},
}
BAD = {"role": "assistant", "content": "Cairo."}
PAIRS: dict[str, dict[str, Any]] = {
    "no_think": {
        "prompt": ASK[:1], "chosen": ASK[1:], "rejected": [BAD], "chat_template_kwargs": {"enable_thinking": False},
    },
    "think": {
        "prompt": ASK[:1], "chosen": thinking(ASK[1:], "مصر."), "rejected": thinking([BAD], "Egypt."),
        "chat_template_kwargs": {"enable_thinking": True},
    },
    "custom instructions": {
        "prompt": ASK[:1], "chosen": ASK[1:], "rejected": [BAD],
        "chat_template_kwargs": {"enable_thinking": False, "custom_instructions": BRIEF},
    },
    "SmolTalk2's form": {"prompt": ASK[0]["content"], "chosen": ASK, "rejected": [ASK[0], BAD]},
}  # fmt: skip
ENGLISH = [{"role": "user", "content": "What is the capital of Egypt?"}, {"role": "assistant", "content": "Cairo."}]
REWARDS: dict[str, dict[str, Any]] = {
    "translations": {
        "prompt": translation_prompt(ENGLISH, "Arabic"),
        "chosen": translation_answer(ASK),
        "rejected": translation_answer([ASK[0], BAD]),
    },
    "answers": {"prompt": ASK[:1], "chosen": ASK[1:], "rejected": [BAD]},
}


def templates(*, marked: bool) -> dict[str, str]:
    """Name and text; TRL's form of Qwen3's has the marks that a loss on the assistant's turns alone needs."""
    import trl

    of_trl = Path(trl.__file__).parent / "chat_templates"
    files = {
        "SmolLM3": TEMPLATES / "smollm3.jinja",
        "Qwen3": of_trl / ("qwen3_training.jinja" if marked else "qwen3.jinja"),
        "ChatML": TEMPLATES / "chatml.jinja",
    }
    return {name: file.read_text(encoding="utf-8") for name, file in files.items()}


@cache
def of_bytes() -> Any:
    from transformers import AutoTokenizer

    with tempfile.TemporaryDirectory() as folder:
        return AutoTokenizer.from_pretrained(write_base(Path(folder), ["القاهرة"], layers=1, vocabulary=300))


def tokenizer(template: str) -> Any:
    made = copy.deepcopy(of_bytes())
    made.chat_template = template
    return made


def conversation(template: str, row: dict[str, Any]) -> list[str]:
    from model_recipes.training.rows import RowEncoder

    return [RowEncoder(tokenizer(template), assistant_only=True, max_length=None, day=DAY).shown(row)]


def pair(template: str, row: dict[str, Any]) -> list[str]:
    from model_recipes.dpo.data import DpoEncoder

    return DpoEncoder(tokenizer(template), max_length=None, day=DAY).shown(row)


def rewarded(template: str, row: dict[str, Any]) -> list[str]:
    """Both sequences of a pair, the token that the reward is read at between guillemets."""
    from model_recipes.reward.data import PairEncoder

    made = tokenizer(template)
    names = {name: [row[name]] for name in ("prompt", "chosen", "rejected")}
    found = PairEncoder(made, 4096, "shown")(names, [0])
    return [f"{made.decode(ids[:-1])}«{made.decode(ids[-1:])}»" for name in ("chosen_ids", "rejected_ids")
            for ids in found[name]]  # fmt: skip


KINDS = {"sft": (CONVERSATIONS, conversation), "dpo": (PAIRS, pair), "reward": (REWARDS, rewarded)}
SAID = {
    "sft": """## Conversations, for `train sft`

With `assistant_only_loss`; without it the same text has a loss from its first token on. SmolLM3's template puts the
header of the assistant's turn and the empty thoughts under the loss; the end of a turn always is, or the training does
not start: a model that never learns to stop is the costliest mistake of all. A key of `chat_template_kwargs` that is
null counts as not given. Custom instructions are the system prompt where a template does not know them.
""",
    "dpo": """## Pairs, for `train dpo`

The chosen sequence, then the rejected one. Both begin with the same prompt, which ends where the assistant begins;
what follows it has a loss.
""",
    "reward": """## Pairs, for `train reward`

The chosen sequence, then the rejected one. No token has a loss of its own: the reward is read at the last one, which
stands between guillemets.
""",
}


def shown() -> Iterator[tuple[str, str, str, list[str]]]:
    """Recipe, shape, template's name, and the texts of a row of that shape."""
    for recipe, (shapes, text_of) in KINDS.items():
        for shape, row in shapes.items():
            for name, template in templates(marked=recipe == "sft").items():
                if recipe != "reward" or name == "ChatML":
                    yield recipe, shape, name, text_of(template, row)


def page() -> str:
    parts = [
        "# What a row becomes\n\n<!-- Written by `python -m tests.model_recipes.training.texts`. -->\n\n"
        "The text of each shape of a row as models' templates make it: SmolLM3's own, Qwen3's, and plain ChatML,\n"
        "which knows of roles alone. «What stands so» has a loss. What else becomes of rows is in\n"
        "[training.md](training.md).\n"
    ]
    last = ("", "")
    for recipe, shape, name, texts in shown():
        if recipe != last[0]:
            parts.append(SAID[recipe])
        if (recipe, shape) != last:
            parts.append(f"### {shape}{', a pair' * (recipe == 'dpo')}\n")
        last = (recipe, shape)
        for number, text in enumerate(texts):
            side = (", chosen", ", rejected")[number] if len(texts) > 1 else ""
            parts.append(f"{name}{side}:\n\n```text\n{text.strip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
