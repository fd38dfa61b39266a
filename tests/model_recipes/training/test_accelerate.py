"""Launching by accelerate: its files that ship, read by its own class, which refuses a key that it does not know."""

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from model_recipes.training.launch import launch_file, run_train
from processors.errors import InputError
from tests.standins.processes import ROOT

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
