"""The items of benchmarks as a file, for who looks for them in data, or shows them: no model is asked.

    python -m model_recipes.evaluation.items --suite arabic --data DIR --output DIR

In a process of its own, for lm-eval is large. `items.jsonl` has of each item its benchmark, part, id (as the answers
of an evaluation have it), prompt, and, where the row's question is known by its column's name, question and options.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from builders.contamination.against import Against, item_of
from model_recipes.evaluation.asked.models import Model, look_for_libraries
from model_recipes.evaluation.benchmarks.suites import chosen
from model_recipes.evaluation.run import Runner, Task
from model_recipes.evaluation.scoring.answers import keys_of
from model_recipes.evaluation.scoring.evaluation import Evaluation
from processors.atomic_files import replacing_text, write_text
from processors.errors import InputError, SmolKalamError

ITEMS, LEFT_OUT = "items.jsonl", "left_out.json"
# Of a prompt so many characters are written: enough to know it by.
_SHOWN = 4000


def write_items(wanted: Sequence[str], data: Path | None, folder: Path) -> None:
    """Write the items of suites and benchmarks. Raises InputError where their rows cannot be had."""
    look_for_libraries("api")
    benchmarks = chosen(wanted)
    found = Evaluation()
    tasks = Runner(Model("nobody"), folder, data, identity="nobody").tasks(benchmarks, found)
    with replacing_text(folder / ITEMS) as stream:
        for task in tasks:
            for line in _lines(task):
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    write_text(folder / LEFT_OUT, json.dumps(found.left_out, ensure_ascii=False) + "\n")


def _lines(task: Task) -> Iterator[dict[str, Any]]:
    rows = list(task.rows)
    unknown = False
    for key, row in zip(keys_of(rows), rows, strict=True):
        line = {"benchmark": task.benchmark.name, "part": task.name, "id": key}
        line["prompt"] = str(task.built.doc_to_text(row))[:_SHOWN]
        try:
            item = item_of(row, key, Against(task.name))
        except InputError as error:
            if not unknown:
                print(f"warning: {error}", file=sys.stderr)
            unknown = True
            yield line
            continue
        yield line | {"question": item.question, "options": list(item.options)}


def main(words: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model_recipes.evaluation.items", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--suite", action="append", default=[], help="As of `smolkalam evaluate`.")
    parser.add_argument("--data", type=Path, help="As of `smolkalam evaluate`.")
    parser.add_argument("--output", type=Path, required=True, help="Folder to write.")
    given = parser.parse_args(words)
    try:
        given.output.mkdir(parents=True, exist_ok=True)
        write_items(given.suite, given.data, given.output)
    except SmolKalamError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
