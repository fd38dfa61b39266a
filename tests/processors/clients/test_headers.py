"""Headers of one's own: they go to their host alone, and secrets among them are written nowhere."""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from builders.engines import engine_of
from builders.recipes.load import load_recipe
from processors.clients.address import Address, Headers
from processors.clients.connection import Connection, read_headers
from processors.errors import EngineError, RecipeError
from processors.scrub import scrub
from tests.processors.translation.test_runner import endpoint

KEY, TEAM = "key-of-an-azure-account-0123456789", "team-secret-0123456789"
OWN = Headers("api-key", (("X-Title", "SmolKalam"),), (("X-Team", "TEAM_SECRET_TEST"),))


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TEST", KEY)
    monkeypatch.setenv("TEAM_SECRET_TEST", TEAM)


def test_a_key_travels_in_the_header_that_its_server_wants(keys: None) -> None:
    address = Address("https://a.example/v1", "AZURE_TEST", headers=OWN)
    assert read_headers(address) == {"X-Title": "SmolKalam", "X-Team": TEAM, "api-key": KEY}
    assert read_headers(replace(address, headers=Headers())) == {"Authorization": f"Bearer {KEY}"}
    assert scrub(f"bad header {TEAM}, {KEY}") == "bad header <key>, <key>"


def test_they_go_to_their_host_alone(keys: None) -> None:
    config = replace(endpoint("https://a.example/v1"), api_key_env="AZURE_TEST", headers=OWN)
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200)

    class Local(Connection):
        def transport(self) -> httpx.AsyncHTTPTransport:
            return httpx.MockTransport(answer)  # type: ignore[return-value]

    async def ask() -> None:
        connection = Local(config.addresses[0], config, "a", lambda name, value: None)
        async with connection.clients.one() as client:
            await client.get("https://a.example/v1/models")
            await client.get("https://b.example/v1/models")
        await connection.aclose()
        assert KEY not in repr(connection.__dict__) and TEAM not in repr(connection.__dict__)

    asyncio.run(ask())
    mine, other = seen
    assert (mine["api-key"], mine["x-team"], mine["x-title"]) == (KEY, TEAM, "SmolKalam")
    assert "authorization" not in mine
    assert not {"api-key", "x-team", "x-title", "authorization"} & set(other)


def test_a_missing_secret_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEAM_SECRET_TEST", raising=False)
    with pytest.raises(EngineError, match="TEAM_SECRET_TEST"):
        read_headers(Address("https://a.example/v1", headers=OWN))


RECIPE = """
name: x
source: {path: here}
translators:
  - name: a
    backend: endpoint
    model: m
    base_url: https://a.example/v1
    api_key_env: AZURE_TEST
    key_header: api-key
    headers: {X-Title: SmolKalam}
    headers_env: {X-Team: TEAM_SECRET_TEST}
    decoding: {extra: {provider: {sort: price}, models: [m, n]}}
"""


def load(tmp_path: Path, text: str) -> object:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    return load_recipe(str(path))


def test_a_recipe_says_them_and_they_shape_no_answer(tmp_path: Path) -> None:
    recipe = load(tmp_path, RECIPE)
    engine = engine_of(recipe.translators[0])  # type: ignore[attr-defined]
    assert engine.endpoint(recipe.language).headers == OWN  # type: ignore[attr-defined]
    assert engine.addresses()[0].address() == Address("https://a.example/v1", "AZURE_TEST", headers=OWN)
    shaped = engine.shapes_answers()
    assert shaped["decoding"]["extra"] == {"models": ["m", "n"]}
    assert not {"headers", "headers_env", "key_header"} & set(shaped)


@pytest.mark.parametrize(
    ("was", "is_", "words"),
    [
        ("headers: {X-Title: SmolKalam}", "headers: {X-Api-Key: abc}", "looks like a secret"),
        ("headers: {X-Title: SmolKalam}", "headers: {X Title: abc}", "expected the name of a header"),
        ("headers: {X-Title: SmolKalam}", "headers: {Host: abc}", "none that requests have anyway"),
        ("headers_env: {X-Team: TEAM", "headers_env: {X-Team: team", "environment variable in capitals"),
    ],
)
def test_what_cannot_be_a_header_is_one_line(tmp_path: Path, was: str, is_: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        load(tmp_path, RECIPE.replace(was, is_))
