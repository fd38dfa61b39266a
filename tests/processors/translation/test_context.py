"""What is told of a chunk: the good ones before it in its own conversation, once, and never what failed."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from processors.prompting import NO_HINTS, Hints
from processors.protected.compare import Span
from processors.translation.context import INSTRUCTIONS, ContextWanted, SaidBefore, name_of
from processors.translation.pseudo import pseudo_translate
from processors.translation.retry_ladder import Reply
from tests.processors.translation.test_retry_ladder import translator as make

ONE = "The first sentence is about a river and its stones."
TWO = "However, the second one speaks of a village."
THREE = "So the third tells what people buy there."
RULES = "Answer in two sentences."


class Told:
    """A backend that notes what it is told, and refuses the texts that it is asked to refuse, so often."""

    concurrent = True

    def __init__(self, refused: dict[str, int] | None = None) -> None:
        self.asked: list[tuple[str, Hints]] = []
        self.refused = dict(refused or {})

    async def ask(
        self, text: str, spans: Sequence[Span], attempt: int, problem: str = "", hints: Hints = NO_HINTS
    ) -> Reply:
        # Who were asked at once would be here in another order.
        await asyncio.sleep(0)
        self.asked.append((text, hints))
        if self.refused.get(text, 0) > 0:
            self.refused[text] -= 1
            return Reply("", "stop")
        return Reply(pseudo_translate(text, spans))


def told(*messages: tuple[str, str], backend: Told, wanted: ContextWanted, rules: str = "", **how: Any) -> Any:
    translator = make(backend)  # type: ignore[arg-type]
    translator.context, translator.concurrent = wanted, False
    for name, value in how.items():
        setattr(translator, name, value)
    return asyncio.run(translator.translate([{"role": role, "content": text} for role, text in messages], rules))


def pair(text: str) -> tuple[str, str]:
    return text, pseudo_translate(text, [])


@pytest.mark.parametrize("chunks", [1, 2])
def test_each_chunk_is_told_those_before_it_and_the_system_prompt(chunks: int) -> None:
    backend = Told()
    messages = (("system", RULES), ("user", ONE), ("assistant", TWO), ("user", THREE))
    told(*messages, backend=backend, wanted=ContextWanted(chunks, True))
    before = [pair(text) for text in (RULES, ONE, TWO)]
    assert backend.asked == [
        (RULES, NO_HINTS),
        (ONE, Hints(tuple(before[:1]), RULES)),
        (TWO, Hints(tuple(before[:2][-chunks:]), RULES)),
        (THREE, Hints(tuple(before[-chunks:]), RULES)),
    ]


def test_custom_instructions_are_told_of_the_dialogue_and_not_the_other_way_round() -> None:
    backend = Told()
    told(("user", ONE), ("assistant", TWO), backend=backend, wanted=ContextWanted(1, True), rules=RULES)
    assert backend.asked == [(ONE, Hints((), RULES)), (TWO, Hints((pair(ONE),), RULES)), (RULES, NO_HINTS)]


def test_a_second_try_is_not_told_again() -> None:
    backend = Told({TWO: 1})
    told(("user", ONE), ("assistant", TWO), backend=backend, wanted=ContextWanted(1, False))
    assert backend.asked[1:] == [(TWO, Hints((pair(ONE),))), (TWO, NO_HINTS)]


def test_a_chunk_that_failed_is_told_to_nobody_and_ends_what_is_asked() -> None:
    backend = Told({TWO: 100})
    found = told(("user", ONE), ("assistant", TWO), ("user", THREE), backend=backend, wanted=ContextWanted(1, False))
    assert found.messages is None and found.failure.startswith("messages[1]: empty")
    assert THREE not in [text for text, _ in backend.asked]
    donating = Told({TWO: 100})
    messages = (("user", ONE), ("assistant", TWO), ("user", THREE))
    found = told(*messages, backend=donating, wanted=ContextWanted(1, False), donates=True)
    # The dialogue goes on for its good chunks, from the last good one.
    assert donating.asked[-1] == (THREE, Hints((pair(ONE),)))
    assert [chunk.target is None for chunk in found.donor] == [False, True, False]


def test_a_row_of_which_the_tenth_message_comes_before_the_second_by_name_says_what_failed() -> None:
    texts = [f"Sentence number {n} speaks of a river." for n in range(12)]
    backend = Told({texts[2]: 100})
    found = told(*(("user", text) for text in texts), backend=backend, wanted=ContextWanted(1, True))
    assert found.failure.startswith("messages[2]: empty") and found.counters["chunks_failed"] == 1
    assert found.counters["requests"] == len(backend.asked)


def test_what_was_said_has_no_memory_of_another_conversation() -> None:
    said = SaidBefore(ContextWanted(2, True), [{"role": "user", "content": ONE}], "")
    assert said.hints(name_of(0)) == NO_HINTS
    said.add(name_of(0), f" {ONE}\n", "مرحبا ")
    assert said.hints(name_of(1)) == Hints(((ONE, "مرحبا"),)) and said.hints(INSTRUCTIONS) == NO_HINTS
