"""The benchmarks that a recipe names, as one index in the run folder, and candidates in which their items stand."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.contamination import Against, read_against
from builders.recipes.recipe import Recipe
from builders.run_folder.files import write_error
from builders.run_folder.unit_writer import drop
from builders.stages.common.context import Build
from processors.selection.decontamination import Index, save
from processors.selection.reasons import CONTAMINATED, contaminated


def read_benchmarks(recipe: Recipe) -> tuple[Index, list[str]]:
    """The index of the benchmarks that a recipe names, and warnings. Raises InputError (`read_against`)."""
    assert recipe.decontamination is not None
    named = recipe.decontamination.against
    return read_against([Against(one.path, one.question, tuple(one.options), one.split) for one in named])


def benchmarks(build: Build) -> dict[str, Any] | None:
    """`index` (its file), `digest` (of its bytes) and `benchmarks`, each as JSON; None where the recipe names none."""
    if build.recipe.decontamination is None:
        return None

    def make() -> dict[str, Any]:
        build.observer.say("reading the benchmarks of decontamination")
        index, warnings = read_benchmarks(build.recipe)
        for warning in warnings:
            build.observer.warn(warning)
        made = build.run.stage("benchmarks.npz")
        try:
            made.parent.mkdir(parents=True, exist_ok=True)
            save(index, made)
            digest = hashlib.sha256(made.read_bytes()).hexdigest()
            # A name of its own: processes remember the index of a file that they have read.
            path = made.replace(build.run.stage(f"benchmarks-{digest[:12]}.npz"))
        except OSError as error:
            raise write_error(error, build.run.folder) from None
        told = [asdict(one) | {"looked_for": one.looked_for} for one in index.benchmarks]
        return {"index": str(path), "digest": digest, "benchmarks": told}

    return build.decided("benchmarks", make)


@contextmanager
def temporary_index(recipe: Recipe, warn: Callable[[str], None]) -> Iterator[str | None]:
    """The index in a file that goes away again, for who has no run folder to write into; None where none is named."""
    if recipe.decontamination is None:
        yield None
        return
    index, warnings = read_benchmarks(recipe)
    for warning in warnings:
        warn(warning)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "benchmarks.npz"
        save(index, path)
        yield str(path)


def count(document: Document, benchmark: str) -> None:
    """Count a row that was dropped for a benchmark's item, under `counter`."""
    document.metadata["counters"] = document.metadata.get("counters", {}) | {counter(benchmark): 1}


def counter(benchmark: str) -> str:
    """The counter of the rows that were dropped for a benchmark."""
    return f"{CONTAMINATED}/{benchmark}"


class DropContaminated(PipelineStep):
    """Drops a row if a benchmark's item stands in any candidate of it: in each of them is what it asks."""

    name = "Contamination"
    type = "FILTER"

    def __init__(self, index: str) -> None:
        super().__init__()
        self.index = index

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        for document in data:
            with self.track_time():
                self._look(document)
            yield document

    def _look(self, document: Document) -> None:
        candidates = document.metadata["candidates"]
        for candidate in candidates.values():
            texts = [message["content"] for message in candidate["messages"]]
            if found := contaminated(self.index, [*texts, candidate["custom_instructions"] or ""]):
                break
        else:
            return
        benchmark, detail = found
        drop(document, CONTAMINATED, detail)
        count(document, benchmark)
        document.metadata["failures"] |= dict.fromkeys(candidates, (CONTAMINATED, detail))
        document.metadata["candidates"] = {}
