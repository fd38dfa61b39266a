"""What all models of a recipe share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# The Hub's rule for split names (datasets 5.2, `datasets.splits`), which config names must satisfy too: a config
# is a folder in the repository, and `a/b` would break it.
NAME_PATTERN = r"^\w+(\.\w+)*$"
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=96)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
