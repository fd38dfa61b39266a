"""`smolkalam check` and `smolkalam publish`: what they print, and when they fail."""

import json
from collections import Counter
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from builders.run_folder.folder import BUILD, STAGE, Run, lock_folder
from hub.rules.check import check_dataset
from processors.errors import InputError

# What a publish takes of a run folder, and what it says where that is taken.
_LOCKS = (
    (".publish.lock", "another publish of this folder is running; wait for it to end"),
    (".lock", "a build is running in this folder; wait for it, then publish what it made"),
)


def dataset_folder(run: Path) -> Path:
    """The dataset of a run folder, or the folder itself where it is one.

    Raises InputError if there is neither, or where a build was stopped while it wrote the dataset: its files would
    then be those of two builds, with the card of the first.
    """
    if (run / "dataset").is_dir():
        if (run / BUILD / STAGE).exists() and not Run(run).finished.exists():
            raise InputError(f"{run}: a build has not finished its dataset; run it again first")
        return run / "dataset"
    if (run / "README.md").is_file():
        return run
    raise InputError(f"{run}: no dataset in it; give the run folder of a build that has finished")


def run_check(run: Path) -> None:
    """Print what breaks a rule of the Hub, its viewer or `datasets`. Raises InputError where there are errors."""
    folder = dataset_folder(run)
    findings = check_dataset(folder)
    for finding in findings:
        print(finding)
    number = Counter(finding.severity for finding in findings)
    if number["error"]:
        raise InputError(f"{folder}: {number['error']} errors, {number['warning']} warnings; publish stops at errors")
    print(f"{folder}: no errors, {number['warning']} warnings; it will load and render")


def run_publish(
    run: Path,
    repo: str,
    *,
    private: bool = False,
    dry_run: bool = False,
    tag: str | None = None,
    direct: bool = False,
) -> None:
    """Publish a run's dataset and print where it is. Raises `processors.errors`."""
    from hub.card.first_screen import named_as
    from hub.card.merging.kept_sections import replaced_keys
    from hub.publishing.publish import publish

    def merge(new: str, main: dict[str, str]) -> str:
        new = named_as(new, repo)
        if repo not in new:
            shown.say(f"the card's examples do not name {repo}; somebody wrote them by hand")
        if "README.md" not in main:
            return new
        for line in replaced_keys(new, main["README.md"]):
            shown.say(f"README.md: {line}")
        return merged_card(new, main, folder, tag or date.today().isoformat())

    folder = dataset_folder(run)
    with ExitStack() as held:
        if folder != run:
            # Of two publishes the second says so; and no build may change the files while they are sent.
            for name, busy in _LOCKS:
                held.callback(lock_folder(run.absolute(), busy=busy, name=name).release)
        shown = held.enter_context(Shown())
        done = publish(
            folder,
            repo,
            observer=shown,
            private=private,
            dry_run=dry_run,
            tag=tag,
            direct=direct,
            merge_card=merge,
        )
    if dry_run:
        for verb, paths in (("send", done.send), ("remove", done.remove)):
            for path in paths:
                print(f"{verb} {path}")
        return
    from huggingface_hub.constants import ENDPOINT

    print(f"{ENDPOINT}/datasets/{repo} is at {done.commit}")


def merged_card(new: str, main: dict[str, str], folder: Path, title: str) -> str:
    """A build's card with what people wrote in the one on `main`, and what changed since under `title`.

    Args:
        new: the build's card.
        main: texts on `main` by path; of these `README.md` and `statistics/*.json` are read.
        folder: the build's dataset.
    """
    import yaml

    from hub.card.changelog import changelog, read_statistics, with_changelog
    from hub.card.merging.kept_sections import merge_card

    try:
        card = merge_card(new, main["README.md"])
    except yaml.YAMLError as problem:
        reason = str(problem).splitlines()[0]
        raise InputError(f"the card on main cannot be read ({reason}); mend its front matter on the Hub") from None
    try:
        before = {Path(path).stem: json.loads(text) for path, text in main.items() if path.startswith("statistics/")}
        entry = changelog(before, read_statistics(folder)) if before else ""
    except (ValueError, KeyError, TypeError):
        # Statistics of another program: nothing to compare with.
        return card
    return with_changelog(card, entry, title)


class Shown:
    """The progress of a publish, on stderr: a bar on a terminal, lines of what was decided anywhere."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self.progress = Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal)
        self.task: TaskID | None = None
        self.files = self.all_files = 0

    def __enter__(self) -> "Shown":
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def say(self, message: str) -> None:
        self.console.print(message, markup=False)

    def sending(self, files: int, size: int) -> None:
        self.all_files = files
        self.task = self.progress.add_task(f"0 of {files} files", total=size)

    def sent(self, files: int, size: int) -> None:
        self.files += files
        if self.task is not None:
            self.progress.update(self.task, advance=size, description=f"{self.files} of {self.all_files} files")
