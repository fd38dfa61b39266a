"""Where a server is, without its key."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import urlsplit

from processors.errors import InputError

EXPECTED = "expected an address such as http://localhost:8000/v1, without a user, key or query in it"


def is_address(url: str) -> bool:
    """Whether a URL is the base of an API that can be asked, with nothing in it that may be a secret.

    >>> is_address("http://localhost:8000/v1"), is_address("http://localhost:80000/v1"), is_address("https://u:p@h/v1")
    (True, False, False)
    """
    try:
        parts = urlsplit(url)
        # Reading the port raises ValueError where it is no number or too large.
        there = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return there and parts.scheme in ("http", "https") and not re.search(r"[@?#\s]", url)


@dataclass(frozen=True)
class Headers:
    """What each request to one server carries beside its content.

    `key` is the header that brings the key: `Authorization` as `Bearer <key>`, any other (`api-key`, `x-api-key`) the
    key alone. `plain` are names and values, `secret` names and the NAMES of the variables with their values.
    """

    key: str = "Authorization"
    plain: tuple[tuple[str, str], ...] = ()
    secret: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Rates:
    """What a server takes at most; None where it is not told."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True)
class Address:
    """Where one server is. Holds the NAMES of the variables with its key, so it may be written down anywhere.

    `weight` is its share of the requests, `model` the model's name there where it has another one.
    """

    base_url: str
    api_key_env: str | None = None
    weight: float = 1.0
    model: str | None = None
    headers: Headers = Headers()
    rates: Rates = Rates()

    def __post_init__(self) -> None:
        if not is_address(self.base_url):
            raise InputError(
                f"base_url: {EXPECTED}; give a key by the name of its environment variable in api_key_env"
            )

    @property
    def slug(self) -> str:
        """A name for it in a folder: the host, and what tells it from others with another path or key."""
        told = blake2b(f"{self.base_url} {self.api_key_env}".encode(), digest_size=4).hexdigest()
        return f"{re.sub(r'[^A-Za-z0-9.]', '_', self.host)}-{told}"

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    @property
    def api_base(self) -> str:
        """The address up to and with the version: `/v1` is added where the path has none."""
        base = re.sub(r"/(chat/)?completions/?$", "", self.base_url).rstrip("/")
        last = urlsplit(base).path.rsplit("/", 1)[-1]
        return base if re.fullmatch(r"v\d+\w*|openai", last) else f"{base}/v1"
