"""What a chat model is told beside a text, and prompts of a user's own.

To add something that is told: a field of `Hints`, its place in the prompts of `processors.clients.prompts`, and its
placeholder in `own_prompt`.
"""

from processors.prompting.hints import NO_HINTS, Hints
from processors.prompting.own_prompt import FIELDS, check_prompt, fill, has_field, read_prompt

__all__ = ["FIELDS", "NO_HINTS", "Hints", "check_prompt", "fill", "has_field", "read_prompt"]
