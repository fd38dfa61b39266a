"""A useless translator is stopped early, with its reason; a good one is only asked a little slowly at first."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.run_folder import schemas
from processors.translation.trial import ENOUGH, FIRST, AnswerCounts, Trial, Useless
from tests.standins.standin_llm import running


def trial() -> tuple[Trial, Counter[str]]:
    counts: Counter[str] = Counter()
    return Trial("Chat", lambda name, value: counts.update({name: value})), counts


def run_chunks(one: Trial, good: Callable[[int], bool], number: int = 300) -> tuple[int, int]:
    """Chunks ended, and the most in progress at once, of as many as come all at the same time."""
    state = Counter[str]()

    async def chunk(place: int) -> None:
        async with one.turn():
            state["now"] += 1
            state["most"] = max(state["most"], state["now"])
            await asyncio.sleep(0)
            state["now"] -= 1
            state["ended"] += 1
            if not good(place):
                one.refused("untranslated", f"Text {place}.", f"Answer {place}.")
            one.ended("" if good(place) else "untranslated: 3 English words")

    async def chunks() -> None:
        async with asyncio.TaskGroup() as group:
            for place in range(number):
                group.create_task(chunk(place))

    asyncio.run(chunks())
    return state["ended"], state["most"]


def test_a_useless_one_is_stopped_with_reason_and_two_samples() -> None:
    one, counts = trial()
    with pytest.raises(BaseExceptionGroup) as raised:
        run_chunks(one, lambda place: False)
    assert raised.value.subgroup(Useless)
    with pytest.raises(Useless) as stopped:
        one._look()
    said = str(stopped.value)
    assert "16 of its first 16 chunks" in said and "untranslated (16)" in said
    assert "sample 1: untranslated: 'Text " in said and "sample 2: " in said and "give_up: false" in said
    assert counts["refused_untranslated"] == 16


def test_no_more_than_a_few_are_begun_before_some_are_good() -> None:
    one, _ = trial()
    began = Counter[str]()

    async def begun() -> int:
        async def chunk() -> None:
            async with one.turn():
                began["chunks"] += 1
                await asyncio.Event().wait()

        tasks = [asyncio.create_task(chunk()) for _ in range(100)]
        for _ in range(300):
            await asyncio.sleep(0)
        found = began["chunks"]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return found

    assert asyncio.run(begun()) == FIRST
    one, _ = trial()
    assert run_chunks(one, lambda place: True)[0] == 300 and one.over


@pytest.mark.parametrize("share", [0.4, 0.7, 1.0])
def test_one_that_is_good_for_something_goes_on(share: float) -> None:
    for seed in range(50):
        chance = random.Random(seed)
        one, _ = trial()
        assert run_chunks(one, lambda _, chance=chance: chance.random() < share)[0] == 300  # type: ignore[misc]
    assert ENOUGH < 300


def test_rows_that_have_failed_before_are_only_counted() -> None:
    counts: Counter[str] = Counter()
    watch = AnswerCounts(lambda name, value: counts.update({name: value}))
    for _ in range(100):
        watch.refused("empty", "Text.", "")
        watch.ended("empty: no text")
    assert counts == {"refused_empty": 100}


def write_rows(folder: Path, rows: int, shards: int = 1) -> None:
    text = "Sentence number {}: the quick brown fox jumps over the lazy dog and writes a report about it. " * 6
    kwargs = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    made = [
        {
            "messages": [
                {"role": "user", "content": text.replace("{}", str(n))},
                {"role": "assistant", "content": "1"},
            ],
            "chat_template_kwargs": kwargs,
            "source": "test",
        }
        for n in range(rows)
    ]
    (folder / "SFT").mkdir(parents=True)
    for shard in range(shards):
        table = pa.Table.from_pylist(made[shard::shards], schemas.source())
        pq.write_table(table, folder / "SFT" / f"part-{shard:05}-of-{shards:05}.parquet")


RECIPE = """
name: useless
source: {{path: {source}, keep: [part]}}
translators:
  - {{name: Chat, backend: endpoint, model: stand-in, base_url: "{url}", concurrency: 64}}
"""


@pytest.mark.parametrize(
    ("fault", "reason", "workers"),
    [
        ("think", "protected", 1),
        ("400-context", "400: This model's maximum context length is 512", 1),
        ("empty", "empty", 4),
    ],
)
def test_300_rows_on_a_model_that_fails_every_answer_end_after_200_requests(
    smolkalam: Callable[..., Any], tmp_path: Path, fault: str, reason: str, workers: int
) -> None:
    write_rows(tmp_path / "source", 300, shards=workers)
    recipe = tmp_path / "recipe.yaml"
    with running("--translation", "fast", "--latency", "0.01", "--fault", f"{fault}=1") as server:
        recipe.write_text(RECIPE.format(source=tmp_path / "source", url=server.url))
        done = smolkalam("build", recipe, "--output", tmp_path / "run", "--workers", workers)
        asked = sum(server.stats()["asked"].values())
    assert done.returncode == 1 and asked <= 200, (done.stderr, asked)
    last = " ".join(done.stderr.split())
    assert "chunks got no usable answer" in last and reason in last and "sample 2: " in last
    told = [json.loads(path.read_text()) for path in (tmp_path / "run").rglob("engines/*.json")]
    assert any(name.startswith("refused_") for one in told for name in one["counters"])
    assert re.search(r"[0-9]+ answers refused: \S+ [0-9]+", last)
