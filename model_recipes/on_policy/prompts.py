"""The prompts of an iterative training: what is asked, what would be right, and which rounds use which."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from model_recipes.on_policy.settings import PromptRows
from model_recipes.training.data import load_part, title
from model_recipes.training.settings import RowSource
from processors.errors import InputError

COLUMNS = ("messages", "prompt", "answer", "instruction_id_list", "kwargs")


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages up to what a model is to say; `reference` is what would be right, "" where nothing says so.

    `instructions` are pairs of an id and its keyword arguments, as IFEval's rows have them in two columns.
    """

    messages: list[dict[str, str]]
    reference: str = ""
    instructions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def read_prompts(parts: Sequence[PromptRows]) -> tuple[list[Prompt], int]:
    """All parts' prompts in order, each once, and how many rows were left out because no one asks anything there.

    Of a chat that an assistant ends, that turn is the reference, unless a column `answer` has it. Raises InputError.
    """
    found: list[Prompt] = []
    seen: set[str] = set()
    out = 0
    for given in parts:
        part = RowSource(**given.model_dump())
        rows = load_part(part, COLUMNS, needed=0)
        if not {"messages", "prompt"} & set(rows.column_names):
            raise InputError(f"prompts: {title(part)}: no column 'messages' or 'prompt'; expected chats, or prompts")
        for number, row in enumerate(rows):
            prompt = _prompt(row, f"prompts: {title(part)}, row {number}")
            asked = json.dumps(prompt.messages, ensure_ascii=False, sort_keys=True)
            if not prompt.messages or prompt.messages[-1]["role"] != "user" or asked in seen:
                out += 1
                continue
            seen.add(asked)
            found.append(prompt)
    return found, out


def _prompt(row: dict[str, Any], where: str) -> Prompt:
    asked = row.get("messages") or row.get("prompt") or []
    if isinstance(asked, str):
        asked = [{"role": "user", "content": asked}]
    messages = [{"role": m["role"], "content": m["content"] or ""} for m in asked]
    reference = ""
    if messages and messages[-1]["role"] == "assistant":
        reference = messages.pop()["content"]
    if row.get("answer") is not None:
        reference = str(row["answer"])
    ids, kwargs = row.get("instruction_id_list") or [], row.get("kwargs") or []
    if isinstance(kwargs, str):
        kwargs = json.loads(kwargs)
    if ids and len(kwargs) != len(ids):
        raise InputError(f"{where}: {len(ids)} instructions with {len(kwargs)} kwargs; expected one for each")
    given = [{key: value for key, value in (one or {}).items() if value is not None} for one in kwargs]
    return Prompt(messages, reference, list(zip(ids, given, strict=True)))


def divide(
    prompts: Sequence[Prompt], held: int, each: int, rounds: int, seed: int
) -> tuple[list[int], list[list[int]]]:
    """Places of the held-back prompts and of each round's; none twice before all were used. Raises InputError.

    >>> divide([Prompt([])] * 5, 2, 2, 2, 0)
    ([3, 4], [[0, 1], [2, 0]])
    """
    if len(prompts) <= held:
        raise InputError(
            f"prompts: {len(prompts):,} of them, of which held_prompts takes {held:,}; none would be left"
        )
    order = random.Random(seed).sample(range(len(prompts)), len(prompts))
    kept, rest = order[:held], order[held:]
    each = min(each, len(rest))
    return kept, [[rest[(n * each + i) % len(rest)] for i in range(each)] for n in range(rounds)]
