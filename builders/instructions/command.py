"""`smolkalam instruct` and `smolkalam follow`: prompts that ask for instructions, and answers that follow them.

Every row that is read is kept or dropped with its reason, and the two add up. A folder is put in its place when all is
written; the same rows and seed give the same bytes.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builders.instructions.arguments import words_of
from builders.instructions.draw import Drawing, with_instructions
from builders.instructions.rows import (
    RowWriter,
    answer_of,
    asked_schema,
    instructions_of,
    is_parquet,
    prompt_of,
    read_rows,
    with_columns,
)
from processors.atomic_files import look_for_room, new_folder
from processors.errors import CountError, InputError
from processors.instructions import follows, look_at_given
from processors.scrub import excerpt

PROMPTS, KEPT, DROPPED, REPORT = "prompts", "kept", "dropped.jsonl", "report.json"
# The columns that a kept row gets.
SHARE, STRICT, LOOSE = "instructions_followed", "followed_strict", "followed_loose"
_NEW = ((SHARE, "double"), (STRICT, "bools"), (LOOSE, "bools"))


@dataclass(slots=True)
class Sorted:
    """What became of the rows: `written` is more than `kept` where a seed gives several prompts; `kinds` counts the
    instructions, `followed` those of them that were."""

    read: int = 0
    kept: int = 0
    written: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    followed: Counter[str] = field(default_factory=Counter)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        if self.read != self.kept + sum(self.dropped.values()):
            raise CountError(f"{self.read} rows read, {self.kept} kept, {sum(self.dropped.values())} dropped")
        made: dict[str, Any] = {"read": self.read, "kept": self.kept, "written": self.written}
        made["dropped"] = dict(sorted(self.dropped.items()))
        made["kinds"] = {
            name: {"asked": n} | ({"followed": self.followed[name]} if self.followed else {})
            for name, n in sorted(self.kinds.items())
        }
        return made


def run_instruct(seeds: Path, output: Path, drawing: Drawing, per_seed: int = 1) -> Sorted:
    """Write `output`/prompts.jsonl (.parquet for Parquet), dropped.jsonl and report.json; returns the counts.

    Seeds are prompts of people; a row that has instructions already (IFEval's, translated) is kept as it is. Raises
    InputError for what cannot be read or drawn, and where no row is a seed.
    """
    words_of(drawing.language), drawing.pool()
    look_for_room(output)
    found, first = Sorted(), ""
    name = f"{PROMPTS}.parquet" if is_parquet(seeds) else f"{PROMPTS}.jsonl"
    schema = asked_schema() if is_parquet(seeds) else None
    with new_folder(output) as folder:
        with RowWriter(folder / name, schema) as prompts, RowWriter(folder / DROPPED, None) as dropped:
            for number, row, reason in read_rows(seeds):
                found.read += 1
                made, reason = _asked(number, row, reason, drawing, per_seed)
                if not made:
                    first = first or f"row {number} is {_seen(row, reason)}"
                    _drop(found, dropped, number, reason)
                    continue
                found.kept += 1
                for one in made:
                    prompts.write(one)
                    found.written += 1
                    found.kinds.update(one["instruction_id_list"])
        _look_for_rows(seeds, found, found.written, "prompt or messages", first)
        _write_report(folder, found, {"seed": drawing.seed, "language": drawing.language, "per_seed": per_seed})
    _tell(found, f"{found.written:,} prompts", output)
    return found


def _look_for_rows(path: Path, found: Sorted, taken: int, columns: str, first: str) -> None:
    """Raises InputError where no row has what is asked for: the file is another one than was meant."""
    if not found.read:
        raise InputError(f"{path}: has no row in it")
    if not taken:
        raise InputError(f"{path}: none of its {found.read:,} rows can be taken; expected {columns}; {first}")


def _seen(row: Mapping[str, Any] | None, reason: str) -> str:
    there = f", with the columns {', '.join(map(str, row))}" if row else ""
    return f"left out, {excerpt(reason, 200)}{there}"


def _asked(
    number: int, row: dict[str, Any] | None, reason: str, drawing: Drawing, per_seed: int
) -> tuple[list[dict[str, Any]], str]:
    if row is None:
        return [], reason
    prompt = prompt_of(row).strip()
    if not prompt:
        return [], "no_prompt"
    name = str(next((row[key] for key in ("id", "key") if row.get(key) is not None), number))
    if row.get("instruction_id_list"):
        try:
            ids, given = instructions_of(row)
            look_at_given(ids, given, drawing.language, name)
        except InputError as error:
            return [], f"instructions: {error}"
        return [_row(name, prompt, ids, [_present(one) for one in given], drawing.language)], ""
    made = []
    for version in range(per_seed):
        try:
            one = with_instructions(prompt, drawing, version)
        except InputError as error:
            return [], f"nothing_fits: {error}"
        of = name if per_seed == 1 else f"{name}-{version}"
        made.append(_row(of, one.prompt, one.instruction_id_list, one.kwargs, drawing.language))
    return made, ""


def _present(given: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (given or {}).items() if value is not None}


def _row(name: str, prompt: str, ids: list[str], given: list[dict[str, Any]], language: str) -> dict[str, Any]:
    return {
        "id": name,
        "prompt": prompt,
        "messages": [{"role": "user", "content": prompt}],
        "instruction_id_list": ids,
        "kwargs": given,
        "language": language,
    }


def run_follow(rows: Path, output: Path, *, language: str = "ar", least: float = 1.0, loose: bool = False) -> Sorted:
    """Write `output`/kept.jsonl (.parquet for Parquet), dropped.jsonl and report.json; returns the counts.

    A row is kept where its answer follows `least` of its instructions or more. Kept rows get the share followed
    (strictly, or loosely with `loose`) as `instructions_followed`, and what was followed as `followed_strict` and
    `followed_loose`. Raises InputError for what cannot be read, and where no row has instructions and an answer.
    """
    if not 0 <= least <= 1:
        raise InputError(f"least is {least}, expected a share from 0 to 1")
    look_for_room(output)
    found, first = Sorted(), ""
    schema = with_columns(rows, _NEW) if is_parquet(rows) else None
    with new_folder(output) as folder:
        kept_file = folder / (f"{KEPT}.parquet" if schema is not None else f"{KEPT}.jsonl")
        with RowWriter(kept_file, schema) as kept, RowWriter(folder / DROPPED, None) as dropped:
            for number, row, reason in read_rows(rows):
                found.read += 1
                more, reason = _looked_at(row, reason, found, language, loose)
                if more is None:
                    first = first or f"row {number} is {_seen(row, reason)}"
                if more is None or row is None or more[SHARE] < least:
                    _drop(found, dropped, number, reason, more)
                    continue
                found.kept, found.written = found.kept + 1, found.written + 1
                kept.write({**row, **more})
        asked = "instruction_id_list, kwargs and an answer (completion, response or messages)"
        _look_for_rows(rows, found, found.kinds.total(), asked, first)
        _write_report(folder, found, {"language": language, "least": least, "loose": loose})
    _tell(found, f"{found.kept:,} rows kept", output)
    return found


def _looked_at(
    row: dict[str, Any] | None, reason: str, found: Sorted, language: str, loose: bool
) -> tuple[dict[str, Any] | None, str]:
    """The new columns of a row, and why it may be dropped."""
    if row is None:
        return None, reason
    answer = answer_of(row)
    if answer is None:
        return None, "no_answer"
    try:
        ids, given = instructions_of(row)
        each = follows(answer, ids, given, str(row.get("language") or language))
    except InputError as error:
        return None, f"instructions: {error}"
    followed = [one.loose if loose else one.strict for one in each]
    found.kinds.update(ids)
    found.followed.update(name for name, is_followed in zip(ids, followed, strict=True) if is_followed)
    missed = [name for name, is_followed in zip(ids, followed, strict=True) if not is_followed]
    more = {
        SHARE: sum(followed) / len(followed),
        STRICT: [one.strict for one in each],
        LOOSE: [one.loose for one in each],
    }
    return more, "not_followed: " + ", ".join(missed)


def _drop(found: Sorted, dropped: RowWriter, number: int, reason: str, more: Mapping[str, Any] | None = None) -> None:
    found.dropped[reason.partition(":")[0]] += 1
    dropped.write({"row": number, "reason": reason, **(more or {})})


def _write_report(folder: Path, found: Sorted, about: Mapping[str, Any]) -> None:
    report = {**about, **found.plain()}
    (folder / REPORT).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _tell(found: Sorted, what: str, output: Path) -> None:
    print(f"{found.read:,} rows read: {what}, {sum(found.dropped.values()):,} dropped; {output}", file=sys.stderr)
    for line in _lines(found):
        print(line, file=sys.stderr)


def _lines(found: Sorted) -> Iterator[str]:
    for reason, number in found.dropped.most_common():
        yield f"  dropped, {reason}: {number:,}"
    if found.followed:
        worst = sorted(found.kinds, key=lambda name: (found.followed[name] / found.kinds[name], name))[:3]
        yield "  followed least: " + ", ".join(
            f"{name} {found.followed[name]:,} of {found.kinds[name]:,}" for name in worst
        )
