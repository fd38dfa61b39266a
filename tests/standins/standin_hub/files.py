"""Reading a repository: trees by pages, information on paths, and files, whole or by range."""

import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from tests.standins.standin_hub.accounts import Accounts
from tests.standins.standin_hub.errors import HubError, entry_not_found
from tests.standins.standin_hub.repos import REPO, REVISION
from tests.standins.standin_hub.store import Entry, Store, pointer
from tests.standins.standin_hub.web import Answer, Request, Route
from tests.standins.standin_hub.xet import Xet

_MOST_PATHS = 1000


class Files:
    def __init__(self, store: Store, accounts: Accounts, xet: Xet, page_size: int) -> None:
        self.store, self.accounts, self.xet, self.page_size = store, accounts, xet, page_size

    def routes(self) -> list[Route]:
        resolve = rf"/(?:(?P<kind>datasets|spaces)/)?(?P<repo_id>[^/]+/[^/]+)/resolve/{REVISION}/(?P<path>.+)"
        return [
            Route("GET", "tree", re.compile(rf"{REPO}/tree/{REVISION}(?:/(?P<path>.*))?"), self.tree),
            Route("POST", "paths-info", re.compile(rf"{REPO}/paths-info/{REVISION}"), self.paths_info),
            Route("GET", "resolve", re.compile(resolve), self.resolve),
        ]

    def _found(self, request: Request, kind: str, repo_id: str, revision: str) -> str:
        repo = self.store.repo(kind, repo_id)
        self.accounts.may_read(request.token, repo)
        return self.store.resolve(repo, revision)

    def tree(self, request: Request, kind: str, repo_id: str, revision: str, path: str = "") -> Answer:
        oid = self._found(request, kind, repo_id, revision)
        recursive = request.query.get("recursive", "").lower() in ("true", "1")
        expand = request.query.get("expand", "").lower() in ("true", "1")
        names = self._children(oid, path.strip("/"), recursive)
        size = min(self.page_size, 50) if expand else self.page_size
        size = min(size, int(request.query.get("limit") or size))
        after = request.query.get("cursor")
        start = next((at for at, name in enumerate(names) if after is not None and name > after), 0)
        page = names[start : start + size]
        headers = {}
        if start + size < len(names):
            query = urlencode({**request.query, "cursor": page[-1]})
            headers["Link"] = f'<{request.base}{request.handler.path.partition("?")[0]}?{query}>; rel="next"'
        return Answer([self._described(oid, name, expand) for name in page], headers=headers)

    def _children(self, oid: str, folder: str, recursive: bool) -> list[str]:
        """Paths of files and folders below a folder, sorted."""
        tree = self.store.tree(oid)
        prefix = f"{folder}/" if folder else ""
        found: set[str] = set()
        for path in tree:
            if not path.startswith(prefix):
                continue
            parts = path.removeprefix(prefix).split("/")
            depth = len(parts) if recursive else 1
            found.update(prefix + "/".join(parts[:length]) for length in range(1, depth + 1))
        if folder and not found:
            raise entry_not_found(folder)
        return sorted(found)

    def _described(self, oid: str, path: str, expand: bool) -> dict[str, Any]:
        entry = self.store.tree(oid).get(path)
        described: dict[str, Any]
        if entry is None:
            below = {name: e["oid"] for name, e in self.store.tree(oid).items() if name.startswith(f"{path}/")}
            tree_oid = hashlib.sha1(json.dumps(below).encode()).hexdigest()
            described = {"type": "directory", "oid": tree_oid, "size": 0, "path": path}
        else:
            described = {"type": "file", "oid": entry["oid"], "size": entry["size"], "path": path}
            if entry["lfs"]:
                size = len(pointer(entry["sha256"], entry["size"]))
                described["lfs"] = {"oid": entry["sha256"], "size": entry["size"], "pointerSize": size}
                if file_hash := self.xet.file_hash(entry["sha256"]):
                    described["xetHash"] = file_hash
        if expand:
            changed, commit = self.store.last_change(oid, path)
            described["lastCommit"] = {"id": changed, "title": commit["title"], "date": commit["date"]}
            if entry is not None:
                described["securityFileStatus"] = {"status": "unscanned", "avScan": None, "pickleImportScan": None}
        return described

    def paths_info(self, request: Request, kind: str, repo_id: str, revision: str) -> Answer:
        oid = self._found(request, kind, repo_id, revision)
        body = request.body()
        if request.headers.get("Content-Type", "").startswith("application/json"):
            asked = json.loads(body)
            paths, expand = asked["paths"], bool(asked.get("expand"))
        else:
            form = parse_qs(body.decode())
            paths, expand = form.get("paths", []), form.get("expand", ["false"])[0].lower() == "true"
        if len(paths) > _MOST_PATHS:
            raise HubError(413, "too many parameters")
        every = set(self._children(oid, "", recursive=True))
        wanted = [path.strip("/") for path in paths]
        return Answer([self._described(oid, path, expand) for path in wanted if path in every])

    def resolve(self, request: Request, repo_id: str, revision: str, path: str, kind: str = "models") -> Answer:
        oid = self._found(request, kind, repo_id, revision)
        headers = {"X-Repo-Commit": oid}
        try:
            entry = self.store.entry(oid, path)
        except HubError as error:
            # The commit is told even so: clients cache that the file is not there.
            headers |= {"X-Error-Code": error.code, "X-Error-Message": error.message}
            return Answer({"error": error.message}, error.status, headers)
        headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(path.rpartition('/')[2])}"
        if not entry["lfs"]:
            headers |= {"ETag": f'"{entry["oid"]}"', "Content-Type": "text/plain; charset=utf-8"}
            return Answer(self.store.blob(entry["sha256"]), headers=headers)
        return Answer(b"", 302, headers | self._linked(request, kind, repo_id, oid, entry))

    def _linked(self, request: Request, kind: str, repo_id: str, oid: str, entry: Entry) -> dict[str, str]:
        """Headers that send a reader of an LFS file to the storage, or a client that knows Xet to that."""
        sha256 = entry["sha256"]
        headers = {
            "Location": f"{request.storage}/storage/{sha256}",
            "X-Linked-Size": str(entry["size"]),
            "X-Linked-ETag": f'"{sha256}"',
        }
        if file_hash := self.xet.file_hash(sha256):
            token = f"{request.base}/api/{kind}/{repo_id}/xet-read-token/{oid}"
            headers |= {"X-Xet-Hash": file_hash, "Link": f'<{token}>; rel="xet-auth"'}
        return headers
