"""The card of an arbitrage: who answered, who won in which domain and language, what was left out and why."""

from pathlib import Path
from typing import TYPE_CHECKING

from builders.arbitrage.told import cells_by, cells_of
from hub.card.answered.common import (
    again,
    counts_table,
    loading,
    marks_table,
    models_table,
    source_line,
    title,
    write_answered_card,
)
from hub.card.markdown import table

if TYPE_CHECKING:
    from builders.arbitrage import Arbitrated


def write_arbitrage_card(folder: Path, done: "Arbitrated") -> None:
    """Write `README.md` and `provenance.json` into an arbitrage's dataset."""
    recipe = done.recipe
    write_answered_card(
        folder,
        recipe,
        recipe.outputs,
        done.prompts,
        done.configs,
        recipe.pool,
        tags=["sft", "preference", "arbitrage"],
        body=_body(done),
    )


def _body(done: "Arbitrated") -> list[str]:
    recipe, told = done.recipe, done.told
    first = done.configs[0]
    by = "a reward model" if told["ordered_by"] == "reward" else "the mean mark of a panel of judges"
    pairs = told["pairs"].get("pair", 0)
    no_pair = ", ".join(f"`{why}` {number:,}" for why, number in told["pairs"].items() if why != "pair")
    return [
        f"{title(recipe, recipe.outputs)}\n\nEach prompt was answered by {len(recipe.pool)} models, "
        f"{recipe.answering.samples} times each; the best answer by {by} is in `{recipe.outputs.sft}`, and the pair "
        f"with the largest difference in `{recipe.outputs.preference}` (multilingual arbitrage; Odumakinde et al., "
        f"2024, arXiv 2408.14960). Made by `smolkalam arbitrate`.\n\n{source_line(recipe, done.prompts)}",
        loading(recipe.outputs.repo, first.name, "messages"),
        f"## Who won\n\n{_table(cells_of(told))}\n\nBy domain:\n\n{_table(cells_by(told, 'domain'))}\n\n"
        f"By language:\n\n{_table(cells_by(told, 'language'))}",
        f"## What was left out\n\n{counts_table(told['stages'])}\n\n{pairs:,} prompts give a pair; no pair: "
        f"{no_pair or 'none'}. {_rules(done)}",
        f"## Who answered\n\n{models_table(recipe.pool, told['models_told'])}",
        *_panel(done),
        _columns(),
        again(recipe, "arbitrate"),
    ]


def _table(cells: tuple[list[str], list[list[str]]]) -> str:
    titles, rows = cells
    return table(titles, rows)


def _rules(done: "Arbitrated") -> str:
    choice = done.recipe.choose
    rules = []
    if choice.least_reward is not None:
        rules.append(f"a reward below {choice.least_reward:g}")
    if done.recipe.panel is not None and choice.least_mark is not None:
        rules.append(f"a mean mark below {choice.least_mark:g}")
    return f"No answer with {' or '.join(rules)} is chosen." if rules else ""


def _panel(done: "Arbitrated") -> list[str]:
    panel = done.told.get("panel")
    if not panel:
        return []
    return [f"## The panel\n\n{marks_table(panel)}"]


def _columns() -> str:
    return (
        "## Columns\n\n"
        "- `messages`, `chat_template_kwargs`, `source`: as in SmolTalk2; the last message is the answer\n"
        "- `prompt`, `chosen`, `rejected`: TRL's conversational preference format; `difference` is that of the "
        "scores, and so is `margin`\n"
        "- `model`, `reward`, `mark` (of a pair `chosen_...`, `rejected_...`): who wrote an answer, and its scores\n"
        "- `answers`: usable answers to the prompt\n"
        "- `source_id`, `domain`, `language`: the prompt; `by`: what decided (`reward`, `judges`, `people`)"
    )
