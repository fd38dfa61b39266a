"""A dataset of the Hub, the stand-in for it: streamed, split by split."""

import json
import subprocess
import sys
from pathlib import Path

from tests.standins.processes import command_line
from tests.standins.standin_hub.process import WRITE_TOKEN, Hub

_UPLOAD = """
import sys
from huggingface_hub import HfApi
api = HfApi()
api.create_repo("user/mine", repo_type="dataset")
api.upload_file(
    path_or_fileobj=sys.argv[1].encode(), path_in_repo="train.jsonl", repo_id="user/mine", repo_type="dataset"
)
"""


def test_a_dataset_of_the_hub_is_imported_by_its_id_and_another_id_is_one_line(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"id": i, "instruction": f"Name {i}.", "output": "x"}) + "\n" for i in range(5))
    with Hub(tmp_path / "state") as hub:
        own = {"env": {"HF_TOKEN": WRITE_TOKEN} | hub.environment(tmp_path / "home"), "capture_output": True}
        subprocess.run([sys.executable, "-c", _UPLOAD, lines], check=True, **own)
        done = subprocess.run(command_line("import", "user/mine", "-o", tmp_path / "data"), text=True, **own)
        assert done.returncode == 0, done.stderr
        assert "user/mine/train: Alpaca 5; 5 rows read = 5 written + 0 left out" in done.stderr
        assert (tmp_path / "data" / "SFT" / "train-00000-of-00001.parquet").is_file()
        done = subprocess.run(command_line("import", "user/none", "-o", tmp_path / "other"), text=True, **own)
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        assert "user/none: cannot be read from the Hub" in done.stderr and not (tmp_path / "other").exists()
