"""Who may ask the review's server: a browser on this machine that was given the address with its secret.

Any page that is open in a browser can send requests to a port of its machine, and a name of its own can be made to
point there (DNS rebinding). So a request must name this machine as its host, come from the page itself, and have the
secret, which is new each time that the server starts and is written nowhere.
"""

import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hub.pages import LANGUAGES, PageWords

_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cross-origin-resource-policy": "same-origin",
    # The address has the secret.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
PAGE, TOKEN = "/", "token"


class ReviewGate:
    """An ASGI application before another one: what is refused never gets there. `port` names the cookie, which
    browsers send to every port of a host."""

    def __init__(self, app: Any, token: str, port: int) -> None:
        self.app, self.token, self.cookie = app, token, f"smolkalam-review-{port}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope["query_string"].decode("latin-1"))
        refused = self._refused(scope["method"], scope["path"], headers, query.get(TOKEN, [""])[0])

        async def answer(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                more = dict(_HEADERS)
                if not refused and scope["path"] == PAGE:
                    more["set-cookie"] = f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in more.items())]
            await send(message)

        if refused:
            status, said = refused
            body = said.encode()
            kind = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
            await answer({"type": "http.response.start", "status": status, "headers": kind})
            await send({"type": "http.response.body", "body": body})
            return
        await self.app(scope, receive, answer)

    def _refused(self, method: str, path: str, headers: Mapping[str, str], given: str) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if _name(f"http://{host}") not in _HOSTS:
            return 421, "This server answers to 127.0.0.1 and localhost only."
        if path == "/favicon.ico":
            return 404, "There is none."
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return 403, "Another page may not ask this server."
        if path != PAGE and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "Another page may not ask this server."
        if method == "POST" and headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return 415, "Expected JSON."
        held = _cookie(headers.get("cookie", ""), self.cookie)
        known = given if path == PAGE and given else held
        if not secrets.compare_digest(known.encode(), self.token.encode()):
            # Before there is a page: nothing is known of the reader's language.
            return 403, "\n".join(PageWords(one).text("review.error.address") for one in LANGUAGES)
        return None


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _cookie(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found else ""
