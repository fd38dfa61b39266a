"""IFEval as the Hub has it, one file of JSON lines: built from a revision, published, and loaded as its source is."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from tests.builders.fields import sets
from tests.hub.client import Client
from tests.standins.processes import ROOT, command_line
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


_FORMS = """
import io, sys, tempfile
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from huggingface_hub import HfApi
from builders.imports.prepared import prepared
from builders.recipes.recipe import Source
from builders.sources.find import find_shards, plan_units
from builders.sources.read import ShardReader
from processors.errors import InputError

api, parquet = HfApi(), io.BytesIO()
pq.write_table(pa.table({"q": ["a", "b"]}), parquet)
files = {
    "whole": {"data/test-00000-of-00001.parquet": parquet.getvalue()},
    "parts": {"main/test.jsonl": b'{"q": "x"}\\n', "more/dev.jsonl": b'{"q": "y"}\\n'},
}
for repo, of in files.items():
    where = {"repo_id": f"user/{repo}", "repo_type": "dataset"}
    api.create_repo(**where)
    for name, data in of.items():
        api.upload_file(path_or_fileobj=data, path_in_repo=name, **where)
for path, config in (
    ("whole", None), ("parts", "main"), ("parts/more", None), ("parts/more/dev.jsonl", None),
    ("whole/data/test-00000-of-00001.parquet", None), ("whole", "nope"), ("none", None), ("whole@nope", None),
):
    given = {"path": f"hf://datasets/user/{path}", "fields": ["q"]} | ({"config": config} if config else {})
    try:
        source = prepared(Source(**given), Path(tempfile.mkdtemp()), print)
        shards = find_shards(source)[0]
        rows = list(ShardReader(source, plan_units(shards, {})).run())
        print(path, *[f"{one.split}={one.rows}" for one in shards], len(rows))
    except InputError as error:
        print(path, error)
"""


def test_every_form_of_a_dataset_on_the_hub_is_read_and_what_is_not_there_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with Hub(tmp_path / "state") as hub:
        own = {"HF_TOKEN": WRITE_TOKEN, "PYTHONPATH": str(ROOT)} | hub.environment(tmp_path / "home")
        done = subprocess.run([sys.executable, "-c", _FORMS], env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read, told = done.stdout.splitlines()[:5], done.stdout.splitlines()[5:]
    assert read == [
        "whole test=2 2", "parts test=1 1", "parts/more validation=1 1", "parts/more/dev.jsonl train=1 1",
        "whole/data/test-00000-of-00001.parquet train=2 2",
    ]  # fmt: skip
    assert "source.config nope: hf://datasets/user/whole has no configs; leave it out or write default" in told[0]
    assert "hf://datasets/user/none: " in told[1] and "hf://datasets/user/whole@nope: " in told[2]
    assert len(told) == 3
