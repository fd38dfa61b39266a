"""Where a task's rows come from: the Hub at one revision, or local files of the same columns.

DIR/<benchmark>/<part>.jsonl (or .json, .csv, .parquet), with <part>.fewshot.jsonl beside it where examples are shown;
a benchmark of one part may be DIR/<benchmark>.jsonl. A part is lm-eval's `dataset_name`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_recipes.evaluation.benchmarks.hub import commit_of
from processors.errors import InputError

_KINDS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class TaskData:
    """What changes in a task's configuration, and what is said of where its rows are from."""

    changes: Mapping[str, Any]
    source: str


def local_data(folder: Path, benchmark: str, task: str, config: Mapping[str, Any]) -> TaskData | None:
    """A task's rows in `folder`; None where it has none of this benchmark.

    Raises InputError where it has the benchmark and not this part.
    """
    alone = [file for file in _files(folder, benchmark) if file.is_file()]
    inside = folder / benchmark
    if not alone and not inside.is_dir():
        return None
    part = str(config.get("dataset_name") or config.get("task_alias") or "")
    named = [part, _slug(part), task]
    found = next((file for name in named for file in _files(inside, name) if name and file.is_file()), None)
    if found is None and alone and not inside.is_dir():
        found = alone[0]
    if found is None:
        have = ", ".join(sorted(file.name for file in inside.iterdir())) or "nothing"
        raise InputError(f"--data {inside}: no file {named[0] or task}.jsonl (found {have[:200]})")
    files = {config.get("test_split") or config.get("validation_split"): str(found)}
    shown = found.with_suffix(f".fewshot{found.suffix}")
    changes: dict[str, Any] = {"dataset_path": _KINDS[found.suffix], "dataset_name": None}
    if split := config.get("fewshot_split"):
        # lm-eval reads the split of the examples even where none is shown.
        files[split] = str(shown if shown.is_file() else found)
    if split := config.get("training_split"):
        files.setdefault(split, str(shown if shown.is_file() else found))
    # BBH and MATH show examples that stand in their own configuration.
    if not shown.is_file() and not (config.get("fewshot_config") or {}).get("samples"):
        changes["num_fewshot"] = 0
    return TaskData({**changes, "dataset_kwargs": {"data_files": files}}, str(found))


def _files(folder: Path, name: str) -> list[Path]:
    return [folder / f"{name}{ending}" for ending in _KINDS]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def hub_data(config: Mapping[str, Any], revisions: dict[str, str]) -> TaskData:
    """A task's rows on the Hub at the revision of `revisions`, into which a dataset's newest is written first.

    Raises InputError where the Hub does not answer or has no such dataset.
    """
    path = str(config["dataset_path"])
    if path in _KINDS.values():
        files = (config.get("dataset_kwargs") or {}).get("data_files")
        return TaskData({}, f"{path} {files}")
    if path not in revisions:
        revisions[path] = commit_of("dataset", path, None, "give its rows by --data")
    kept = dict(config.get("dataset_kwargs") or {})
    return TaskData({"dataset_kwargs": {**kept, "revision": revisions[path]}}, f"{path}@{revisions[path][:12]}")
