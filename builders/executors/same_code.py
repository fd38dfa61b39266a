"""All workers of a run have the same code: all clones say version 0.1.0, and one that differs writes other bytes."""

import hashlib
from functools import cache
from pathlib import Path

from builders.run_folder.folder import PLAN, Run
from processors.errors import InputError

CODE = "code.txt"
_ROOT = Path(__file__).parents[2]
# What a build runs and reads: not the recipes that train models, nor tests, nor documents.
_PARTS = ("smolkalam", "builders", "hub", "processors")


@cache
def code_digest() -> str:
    """A digest of the product's sources and of the data beside them, by name and content."""
    digest = hashlib.blake2b(digest_size=16)
    paths = [path for part in _PARTS for path in (_ROOT / part, *(_ROOT / part).rglob("*")) if path.is_file()]
    for path in sorted(paths):
        if "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(_ROOT).as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def note_code(run: Run) -> None:
    """Let the run's workers be those with this process's code."""
    run.write(f"{PLAN}/{CODE}", code_digest() + "\n")


def same_code(run: Run) -> bool:
    """Whether the run was begun with this process's code, as far as it says."""
    path = run.stage(PLAN, CODE)
    return not path.exists() or path.read_text().strip() == code_digest()


def check_code(run: Run) -> None:
    """Raises InputError where the run was begun with other code."""
    if not same_code(run):
        raise InputError(
            f"{run.folder}: was begun with other code than this machine's ({code_digest()[:8]}); take the same "
            "commit, or stop all workers and start the build again with this one"
        )
