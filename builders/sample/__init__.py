"""The conversations that ship with the project, as shards of SmolTalk2's layout."""

import json
from pathlib import Path
from typing import Any

from builders.run_folder import schemas
from builders.run_folder.files import write_error
from processors.atomic_files import replacing


def write_shards(folder: Path, config: str) -> None:
    """Write the sample as `<folder>/<config>/<split>-00000-of-00001.parquet`, the same bytes every time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = schemas.source()
    splits: dict[str, list[dict]] = {}
    for line in (Path(__file__).parent / "rows.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        splits.setdefault(row.pop("split"), []).append(row)
    try:
        (folder / config).mkdir(parents=True, exist_ok=True)
        for split, rows in splits.items():
            with replacing(folder / config / f"{split}-00000-of-00001.parquet") as temporary:
                pq.write_table(pa.Table.from_pylist(rows, schema), temporary)
    except OSError as error:
        raise write_error(error, folder) from None


def planted_faults() -> list[dict[str, Any]]:
    """What is wrong in the draft memory: {split, row, fault, check (that must catch it), note}."""
    lines = (Path(__file__).parent / "faults.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
