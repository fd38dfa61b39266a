"""What a published row says of its own translation: the soft verdicts on it, and code's shape that was translated."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from processors.conversations.field_texts import is_asked
from processors.conversations.grounding import grounded_values
from processors.conversations.sides import Sides
from processors.protected.code_blocks import prose_in_code
from processors.texts.text import text_of

PROSE_IN_CODE = "prose_in_code"
# Of the rows with calls whose arguments the conversation says: how many, and how many of them say all of them still.
CALLS, GROUNDED = "calls_said", "calls_grounded"
_NOTED, _TOOL = "noted", "tool_grounding"


def notes(source: Iterable[Mapping[str, Any]], checks: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of the checks that noted something of what is taken, each once, and `prose_in_code` where a block of
    the source has the shape of code but reads as sentences, and so was translated."""
    # What is taken has a hard verdict only where the recipe says that its check does not veto.
    found = dict.fromkeys(check["check"] for check in checks)
    asked = (message["content"] for message in source if is_asked(message["role"], message["content"]))
    if any(prose_in_code(text_of(content or "")) for content in asked):
        found[PROSE_IN_CODE] = None
    return list(found)


def note_counters(
    config: str,
    source: Sequence[Mapping[str, Any]],
    checks: Sequence[Mapping[str, Any]],
    sides: Sides | None = None,
) -> dict[str, int]:
    """What the rank stage counts of a row that `config` takes; `sides` of a pair."""
    found = notes(source, checks)
    counted = {f"{config}/{_NOTED}_{name}": 1 for name in found}
    if found:
        counted[f"{config}/{_NOTED}"] = 1
    if grounded_values(source, sides):
        counted[f"{config}/{CALLS}"] = 1
        counted[f"{config}/{GROUNDED}"] = int(all(check["check"] != _TOOL for check in checks))
    return counted


def noted(extra: Counter[str], config: str) -> tuple[int, dict[str, int]]:
    """Of a config's rows those with notes, and how many have each, the most frequent first."""
    prefix = f"{config}/{_NOTED}_"
    by_name = Counter({key.removeprefix(prefix): n for key, n in extra.items() if key.startswith(prefix)})
    return extra[f"{config}/{_NOTED}"], dict(sorted(by_name.items(), key=lambda item: (-item[1], item[0])))


def grounding(extra: Counter[str], config: str) -> tuple[int, int]:
    """(rows whose calls are said in full, rows with calls that the source says) of a config."""
    return extra[f"{config}/{GROUNDED}"], extra[f"{config}/{CALLS}"]
