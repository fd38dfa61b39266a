"""What the Hub knows, on disk: blobs by their SHA-256, commits by their content, one JSON file a repository.

Every write goes to a temporary file that is renamed into place, so that the process can be killed at any moment. A
repository's refs and discussions lie in one file: a merge moves the branch and closes the pull request in one step.
"""

import hashlib
import json
import os
import re
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from tests.standins.standin_hub.errors import HubError, entry_not_found, repo_not_found, revision_not_found

Entry = dict[str, Any]  # oid (git's), size, sha256, lfs
Tree = dict[str, Entry]
GIT_ATTRIBUTES = "".join(
    f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n"
    for suffix in (
        "7z",
        "arrow",
        "bin",
        "bz2",
        "gz",
        "jpg",
        "jpeg",
        "npz",
        "parquet",
        "png",
        "safetensors",
        "tar",
        "zip",
        "zst",
    )
)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """The text that git holds in place of an LFS file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def lfs_entry(sha256: str, size: int) -> Entry:
    return {"oid": git_oid(pointer(sha256, size)), "size": size, "sha256": sha256, "lfs": True}


class Store:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        for name in ("blobs", "commits", "repos", "uploads"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._commits: dict[str, dict[str, Any]] = {}

    # Files

    def temporary(self) -> Path:
        return self.folder / "uploads" / uuid.uuid4().hex

    def write(self, path: Path, content: bytes) -> None:
        temporary = self.temporary()
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(path)

    def blob(self, sha256: str) -> Path:
        return self.folder / "blobs" / sha256[:2] / sha256

    def add_blob(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        if not self.blob(sha256).exists():
            self.write(self.blob(sha256), content)
        return sha256

    def adopt_blob(self, temporary: Path, sha256: str) -> None:
        """Take in an uploaded file under the name that its sender gave it, if it is what the name says."""
        with temporary.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            temporary.unlink()
            raise HubError(400, f"The content's SHA-256 is {found}, not {sha256}")
        self.blob(sha256).parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(self.blob(sha256))

    def open_blob(self, sha256: str) -> BinaryIO:
        return self.blob(sha256).open("rb")

    # Repositories

    def _repo_file(self, kind: str, repo_id: str) -> Path:
        return self.folder / "repos" / kind / f"{repo_id}.json"

    def find(self, kind: str, repo_id: str) -> dict[str, Any] | None:
        try:
            return json.loads(self._repo_file(kind, repo_id).read_bytes())
        except FileNotFoundError:
            return None

    def repo(self, kind: str, repo_id: str) -> dict[str, Any]:
        found = self.find(kind, repo_id)
        if found is None:
            raise repo_not_found()
        return found

    @contextmanager
    def change(self, kind: str, repo_id: str) -> Iterator[dict[str, Any]]:
        """The repository, to be changed in place; written when the block ends without an error, one at a time."""
        with self.lock:
            repo = self.repo(kind, repo_id)
            yield repo
            self.save(repo)

    def save(self, repo: dict[str, Any]) -> None:
        self.write(self._repo_file(repo["kind"], repo["id"]), json.dumps(repo, ensure_ascii=False).encode())

    def create(self, kind: str, repo_id: str, private: bool, author: str) -> dict[str, Any]:
        with self.lock:
            if self.find(kind, repo_id):
                raise HubError(409, "You already created this dataset repo")
            repo: dict[str, Any] = {
                "_id": uuid.uuid4().hex[:24],
                "id": repo_id,
                "kind": kind,
                "private": private,
                "createdAt": now(),
                "discussionsDisabled": False,
                "refs": {},
                "discussions": [],
            }
            content = GIT_ATTRIBUTES.encode()
            entry = {"oid": git_oid(content), "size": len(content), "sha256": self.add_blob(content), "lfs": False}
            tree = {".gitattributes": entry}
            repo["refs"]["refs/heads/main"] = self.add_commit(repo, [], tree, "initial commit", "", author)
            self.save(repo)
            return repo

    def delete(self, kind: str, repo_id: str) -> None:
        with self.lock:
            self.repo(kind, repo_id)
            self._repo_file(kind, repo_id).unlink()

    def forget_uploads(self) -> None:
        """Parts of uploads that a killed server left behind; nobody has their addresses any more."""
        for path in (self.folder / "uploads").iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    # Commits

    def add_commit(
        self, repo: dict[str, Any], parents: list[str], tree: Tree, title: str, message: str, author: str
    ) -> str:
        commit = {
            "repo": repo["_id"],
            "parents": parents,
            "tree": dict(sorted(tree.items())),
            "title": title,
            "message": message,
            "author": author,
            "date": now(),
        }
        content = json.dumps(commit, ensure_ascii=False).encode()
        oid = hashlib.sha1(content).hexdigest()
        self.write(self.folder / "commits" / f"{oid}.json", content)
        return oid

    def commit(self, oid: str) -> dict[str, Any]:
        """A commit with its whole tree; do not change it."""
        if oid not in self._commits:
            self._commits[oid] = json.loads((self.folder / "commits" / f"{oid}.json").read_bytes())
        return self._commits[oid]

    def tree(self, oid: str) -> Tree:
        return self.commit(oid)["tree"]

    def entry(self, oid: str, path: str) -> Entry:
        try:
            return self.tree(oid)[path]
        except KeyError:
            raise entry_not_found(path) from None

    def history(self, oid: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """A commit and its ancestors by first parent, newest first."""
        current: str | None = oid
        while current:
            commit = self.commit(current)
            yield current, commit
            current = commit["parents"][0] if commit["parents"] else None

    def last_change(self, oid: str, path: str) -> tuple[str, dict[str, Any]]:
        """The newest commit that gave the file or folder its present content."""

        def content(commit: dict[str, Any]) -> Any:
            entry = commit["tree"].get(path)
            if entry is not None:
                return entry["oid"]
            return {name: entry["oid"] for name, entry in commit["tree"].items() if name.startswith(f"{path}/")}

        walk = self.history(oid)
        newest = next(walk)
        wanted = content(newest[1])
        for ancestor in walk:
            if content(ancestor[1]) != wanted:
                break
            newest = ancestor
        return newest

    @staticmethod
    def ref(revision: str) -> list[str]:
        """The full names that a revision may stand for."""
        return [revision] if revision.startswith("refs/") else [f"refs/heads/{revision}", f"refs/tags/{revision}"]

    def resolve(self, repo: dict[str, Any], revision: str) -> str:
        for name in self.ref(revision):
            if name in repo["refs"]:
                return repo["refs"][name]
        # The Hub finds a commit of a repository by its id alone, on whichever branch it lies.
        known = re.fullmatch("[0-9a-f]{40}", revision) and (self.folder / "commits" / f"{revision}.json").exists()
        if known and self.commit(revision)["repo"] == repo["_id"]:
            return revision
        raise revision_not_found(revision)
