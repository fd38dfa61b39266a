"""`smolkalam ablate --train`: from a recipe to the variant that trains best, killed at every step."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.standins.tiny_reward import sample_pairs, write_base

pytest.importorskip("lm_eval")
pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]

TASK = """\
task: greetings
dataset_path: json
dataset_kwargs: {{data_files: {{test: {rows}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: ["نعم", "لا"]
doc_to_target: "{{{{answer}}}}"
metric_list:
  - metric: acc
"""
TRAINING = """\
model_name_or_path: {base}
chat_template_path: {template}
max_length: 128
max_steps: 2
per_device_train_batch_size: 2
save_strategy: steps
save_steps: 1
report_to: none
max_left_out: 1.0
"""
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% if message.role == 'assistant' %}"
    "{% generation %}{{ message.content }}<|im_end|>{% endgeneration %}{% else %}{{ message.content }}<|im_end|>"
    "{% endif %}\n{% endfor %}"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    base = write_base(folder / "base", [text for pair in sample_pairs() for text in pair], hidden=32, layers=1)
    (folder / "template.jinja").write_text(TEMPLATE)
    rows = [{"question": f"هل {n} عدد؟", "answer": n % 2} for n in range(12)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "greetings.yaml").write_text(TASK.format(rows=folder / "rows.jsonl"), encoding="utf-8")
    (folder / "sft.yaml").write_text(TRAINING.format(base=base, template=folder / "template.jinja"))
    return folder


def command(files: Path, output: Path) -> list[str]:
    words = ["ablate", "demo", "--over", "translators=reference,draft", "--output", str(output), "--seeds", "1"]
    words += ["--train", str(files / "sft.yaml"), "--evaluate", str(files / "greetings.yaml")]
    return [sys.executable, "-m", "smolkalam", *words]


def environment(home: Path) -> dict[str, str]:
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(home), "OMP_NUM_THREADS": "1"}
    return os.environ | offline


def test_killed_at_every_step_the_choice_is_the_same(files: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    done = subprocess.run(
        command(files, whole), env=environment(tmp_path), capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "| reference | " in done.stdout and "Best: " in done.stdout
    scores = (whole / "trained" / "scores.yaml").read_text()
    assert scores.startswith("reference: ")
    killed = tmp_path / "killed"
    first, second = (killed / "trained" / f"{name}_seed1" for name in ("reference", "draft"))
    # Each of these has just come into being when the whole group of processes is killed.
    for sign in (killed / "rank", first / "training.json", first / "model.safetensors", second / "training.json"):
        process = subprocess.Popen(
            command(files, killed), env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        while not sign.exists() and process.poll() is None:
            os.sched_yield()
        assert process.poll() is None, f"ended before {sign.name}"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    again = subprocess.run(
        command(files, killed), env=environment(tmp_path), capture_output=True, text=True, timeout=1800
    )
    assert again.returncode == 0, again.stderr[-3000:]
    assert "model 1 of 2" not in again.stderr
    for name in ("choice.json", "choice.md", "scores.yaml"):
        assert (killed / "trained" / name).read_text() == (whole / "trained" / name).read_text()


def test_what_training_could_not_follow_is_told_before_anything_is_built(files: Path, tmp_path: Path) -> None:
    words = command(files, tmp_path / "out")
    hollow = tmp_path / "hollow"
    shutil.copytree(files / "base", hollow, ignore=shutil.ignore_patterns("*.safetensors"))
    task = (files / "greetings.yaml").read_text(encoding="utf-8").replace("rows.jsonl", "nowhere.jsonl")
    (tmp_path / "no_rows.yaml").write_text(task, encoding="utf-8")

    def with_settings(lines: str) -> list[str]:
        """The training with these settings in place of its own."""
        named = {line.partition(":")[0] for line in lines.splitlines()}
        kept = [line for line in (files / "sft.yaml").read_text().splitlines() if line.partition(":")[0] not in named]
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        file.write_text("\n".join([*kept, lines]))
        return [*words[:-3], str(file), *words[-2:]]

    (tmp_path / "unknown.yaml").write_text("model_name_or_path: x\nlearnig_rate: 1\n")
    (tmp_path / "none.yaml").write_text("learning_rate: 1\n")
    for wrong, said in (
        ([*words[:-3], str(tmp_path / "unknown.yaml"), *words[-2:]], "learnig_rate: unknown key"),
        ([*words[:-3], str(tmp_path / "none.yaml"), *words[-2:]], "model_name_or_path: missing"),
        ([*words[:-1], "arabik"], "did you mean arabic"),
        ([*words[:-3], "none.yaml", *words[-2:]], "--train none.yaml: no such file"),
        (words[:-2], "--train needs --evaluate"),
        ([*words, "--data", str(tmp_path / "nowhere")], "nowhere: no such folder"),
        (with_settings("model_name_or_path: nowhere"), "no such folder, and the Hub's models are named USER/NAME"),
        (with_settings("model_name_or_path: user/nowhere"), "user/nowhere: no model there"),
        (with_settings(f"model_name_or_path: {hollow}"), "has no weights"),
        (
            with_settings("chat_template_path: null\nassistant_only_loss: true"),
            "does not mark what the",
        ),
        (with_settings("eval_strategy: steps\neval_steps: 1"), "nothing to evaluate on; set test_rows"),
        ([*words[:-1], str(tmp_path / "no_rows.yaml")], "no_rows"),
    ):
        done = subprocess.run(wrong, env=environment(tmp_path), capture_output=True, text=True)
        assert done.returncode == 2 and said in done.stderr, done.stderr
        assert not (tmp_path / "out").exists()
