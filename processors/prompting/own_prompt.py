"""A prompt of a user's own: read and checked before a run, filled for each request.

It is the message that the model gets, with placeholders in braces. Any other braces (JSON of an example) are sent as
they are; a word in braces that is none of the placeholders is a mistake, unless its braces are doubled.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from processors.errors import InputError
from processors.text_files import read_utf8

FIELDS = ("source", "target_language", "context", "terms", "candidates", "problem")
"""The placeholders. All but the first two are empty where there is nothing to say."""

# What a recipe makes them of.
_MADE_OF = {"context": "context", "terms": "glossary", "candidates": "of"}
_FIELD = re.compile(r"\{\{([A-Za-z_]\w*)\}\}|\{([A-Za-z_]\w*)\}")
_NEARLY = re.compile(r"\{\s*(" + "|".join(FIELDS) + r")\s*\}", re.IGNORECASE)


def read_prompt(path: str | Path, given: Iterable[str] = ()) -> str:
    """The prompt in a file of UTF-8, without white space at its ends and with plain line ends. Raises InputError.

    `given` as of `check_prompt`.
    """
    text = read_utf8(path, "prompt")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    try:
        check_prompt(text, given)
    except InputError as error:
        raise InputError(f"prompt {path}: {error}") from None
    return text


def check_prompt(prompt: str, given: Iterable[str] = ()) -> None:
    """Raise InputError, one line, for a prompt that cannot be meant.

    `given` are the settings that the translator has and that some placeholders are made of: each needs its
    placeholder, and each such placeholder its setting.
    """
    if not prompt.strip():
        raise InputError("is empty; write what the model is to be told, with {source} where the text goes")
    found = []
    for number, line in enumerate(prompt.split("\n"), 1):
        for match in _NEARLY.finditer(line):
            if match[0] != f"{{{match[1].lower()}}}":
                raise InputError(f"line {number}: {match[0]} is no placeholder; write {{{match[1].lower()}}}")
        for match in _FIELD.finditer(line):
            name = match[2]
            if name and name not in FIELDS:
                # As the prompt `completion` calls it.
                near = ["source"] if name == "text" else difflib.get_close_matches(name, FIELDS, n=1)
                hint = f"did you mean {{{near[0]}}}? " if near else ""
                raise InputError(
                    f"line {number}: unknown placeholder {{{name}}}; {hint}there are "
                    f"{', '.join(f'{{{field}}}' for field in FIELDS)}; {{{{{name}}}}} is sent as {{{name}}}"
                )
            found.append(name)
    if found.count("source") != 1:
        raise InputError("must contain {source} once, where the text goes")
    given = set(given)
    for field, setting in _MADE_OF.items():
        if field in found and setting not in given:
            raise InputError(f"{{{field}}} would always be empty; give the translator `{setting}`")
        if setting in given and field not in found:
            raise InputError(f"has no {{{field}}}, so that `{setting}` would tell the model nothing; put it there")


def has_field(prompt: str, field: str) -> bool:
    """Whether a prompt has a placeholder."""
    return any(match[2] == field for match in _FIELD.finditer(prompt))


def fill(prompt: str, values: Mapping[str, str]) -> str:
    """The prompt with the values of its placeholders; a line that holds nothing but empty ones is left out.

    >>> fill('{problem}\\nAnswer as {"text": ...} or {{text}}:\\n{source}', {"source": "a {problem}", "problem": ""})
    'Answer as {"text": ...} or {text}:\\na {problem}'
    """
    lines = []
    for line in prompt.split("\n"):
        # In one pass: what is put in may have braces of its own.
        filled = _FIELD.sub(lambda match: f"{{{match[1]}}}" if match[1] else values.get(match[2], ""), line)
        if filled.strip() or not _FIELD.search(line):
            lines.append(filled)
    return "\n".join(lines)
