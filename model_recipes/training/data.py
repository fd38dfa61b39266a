"""The rows of a training: read, encoded, counted and, where asked for, held back for evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from builders.imports.hub_rows import hub_id
from builders.run_folder import schemas
from model_recipes.needs import look_at_name
from model_recipes.training.accounts import Account
from model_recipes.training.settings import RowSource
from processors.errors import InputError, one_line

CONVERSATIONS = ("messages", "tools", "chat_template_kwargs")
PAIRS = ("chosen", "rejected", "prompt", "tools", "chat_template_kwargs")
# What the columns that must be there (the first, or two) are to hold.
_EXPECTED = {
    "messages": "conversations; `smolkalam import` makes them of other forms",
    "chosen": "preference pairs: prompt, chosen and rejected, each a list of messages, as of `smolkalam preferences`",
}
ENDINGS = (".jsonl", ".json", ".parquet", ".gz")


class Encodes(Protocol):
    """Turns a row into what a trainer takes: lists of token ids, `tokens`, `cut`, `learnt`, and why it is `left_out`.

    `reads` are the columns of a row, `ids` those that the trainer takes.
    """

    reads: tuple[str, ...]
    ids: tuple[str, ...]

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]: ...


def said_by(error: Exception) -> str:
    """What an error of `datasets` says, in a line: where it wraps another, what that says, which names the row."""
    cause = error.__cause__ if type(error).__name__ == "DatasetGenerationError" else None
    return one_line(cause or error, 300) or type(cause or error).__name__


def load_tokenizer(name: str, revision: str | None, where: str) -> Any:
    """A tokenizer of transformers'. Raises InputError, which begins with `where`, if there is none."""
    from transformers import AutoTokenizer

    look_at_name(name, where)
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


def look_at_path(path: str, where: str = "") -> None:
    """Raises InputError, which begins with `where`, for what is neither there nor can be a dataset of the Hub.

    The Hub would be asked for it again and again: half a minute until the same is said.
    """
    if Path(path).exists() or "://" in path or hub_id(path):
        return
    if Path(path).suffix in ENDINGS:
        raise InputError(f"{where}{path}: no such file")
    raise InputError(f"{where}{path}: no such file or folder, and the Hub's datasets are named USER/NAME")


def load_part(part: RowSource, reads: tuple[str, ...] = CONVERSATIONS, needed: int | None = None) -> Any:
    """A part's rows as a `datasets.Dataset` of the columns that are read. Raises InputError where there are none.

    The first `needed` columns must be there; unless given, one, and of pairs two.
    """
    from datasets import concatenate_datasets, load_dataset

    path = Path(part.path)
    look_at_path(part.path, "datasets: ")
    if path.is_file() and _is_empty(path):
        raise InputError(
            f"datasets: {part.path}: is empty; expected JSON lines or Parquet with the column '{reads[0]}'"
        )
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
    if any(schemas.is_parallel(split.features.arrow_schema) for split in splits):
        raise InputError(_not_translated(part))
    for name, split in zip(names, splits, strict=True):
        must = reads[: (1 if reads == CONVERSATIONS else 2) if needed is None else needed]
        if missing := [column for column in must if column not in split.column_names]:
            raise InputError(
                f"datasets: {part.path}, {name}: no column '{missing[0]}' (found {', '.join(split.column_names)}); "
                f"expected {_EXPECTED[reads[0]]}"
            )
    if not any(map(len, splits)):
        raise InputError(f"datasets: {part.path}: has no row in {', '.join(names)}")
    return concatenate_datasets(
        [split.select_columns([c for c in reads if c in split.column_names]) for split in splits]
    )


def _not_translated(part: RowSource) -> str:
    """What is said of rows of the config `parallel`: on the English of it a model would be trained in silence."""
    others = []
    if part.name:
        from datasets import get_dataset_config_names

        others = [n for n in get_dataset_config_names(part.path, revision=part.revision) if n != part.name]
    instead = f"take the config {' or '.join(others)}" if others else "take rows of a ranked config"
    return (
        f"datasets: {title(part)}: these are the source's rows, with their translations in `candidates`; "
        f"to train on translations, {instead}"
    )


def _is_empty(path: Path) -> bool:
    """Whether a file has no row, of which `datasets` says other things, as of batches."""
    if path.suffix != ".parquet":
        with path.open("rb") as stream:
            return path.suffix != ".gz" and not any(line.strip() for line in stream)
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return not path.stat().st_size or not pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowException):
        return False


def encode(parts: Sequence[RowSource], encoder: Encodes, processes: int | None = None) -> tuple[Any, list[Account]]:
    """All parts' kept rows in order, with the columns of ids that the encoder makes, and an account of each part."""
    from datasets import Features, List, Value, concatenate_datasets

    counted = {"tokens": Value("int64"), "cut": Value("int64"), "learnt": Value("int64"), "left_out": Value("string")}
    features = Features({**{name: List(Value("int32")) for name in encoder.ids}, **counted})
    encoded, accounts = [], []
    for part in parts:
        rows = load_part(part, encoder.reads)
        account = Account(title(part))
        done = rows.map(
            encoder,
            remove_columns=rows.column_names,
            features=features,
            num_proc=processes,
            desc=f"Encoding {account.name}",
        )
        for batch in done.select_columns(list(counted)).iter(10_000):
            account.add(batch)
        accounts.append(account)
        keep = [i for i, why in enumerate(done["left_out"]) if not why]
        encoded.append(done.select(keep).select_columns(list(encoder.ids)))
    return concatenate_datasets(encoded), accounts


def title(part: RowSource) -> str:
    """A part's name in tables."""
    return "/".join(str(word) for word in (Path(part.path).name, part.name) if word) + f" {part.split}"


def hold_back(rows: Any, test_rows: int, seed: int) -> tuple[Any, Any]:
    """(rows to train on, rows held back, None if none are asked for). Raises InputError where all would be."""
    if not test_rows:
        return rows, None
    if test_rows >= len(rows):
        raise InputError(f"test_rows: {test_rows:,} of {len(rows):,} rows; none would be left to train on")
    halves = rows.train_test_split(test_size=test_rows, seed=seed)
    return halves["train"], halves["test"]
