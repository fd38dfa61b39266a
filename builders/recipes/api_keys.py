"""Servers' keys and headers: secrets come from the environment, looked at before any work, and stay out of recipes."""

import os
import re
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from builders.recipes.base import BaseUrl, KeyVariable, Strict
from processors.clients.address import Address, Headers, Rates
from processors.errors import InputError

LOOPBACK = ("localhost", "127.0.0.1", "::1")


# RFC 9110's token: what a header may be called.
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SECRET = re.compile(r"authorization|cookie|key|token|secret|password", re.IGNORECASE)
# What the client writes itself.
_OURS = frozenset({"host", "content-type", "content-length", "transfer-encoding", "connection"})


def _header(name: str) -> str:
    if not _HEADER.fullmatch(name) or name.lower() in _OURS:
        raise ValueError(
            f"'{name}': expected the name of a header such as X-Title, and none that requests have anyway"
        )
    return name


HeaderName = Annotated[str, AfterValidator(_header)]


class ServerTerms(Strict):
    """What each request to a server carries beside its content, and how many it takes."""

    key_header: HeaderName = Field(
        "Authorization", description="that brings the key: `Bearer KEY` here, in others (api-key, x-api-key) it alone"
    )
    headers: dict[HeaderName, str] = Field({}, description="more of them, such as {X-Title: my dataset}; no secrets")
    headers_env: dict[HeaderName, KeyVariable] = Field(
        {}, description="more of them whose values are secret: for each the environment variable that holds it"
    )

    requests_per_minute: float | None = Field(
        None, gt=0, description="that it takes; shared by all processes of the run, on any machine"
    )
    tokens_per_minute: float | None = Field(None, gt=0, description="as requests_per_minute, of prompts and answers")

    @field_validator("headers")
    @classmethod
    def _nothing_secret(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if _SECRET.search(name):
                raise ValueError(f"{name}: looks like a secret, which a recipe shall not hold; give it by headers_env")
            if not (value.isascii() and value.isprintable()):
                raise ValueError(f"{name}: a header's value is printable ASCII")
        return headers

    def rates(self) -> Rates:
        """As the clients take them."""
        return Rates(self.requests_per_minute, self.tokens_per_minute)

    def own_headers(self) -> Headers:
        """As the clients take them."""
        return Headers(self.key_header, tuple(self.headers.items()), tuple(self.headers_env.items()))


class EndpointAddress(ServerTerms):
    """One of several servers of a translator, or one of several keys."""

    base_url: BaseUrl
    api_key_env: KeyVariable | None = None
    weight: float = Field(1.0, gt=0, le=1000, description="share of the requests, against the others' weights")
    model: str | None = Field(None, description="the model's name there, where it is another")

    def address(self) -> Address:
        """As the clients take it."""
        return Address(self.base_url, self.api_key_env, self.weight, self.model, self.own_headers(), self.rates())


def check_key(name: str, base_url: str, variable: str | None, *, warn: Callable[[str], None]) -> None:
    """Raise InputError where the environment has no key for `name`'s server; warn where it would travel unencrypted.

    `variable` is None for a server that takes no key.
    """
    if variable is None:
        return
    if not os.environ.get(variable, "").strip():
        raise InputError(f"{name}: the environment variable {variable} is not set; export the server's key in it")
    address = urlsplit(base_url)
    if address.scheme == "http" and address.hostname not in LOOPBACK:
        warn(f"{name}: its key is sent unencrypted to {base_url}")
