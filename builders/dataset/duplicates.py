"""Rows of a config that say again what an earlier row of it says, over all its splits: found, told, left out.

A source has duplicates of its own; of more interest are those that the translation made, where sources that differ
have one translation: a stub, a memory's wrong hit, an answer that was remembered for something else. Of each row the
stage `rank` keeps sketches (`processors.duplicates`), so that no text is read again here.

The file `duplicates/<config>.jsonl` of a run folder has a line a row: `id`, `split`, `like` (the earlier row's id),
`kind` (`same`, `near`, or `answer`: the same answer to something else), `alike` and `source_alike` (from 0 to 1), and
`new`: whether the sources are not alike, so that it is one in translation only.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from builders.run_folder.files import write_error
from builders.run_folder.folder import DUPLICATES, RANK, Run
from builders.run_folder.ranked_rows import taken_by
from builders.run_folder.units import Unit, UnitFiles, read_unit
from processors.atomic_files import write_text

if TYPE_CHECKING:
    import numpy as np

    from processors.duplicates import Again, Sketches

KEEP, DROP_NEW, DROP = "keep", "drop_new", "drop"
KINDS = ("same", "near", "answer")
NAMES = {"same": "the same", "near": "nearly the same", "answer": "the same answer to something else"}
# What is found of the same rows changes with it.
_RULES = 1


@cache
def _sketches() -> "Sketches":
    from processors.duplicates import Sketches

    return Sketches()


def with_sketches(row: dict[str, Any]) -> dict[str, Any]:
    """A ranked row (`schemas.ranked_unit`) with its `sketches`."""
    from processors.duplicates import digest

    make = _sketches()
    taken: list[dict[str, Any]] = []
    known: dict[bytes, dict[str, Any]] = {}
    for choice in row["choices"]:
        if (candidate := taken_by(row, choice["config"])) is None:
            continue
        messages = _with_template(candidate["messages"], row, candidate["custom_instructions"])
        of = digest(messages)
        if of not in known:
            known[of] = {"digest": of, "text": make.of(_texts(messages)), "answer": make.answer(_answers(messages))}
        taken.append({"config": choice["config"]} | known[of])
    instructions = (row["chat_template_kwargs"] or {}).get("custom_instructions")
    source = _with_template(row["messages"], row, instructions)
    made = {"source_text": make.of(_texts(source)), "source_answer": make.of(_answers(source)), "taken": taken}
    return row | {"sketches": made}


def _with_template(
    messages: Sequence[Mapping[str, Any]], row: Mapping[str, Any], instructions: str | None
) -> list[Mapping[str, Any]]:
    """A row's messages, before them what its chat template adds: the same words with other tools are another row."""
    kwargs = row["chat_template_kwargs"] or {}
    added = [instructions, *(kwargs.get("xml_tools") or ()), *(kwargs.get("python_tools") or ())]
    return [*({"role": "system", "content": text} for text in added if text), *messages]


def _texts(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    return [message["content"] or "" for message in messages]


def _answers(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    return _texts(message for message in messages if message["role"] == "assistant")


def find_duplicates(run: Run, units: Sequence[Unit], configs: Sequence[str], keep: str) -> dict[str, Any]:
    """Write the files of a run whose rows are ranked; `{"configs": {config: counts}, "left_out": digest}`.

    Counts are of rows by `<kind>` and `<kind>_new`, and `dropped`. `keep` is the recipe's `outputs.duplicates`. Files
    that were written of the same ranked rows are taken as they are.
    """
    folder = run.stage(DUPLICATES)
    known, of = folder / "found.json", _state(run, units, configs)
    try:
        found = json.loads(known.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    try:
        if found.get("of") != of:
            folder.mkdir(parents=True, exist_ok=True)
            for config in configs:
                lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in _found(run, units, config))
                write_text(folder / f"{config}.jsonl", "".join(lines))
            write_text(known, json.dumps({"of": of}))
    except OSError as error:
        raise write_error(error, folder) from None
    counts, left = {}, hashlib.blake2b(digest_size=16)
    for config in configs:
        counted: Counter[str] = Counter()
        for row in read_duplicates(run, config):
            counted[row["kind"]] += 1
            counted[f"{row['kind']}_new"] += row["new"]
            if drops(keep, row):
                counted["dropped"] += 1
                left.update(f"{config}/{row['id']}\n".encode("utf-8", "replace"))
        counts[config] = dict(sorted(counted.items()))
    return {"configs": counts, "left_out": left.hexdigest()}


def read_duplicates(run: Run, config: str) -> Iterator[dict[str, Any]]:
    """The rows of a config that say again what an earlier one says, in its order; none in a run of before."""
    path = run.stage(DUPLICATES, f"{config}.jsonl")
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def drops(keep: str, row: Mapping[str, Any]) -> bool:
    """Whether a recipe that says `keep` (`outputs.duplicates`) leaves a duplicate out."""
    return keep == DROP or (keep == DROP_NEW and row["new"])


def said(counts: Mapping[str, int]) -> str:
    """A config's counts in words; empty where it has no duplicate.

    >>> said({"same": 3, "same_new": 1, "dropped": 1})
    '3 rows say again what an earlier one says (the same 3), 1 of them in translation only; 1 dropped'
    """
    kinds = {kind: counts.get(kind, 0) for kind in KINDS}
    if not any(kinds.values()):
        return ""
    by_kind = ", ".join(f"{NAMES[kind]} {n:,}" for kind, n in kinds.items() if n)
    new = sum(counts.get(f"{kind}_new", 0) for kind in KINDS)
    dropped = f"; {counts['dropped']:,} dropped" if counts.get("dropped") else ""
    rows = sum(kinds.values())
    return (
        f"{rows:,} row{'s say' if rows > 1 else ' says'} again what an earlier one says ({by_kind}), "
        f"{new:,} of them in translation only{dropped}"
    )


def left_out(run: Run, config: str, keep: str) -> frozenset[str]:
    """Ids of the rows that a config does not get for being duplicates."""
    if keep == KEEP:
        return frozenset()
    return frozenset(row["id"] for row in read_duplicates(run, config) if drops(keep, row))


def _state(run: Run, units: Sequence[Unit], configs: Sequence[str]) -> str:
    """A digest of which files the ranked rows are in: a unit that is ranked again is another file."""
    state: list[Any] = [_RULES, list(configs)]
    for unit in units:
        file = UnitFiles(run.stage(RANK), unit.name).kept
        status = file.stat()
        state.append([unit.name, unit.into, status.st_size, status.st_mtime_ns])
    return hashlib.blake2b(json.dumps(state).encode(), digest_size=16).hexdigest()


def _found(run: Run, units: Sequence[Unit], config: str) -> list[dict[str, Any]]:
    """The lines of a config, in the order of its rows."""
    import numpy as np

    from processors.duplicates import UNLIKE, alike, first_answers, first_rows, unpacked

    digests, answers, texts, places = _read(run, units, config)
    if not places:
        return []
    (sketches, has), as_number = unpacked(texts), lambda found: np.frombuffer(b"".join(found), "<u8")
    rows = first_rows(as_number(digests), sketches, has)
    again = first_answers(as_number([one or bytes(8) for one in answers]), np.array([bool(one) for one in answers]))
    same = as_number(digests)
    del sketches, texts
    source = _Sources(run, units, places, [rows, again])
    lines: dict[int, dict[str, Any]] = {}
    for which, (found, answered) in enumerate(((rows, False), (again, True))):
        left, left_has = source.sketches(found.rows, answered)
        right, right_has = source.sketches(found.first, answered)
        shared = np.where(left_has & right_has, alike(left, right), left_has == right_has)
        for row, first, score, of_source in zip(*found, shared, strict=True):
            new = bool(of_source < UNLIKE)
            if which == 0:
                kind = "same" if same[row] == same[first] else "near"
            elif new and row not in lines:
                kind = "answer"
            else:
                continue
            lines[int(row)] = {
                "id": source.ids[int(row)], "split": units[places[row][0]].into, "like": source.ids[int(first)],
                "kind": kind, "alike": round(float(score), 3), "source_alike": round(float(of_source), 3), "new": new,
            }  # fmt: skip
    return [lines[row] for row in sorted(lines)]


def _read(
    run: Run, units: Sequence[Unit], config: str
) -> tuple[list[bytes], list[bytes | None], list[bytes | None], list[tuple[int, int]]]:
    """Of a config's rows, in order: digests, digests of the answers, sketches, and (unit, row in it)."""
    import pyarrow.compute as pc

    digests: list[bytes] = []
    answers: list[bytes | None] = []
    texts: list[bytes | None] = []
    places: list[tuple[int, int]] = []
    for number, unit in enumerate(units):
        column = read_unit(UnitFiles(run.stage(RANK), unit.name), ["sketches.taken"])["sketches"].combine_chunks()
        taken = column.field("taken") if len(column) else column
        if not len(column) or taken.null_count == len(taken):
            continue
        flat, of = taken.flatten(), pc.list_parent_indices(taken)
        here = pc.equal(flat.field("config"), config)
        flat, of = flat.filter(here), of.filter(here)
        digests += flat.field("digest").to_pylist()
        answers += flat.field("answer").to_pylist()
        texts += flat.field("text").to_pylist()
        places += [(number, row) for row in of.to_pylist()]
    return digests, answers, texts, places


class _Sources:
    """Ids and the source's sketches of those rows that are in pairs; all rows' would take as much memory again."""

    def __init__(
        self, run: Run, units: Sequence[Unit], places: Sequence[tuple[int, int]], pairs: Sequence["Again"]
    ) -> None:
        import pyarrow as pa

        wanted: dict[int, list[int]] = {}
        for row in sorted({int(row) for found in pairs for part in (found.rows, found.first) for row in part}):
            wanted.setdefault(places[row][0], []).append(row)
        self.ids: dict[int, str] = {}
        self._of: tuple[dict[int, bytes | None], dict[int, bytes | None]] = {}, {}
        for number, rows in wanted.items():
            names = ("source_text", "source_answer")
            files = UnitFiles(run.stage(RANK), units[number].name)
            table = read_unit(files, ["id", *(f"sketches.{name}" for name in names)])
            table = table.take(pa.array([places[row][1] for row in rows]))
            sketches = table["sketches"].combine_chunks()
            self.ids |= zip(rows, table["id"].to_pylist(), strict=True)
            for of, name in zip(self._of, names, strict=True):
                of |= zip(rows, sketches.field(name).to_pylist(), strict=True)

    def sketches(self, rows: "np.ndarray", answers: bool) -> "tuple[np.ndarray, np.ndarray]":
        """Of these rows, and which have one; of their `answers` alone, or of all their messages."""
        from processors.duplicates import unpacked

        return unpacked([self._of[answers][int(row)] for row in rows])
