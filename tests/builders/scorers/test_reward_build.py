"""Builds with a reward model, run here and behind a server. `python -m pytest -m train`: needs the extra `train`."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from processors.reward.batches import combine
from processors.reward.score import Encoder, judged
from tests.conftest import tree
from tests.standins.processes import start_command
from tests.standins.standin_llm import reward_of, running
from tests.standins.tiny_reward import sample_pairs, write_base

pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reward model without training: what it prefers is arbitrary, but always the same."""
    import torch
    from transformers import AutoModelForSequenceClassification

    folder = tmp_path_factory.mktemp("reward") / "model"
    write_base(folder, [text for pair in sample_pairs() for text in pair])
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1)
    with torch.no_grad():
        model.score.weight.mul_(10)
    model.save_pretrained(folder)
    return folder


def options(output: Path, model: Path, *others: str, **reward: object) -> list[str]:
    block = {"model": str(model), "max_length": 512, "batch_tokens": 4096} | reward
    settings = [f"ranking.reward={json.dumps(block)}", "ranking.order_by=reward", "ranking.margin=0"]
    return ["build", "demo", "--output", str(output), *(part for s in settings for part in ("--set", s)), *others]


def rewards(run: Path) -> dict[tuple[str, str], float]:
    return {
        (row["id"], one["translator"]): one["score"]
        for path in sorted((run / "score" / "reward").glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
        for one in row["scores"]
    }


def test_every_candidate_has_its_reward_and_it_decides(smolkalam: Run, tmp_path: Path, model: Path) -> None:
    done = smolkalam(*options(tmp_path / "one", model))
    assert done.returncode == 0, done.stderr
    scored = rewards(tmp_path / "one")
    decided = 0
    for path in (tmp_path / "one" / "dataset" / "SFT_draft_ranked").glob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            mine = {c["translator"]: c["reward"] for c in row["candidates"] if c["LR"] is not None}
            assert mine == {name: scored[row["id"], name] for name in mine}
            hard = {c["translator"] for c in row["candidates"] if any(check["hard"] for check in c["checks"])}
            assert row["reward"] == max(reward for name, reward in mine.items() if name not in hard)
            decided += len(mine) == 2 and not hard
    assert decided > 20
    # Neither tasks nor workers change a byte.
    again = smolkalam(*options(tmp_path / "two", model, "--tasks", "5", "--workers", "2"))
    assert again.returncode == 0, again.stderr
    one, two = (tmp_path / run / "score" / "reward" for run in ("one", "two"))
    assert tree(two / "counts") == tree(one / "counts")
    assert tree(tmp_path / "two" / "dataset") == tree(tmp_path / "one" / "dataset")
    assert not list((one / "partial").iterdir())


def test_another_model_or_length_scores_again_and_speed_settings_do_not(
    smolkalam: Run, tmp_path: Path, model: Path
) -> None:
    stop = ("--stop-after", "score")
    assert smolkalam(*options(tmp_path, model, *stop)).returncode == 0
    mark = (tmp_path / "score" / "reward" / "stage.json").read_text()
    first = rewards(tmp_path)
    assert smolkalam(*options(tmp_path, model, *stop, concurrency=3)).returncode == 0
    assert (tmp_path / "score" / "reward" / "stage.json").read_text() == mark
    done = smolkalam(*options(tmp_path, model, *stop, max_length=300))
    assert "done again, for this changed: scorer.reward.max_length" in done.stderr
    assert rewards(tmp_path) != first


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing/folder/here", "no such folder"),
        ("/nowhere", "no such folder"),
        ("empty", "its config.json cannot be read"),
        ("base", "not a reward model (Qwen2ForCausalLM)"),
    ],
)
def test_what_is_no_reward_model_is_one_line(
    smolkalam: Run, tmp_path: Path, model: Path, name: str, words: str
) -> None:
    (tmp_path / "cwd" / "empty").mkdir(parents=True)
    write_base(tmp_path / "cwd" / "base", ["text"])
    done = smolkalam(*options(tmp_path / "run", Path(name), "--stop-after", "score"))
    assert done.returncode == 2, done.stderr
    assert words in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    # Before anything that may cost money.
    assert not (tmp_path / "run" / "translate").exists()


def test_a_served_model_gives_the_rewards(smolkalam: Run, tmp_path: Path, model: Path) -> None:
    from processors.reward.local_model import load_reward_tokenizer

    with running("--model", "reward", "--fault", "500=0.1", "--seed", "5") as server:
        done = smolkalam(*options(tmp_path, model, base_url=server.url, served_model="reward"))
    assert done.returncode == 0, done.stderr
    encoder = Encoder(load_reward_tokenizer(str(model)), "Arabic", 512)
    found, checked = rewards(tmp_path), 0
    for path in (tmp_path / "rank").glob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            for candidate in row["candidates"]:
                if candidate["messages"] is None:
                    continue
                instructions = row["chat_template_kwargs"]["custom_instructions"] or ""
                theirs = candidate["custom_instructions"] or ""
                windows = encoder.encode([judged(row["messages"], candidate["messages"], instructions, theirs)])[0]
                expected = combine([reward_of(ids) for ids in windows], [len(ids) for ids in windows])
                assert candidate["reward"] == found[row["id"], candidate["translator"]] == expected
                checked += 1
    assert checked == len(found) > 150


def test_a_server_that_is_not_there_is_told_before_anything_is_translated(
    smolkalam: Run, tmp_path: Path, model: Path
) -> None:
    with running("--model", "another") as server:
        done = smolkalam(*options(tmp_path / "run", model, base_url=server.url, served_model="reward"))
    assert done.returncode != 0 and "reward" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr and not (tmp_path / "run" / "translate").exists()


def test_a_killed_stage_asks_nothing_twice(smolkalam: Run, tmp_path: Path, model: Path) -> None:
    with running("--model", "reward", "--fault", "hang=0.1", "--seed", "11") as server:
        command = options(
            tmp_path / "run", model, "--tasks", "1", base_url=server.url, served_model="reward", batch_tokens=600
        )
        process = start_command(*command, cwd=tmp_path)
        try:
            # Until a unit is under way of which all requests hang that are not answered and written down.
            seen: list[tuple[object, int]] = []
            while len(seen) < 4 or len(set(seen[-4:])) > 1 or not seen[-1][0]:
                assert len(seen) < 400 and process.poll() is None, seen[-4:]
                time.sleep(0.5)
                stats, partial = server.stats(), list((tmp_path / "run" / "score" / "reward" / "partial").glob("*"))
                sizes = tuple(path.stat().st_size for path in partial)
                hanging = stats["in_flight"] == stats["served"].get("hang")
                seen.append((hanging and sizes, sum(stats["answered"].values())))
        finally:
            process.kill()
            process.wait()
        first = server.stats()["answered"]
        assert first
        server.control(faults={})
        done = smolkalam(*command)
        assert done.returncode == 0, done.stderr
        both = server.stats()["answered"]
    with running("--model", "reward") as server:
        whole = options(
            tmp_path / "whole", model, "--tasks", "1", base_url=server.url, served_model="reward", batch_tokens=600
        )
        assert smolkalam(*whole).returncode == 0
        # Translators that say the same are asked about twice anyway.
        asked_twice = sum(n - server.stats()["answered"].get(text, 0) for text, n in both.items())
    assert tree(tmp_path / "whole" / "dataset") == tree(tmp_path / "run" / "dataset")
    # An answer that was on its way when the kill came is all that may be lost.
    assert 0 <= asked_twice <= 1
    assert len(rewards(tmp_path / "run")) > 150
