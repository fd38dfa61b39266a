"""Rules about licences: what the card grants beside what `provenance.json` says of source and translators."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.rules.findings import Finding, warning

PROVENANCE = "provenance.json"


def check_licences(folder: Path, licence: str | None) -> Iterator[Finding]:
    """What a dataset's terms do not allow; nothing of a dataset of another program, which has no such file.

    `licence`: the card's.
    """
    path = folder / PROVENANCE
    if not path.is_file():
        return
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        named = [("the source", found["source"])]
        named += [(f"the source's split {name}", of) for name, of in found["splits"].items()]
        named += [(f"translator {name}", of) for name, of in found["translators"].items()]
        terms = [(name, of["license"] or "", of["training"], of["note"] or "") for name, of in named]
    except (ValueError, KeyError, TypeError, AttributeError):
        yield warning("provenance", PROVENANCE, "it cannot be read", "let the build write it")
        return
    for name, of, training, note in terms:
        if training == "forbidden":
            seen = f"the terms of {name} forbid training models on it{f' ({note.rstrip(chr(46))})' if note else ''}"
            yield warning("licence", PROVENANCE, seen, "leave it out, or write the terms that you have as its `terms`")
        if "-nc" in of and licence and "-nc" not in licence and licence != "other":
            seen = f"{name} is under {of}, not for commercial use; the card's '{licence}' allows it"
            yield warning("licence", PROVENANCE, seen, "set outputs.license to one that does not, or leave it out")
