"""Servers' keys, looked at before any work: they come from the environment and shall not travel unencrypted."""

import os
from collections.abc import Callable
from urllib.parse import urlsplit

from processors.errors import InputError

LOOPBACK = ("localhost", "127.0.0.1", "::1")


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
