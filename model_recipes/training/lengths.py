"""How long the rows of a dataset are in a model's tokens, and what each `max_length` would cut: by split."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model_recipes.training.data import ENDINGS, load_part, load_tokenizer, look_at_path, read_template, said_by
from model_recipes.training.launch import look_for_libraries
from model_recipes.training.rows import RowEncoder, check_template
from model_recipes.training.settings import RowSource
from processors.errors import InputError


def run_tokens(
    data: str, tokenizer_name: str, *, name: str | None, split: str, max_lengths: Sequence[int], template: Path | None,
    plain: bool,
) -> None:  # fmt: skip
    """The command `tokens`: prints a table, or JSON. Raises InputError for what the user can mend."""
    look_for_libraries()
    look_at_path(data)
    tokenizer = load_tokenizer(tokenizer_name, None, "--tokenizer")
    if template:
        tokenizer.chat_template = read_template(template, f"--template {template}")
    if not tokenizer.chat_template:
        raise InputError(f"--tokenizer {tokenizer_name}: it has no chat template; give one by --template")
    check_template(tokenizer)
    try:
        encoder = RowEncoder(tokenizer, assistant_only=True, max_length=None, day=datetime.now(UTC).date())
    except InputError as error:
        # Lengths need no marks in the template.
        print(f"what would have a loss cannot be said: {error}", file=sys.stderr)
        encoder = RowEncoder(tokenizer, assistant_only=False, max_length=None, day=datetime.now(UTC).date())
    if encoder.marks_of_trl:
        print(
            f"{tokenizer_name}: its chat template has no marks; TRL's form of it, which has them, is used",
            file=sys.stderr,
        )
    parts = [RowSource(path=data, name=name, split=one) for one in _splits(data, name, split)]
    rows = [measure(part, encoder, max_lengths) for part in parts]
    print(json.dumps(rows, indent=1, ensure_ascii=False) if plain else lengths_table(rows, max_lengths))


def _splits(data: str, name: str | None, split: str) -> list[str]:
    if split != "all" or Path(data).is_file() or Path(data).suffix in ENDINGS:
        return [split]
    from datasets import get_dataset_split_names

    try:
        return [str(found) for found in get_dataset_split_names(data, name)]
    except Exception as error:
        # As in load_part: `datasets` raises many kinds for what is one to the user.
        raise InputError(f"{data}: no dataset that can be read ({said_by(error)})") from None


def measure(part: RowSource, encoder: RowEncoder, max_lengths: Sequence[int]) -> dict[str, Any]:
    """Lengths of a part's rows in tokens, and for each of `max_lengths` what it cuts."""
    import numpy as np

    found = load_part(part)
    done = found.map(_Lengths(encoder), remove_columns=found.column_names, desc=f"Counting {part.split}")
    why = done["left_out"]
    lengths = np.array([n for n, reason in zip(done["tokens"], why, strict=True) if not reason], dtype=np.int64)
    first = np.array([n for n, reason in zip(done["first"], why, strict=True) if not reason], dtype=np.int64)
    learnt = sum(n for n, reason in zip(done["learnt"], why, strict=True) if not reason)
    about: dict[str, Any] = {
        "split": part.split if part.split != "all" else Path(part.path).name,
        "rows": len(why),
        "left_out": dict(sorted(Counter(reason for reason in why if reason).items())),
        "tokens": int(lengths.sum()),
        "learnt": learnt if encoder.assistant_only else None,
        "mean": float(lengths.mean()) if len(lengths) else None,
        **{f"p{q}": int(np.percentile(lengths, q)) if len(lengths) else None for q in (50, 95, 99)},
        "longest": int(lengths.max()) if len(lengths) else None,
        "cut": [],
    }
    for limit in max_lengths:
        long = lengths > limit
        about["cut"].append(
            {
                "max_length": limit,
                "rows": int(long.sum()),
                "tokens": int((lengths[long] - limit).sum()),
                "nothing_left": int((first >= limit).sum()) if encoder.assistant_only else None,
            }
        )
    return about


class _Lengths:
    """What is kept of a row: its length, its tokens with a loss, and where the first of these stands."""

    def __init__(self, encoder: RowEncoder) -> None:
        self.encoder = encoder

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        found = self.encoder(row)
        first = next((i for i, label in enumerate(found["labels"]) if label >= 0), 0)
        return {"tokens": found["tokens"], "learnt": found["learnt"], "left_out": found["left_out"], "first": first}


def lengths_table(rows: Sequence[dict[str, Any]], max_lengths: Sequence[int]) -> str:
    """Markdown: a line for each split, then what is left out and why."""
    head = ["split", "rows", "tokens", "with a loss", "mean", "median", "95%", "99%", "longest"]
    head += [f"over {limit:,} (nothing left)" for limit in max_lengths]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row in rows:
        cells = [row["split"], f"{row['rows']:,}", f"{row['tokens']:,}"]
        cells.append(f"{row['learnt'] / row['tokens']:.0%}" if row["learnt"] is not None and row["tokens"] else "-")
        cells += ["-" if row[key] is None else f"{row[key]:,.0f}" for key in ("mean", "p50", "p95", "p99", "longest")]
        for cut in row["cut"]:
            nothing = "-" if cut["nothing_left"] is None else f"{cut['nothing_left']:,}"
            cells.append(f"{cut['rows']:,} ({nothing})")
        lines.append("| " + " | ".join(cells) + " |")
    for row in rows:
        lines += [f"{row['split']}: left out, {count:,}: {why}" for why, count in row["left_out"].items()]
    return "\n".join(lines)
