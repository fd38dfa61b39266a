"""Where a mixture's rows are: folders by their cards or their names, and the Hub at a commit."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from builders.mixtures.find import find_sources
from builders.mixtures.recipe import Mixture
from processors.errors import InputError
from tests.standins.processes import command_line
from tests.standins.standin_hub import WRITE_TOKEN, Hub


def found(path: Path | str, **source: Any) -> tuple[str | None, dict[str, list[str]], str | None]:
    made = Mixture.model_validate({"name": "m", "sources": [{"name": "a", "path": str(path), **source}]})
    (one,) = find_sources(made)
    return one.config, one.splits, one.licence


def touch(folder: Path, *names: str, card: str = "") -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    if card:
        (folder / "README.md").write_text(card)
    return folder


def test_a_folder_without_a_card_is_understood_by_its_files_names(tmp_path: Path) -> None:
    folder = touch(tmp_path, "SFT/a_b-00000-of-00002.parquet", "SFT/a_b-00001-of-00002.parquet", "import.json")
    assert found(folder) == ("SFT", {"a_b": [f"SFT/a_b-0000{n}-of-00002.parquet" for n in range(2)]}, None)
    touch(folder, "more/x-00000-of-00001.parquet")
    with pytest.raises(InputError, match="missing, and there are several; name one of SFT, more"):
        found(folder)
    assert found(folder, config="more")[1] == {"x": ["more/x-00000-of-00001.parquet"]}


def test_other_files_are_a_split_each(tmp_path: Path) -> None:
    folder = touch(tmp_path, "train.jsonl.gz", "test.csv", ".hidden/x.jsonl", "left_out.jsonl", "README.txt")
    assert found(folder)[1] == {"test": ["test.csv"], "train": ["train.jsonl.gz"]}
    assert found(folder, splits=["tr*"])[1] == {"train": ["train.jsonl.gz"]}
    with pytest.raises(InputError, match="has no file named"):
        found(touch(tmp_path / "none", "README.txt"))


def test_a_card_says_configs_splits_the_default_and_the_licence(tmp_path: Path) -> None:
    card = """---
license: mit
configs:
- config_name: one
  data_files: [{split: train, path: "x/*.parquet"}]
- config_name: two
  default: true
  data_files:
  - {split: a, path: [y/a.parquet, y/b.parquet]}
---
"""
    folder = touch(tmp_path, "x/1.parquet", "y/a.parquet", "y/b.parquet", card=card)
    assert found(folder) == ("two", {"a": ["y/a.parquet", "y/b.parquet"]}, "mit")
    assert found(folder, config="one")[1] == {"train": ["x/1.parquet"]}
    assert found(folder, config="one", terms={"license": "cc0-1.0"})[2] == "cc0-1.0"


def test_a_run_folder_is_its_dataset_and_must_have_finished(tmp_path: Path) -> None:
    (touch(tmp_path / "run" / "dataset", "SFT/a-00000-of-00001.parquet"))
    with pytest.raises(InputError, match="a build has not finished its dataset"):
        found(tmp_path / "run")
    touch(tmp_path / "run" / "dataset", card="---\nlicense: mit\n---\n")
    assert found(tmp_path / "run")[2] == "mit"


_UPLOAD = """
import sys
from huggingface_hub import HfApi
api = HfApi()
api.create_repo("user/mine", repo_type="dataset")
for path in ("train.jsonl", "more.jsonl"):
    api.upload_file(path_or_fileobj=sys.argv[1].encode(), path_in_repo=path, repo_id="user/mine", repo_type="dataset")
"""


def test_a_dataset_of_the_hub_is_read_at_a_commit_and_another_id_is_one_line(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"id": i, "instruction": f"Name {i}.", "output": "x"}) + "\n" for i in range(5))
    (tmp_path / "mix.yaml").write_text("{name: m, sources: [{name: hub, path: user/mine, splits: [train]}]}")
    with Hub(tmp_path / "state") as hub:
        own = {"env": {"HF_TOKEN": WRITE_TOKEN} | hub.environment(tmp_path / "home"), "capture_output": True}
        subprocess.run([sys.executable, "-c", _UPLOAD, lines], check=True, **own)
        done = subprocess.run(command_line("mix", tmp_path / "mix.yaml", "-o", tmp_path / "out"), text=True, **own)
        assert done.returncode == 0, done.stderr
        manifest = json.loads((tmp_path / "out" / "mixture.json").read_text())
        (source,) = manifest["sources"]
        assert len(source["revision"]) == 40 and source["path"] == "user/mine" and manifest["rows"] == 5
        assert f"tree/{source['revision']}" in (tmp_path / "out" / "README.md").read_text()
        set_path = ("--set", "sources.hub.revision=v9")
        done = subprocess.run(
            command_line("mix", tmp_path / "mix.yaml", "-o", tmp_path / "no", *set_path), text=True, **own
        )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "sources[0].path (hub): user/mine@v9: neither on this disk nor readable on the Hub" in done.stderr
