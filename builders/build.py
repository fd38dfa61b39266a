"""`smolkalam build`: load the recipe, run the stages, say what came out."""

import os
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from builders import stages
from builders.executors import ThisMachine
from builders.progress import Monitor
from builders.recipe import EndpointTranslator, Recipe, shipped_recipes
from builders.recipe_file import dump_recipe, load_recipe
from builders.report import print_report
from builders.run import Run
from builders.units import is_full, write_error
from processors.errors import InputError
from processors.tokenizers import load_tokenizer

STAGES = {"select": stages.select, "translate": stages.translate, "rank": stages.rank, "build": stages.assemble}
# What decides the bytes of a build, beside the recipe.
LIBRARIES = ("smolkalam", "datatrove", "datasets", "huggingface_hub", "pyarrow", "tokenizers", "regex", "numpy")


def run_build(
    name: str,
    *,
    source_path: str | None = None,
    output: Path | None = None,
    settings: list[str] | None = None,
    workers: int = 1,
    tasks: int | None = None,
    stop_after: str | None = None,
    finish: Callable[[stages.Build], None],
) -> Path:
    """Build `name`'s dataset, `finish` it with its card; returns the run folder. Raises `processors.errors`."""
    if stop_after is not None and stop_after not in STAGES:
        raise InputError(f"--stop-after {stop_after}: no such stage; expected one of {', '.join(STAGES)}")
    recipe = load_recipe(name, settings or [], source_path=source_path)
    run = Run((output or Path("run") / recipe.name).absolute())
    wanted = list(STAGES)[: list(STAGES).index(stop_after) + 1] if stop_after else list(STAGES)
    began = time.monotonic()
    lock = run.lock()
    try:
        run.write("recipe.yaml", _resolved(recipe))
        bars = [f"translate/{t.name}" for t in recipe.translators] if "translate" in wanted else []
        with Monitor([stage for stage in wanted if stage != "translate"] + bars) as monitor:
            _check_keys(recipe, monitor)
            for name in {recipe.outputs.tokenizer, *(t.chunking.tokenizer for t in recipe.translators)}:
                load_tokenizer(name)
            build = stages.Build(recipe, run, monitor, ThisMachine(tasks, workers))
            for stage in wanted:
                STAGES[stage](build)
            if "build" in wanted:
                finish(build)
    except OSError as error:
        # Not ours: a log of datatrove's, a temporary file of a library.
        if is_full(error):
            raise write_error(error, run.folder) from None
        raise
    finally:
        lock.release()
    print_report(build, wanted[-1], time.monotonic() - began)
    return run.folder


def print_recipes() -> None:
    """The shipped recipes, a line each, on stdout."""
    table = Table(box=None, show_header=False)
    for name, path in shipped_recipes().items():
        first = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("#").strip()
        table.add_row(name, first)
    Console().print(table)


def _resolved(recipe: Recipe) -> str:
    versions = "".join(f"#   {library} {metadata.version(library)}\n" for library in LIBRARIES)
    return f"# The recipe as it was run, every default written out. Built with:\n{versions}{dump_recipe(recipe)}"


def _check_keys(recipe: Recipe, monitor: Monitor) -> None:
    """Fail before any work where a key is missing; warn where one would travel unencrypted to another machine."""
    for translator in recipe.translators:
        if not isinstance(translator, EndpointTranslator) or not translator.api_key_env:
            continue
        if not os.environ.get(translator.api_key_env):
            raise InputError(
                f"translator '{translator.name}': the environment variable {translator.api_key_env} is not set; "
                "export the server's key in it"
            )
        address = urlsplit(translator.base_url)
        if address.scheme == "http" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
            monitor.warn(f"translator '{translator.name}': its key is sent unencrypted to {translator.base_url}")
