"""Launching by accelerate: its files that ship, read by its own class, which refuses a key that it does not know."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model_recipes.training.launch import launch_file, run_train
from processors.errors import InputError
from tests.standins.processes import ROOT
from tests.standins.tiny_reward import sample_pairs, write_base
from tests.standins.trainings import losses, run, write_settings

pytest.importorskip("accelerate", reason="needs the extra `train`")

SHIPPED = sorted((ROOT / "model_recipes" / "training" / "accelerate").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_accelerate_reads_what_ships(path: Path) -> None:
    from accelerate.commands.config.config_args import ClusterConfig
    from accelerate.commands.launch import launch_command_parser

    config = ClusterConfig.from_yaml_file(str(path))
    assert (config.num_machines, config.num_processes, config.mixed_precision) == (1, 8, "bf16")
    # The keys of a plugin are not looked at by that class; they are options of the launcher by the same names.
    options = {option for action in launch_command_parser()._actions for option in action.option_strings}
    for key in {**(config.fsdp_config or {}), **(config.deepspeed_config or {})}:
        assert f"--{key}" in options, key


def test_all_that_ship_are_named_where_they_are_chosen() -> None:
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    assert SHIPPED and set(re.findall(r"`([\w-]+\.yaml)`", page)) >= {path.name for path in SHIPPED}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "x.yaml"
    path.write_text(f"model_name_or_path: none\ndatasets: [{{path: none}}]\noutput_dir: {tmp_path / 'out'}\n")
    return path


def test_a_file_is_named_or_ones_own_and_read_first(tmp_path: Path) -> None:
    assert launch_file("zero3") == SHIPPED[-1] and launch_file(str(SHIPPED[0])) == SHIPPED[0]
    with pytest.raises(InputError, match="--launch fdsp: no such file; of those that ship: fsdp, several-gpus, zero3"):
        launch_file("fdsp")
    for number, text in enumerate(["num_machine: 1", "[]", "a: [", "distributed_type: FSPD"]):
        (tmp_path / f"{number}.yaml").write_text(text)
        with pytest.raises(InputError, match=r"--launch .*\.yaml: accelerate cannot read it: "):
            launch_file(str(tmp_path / f"{number}.yaml"))


def test_a_mistake_in_the_settings_is_told_before_anything_begins(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.execve", lambda *_: pytest.fail("begun"))
    for on in ("accelerate", "slurm"):
        with pytest.raises(InputError, match="assistant_only_los: unknown key; did you mean 'assistant_only_loss'"):
            run_train("sft", config, ["assistant_only_los=true"], on=on)
    assert not (tmp_path / "out").exists()


def test_accelerate_takes_the_place_of_this_process(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    monkeypatch.setattr("os.execve", lambda *given: begun.append(given))
    monkeypatch.setattr("model_recipes.training.launch.submit", lambda *_: (Path("x"), None))
    before = dict(os.environ)
    run_train("sft", config, ["seed=7"], on="accelerate", launch="fsdp")
    ((program, words, environment),) = begun
    assert program == sys.executable and environment == before and words == [
        sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(SHIPPED[0]),
        "-m", "model_recipes.sft.train", "--config", str(config), "--set", "seed=7",
    ]  # fmt: skip


def test_without_sbatch_the_command_is_said(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    run_train("sft", config, [], on="slurm", slurm=["nodes=2", "gpus=4"])
    script = tmp_path / "out" / "_slurm" / "train.sh"
    assert capsys.readouterr().err.splitlines()[-1] == f"no sbatch here; on the cluster: sbatch {script}"
    # Several processes without a file: the whole model on each GPU. accelerate's own parser reads the words.
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser

    (words,) = re.findall(r"accelerate\.commands\.launch (.*?) -m model_recipes", script.read_text(), re.DOTALL)
    given = shlex.split(words.replace("\\\n", " ").replace('"$MAIN_PORT"', "20007").replace('"$SLURM_NODEID"', "1"))
    read, _, _ = _validate_launch_command(launch_command_parser().parse_args([*given, "-m", "x"]))
    assert (read.multi_gpu, read.num_machines, read.num_processes, read.machine_rank) == (True, 2, 8, 1)
    assert (read.main_process_ip, read.main_process_port) == ("$MAIN_IP", 20007)


def in_processes(config: Path, *words: str, environment: dict[str, str] | None = None) -> str:
    """Two processes of this CPU train together, as two GPUs would; returns what they said."""
    port = str(20000 + os.getpid() % 10000)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", port, *words]
    offline = {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [*command, "--config", str(config), "--set", "per_device_train_batch_size=2"],
        cwd=ROOT,
        env=os.environ | offline | {"HF_HOME": str(config.parent / "hf")} | (environment or {}),
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def sharded() -> dict[str, str]:
    """What `accelerate launch` tells the processes of fsdp.yaml, in the weights' own type, as the CPU trains."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    file = next(path for path in SHIPPED if path.stem == "fsdp")
    words = ["--config_file", str(file), "--mixed_precision", "no", "-m", "x"]
    read, _, _ = _validate_launch_command(launch_command_parser().parse_args(words))
    found = {key: value for key, value in prepare_multi_gpu_env(read).items() if os.environ.get(key) != value}
    assert (found["ACCELERATE_USE_FSDP"], found["FSDP_VERSION"]) == ("true", "2")
    return found


@pytest.mark.train
@pytest.mark.timeout(3600)
def test_two_processes_have_the_losses_of_one_each_with_the_whole_model_or_sharded(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    texts = [text for pair in sample_pairs()[:60] for text in pair]
    base = write_base(tmp_path / "base", texts, layers=2, vocabulary=500)
    rows = tmp_path / "rows.jsonl"
    with rows.open("w", encoding="utf-8") as stream:
        for english, arabic in sample_pairs()[:40]:
            row = {"messages": [{"role": "user", "content": english}, {"role": "assistant", "content": arabic}]}
            stream.write(json.dumps(row) + "\n")

    def settings(name: str) -> Path:
        given = {"output_dir": str(tmp_path / name), "max_steps": 12, "save_steps": 6, "learning_rate": "1e-3"}
        return write_settings(tmp_path, base, [{"path": str(rows)}], **given)

    code, said = run("sft", settings("one"))
    assert code == 0, said
    in_processes(settings("each"), "-m", "model_recipes.sft.train")
    over = ["-m", "tests.standins.fsdp_cpu", "model_recipes.sft.train"]
    in_processes(settings("sharded"), *over, environment=sharded())
    # Each holds half: the optimizer's state is gathered for a checkpoint, from which it goes on.
    shutil.rmtree(tmp_path / "sharded" / "checkpoint-12")
    assert "going on from" in in_processes(settings("sharded"), *over, environment=sharded())
    expected = load_file(tmp_path / "one" / "model.safetensors")
    for name in ("each", "sharded"):
        assert losses(tmp_path / name) == pytest.approx(losses(tmp_path / "one"), abs=1e-4)
        found = load_file(tmp_path / name / "model.safetensors")
        assert found.keys() == expected.keys()
        assert all(abs(found[key] - expected[key]).max() < 1e-3 for key in expected)
        assert (tmp_path / name / "README.md").is_file()
