"""Writing a repository: which files go by LFS, and commits, to a branch or as a pull request."""

import base64
import json
import re
from fnmatch import fnmatchcase
from typing import Any

from tests.standins.standin_hub.accounts import Account, Accounts
from tests.standins.standin_hub.card import validate
from tests.standins.standin_hub.discussions import open_discussion
from tests.standins.standin_hub.errors import HubError, repo_not_found, revision_not_found
from tests.standins.standin_hub.repos import REPO, REVISION
from tests.standins.standin_hub.store import Store, Tree, git_oid, lfs_entry, now
from tests.standins.standin_hub.web import Answer, Request, Route

_LARGEST_REGULAR = 10 * 1024 * 1024


class Commits:
    def __init__(self, store: Store, accounts: Accounts) -> None:
        self.store, self.accounts = store, accounts

    def routes(self) -> list[Route]:
        return [
            Route("POST", "preupload", re.compile(rf"{REPO}/preupload/{REVISION}"), self.preupload),
            Route("POST", "commit", re.compile(rf"{REPO}/commit/{REVISION}"), self.commit),
        ]

    def _writer(self, request: Request, repo: dict[str, Any], revision: str) -> Account:
        """Whoever may write: anybody who may read, to a pull request of theirs; the owners, anywhere."""
        proposes = request.query.get("create_pr") == "1"
        for discussion in repo["discussions"]:
            if revision == f"refs/pr/{discussion['num']}":
                account = self.accounts.signed_in(request.token)
                if account.writes and account.name == discussion["author"]["name"]:
                    return account
        if not proposes:
            return self.accounts.may_write(request.token, repo["id"])
        account = self.accounts.signed_in(request.token)
        self.accounts.may_read(request.token, repo)
        if not account.writes:
            raise HubError(403, "This token may not write")
        return account

    def preupload(self, request: Request, kind: str, repo_id: str, revision: str) -> Answer:
        repo = self._repo(kind, repo_id)
        self._writer(request, repo, revision)
        oid = self.store.resolve(repo, revision)
        tree = self.store.tree(oid)
        patterns = self._lfs_patterns(tree)
        files = []
        for file in request.json()["files"]:
            path = file["path"]
            name = path.rpartition("/")[2]
            large = file["size"] > _LARGEST_REGULAR or any(fnmatchcase(name, pattern) for pattern in patterns)
            mode = "lfs" if large or _binary(base64.b64decode(file.get("sample") or "")) else "regular"
            answer = {"path": path, "uploadMode": mode, "shouldIgnore": False}
            if path in tree:
                answer["oid"] = tree[path]["sha256" if tree[path]["lfs"] else "oid"]
            files.append(answer)
        return Answer({"files": files, "commitOid": oid})

    def _repo(self, kind: str, repo_id: str) -> dict[str, Any]:
        found = self.store.find(kind, repo_id)
        if found is None:
            raise repo_not_found()
        return found

    def _lfs_patterns(self, tree: Tree) -> list[str]:
        if ".gitattributes" not in tree:
            return []
        lines = self.store.blob(tree[".gitattributes"]["sha256"]).read_text(encoding="utf-8").splitlines()
        return [words[0] for words in map(str.split, lines) if "filter=lfs" in words[1:]]

    def commit(self, request: Request, kind: str, repo_id: str, revision: str) -> Answer:
        lines = [json.loads(line) for line in request.body().splitlines() if line.strip()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        contents = [self._prepared(line) for line in lines if line["key"] != "header"]
        with self.store.change(kind, repo_id) as repo:
            account = self._writer(request, repo, revision)
            proposes = request.query.get("create_pr") == "1"
            if proposes and repo["discussionsDisabled"]:
                raise HubError(403, "Pull requests are disabled for this repository")
            ref = self._branch(repo, revision)
            parent = repo["refs"][ref]
            if header.get("parentCommit") not in (None, parent):
                raise HubError(412, "A commit has happened since. Please refresh and try again.")
            tree = _applied(self.store.tree(parent), contents)
            oid = self.store.add_commit(
                repo, [parent], tree, header["summary"], header.get("description") or "", account.name
            )
            answer = {
                "success": True,
                "commitOid": oid,
                "commitUrl": f"{request.base}/{kind}/{repo_id}/commit/{oid}".replace("/models/", "/"),
                "hookOutput": "",
            }
            if proposes:
                opened = open_discussion(
                    repo, header["summary"], header.get("description") or "", account.name, base=parent
                )
                opened["status"] = "open"
                ref = f"refs/pr/{opened['num']}"
                page = f"{request.base}/{kind}/{repo_id}/discussions/{opened['num']}".replace("/models/", "/")
                answer["pullRequestUrl"] = page
            repo["refs"][ref] = oid
            _tell(repo, ref, oid, header["summary"], account.name)
        return Answer(answer)

    def _branch(self, repo: dict[str, Any], revision: str) -> str:
        for ref in self.store.ref(revision):
            if ref in repo["refs"] and not ref.startswith("refs/tags/"):
                break
        else:
            raise revision_not_found(revision)
        for discussion in repo["discussions"]:
            if ref == f"refs/pr/{discussion['num']}" and discussion["status"] in ("closed", "merged"):
                raise HubError(403, f"This pull request is {discussion['status']}")
        return ref

    def _prepared(self, line: dict[str, Any]) -> tuple[str, str, dict[str, Any] | None]:
        """Key, path and tree entry of one operation, its content stored."""
        key, value = line["key"], line["value"]
        path = value["path"].strip("/")
        if not path or ".git" in path.split("/") or ".." in path.split("/"):
            raise HubError(400, f"Invalid path: {path!r}")
        if key in ("deletedFile", "deletedFolder"):
            return key, path, None
        if key == "file":
            content = (
                base64.b64decode(value["content"]) if value.get("encoding") == "base64" else value["content"].encode()
            )
            if path == "README.md":
                errors, _ = validate(content.decode())
                if errors:
                    raise HubError(400, "Invalid metadata in README.md: " + "; ".join(errors))
            if len(content) > _LARGEST_REGULAR or _binary(content[:512]):
                raise HubError(400, f"Your push was rejected because {path} is too large or binary: use LFS")
            entry = {
                "oid": git_oid(content),
                "size": len(content),
                "sha256": self.store.add_blob(content),
                "lfs": False,
            }
            return key, path, entry
        if key == "lfsFile":
            blob = self.store.blob(value["oid"])
            if not blob.exists():
                raise HubError(400, f"LFS pointer pointed to a file that does not exist: {value['oid']}")
            return key, path, lfs_entry(value["oid"], blob.stat().st_size)
        raise HubError(400, f"Unknown operation: {key}")


def _binary(sample: bytes) -> bool:
    if b"\0" in sample:
        return True
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.start < len(sample) - 3  # not a character cut by the end of the sample
    return False


def _applied(old: Tree, operations: list[tuple[str, str, dict[str, Any] | None]]) -> Tree:
    tree = dict(old)
    for key, path, entry in operations:
        if entry is not None:
            tree[path] = entry
        elif key == "deletedFile":
            if tree.pop(path, None) is None:
                raise HubError(404, f"Cannot delete {path}: no such file", "EntryNotFound")
        else:
            inside = [name for name in tree if name.startswith(f"{path}/")]
            if not inside:
                raise HubError(404, f"Cannot delete {path}: no such folder", "EntryNotFound")
            for name in inside:
                del tree[name]
    return tree


def _tell(repo: dict[str, Any], ref: str, oid: str, title: str, author: str) -> None:
    """A commit to a pull request shows among its events."""
    for discussion in repo["discussions"]:
        if ref == f"refs/pr/{discussion['num']}":
            event = {"id": oid[:24], "type": "commit", "createdAt": now(), "author": {"name": author}}
            discussion["events"].append({**event, "data": {"subject": title, "oid": oid}})
