"""What a source's own card says of it: title and licence, for the recipe that `init` writes. Of one's own data nobody
else can tell.

The card is `README.md` beside the shards, on a disk or on the Hub.
"""

from typing import Any

import httpx2
import yaml
from datatrove.io import get_datafolder

from builders.recipes.base import LICENCES

# A card's front matter is at its beginning, and a few kilobytes; one of a thousand splits is a megabyte.
_READ = 2_000_000


def source_card(path: str) -> dict[str, str]:
    """`title` and `license` of a source, as far as its card says; empty where there is none that can be read."""
    try:
        with get_datafolder(path).open("README.md", "rb") as file:
            text = file.read(_READ).decode("utf-8", "replace").replace("\r\n", "\n")
    except (OSError, ValueError, httpx2.HTTPError):
        # No card is no fault. huggingface_hub's errors are httpx2's, and it raises OSError where a file is missing.
        return {}
    begin, _, rest = text.lstrip("\ufeff").partition("---\n")
    front, end, _ = rest.partition("\n---")
    if begin.strip() or not end:
        return {}
    try:
        data: Any = yaml.safe_load(front)
    except yaml.YAMLError:
        return {}
    if not isinstance(data, dict):
        return {}
    licence = data.get("license")
    licence = licence[0] if isinstance(licence, list) and len(licence) == 1 else licence
    # One that is none of the Hub's is for whoever builds to put into its words.
    told = {"title": data.get("pretty_name"), "license": licence if str(licence) in LICENCES else None}
    return {name: value.strip() for name, value in told.items() if isinstance(value, str) and value.strip()}
