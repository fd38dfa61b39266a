"""Which commit of a repository of the Hub is the newest: what is asked for by it stays the same."""

import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import Literal

from processors.errors import InputError, one_line

_COMMIT = re.compile("[0-9a-f]{40}")


def commit_of(kind: Literal["model", "dataset"], name: str, revision: str | None, otherwise: str) -> str:
    """The commit of a repository's revision, its main branch if none is given; where the Hub is not reached that which
    is in its cache on this machine.

    Raises InputError, which ends with what to do `otherwise`.
    """
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return str(HfApi().repo_info(name, repo_type=kind, revision=revision, timeout=30).sha)
    except (HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        said = one_line(error)
        # Where the Hub answers that there is no such repository, what is left of one on a disk is not it.
        reached = (
            isinstance(error, HfHubHTTPError) and error.response is not None and error.response.status_code == 404
        )
        if not reached and (commit := _cached(kind, name, revision)):
            if not isinstance(error, HfHubHTTPError):
                stay_offline()
            _say(f"{name}: the Hub is not reached; of its cache is taken {commit[:12]}")
            return commit
        raise InputError(f"{name}: the Hub does not give it ({said}); {otherwise}") from None


def _cached(kind: str, name: str, revision: str | None) -> str | None:
    """The commit that the Hub's cache has of a repository's revision."""
    from huggingface_hub.constants import HF_HUB_CACHE

    folder = Path(HF_HUB_CACHE) / f"{kind}s--{name.replace('/', '--')}"
    known = {path.name: path for path in (folder / "snapshots").glob("*")}
    if revision and _COMMIT.fullmatch(revision):
        return revision if revision in known else None
    try:
        commit = (folder / "refs" / (revision or "main")).read_text(encoding="utf-8").strip()
    except OSError:
        # A dataset that was asked for by its commit, as here, has no name: the last that was read.
        last = max(known.values(), key=lambda path: path.stat().st_mtime, default=None)
        return last.name if last and not revision else None
    return commit if commit in known else None


def stay_offline() -> None:
    """Ask the Hub for nothing more in this process: each file of its cache would be looked for there for 26 s."""
    from huggingface_hub import constants

    os.environ["HF_HUB_OFFLINE"] = "1"
    constants.HF_HUB_OFFLINE = True
    if "datasets" in sys.modules:
        import datasets

        datasets.config.HF_HUB_OFFLINE = True


@cache
def _say(line: str) -> None:
    print(line, file=sys.stderr)
