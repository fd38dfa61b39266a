"""Preference pairs as SmolTalk2's config `Preference` has them, and as TRL takes them: made one conversation each.

`chosen` and `rejected` are whole conversations that begin alike; a `prompt` of text is in them, and not looked at.
Where it is a list of messages, as in TRL's explicit form, `chosen` and `rejected` may be only what follows.
"""

from collections.abc import Mapping
from typing import Any

from processors.conversations.sides import SIDES, Sides
from processors.selection.row_problems import Problem, row_problem

# The columns of a pair; `messages` of a conversation. The last two are those of SmolTalk2's conversations too.
PAIR_COLUMNS = (*SIDES, "prompt", "chat_template_kwargs", "source")
PAIR_PROBLEM = "pair_problem"


def is_pair(row: Mapping[str, Any]) -> bool:
    """Whether a row was read as a pair."""
    return all(side in row for side in SIDES)


def pair_problem(row: Mapping[str, Any]) -> Problem | None:
    """Why this pair cannot be translated and trained on, or None: something of a side, or of the two together."""
    prompt = row.get("prompt")
    if prompt is not None and not isinstance(prompt, str | list):
        return Problem("wrong_prompt", "prompt", f"{type(prompt).__name__}, expected a string or a list of messages")
    for side in SIDES:
        whole = _with_prompt(row[side], prompt)
        problem = row_problem({**row, "messages": whole}, side)
        if problem:
            return problem
    chosen, rejected = (_plain(_with_prompt(row[side], prompt)) for side in SIDES)
    if chosen == rejected:
        return Problem("identical_sides", "chosen", "says the same as rejected, expected another answer")
    shared = _shared(chosen, rejected)
    if not any(message["role"] == "user" for message in chosen[:shared]):
        return Problem("no_shared_prompt", "rejected", "does not begin with chosen's user message")
    for side, whole in zip(SIDES, (chosen, rejected), strict=True):
        if len(whole) == shared:
            return Problem("no_answer", side, "is only what the other side begins with, expected an answer after it")
        if whole[shared]["role"] != "assistant":
            found = f"a {whole[shared]['role']} message where the sides part, expected the assistant's"
            return Problem("prompts_differ", f"{side}[{shared}]", found)
    return None


def as_conversation(row: Mapping[str, Any]) -> dict[str, Any]:
    """`messages` and `sides` of a pair; both are None where `pair_problem` finds one, which is given back as well."""
    if problem := pair_problem(row):
        return {"messages": None, "sides": None, PAIR_PROBLEM: problem}
    prompt = row.get("prompt")
    chosen, rejected = (_plain(_with_prompt(row[side], prompt)) for side in SIDES)
    shared = _shared(chosen, rejected)
    sides = Sides(shared, len(chosen) - shared)
    return {"messages": chosen + rejected[shared:], "sides": sides._asdict(), PAIR_PROBLEM: None}


def _with_prompt(side: Any, prompt: Any) -> Any:
    """A side from its beginning: an explicit prompt is put before it, unless it is there."""
    if not isinstance(prompt, list) or not isinstance(side, list) or side[: len(prompt)] == prompt:
        return side
    return prompt + side


def _plain(messages: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"content": message["content"], "role": message["role"]} for message in messages]


def _shared(chosen: list[dict[str, str]], rejected: list[dict[str, str]]) -> int:
    """How many messages both begin with, which is what TRL takes as the prompt."""
    pairs = zip(chosen, rejected)  # noqa: B905
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(chosen), len(rejected)))
