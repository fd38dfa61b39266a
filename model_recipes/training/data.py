"""The rows of a training: read, encoded, counted and, where asked for, held back for evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model_recipes.training.accounts import Account
from model_recipes.training.rows import RowEncoder
from model_recipes.training.settings import RowSource
from processors.errors import InputError, one_line

_READ = ("messages", "tools", "chat_template_kwargs")
_WRITTEN = ("input_ids", "labels")
ENDINGS = (".jsonl", ".json", ".parquet", ".gz")


def said_by(error: Exception) -> str:
    """What an error of `datasets` says, in a line: where it wraps another, what that says, which names the row."""
    cause = error.__cause__ if type(error).__name__ == "DatasetGenerationError" else None
    return one_line(cause or error, 300) or type(cause or error).__name__


def load_tokenizer(name: str, revision: str | None, where: str) -> Any:
    """A tokenizer of transformers'. Raises InputError, which begins with `where`, if there is none."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name, revision=revision or "main")
    except (OSError, ValueError) as error:
        raise InputError(f"{where} {name}: no tokenizer there ({one_line(error)})") from None


def read_template(path: Path, asked: str) -> str:
    """A chat template's file; `asked` is the option or key that names it. Raises InputError where there is none."""
    if not path.is_file():
        raise InputError(f"{asked}: no such file; expected a Jinja template")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{asked}: is no UTF-8 text (byte {error.start}); expected a Jinja template") from None


def load_part(part: RowSource) -> Any:
    """A part's rows as a `datasets.Dataset` of the columns that are read. Raises InputError where there are none."""
    from datasets import concatenate_datasets, load_dataset

    path = Path(part.path)
    if path.suffix in ENDINGS and not path.exists():
        # The Hub, which would be asked for it again and again, has no dataset of such a name.
        raise InputError(f"datasets: {part.path}: no such file")
    if path.is_file() and not path.stat().st_size:
        raise InputError(f"datasets: {part.path}: is empty; expected JSON lines or Parquet with the column 'messages'")
    for key, value in (("name", part.name), ("revision", part.revision)):
        if path.is_file() and value is not None:
            raise InputError(f"datasets: {part.path}: a file has no {key} {value}; leave it out")
    try:
        if path.is_file():
            kind = "parquet" if path.suffix == ".parquet" else "json"
            found = load_dataset(kind, data_files=str(path))
        else:
            found = load_dataset(part.path, part.name, revision=part.revision)
    except Exception as error:
        # `datasets` raises many kinds for what is always the same to the user: nothing there that can be read.
        raise InputError(f"datasets: {part.path}: no dataset that can be read ({said_by(error)})") from None
    names = list(found) if part.split == "all" else part.split.split("+")
    for name in names:
        if name not in found:
            raise InputError(f"datasets: {part.path}: no split '{name}'; it has {', '.join(sorted(found))}")
    splits = [found[name] for name in names]
    for name, split in zip(names, splits, strict=True):
        if "messages" not in split.column_names:
            raise InputError(
                f"datasets: {part.path}, {name}: no column 'messages' (found {', '.join(split.column_names)}); "
                "expected conversations; `smolkalam import` makes them of other forms"
            )
    return concatenate_datasets(
        [split.select_columns([c for c in _READ if c in split.column_names]) for split in splits]
    )


def encode(parts: Sequence[RowSource], encoder: RowEncoder, processes: int | None = None) -> tuple[Any, list[Account]]:
    """All parts' kept rows in order, with `input_ids` and `labels`, and an account of each part."""
    from datasets import Features, List, Value, concatenate_datasets

    features = Features(
        {
            "input_ids": List(Value("int32")),
            "labels": List(Value("int32")),
            "tokens": Value("int64"),
            "learnt": Value("int64"),
            "left_out": Value("string"),
        }
    )
    encoded, accounts = [], []
    for part in parts:
        rows = load_part(part)
        title = "/".join(str(word) for word in (Path(part.path).name, part.name) if word) + f" {part.split}"
        done = rows.map(
            encoder,
            remove_columns=rows.column_names,
            features=features,
            num_proc=processes,
            desc=f"Encoding {title}",
        )
        account = Account(title)
        for batch in done.select_columns(["tokens", "learnt", "left_out"]).iter(10_000):
            account.add(batch, encoder.max_length)
        accounts.append(account)
        keep = [i for i, why in enumerate(done["left_out"]) if not why]
        encoded.append(done.select(keep).select_columns(list(_WRITTEN)))
    return concatenate_datasets(encoded), accounts


def hold_back(rows: Any, test_rows: int, seed: int) -> tuple[Any, Any]:
    """(rows to train on, rows held back, None if none are asked for). Raises InputError where all would be."""
    if not test_rows:
        return rows, None
    if test_rows >= len(rows):
        raise InputError(f"test_rows: {test_rows:,} of {len(rows):,} rows; none would be left to train on")
    halves = rows.train_test_split(test_size=test_rows, seed=seed)
    return halves["train"], halves["test"]
