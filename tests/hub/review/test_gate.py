"""Who is let in: the page itself, of this machine, with the secret; no other page, by whatever name it comes."""

import asyncio
from typing import Any

import pytest

from hub.review.gate import ReviewGate

COOKIE = "smolkalam-review-8765=secret"
GOOD = {"host": "127.0.0.1:8765", "cookie": COOKIE}


def ask(path: str = "/api/start", query: str = "", method: str = "GET", **headers: str) -> tuple[int, dict[str, str]]:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"let in"})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(ReviewGate(app, "secret", 8765)(scope, None, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert (sent[1]["body"] == b"let in") == (sent[0]["status"] == 200)
    return sent[0]["status"], found


def test_the_address_with_the_secret_gives_the_cookie() -> None:
    status, headers = ask("/", "token=secret", host="localhost:8765")
    assert status == 200
    assert headers["set-cookie"] == f"{COOKIE}; Path=/; HttpOnly; SameSite=Strict"
    assert (headers["referrer-policy"], headers["x-frame-options"]) == ("no-referrer", "DENY")
    assert ask("/", **GOOD)[0] == 200
    assert ask(**GOOD)[0] == 200
    post = {"origin": "http://127.0.0.1:8765", "content_type": "application/json; charset=utf-8"}
    assert ask("/api/verdict", method="POST", sec_fetch_site="same-origin", **post, **GOOD)[0] == 200


@pytest.mark.parametrize(
    ("status", "path", "query", "headers"),
    [
        # Without the secret, with a wrong one, with that of an earlier server, with another port's cookie.
        (403, "/", "", {"host": "127.0.0.1:8765"}),
        (403, "/", "token=other", GOOD),
        (403, "/", "token=", {"host": "127.0.0.1:8765"}),
        (403, "/api/start", "token=secret", {"host": "127.0.0.1:8765"}),
        (403, "/api/start", "", GOOD | {"cookie": "smolkalam-review-8765=s\u00e9cret"}),
        (403, "/api/start", "", GOOD | {"cookie": "smolkalam-review-8766=secret"}),
        # A name that was made to point here.
        (421, "/", "token=secret", {"host": "evil.example:8765"}),
        (421, "/api/start", "", GOOD | {"host": "127.0.0.1.evil.example"}),
        (421, "/api/start", "", {"cookie": COOKIE}),
        (421, "/api/start", "", GOOD | {"host": "[::1"}),
        # Another page, also of another port of this machine.
        (403, "/api/start", "", GOOD | {"origin": "https://evil.example"}),
        (403, "/api/start", "", GOOD | {"origin": "http://127.0.0.1:9000"}),
        (403, "/api/start", "", GOOD | {"origin": "null"}),
        (403, "/api/start", "", GOOD | {"sec_fetch_site": "cross-site"}),
        (403, "/api/start", "", GOOD | {"sec_fetch_site": "same-site"}),
        (404, "/favicon.ico", "", GOOD),
    ],
)
def test_others_are_refused(status: int, path: str, query: str, headers: dict[str, str]) -> None:
    found, sent = ask(path, query, **headers)
    assert found == status and "set-cookie" not in sent


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_of_another_page_is_no_word(kind: str) -> None:
    assert ask("/api/verdict", method="POST", content_type=kind, **GOOD)[0] == 415
