"""Each item as it was asked, answered and counted, in a file a task: what a table is made of, and what is kept.

A file is written whole when its task is done; its first line says of which model, data and settings it is. Another
model's, or one of other settings, is never taken for it.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model_recipes.evaluation.scoring.scores import ScoredItem
from processors.atomic_files import replacing_text
from processors.errors import InputError

# Of an answer so many characters are kept: enough to judge it by, and a run's folder stays small.
_KEPT = 8000


def read_answers(path: Path, key: str | None = None) -> list[dict[str, Any]] | None:
    """A task's items, as records; None where there are none of this `key` (any where it is None).

    Raises InputError where the file is damaged.
    """
    if not path.is_file():
        return None
    try:
        first, *records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if key is not None and first["key"] != key:
            return None
        if first["items"] != len(records):
            raise ValueError(f"{first['items']} items were written, {len(records)} are there")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: damaged ({error}); remove it, and the same command asks again") from None
    return records


def write_answers(path: Path, about: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> None:
    """Write a task's items; `about` has its `key`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing_text(path) as stream:
        for line in ({**about, "items": len(records)}, *records):
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def keys_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The key of each row of a task, as its record has it."""
    from lm_eval.utils import handle_non_serializable, hash_string

    digests = [
        hash_string(json.dumps(row, indent=2, default=handle_non_serializable, ensure_ascii=False)) for row in rows
    ]
    return _numbered(digests)


def _numbered(digests: Sequence[str]) -> list[str]:
    # A benchmark may hold a row twice.
    seen: Counter[str] = Counter()
    keys = []
    for digest in digests:
        seen[digest] += 1
        keys.append(f"{digest[:16]}-{seen[digest]}")
    return keys


def records_of(
    samples: Sequence[Mapping[str, Any]], metrics: Sequence[str], task: Any, *, keep_prompt: bool = False
) -> list[dict[str, Any]]:
    """lm-eval's samples of one task as records. Raises KeyError where a metric is not among a sample's."""
    records = []
    for key, sample in zip(_numbered([str(sample["doc_hash"]) for sample in samples]), samples, strict=True):
        reached = [_reached(sample[metric]) for metric in metrics]
        choice = task.OUTPUT_TYPE == "multiple_choice"
        options = list(task.doc_to_choice(sample["doc"])) if choice else []
        records.append(
            {
                "id": key,
                "reached": [one for one, _ in reached],
                "of": [of for _, of in reached],
                "chance": 1 / len(options) if options else 0.0,
                "gold": _gold(sample["target"], options),
                "answer": _answer(sample, options, by_character="acc_norm" in metrics),
                **({"prompt": str(sample["arguments"][0][0])[:_KEPT]} if keep_prompt else {}),
            }
        )
    return records


def _reached(value: Any) -> tuple[float, float]:
    """A metric's value on an item, and the most that it could be: of a list each entry counts."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return float(sum(map(bool, value))), float(len(value))
    return float(value), 1.0


def _gold(target: Any, options: Sequence[str]) -> str:
    if isinstance(target, int) and 0 <= target < len(options):
        return str(options[target])
    return str(target)[:_KEPT]


def _answer(sample: Mapping[str, Any], options: Sequence[str], *, by_character: bool) -> str:
    found = sample["filtered_resps"]
    if options:
        # (log-likelihood, whether greedy) of each option; what the metric takes, the first of equals.
        lengths = [len(option) if by_character else 1 for option in options]
        best = max(range(len(options)), key=lambda n: float(found[n][0]) / lengths[n])
        return str(options[best])
    first = found[0]
    return str(first[0] if isinstance(first, list | tuple) else first)[:_KEPT]


def items_of(part: str, records: Sequence[Mapping[str, Any]]) -> list[ScoredItem]:
    """Records as items of a part."""
    return [
        ScoredItem(part, str(one["id"]), tuple(one["reached"]), tuple(one["of"]), float(one["chance"]))
        for one in records
    ]
