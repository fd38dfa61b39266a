"""How a translation is shown to a model that judges it: the source as a request, the translation as its answer.

One wording for training and for scoring, for a reward model that was trained on another has seen nothing like what it
is asked. The reward model of the paper (arXiv 2511.18411) scores whole translations; long ones go through
the same functions in aligned slices of their messages.
"""

import re
from collections.abc import Mapping, Sequence
from typing import get_args

from processors.conversations.parts import Role

Messages = Sequence[Mapping[str, str]]

_PROMPT = re.compile(r"Translate the following conversation into ([^\n]+)\.\n\n(.*)", re.DOTALL)
_ROLE = re.compile(rf"(?:\A|(?<=\n\n))\[({'|'.join(get_args(Role))})\]\n")


def translation_prompt(source: Messages, language: str, instructions: str = "") -> list[dict[str, str]]:
    """The request as a conversation of one user message, in the columns' order (`content`, `role`).

    `language` is the target language's English name, `instructions` the row's custom instructions.

    >>> translation_prompt([{"role": "user", "content": "Hello"}], "Arabic")[0]["content"]
    'Translate the following conversation into Arabic.\\n\\n[user]\\nHello'
    """
    words = f"Translate the following conversation into {language}.\n\n{conversation_text(source, instructions)}"
    return [{"content": words, "role": "user"}]


def translation_answer(target: Messages, instructions: str = "") -> list[dict[str, str]]:
    """The translation as a conversation of one assistant message: `translation_prompt` plus this is what is scored."""
    return [{"content": conversation_text(target, instructions), "role": "assistant"}]


def conversation_text(messages: Messages, instructions: str = "") -> str:
    """Messages as one text, each under its role; custom instructions come first as a system message.

    >>> conversation_text([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}], "Be brief.")
    '[system]\\nBe brief.\\n\\n[user]\\nHi\\n\\n[assistant]\\nHello'
    """
    whole = [{"role": "system", "content": instructions}, *messages] if instructions else messages
    return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in whole)


def read_prompt(text: str) -> tuple[list[dict[str, str]], str] | None:
    """The messages and the language of a `translation_prompt`; None for another prompt.

    >>> read_prompt(translation_prompt([{"role": "user", "content": "Hello"}], "Arabic")[0]["content"])
    ([{'content': 'Hello', 'role': 'user'}], 'Arabic')
    """
    found = _PROMPT.fullmatch(text)
    messages = read_conversation(found[2]) if found else None
    return (messages, found[1]) if found and messages is not None else None


def read_conversation(text: str) -> list[dict[str, str]] | None:
    """Messages of which `conversation_text` makes `text`; None for another text.

    A message that quotes such a text is read as several: good enough to align two of them.
    """
    roles = list(_ROLE.finditer(text))
    if not roles or roles[0].start() > 0:
        return None
    ends = [role.start() - len("\n\n") for role in roles[1:]] + [len(text)]
    messages = [{"content": text[role.end() : end], "role": role[1]} for role, end in zip(roles, ends, strict=True)]
    return messages if conversation_text(messages) == text else None
