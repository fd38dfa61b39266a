"""A ceiling over several processes: never passed, given back when a process dies, raised and gone on with."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.answers.ceiling import Ceiling, Limits, read_spending
from processors.clients.answer import Answer
from processors.errors import CeilingReached

ASK = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 100}


def bill(counts: Mapping[str, int]) -> float:
    """A dollar for each token of an answer."""
    return float(counts.get("completion_tokens", 0))


def limits(folder: Path, most: float | None = 1000, name: str = "one", most_in_all: float | None = None) -> Limits:
    return Limits(folder, name, bill, most, most_in_all)


def test_what_a_request_may_cost_is_its_max_tokens(tmp_path: Path) -> None:
    assert limits(tmp_path).most_of(ASK) == 100
    assert limits(tmp_path).most_of(ASK | {"n": 4}) == 400
    assert limits(tmp_path).most_of({"prompt": "x" * 1000}) == 2 * (1000 // 2 + 256 + 1)


def test_requests_wait_for_others_to_come_home_and_then_the_run_stops(tmp_path: Path) -> None:
    async def spend() -> list[float]:
        held: list[float] = []

        async def one(ceiling: Ceiling) -> None:
            most = await ceiling.hold(ASK)
            held.append(ceiling.spent + ceiling.under_way)
            await asyncio.sleep(0)
            ceiling.settle(most, Answer("y", "stop", 1, 30))

        with Ceiling(limits(tmp_path)) as ceiling, pytest.raises(CeilingReached, match=r"\$1,000.00 is reached"):
            # At a time at most ten; each costs 30, so that after 31 another may pass the ceiling.
            await asyncio.gather(*(one(ceiling) for _ in range(100)))
        return held

    held = asyncio.run(spend())
    spent = read_spending(tmp_path)["one"]
    assert max(held) <= 1000 and 900 < spent.spent <= 1000
    assert CeilingReached("x").exit_code == 3


def test_nobody_waits_for_what_rounding_left_under_way(tmp_path: Path) -> None:
    """0.1 + 0.2 - 0.1 - 0.2 is no 0: a run at its ceiling waited for that forever."""

    async def spend() -> None:
        tenths = Limits(tmp_path, "one", lambda counts: 0.1 * counts.get("completion_tokens", 0), 0.35)
        with Ceiling(tenths) as ceiling:
            held = [await ceiling.hold(ASK | {"max_tokens": tokens}) for tokens in (1, 2)]
            for most in held:
                ceiling.settle(most, None)
            assert ceiling.under_way == 0
            async with asyncio.timeout(10):
                await ceiling.hold(ASK | {"max_tokens": 4})

    with pytest.raises(CeilingReached):
        asyncio.run(spend())


def test_it_goes_on_where_it_stopped_when_it_is_raised(tmp_path: Path) -> None:
    async def until_reached(most: float) -> int:
        done = 0
        with Ceiling(limits(tmp_path, most)) as ceiling:
            try:
                while True:
                    held = await ceiling.hold(ASK)
                    ceiling.settle(held, Answer("y", "stop", 1, 100))
                    done += 1
            except CeilingReached:
                return done

    assert asyncio.run(until_reached(500)) == 5
    assert asyncio.run(until_reached(500)) == 0
    assert asyncio.run(until_reached(800)) == 3
    assert read_spending(tmp_path)["one"].spent == 800


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 100)), min_size=1, max_size=40), st.integers(300, 2000))
def test_processes_together_never_pass_it(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[int, int]], most: int
) -> None:
    folder = tmp_path_factory.mktemp("spending")

    async def spend() -> None:
        ceilings = [Ceiling(limits(folder, None, name, most)) for name in ("one", "one", "two", "three")]
        under_way: list[tuple[Ceiling, float, int]] = []
        for place, tokens in asked:
            ceiling = ceilings[place]
            try:
                held = await asyncio.wait_for(ceiling.hold(ASK), 0.01)
            except (CeilingReached, TimeoutError):
                for other, other_held, answered in under_way:
                    other.settle(other_held, Answer("y", "stop", 1, answered))
                under_way = []
                continue
            under_way.append((ceiling, held, tokens))
            assert sum(one.spent + one.under_way for one in ceilings) <= most
        for ceiling in ceilings:
            ceiling.close()

    asyncio.run(spend())


def test_what_a_dead_process_held_is_free_and_what_it_had_under_way_is_spent(tmp_path: Path) -> None:
    async def exercise() -> None:
        dead = Ceiling(limits(tmp_path))
        held = await dead.hold(ASK)
        dead.settle(held, Answer("y", "stop", 1, 50))
        await dead.hold(ASK)
        dead._holds = 900.0
        dead._write()
        with Ceiling(limits(tmp_path)) as other:
            with pytest.raises(CeilingReached):
                # Alive, it holds nearly all.
                await other.hold(ASK | {"max_tokens": 400})
            assert dead._lock
            dead._lock.release()
            assert await other.hold(ASK | {"max_tokens": 400}) == 400
            other.settle(400, None)
        with Ceiling(limits(tmp_path)) as heir:
            # By its own name: 50 spent, 100 under way that may have been billed.
            assert heir.spent == 150

    asyncio.run(exercise())


def test_a_file_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "x.json").write_text("{")
    (tmp_path / "one" / "y.json").write_text(json.dumps({"spent": 3}))
    assert read_spending(tmp_path) == {}
