"""Which commit of a repository of the Hub is the newest: what is asked for by it stays the same."""

import re
import sys
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
            print(f"{name}: the Hub is not reached; of its cache is taken {commit[:12]}", file=sys.stderr)
            return commit
        raise InputError(f"{name}: the Hub does not give it ({said}); {otherwise}") from None


def _cached(kind: str, name: str, revision: str | None) -> str | None:
    """The commit that the Hub's cache has of a repository's revision."""
    from huggingface_hub.constants import HF_HUB_CACHE

    folder = Path(HF_HUB_CACHE) / f"{kind}s--{name.replace('/', '--')}"
    if revision and _COMMIT.fullmatch(revision):
        commit = revision
    else:
        try:
            commit = (folder / "refs" / (revision or "main")).read_text(encoding="utf-8").strip()
        except OSError:
            return None
    return commit if (folder / "snapshots" / commit).is_dir() else None
