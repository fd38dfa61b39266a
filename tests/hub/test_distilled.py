"""A distillation published and loaded again: each trace with its answer, what was verified, and whose it is."""

from pathlib import Path

import pytest

from tests.builders.distillation.test_command import distil, server_of, write_recipe
from tests.hub.client import Client
from tests.standins.standin_hub import Hub


@pytest.mark.slow
def test_a_distillation_is_published_and_loads_as_it_was_made(tmp_path: Path) -> None:
    with server_of() as server:
        dataset = distil(tmp_path, write_recipe(tmp_path, server, 16))
    with Hub(tmp_path / "hub") as hub:
        client = Client(hub.environment(tmp_path / "home", xet=False))
        try:
            done = client("publish", folder=str(dataset), repo="user/reasoning")
            assert done["error"] is None, done
            rows = client("load", repo="user/reasoning", config="Reasoning_Teacher", split="train")["result"]
        finally:
            client.kill()
    assert len(rows) == 9 and sum(row["rewritten"] for row in rows) == 1
    for row in rows:
        assert row["messages"][-1]["content"].startswith("<think>\n") and row["answer"] == row["found"]
        assert (row["teacher"], row["kind"], row["solved"], row["mark"]) == ("Teacher", "mathematics", 1.0, None)
        assert row["source_id"].startswith("train/") and row["region"] in ("gulf", "egypt", "general")
