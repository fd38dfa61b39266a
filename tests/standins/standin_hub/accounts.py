"""Who a token belongs to, and what it may do."""

from dataclasses import dataclass
from typing import Any

from tests.standins.standin_hub.errors import HubError, repo_not_found

ROLES = ("read", "write", "fineGrained")  # a fine-grained token may write under its owner's name


@dataclass(frozen=True)
class Account:
    token: str
    name: str
    role: str = "write"
    organizations: tuple[str, ...] = ()

    @property
    def writes(self) -> bool:
        return self.role != "read"

    def owns(self, repo_id: str) -> bool:
        return repo_id.split("/")[0] in (self.name, *self.organizations)

    def whoami(self) -> dict[str, Any]:
        token: dict[str, Any] = {"displayName": "stand-in", "role": self.role, "createdAt": "2025-01-01T00:00:00.000Z"}
        if self.role == "fineGrained":
            scope = {"entity": {"_id": "0" * 24, "type": "user", "name": self.name}}
            permissions = ["repo.content.read", "repo.write", "discussion.write"]
            token["fineGrained"] = {"global": [], "scoped": [{**scope, "permissions": permissions}]}
        organizations = [
            {"type": "org", "id": f"org-{name}", "name": name, "fullname": name, "roleInOrg": "write"}
            for name in self.organizations
        ]
        return {
            "type": "user",
            "id": f"user-{self.name}",
            "name": self.name,
            "fullname": self.name,
            "email": f"{self.name}@example.com",
            "emailVerified": True,
            "canPay": False,
            "isPro": False,
            "orgs": organizations,
            "auth": {"type": "access_token", "accessToken": token},
        }


class Accounts:
    def __init__(self, accounts: list[Account]) -> None:
        self._by_token = {account.token: account for account in accounts}

    def who(self, token: str) -> Account | None:
        """None for nobody; an unknown token is an error, as on the Hub, even where none is needed."""
        if not token:
            return None
        if token not in self._by_token:
            raise HubError(401, "Invalid credentials in Authorization header")
        return self._by_token[token]

    def signed_in(self, token: str) -> Account:
        account = self.who(token)
        if account is None:
            raise HubError(401, "Invalid username or password.")
        return account

    def may_read(self, token: str, repo: dict[str, Any]) -> None:
        account = self.who(token)
        if repo["private"] and not (account and account.owns(repo["id"])):
            raise repo_not_found()

    def may_write(self, token: str, repo_id: str) -> Account:
        account = self.signed_in(token)
        if not (account.writes and account.owns(repo_id)):
            raise HubError(403, f"You don't have the rights to write to {repo_id} with this token")
        return account
