"""The benchmarks and suites that there are, and what the papers report on them."""

import difflib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from processors.errors import InputError, one_line

_HERE = Path(__file__).parent
TASKS = _HERE / "tasks"


class SuiteBenchmark(BaseModel):
    """A benchmark: lm-eval's task or group, and how one score is made of its items."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    title: str
    task: str
    metric: list[str] = Field(min_length=1, description="Several are averaged.")
    mean: Literal["parts", "items"]
    above_chance: bool = Field(False, description="A part's score is stretched so that guessing is 0.")
    data: str | None = Field(None, description="Where there is none on the Hub: what has to be given.")
    judge: bool = False
    row: str | None = Field(None, description="Its name in papers.yaml.")
    file: str | None = Field(None, description="The YAML of a task of the user's own.")


class _Names(yaml.SafeLoader):
    """Functions are lm-eval's to load; here only their names are read."""


_Names.add_constructor("!function", lambda loader, node: node.value)


@cache
def _registered() -> tuple[dict[str, SuiteBenchmark], dict[str, list[str]]]:
    data = yaml.safe_load((_HERE / "suites.yaml").read_text(encoding="utf-8"))
    benchmarks = {name: SuiteBenchmark(name=name, **about) for name, about in data["benchmarks"].items()}
    return benchmarks, data["suites"]


def suites() -> dict[str, list[str]]:
    """Each suite's benchmarks, by name, in the order of its table."""
    return _registered()[1]


def benchmark(name: str) -> SuiteBenchmark:
    """A benchmark by its name. Raises KeyError."""
    return _registered()[0][name]


def chosen(wanted: Sequence[str]) -> list[SuiteBenchmark]:
    """The benchmarks of suites, single ones, or tasks of one's own by their file, in order and each once.

    Raises InputError, with the nearest name.
    """
    benchmarks, named = _registered()
    found: dict[str, SuiteBenchmark] = {}
    for name in wanted:
        if name.endswith((".yaml", ".yml")):
            found[name] = own_task(Path(name))
            continue
        if name not in named and name not in benchmarks:
            near = difflib.get_close_matches(name, [*named, *benchmarks], 1)
            raise InputError(
                f"--suite {name}: no such suite or benchmark{f'; did you mean {near[0]}?' if near else ''}; "
                f"suites: {', '.join(named)}; benchmarks: {', '.join(benchmarks)}"
            )
        for one in named.get(name, [name]):
            found[one] = benchmarks[one]
    return list(found.values())


def own_task(path: Path) -> SuiteBenchmark:
    """A task of lm-eval's form in a file of the user's: its first metric, over all items. Raises InputError."""
    try:
        config = yaml.load(path.read_text(encoding="utf-8"), _Names)
        metric = config["metric_list"][0]["metric"]
        return SuiteBenchmark(
            name=path.stem, title=path.stem, task=str(config["task"]), metric=[metric], mean="items", file=str(path)
        )
    except OSError as error:
        raise InputError(f"--suite {path}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, KeyError, TypeError, IndexError, ValueError) as error:
        said = f"{type(error).__name__}: {one_line(error)}"
        raise InputError(f"--suite {path}: not a task of lm-eval's with task and metric_list ({said})") from None


def own_files(name: str) -> list[Path]:
    """Of a suite's name that is the file of a task of one's own: that file, and the rows that it names here."""
    if not name.endswith((".yaml", ".yml")):
        return []
    config = yaml.load(Path(name).read_text(encoding="utf-8"), _Names)
    named = (config.get("dataset_kwargs") or {}).get("data_files") or {}
    rows = [named] if isinstance(named, str) else list(named.values()) if isinstance(named, dict) else list(named)
    found = [Path(one) for one in rows if isinstance(one, str)]
    return [Path(name), *(file for file in found if file.is_file())]


def published(of: Sequence[SuiteBenchmark]) -> dict[str, dict[str, float]]:
    """Scores in percent that the paper reports on these benchmarks: model -> benchmark -> score."""
    papers = yaml.safe_load((_HERE / "papers.yaml").read_text(encoding="utf-8"))
    names = {one.row: one.name for one in of if one.row}
    columns: dict[str, dict[str, float]] = {}
    for models in papers.values():
        for model, scores in models.items():
            rows = {names[row]: float(score) for row, score in scores.items() if row in names}
            if rows:
                columns.setdefault(model, {}).update(rows)
    return columns
