"""Talking to the Hub: patience with what passes, one clear line for what does not, and what a repository holds.

huggingface_hub retries uploads and preuploads itself; commits, discussions, merges, tags and repository creation it
sends once (2.4). They are repeated here only after asking whether the first attempt arrived.
"""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hub.publishing.local_faults import local_address, local_fault
from hub.publishing.watch import Waiting, watched
from processors.errors import InputError, SmolKalamError
from processors.scrub import excerpt

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")
logger = logging.getLogger(__name__)

# With waits that double from one second, half a minute passes: a restart of a service, and no outage.
ATTEMPTS = 6
# Seconds waited at most, whatever the server asks for: its own limits are counted over five minutes.
LONGEST_WAIT = 310.0
# Seconds that the Hub may be silent in an answer: huggingface_hub would wait for ever (2.4).
SILENCE = 300.0
# Of a longer wait whoever looks on is told, as huggingface_hub tells of its own: by a warning in the log.
_NOTICED = 5.0
# What a server says of itself or of the moment, and not of the request: worth another attempt.
_PASSING = frozenset({408, 429, 500, 502, 503, 504})


class PublishError(SmolKalamError):
    """The Hub refused, or does not answer, or was changed meanwhile: says what became of the repository."""


class Refused(InputError):
    """401 or 403: the token may not do it, or nobody may."""


class Moved(Exception):
    """412: somebody else committed to the revision since we read it."""


def patiently(what: str, call: Callable[[], T], arrived: Callable[[], T | None] | None = None) -> T:
    """`call()`, repeated while the Hub is busy or the connection breaks, as long as the Hub asks for.

    Args:
        what: names the call in the error, such as "creating the repository".
        call: one request, or several that may be repeated.
        arrived: for a request that must not be done twice: its result if the broken attempt reached the Hub after all.

    Raises:
        InputError: this machine is at fault, or the token: at once.
        PublishError: refused, or still failing after `ATTEMPTS`.
        Moved: 412.
    """
    with watched(what) as watch:
        return _repeated(what, call, arrived, watch)


def _repeated(what: str, call: Callable[[], T], arrived: Callable[[], T | None] | None, watch: Waiting) -> T:
    may_pass: tuple[type[Exception], ...] = (OSError, RuntimeError, json.JSONDecodeError, *_transport_errors())
    for attempt in range(ATTEMPTS):
        if attempt and arrived is not None:
            result = patiently(what, arrived)
            if result is not None:
                return result
        try:
            return call()
        except may_pass as problem:
            wait = _seconds_to_wait(problem, attempt)
            if wait is None or attempt == ATTEMPTS - 1:
                raise _clear(what, problem, attempt + 1) from problem
            status = _status_of(problem)
            why = f"the Hub answered {status}" if status else f"the Hub broke off ({type(problem).__name__})"
            watch.doing = f"{why}, {attempt + 1} of at most {ATTEMPTS} times"
            if wait > _NOTICED:
                logger.warning("%s: %s; waiting %.0f s", what, why, wait)
        time.sleep(wait)
    raise AssertionError("unreachable")


def _transport_errors() -> tuple[type[Exception], ...]:
    import httpx2

    return (httpx2.TransportError, httpx2.InvalidURL)


def _status(problem: BaseException) -> tuple[int, Any] | None:
    """The HTTP answer behind an error: uploads wrap theirs in a RuntimeError."""
    from huggingface_hub.errors import HfHubHTTPError

    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, HfHubHTTPError):
            return cause.response.status_code, cause
        cause = cause.__cause__ or cause.__context__
    return None


def _status_of(problem: BaseException) -> int | None:
    """The status of an answer, also where Xet's client (1.8) gives it in its text alone."""
    if answer := _status(problem):
        return answer[0]
    match = re.search(r"HTTP status \w+ error \((\d{3})\b", str(problem))
    return int(match[1]) if match else None


def _seconds_to_wait(problem: BaseException, attempt: int) -> float | None:
    """None for what will not pass."""
    pause = float(2**attempt)
    answer = _status(problem)
    if answer is None:
        # A broken connection, an answer cut short, a proxy's page in place of JSON, Xet's errors (without a class).
        lasting = isinstance(problem, FileNotFoundError | PermissionError)
        return None if lasting or local_fault(problem) or local_address(problem) else pause
    status, error = answer
    if status == 412:
        raise Moved from problem
    if status not in _PASSING:
        return None
    headers = error.response.headers
    asked = headers.get("retry-after", "")
    if not asked.isdigit():
        # The Hub's own header: `RateLimit: "api";r=0;t=55`.
        asked = match.group(1) if (match := re.search(r"\bt=(\d+)", headers.get("ratelimit", ""))) else ""
    return min(max(pause, float(asked)) if asked else pause, LONGEST_WAIT)


def _clear(what: str, problem: BaseException, attempts: int) -> SmolKalamError:
    answer = _status(problem)
    if answer is None:
        if address := local_address(problem):
            return InputError(address)
        if fault := local_fault(problem):
            return InputError(
                f"{what}: {fault}; this machine, not the Hub: make room, or point HF_HOME and TMPDIR to where you may "
                "write, and run the same command again"
            )
        reason = next(iter(str(problem).splitlines()), "") or type(problem).__name__
        return PublishError(
            f"{what}: {excerpt(reason, 300)} ({attempts} attempts); run the same command again, what arrived is not "
            "sent twice"
        )
    status, error = answer
    says = error.server_message or next(iter(str(error).splitlines()), "")
    message = f"{what}: the Hub answered {status} ({excerpt(says, 300)})"
    if status in _PASSING:
        return PublishError(f"{message}, {attempts} times; run the same command again, what arrived is not sent twice")
    if status in (401, 403):
        return Refused(f"{message}; the token must be allowed to write to the repository and to its pull requests")
    return PublishError(message)


def limit_waits() -> None:
    """Let every request of huggingface_hub fail, and so be repeated, after `SILENCE`."""
    import httpx2
    from huggingface_hub import get_session, set_client_factory

    hooks = get_session().event_hooks
    timeout = httpx2.Timeout(SILENCE, connect=30.0, pool=None)
    set_client_factory(lambda: httpx2.Client(event_hooks=hooks, follow_redirects=True, timeout=timeout))


def check_token(api: "HfApi", repo: str) -> str:
    """The user's name. Raises InputError where the token may not write to `repo`."""
    try:
        me = patiently("checking the token", api.whoami)
    except Refused:
        raise InputError("the token is not valid; export a valid HF_TOKEN or run `hf auth login`") from None
    name, namespace = me["name"], repo.split("/")[0]
    token = me.get("auth", {}).get("accessToken", {})
    advice = "make one with write access on huggingface.co/settings/tokens"
    if token.get("role") == "read":
        raise InputError(f"the token of '{name}' may only read; {advice}")
    organizations = {org["name"]: org.get("roleInOrg") for org in me.get("orgs", [])}
    if namespace != name and namespace not in organizations:
        raise InputError(
            f"'{name}' may not write to {repo}: '{namespace}' is neither the user nor an organization of it"
        )
    if organizations.get(namespace) == "read":
        raise InputError(f"'{name}' may only read in the organization '{namespace}'; ask an administrator of it")
    if token.get("role") == "fineGrained" and not _may_write(token.get("fineGrained", {}), repo):
        raise InputError(f"the fine-grained token of '{name}' may not write to {repo}; {advice}")
    return name


def _may_write(scopes: dict[str, Any], repo: str) -> bool:
    allowed = set(scopes.get("global", []))
    for scope in scopes.get("scoped", []):
        if scope.get("entity", {}).get("name") in (repo, f"datasets/{repo}", repo.split("/")[0]):
            allowed.update(scope.get("permissions", []))
    return bool({"repo.write", "repo.content.write"} & allowed)


class LocalFile:
    """A file to publish, on the disk or in memory; its digests are computed when asked for."""

    def __init__(self, source: Path | bytes) -> None:
        self.source = source

    @cached_property
    def size(self) -> int:
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    @cached_property
    def sha256(self) -> str:
        return self._digest("sha256", b"")

    @cached_property
    def git_id(self) -> str:
        """What git calls the content: the SHA-1 of a header and it."""
        return self._digest("sha1", f"blob {self.size}\0".encode())

    def read(self, start: int, end: int) -> bytes:
        """Bytes from `start` to before `end`."""
        if isinstance(self.source, bytes):
            return self.source[start:end]
        with self.source.open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def _digest(self, algorithm: str, header: bytes) -> str:
        digest = hashlib.new(algorithm, header)
        if isinstance(self.source, bytes):
            digest.update(self.source)
        else:
            with self.source.open("rb") as file:
                hashlib.file_digest(file, lambda: digest)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class RemoteFile:
    size: int
    git_id: str
    sha256: str | None  # of files that are stored outside git

    def holds(self, file: LocalFile) -> bool:
        if self.size != file.size:
            return False
        return self.sha256 == file.sha256 if self.sha256 else self.git_id == file.git_id


@dataclass(frozen=True, slots=True)
class Revision:
    """What a revision of a repository holds."""

    commit: str
    files: dict[str, RemoteFile] = field(default_factory=dict)


def read_revision(api: "HfApi", repo: str, revision: str) -> Revision:
    """List a revision's files, all of the same commit."""
    from huggingface_hub import RepoFile

    def read() -> Revision:
        commit = api.repo_info(repo, repo_type="dataset", revision=revision).sha
        assert commit is not None
        tree = api.list_repo_tree(repo, repo_type="dataset", revision=commit, recursive=True)
        files = [entry for entry in tree if isinstance(entry, RepoFile)]
        return Revision(
            commit, {f.path: RemoteFile(f.size, f.blob_id, f.lfs.sha256 if f.lfs else None) for f in files}
        )

    return patiently(f"reading {repo} at {revision[:12]}", read)
