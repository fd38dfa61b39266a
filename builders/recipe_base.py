"""What all models of a recipe share."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# The Hub's rule for split names (datasets 5.2, `datasets.splits`), which config names must satisfy too: a config
# is a folder in the repository, and `a/b` would break it.
NAME_PATTERN = r"^\w+(\.\w+)*$"
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=96)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _address(address: str) -> str:
    if not re.fullmatch(r"https?://[^@?#\s]+", address):
        raise ValueError("expected an address such as http://localhost:8000/v1, without a user, key or query in it")
    return address


def _variable(name: str) -> str:
    # Capitals, because a key given here by mistake would be written down with the recipe.
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
        raise ValueError(
            "expected the NAME of an environment variable in capitals, such as OPENROUTER_API_KEY; export the key in "
            "it, and keep the key itself out of recipes"
        )
    return name


BaseUrl = Annotated[
    str, AfterValidator(_address), Field(description="such as http://localhost:8000/v1, without a key in it")
]
KeyVariable = Annotated[
    str,
    AfterValidator(_variable),
    Field(description="environment variable that holds the key; the key is sent to that address only"),
]
