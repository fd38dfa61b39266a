"""Bringing a revision to what the folder holds, in as many commits as it takes, each onto the one that we know."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from hub.publishing.difference import changed_by_others, compare, some
from hub.publishing.manifest import Owned
from hub.publishing.portions import commit_groups, pieces, portion, upload_groups
from hub.publishing.remote import LocalFile, Moved, PublishError, Revision, patiently, read_revision
from processors.scrub import excerpt

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

# Of a commit, as the Hub recommends (docs/hub/repositories-recommendations).
COMMIT_FILES = 100
# With LFS, files above this are sent one after another: a kill then loses one of them and not five.
LARGE_FILE = 1_000_000
# Times that a commit is tried again after another one came first; the next stops the publish.
REBASES = 3


class PublishObserver(Protocol):
    """What the command line shows of a publish."""

    def say(self, message: str) -> None: ...
    def sending(self, files: int, size: int) -> None: ...
    def sent(self, files: int, size: int) -> None: ...


@dataclass(slots=True)
class Job:
    """A publish under way.

    `owned`: what it may remove. `others`: configs of the repository that are somebody else's. `total`, `sent`: bytes
    that it has to send, and has sent since this process began. `resumed`: one before it was interrupted.
    """

    api: "HfApi"
    repo: str
    user: str
    files: dict[str, LocalFile]
    observer: PublishObserver
    owned: Owned
    others: Collection[str]
    additions: dict[str, "CommitOperationAdd"] = field(default_factory=dict)  # sent, and not yet in a commit
    total: int = 0
    sent: int = 0
    resumed: bool = False

    @property
    def portion(self) -> int:
        return portion(self.total, self.sent, resumed=self.resumed)

    def sizes(self, paths: list[str]) -> list[int]:
        return [self.files[path].size for path in paths]


def send(job: Job, revision: str, state: Revision, *, commits: bool) -> Revision:
    """Commit until the revision equals the folder; returns it. Another's commit is built upon, or refused.

    Args:
        commits: several, so that an interrupted publish finds most of what it did; or one, for readers see it at once.

    After a commit whose answer was lost the revision is read again: it is then not what we knew, and equal to what we
    want. So a commit is never repeated blindly.
    """
    change = compare(job.files, state, job.owned)
    job.observer.sending(len(change.send), sum(job.files[path].size for path in change.send))
    rebases = 0
    while change := compare(job.files, state, job.owned):
        chosen = change.send
        if commits and chosen:
            chosen = next(commit_groups(change.send, job.sizes(change.send), job.total, COMMIT_FILES))
        removed = change.remove if len(chosen) == len(change.send) else []
        operations = [*_upload(job, revision, chosen), *_removals(removed)]
        moved = False
        try:
            _commit(job, revision, state, operations)
        except Moved:
            moved = True
            rebases += 1
        now = read_revision(job.api, job.repo, revision)
        others = changed_by_others(job.files, state, now, job.owned)
        if others or rebases > REBASES:
            what = f"({some(others)}) " if others else ""
            ours = "nothing of ours is in main" if commits else "ours may be beneath theirs"
            raise PublishError(
                f"{revision} of {job.repo} is being changed by somebody else {what}while we write to it; "
                f"{ours}: look at it and run the same command again"
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
        raise PublishError(f"committing to {revision}: {excerpt(str(problem), 300)}") from problem


def _upload(job: Job, revision: str, paths: list[str]) -> list["CommitOperationAdd"]:
    """Send the contents of files, group by group; what the Hub has is not sent."""
    from huggingface_hub import CommitOperationAdd
    from huggingface_hub.utils._runtime import is_xet_available

    for path in paths:
        if path not in job.additions:
            source = job.files[path].source
            job.additions[path] = CommitOperationAdd(path, source)
            # Known already, from the digest of the whole: the client need not read the file for it again.
            job.additions[path].upload_info.sha256 = bytes.fromhex(job.files[path].sha256)
    waiting = [path for path in paths if not job.additions[path]._is_uploaded]
    for group in upload_groups(waiting, job.sizes(waiting), lambda: job.portion):
        [first, *_] = group
        # By LFS, what is not a whole file is lost.
        ends = pieces(job.files[first].size, job.portion) if len(group) == 1 and is_xet_available() else []
        sent = 0
        for start, end in ends:
            # Xet's client notes in its cache what of a file arrived only when an upload ends. So the file is uploaded
            # in pieces, which no commit names, and when it is uploaded as a whole it consists of what is there.
            _preupload(job, revision, [CommitOperationAdd(first, job.files[first].read(start, end))])
            job.observer.sent(0, end - start)
            job.sent += end - start
            sent = end
        _preupload(job, revision, [job.additions[path] for path in group])
        left = sum(job.sizes(group)) - sent
        job.observer.sent(len(group), left)
        job.sent += left
    return [job.additions[path] for path in paths]


def _preupload(job: Job, revision: str, additions: list["CommitOperationAdd"]) -> None:
    threads = 1 if any(addition.upload_info.size > LARGE_FILE for addition in additions) else 5
    what = f"sending {additions[0].path_in_repo}"

    def preupload() -> None:
        job.api.preupload_lfs_files(
            job.repo, additions, repo_type="dataset", revision=revision, num_threads=threads, free_memory=False
        )

    try:
        patiently(what, preupload)
    except ValueError as problem:
        raise PublishError(f"{what}: {excerpt(str(problem), 300)}") from problem
    ignored = next((addition.path_in_repo for addition in additions if addition._should_ignore), None)
    if ignored:
        raise PublishError(f"{job.repo} has a .gitignore that shuts out {ignored}; change it on the Hub")


def _removals(paths: list[str]) -> list["CommitOperationDelete"]:
    from huggingface_hub import CommitOperationDelete

    return [CommitOperationDelete(path, is_folder=False) for path in paths]
