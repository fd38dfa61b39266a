"""The Hub's way to say no: a status, a sentence, and the `X-Error-Code` by which its clients tell errors apart."""


class HubError(Exception):
    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


def repo_not_found() -> HubError:
    """Also what the Hub says of a private repository to those who may not read it."""
    return HubError(404, "Repository not found", "RepoNotFound")


def revision_not_found(revision: str) -> HubError:
    return HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def entry_not_found(path: str) -> HubError:
    return HubError(404, f"Entry not found: {path}", "EntryNotFound")
