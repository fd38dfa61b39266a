"""A training as a job: what is written and submitted, by stand-ins on PATH; the last tests ask a real Slurm."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from model_recipes.training.launch import run_train
from model_recipes.training.settings import DataSettings, read_settings
from model_recipes.training.slurm import SlurmTraining, as_settings, submit
from processors.errors import InputError, RecipeError, SmolKalamError
from tests.standins.processes import ROOT
from tests.standins.tiny_reward import sample_pairs, write_base
from tests.standins.trainings import losses, run, write_settings

# Each says how it was called, a line a word; `srun` does what its last three words say, as a node would.
SAYS = 'for word in "$0" "$@"; do echo "$word"; done >> "$SAID"\n'
TOOLS = {
    "sbatch": SAYS + "echo Submitted batch job 7\n",
    "python": SAYS + 'exit "${CODE:-0}"\n',
    "scontrol": SAYS + '[ "$1" = show ] && printf "first\\nsecond\\n"\nexit 0\n',
    "squeue": 'echo "$STATE"\n',
    "srun": 'while [ "$#" -gt 3 ]; do shift; done\nSLURM_NODEID=1 exec "$@"\n',
}


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stand-ins were called with."""
    for name, text in TOOLS.items():
        tool = tmp_path / "bin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f"#!/bin/bash\n{text}")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    return tmp_path / "said"


def options(script: Path) -> dict[str, str]:
    """What a script asks sbatch for."""
    return dict(re.findall(r"^#SBATCH --([\w-]+)=?(.*)$", script.read_text(), re.MULTILINE))


def as_a_node(script: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    given = {"SLURM_JOB_ID": "20007", "SLURM_JOB_NODELIST": "n[1-2]", "STATE": "RUNNING", **variables}
    return subprocess.run(["bash", script], env=os.environ | given, capture_output=True, text=True, timeout=60)


COMMAND = ["-m", "model_recipes.sft.train", "--config", "it's.yaml"]


def test_the_job_asks_for_its_nodes_and_is_requeued(said: Path, tmp_path: Path) -> None:
    asked = SlurmTraining(account="a", time="1-00:00:00", nodes=2, gpus=8, mem_gb=500, sbatch={"qos": "long one"})
    script, answer = submit("sft", asked, None, COMMAND, tmp_path / "100% out")
    assert answer == "Submitted batch job 7"
    assert said.read_text().splitlines() == [str(tmp_path / "bin" / "sbatch"), str(script)]
    found = options(script)
    logs = f"{tmp_path}/100%% out/_slurm"
    assert found.pop("job-name").startswith("smolkalam-sft-") and found == {
        "dependency": "singleton", "account": "a", "time": "1-00:00:00", "nodes": "2", "ntasks-per-node": "1",
        "cpus-per-task": "64", "gpus-per-node": "8", "mem": "500G", "output": f'"{logs}/%j.log"',
        "open-mode": "append", "requeue": "", "signal": "B:USR1@120", "qos": '"long one"',
    }  # fmt: skip


def test_each_node_is_launched_with_its_rank(said: Path, tmp_path: Path) -> None:
    launch = ROOT / "model_recipes" / "training" / "accelerate" / "fsdp.yaml"
    script, _ = submit("sft", SlurmTraining(nodes=2, gpus=8), launch, COMMAND, tmp_path / "out")
    said.unlink()
    done = as_a_node(script, CODE="3")
    assert done.returncode == 3 and "ended with exit code 3" in done.stdout and not done.stderr
    words = said.read_text().splitlines()
    assert words[words.index(sys.executable) :] == [
        sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(launch), "--num_machines", "2",
        "--num_processes", "16", "--machine_rank", "1", "--main_process_ip", "first", "--main_process_port", "20007",
        *COMMAND,
    ]  # fmt: skip


@pytest.mark.parametrize(("state", "requeued"), [("RUNNING", True), ("COMPLETING", False)])
def test_a_signal_requeues_a_job_that_was_not_cancelled(
    said: Path, tmp_path: Path, state: str, *, requeued: bool
) -> None:
    """The training signals the job's shell, as Slurm does before the time limit, and goes on until it is ended."""
    script, _ = submit("sft", SlurmTraining(), None, COMMAND, tmp_path / "out")
    (tmp_path / "bin" / "python").write_text(
        # Its parent waits for it, and the parent of that is the job's shell.
        '#!/bin/bash\nread -r _ _ _ shell _ < "/proc/$PPID/stat"\nkill -USR1 "$shell"\nexit "${CODE:-0}"\n'
    )
    for code in ("0", "3", "0", "3"):
        done = as_a_node(script, STATE=state, CODE=code)
        assert done.returncode == int(code), done.stdout
    assert ("scontrol\nrequeue\n20007\n" in said.read_text()) is requeued


def test_what_sbatch_refuses_is_one_line(said: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "sbatch").write_text("#!/bin/sh\necho 'invalid partition' >&2\nexit 1\n")
    with pytest.raises(SmolKalamError, match=r"^sbatch refused .*train\.sh: invalid partition$"):
        submit("sft", SlurmTraining(), None, COMMAND, tmp_path / "out")


@pytest.mark.parametrize(
    ("asked", "folder", "says"),
    [({"gpus": 0, "nodes": 2}, "out", "slurm.gpus: 0 is"), ({}, 'a"b', "output_dir: .*without quotes")],
)
def test_what_no_job_can_do_is_told(asked: dict[str, Any], folder: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        submit("sft", SlurmTraining(**asked), None, COMMAND, tmp_path / folder)
    assert not (tmp_path / folder).exists()


@pytest.mark.parametrize(
    ("block", "words", "says"),
    [
        ("{nods: 2}", [], r"x\.yaml:1: slurm\.nods: unknown key; did you mean 'nodes'\?"),
        ("{time: 24:00:00}", [], r'slurm\.time: expected a text such as "24:00:00", in quotes'),
        ("{}", ["time=soon"], r"slurm\.time: expected a time such as 24:00:00"),
        ("{}", ["nodes=two"], r"--set slurm\.nodes=two: slurm\.nodes: input should be a valid integer"),
        ("{}", ["nodes"], "--slurm nodes: expected KEY=VALUE"),
        ("{partition: 'a\n\n b'}", [], r"slurm\.partition: expected one line"),
        ("{sbatch: {'a b': c}}", [], r"slurm\.sbatch"),
    ],
)
def test_a_mistake_in_the_block_is_one_line(block: str, words: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(f"slurm: {block}\n")
    with pytest.raises(RecipeError, match=says):
        read_settings(tmp_path / "x.yaml", as_settings(words), (), DataSettings, {})


def test_what_is_given_as_key_and_value_is_read_as_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("slurm: {gpus: 8, partition: a}\n")
    words = ["partition=b", "account=123", "time=24:00:00", "nodes=2", "mem_gb=500", "sbatch.qos=a=b"]
    _, ours = read_settings(tmp_path / "x.yaml", as_settings(words), (), DataSettings, {})
    assert ours.slurm == SlurmTraining(
        partition="b", account="123", time="24:00:00", nodes=2, gpus=8, mem_gb=500, sbatch={"qos": "a=b"}
    )


def test_an_option_without_effect_is_told(tmp_path: Path) -> None:
    config = tmp_path / "x.yaml"
    with pytest.raises(InputError, match="--launch fsdp: has no effect here; add --on accelerate or --on slurm"):
        run_train("sft", config, [], launch="fsdp")
    with pytest.raises(InputError, match="--slurm nodes=2: has no effect here; add --on slurm"):
        run_train("sft", config, [], on="accelerate", slurm=["nodes=2"])
    with pytest.raises(InputError, match="train merge: uses no GPU; leave --on out"):
        run_train("merge", config, [], on="slurm")


PATIENCE_S = 400.0
# Its first life waits to be ended; every other ends at once, if that is what it is told.
LIVES = """
import sys, time
lives = open(sys.argv[1], "a+")
lives.write("x")
lives.flush()
lives.seek(0)
time.sleep(0 if len(lives.read()) > 1 else 600)
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    script = ROOT / "tests" / "standins" / "slurm_one_node.sh"
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "cluster" / "slurm.conf"))
    (tmp_path / "cluster").mkdir()
    try:
        subprocess.run(["bash", script, "start", tmp_path / "cluster"], check=True, timeout=60)
        yield
    finally:
        subprocess.run(["bash", script, "stop", tmp_path / "cluster"], check=True, timeout=60)


@pytest.mark.slurm
@pytest.mark.skipif(not shutil.which("sbatch"), reason="needs slurm-wlm and munge")
def test_on_a_real_slurm_it_is_requeued_by_a_signal_and_not_when_cancelled(cluster: None, tmp_path: Path) -> None:
    def begin(name: str) -> tuple[str, Path]:
        folder = tmp_path / f"{name} 100%"
        command = ["-c", LIVES, str(folder / "lives")]
        _, answer = submit("sft", SlurmTraining(gpus=0, cpus=1), None, command, folder)
        wait_for(lambda: (folder / "lives").exists(), f"{name} begins")
        assert answer
        return answer.split()[-1], folder

    job, requeued = begin("requeued")
    subprocess.run(["scancel", "--batch", "--signal=USR1", job], check=True)
    other, cancelled = begin("cancelled")
    subprocess.run(["scancel", other], check=True)
    wait_for(lambda: state(other) == "CANCELLED", "cancelled")
    log = requeued / "_slurm" / f"{job}.log"
    wait_for(lambda: "ended with exit code 0" in log.read_text(), "its second life ends")
    assert log.read_text().count("begins on") == 2 and (requeued / "lives").read_text() == "xx"
    assert state(other) == "CANCELLED" and (cancelled / "lives").read_text() == "x"
    assert (requeued / "_slurm" / f"{job}-node0.log").is_file()


@pytest.mark.slurm
@pytest.mark.skipif(not shutil.which("sbatch"), reason="needs slurm-wlm and munge")
def test_a_training_as_a_job_that_is_requeued_has_the_losses_of_one_here(cluster: None, tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="needs the extra `train`")
    texts = [text for pair in sample_pairs()[:60] for text in pair]
    base = write_base(tmp_path / "base", texts, layers=1, vocabulary=500)
    rows = [
        {"messages": [{"role": "user", "content": english}, {"role": "assistant", "content": arabic}]}
        for english, arabic in sample_pairs()[:60]
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    # Long enough that it is not over before the signal has gone its way.
    config = write_settings(
        tmp_path, base, [{"path": str(tmp_path / "rows.jsonl")}], max_steps=200, save_steps=40, learning_rate="1e-3"
    )
    code, said = run("sft", config, "--set", f"output_dir={tmp_path / 'here'}")
    assert code == 0, said
    code, said = run("sft", config, "--on", "slurm", "--slurm", "gpus=0", "--slurm", "cpus=1")
    assert code == 0, said
    [job] = re.findall(r"Submitted batch job (\d+)", said)
    log = tmp_path / "out" / "_slurm" / f"{job}.log"
    wait_for(lambda: (tmp_path / "out" / "checkpoint-40" / "trainer_state.json").exists(), "its first checkpoint")
    subprocess.run(["scancel", "--batch", "--signal=USR1", job], check=True)
    wait_for(lambda: "ended with exit code 0" in log.read_text(), "its second life ends")
    assert log.read_text().count("begins on") == 2
    assert "going on from" in (tmp_path / "out" / "_slurm" / f"{job}-node0.log").read_text()
    assert losses(tmp_path / "out") == pytest.approx(losses(tmp_path / "here"), abs=1e-4)


def state(job: str) -> str:
    shown = subprocess.run(["scontrol", "show", "job", job, "--oneliner"], capture_output=True, text=True, check=True)
    return re.findall("JobState=([A-Z_]+)", shown.stdout)[0]


def wait_for(found: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.05)
