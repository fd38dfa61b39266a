"""A step's model as the plan's result: the same files under another name, not a second time on the disk."""

import os
import shutil
from pathlib import Path

# What a training and an evaluation leave beside the model.
_NOT_THE_MODEL = ("checkpoint-*", "evaluation", ".merge")


def linked_copy(source: Path, target: Path) -> Path:
    """`source`'s files at `target`, which may be there already; copied where the disk knows no links."""
    made = target.with_name(f".{target.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(source, made, copy_function=_link, ignore=shutil.ignore_patterns(*_NOT_THE_MODEL))
    shutil.rmtree(target, ignore_errors=True)
    made.rename(target)
    return target


def _link(source: str, target: str) -> None:
    # The card is written anew, and a link would change the step's own.
    if Path(source).name == "README.md":
        shutil.copy2(source, target)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
