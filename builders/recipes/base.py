"""What all models of a recipe share."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from processors.clients.address import EXPECTED, is_address

# The Hub's rule for split names (datasets 5.2, `datasets.splits`), which config names must satisfy too: a config
# is a folder in the repository, and `a/b` would break it.
NAME_PATTERN = r"^\w+(\.\w+)*$"


# What no config of the Hub has in its name (datasets 5.2, `datasets.builder`): `ARC-Challenge` and `Islamic Studies`
# are such names, which those of splits cannot be.
_NO_CONFIG = r"< > : / \ | ? *"


class Strict(BaseModel):
    # YAML knows .inf and .nan, which no setting means and which cannot be written down as JSON.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _name(name: str) -> str:
    if not re.fullmatch(NAME_PATTERN, name) or "\n" in name:
        near = re.sub(r"\W+", "_", name).strip("_")
        hint = f", such as {near}" if near else ""
        raise ValueError(f"expected letters, digits, _ and single dots{hint}, for it names a folder of the dataset")
    return name


def _config(name: str) -> str:
    if re.search(r"[<>:/\\|?*\x00-\x1f]", name) or name != name.strip(" .") or not name:
        raise ValueError(f"expected a name without any of {_NO_CONFIG}, for it names a folder of the dataset")
    return name


def _address(address: str) -> str:
    if not is_address(address):
        raise ValueError(EXPECTED)
    return address


def look_at_names(names: Sequence[str], kind: str) -> None:
    """Raises ValueError for two of one kind, such as translators, whose names are one or differ in case only.

    Each has files of its name, and the file systems of macOS and Windows ignore case.
    """
    for place, name in enumerate(names):
        for other in names[:place]:
            if name == other:
                raise ValueError(f"two {kind} are named '{name}'; rename one")
            if name.casefold() == other.casefold():
                raise ValueError(f"{kind} '{other}' and '{name}' differ in case only; rename one")


def _variable(name: str) -> str:
    # Capitals, because a key given here by mistake would be written down with the recipe.
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
        raise ValueError(
            "expected the NAME of an environment variable in capitals, such as OPENROUTER_API_KEY; export the key in "
            "it, and keep the key itself out of recipes"
        )
    return name


Name = Annotated[str, AfterValidator(_name), Field(max_length=96)]
ConfigName = Annotated[str, AfterValidator(_config), Field(max_length=96)]
BaseUrl = Annotated[
    str, AfterValidator(_address), Field(description="such as http://localhost:8000/v1, without a key in it")
]
KeyVariable = Annotated[
    str,
    AfterValidator(_variable),
    Field(description="environment variable that holds the key; the key is sent to that address only"),
]

# The licences that a card may name: huggingface.co/docs/hub/repositories-licenses.
_LICENCE_CODES = (
    "afl-3.0 agpl-3.0 apache-2.0 apple-amlr apple-ascl artistic-2.0 bigcode-openrail-m bigscience-bloom-rail-1.0 "
    "bigscience-openrail-m bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0 cc-by-2.5 "
    "cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 "
    "cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 "
    "cdla-permissive-2.0 cdla-sharing-1.0 creativeml-openrail-m deepfloyd-if-license ecl-2.0 epl-1.0 epl-2.0 "
    "etalab-2.0 eupl-1.1 eupl-1.2 fair-noncommercial-research-license gemma gfdl gpl gpl-2.0 gpl-3.0 "
    "grok2-community h-research intel-research isc lgpl lgpl-2.1 lgpl-3.0 lgpl-lr llama2 llama3 llama3.1 llama3.2 "
    "llama3.3 llama4 lppl-1.3c mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 openmdw-1.0 openrail openrail++ osl-3.0 "
    "other pddl postgresql unknown unlicense wtfpl zlib "
)
LICENCES = frozenset(_LICENCE_CODES.split())


def hub_licence(name: str) -> str:
    """A licence by the Hub's name for it. Raises ValueError."""
    if name not in LICENCES:
        near = get_close_matches(re.sub(r"[\s_]+", "-", name.strip().lower()), LICENCES, n=1)
        such = f"did you mean {near[0]}?" if near else "such as cc-by-4.0, or other for any that has none"
        raise ValueError(f"expected a licence by its name in huggingface.co/docs/hub/repositories-licenses; {such}")
    return name


Licence = Annotated[str, AfterValidator(hub_licence)]

# What terms say of training a model on what they are of, the mildest first.
Training = Literal["allowed", "conditions", "forbidden"]


class Terms(Strict):
    """Under which terms something may be used: the rows of a source, or what a translator puts out."""

    license: Licence | None = Field(None, description="by the Hub's names, such as cc-by-4.0; null: not known")
    link: str | None = Field(None, pattern=r"^https?://\S+$", description="the address where the terms can be read")
    training: Training | None = Field(
        None, description="whether models may be trained on it; null: its terms do not say, or are not known"
    )
    note: str | None = Field(None, description="what the terms ask, in a sentence for the card")
