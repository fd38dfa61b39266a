"""A row's tools as most chat templates and TRL read them: a JSON string, in the form of OpenAI's API.

SmolTalk2 has them in `chat_template_kwargs.xml_tools`, which SmolLM3's template prints as the list that it is where it
is given no `tools`; with any other template they would be missing in training without a word.
"""

import json
from collections.abc import Mapping
from typing import Any


def tools_as_json(kwargs: Mapping[str, Any] | None) -> str | None:
    """The list of a row's tools as JSON; None where it has none.

    A schema that has no `function` of its own gets one around it. What is no JSON object, such as the signatures of
    `python_tools`, is left where it is.

    >>> tools_as_json({"xml_tools": ['{"name": "add", "parameters": {}}']})
    '[{"type": "function", "function": {"name": "add", "parameters": {}}}]'
    """
    found = []
    for text in (kwargs or {}).get("xml_tools") or ():
        try:
            tool = json.loads(text)
        except ValueError:
            continue
        if isinstance(tool, dict) and tool:
            found.append(tool if "function" in tool else {"type": "function", "function": tool})
    return json.dumps(found, ensure_ascii=False) if found else None
