"""The card's sections on what was found in the rows that are published: notes, calls that are said, duplicates.

Of pairs, also whether the translation makes one side longer or worse than the other where the source does not.
"""

from collections import Counter
from typing import TYPE_CHECKING

from builders.dataset.categories import DOMAIN, divided
from builders.dataset.duplicates import DROP, DROP_NEW, KEEP, KINDS
from builders.dataset.notes import grounding, noted
from builders.dataset.rows import statistics_by_config
from builders.dataset.side_statistics import SIDE_SCORES, SOURCE, TRANSLATED, SideStatistics, sides_by_config
from builders.dataset.statistics import summarise, tokens_column
from builders.dataset.templates import ADDED, LEFT
from builders.run_folder.folder import RANK
from hub.card.markdown import cell, details, fenced, score, table
from processors.conversations.sides import SIDES
from processors.scoring.columns import COLUMN

if TYPE_CHECKING:
    from builders.stages.common.context import Build

# The columns of a pair, and what is told of its sides, for the card's list of columns.
SIDES_SAID = "`prompt`, and `chosen` and `rejected`, which answer it"
SIDES_KNOWN = (
    "\n- `by_side`: LR, SCR and quality of `chosen` and `rejected`, with its prompt, and the tokens of its answer. "
    "The row's own LR and SCR are the lower side's, its quality is the mean of both; its tokens and turns count the "
    "prompt once. A check's `message` counts the prompt's messages, then chosen's, then rejected's"
)


def notes_section(build: "Build") -> str:
    """How many of each config's rows have notes, which, and the share of rows whose calls say what the user said."""
    recipe, extra = build.recipe, build.totals[RANK].extra
    tables = statistics_by_config(build.splits)
    rows, said = [], []
    for spec in recipe.translators:
        config = recipe.config_name(spec.name)
        whole = summarise(tables.get(config, {}).values()).rows
        of, by_name = noted(extra, config)
        names = ", ".join(f"{name} {n:,}" for name, n in by_name.items())
        rows.append([f"`{config}`", f"{of:,}", _share(of, whole), names or "none"])
        kept, calls = grounding(extra, config)
        if calls:
            share = _share(kept, calls)
            said.append(f"- `{config}`: {kept:,} of {calls:,} rows with such calls ({share}) say every value still")
    parts = [
        "## Notes\n\nWhat a check found that is no reason to leave a row out stands in its column `noted`; "
        "`prose_in_code` there means that something with the shape of code read as sentences and was translated.",
        table(["Config", "Rows with notes", "Share", "By note"], rows),
    ]
    if said:
        parts.append(
            "Tool calls stay as they are. Where an argument's value stands word for word in the conversation, it must "
            "stand there in the translation too (`tool_grounding`):\n\n" + "\n".join(said)
        )
    return "\n\n".join(parts)


_SHOWN = """import json

from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("MODEL")
for row in dataset:
    options = {key: value for key, value in (row["chat_template_kwargs"] or {}).items() if value is not None}
    tools = json.loads(row["tools"] or "null")
    text = tokenizer.apply_chat_template(row["messages"], tools=tools, tokenize=False, **options)
    assert options.get("custom_instructions", "").strip() in text, row["id"]
    said = "".join(message["content"] for message in row["messages"])
    for name in [tool["function"]["name"] for tool in tools or ()]:
        assert text.count(name) > said.count(name), row["id"]  # not only where it is called"""
_KEPT = {
    KEEP: "All of them are kept.",
    DROP_NEW: "Those of the translation alone are left out, all but the first of each.",
    DROP: "They are left out, all but the first of each.",
}


def duplicates_section(build: "Build") -> str:
    """Of each config the rows that say again what an earlier one says, which of them the translation made, and what
    became of them."""
    recipe, rows = build.recipe, []
    tables = statistics_by_config(build.splits)
    for config, counts in build.duplicates.items():
        dropped = counts.get("dropped", 0)
        looked = summarise(tables.get(config, {}).values()).rows + dropped
        of = [cells for kind in KINDS for cells in (counts.get(kind, 0), counts.get(f"{kind}_new", 0))]
        same, same_new, near, near_new, answer, _ = of
        shown = [looked, same, near, same_new + near_new, answer, dropped]
        rows.append([f"`{config}`", *(f"{n:,}" for n in shown)])
    if not rows:
        return ""
    titles = [
        "Config", "Rows", "The same", "Nearly the same", "Of these in translation only",
        "The same answer to something else", "Left out",
    ]  # fmt: skip
    return (
        "## Duplicates\n\nRows that say again what an earlier row of the config says, in whatever split: the same to "
        "the letter, or nearly (at least 0.8 of the runs of five words that either has, by MinHash). A source has "
        "duplicates of its own; those *in translation only* have sources that are not alike (below 0.5). "
        f"{_KEPT[recipe.outputs.duplicates]}\n\n" + table(titles, rows)
    )


def templates_section(build: "Build") -> str:
    """Where tools and custom instructions stand for a chat template, and how to see that one's own shows them.

    Empty of what is no chat.
    """
    counted: Counter[str] = Counter()
    if build.recipe.source.fields:
        return ""
    shown = _SHOWN.replace('row["messages"]', 'row["prompt"] + row["chosen"]') if build.recipe.source.pairs else _SHOWN
    for split in build.splits:
        counted.update(split.get("system_messages", {}))
    if build.recipe.outputs.system_message:
        left = f"; {counted[LEFT]:,} with one of its flags (`/think`) are left there alone" if counted[LEFT] else ""
        said = f"custom instructions are the row's first message too, `system` (in {counted[ADDED]:,} rows{left})"
    else:
        said = "custom instructions are there alone (`outputs.system_message: true` makes them a system message too)"
    return (
        "## Chat templates\n\nTools and custom instructions stand in `chat_template_kwargs`, which SmolLM3's template "
        f"reads. For the others tools are in the column `tools` too, and {said}. `smolkalam check` holds every row "
        "against that. Whether your model's template shows them:\n\n" + fenced(shown, "python")
    )


# A longer table is closed.
_LINES = 16


def divided_tables(build: "Build") -> list[str]:
    """Tables of the rows by what the source says of them: column `source`, carried columns, the domain of a cut."""
    parts = []
    for column, by_config in divided(build.splits).items():
        largest, shown = tokens_column(max(n for of in by_config.values() for _, n in of.values()))
        lines = []
        rows_of = Counter({value: 0 for of in by_config.values() for value in of})
        for of in by_config.values():
            rows_of.update({value: rows for value, (rows, _) in of.items()})
        for value in sorted(rows_of, key=lambda value: (-rows_of[value], value)):
            for config, of in by_config.items():
                if value in of:
                    rows, tokens = of[value]
                    share = f"{rows / sum(n for n, _ in of.values()):.1%}"
                    lines.append([cell(value) or "not said", f"`{config}`", f"{rows:,}", share, shown(tokens)])
        title = "Domain, by which splits were cut" if column == DOMAIN else f"By `{column}`"
        made = table([title, "Config", "Rows", "Share", largest], lines, left=2)
        parts.append(made if len(lines) <= _LINES else details(f"{title}: {len(lines)} lines", made))
    return parts


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "n/a"


def sides_section(build: "Build") -> str:
    """Of each config of pairs what tells the sides apart, in the source and translated; empty without pairs."""
    found = {config: of for config, of in sides_by_config(build.splits).items() if of}
    if not found:
        return ""
    parts = [
        "## The two sides\n\nBoth sides of a pair come from one translator, and a pair whose side fails is left out "
        "whole: nothing of who translated tells them apart. What might is how long and how good a translation is. "
        "Lengths are of the answers, in the rows of the config; scores are of a side with its prompt."
    ]
    for config, by_split in found.items():
        whole = SideStatistics.merged(of.to_plain() for of in by_split.values())
        parts.append(f"`{config}`, {whole.rows:,} pairs:\n\n{_sides_table(whole)}")
        if noted_by := whole.noted():
            rows = [[name, f"{chosen:,}", f"{rejected:,}"] for name, (chosen, rejected) in noted_by.items()]
            shown = table(["Noted of an answer by", "Chosen", "Rejected"], rows)
            parts.append(details(f"What the checks noted of the answers of `{config}`, by side", shown))
        if len(by_split) > 1:
            each = [f"`{split}`, {of.rows:,} pairs:\n\n{_sides_table(of)}" for split, of in by_split.items()]
            parts.append(details(f"The same by split of `{config}`", "\n\n".join(each)))
    return "\n\n".join(parts)


def _sides_table(of: SideStatistics) -> str:
    rows = []
    for title, place in (("source", SOURCE), ("translated", TRANSLATED)):
        for measure in ("tokens", "characters"):
            chosen, rejected = (of.mean_length(place, side, measure) or 0.0 for side in SIDES)
            ratio = f"{chosen / rejected:.3f}" if rejected else "n/a"
            rows.append([f"mean {measure}, {title}", f"{chosen:,.1f}", f"{rejected:,.1f}", ratio])
        share = of.share_longer(place) or 0.0
        rows.append([f"chosen longer, {title}", f"{share:.1%}", "", ""])
    rows.append(["same side longer in both", f"{of.share_same() or 0.0:.1%}", "", ""])
    for name in SIDE_SCORES:
        one, other = (of.mean_score(side, name) for side in SIDES)
        if one is not None and other is not None:
            places = COLUMN[name].decimals
            rows.append([name, score(one, places), score(other, places), f"{one - other:+.{places}f}"])
    return table(["", "Chosen", "Rejected", "Ratio or difference"], rows)
