"""What was said as files for others: approved and edited translations as a memory, and tables of what stands."""

import csv
from functools import lru_cache

from hub.review.said import ERRORS, INSTRUCTIONS, Reviews
from processors.atomic_files import replacing_text
from processors.judging.votes import TRANSLATIONS, VERDICTS
from processors.memory.memory import Memory

MEMORY = "approved.tmx"
_TABLES = {
    VERDICTS: ("id", "better", "worse", "annotator", "weight", "time"),
    ERRORS: ("id", "translator", "message", "start", "end", "text", "category", "severity", "annotator", "time"),
    # With a memory's columns, so that it is one.
    TRANSLATIONS: ("id", "translator", "message", "source", "before", "target", "approved", "annotator", "time"),
}


def write_tables(reviews: Reviews) -> None:
    """Write what stands as `verdicts.csv`, `errors.csv` and `translations.csv`. Raises InputError."""
    standing = reviews.standing()
    for name, columns in _TABLES.items():
        path = (reviews.folder / name).with_suffix(".csv")
        if not standing[name]:
            path.unlink(missing_ok=True)
            continue
        with replacing_text(path) as stream:
            writer = csv.writer(stream, lineterminator="\r\n")
            writer.writerow(columns)
            for line in standing[name]:
                known = line | {"target": line.get("after"), "approved": "true"}
                writer.writerow([_plain(known[column]) for column in columns])


def _plain(value: object) -> str:
    # UTF-8 holds no lone surrogate; the JSON lines do.
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


def write_memory(reviews: Reviews, target: str) -> None:
    """Write what stands of approved and edited messages as a memory. Raises InputError where it cannot be written.

    Two translations of one text: the one that was said last.
    """
    with reviews.lock:
        memory = Memory(target=target)
        for line in reviews.translations.values():
            role = "system" if line["message"] == INSTRUCTIONS else line["role"]
            for one, other in _aligned(role, line["source"], line["after"], target):
                memory.add(one, other, approved=True, note=f"review: {line['annotator']}")
        path = reviews.folder / MEMORY
        if len(memory):
            memory.save(path)
        else:
            path.unlink(missing_ok=True)


@lru_cache(maxsize=50_000)
def _aligned(role: str, source: str, target: str, language: str) -> list[tuple[str, str]]:
    """The parts and lines of a message; kept, for the file is written anew with each edit."""
    one, other = ([{"role": role, "content": text}] for text in (source, target))
    return [(unit.source, unit.target) for unit in Memory.from_build([(one, other)], target=language).units()]
