"""A row of a chat dataset as the tokens that are trained on, or the reason why there are none.

TRL (1.16) does the same with less said: rows whose every token is masked fall out behind a progress bar (94 became 20
with `assistant_only_loss` and `max_length`), a row without an assistant turn stops the run, `chat_template_kwargs` of
None is a TypeError, and a key of it that is None overrides the template's own default (`enable_thinking: None` reads
as no_think). Tools that a template does not show vanish without a word; here the row is left out and counted.
"""

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from model_recipes.training.data import CONVERSATIONS
from processors.errors import InputError, one_line

# What TRL gives no loss.
MASKED = -100
NO_ASSISTANT = "no assistant turn"
ALL_CUT = "no token of the assistant's within max_length"
NO_TOOLS = "its tools are not in the text: the chat template does not show them"
BAD_TOOLS = "its tools cannot be read as JSON"
REFUSED = "the chat template refuses it"


class RowEncoder:
    """Turns rows into `input_ids` and `labels`, as a function for `Dataset.map` one row at a time.

    `max_length` (tokens) None cuts nothing; `keep_end` keeps a long row's end instead of its start. With
    `assistant_only` the loss is on the assistant's turns, as the chat template marks them by `{% generation %}`.
    `day` is what a template that writes today's date is told, so that a training that goes on tomorrow reads the same
    text. Raises InputError for a tokenizer whose template cannot do what is asked.
    """

    reads: tuple[str, ...] = CONVERSATIONS
    ids: tuple[str, ...] = ("input_ids", "labels")

    def __init__(
        self, tokenizer: Any, *, assistant_only: bool, max_length: int | None, keep_end: bool = False, day: date
    ) -> None:
        self.tokenizer = tokenizer
        self.assistant_only = assistant_only
        self.max_length = max_length
        self.keep_end = keep_end
        check_template(tokenizer)
        marked = training_template(tokenizer) if assistant_only else None
        # Whether the marks are TRL's, since the tokenizer's own template has none.
        self.marks_of_trl = marked is not None
        self.template = dated(marked or tokenizer.chat_template, day)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """`input_ids`, `labels`, `tokens` (before the `cut`), `learnt` (with a loss) and why it is `left_out`."""
        ids, labels, why = self._encode(row)
        tokens = len(ids)
        if not why and self.max_length is not None and tokens > self.max_length:
            kept = slice(-self.max_length, None) if self.keep_end else slice(self.max_length)
            ids, labels = ids[kept], labels[kept]
        learnt = sum(label != MASKED for label in labels)
        if not why and not learnt:
            why = ALL_CUT
        if why:
            ids, labels, learnt = [], [], 0
        cut = tokens - len(ids) if ids else 0
        return {"input_ids": ids, "labels": labels, "tokens": tokens, "cut": cut, "learnt": learnt, "left_out": why}

    def shown(self, row: dict[str, Any]) -> str:
        """The row's text with what has a loss between guillemets: for a person, and for the documentation."""
        ids, labels, why = self._encode(row)
        if why:
            return f"(left out: {why})"
        parts: list[Any] = []
        learning = False
        for token, label in zip(ids, labels, strict=True):
            if (label != MASKED) is not learning:
                parts.append("«" if not learning else "»")
                learning = not learning
            parts.append(token)
        if learning:
            parts.append("»")
        return self._joined(parts)

    def _joined(self, parts: list[Any]) -> str:
        """Tokens between marks decoded together: a letter may be of several tokens."""
        text: list[str] = []
        run: list[int] = []
        for part in [*parts, ""]:
            if isinstance(part, str):
                text += [self.tokenizer.decode(run), part]
                run = []
            else:
                run.append(part)
        return "".join(text)

    def _encode(self, row: dict[str, Any]) -> tuple[list[int], list[int], str]:
        from jinja2 import TemplateError

        messages = row.get("messages") or []
        if not any(message.get("role") == "assistant" for message in messages):
            # With a loss on all of it, too: such a row has questions alone, and no answer to learn.
            return [], [], NO_ASSISTANT
        kwargs = {key: value for key, value in (row.get("chat_template_kwargs") or {}).items() if value is not None}
        messages = with_instructions(messages, kwargs, self.template)
        try:
            tools = read_tools(row.get("tools"))
        except ValueError:
            return [], [], BAD_TOOLS
        kwargs = {"chat_template": self.template, "tools": tools, **kwargs}
        try:
            found = self.tokenizer.apply_chat_template(
                messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=self.assistant_only, **kwargs
            )
            hidden = tools_hidden(tools, kwargs, lambda: self._text(messages, kwargs))
        except (TemplateError, TypeError, ValueError) as error:
            return [], [], f"{REFUSED}: {' '.join(str(error).split())[:80]}"
        if hidden:
            return [], [], NO_TOOLS
        ids = list(found["input_ids"])
        if not self.assistant_only:
            return ids, list(ids), ""
        mask = found["assistant_masks"]
        return ids, [token if learn else MASKED for token, learn in zip(ids, mask, strict=True)], ""

    def _text(self, messages: Any, kwargs: dict[str, Any]) -> str:
        return str(self.tokenizer.apply_chat_template(messages, tokenize=False, **kwargs))


def check_template(tokenizer: Any) -> None:
    """Raises InputError where a tokenizer has no chat template, or one that is no Jinja.

    Such a template would refuse every row, each with a reason that speaks of the row.
    """
    from jinja2 import TemplateError, TemplateSyntaxError

    if not tokenizer.chat_template:
        raise InputError(f"{tokenizer.name_or_path}: its tokenizer has no chat template; set chat_template_path")
    try:
        tokenizer.apply_chat_template([{"role": "user", "content": ""}], tokenize=False)
    except TemplateSyntaxError as error:
        raise InputError(
            f"{tokenizer.name_or_path}: its chat template is no valid Jinja: line {error.lineno}: {one_line(error)}"
        ) from None
    except (TemplateError, TypeError, ValueError):
        # It may want what this row lacks; whether it takes the data's rows is counted.
        return


def dated(template: str | None, day: date) -> str | None:
    """A chat template that writes `day` where it would write today's date.

    transformers (5.24) takes no function as an argument of a template, so the calls are replaced in its text.

    >>> dated("{{ strftime_now('%d %B %Y') }}", date(2026, 1, 31))
    "{{ '31 January 2026' }}"
    """
    return template and re.sub(
        r"""strftime_now\((['"])(.*?)\1\)""", lambda call: repr(day.strftime(call[2])), template
    )


def read_tools(value: Any) -> list[dict[str, Any]] | None:
    """The tools of a row: a list, or JSON of one, each a schema or JSON of one. Raises ValueError for all else."""
    if isinstance(value, str):
        value = json.loads(value) if value.strip() else None
    if not value:
        return None
    if not isinstance(value, list):
        raise ValueError("no list")
    tools = [json.loads(tool) if isinstance(tool, str) else tool for tool in value]
    if not all(isinstance(tool, dict) for tool in tools):
        raise ValueError("no schema")
    return tools


def with_instructions(messages: list[Any], kwargs: dict[str, Any], template: str | None) -> list[Any]:
    """A row's messages, with its `custom_instructions` as the system prompt where the template does not know these.

    That is what SmolLM3's template, which they are made for, does with them: it shows them in the place of a system
    prompt, and not at all beside one. Other models' templates would leave them out without a word, and the model would
    learn to follow instructions that it was not given.
    """
    instructions = kwargs.get("custom_instructions")
    has_prompt = bool(messages) and messages[0].get("role") == "system"
    if not instructions or has_prompt or "custom_instructions" in (template or ""):
        return messages
    return [{"role": "system", "content": instructions}, *messages]


def tools_hidden(tools: list[dict[str, Any]] | None, kwargs: dict[str, Any], text: Callable[[], str]) -> bool:
    """Whether a row has tools of a kind, schemas or functions of Python, of which the template's text names none."""
    try:
        given = tools or read_tools(kwargs.get("xml_tools")) or []
    except ValueError:
        # SmolTalk2 has tools that are no JSON; a template shows such a string as it is, or not at all.
        given = []
    functions = [tool.get("function", tool) for tool in given]
    schemas = [str(function["name"]) for function in functions if isinstance(function, dict) and function.get("name")]
    python = re.findall(
        r"^\s*(?:async )?def (\w+)", "\n".join(map(str, kwargs.get("python_tools") or [])), re.MULTILINE
    )
    kinds = [names for names in (schemas, python) if names]
    if not kinds:
        return False
    whole = text()
    return any(not any(name in whole for name in names) for names in kinds)


def training_template(tokenizer: Any) -> str | None:
    """A chat template whose assistant turns are marked; None where the tokenizer's own marks them.

    Raises InputError where there is none, or where the end of a turn has no loss: such a model does not learn to stop
    (TRL warns, and trains).
    """
    from trl.chat_template_utils import (
        get_training_chat_template,
        has_generation_markers,
        is_chat_template_stop_token_trained,
    )

    name = tokenizer.name_or_path
    template = None
    if not has_generation_markers(tokenizer.chat_template):
        try:
            template = get_training_chat_template(tokenizer)
        except ValueError:
            raise InputError(
                f"{name}: its chat template does not mark what the assistant says by {{% generation %}}, and TRL "
                "knows no such form of it; set chat_template_path, or assistant_only_loss: false (a loss on all)"
            ) from None
    if not is_chat_template_stop_token_trained(tokenizer, chat_template=template):
        raise InputError(
            f"{name}: its chat template leaves the end of the assistant's turn without a loss, so the model would not "
            "learn to stop; move it inside {% generation %}, or set assistant_only_loss: false"
        )
    return template
