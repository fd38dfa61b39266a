"""How a translation is shown to a model that judges it: the source as a request, the translation as its answer.

One wording for training and for scoring, for a reward model that was trained on another has seen nothing like what it
is asked. The reward model of the paper (arXiv 2511.18411) scores whole translations; long ones go through
the same functions in aligned slices of their messages.
"""

from collections.abc import Mapping, Sequence

Messages = Sequence[Mapping[str, str]]


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
