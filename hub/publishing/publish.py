"""Publishing a dataset's folder: uploaded to a pull request, loaded from there, merged in one step.

Readers of `main` see the dataset as it was or as it is meant to be. A publish that was killed goes on where it was:
its pull request bears what it publishes and onto what in its title, and the Hub knows which files it has.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hub.card.merging.kept_sections import front_matter, is_ours, with_front_matter
from hub.card.merging.other_configs import named_entries, other_configs, with_other_configs
from hub.publishing.difference import Change, changed_by_others, compare, some
from hub.publishing.manifest import MANIFEST, owned, read_manifest, write_manifest
from hub.publishing.pull_request import close_left_open, left_open, merge, open_pull_request, same_content
from hub.publishing.remote import LocalFile, PublishError, Revision, check_token, limit_waits, patiently, read_revision
from hub.publishing.upload import Job, PublishObserver, send
from hub.publishing.verify import verify_loading
from hub.rules.check import check_dataset
from hub.rules.findings import errors
from processors.errors import InputError

if TYPE_CHECKING:
    from huggingface_hub import HfApi


# What `datasets` reads without a script: a repository with such files is a dataset.
_DATA = (".parquet", ".jsonl", ".json.gz", ".csv", ".arrow", ".tsv")
# The card to publish, of the build's card and the texts on `main` by path.
MergeCard = Callable[[str, dict[str, str]], str]


@dataclass(slots=True)
class Published:
    """What a publish did. `commit` is main's, None after a dry run."""

    repo: str
    commit: str | None
    send: list[str]
    remove: list[str]
    pull_request: int | None = None


def publish(
    folder: Path,
    repo: str,
    *,
    observer: PublishObserver,
    token: str | None = None,
    private: bool = False,
    dry_run: bool = False,
    tag: str | None = None,
    direct: bool = False,
    merge_card: MergeCard | None = None,
) -> Published:
    """Make the Hub's dataset `repo` equal to `folder`.

    Args:
        folder: a built dataset: `README.md`, a folder of Parquet files a config, statistics, plots.
        repo: `user/name`; created where it does not exist.
        token: a token with write access; default: HF_TOKEN, or that of `hf auth login`. A dry run needs none.
        private: create the repository private.
        dry_run: check and compare, send nothing.
        tag: name for the published commit.
        direct: one commit to `main` in place of a pull request; it is loaded only once readers have it too.
        merge_card: from this build's card, and from the card and the statistics on `main`, by path (none where there
            is no card), the card to publish: one that keeps what people wrote. Given what it gave before, it must give
            the same again.

    Raises:
        InputError: the folder breaks a rule, or the token or a name cannot be used, and nothing was sent; or this
            machine cannot read or write what it must.
        PublishError: the Hub refused or was changed meanwhile; `main` is as it was unless the message says otherwise.
    """
    _tune_xet()
    with _quiet():
        _validate_tag(tag)
        api, user = _sign_in(repo, token, observer if dry_run else None)
        _check_rules(folder)
        main = _main(api, repo, private=private, create=not dry_run)
        files = _files(folder)
        before = _texts(api, repo, main) if "README.md" in main.files else {}
        if merge_card:
            files["README.md"] = _merged(files["README.md"], before, merge_card)
        files["README.md"], others = _with_other_configs(files["README.md"], before, main)
        files[MANIFEST] = write_manifest(files)
        _validate_card(files["README.md"])
        ours = owned(_text(files["README.md"]), before.get(MANIFEST, ""), others)
        _refuse_to_replace(repo, files, main, before.get("README.md", ""))
        job = Job(api, repo, user, files, observer, ours, others)
        change = compare(files, main, ours)
        job.total = sum(job.sizes(change.send))
        _describe(job, change)
        tagged = _tag(api, repo, tag) if tag and main.commit else None
        if tagged and (change or tagged != main.commit):
            raise InputError(f"{repo} has the tag '{tag}' already, at {tagged[:12]}; choose another name")
        result = Published(repo, None if dry_run else main.commit, change.send, change.remove)
        if not dry_run:
            _send(job, change, main, result, direct=direct)
            if tag and not tagged:
                _create_tag(job, tag, result.commit)
        return result


def _tune_xet() -> None:
    # Read when Xet's client is first used: it then notes every block that arrived, where it would wait for 64 of them
    # or 20 seconds, so that a kill loses only blocks that are under way.
    os.environ.setdefault("HF_XET_DATA_SESSION_XORB_METADATA_FLUSH_MAX_COUNT", "1")
    # Of one upload; `patiently` repeats it, and says so: Xet's own six minutes, six times, are silent.
    os.environ.setdefault("HF_XET_CLIENT_RETRY_MAX_DURATION", "60s")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' own bars and retry messages, which would bury ours, and without their endless waits."""
    import warnings

    import datasets
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
    from huggingface_hub.utils import logging as hub_logging

    levels = hub_logging.get_verbosity(), datasets.logging.get_verbosity()
    bars = not are_progress_bars_disabled(), datasets.are_progress_bars_disabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit_waits()
        hub_logging.set_verbosity(hub_logging.CRITICAL)
        datasets.logging.set_verbosity(datasets.logging.CRITICAL)
        disable_progress_bars()
        datasets.disable_progress_bars()
        try:
            yield
        finally:
            hub_logging.set_verbosity(levels[0])
            datasets.logging.set_verbosity(levels[1])
            if bars[0]:
                enable_progress_bars()
            if not bars[1]:
                datasets.enable_progress_bars()


def _sign_in(repo: str, token: str | None, dry: PublishObserver | None) -> tuple["HfApi", str]:
    """The Hub and the user's name; empty without a token, which a dry run, told to `dry`, does not need."""
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError as problem:
        raise InputError(f"'{repo}' cannot be the name of a repository: {str(problem).splitlines()[0]}") from None
    if repo.count("/") != 1:
        raise InputError(f"'{repo}': give the owner too, as in user/{repo}")
    token = token or get_token()
    if not token and dry:
        dry.say("no token: what is private counts as missing, and nobody knows whether you may write")
        return HfApi(token=False), ""
    if not token:
        raise InputError("no token for the Hub; export HF_TOKEN or run `hf auth login`")
    api = HfApi(token=token)
    return api, check_token(api, repo)


def _validate_tag(tag: str | None) -> None:
    """By git's rules (git-check-ref-format): the Hub would refuse it when all is sent and merged."""
    if tag is None:
        return
    forbidden = r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|/\.|\.lock(?:/|$)|[/.]$|^@?$"
    if re.search(forbidden, tag):
        raise InputError(f"'{tag}' cannot be the name of a tag; take letters, digits, '.', '_' and '-', such as v1.0")


def _check_rules(folder: Path) -> None:
    """Raises InputError where the folder breaks a rule of the Hub: a reader would meet it first."""
    found = errors(check_dataset(folder))
    if found:
        more = f" (and {len(found) - 1} more: see `smolkalam check`)" if len(found) > 1 else ""
        raise InputError(f"{folder}: not published, for it breaks a rule: {found[0]}{more}")


def _text(file: LocalFile) -> str:
    source = file.source
    return source.decode("utf-8") if isinstance(source, bytes) else source.read_text(encoding="utf-8")


def _merged(card: LocalFile, main: dict[str, str], merge_card: MergeCard) -> LocalFile:
    """The build's card, with what of the one on `main` is to stay."""
    return LocalFile(merge_card(_text(card), main).encode("utf-8"))


def _with_other_configs(card: LocalFile, before: dict[str, str], main: Revision) -> tuple[LocalFile, list[str]]:
    """The card with the entries of configs that somebody else pushed to the repository, and their names."""
    ours, theirs = front_matter(_text(card)), front_matter(before.get("README.md", ""))
    left = main.files.keys() - read_manifest(before.get(MANIFEST, ""))
    names = other_configs(theirs, named_entries(ours.get("configs")), left)
    if not names:
        return card, []
    text = with_front_matter(_text(card), with_other_configs(ours, theirs, names))
    return LocalFile(text.encode("utf-8")), names


def _refuse_to_replace(repo: str, files: dict[str, LocalFile], main: Revision, card: str) -> None:
    """Raises InputError where the repository holds a dataset that no publish made: its name was mistyped."""
    data = sorted(path for path in main.files if path.endswith(_DATA) and path not in files)
    if data and not is_ours(card):
        raise InputError(
            f"{repo} holds a dataset that SmolKalam did not publish ({some(data)}), and its card would be replaced; "
            "choose another name, or remove it on the Hub first"
        )


def _main(api: "HfApi", repo: str, *, private: bool, create: bool) -> Revision:
    """`main` as it is; the repository is created where it is missing."""
    if not patiently(f"looking for {repo}", lambda: api.repo_exists(repo, repo_type="dataset")):
        if not create:
            return Revision("")
        patiently(
            f"creating {repo}",
            lambda: api.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True),
        )
    elif private and not patiently(f"reading {repo}", lambda: api.repo_info(repo, repo_type="dataset")).private:
        raise InputError(f"{repo} exists and is public; make it private in its settings, or publish without --private")
    return read_revision(api, repo, "main")


def _files(folder: Path) -> dict[str, LocalFile]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): LocalFile(path) for path in paths}


def _texts(api: "HfApi", repo: str, main: Revision) -> dict[str, str]:
    """The card, the manifest and the statistics of a revision."""
    texts = re.compile(rf"README\.md|{re.escape(MANIFEST)}|statistics/[^/]+\.json")
    paths = [path for path in main.files if texts.fullmatch(path)]

    def download() -> dict[str, str]:
        local = [api.hf_hub_download(repo, path, repo_type="dataset", revision=main.commit) for path in paths]
        return {path: Path(at).read_text(encoding="utf-8") for path, at in zip(paths, local, strict=True)}

    return patiently("reading the card on main", download)


def _validate_card(file: LocalFile) -> None:
    """Ask the Hub whether it takes the card: before the upload, for the commit that has it is the last."""
    from huggingface_hub import DatasetCard

    card = DatasetCard(_text(file))
    try:
        patiently("validating the card", lambda: card.validate(repo_type="dataset"))
    except ValueError as problem:
        reason = " ".join(str(problem).split())[:400]
        raise InputError(f"README.md: the Hub refuses the front matter: {reason}") from None


def _describe(job: Job, change: Change) -> None:
    if not change:
        job.observer.say(f"{job.repo} has all {len(job.files)} files already: nothing is sent")
        return
    same = len(job.files) - len(change.send)
    job.observer.say(
        f"{job.repo}: {len(change.send)} files to send ({job.total / 1e6:,.1f} MB), {len(change.remove)} to remove, "
        f"{same} unchanged"
    )
    if change.remove:
        job.observer.say(f"to remove: {some(change.remove)}")
    if change.left:
        job.observer.say(f"left as they are, for they are none of ours: {', '.join(change.left)}")


def _send(job: Job, change: Change, main: Revision, result: Published, *, direct: bool) -> None:
    """Change `main`, in one commit or by a pull request, and note in `result` what it is now."""
    if direct:
        result.commit = _publish_directly(job, change, main).commit
    elif change:
        result.pull_request, result.commit = _publish_by_pull_request(job, main)
    if direct or not change:
        close_left_open(job)


def _publish_directly(job: Job, change: Change, main: Revision) -> Revision:
    """Everything in one commit to `main`: atomic too, but nobody has loaded it before the readers."""
    done = main
    if change:
        job.observer.say("directly to main: readers have it before it has been loaded once, and nobody can review it")
        job.resumed = any(same_content(job, one) for one in left_open(job))
        done = send(job, "main", main, commits=False)
    # Where there was nothing to send, too: a publish before this one may have been killed after its commit.
    try:
        verify_loading(job.api, job.repo, done.commit, job.others)
    except PublishError as problem:
        raise PublishError(f"{problem}; main has it already: revert commit {done.commit[:12]}") from None
    return done


def _publish_by_pull_request(job: Job, main: Revision) -> tuple[int, str]:
    number, base = open_pull_request(job, main)
    revision = f"refs/pr/{number}"
    head = send(job, revision, read_revision(job.api, job.repo, revision), commits=True)
    job.observer.say(f"pull request {number}: loading it with `datasets`")
    verify_loading(job.api, job.repo, head.commit, job.others)
    now = read_revision(job.api, job.repo, "main")
    others = changed_by_others(job.files, base, now, job.owned)
    if others:
        raise PublishError(
            f"main of {job.repo} was changed meanwhile ({some(others)}), so pull request {number} was not merged; "
            "look at the change and run the same command again to publish over it; no file is sent twice"
        )
    merge(job, number)
    done = read_revision(job.api, job.repo, "main")
    wrong = compare(job.files, done, job.owned)
    if wrong:
        raise PublishError(
            f"pull request {number} of {job.repo} is merged, and main differs from the folder ({some(wrong.send)}): "
            "another commit came in the same moment; run the same command again"
        )
    return number, done.commit


def _tag(api: "HfApi", repo: str, tag: str) -> str | None:
    """The commit that the tag names."""
    refs = patiently("reading the tags", lambda: api.list_repo_refs(repo, repo_type="dataset"))
    return next((ref.target_commit for ref in refs.tags if ref.name == tag), None)


def _create_tag(job: Job, tag: str, commit: str | None) -> None:
    patiently(
        f"tagging as {tag}",
        lambda: job.api.create_tag(job.repo, tag=tag, revision=commit, repo_type="dataset"),
        lambda: _tag(job.api, job.repo, tag),
    )
    job.observer.say(f"tagged as {tag}")
