"""What a chat model is told beside a text, and prompts of a user's own.

To add a placeholder: its name in `own_prompt.FIELDS`, and its value in `processors.clients.prompts`.
"""

from processors.prompting.own_prompt import FIELDS, check_prompt, fill, has_field, read_prompt

__all__ = ["FIELDS", "check_prompt", "fill", "has_field", "read_prompt"]
