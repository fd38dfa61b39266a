"""Which commit of a repository of the Hub is the newest: what is asked for by it stays the same."""

from typing import Literal

from processors.errors import InputError, one_line


def commit_of(kind: Literal["model", "dataset"], name: str, revision: str | None, otherwise: str) -> str:
    """The commit of a repository's revision, its main branch if none is given.

    Raises InputError, which ends with what to do `otherwise`.
    """
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return str(HfApi().repo_info(name, repo_type=kind, revision=revision, timeout=30).sha)
    except (HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        raise InputError(f"{name}: the Hub does not give it ({one_line(error)}); {otherwise}") from None
