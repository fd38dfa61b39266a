"""The files for accelerate that ship, read by accelerate's own class, which refuses a key that it does not know."""

import re
from pathlib import Path

import pytest

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
