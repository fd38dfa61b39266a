"""Fifty preference pairs in the shape of SmolTalk2's config `Preference`: ten kinds of conversation, five of each."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from builders.run_folder import schemas

Message = dict[str, str]
SPLITS = ("llama_3.1_tulu_3_8b_preference_mixture_no_think", "tulu_3_8b_pref_mix_Qwen3_32B_Qwen3_0.6B_think")
CITIES = ("Cairo", "Rabat", "Muscat", "Amman", "Tunis")
_FRUIT = ("apples", "oranges", "dates", "figs", "lemons")


def message(role: str, content: str) -> Message:
    return {"content": content, "role": role}


def kwargs(**given: Any) -> dict[str, Any]:
    usual = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    return usual | given


def pair(shared: list[Message], chosen: str, rejected: str, **given: Any) -> dict[str, Any]:
    """A row: both sides with the prompt in them, and `prompt` the last user's text of it."""
    return {
        "chosen": [*shared, message("assistant", chosen)],
        "rejected": [*shared, message("assistant", rejected)],
        "prompt": [one["content"] for one in shared if one["role"] == "user"][-1],
        "chat_template_kwargs": kwargs(**given),
        "source": "made for the tests",
    }


def schema() -> pa.Schema:
    """SmolTalk2's schema of the config."""
    messages = schemas.messages()
    fields = [("chosen", messages), ("rejected", messages), ("prompt", pa.string())]
    return pa.schema([*fields, *[(name, schemas.source().field(name).type) for name in schemas.source().names[1:]]])


def _user(text: str) -> list[Message]:
    return [message("user", text)]


def _thinking(thought: str, answer: str) -> str:
    return f"<think>\n{thought}\n</think>\n\n{answer}"


def _weather_tool(city: str) -> dict[str, Any]:
    tool = {"name": "get_weather", "description": "Current weather", "parameters": {"city": {"type": "string"}}}
    said = _user(f"Please tell me how the weather is in {city} today.")
    call = json.dumps({"name": "get_weather", "arguments": {"city": city}})
    return pair(
        said,
        f"<tool_call>\n{call}\n</tool_call>",
        "I am not able to look at the sky from here, so please look out of your window.",
        xml_tools=[json.dumps(tool)],
    )


def _kinds(n: int) -> list[dict[str, Any]]:
    """One pair of each kind; `n`, from 0 to 4, makes them differ."""
    city, fruit, number = CITIES[n], _FRUIT[n], n + 3
    system = message("system", f"You are a patient teacher of history in {city}. Answer in short sentences.")
    turns = [
        *_user(f"I would like to visit {city} in the spring."),
        message("assistant", "That is a lovely idea. The spring is mild and the gardens are green."),
        *_user("What should I take with me?"),
    ]
    code = f"```python\ndef total_{number}(values):\n    return sum(values) + {number}\n```"
    return [
        pair(
            _user(f"Why do people in {city} drink tea in the evening?"),
            "Tea is a way to sit together. Families talk about the day while the glasses are filled again.",
            "People drink tea because it is tea.",
        ),
        pair(
            turns,
            "Take a light jacket for the evening, good shoes for the old streets, and a hat against the sun.",
            "Take everything that you own, for nobody knows what the weather in any place will be at any time.",
        ),
        pair(
            _user(f"Write a function that adds {number} to the sum of a list."),
            f"Here is the function that you asked for:\n\n{code}\n\nIt also works for an empty list.",
            f"You can write it like this, I think:\n\n{code}\n\nI did not try it.",
        ),
        pair(
            [system, *_user("When was the great library built?")],
            "The great library was built a long time ago. Its founders wanted to gather every book of their time.",
            "I would rather talk about the weather, which was pleasant in the morning and a little windy at noon.",
        ),
        pair(
            _user(f"I have {number} baskets with {number + 4} {fruit} in each. How many {fruit} are there?"),
            _thinking(
                f"There are {number} baskets, and each of them has {number + 4} {fruit}. I multiply the two numbers.",
                f"There are {number * (number + 4)} {fruit}.",
            ),
            _thinking("This looks like an addition, so I add the numbers.", f"There are {2 * number + 4} {fruit}."),
            enable_thinking=True,
        ),
        _weather_tool(city),
        pair(
            _user(f"Solve $x^2 = {number * number}$ and tell me how you found the answer."),
            f"Both roots have the same square, so $x = {number}$ or $x = -{number}$.",
            f"The only answer is $x = {number}$, because a square is never negative.",
            custom_instructions="Answer like a careful teacher of mathematics.",
        ),
        pair(
            _user(f"Give me three tips for a garden with {fruit}."),
            "1. Water the roots early in the morning.\n2. Keep the soil loose.\n3. Cut dry branches in winter.",
            "1. Buy a garden.\n2. Wait.\n3. Eat what you find.",
        ),
        pair(
            [
                *_user("/no_think Translate nothing, only greet my guests."),
                message("assistant", "Whom shall I greet?"),
                *_user(f"My neighbours from {city}, who arrive at {number} in the afternoon."),
            ],
            "Dear neighbours, welcome to our house. The coffee is ready and the children are waiting for you.",
            "Hello, you there. Please wait outside until somebody opens the door for you.",
        ),
        pair(
            _user(f"Where can I read more about the {fruit} of {city}?"),
            f"Look at https://example.org/{city.lower()}/{fruit} and ask the farmers at the market.",
            f"There is a page at https://example.org/{fruit}, but I do not remember what it says.",
        ),
    ]


def fifty_pairs() -> list[dict[str, Any]]:
    return [row for n in range(5) for row in _kinds(n)]


def write_pairs(folder: Path, rows: list[dict[str, Any]] | None = None, shards: int = 2) -> Path:
    """Write pairs as a source with both of the config's splits: those that think into the second. Returns `folder`."""
    rows = fifty_pairs() if rows is None else rows
    (folder / "Preference").mkdir(parents=True, exist_ok=True)
    for split, thinks in zip(SPLITS, (False, True), strict=True):
        mine = [row for row in rows if bool((row["chat_template_kwargs"] or {}).get("enable_thinking")) is thinks]
        for index in range(shards if mine else 0):
            part = mine[index * len(mine) // shards : (index + 1) * len(mine) // shards]
            path = folder / "Preference" / f"{split}-{index:05d}-of-{shards:05d}.parquet"
            pq.write_table(pa.Table.from_pylist(part, schema()), path)
    return folder
