"""What each check found in a run: how often, and examples with their texts side by side."""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import regex

from builders.recipes.recipe import Recipe
from builders.run_folder.folder import Run
from builders.stages.rank import configs_of
from hub.pages import PageWord, PageWords, escaped, places, protected_places, shown_text
from hub.report.rows import SampledRows, texts_of
from processors.selection.choose_rows import sample_key

# Of each check, and of these the hard ones first.
EXAMPLES = 3
_FAILED = regex.compile(r"^not translated: messages\[(\d+)\]: ")


@dataclass(frozen=True, slots=True)
class Example:
    """A verdict on a candidate of a row."""

    check: str
    hard: bool
    detail: str
    message: int | None
    translator: str
    row: dict[str, Any]
    failed: bool


def found_by_check(recipe: Recipe, sample: SampledRows) -> dict[str, tuple[Counter[str], list[Example]]]:
    """Of each check that found something: candidates by `<translator>/<hard, soft or failed>`, and a few examples."""
    counted: dict[str, Counter[str]] = {}
    examples: dict[str, list[tuple[Any, ...]]] = {}
    names = list(configs_of(recipe).values())
    for row in sample.rows:
        for name, one in zip(names, row["candidates"], strict=True):
            failed = one["tokens"] is None
            seen = set()
            for verdict in one["checks"]:
                check, hard = verdict["check"], verdict["hard"]
                kind = "failed" if failed else "hard" if hard else "soft"
                if (check, kind) not in seen:
                    seen.add((check, kind))
                    counted.setdefault(check, Counter())[f"{name}/{kind}"] += 1
                    example = Example(check, hard, verdict["detail"], verdict["message"], name, row, failed)
                    # Those with a text to show first, hard before soft, and then as the seed has it.
                    key = (failed, not hard, sample_key(f"{row['id']}/{name}", recipe.seed))
                    held = examples.setdefault(check, [])
                    held.append((*key, len(held), example))
                    if len(held) > 50 * EXAMPLES:
                        held.sort(key=lambda one: one[:-1])
                        del held[EXAMPLES:]
    chosen = {check: [one[-1] for one in sorted(held, key=lambda one: one[:-1])] for check, held in examples.items()}
    return {check: (counted[check], chosen[check][:EXAMPLES]) for check in sorted(counted)}


def shown_examples(recipe: Recipe, run: Run, examples: list[Example], words: PageWords) -> dict[int, str]:
    """Each example (by its place) as HTML: the source and the candidate's text, what the check speaks of marked."""
    by_unit = sorted(range(len(examples)), key=lambda i: examples[i].row["unit"])
    shown = {}
    for unit, places_of in groupby(by_unit, key=lambda i: examples[i].row["unit"]):
        numbers = list(places_of)
        texts = texts_of(run, unit, [examples[i].row["id"] for i in numbers])
        for i in numbers:
            shown[i] = _shown(recipe, examples[i], texts[examples[i].row["id"]], words)
    return shown


def _shown(recipe: Recipe, one: Example, texts: dict[str, Any], words: PageWords) -> str:
    failed = _FAILED.match(one.detail)
    number = int(failed[1]) if failed else one.message
    detail = _FAILED.sub("", one.detail).removeprefix("not translated: ")
    source, target = (_message(texts.get(side), number) for side in ("source", one.translator))
    kind = "failed" if one.failed else "hard" if one.hard else "soft"
    if target is None:
        # In place of a candidate's text.
        right = words.tag("p", f"report.example.{'refused' if one.failed else 'not_kept'}", 'class="quiet"')
    else:
        right = shown_text(target, recipe.language.code, places(detail, target), kept=protected_places(target))
    left = (
        shown_text(source, "en", places(detail, source), kept=protected_places(source))
        if source is not None
        else words.tag("p", "report.example.none", 'class="quiet"')
    )
    told = words.said("report.pair", a=one.translator, b=PageWord(f"report.example.{kind}"))
    return (
        f'<figure class="example"><figcaption><code>{escaped(one.row["id"])}</code> '
        f'{told} <bdi class="detail" lang="en">{escaped(detail)}</bdi></figcaption>'
        f'<div class="pair"><div>{words.tag("h4", "report.example.source")}{left}</div>'
        f"<div><h4><bdi>{escaped(one.translator)}</bdi></h4>{right}</div></div></figure>"
    )


def _message(messages: list[dict[str, str]] | None, number: int | None) -> str | None:
    if messages is None:
        return None
    if number is not None:
        return messages[number]["content"] if 0 <= number < len(messages) else None
    return "\n\n".join(message["content"] or "" for message in messages)
