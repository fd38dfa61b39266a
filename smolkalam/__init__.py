"""SmolKalam's command line: one function a command, no logic. The commands' functions stand in this room's files.

To add one: a function in the file of its kind, with the work in a room below and the import inside the function; then
a line in `_COMMANDS`, where it stands in `smolkalam --help`; then `python -m docs.generate`.

smolkalam build demo --output demo
"""

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

# Before any of the libraries is imported: tokenizers forks badly with its threads on, and each task has one core.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import typer

from smolkalam import answering, building, data, judging, planning, publishing, training

_HELP = """Turn an English post-training dataset into a ranked, filtered, documented translation of it.

Try it: smolkalam build demo --output demo
"""
# In the order of a user's days, which is the order of `smolkalam --help`.
_COMMANDS: dict[str, Callable[..., Any]] = {
    "import": data.import_files,
    "init": data.init,
    "try": building.try_one,
    "build": building.build,
    "worker": building.worker,
    "plan": building.plan,
    "status": building.status,
    "check": publishing.check,
    "publish": publishing.publish,
    "report": publishing.report,
    "review": judging.review,
    "decontaminate": data.decontaminate,
    "mix": data.mix,
    "instruct": data.instruct,
    "follow": data.follow,
    "arbitrate": answering.arbitrate,
    "distil": answering.distil,
    "preferences": judging.preferences,
    "judge": judging.judge,
    "tokens": training.tokens,
    "train": training.train,
    "evaluate": training.evaluate,
    "gate": training.gate,
    "iterate": planning.iterate,
    "pipeline": planning.pipeline,
    "recipes": building.recipes,
    "ablate": building.ablate,
}
_MEMORY_COMMANDS: dict[str, Callable[..., Any]] = {
    "merge": data.memory_merge,
    "convert": data.memory_convert,
    "from-build": data.memory_from_build,
}
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain help: the frames of typer's rich help import Markdown and pygments, 0.41 s of CPU against 0.14 without.
    rich_markup_mode=None,
    context_settings={"max_content_width": 119},
    help=_HELP,
)
memory_app = typer.Typer(no_args_is_help=True, help="Translation memories (TMX 1.4): import, export, merge.")
for _name, _function in _COMMANDS.items():
    app.command(_name)(_function)
for _name, _function in _MEMORY_COMMANDS.items():
    memory_app.command(_name)(_function)
app.add_typer(memory_app, name="memory")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"smolkalam {version('smolkalam')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Turn a dataset into a translation of it; here are only the options that need no command."""


def main() -> None:
    """Entry point: errors meant for the user are one line on stderr and exit code 2 (1 where it is not theirs)."""
    from processors.errors import SmolKalamError, tell

    try:
        app()
    except SmolKalamError as error:
        tell(error)
        raise SystemExit(error.exit_code) from None
    except (KeyboardInterrupt, SystemExit) as stop:
        # typer ends an interrupted command with exit code 130 and without a word.
        if isinstance(stop, SystemExit) and stop.code != 130:
            raise
        print("smolkalam: stopped; run the same command again to go on", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of our output has gone (head, less): end quietly, without Python's complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None
