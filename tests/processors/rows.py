"""Rows of the source, and text of the pipeline's tags, fences and hostile characters in any order."""

from typing import Any

from hypothesis import strategies as st

CALL = '<tool_call>{"name": "circle_area", "arguments": {"radius": 1.5}}</tool_call>'
FRAGMENTS = [
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<tools>",
    "</tools>",
    "<code>",
    "</code>",
    "\n",
    "\r\n",
    " ",
    "    ",
    "`",
    "``",
    "```",
    "~~~~",
    "```python\n",
    '{"name": "f"}',
    "{'a': 1}",
    "[",
    "$x^2$",
    "الشبكة العصبية",
    "\u200f",
    "\u202b",
    "👩‍🔬",
    "\ud800",
    "\x00",
    "\u2028",
    "| a | b |\n|---|---|\n",
    "/no_think",
    "Answer.",
]
soup = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=40).map("".join)


def row(*contents: str, **changes: Any) -> dict[str, Any]:
    """A good row whose messages alternate user and assistant, with the given fields replaced."""
    roles = ("user", "assistant")
    kwargs = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    messages = [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]
    return {"messages": messages, "chat_template_kwargs": kwargs, "source": "test"} | changes
