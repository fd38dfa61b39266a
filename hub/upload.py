"""Bringing a revision to what the folder holds, in as many commits as it takes, each onto the one that we know."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from hub.plan import changed_by_others, compare, some
from hub.remote import LocalFile, Moved, PublishError, Revision, patiently, read_revision

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

# Of a commit, as the Hub recommends (docs/hub/repositories-recommendations).
COMMIT_FILES = 100
# Files are uploaded in groups; a kill loses at most the group that is under way (with Xet; with LFS a file). So the
# first group is of so few bytes, and each further one larger by a quarter: a kill loses at most about a quarter of
# what was sent since the start, and a long publish soon sends large groups. A larger file is a group by itself.
FIRST_GROUP, GROWTH, LAST_GROUP = 4_000_000, 1.25, 256_000_000
# With LFS, files above this are sent one after another, for the same reason.
LARGE_FILE = 1_000_000
# Times that a commit is tried again after another one came first; the next stops the publish.
REBASES = 3


class Observer(Protocol):
    """What the command line shows of a publish."""

    def say(self, message: str) -> None: ...
    def sending(self, files: int, size: int) -> None: ...
    def sent(self, files: int, size: int) -> None: ...


@dataclass(slots=True)
class Job:
    """A publish under way."""

    api: "HfApi"
    repo: str
    user: str
    files: dict[str, LocalFile]
    observer: Observer
    additions: dict[str, "CommitOperationAdd"] = field(default_factory=dict)  # sent, and not yet in a commit
    group_bytes: float = FIRST_GROUP


def send(job: Job, revision: str, state: Revision, *, commit_files: int | None) -> Revision:
    """Commit until the revision equals the folder; returns it. Another's commit is built upon, or refused.

    After a commit whose answer was lost the revision is read again: it is then not what we knew, and equal to what we
    want. So a commit is never repeated blindly.
    """
    plan = compare(job.files, state)
    job.observer.sending(len(plan.send), sum(job.files[path].size for path in plan.send))
    rebases = 0
    while plan := compare(job.files, state):
        chosen = plan.send[:commit_files]
        removed = plan.remove if len(chosen) == len(plan.send) else []
        operations = [*_upload(job, revision, chosen), *_removals(removed)]
        moved = False
        try:
            _commit(job, revision, state, operations)
        except Moved:
            moved = True
            rebases += 1
        now = read_revision(job.api, job.repo, revision)
        others = changed_by_others(job.files, state, now)
        if others or rebases > REBASES:
            what = f"({some(others)}) " if others else ""
            raise PublishError(
                f"{revision} of {job.repo} is being changed by somebody else {what}while we write to it; "
                "nothing of ours is in main: look at it and run the same command again"
            )
        if now.commit != state.commit:
            for path in chosen:
                job.additions.pop(path, None)
        elif not moved:
            raise PublishError(
                f"{revision} of {job.repo}: the Hub took a commit and did not change; nothing is in main"
            )
        state = now
    return state


def _commit(job: Job, revision: str, state: Revision, operations: list[Any]) -> None:
    def arrived() -> bool | None:
        return True if read_revision(job.api, job.repo, revision).commit != state.commit else None

    def commit() -> bool:
        job.api.create_commit(
            job.repo,
            operations,
            commit_message=f"Publish {len(operations)} changes with SmolKalam",
            repo_type="dataset",
            revision=revision,
            parent_commit=state.commit,
        )
        return True

    try:
        patiently(f"committing to {revision}", commit, arrived)
    except ValueError as problem:
        raise PublishError(f"committing to {revision}: {' '.join(str(problem).split())[:300]}") from problem


def _upload(job: Job, revision: str, paths: list[str]) -> list["CommitOperationAdd"]:
    """Send the contents of files, group by group; what the Hub has is not sent."""
    from huggingface_hub import CommitOperationAdd

    for path in paths:
        if path not in job.additions:
            source = job.files[path].source
            job.additions[path] = CommitOperationAdd(path, source)
            # Known already, from the digest of the whole: the client need not read the file for it again.
            job.additions[path].upload_info.sha256 = bytes.fromhex(job.files[path].sha256)
    for group in _groups(job, [path for path in paths if not job.additions[path]._is_uploaded]):
        additions = [job.additions[path] for path in group]
        threads = 1 if any(job.files[path].size > LARGE_FILE for path in group) else 5

        def preupload(additions: list[CommitOperationAdd] = additions, threads: int = threads) -> None:
            job.api.preupload_lfs_files(
                job.repo,
                additions,
                repo_type="dataset",
                revision=revision,
                num_threads=threads,
                free_memory=False,
            )

        try:
            patiently(f"sending {group[0]}", preupload)
        except ValueError as problem:
            raise PublishError(f"sending {group[0]}: {' '.join(str(problem).split())[:300]}") from problem
        ignored = next((addition.path_in_repo for addition in additions if addition._should_ignore), None)
        if ignored:
            raise PublishError(f"{job.repo} has a .gitignore that shuts out {ignored}; change it on the Hub")
        job.observer.sent(len(group), sum(job.files[path].size for path in group))
    return [job.additions[path] for path in paths]


def _groups(job: Job, paths: list[str]) -> Iterator[list[str]]:
    group: list[str] = []
    size = 0
    for path in paths:
        if group and size + job.files[path].size > job.group_bytes:
            yield group
            job.group_bytes = min(job.group_bytes * GROWTH, LAST_GROUP)
            group, size = [], 0
        group.append(path)
        size += job.files[path].size
    if group:
        yield group


def _removals(paths: list[str]) -> list["CommitOperationDelete"]:
    from huggingface_hub import CommitOperationDelete

    return [CommitOperationDelete(path, is_folder=False) for path in paths]
