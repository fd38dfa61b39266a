"""Accounts, repositories, their settings, branches, tags and histories."""

import re
from typing import Any

from tests.standins.standin_hub.accounts import Accounts
from tests.standins.standin_hub.card import card_data, validate
from tests.standins.standin_hub.errors import HubError, revision_not_found
from tests.standins.standin_hub.store import Store, pointer
from tests.standins.standin_hub.web import Answer, Request, Route

REPO = r"/api/(?P<kind>models|datasets|spaces)/(?P<repo_id>[^/]+/[^/]+)"
REVISION = r"(?P<revision>refs/(?:pr|convert|heads|tags)/[^/]+|[^/]+)"
_NAME = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}(?<![-.])")


class Repos:
    def __init__(self, store: Store, accounts: Accounts) -> None:
        self.store, self.accounts = store, accounts

    def routes(self) -> list[Route]:
        def route(method: str, kind: str, path: str, answer: Any) -> Route:
            return Route(method, kind, re.compile(path), answer)

        return [
            route("GET", "whoami", "/api/whoami-v2", self.whoami),
            route("POST", "validate-yaml", "/api/validate-yaml", self.validate_yaml),
            route("POST", "create", "/api/repos/create", self.create),
            route("DELETE", "delete", "/api/repos/delete", self.delete),
            route("GET", "auth-check", f"{REPO}/auth-check(?P<write>/write)?", self.auth_check),
            route("PUT", "settings", f"{REPO}/settings", self.settings),
            route("GET", "info", f"{REPO}(/revision/{REVISION})?", self.info),
            route("GET", "refs", f"{REPO}/refs", self.refs),
            route("POST", "branch", f"{REPO}/branch/(?P<name>.+)", self.create_branch),
            route("DELETE", "branch", f"{REPO}/branch/(?P<name>.+)", self.delete_branch),
            route("POST", "tag", f"{REPO}/tag/{REVISION}", self.create_tag),
            route("DELETE", "tag", f"{REPO}/tag/(?P<name>.+)", self.delete_tag),
            route("GET", "commits", f"{REPO}/commits/{REVISION}", self.commits),
        ]

    def whoami(self, request: Request) -> Answer:
        return Answer(self.accounts.signed_in(request.token).whoami())

    def validate_yaml(self, request: Request) -> Answer:
        errors, warnings = validate(request.json()["content"])
        answer = {
            "errors": [{"message": text} for text in errors],
            "warnings": [{"message": text} for text in warnings],
        }
        return Answer(answer, 400 if errors else 200)

    # Repositories

    def create(self, request: Request) -> Answer:
        account = self.accounts.signed_in(request.token)
        asked = request.json()
        repo_id, kind = self._named(asked, account.name)
        if not _NAME.fullmatch(asked["name"]):
            raise HubError(400, f"Invalid repo name: {asked['name']!r}")
        self.accounts.may_write(request.token, repo_id)
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        url = f"{request.base}/{kind}/{repo_id}".replace("/models/", "/")
        try:
            repo = self.store.create(kind, repo_id, private, account.name)
        except HubError as error:
            return Answer({"error": error.message, "url": url}, error.status)
        return Answer({"url": url, "name": repo_id, "id": repo["_id"]})

    def _named(self, asked: dict[str, Any], owner: str) -> tuple[str, str]:
        return f"{asked.get('organization') or owner}/{asked['name']}", f"{asked.get('type') or 'model'}s"

    def delete(self, request: Request) -> Answer:
        repo_id, kind = self._named(request.json(), self.accounts.signed_in(request.token).name)
        self.store.repo(kind, repo_id)
        self.accounts.may_write(request.token, repo_id)
        self.store.delete(kind, repo_id)
        return Answer({})

    def readable(self, request: Request, kind: str, repo_id: str) -> dict[str, Any]:
        repo = self.store.repo(kind, repo_id)
        self.accounts.may_read(request.token, repo)
        return repo

    def auth_check(self, request: Request, kind: str, repo_id: str, write: str = "") -> Answer:
        self.readable(request, kind, repo_id)
        if write:
            self.accounts.may_write(request.token, repo_id)
        return Answer({})

    def settings(self, request: Request, kind: str, repo_id: str) -> Answer:
        self.accounts.may_write(request.token, repo_id)
        asked = request.json()
        with self.store.change(kind, repo_id) as repo:
            if "visibility" in asked or "private" in asked:
                repo["private"] = asked.get("visibility") == "private" or bool(asked.get("private"))
            repo["discussionsDisabled"] = asked.get("discussionsDisabled", repo["discussionsDisabled"])
        return Answer({"private": repo["private"], "discussionsDisabled": repo["discussionsDisabled"]})

    def info(self, request: Request, kind: str, repo_id: str, revision: str = "main") -> Answer:
        repo = self.readable(request, kind, repo_id)
        oid = self.store.resolve(repo, revision)
        tree = self.store.tree(oid)
        card: dict[str, Any] = {}
        if "README.md" in tree:
            card = card_data(self.store.blob(tree["README.md"]["sha256"]).read_text(encoding="utf-8"))
        siblings: list[dict[str, Any]] = []
        for path, entry in tree.items():
            sibling: dict[str, Any] = {"rfilename": path}
            if request.query.get("blobs", "").lower() == "true":
                sibling |= {"size": entry["size"], "blobId": entry["oid"]}
                if entry["lfs"]:
                    sibling["lfs"] = {
                        "sha256": entry["sha256"],
                        "size": entry["size"],
                        "pointerSize": len(pointer(entry["sha256"], entry["size"])),
                    }
            siblings.append(sibling)
        answer = {
            "_id": repo["_id"],
            "id": repo_id,
            "author": repo_id.split("/")[0],
            "sha": oid,
            "createdAt": repo["createdAt"],
            "lastModified": self.store.commit(oid)["date"],
            "private": repo["private"],
            "gated": False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "usedStorage": sum(entry["size"] for entry in tree.values()),
            "tags": card.get("tags") or [],
            "cardData": card,
            "siblings": siblings,
        }
        if kind == "models":
            answer |= {"modelId": repo_id}
        return Answer(answer)

    # Branches and tags

    def refs(self, request: Request, kind: str, repo_id: str) -> Answer:
        repo = self.readable(request, kind, repo_id)
        groups = {
            "branches": "refs/heads/",
            "tags": "refs/tags/",
            "converts": "refs/convert/",
            "pullRequests": "refs/pr/",
        }
        if not request.query.get("include_prs"):
            del groups["pullRequests"]
        answer = {}
        for group, prefix in groups.items():
            found = [(ref, oid) for ref, oid in repo["refs"].items() if ref.startswith(prefix)]
            answer[group] = [{"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": oid} for ref, oid in found]
        return Answer(answer)

    def create_branch(self, request: Request, kind: str, repo_id: str, name: str) -> Answer:
        if name.startswith("refs/"):
            raise HubError(400, f"Invalid reference for a branch: {name}")
        asked = request.json()
        return self._new_ref(request, kind, repo_id, f"refs/heads/{name}", asked.get("startingPoint") or "main")

    def create_tag(self, request: Request, kind: str, repo_id: str, revision: str) -> Answer:
        return self._new_ref(request, kind, repo_id, f"refs/tags/{request.json()['tag']}", revision)

    def _new_ref(self, request: Request, kind: str, repo_id: str, ref: str, revision: str) -> Answer:
        self.readable(request, kind, repo_id)
        self.accounts.may_write(request.token, repo_id)
        with self.store.change(kind, repo_id) as repo:
            if ref in repo["refs"]:
                raise HubError(409, f"Reference already exists: {ref}")
            repo["refs"][ref] = self.store.resolve(repo, revision)
        return Answer({})

    def delete_branch(self, request: Request, kind: str, repo_id: str, name: str) -> Answer:
        if name == "main":
            raise HubError(403, "Cannot delete the main branch")
        return self._drop_ref(request, kind, repo_id, f"refs/heads/{name}")

    def delete_tag(self, request: Request, kind: str, repo_id: str, name: str) -> Answer:
        return self._drop_ref(request, kind, repo_id, f"refs/tags/{name}")

    def _drop_ref(self, request: Request, kind: str, repo_id: str, ref: str) -> Answer:
        self.readable(request, kind, repo_id)
        self.accounts.may_write(request.token, repo_id)
        with self.store.change(kind, repo_id) as repo:
            if repo["refs"].pop(ref, None) is None:
                raise revision_not_found(ref)
        return Answer({})

    def commits(self, request: Request, kind: str, repo_id: str, revision: str) -> Answer:
        repo = self.readable(request, kind, repo_id)
        found = [
            {
                "id": oid,
                "title": commit["title"],
                "message": commit["message"],
                "authors": [{"user": commit["author"], "avatar": ""}],
                "date": commit["date"],
            }
            for oid, commit in self.store.history(self.store.resolve(repo, revision))
        ]
        return Answer(found)
