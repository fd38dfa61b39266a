"""The endpoint backend against a real OpenAI-compatible server that is not vLLM: `transformers serve`, a tiny model.

`pip install -e '.[test,train]' 'transformers[serving]'`, then `python -m pytest -m slow` with this file's path.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.standins.foreign_server import serving
from tests.standins.processes import ROOT
from tests.standins.tiny_model import write_model

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

RECIPE = """
name: served
source: {{path: sample, keep: [OpenHermes_2.5_no_think, smoltalk_smollm3_everyday_conversations_no_think]}}
selection: {{max_rows_per_split: 2}}
translators:
  - name: Chat
    backend: endpoint
    model: {model}
    base_url: {url}
    decoding: {{temperature: 0.7, max_tokens: 12}}
    chunking: {{max_tokens: 60, window: 10}}
    concurrency: 2
  - name: Completion
    backend: endpoint
    model: {model}
    base_url: {url}
    prompt: seed-x
    decoding: {{max_tokens: 12}}
    chunking: {{max_tokens: 60, window: 10}}
    concurrency: 2
  - name: reference
    backend: memory
    memory: [{root}/builders/sample/memory/reference.tmx]
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    # Here and not above: the import takes seconds, also in runs without these tests.
    pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("served")
    model = write_model(folder / "model")
    # It lists the models of the cache, and fails where there is none.
    (folder / "home" / "hub").mkdir(parents=True)
    environment = os.environ | {"HF_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1"}
    program = Path(sys.executable).with_name("transformers")
    with serving([str(program), "serve", str(model), "--device", "cpu"], folder / "log", environment) as address:
        yield address, model


def test_the_demo_s_rows_go_through_it_and_nothing_is_asked_twice(
    served: tuple[str, Path], tmp_path: Path, smolkalam: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    url, model = served
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.format(url=url, model=model, root=ROOT))
    run = tmp_path / "run"
    done = smolkalam("build", recipe, "--output", run, timeout=800)
    assert done.returncode == 0, done.stderr
    selected = sum(pq.ParquetFile(path).metadata.num_rows for path in run.glob("select/*.parquet"))
    asked = 0
    for name in ("Chat", "Completion"):
        kept = sum(pq.ParquetFile(path).metadata.num_rows for path in run.glob(f"translate/{name}/*.parquet"))
        dropped = [json.loads(line) for path in run.glob(f"translate/{name}/dropped/*.jsonl") for line in path.open()]
        assert selected == kept + len(dropped) == 4 and all(drop["reason"] != "request_failed" for drop in dropped)
        counts = [json.loads(path.read_text())["counters"] for path in run.glob(f"logs/translate/{name}/engines/*")]
        assert sum(count["answers"] for count in counts) == sum(count["requests"] for count in counts) > 4
        assert (
            sum(count["prompt_tokens"] for count in counts) > sum(count["completion_tokens"] for count in counts) > 0
        )
        asked += sum(count["requests"] for count in counts)
    for stage in ("translate", "rank", "build"):
        shutil.rmtree(run / stage)
    again = smolkalam("build", recipe, "--output", run, timeout=300)
    assert again.returncode == 0, again.stderr
    counts = [json.loads(path.read_text())["counters"] for path in run.glob("logs/translate/*/engines/*")]
    assert sum(count.get("requests", 0) for count in counts) == asked
