import asyncio
import json
import random
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.checks.once import ConversationChecks
from processors.conversations.chunking import Chunk, chunk
from processors.conversations.parts import split_parts
from processors.conversations.tokenizers import load_tokenizer
from processors.languages.language import Language
from processors.memory.memory import Memory
from processors.protected.compare import Span, protected_spans
from processors.translation.coroutines import ASIDE_FROM, run_now
from processors.translation.pseudo import pseudo_translate
from processors.translation.retry_ladder import Candidate, Reply, Translator

TOKENIZER = load_tokenizer("approximate")
MIXED = """Install it with `pip install x` from https://example.org/a(b).

```python
def f(x):  # keep me
    return x ** 2
```

Then $a^2 + b^2 = c^2$ holds for every right triangle, and **nothing** else needs to be done."""


class Engine:
    """A model at the edge: answers by `reply(text, spans, attempt)` and remembers what it was asked."""

    def __init__(self, reply: Callable[[str, Sequence[Span], int], Reply], concurrent: bool = False) -> None:
        self.reply = reply
        self.concurrent = concurrent
        self.asked: list[tuple[str, int]] = []

    async def ask(self, text: str, spans: Sequence[Span], attempt: int) -> Reply:
        self.asked.append((text, attempt))
        if self.concurrent:
            # The later the chunk, the sooner it is done: arrival order must not matter.
            for _ in range(200 - len(self.asked)):
                await asyncio.sleep(0)
        return self.reply(text, spans, attempt)


def good(text: str, spans: Sequence[Span], attempt: int) -> Reply:
    return Reply(pseudo_translate(text, list(spans)))


def translator(engine: Engine | None, memory: Memory | None = None, max_tokens: int = 60) -> Translator:
    def halve(piece: Chunk) -> list[Chunk]:
        return chunk(piece.text, tokenizer=TOKENIZER, max_tokens=max(4, piece.tokens // 2 + 1), window=1)

    return Translator(
        engine,
        lambda text: chunk(text, tokenizer=TOKENIZER, max_tokens=max_tokens, window=8),
        halve,
        memory=memory,
        language=Language(),
    )


def translate(engine: Engine | None, *contents: str, memory: Memory | None = None, **options: int) -> Candidate:
    messages = [{"role": "assistant", "content": content} for content in contents]
    work = translator(engine, memory, **options).translate(messages)
    return asyncio.run(work) if engine and engine.concurrent else run_now(work)


def test_protected_spans_and_tags_come_through_and_everything_else_is_translated() -> None:
    candidate = translate(Engine(good), f"<think>\nLet me think about `x`.\n</think>\n{MIXED}")
    assert candidate.messages is not None
    content = candidate.messages[0]["content"]
    for kept in ("`pip install x`", "https://example.org/a(b)", "# keep me", "$a^2 + b^2 = c^2$", "<think>\n", "`x`"):
        assert kept in content
    assert "Install" not in content and "triangle" not in content


def test_tool_messages_and_tool_calls_stay_and_custom_instructions_are_translated() -> None:
    call = '<tool_call>\n{"name": "weather", "arguments": {"city": "Cairo"}}\n</tool_call>'
    messages = [
        {"role": "system", "content": "You are helpful. /no_think"},
        {"role": "assistant", "content": f"I will look.\n{call}"},
        {"role": "tool", "content": '{"note": "It is sunny"}'},
    ]
    candidate = run_now(translator(Engine(good)).translate(messages, "Be brief."))
    assert candidate.messages is not None
    assert candidate.messages[0]["content"].endswith("/no_think")
    assert call in candidate.messages[1]["content"]
    assert candidate.messages[2] == messages[2]
    assert candidate.custom_instructions and "Be" not in candidate.custom_instructions


def test_the_places_rebuild_the_conversation_in_any_order() -> None:
    contents = [f"<think>First, {MIXED}</think>\n\n{MIXED}", "Short answer.", ""]
    candidate = translate(Engine(good), *contents)
    assert candidate.messages is not None
    for place in candidate.chunks:
        source, target = contents[place.message], candidate.messages[place.message]["content"]
        assert source[place.source_start : place.source_end].strip() or place.source_start == place.source_end
        if place.origin == "verbatim":
            assert source[place.source_start : place.source_end] == target[place.target_start : place.target_end]
    for index in range(len(contents)):
        places = sorted(
            (p.part, p.chunk, p.source_start, p.source_end) for p in candidate.chunks if p.message == index
        )
        assert all(one[3] <= other[2] for one, other in pairwise(places))


@settings(max_examples=50)
@given(
    st.lists(
        st.sampled_from(["Hello there. ", "`code` ", "$x$ ", "\n\n", "```\na\n```\n", "مرحبا ", "🙂", "- item\n"])
    )
)
def test_concurrent_and_sequential_give_the_same(pieces: list[str]) -> None:
    text = "".join(pieces)
    one, other = translate(Engine(good), text, "Again."), translate(Engine(good, concurrent=True), text, "Again.")
    assert (one.messages, one.chunks, one.counters) == (other.messages, other.chunks, other.counters)


def test_white_space_around_a_chunk_is_the_sources() -> None:
    candidate = translate(Engine(lambda text, *_: Reply(f"  {pseudo_translate(text, [])}\n")), "\n\n  Hello world. \n")
    assert candidate.messages is not None
    content = candidate.messages[0]["content"]
    assert content.startswith("\n\n  ") and content.endswith(" \n") and content.strip()[0].isalpha()


def test_a_lost_span_is_asked_again_then_smaller_then_span_by_span() -> None:
    def loses(text: str, spans: Sequence[Span], attempt: int) -> Reply:
        return Reply(
            pseudo_translate("".join(text[s.end :] for s in spans) or text, [])
            if spans
            else pseudo_translate(text, [])
        )

    engine = Engine(loses)
    candidate = translate(engine, MIXED, max_tokens=300)
    assert candidate.messages is not None
    assert _texts(MIXED) == _texts(candidate.messages[0]["content"])
    assert {attempt for _, attempt in engine.asked} == {0, 1}
    assert candidate.counters["retries_smaller"] and candidate.counters["retries_span_by_span"]


def _texts(text: str) -> list[str]:
    return sorted(text[s.start : s.end].strip() for s in protected_spans(text))


def test_the_second_attempt_is_enough() -> None:
    engine = Engine(lambda text, spans, attempt: good(text, spans, attempt) if attempt else Reply(""))
    candidate = translate(engine, "One sentence only.")
    assert candidate.messages is not None
    assert engine.asked == [("One sentence only.", 0), ("One sentence only.", 1)]


def test_a_text_that_the_server_refuses_as_too_long_goes_straight_to_smaller_chunks() -> None:
    def short(text: str, spans: Sequence[Span], attempt: int) -> Reply:
        return Reply("", "length", "400: 512 tokens at most") if len(text) > 120 else good(text, spans, attempt)

    engine = Engine(short)
    candidate = translate(engine, "This is a sentence of some length. " * 12, max_tokens=400)
    assert candidate.messages is not None
    assert engine.asked[0][1] == 0 and len(engine.asked[1][0]) < len(engine.asked[0][0])
    assert "rejected_empty" not in candidate.counters


def test_a_cut_answer_is_asked_again_once_and_then_in_smaller_chunks() -> None:
    def short(text: str, spans: Sequence[Span], attempt: int) -> Reply:
        return Reply(pseudo_translate(text, [])[:10], "length") if len(text) > 120 else good(text, spans, attempt)

    engine = Engine(short)
    candidate = translate(engine, "This is a sentence of some length. " * 12, max_tokens=400)
    assert candidate.messages is not None
    lengths = [len(text) for text, _ in engine.asked]
    assert lengths[0] == lengths[1] > lengths[2] and engine.asked[1][1] == 1
    # What was cut off at one length is not sent at that length again.
    assert sum(length > 120 for length in lengths) <= 4


REFUSALS = {
    "not translated": lambda text, *_: Reply(text),
    "empty": lambda *_: Reply(""),
    "cut off": lambda text, *_: Reply(pseudo_translate(text, [])[:10], "length"),
    "too long": lambda *_: Reply("", "length", "400: too long"),
    "spans lost": lambda text, spans, _: Reply(pseudo_translate(text, []) if spans else ""),
    "a loop": lambda text, *_: Reply("لا لا لا لا لا", "repetition"),
}


def sample(rows: int = 60) -> list[list[dict[str, str]]]:
    lines = (Path(__file__).parents[3] / "builders/sample/rows.jsonl").read_text().splitlines()
    found = [json.loads(line)["messages"] for line in lines]
    return [messages for messages in found if all(message["content"] for message in messages)][:rows]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("concurrent", [False, True])
def test_a_model_that_always_fails_costs_six_requests_a_chunk_and_twelve_at_most(
    refusal: str, concurrent: bool
) -> None:
    failed = requests = 0
    for messages in sample():
        for message in messages:
            for piece in chunk(message["content"], tokenizer=TOKENIZER, max_tokens=200, window=20):
                if len([part for part in split_parts(piece.text) if part.text]) > 1:
                    continue
                engine = Engine(REFUSALS[refusal], concurrent)
                candidate = translate(engine, piece.text, max_tokens=10_000)
                chunks = candidate.counters["chunks_failed"]
                failed += chunks
                requests += len(engine.asked) if chunks else 0
                assert len(engine.asked) <= 12
    print(f"{refusal}: {requests / max(1, failed):.2f} requests for each of {failed} chunks")
    assert failed > 50 and requests / failed <= 6


@pytest.mark.parametrize("kind", ["not translated", "empty", "cut off", "spans lost", "a loop"])
def test_chance_costs_few_rows(kind: str) -> None:
    """30 % of the answers are bad in one way."""
    kept = requests = 0
    rows = sample()
    for number, messages in enumerate(rows):
        chance = random.Random(number)

        def reply(text: str, spans: Sequence[Span], attempt: int, chance: random.Random = chance) -> Reply:
            answer = REFUSALS[kind] if chance.random() < 0.3 else good
            return answer(text, spans, attempt)

        engine = Engine(reply)
        candidate = run_now(translator(engine, max_tokens=200).translate(messages))
        kept += candidate.messages is not None
        requests += len(engine.asked)
    print(f"{kind}: {kept} of {len(rows)} rows kept, {requests} requests")
    assert kept >= 0.95 * len(rows)


@pytest.mark.parametrize(
    "stub",
    ["I cannot", "I cannot.", "Sorry.", "-", "…", "لا أستطيع.", "عذرًا.", "تمت الترجمة.", "لا يمكنني ذلك.", "null"],
)
def test_a_model_that_always_gives_a_stub_gets_no_row_through(stub: str) -> None:
    engine = Engine(lambda text, spans, attempt: Reply(stub))
    for messages in sample(20):
        assert run_now(translator(engine).translate(messages)).messages is None


def test_halves_that_pass_alone_are_looked_at_together() -> None:
    # Words that no lexicon knows, so that nothing is said of what they mean.
    text = "The florp zeems brin at nerb. The doints grol at dask. The vlets fimp zorged drelly. The brosk glims. " * 2

    def half_sentences(text: str, spans: Sequence[Span], attempt: int) -> Reply:
        return Reply("????" if len(text) > 60 else "يأتي المد والجزر عند الظهر كل يوم تقريبًا.")

    engine = translator(Engine(half_sentences))
    engine.retry_budget = 60
    candidate = run_now(engine.translate([{"role": "user", "content": text.strip()}]))
    assert candidate.messages is None and candidate.counters["joins_refused"] >= 1


def test_what_a_model_puts_around_its_answers_is_taken_off_and_counted() -> None:
    def wrapped(text: str, spans: Sequence[Span], attempt: int) -> Reply:
        return Reply(f"Here is the translation:\n\n```\n{pseudo_translate(text, list(spans))}\n```")

    plain, candidate = (translate(Engine(reply), "Boil the water. Add the `tea` leaves.") for reply in (good, wrapped))
    assert candidate.messages == plain.messages
    assert candidate.counters["unwrapped_preface"] == candidate.counters["unwrapped_fence"] == 1


def test_of_a_row_that_has_failed_nothing_more_is_asked() -> None:
    def fails(text: str, *_: object) -> Reply:
        return Reply("") if "bad" in text else good(text, [], 0)

    class Slow(Engine):
        async def ask(self, text: str, spans: Sequence[Span], attempt: int) -> Reply:
            self.asked.append((text, attempt))
            if "Good" in text:
                await asyncio.sleep(30)
            return self.reply(text, spans, attempt)

    engine = Slow(fails, concurrent=True)
    # What is on its way is not waited for either.
    candidate = translate(engine, "A bad one.", *(f"Good number {number}." for number in "abcdefgh"))
    assert candidate.failure.startswith("messages[0]: empty") and candidate.counters["chunks_asked"] == 1


@pytest.mark.parametrize("answer", ["", "One sentence that stays as it was, entirely in English."])
def test_a_chunk_that_fails_fails_the_conversation_and_never_passes_the_source_off(answer: str) -> None:
    source = "One sentence that stays as it was, entirely in English."
    candidate = translate(Engine(lambda *_: Reply(answer)), "Good.", source)
    assert candidate.messages is None and candidate.chunks == []
    assert candidate.failure.startswith("messages[")
    assert candidate.counters["chunks_failed"]


def test_a_failure_is_the_same_whatever_the_order_of_arrival() -> None:
    def fails(text: str, *_: object) -> Reply:
        return Reply("") if "bad" in text else good(text, [], 0)

    contents = ["A bad one.", "Good.", "Another bad thing."]
    one, other = translate(Engine(fails), *contents), translate(Engine(fails, concurrent=True), *contents)
    assert one.failure == other.failure != ""


def test_memory_hits_are_free_counted_and_checked() -> None:
    memory = Memory()
    memory.add("You are helpful.", "أنت مساعد مفيد.")
    memory.add("Run `make` now.", "شغّل الآن.")
    engine = Engine(good)
    candidate = translate(engine, "You are helpful.", "Run `make` now.", memory=memory)
    assert candidate.messages is not None
    assert candidate.messages[0]["content"] == "أنت مساعد مفيد."
    assert "`make`" in candidate.messages[1]["content"]
    assert [text for text, _ in engine.asked] == ["Run `make` now."]
    assert candidate.counters["memory_hits"] == 1 and candidate.counters["memory_rejected"]


def test_a_memory_alone_fails_what_it_lacks_and_names_it() -> None:
    memory = Memory()
    memory.add("Known line.", "سطر معروف.")
    candidate = translate(None, "Known line.\nUnknown line.", memory=memory)
    assert candidate.messages is None
    assert "not_in_memory" in candidate.failure and "Unknown line." in candidate.failure


def test_text_without_letters_is_not_asked_for() -> None:
    engine = Engine(good)
    content = "```\ncode\n```\n\n$x = 1$ 42 🙂"
    candidate = translate(engine, content)
    assert candidate.messages == [{"role": "assistant", "content": content}] and not engine.asked


@pytest.mark.parametrize("max_tokens", [40, 60, 100, 200])
def test_a_code_block_over_the_budget_is_cut_but_code_and_prose_never_change_places(max_tokens: int) -> None:
    code = "```yaml\n" + "".join(f"step-{i}: run the build again\n" for i in range(40)) + "```"
    source = f"Here is an example of a workflow:\n{code}\nThis workflow runs whenever the main branch changes.\n"
    candidate = translate(Engine(good), source, max_tokens=max_tokens)
    assert candidate.messages is not None
    content = candidate.messages[0]["content"]
    assert code in content
    assert "workflow runs" not in content and "example" not in content


def test_a_call_s_value_stays_and_an_answer_without_it_is_no_answer() -> None:
    messages = [
        {"role": "user", "content": "What is the weather in Lyon today?"},
        {"role": "assistant", "content": '<tool_call>\n{"name": "w", "arguments": {"city": "Lyon"}}\n</tool_call>'},
    ]
    engine = Engine(good)
    candidate = run_now(translator(engine).translate(messages))
    assert candidate.messages is not None and "Lyon" in candidate.messages[0]["content"]
    engine = Engine(lambda text, spans, attempt: Reply(pseudo_translate(text, ())))
    candidate = run_now(translator(engine).translate(messages))
    # Between the spans the value is not asked for at all.
    assert candidate.messages is not None and "Lyon" in candidate.messages[0]["content"]
    assert candidate.counters["rejected_tool_grounding"] == 2 and candidate.counters["retries_span_by_span"] == 1


def test_entities_are_mended_before_the_answer_is_checked() -> None:
    engine = Engine(lambda text, spans, attempt: Reply(pseudo_translate(text, spans).replace('"', "&quot;")))
    candidate = translate(engine, 'She said "come in" and left the room.')
    assert candidate.messages is not None and '"' in candidate.messages[0]["content"]
    assert candidate.counters["entities_mended"] == 2


def test_a_chunk_that_comes_out_at_once_is_never_cut() -> None:
    def never(piece: Chunk) -> list[Chunk]:
        raise AssertionError(f"cut: {piece.text}")

    work = translator(Engine(good))
    work.halve = never
    candidate = run_now(work.translate([{"role": "assistant", "content": MIXED}]))
    assert candidate.messages is not None


@pytest.mark.parametrize("told", [True, False])
def test_the_second_try_says_what_was_wrong_with_the_first_and_the_others_do_not(told: bool) -> None:
    said: list[tuple[int, str]] = []

    class Erring:
        concurrent = False

        async def ask(self, text: str, spans: Sequence[Span], attempt: int, problem: str = "") -> Reply:
            said.append((attempt, problem))
            # It answers nothing, then in English, then loses what is protected, whose mark the model sees.
            return (Reply(""), Reply(text), Reply("", "length"), good(text, spans, attempt))[min(attempt, 3)]

    one = translator(Erring())  # type: ignore[arg-type]
    one.feedback = told
    candidate = run_now(one.translate([{"role": "user", "content": "Hello, how are you today?"}]))
    assert candidate.messages is not None
    problems = [problem for _, problem in said]
    assert [attempt for attempt, _ in said] == [0, 1, 2, 3]
    assert (problems[1].startswith("empty: ") if told else problems[1] == "") and not any(problems[2:])
    assert candidate.counters["retries_told"] == int(told)


def test_a_lost_span_is_named_as_the_model_saw_it_and_an_answer_that_was_cut_off_is_not_spoken_of() -> None:
    said: list[str] = []

    class Losing:
        concurrent = False

        async def ask(self, text: str, spans: Sequence[Span], attempt: int, problem: str = "") -> Reply:
            said.append(problem)
            if "`" not in text:
                return Reply("", "length") if not attempt else good(text, spans, attempt)
            lost = Reply(pseudo_translate(text.replace("`len(x)`", ""), []), lost=("⟦1⟧",))
            return good(text, spans, attempt) if attempt else lost

    one = translator(Losing())  # type: ignore[arg-type]
    one.feedback = True
    run_now(one.translate([{"role": "user", "content": "Count the items by `len(x)` and say so."}]))
    assert said == ["", "missing: ⟦1⟧"]
    said.clear()
    run_now(one.translate([{"role": "user", "content": "Count the items and say so."}]))
    assert said == ["", ""]


def test_checks_of_long_texts_leave_the_event_loop() -> None:
    threads: set[tuple[str, bool, bool]] = set()

    class Seen(ConversationChecks):
        def chunk(self, source: str, *rest: Any) -> Any:
            threads.add(("chunk", len(source) >= ASIDE_FROM, threading.current_thread().name == "checks_0"))
            return super().chunk(source, *rest)

        def whole(self, source: Any, *rest: Any) -> Any:
            length = sum(len(message["content"]) for message in source)
            threads.add(("whole", length >= ASIDE_FROM, threading.current_thread().name == "checks_0"))
            return super().whole(source, *rest)

    long = "\n\n".join(f"The {number}th of the rivers flows into the sea behind the old town." for number in range(12))
    for content in (MIXED[:40], long):
        made = translator(Engine(good, concurrent=True), max_tokens=500)
        made.checks = lambda messages: Seen("Arab", "ar", messages)
        candidate = asyncio.run(made.translate([{"role": "assistant", "content": content}]))
        assert candidate == translate(Engine(good), content, max_tokens=500)
    assert threads == {(what, long, long) for what in ("chunk", "whole") for long in (False, True)}
