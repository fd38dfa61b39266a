"""No part of a key survives in foreign words, however it is spelled and wherever it is cut."""

import base64
import html
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger

from processors.answers import AnswerStore
from processors.errors import SmolKalamError
from processors.scrub import HIDDEN, excerpt, holds_key, know, scrub
from processors.translation.runner import TranslationRunner
from tests.processors.translation.test_runner import Collect, documents, endpoint
from tests.standins.standin_llm import FAULTS, running

KEY = know('sk-or-v1-a+b/c&d"e=f0123456789abcdefghijklmnopqrstuvwxyz')
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in an address": lambda key: quote(key, safe=""),
    "in an address within another": lambda key: quote(quote(key, safe=""), safe=""),
    "in JSON": json.dumps,
    "in JSON within JSON": lambda key: json.dumps(json.dumps(key)),
    "in PHP's JSON": lambda key: json.dumps(key).replace("/", "\\/"),
    "all escaped": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "in HTML": html.escape,
    "in HTML within HTML": lambda key: html.escape(html.escape(key)),
    "in base64": lambda key: base64.b64encode(key.encode()).decode(),
    "in base64 behind a name": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "in base64 for addresses": lambda key: base64.urlsafe_b64encode(f"a:{key}".encode()).decode(),
    "over two lines": lambda key: f"{key[:13]}\n  {key[13:]}",
    "over two lines in JSON": lambda key: json.dumps(f"{key[:13]}\r\n{key[13:]}"),
    "five to a line": lambda key: "\n".join(key[at : at + 5] for at in range(0, len(key), 5)),
    "cut off": lambda key: key[:30],
    "its end": lambda key: key[-20:],
}


def parts(key: str, length: int = 8) -> list[str]:
    """All pieces of its letters and digits, which no spelling but the fully escaped changes."""
    words = re.findall(rf"[A-Za-z0-9]{{{length},}}", key)
    return [word[at : at + length] for word in words for at in range(len(word) - length + 1)]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("before", [0, 100, 150, 190, 195, 199])
def test_no_spelling_survives_wherever_the_cut_falls(spelling: str, before: int) -> None:
    said = f"{'x' * before} Incorrect API key: {SPELLINGS[spelling](KEY)} (see your account)"
    for shown in (scrub(said), excerpt(said)):
        assert not any(part in shown for part in (*parts(KEY), *parts(SPELLINGS[spelling](KEY)[8:-8])))
        assert "\\u0073\\u006b" not in shown and "%2B" not in shown
    assert HIDDEN in scrub(said) and scrub(said).endswith("(see your account)")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_answer_that_quotes_a_key_in_any_spelling_is_none(spelling: str) -> None:
    if spelling != "five to a line":
        assert holds_key(f"النص: {SPELLINGS[spelling](KEY)} هنا")
    assert not holds_key(f"مفاتيح {KEY[:15]} و {quote('كلمات عربية في عنوان')} %5Csum \\alpha &amp; &#1575;")


@given(st.text())
def test_other_words_stay(text: str) -> None:
    joined = "".join(text.split())
    if not any(part in joined for part in parts(KEY)):
        assert scrub(text) == text


def test_keys_that_nobody_told_of_are_known_by_their_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "0a1b2c3d4e5f6071829304a5b6c7d8e9")
    said = "keys 0a1b2c3d4e5f6071829304a5b6c7d8e9 and hf_abcdefghijklmnopqrst and Bearer eyJhbGciOi.eyJzdWIiOi.x-y_z"
    assert scrub(said) == f"keys {HIDDEN} and {HIDDEN} and {HIDDEN}"


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in ("hang", "drop", "half")])
def test_no_file_of_a_run_holds_a_part_of_the_key_that_a_server_quotes(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUOTED_KEY", KEY)
    shown: list[str] = []
    sink = logger.add(lambda line: shown.append(str(line)), level="TRACE")
    plain = logging.getLogger()
    handler = logging.FileHandler(tmp_path / "plain.log")
    plain.addHandler(handler)
    with running("--translation", "fast", "--quotes-key", "--fault", f"{fault}=1") as server:
        config = endpoint(server.url, api_key_env="QUOTED_KEY", attempts=2, patience_s=1.0, concurrency=4)
        writer = Collect()
        told = lambda counters, troubles: shown.append(f"{dict(counters)} {troubles}")  # noqa: E731
        runner = TranslationRunner(_once, config, writer, tmp_path / "answers", progress=told, progress_s=0.05)
        try:
            runner.run(documents(12), rank=0)
        except SmolKalamError as error:
            shown.append(f"{error!r} {error}")
    logger.remove(sink)
    plain.removeHandler(handler)
    with AnswerStore(tmp_path / "answers"):
        pass
    shown += [repr(writer.results), *capfd.readouterr()]
    shown += [path.read_bytes().decode("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert not [part for part in parts(KEY) if any(part in text for text in shown)]


async def _once(document, ask):  # type: ignore[no-untyped-def]
    answer = await ask(document.text, 0)
    return {"text": answer.text, "finish_reason": answer.finish_reason}
