"""From a ranked row to the rows of the dataset's configs."""

from collections.abc import Callable, Iterable
from typing import Any

from builders.dataset.notes import notes
from builders.dataset.pairs import said_in
from builders.dataset.statistics import SplitStatistics
from builders.dataset.templates import tools_as_json
from builders.run_folder import schemas
from builders.run_folder.ranked_rows import taken_by
from processors.conversations.sides import Sides
from processors.ranking.policy import decided
from processors.scoring.columns import NAMES


def with_decisions(
    row: dict[str, Any], choice: dict[str, Any], shown: Callable[[dict[str, Any]], dict[str, Any]]
) -> list[dict[str, Any]]:
    """What is `shown` of each candidate of a row, and what a config's `choice` decided on it."""
    return [
        {
            **shown(candidate),
            "chosen": candidate["translator"] == choice["translator"],
            "decision": decision,
            "decided": decided(decision),
        }
        for candidate, decision in zip(row["candidates"], choice["decisions"], strict=True)
    ]


def ranked_row(row: dict[str, Any], config: str, combined: bool = False) -> dict[str, Any] | None:
    """A ranked unit's row as a row of `config`; None where the config leaves it out.

    `combined`: with `segments` (see `schemas.ranked`).
    """
    choice = next(choice for choice in row["choices"] if choice["config"] == config)
    chosen = taken_by(row, config)
    if chosen is None:
        return None
    candidates = with_decisions(row, choice, lambda c: {key: c[key] for key in ("translator", *_scores(c), "checks")})
    return {
        "id": row["id"],
        **said_in(row, chosen["messages"]),
        "chat_template_kwargs": _kwargs(_given(row), chosen["custom_instructions"]),
        "source": row["source"],
        **{score: chosen[score] for score in _scores(chosen)},
        "translator": chosen["translator"],
        "noted": notes(row["messages"], chosen["checks"]),
        "candidates": candidates,
        "tokens": chosen["tokens"],
        "turns": len(chosen["messages"]),
        "tools": tools_as_json(row["chat_template_kwargs"]),
        **({"by_side": chosen["by_side"]} if chosen.get("by_side") else {}),
        **({"segments": chosen["segments"]} if combined else {}),
    }


def parallel_row(row: dict[str, Any], combined: bool = False) -> dict[str, Any]:
    """A ranked unit's row as a row of `parallel`: the English beside one entry for each translator.

    One without a candidate has its entry too, with nulls: of lists of two lengths the viewer has no statistics.
    """
    more = ("checks", "custom_instructions", *(["segments"] if combined else []))
    candidates = [
        {key: c[key] for key in ("translator", *_scores(c), *more)} | _translation(row, c["messages"])
        for c in row["candidates"]
    ]
    source = {key: row[key] for key in ("id", "chat_template_kwargs", "source")} | said_in(row, row["messages"])
    return source | {"candidates": candidates}


def _translation(row: dict[str, Any], messages: Any) -> dict[str, Any]:
    """Exploded, a candidate's columns would bear the names of the English ones."""
    said = said_in(row, messages)
    return {"translation": messages} if "messages" in said else {f"translated_{key}": of for key, of in said.items()}


def _scores(candidate: dict[str, Any]) -> list[str]:
    """The score columns that a candidate has: those of models are in builds with these."""
    return [name for name in NAMES if name in candidate]


def _given(row: dict[str, Any]) -> dict[str, Any] | None:
    """A row's template arguments. TRL 1.16 stops at a pair where they are null, and takes nulls inside of them."""
    given: dict[str, Any] | None = row["chat_template_kwargs"]
    if given is not None or Sides.of(row) is None:
        return given
    return dict.fromkeys(field.name for field in schemas.chat_template_kwargs())


def _kwargs(kwargs: dict[str, Any] | None, custom_instructions: str) -> dict[str, Any] | None:
    if kwargs is None or not custom_instructions:
        return kwargs
    return kwargs | {"custom_instructions": custom_instructions}


def statistics_by_config(splits: Iterable[dict[str, Any]]) -> dict[str, dict[str, SplitStatistics]]:
    """Statistics of each ranked config's splits that have rows."""
    tables: dict[str, dict[str, SplitStatistics]] = {}
    for split in splits:
        if split["statistics"] and split["rows"]:
            tables.setdefault(split["config"], {})[split["split"]] = SplitStatistics.from_plain(split["statistics"])
    return tables
