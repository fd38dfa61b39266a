"""The parts of benchmarks as lm-eval's tasks, their rows at hand and looked at before a model is asked.

What is wrong with rows is said here, with the row: an option that is no text, an answer that is none of the options.
What goes wrong while a model answers is another matter, and is told as such (`failures_told`).
"""

import contextlib
import json
import logging
import random
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from model_recipes.evaluation.asked.generated import as_generated
from model_recipes.evaluation.benchmarks.data import TaskData
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from processors.atomic_files import write_text
from processors.errors import EngineError, InputError, one_line

# The order in which a benchmark that mixes its options shows them; lm-eval's own.
_SEED = 0
FAILED = "failed.txt"
# lm-eval's IFEval cuts sentences and words by data of nltk's, which it downloads from GitHub.
_IFEVAL = "leaderboard_ifeval"
_SENTENCES = ("length_constraints:number_sentences", "change_case:capital_word_frequency")


@dataclass(slots=True)
class Task:
    """A part of a benchmark: lm-eval's configuration, its rows as `datasets` has them, and where they are from.

    `about` tells it from another part, other rows and other prompts. `warnings`: what its table has to say.
    """

    benchmark: SuiteBenchmark
    name: str
    built: Any
    rows: Any
    about: str
    source: str
    in_words: bool
    warnings: list[str]
    key: str = ""


def prepared(
    manager: Any, benchmark: SuiteBenchmark, config: Mapping[str, Any], data: TaskData, *, in_words: bool
) -> Task:
    """A part with its rows, in words where it has options and likelihoods cannot be had.

    Raises InputError for rows that are not those that the part asks, and where a library of its own is missing.
    """
    name = str(config["task"])
    where = f"{benchmark.name}, {name}: {data.source}"
    with _rows_told(where):
        built = _built(manager, {**config, **data.changes})
        rows = built.eval_docs
    if not len(rows):
        raise InputError(f"{where}: no rows")
    warnings = _looked_at(built, rows, where)
    if name == _IFEVAL and any(one in _SENTENCES for row in rows for one in row["instruction_id_list"]):
        _look_for_sentences(where)
    shots = (dict(config) | dict(data.changes)).get("num_fewshot")
    if config.get("num_fewshot") and not shots:
        warnings.append(f"asked without the {config['num_fewshot']} examples that it shows: no .fewshot file")
    in_words = in_words and built.OUTPUT_TYPE != "generate_until"
    if in_words:
        asked = built
        with _rows_told(where):
            built = _built(manager, as_generated(asked))
        built.asked = asked
    shown = [one for one, _ in zip(built.fewshot_docs() or [], range(shots or 0), strict=False)] if shots else []
    about = json.dumps([name, in_words, _digest(rows), _digest(shown), str(built.doc_to_text(rows[0]))])
    return Task(benchmark, name, built, rows, about, data.source, in_words, warnings)


def leaves(manager: Any, name: str) -> list[dict[str, Any]]:
    """The configuration of each task of a task, group or tag of lm-eval's, in its order.

    Raises InputError where there is none of this name, or a library that it needs is missing.
    """
    entry = manager.task_index.get(name)
    if entry is None:
        raise InputError(f"lm-eval has no task {name}; what is here was written for 0.4.13")
    if entry.kind.name == "TAG":
        return [found for task in sorted(entry.tags) for found in leaves(manager, task)]
    from lm_eval.tasks._yaml_loader import load_yaml

    try:
        config = dict(load_yaml(entry.yaml_path))
    except ImportError as error:
        raise _missing(name, error) from None
    if entry.kind.name != "GROUP":
        return [{key: value for key, value in config.items() if key not in ("tag", "group")}]
    members = config["task"] if isinstance(config["task"], list) else [config["task"]]
    found: list[dict[str, Any]] = []
    for member in members:
        # A group of our own holds its tasks itself; lm-eval's name tasks, tags and groups.
        found += leaves(manager, member) if isinstance(member, str) else [dict(member)]
    return found


def _missing(where: str, error: ImportError) -> InputError:
    return InputError(f"{where}: a library is missing ({one_line(error)}): pip install 'smolkalam[evaluation]'")


def _built(manager: Any, config: Mapping[str, Any]) -> Any:
    """lm-eval's task, whose rows are made once.

    GPQA's options are put in an order by chance whenever lm-eval asks for the rows, and `datasets` keeps the first on
    a disk: two models would be asked other items, and the same model when it is killed and asked again.
    """
    import datasets

    state, caching = random.getstate(), datasets.is_caching_enabled()
    random.seed(_SEED)
    datasets.disable_caching()
    try:
        (task,) = manager.load([dict(config)])["tasks"].values()
        random.seed(_SEED)
        rows = task.eval_docs
    finally:
        random.setstate(state)
        if caching:
            datasets.enable_caching()
    setattr(task, "test_docs" if task.has_test_docs() else "validation_docs", lambda: rows)
    return task


def _looked_at(task: Any, rows: Any, where: str) -> list[str]:
    """Each row's prompt, options and answer, made once. Raises InputError for what cannot be made; what is to be said.

    lm-eval itself warns of an answer that is none of the options and counts the item as wrong.
    """
    choice, without = task.OUTPUT_TYPE == "multiple_choice", []
    for number, row in enumerate(rows, 1):
        with _rows_told(f"{where}, row {number:,}"):
            task.doc_to_text(row)
            target = task.doc_to_target(row)
            if choice and not _among(target, list(task.doc_to_choice(row))):
                without.append((number, target))
    if not without:
        return []
    number, target = without[0]
    told = f"{len(without):,} of {len(rows):,} rows have no answer among their options (row {number:,}: {target!r})"
    if len(without) == len(rows):
        raise InputError(f"{where}: {told}; give rows with answers by --data")
    return [f"{task.config.task}: {told}; counted as wrong"]


def _look_for_sentences(where: str) -> None:
    import nltk

    try:
        nltk.data.find("tokenizers/punkt_tab")
    except LookupError:
        raise InputError(
            f"{where}: counting sentences needs data of nltk's, which is missing: python -m nltk.downloader punkt_tab"
        ) from None


def _among(target: Any, options: list[str]) -> bool:
    if isinstance(target, list):
        return bool(target) and all(_among(one, options) for one in target)
    return target in options if isinstance(target, str) else isinstance(target, int) and 0 <= target < len(options)


def _digest(rows: Any) -> str:
    found = sha256()
    for row in rows:
        found.update(json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace"))
    return found.hexdigest()


@contextlib.contextmanager
def _rows_told(where: str) -> Iterator[None]:
    """What lm-eval and `datasets` say of bad rows becomes one line; their log is kept to errors."""
    from datasets.exceptions import DatasetsError
    from jinja2 import TemplateError

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    try:
        yield
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    except ImportError as error:
        raise _missing(where, error) from None
    except StopIteration:
        # What `datasets` raises for JSON lines without a byte.
        raise InputError(f"{where}: is empty; expected the rows that this task asks") from None
    except DatasetsError as error:
        said = one_line(error.__cause__ or error, 250)
        raise InputError(f"{where}: no rows that can be read ({said}); repair the file") from None
    except ConnectionError as error:
        raise InputError(f"{where}: the Hub does not give it ({one_line(error)}); give its rows by --data") from None
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, FileNotFoundError, TemplateError) as error:
        raise InputError(f"{where}: not the rows that this task asks ({type(error).__name__}: {one_line(error, 250)})"
        ) from None  # fmt: skip


@contextlib.contextmanager
def failures_told(task: Task, model: str, folder: Path) -> Iterator[None]:
    """What a model, or lm-eval with it, runs into becomes one line; all of it is in `folder`/failed.txt.

    Rows were looked at before: this is no fault of theirs. Raises EngineError.
    """
    try:
        yield
    except (
        RuntimeError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, OSError
    ) as error:  # fmt: skip
        raise _failed(task, model, folder, error) from None


def _failed(task: Task, model: str, folder: Path, error: Exception) -> EngineError:
    write_text(folder / FAILED, "".join(traceback.format_exception(error)))
    said = f"{type(error).__name__}: {one_line(error, 250)}"
    return EngineError(f"{task.name}: {model} failed on it, or lm-eval did ({said}); all of it: {folder / FAILED}")
