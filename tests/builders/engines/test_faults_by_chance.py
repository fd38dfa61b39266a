"""At 30 % faults of one kind at a time an engine keeps its rows, and a chunk that fails costs no more than it may.

What is drawn depends on the text and on how often it was asked, so that the figures are the same on any machine.
"""

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from datatrove.data import Document
from pydantic import TypeAdapter

from builders.engines import engine_of
from builders.engines.common.rollout import EndpointRollout
from builders.recipes.translators import Translator
from processors.batches import BatchServer, BatchSettings
from processors.clients.prompts import PromptConfig
from processors.languages.language import Language
from processors.protected.compare import protected_spans
from processors.seq2seq.batches import Translated
from processors.seq2seq.client import Seq2SeqServer
from processors.seq2seq.libretranslate import LibreTranslateServer
from processors.translation.pseudo import pseudo_translate
from processors.translation.runner import TranslationRunner
from tests.processors.seq2seq.test_client import Kept, Letters
from tests.standins.standin_batch import running_batches
from tests.standins.standin_libretranslate import FAULTS as LIBRE_FAULTS
from tests.standins.standin_libretranslate import libretranslate
from tests.standins.standin_llm import FAULTS, running

RATE, ROWS, LONGEST = 0.3, 40, 1500
# What says that no request works, and what keeps a connection for the whole of a time-out.
FINAL = ("401", "402", "429-quota", "403", "404", "redirect", "hang")
BATCH_FAULTS = ("expired", "failed", "refused", "doubled", "unknown", "wrong")


@cache
def rows() -> list[list[dict[str, str]]]:
    lines = (Path(__file__).parents[3] / "builders/sample/rows.jsonl").read_text().splitlines()
    found = [json.loads(line)["messages"] for line in lines]
    whole = [one for one in found if all(message["content"] for message in one)]
    return [one for one in whole if sum(len(message["content"]) for message in one) <= LONGEST][:ROWS]


class Written(list[Document]):
    """A writer that keeps what comes."""

    def __enter__(self) -> "Written":
        return self

    def __exit__(self, *error: Any) -> None:
        """Nothing to close."""

    def write(self, document: Document, rank: int = 0) -> None:
        self.append(document)


def translate(
    folder: Path, make_server: Any, fields: dict[str, Any], *, codes: bool = False
) -> tuple[Written, TranslationRunner]:
    """The sample's rows through an engine, as its stage would have them."""
    given: dict[str, Any] = {"name": "One", "model": "stand-in"} | fields
    engine: Any = engine_of(TypeAdapter(Translator).validate_python(given))
    config = replace(engine.endpoint(Language()), backoff_s=0.002, timeout_s=20.0)
    if codes:
        config = replace(config, prompt=PromptConfig(Language(), "codes", codes=("en", "ar")))
    written = Written()
    rollout = EndpointRollout(engine.spec, Language(), engine.spans or "in_place", config.prompt)
    runner = TranslationRunner(rollout, config, written, folder, make_server or engine.make_server(folder))
    runner.run(
        (
            Document(text="", id=str(number), metadata={"messages": one, "chat_template_kwargs": None})
            for number, one in enumerate(rows())
        ),
        rank=0,
    )
    return written, runner


def figures(written: Written) -> Counter[str]:
    """Rows, those kept, chunks that failed, requests that these cost, and the most that one did."""
    told: Counter[str] = Counter(rows=len(written))
    for document in written:
        candidate = document.metadata.get("candidate")
        told["kept"] += candidate is not None and candidate.messages is not None
    return told


def look(name: str, written: Written, runner: TranslationRunner) -> None:
    told = figures(written)
    print(f"{name}: {told['kept']} of {told['rows']} rows, {runner.counters['requests']} requests")
    assert told["rows"] == len(rows()) and told["kept"] >= 0.95 * told["rows"], told


@pytest.mark.parametrize("fault", [one for one in FAULTS if one not in FINAL])
def test_an_endpoint(fault: str, tmp_path: Path) -> None:
    with running("--fault", f"{fault}={RATE}", "--seed", "5", "--retry-after", "0.01") as server:
        look(fault, *translate(tmp_path, None, {"backend": "endpoint", "base_url": server.url}))


@pytest.mark.parametrize("fault", BATCH_FAULTS)
def test_a_batch_api(fault: str, tmp_path: Path) -> None:
    settings = BatchSettings("openai", gather_s=0.2, poll_s=0.02, settle_s=0.05)
    with running_batches() as server:
        server.control(pseudo=True, **{fault: RATE})
        fields = {"backend": "batch", "api": "openai", "base_url": server.url}
        look(fault, *translate(tmp_path, partial(BatchServer, settings), fields))


@pytest.mark.parametrize("fault", LIBRE_FAULTS)
def test_a_libretranslate_server(fault: str, tmp_path: Path) -> None:
    with libretranslate() as server:
        server.fault, server.rate = fault, RATE
        server.says = lambda text: pseudo_translate(text, protected_spans(text))
        # A text with a number more would be another text.
        server.other = lambda said, number: said
        look(fault, *translate(tmp_path, LibreTranslateServer, {"backend": "libretranslate", "base_url": server.url}))


class Mistaken(Letters):
    """A model of sentences as a trained one, which by chance goes on for ever or says nothing."""

    longest = 400

    def __init__(self, fault: str, rate: float) -> None:
        super().__init__()
        self.fault, self.rate = fault, rate
        self.times: Counter[str] = Counter()

    def _one(self, text: str) -> Translated:
        self.times[text] += 1
        said = pseudo_translate(text, protected_spans(text))
        if random.Random(f"{text} {self.times[text]}").random() >= self.rate:
            return Translated(said, True, len(text))
        return Translated(said * 9, False, 99) if self.fault == "loops" else Translated("", True, 0)


@pytest.mark.parametrize("fault", ["loops", "silent"])
def test_a_model_of_sentences(fault: str, tmp_path: Path) -> None:
    """Ten faults of a hundred sentences: a chunk has several, and each spoils it."""
    with ThreadPoolExecutor(1) as thread:
        kept: Any = Kept(Mistaken(fault, RATE / 3), thread)
        fields = {"backend": "endpoint", "base_url": "http://here", "spans": "in_place"}
        written, runner = translate(tmp_path, partial(Seq2SeqServer, kept), fields, codes=True)
    look(fault, written, runner)


@pytest.mark.parametrize("engine", ["endpoint", "libretranslate", "batch"])
def test_a_chunk_that_always_fails_costs_six_requests_and_twelve_at_most(engine: str, tmp_path: Path) -> None:
    with running("--fault", "think=1") as chat, libretranslate() as libre, running_batches() as batches:
        libre.says = str
        batches.control(wrong=1)
        settings = BatchSettings("openai", gather_s=0.2, poll_s=0.02, settle_s=0.05)
        make = {"endpoint": None, "libretranslate": LibreTranslateServer, "batch": partial(BatchServer, settings)}
        url = {"endpoint": chat.url, "libretranslate": libre.url, "batch": batches.url}[engine]
        more = {"api": "openai"} if engine == "batch" else {}
        written, _ = translate(tmp_path, make[engine], {"backend": engine, "base_url": url} | more)
    told = [document.metadata["candidate"].counters for document in written]
    failed, requests = (sum(one[name] for one in told) for name in ("chunks_failed", "requests"))
    print(f"{engine}: {requests / failed:.2f} requests for each of {failed} chunks")
    assert failed > 30 and requests / failed <= 6 and max(one["requests"] / one["chunks_asked"] for one in told) <= 12
