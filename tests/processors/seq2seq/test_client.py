"""Texts through a model of sentences: put together as they were, spans kept, and bad sentences told."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from processors.clients.answer import Answer
from processors.clients.connection import EndpointConfig
from processors.clients.prompts import PromptConfig, build_payload
from processors.languages.language import Language
from processors.seq2seq.batches import Batch, TokenIds, Translated
from processors.seq2seq.client import HERE, Seq2SeqClient

PROMPT = PromptConfig(Language(), "codes", codes=("en", "ar"))


class Letters:
    """A model whose tokens are letters: it says what it is told in capitals; `wrong` is what it does to sentences."""

    longest = 48

    class settings:
        batch_tokens = 256

    def __init__(self, **wrong: str) -> None:
        self.wrong = wrong
        self.asked: list[tuple[str, int]] = []

    def encode(self, sentence: str) -> TokenIds:
        return tuple(map(ord, sentence))

    def generate(self, batch: Batch) -> list[Translated]:
        texts = ["".join(map(chr, ids)) for ids in batch.sentences]
        self.asked += [(text, batch.attempt) for text in texts]
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Translated:
        kind = next((kind for word, kind in self.wrong.items() if word in text), "")
        if kind == "loops":
            return Translated(text * 9, False, 99)
        return Translated("" if kind == "silent" else text.upper(), True, len(text))


class Kept:
    def __init__(self, model: Letters, thread: ThreadPoolExecutor) -> None:
        self.thread = thread
        self.loaded: Future[Any] = Future()
        self.loaded.set_result(model)


def ask(model: Letters, *texts: str, attempt: int = 0) -> list[Answer]:
    async def all_of_them() -> list[Any]:
        with ThreadPoolExecutor(1) as thread:
            endpoint = EndpointConfig(HERE.base_url, "tiny", PROMPT)
            kept: Any = Kept(model, thread)
            client = Seq2SeqClient(kept, endpoint, "tiny", lambda name, value: None)
            payloads = [build_payload(PROMPT, {"beams": 1}, text, attempt) for text in texts]
            return await asyncio.gather(*map(client.send, payloads))

    return asyncio.run(all_of_them())


def test_a_text_comes_back_with_all_between_its_sentences_as_it_was() -> None:
    text = "# A title\n\n- One thing.  Another!\n\n```\ncode stays\n```\n\t| a cell | b |\n2 + 2\n"
    (answer,) = ask(Letters(), text)
    assert answer.text == "# A TITLE\n\n- ONE THING.  ANOTHER!\n\n```\ncode stays\n```\n\t| A CELL | B |\n2 + 2\n"
    assert answer.finish_reason == "stop" and answer.prompt_tokens == answer.completion_tokens > 30


def test_a_protected_span_that_did_not_come_through_is_set_aside_and_put_back() -> None:
    model = Letters()
    kept, lost = ask(model, "See 12 https://x.org/a now.", "Run `make it` now.")
    assert kept.text == "SEE 12 https://x.org/a NOW." and lost.text == "RUN `make it` NOW."
    assert ("Run `make it` now.", 0) in model.asked and ("Run", 0) in model.asked


def test_what_was_cut_off_or_came_to_nothing_makes_a_bad_answer() -> None:
    cut, silent, whole = ask(Letters(bird="loops", fish="silent"), "A cat. A bird.", "A cat. A fish.", "A cat. A dog.")
    assert [cut.finish_reason, silent.finish_reason, whole.finish_reason] == ["length", "empty_sentence", "stop"]


def test_a_sentence_over_the_model_s_positions_is_cut_and_nothing_of_it_is_lost() -> None:
    model, text = Letters(), "one two three four, " * 20 + "end."
    (answer,) = ask(model, text)
    assert answer.text == text.upper() and max(len(asked) for asked, _ in model.asked) <= model.longest


def test_another_attempt_is_another_search_and_another_key() -> None:
    model = Letters()
    ask(model, "A cat.", attempt=2)
    assert model.asked == [("A cat.", 2)]
    assert build_payload(PROMPT, {"beams": 1}, "x") == {"text": "x", "source": "en", "target": "ar", "beams": 1}


def test_sentences_of_many_texts_go_through_together() -> None:
    model = Letters()
    answers = ask(model, *(f"The cat number {n}." for n in range(20)))
    assert [answer.text for answer in answers] == [f"THE CAT NUMBER {n}." for n in range(20)]
    assert len(model.asked) == 20
