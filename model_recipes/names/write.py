"""Writes the names that CLDR has for countries and languages, in English and a target language, as the checks read it.

    python -m model_recipes.names.write ar

CLDR is Unicode's (Unicode License v3); its names come by way of Babel (BSD), which only this script needs
(`pip install babel`). What CLDR does not know, other names and currencies' everyday ones, stands by hand in
`processors/languages/names/others.json`.
"""

from __future__ import annotations

import argparse
import json
import re

from processors.languages.names.names import FOLDER

# Continents, by their UN M49 codes; the other numbers are groups that nobody names.
_CONTINENTS = ("002", "142", "150")
_PLAIN_NAME = re.compile(r"[^\W\d_][^\d_(),]*")


def names(code: str) -> dict[str, list[str]]:
    """English name to the target's name, by CLDR's codes: two-letter languages, countries, continents."""
    from babel import Locale  # type: ignore[import-not-found,unused-ignore]

    english, other = Locale("en"), Locale(code)
    found = {}
    for kind in ("territories", "languages"):
        ours, theirs = getattr(english, kind), getattr(other, kind)
        for key in sorted(ours.keys() & theirs.keys()):
            pair = [ours[key], theirs[key]]
            if (len(key) == 2 or key in _CONTINENTS) and all(map(_PLAIN_NAME.fullmatch, pair)):
                found[f"{kind[:1]}-{key}"] = pair
    return found


def main() -> None:
    """Writes the language's file beside `processors.languages.names`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("code", help="the target language, BCP 47, such as ar")
    code = parser.parse_args().code
    lines = ",\n".join(f'"{key}": {json.dumps(pair, ensure_ascii=False)}' for key, pair in names(code).items())
    (FOLDER / f"{code}.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
