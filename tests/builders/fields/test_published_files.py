"""IFEval as the Hub has it, one file of JSON lines: built from a revision, published, and loaded as its source is."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from tests.builders.fields import sets
from tests.hub.client import Client
from tests.standins.processes import command_line
from tests.standins.standin_hub.process import WRITE_TOKEN, Hub

_LOAD = """
import sys
from datasets import load_dataset
there = load_dataset("user/IFEval", revision=sys.argv[1])
here = load_dataset("user/arabic", "default_reference_ranked")
assert list(there) == list(here) == ["train"], (there, here)
there, here = there["train"], here["train"]
own = [name for name in here.column_names if name.startswith("kalam_")]
assert here.column_names == [*there.column_names, *own]
assert {name: here.features[name] for name in there.column_names} == there.features, (there.features, here.features)
assert here.remove_columns(["prompt", *own])[:] == there.remove_columns("prompt")[:]
assert len(here) == 20
print(here.features["kwargs"], here["prompt"][0])
"""
RECIPE = """
name: ifeval
source: {{path: "hf://datasets/user/IFEval@{commit}", fields: [prompt]}}
translators:
  - {{name: reference, backend: memory, memory: [reference.jsonl]}}
"""


def test_ifeval_from_the_hub_and_back_has_its_schema(tmp_path: Path) -> None:
    # As its file has them: of its arguments an object has those that its instruction takes.
    rows = [
        row | {"kwargs": [{name: value for name, value in of.items() if value is not None} for of in row["kwargs"]]}
        for row in sets.ifeval()
    ]
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    sets.write_memories(tmp_path)
    other = tmp_path / "other.jsonl"
    other.write_text('{"prompt": "Another revision."}\n')
    (tmp_path / "home").mkdir()
    with Hub(tmp_path / "state") as hub:
        own = {"env": {"HF_TOKEN": WRITE_TOKEN} | hub.environment(tmp_path / "home"), "capture_output": True}
        client = Client(hub.environment(tmp_path / "home", xet=False))

        def run(*command: str) -> str:
            done = subprocess.run(command, text=True, **own)  # type: ignore[call-overload]
            assert done.returncode == 0, done.stderr
            return str(done.stdout)

        try:
            client("api", name="create_repo", repo_id="user/IFEval", repo_type="dataset")
            client.upload("user/IFEval", "ifeval_input_data.jsonl", data)
            commit = json.loads(urlopen(f"{hub.url}/api/datasets/user/IFEval").read())["sha"]
            client.upload("user/IFEval", "ifeval_input_data.jsonl", other)
            (tmp_path / "ifeval.yaml").write_text(RECIPE.format(commit=commit))
            run(*command_line("build", tmp_path / "ifeval.yaml", "--output", tmp_path / "run", "--workers", "1"))
            done = client("run_publish", folder=str(tmp_path / "run"), repo="user/arabic")
            assert done["error"] is None, done
        finally:
            client.kill()
        said = run(sys.executable, "-c", _LOAD, commit)
    assert "List(Json(decode=True))" in said and sets.lines("ifeval.tsv")[0][3] in said
