"""The pull request of a publish: opened or found again, and merged.

Its title bears a digest of what is published and the commit of `main` that it goes onto: a publish that was killed
finds its own by it, and knows what others did to `main` since.
"""

import re
from typing import Any

from hub.publishing.difference import changed_by_others, content_digest, some
from hub.publishing.remote import PublishError, Refused, Revision, patiently, read_revision
from hub.publishing.upload import Job

_MARK = re.compile(r"\[smolkalam ([0-9a-f]{16}) on ([0-9a-f]{40})\]$")


def open_pull_request(job: Job, main: Revision) -> tuple[int, Revision]:
    """Our open pull request for this content and what it goes onto; older ones of ours are closed."""
    content = content_digest(job.files)
    for one in _our_pull_requests(job):
        mark = _MARK.search(one.title)
        assert mark
        why = "a newer publish replaces this one"
        if mark[1] == content:
            base = main if mark[2] == main.commit else read_revision(job.api, job.repo, mark[2])
            others = changed_by_others(job.files, base, main, job.owned)
            if not others:
                job.observer.say(f"going on with pull request {one.num}")
                job.resumed = True
                return one.num, base
            why = f"main was changed since it was opened ({some(others)})"
        job.observer.say(f"closing pull request {one.num}: {why}")
        _set_status(job, one.num, "closed", f"Closed: {why}.")
    title = f"Publish {len(job.files)} files [smolkalam {content} on {main.commit}]"

    def arrived() -> Any:
        return next((one for one in _our_pull_requests(job) if one.title == title), None)

    text = "Opened by `smolkalam publish`, which fills it, loads it and merges it. Commits by others stop it."
    opened = patiently(
        "opening a pull request (with --direct there is none, but no check before readers have it either)",
        lambda: job.api.create_pull_request(job.repo, title, description=text, repo_type="dataset"),
        arrived,
    )
    return opened.num, main


def left_open(job: Job) -> list[Any]:
    """Our open pull requests, which publishes before this one left; none where discussions are disabled."""
    try:
        return _our_pull_requests(job)
    except Refused:
        # Then nobody can merge one either.
        return []


def same_content(job: Job, one: Any) -> bool:
    """Whether a pull request of ours is to bring what this publish brings."""
    mark = _MARK.search(one.title)
    return mark is not None and mark[1] == content_digest(job.files)


def close_left_open(job: Job) -> None:
    """Close what publishes before this one left, now that `main` has the folder's files without it.

    Merged later by somebody, it would bring an older dataset back.
    """
    for one in left_open(job):
        job.observer.say(
            f"closing pull request {one.num}, left by a publish that was interrupted: main needs it no more"
        )
        try:
            _set_status(job, one.num, "closed", "Closed: main has been published without it.")
        except PublishError:
            # The interrupted publish may have asked for its merge a moment before it was killed.
            if any(other.num == one.num for other in left_open(job)):
                raise


def _our_pull_requests(job: Job) -> list[Any]:
    listed = patiently(
        "looking for pull requests",
        lambda: list(job.api.get_repo_discussions(job.repo, discussion_type="pull_request", repo_type="dataset")),
    )
    return [
        one for one in listed if one.author == job.user and one.status in ("open", "draft") and _MARK.search(one.title)
    ]


def merge(job: Job, number: int) -> None:
    def details() -> Any:
        return job.api.get_discussion_details(job.repo, number, repo_type="dataset")

    def merged() -> bool | None:
        return True if details().status == "merged" else None

    def merge() -> bool:
        comment = "Loaded with `datasets` from this revision."
        job.api.merge_pull_request(job.repo, number, repo_type="dataset", comment=comment)
        return True

    status = patiently("reading the pull request", details).status
    if status == "draft":
        # The Hub merges no draft, and what is opened through its API is one.
        _set_status(job, number, "open", None)
    elif status == "closed":
        raise PublishError(f"pull request {number} of {job.repo} was closed by somebody; main is as it was")
    try:
        patiently(f"merging pull request {number}", merge, merged)
    except PublishError:
        # A publish that was killed may have asked for it a moment before us.
        if not merged():
            raise


def _set_status(job: Job, number: int, status: Any, comment: str | None) -> None:
    patiently(
        f"changing pull request {number} to {status}",
        lambda: job.api.change_discussion_status(job.repo, number, status, comment=comment, repo_type="dataset"),
    )
