"""`smolkalam ablate` as people run it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.standins.standin_llm import running

RECIPE = """
name: mine
source: {{path: sample, keep: [OpenHermes_2.5_no_think, smoltalk_smollm3_smol_summarize_no_think]}}
translators:
  - name: Chat
    backend: endpoint
    model: stand-in
    base_url: {url}
    chunking: {{strategy: lines, lines: 25, max_tokens: 400}}
"""


def asked(server: Any) -> int:
    return sum(server.stats()["asked"].values())


def test_the_demos_translators_are_compared_row_by_row(smolkalam: Callable[..., Any], tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = smolkalam("ablate", "demo", "--over", "translators=draft,reference", "--output", run)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("| variant | LR | SCR | rank_score |")
    assert [line.split(" | ")[0] for line in lines[2:4]] == ["| draft", "| reference"]
    assert done.stdout == (run / "ablation.md").read_text()
    assert (run / "ablation.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads((run / "ablation.json").read_text())
    assert not (run / "dataset").exists()

    # The means again, from the rows themselves.
    means: dict[str, list[float]] = {"draft": [], "reference": []}
    for path in (run / "rank").glob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            scores = {candidate["translator"]: candidate["LR"] for candidate in row["candidates"]}
            if None not in scores.values():
                for name, score in scores.items():
                    means[name].append(score)
    assert found["compared"] == len(means["draft"]) > 50
    for variant in found["variants"]:
        scores = means[variant["name"]]
        assert abs(variant["scores"]["LR"]["mean"] - sum(scores) / len(scores)) < 1e-9
    draft, reference = found["variants"]
    assert draft["failed"] > 10 and draft["mean_rank"]["low"] > reference["mean_rank"]["high"]


def test_variants_of_a_model_ask_the_same_request_once(smolkalam: Callable[..., Any], tmp_path: Path) -> None:
    with running() as server:
        recipe = tmp_path / "mine.yaml"
        recipe.write_text(RECIPE.format(url=server.url))
        arguments = ("ablate", recipe, "--output", tmp_path / "run", "--workers", 1)
        assert smolkalam(*arguments, "--over", "decoding.temperature=0,0.7").returncode == 0
        two = asked(server)
        done = smolkalam(*arguments, "--over", "decoding.temperature=0,0.7", "--over", "chunking.lines=2,25")
        assert done.returncode == 0, done.stderr
        four = asked(server)
        # Half of the variants are cut as before; of the others only what two lines cut differently is new.
        assert two < four < 2 * two
        assert smolkalam(*arguments, "--over", "decoding.temperature=0,0.7").returncode == 0
        assert asked(server) == four
    settings = [line["settings"] for line in json.loads((tmp_path / "run" / "ablation.json").read_text())["variants"]]
    assert settings == [{"decoding.temperature": 0}, {"decoding.temperature": 0.7}]


def test_a_dry_run_writes_the_recipe_and_runs_nothing(smolkalam: Callable[..., Any], tmp_path: Path) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(RECIPE.format(url="http://127.0.0.1:9"))
    run = tmp_path / "run"
    done = smolkalam("ablate", recipe, "--over", "chunking.lines=1,2", "--output", run, "--dry-run")
    assert done.returncode == 0 and done.stdout.strip() == str(run / "ablation.yaml")
    assert not (run / "select").exists()
    assert smolkalam("ablate", recipe, "--over", "chunking.lines=1", "--output", run).returncode == 2
