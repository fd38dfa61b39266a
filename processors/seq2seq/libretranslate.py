"""LibreTranslate's HTTP protocol, which Argos Translate speaks too: `POST /translate` with an array of sentences.

A server of such models takes no instructions and keeps no protected spans. A text is cut into sentences as for a model
of this process, and what stands between the protected spans of a sentence that did not keep them goes alone in a
second request. The bill is by characters, which stand where others count the tokens of a prompt.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from processors.clients.address import Address
from processors.clients.answer import Answer
from processors.clients.connection import Connection, Count, EndpointConfig, read_key, shown_headers
from processors.clients.endpoint import HttpServer
from processors.clients.responses import Fault, Mode, read_response, well_formed, without_key
from processors.clients.session import CONNECT_S
from processors.errors import InputError
from processors.scrub import excerpt, scrub
from processors.seq2seq.sentences import Sentence, sentences_of

# What a server says of a text that is over its limit of characters.
_TOO_LONG = re.compile(r"exceeds? (the )?(text|char\w*|batch) limit|too long", re.IGNORECASE)
# Of the languages that a server has so many characters are shown.
MOST_LISTED = 400


class LibreTranslateConnection(Connection):
    """Requests to one server. Its key travels in the body, and is kept out of messages as all keys are."""

    def __init__(self, address: Address, endpoint: EndpointConfig, label: str, count: Count) -> None:
        self._key = read_key(address.api_key_env)
        super().__init__(replace(address, api_key_env=None), endpoint, label, count)
        self.address = address

    def route(self) -> tuple[str, Mode]:
        return f"{self.base}/translate", "completion"

    @property
    def base(self) -> str:
        """The server's address, without the path of the call."""
        return re.sub(r"/(translate|languages)?/*$", "", self.address.base_url)

    def body(self, payload: Mapping[str, Any]) -> bytes:
        asked = {"q": payload["q"], "source": payload["source"], "target": payload["target"], "format": "text"}
        if attempt := payload.get("attempt"):
            asked["alternatives"] = attempt
        if self._key:
            asked["api_key"] = self._key
        return json.dumps(asked).encode("ascii")

    def shown(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        asked = [one.text for one in sentences_of(payload["text"]) if one.translatable]
        shown = super().shown({**payload, "q": asked})
        if self._key:
            shown["body"]["api_key"] = f"${self.address.api_key_env}"
        return shown | {"headers": shown_headers(replace(self.address, api_key_env=None))}

    def read(self, status: int, headers: Mapping[str, str], content: bytes) -> Answer | Fault:
        """The translations, as JSON in the answer's text: each a list with its alternatives behind it."""
        if 200 <= status < 300:
            try:
                data = json.loads(content)
                texts, others = data["translatedText"], data.get("alternatives") or []
            except (ValueError, KeyError, TypeError, AttributeError):
                return _no_translation(read_response(status, headers, content, self.mode))
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                return Fault("fault", "no_choice", "a response without a list of translations in it")
            several = len(others) == len(texts) and all(isinstance(one, list) for one in others)
            found = [[text, *(others[place] if several else [])] for place, text in enumerate(texts)]
            return without_key(Answer(json.dumps(found), "stop"))
        if status in (400, 413) and _TOO_LONG.search(content.decode("utf-8", "replace")):
            return Answer("", "length", refusal=excerpt(scrub(content.decode("utf-8", "replace"))))
        return read_response(status, headers, content, self.mode)

    async def send(self, payload: dict[str, Any]) -> Answer | Fault:
        """One text, in one request, and one more where protected spans did not come through."""
        sentences, sent = sentences_of(payload["text"]), 0
        outcome = await self._texts(sentences, payload)
        if not isinstance(outcome, list):
            return outcome
        sent += _characters(sentences)
        apart, silent = list[Sentence](), False
        for one, said in zip(sentences, outcome, strict=True):
            apart += one.after(said)
            silent = silent or (one.translatable and not said and not one.spans)
        if self.pacer.rate and any(one.translatable for one in apart):
            await self.pacer.rate.take_another()
        again = await self._texts(apart, payload)
        if not isinstance(again, list):
            return again
        sent += _characters(apart)
        silent = silent or any(one.translatable and not said for one, said in zip(apart, again, strict=True))
        return Answer(well_formed("".join(again)), "empty_sentence" if silent else "stop", sent)

    async def _texts(self, sentences: Sequence[Sentence], payload: Mapping[str, Any]) -> list[str] | Answer | Fault:
        """What becomes of each sentence, those that are kept among them; else the fault."""
        asked = [one.text for one in sentences if one.translatable]
        if not asked:
            return [one.text for one in sentences]
        outcome = await super().send({**payload, "q": asked})
        if isinstance(outcome, Fault) or outcome.finish_reason != "stop":
            return outcome
        found = json.loads(outcome.text)
        if len(found) != len(asked):
            return Fault("fault", "no_choice", f"{len(found)} translations of {len(asked)} sentences")
        # The how-manieth alternative is the attempt's number; where there are not so many, the last of them.
        said = iter([one[min(payload.get("attempt", 0), len(one) - 1)].strip() for one in found])
        return [next(said) if one.translatable else one.text for one in sentences]

    async def check_languages(self) -> None:
        """Raise InputError where the server knows no such pair of languages; where it says nothing, nothing."""
        source, target = self.endpoint.prompt.codes
        try:
            async with asyncio.timeout(CONNECT_S), httpx.AsyncClient(verify=self.tls() or False) as client:
                response = await client.get(f"{self.base}/languages")
                known = {one["code"]: one.get("targets") for one in response.json()}
        except (TimeoutError, httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
            return
        if not (known and response.is_success):
            return
        if source not in known:
            raise InputError(f"{self.label}: knows no language '{source}', only {_listed(known)}; give source_code")
        # Servers of old say only which languages there are.
        targets = known if known[source] is None else known[source]
        if target not in targets:
            raise InputError(
                f"{self.label}: translates '{source}' into {_listed(targets) or 'nothing'} and not into "
                f"'{target}'; give target_code, or install that pair on the server"
            )


class LibreTranslateServer(HttpServer):
    """The client of a translator's LibreTranslate servers."""

    connection = LibreTranslateConnection

    async def bg_start_server(self) -> None:
        """Ask first which languages there are: a pair that a server lacks fails every row."""
        for connection in self.connections:
            assert isinstance(connection, LibreTranslateConnection)
            try:
                await connection.check_languages()
            except InputError as error:
                self._server_ready.set_exception(error)
                return
        await super().bg_start_server()


def _characters(sentences: Sequence[Sentence]) -> int:
    return sum(len(one.text) for one in sentences if one.translatable)


def _listed(codes: Iterable[Any]) -> str:
    return excerpt(", ".join(sorted(map(str, codes))), MOST_LISTED)


def _no_translation(outcome: Answer | Fault) -> Fault:
    """What is no translation is a fault, though it may look like another API's answer."""
    if isinstance(outcome, Fault):
        return outcome
    return Fault("fault", "no_choice", "another API's answer where LibreTranslate's was expected")
