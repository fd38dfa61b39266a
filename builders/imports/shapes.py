"""What shape a row has, by its columns, and the SmolTalk2 row that it becomes.

Each shape names its columns, in the order in which they are looked for; the first that fits is the row's. A row that
fits none, or whose values are of the wrong kind, is left out with its reason.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from builders.imports.chats import FIELDS, CannotTake, chat, from_json, text_in, what_is
from builders.imports.question_sets import armath, squad
from processors.selection.row_problems import row_problem

# The name that a row's own `id` takes: the dataset's `id` says the split and the row.
ID = "source_id"
_NO_KWARGS: dict[str, Any] = {"custom_instructions": "", "python_tools": [], "xml_tools": []}


class RowShape(NamedTuple):
    """A shape's name for people, the columns that it needs, those that it may have, and how messages are made."""

    name: str
    needs: tuple[str, ...]
    takes: tuple[str, ...]
    messages: Callable[[Mapping[str, Any]], list[dict[str, str]]]


class Converted(NamedTuple):
    """A SmolTalk2 row, with the columns that are kept; the shape's name; what became of each column or field."""

    row: dict[str, Any]
    shape: str
    became: dict[str, str]


def _chats(column: str) -> Callable[[Mapping[str, Any]], list[dict[str, str]]]:
    return lambda row: chat(row[column], column)


def _turns(asked: str, answered: str, context: str = "") -> Callable[[Mapping[str, Any]], list[dict[str, str]]]:
    def messages(row: Mapping[str, Any]) -> list[dict[str, str]]:
        question = text_in(row, asked)
        if context and row.get(context):
            question += f"\n\n{text_in(row, context)}"
        return [
            *_history(row.get("history")),
            {"role": "user", "content": question},
            {"role": "assistant", "content": text_in(row, answered)},
        ]

    return messages


def _history(value: Any) -> list[dict[str, str]]:
    """Alpaca's earlier turns: pairs of a question and its answer."""
    pairs = from_json(value, "history") or []
    made = []
    for number, pair in enumerate(pairs if isinstance(pairs, list) else [pairs]):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            raise CannotTake("wrong_type", f"history[{number}]: expected a question and its answer")
        made += [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    return made


def _prompt_completion(row: Mapping[str, Any]) -> list[dict[str, str]]:
    if isinstance(row["prompt"], list) or isinstance(row["completion"], list):
        return [*_one_or_more(row, "prompt", "user"), *_one_or_more(row, "completion", "assistant")]
    return _turns("prompt", "completion")(row)


def _one_or_more(row: Mapping[str, Any], name: str, role: str) -> list[dict[str, str]]:
    return chat(row[name], name) if isinstance(row[name], list) else [{"role": role, "content": text_in(row, name)}]


SHAPES = (
    RowShape("chat", ("messages",), (), _chats("messages")),
    RowShape("ShareGPT", ("conversations",), (), _chats("conversations")),
    RowShape("ShareGPT", ("conversation",), (), _chats("conversation")),
    RowShape("prompt and completion", ("prompt", "completion"), (), _prompt_completion),
    RowShape("Alpaca", ("instruction", "output"), ("input", "history"), _turns("instruction", "output", "input")),
    RowShape("Dolly", ("instruction", "response"), ("context",), _turns("instruction", "response", "context")),
    RowShape("prompt and response", ("prompt", "response"), (), _turns("prompt", "response")),
    RowShape("question and answer", ("question", "answer"), (), _turns("question", "answer")),
    RowShape("ArMATH", ("question", "equation"), ("segmented",), armath),
    # Answers may be a list of texts or of objects: they are looked at with the row.
    RowShape("SQuAD", ("context", "question"), ("answers",), squad),
)
EVERY = ("system", "tools", "functions", "chat_template_kwargs", "source", "id")
_INTO = {
    "system": "the first message",
    "tools": "chat_template_kwargs.xml_tools",
    "functions": "chat_template_kwargs.xml_tools",
    "id": f"{ID}, a column of its own",
}


def shape_of(columns: Sequence[str] | Mapping[str, Any]) -> RowShape | None:
    """The first shape whose columns are all there.

    >>> shape_of(["id", "output", "instruction"]).name
    'Alpaca'
    """
    return next((shape for shape in SHAPES if all(name in columns for name in shape.needs)), None)


def converted(row: Mapping[str, Any], keep: Mapping[str, str], source: str) -> Converted:
    """The SmolTalk2 row of a row. `keep`: names of further columns, and what they are called in the dataset.

    `source` stands in the column of that name where the row has none. Raises CannotTake.
    """
    shape = shape_of(row)
    if shape is None:
        known = "; ".join(dict.fromkeys(" and ".join(shape.needs) for shape in SHAPES))
        raise CannotTake("unknown_shape", f"columns {', '.join(row) or 'none'}; expected one of: {known}")
    messages = shape.messages(row)
    if row.get("system") and messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": text_in(row, "system")})
    if not any(message["content"].strip() for message in messages if message["role"] == "assistant"):
        raise CannotTake("empty", "no assistant message has any text")
    made = {
        "messages": messages,
        "chat_template_kwargs": _kwargs(row, messages),
        "source": row.get("source") or source,
        ID: as_text(row.get("id"), "id"),
        **{name: as_text(row.get(column), column) for column, name in keep.items()},
    }
    if problem := row_problem(made):
        raise CannotTake(problem.reason, f"{problem.field}: {problem.detail}")
    return Converted(made, shape.name, _became(row, shape, keep))


def _kwargs(row: Mapping[str, Any], messages: list[dict[str, str]]) -> dict[str, Any]:
    thinks = any("<think>" in message["content"] for message in messages if message["role"] == "assistant")
    made: dict[str, Any] = _NO_KWARGS | {"enable_thinking": thinks}
    given = from_json(row.get("chat_template_kwargs"), "chat_template_kwargs")
    if isinstance(given, dict):
        made |= {name: given[name] for name in made if given.get(name) is not None}
    elif given is not None:
        raise CannotTake("wrong_type", f"chat_template_kwargs is {what_is(given)}, expected an object")
    for name in ("tools", "functions"):
        if row.get(name):
            tools = from_json(row[name], name)
            if not isinstance(tools, list):
                raise CannotTake("wrong_type", f"{name} is {what_is(tools)}, expected a list")
            # A dataset that was built here has its tools in both places, for templates that read only one.
            there = [_function(text) for text in made["xml_tools"]]
            new = [text for text in (_tool(from_json(tool, name)) for tool in tools) if json.loads(text) not in there]
            made["xml_tools"] = [*made["xml_tools"], *new]
    return made


def _function(text: Any) -> Any:
    """The function that one of `xml_tools` describes; what is no JSON describes none."""
    try:
        return json.loads(_tool(json.loads(text)))
    except (ValueError, TypeError, RecursionError):
        return None


def _tool(tool: Any) -> str:
    """SmolTalk2 writes the function itself, without OpenAI's {"type": "function", "function": ...} around it."""
    if isinstance(tool, dict) and isinstance(tool.get("function"), dict):
        tool = tool["function"]
    return json.dumps(tool, ensure_ascii=False, default=str)


def as_text(value: Any, name: str) -> str | None:
    """A value of a column that is kept, as the dataset has it: a text, or what is none as JSON. Raises CannotTake."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found = f"lone surrogate U+{ord(text[error.start]):04X} at character {error.start}"
        raise CannotTake("invalid_unicode", f"{name}: {found}") from None
    return text


def _became(row: Mapping[str, Any], shape: RowShape, keep: Mapping[str, str]) -> dict[str, str]:
    made = {}
    for name in row:
        if name in keep:
            made[name] = f"{keep[name]}, a column of its own"
        elif name in shape.needs or name in shape.takes:
            made[name] = "messages"
        elif name in EVERY:
            made[name] = _INTO.get(name, name)
        else:
            made[name] = f"left out; --keep {name} keeps it"
    # Its messages are lists of objects by now, but where CSV wrote them as a text.
    for name in shape.needs:
        for message in row[name] if isinstance(row[name], list) else []:
            for field in message:
                if field not in FIELDS and message[field] is not None:
                    made[f"{name}[].{field}"] = "left out"
                elif field in ("tool_calls", "function_call") and message[field]:
                    made[f"{name}[].{field}"] = "<tool_call> in its message"
    return made


def column_name(name: str, taken: Sequence[str]) -> str:
    """What a kept column is called in the dataset: its own name, unless that is no word or the dataset's own.

    >>> column_name("topic", ["tokens"]), column_name("tokens", ["tokens"]), column_name("a b", [])
    ('topic', 'source_tokens', 'a_b')
    """
    plain = re.sub(r"\W+", "_", name).strip("_") or "column"
    return f"source_{plain}" if plain in taken or plain[0].isdigit() else plain
