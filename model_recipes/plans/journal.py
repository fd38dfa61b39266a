"""The journal of a plan: what was started, done and decided, one JSON a line, only ever added to.

Each line is on disk before what follows from it is begun. It is for people and for whoever asks why; what is gone on
from are the `done.json` of the steps.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

JOURNAL = "journal.jsonl"
# What may make another model of the same settings.
LIBRARIES = ("smolkalam", "torch", "transformers", "trl", "peft", "accelerate", "lm_eval", "datasets")


class PlanJournal:
    """The lines of one file; what a kill has left of a line half written is taken off first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as stream:
            stream.seek(0)
            whole = stream.read()
            if whole and not whole.endswith(b"\n"):
                stream.truncate(whole.rfind(b"\n") + 1)
        self.records: list[dict[str, Any]] = [json.loads(line) for line in path.read_bytes().splitlines()]

    def add(self, event: str, **about: Any) -> None:
        """Add a line, on disk when this returns; `about` as JSON takes it."""
        record = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **about}
        line = json.dumps(record, ensure_ascii=False) + "\n"
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        self.records.append(json.loads(line))

    def decide(self, what: str, figures: Mapping[str, Any]) -> None:
        """Write down a decision with its figures; not again where the last one of that name is the same."""
        plain = json.loads(json.dumps(figures))
        before = [one for one in self.records if one["event"] == "decided" and one["what"] == what]
        if not before or before[-1]["figures"] != plain:
            self.add("decided", what=what, figures=plain)

    def decisions(self) -> dict[str, Any]:
        """The figures of each decision that stands, by name, in the order in which they were first taken."""
        return {one["what"]: one["figures"] for one in self.records if one["event"] == "decided"}


def versions() -> dict[str, str]:
    """What is installed of what decides a model's bytes, and the commit that this code is of."""
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    if commit := _commit():
        found["git"] = commit
    return found


def _commit() -> str | None:
    """The commit of the clone that this code is in, and whether it was changed since; None outside of one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    words = ("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no")
    try:
        commit, changed = (
            subprocess.run(["git", "-C", str(root), *word], capture_output=True, text=True, check=True).stdout.strip()
            for word in words
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit} with changes" if changed else commit
