"""Discussions and pull requests: opening, commenting, status, and the merge, which is one step."""

import re
import uuid
from typing import Any

from tests.standins.standin_hub.accounts import Accounts
from tests.standins.standin_hub.errors import HubError
from tests.standins.standin_hub.repos import REPO
from tests.standins.standin_hub.store import Store, Tree, now
from tests.standins.standin_hub.web import Answer, Request, Route

_PAGE = 50


def _event(kind: str, author: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"id": uuid.uuid4().hex[:24], "type": kind, "createdAt": now(), "author": {"name": author}, "data": data}


def _comment(author: str, text: str) -> dict[str, Any]:
    latest = {"raw": text, "html": "", "updatedAt": now(), "author": {"name": author}}
    return _event("comment", author, {"edited": False, "hidden": False, "latest": latest, "history": []})


def open_discussion(
    repo: dict[str, Any], title: str, text: str, author: str, *, base: str | None = None
) -> dict[str, Any]:
    """Add a discussion to a repository that is being changed; with the commit it starts from, a pull request."""
    discussion = {
        "num": len(repo["discussions"]) + 1,
        "title": title,
        "status": "draft" if base else "open",
        "isPullRequest": base is not None,
        "author": {"name": author, "type": "user"},
        "createdAt": now(),
        "events": [_comment(author, text)],
        "base": base,
        "mergeCommitId": None,
    }
    repo["discussions"].append(discussion)
    return discussion


class Discussions:
    def __init__(self, store: Store, accounts: Accounts) -> None:
        self.store, self.accounts = store, accounts

    def routes(self) -> list[Route]:
        one = rf"{REPO}/discussions/(?P<number>\d+)"
        return [
            Route("GET", "discussions", re.compile(f"{REPO}/discussions"), self.listed),
            Route("POST", "discussion-open", re.compile(f"{REPO}/discussions"), self.open),
            Route("GET", "discussion", re.compile(one), self.details),
            Route("POST", "comment", re.compile(f"{one}/comment"), self.comment),
            Route("POST", "status", re.compile(f"{one}/status"), self.status),
            Route("POST", "title", re.compile(f"{one}/title"), self.title),
            Route("POST", "merge", re.compile(f"{one}/merge"), self.merge),
        ]

    def _readable(self, request: Request, kind: str, repo_id: str) -> dict[str, Any]:
        repo = self.store.repo(kind, repo_id)
        self.accounts.may_read(request.token, repo)
        return repo

    @staticmethod
    def _one(repo: dict[str, Any], number: str) -> dict[str, Any]:
        if not 0 < int(number) <= len(repo["discussions"]):
            raise HubError(404, "This discussion does not exist")
        return repo["discussions"][int(number) - 1]

    @staticmethod
    def _summary(repo: dict[str, Any], discussion: dict[str, Any]) -> dict[str, Any]:
        keep = ("num", "title", "status", "isPullRequest", "author", "createdAt")
        return {**{key: discussion[key] for key in keep}, "repo": {"name": repo["id"], "type": repo["kind"][:-1]}}

    def listed(self, request: Request, kind: str, repo_id: str) -> Answer:
        repo = self._readable(request, kind, repo_id)
        query = request.query
        found = [self._summary(repo, discussion) for discussion in reversed(repo["discussions"])]
        if query.get("type") in ("pull_request", "discussion"):
            found = [one for one in found if one["isPullRequest"] == (query["type"] == "pull_request")]
        if query.get("status") in ("open", "closed"):
            found = [one for one in found if (one["status"] in ("open", "draft")) == (query["status"] == "open")]
        if author := query.get("author"):
            found = [one for one in found if one["author"]["name"] == author]
        start = int(query.get("p") or 0) * _PAGE
        return Answer({"discussions": found[start : start + _PAGE], "count": len(found), "start": start})

    def open(self, request: Request, kind: str, repo_id: str) -> Answer:
        account = self.accounts.signed_in(request.token)
        self._readable(request, kind, repo_id)
        if not account.writes:
            raise HubError(403, "This token may not write")
        asked = request.json()
        if not 3 <= len(asked["title"]) <= 200:
            raise HubError(400, "A title has 3 to 200 characters")
        with self.store.change(kind, repo_id) as repo:
            if repo["discussionsDisabled"]:
                raise HubError(403, "Discussions are disabled for this repository")
            base = self.store.resolve(repo, "main") if asked.get("pullRequest") else None
            opened = open_discussion(repo, asked["title"], asked["description"], account.name, base=base)
            if base:
                repo["refs"][f"refs/pr/{opened['num']}"] = base
        page = f"{request.base}/{kind}/{repo_id}/discussions/{opened['num']}".replace("/models/", "/")
        return Answer({"num": opened["num"], "pullRequest": base is not None, "url": page})

    def details(self, request: Request, kind: str, repo_id: str, number: str) -> Answer:
        repo = self._readable(request, kind, repo_id)
        discussion = self._one(repo, number)
        answer = {**self._summary(repo, discussion), "events": discussion["events"]}
        if discussion["isPullRequest"]:
            changes = {"base": "refs/heads/main", "mergeCommitId": discussion["mergeCommitId"]}
            pending = discussion["status"] in ("open", "draft")
            conflicts = self._merged(repo, discussion)[1] if pending else []
            answer |= {"changes": changes, "filesWithConflicts": conflicts, "diff": ""}
        return Answer(answer)

    def comment(self, request: Request, kind: str, repo_id: str, number: str) -> Answer:
        account = self.accounts.signed_in(request.token)
        event = _comment(account.name, request.json()["comment"])
        with self.store.change(kind, repo_id) as repo:
            self.accounts.may_read(request.token, repo)
            self._one(repo, number)["events"].append(event)
        return Answer({"newMessage": event})

    def title(self, request: Request, kind: str, repo_id: str, number: str) -> Answer:
        account = self.accounts.may_write(request.token, repo_id)
        title = request.json()["title"]
        with self.store.change(kind, repo_id) as repo:
            discussion = self._one(repo, number)
            event = _event("title-change", account.name, {"from": discussion["title"], "to": title})
            discussion["title"] = title
            discussion["events"].append(event)
        return Answer({"newTitle": event})

    def status(self, request: Request, kind: str, repo_id: str, number: str) -> Answer:
        account = self.accounts.signed_in(request.token)
        asked = request.json()
        if asked["status"] not in ("open", "closed"):
            raise HubError(400, '"status" must be one of [open, closed]')
        with self.store.change(kind, repo_id) as repo:
            discussion = self._one(repo, number)
            if account.name != discussion["author"]["name"]:
                self.accounts.may_write(request.token, repo_id)
            if discussion["status"] == "merged":
                raise HubError(400, "This pull request is merged")
            event = _event("status-change", account.name, {"status": asked["status"], "reason": asked.get("comment")})
            discussion["status"] = asked["status"]
            discussion["events"].append(event)
        return Answer({"newStatus": event})

    def merge(self, request: Request, kind: str, repo_id: str, number: str) -> Answer:
        """Move `main` to the pull request's content and close it, in one replacement of one file."""
        account = self.accounts.may_write(request.token, repo_id)
        text = request.json().get("comment")
        with self.store.change(kind, repo_id) as repo:
            discussion = self._one(repo, number)
            if not discussion["isPullRequest"] or discussion["status"] != "open":
                raise HubError(400, f"Only an open pull request can be merged; this one is {discussion['status']}")
            tree, conflicts = self._merged(repo, discussion)
            if conflicts:
                raise HubError(409, f"Merge conflict in {', '.join(conflicts)}")
            main, head = repo["refs"]["refs/heads/main"], repo["refs"][f"refs/pr/{number}"]
            title = f"{discussion['title']} (#{number})"
            oid = self.store.add_commit(repo, [main, head], tree, title, "", account.name)
            repo["refs"]["refs/heads/main"] = discussion["mergeCommitId"] = oid
            discussion["status"] = "merged"
            discussion["events"] += [_comment(account.name, text)] if text else []
            discussion["events"].append(_event("status-change", account.name, {"status": "merged"}))
        return Answer({"mergeCommitId": oid})

    def _merged(self, repo: dict[str, Any], discussion: dict[str, Any]) -> tuple[Tree, list[str]]:
        """`main` with the pull request's changes, and the paths that both changed, each in its way."""
        base = self.store.tree(discussion["base"])
        ours = self.store.tree(repo["refs"]["refs/heads/main"])
        theirs = self.store.tree(repo["refs"][f"refs/pr/{discussion['num']}"])
        tree, conflicts = dict(ours), []
        for path in sorted(base.keys() | theirs.keys()):
            if theirs.get(path) == base.get(path) or theirs.get(path) == ours.get(path):
                continue
            if ours.get(path) != base.get(path):
                conflicts.append(path)
            elif path in theirs:
                tree[path] = theirs[path]
            else:
                tree.pop(path, None)
        return tree, conflicts
