"""`smolkalam pipeline` started as a user starts it, and what its tests' plans are made of."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TASK = """\
task: arabic_or_english
dataset_path: json
dataset_kwargs: {{data_files: {{test: {test}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{prompt}}}}"
doc_to_choice: ["{{{{arabic}}}}", "{{{{english}}}}"]
doc_to_target: 0
target_delimiter: ""
metric_list:
  - metric: acc
metadata: {{version: 1.0}}
"""


def says(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def begun(plan: Path, folder: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    words = ["pipeline", str(plan), "--output", str(folder), "--yes"]
    return subprocess.Popen(
        [sys.executable, "-m", "smolkalam", *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip


def ended(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate()
    assert process.returncode == 0, err[-3000:]
    return out + err
