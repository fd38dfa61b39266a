"""TRL trains on a built config of pairs as it is. Needs the extra `train`: `python -m pytest -m train`."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from builders.build import run_build
from hub.card.first_screen import loading
from hub.card.write import write_card
from tests.builders.fifty_pairs import SPLITS, fifty_pairs, message, write_pairs
from tests.standins.tiny_reward import write_base

RECIPE = """
name: pairs
source: {{path: {source}, config: Preference, pairs: true}}
translators: [{{name: SeedX, backend: pseudo}}]
"""
CONFIG = "Preference_SeedX_ranked"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    recipe = folder / "pairs.yaml"
    recipe.write_text(RECIPE.format(source=write_pairs(folder / "source")), encoding="utf-8")
    return run_build(str(recipe), output=folder / "run", finish=write_card) / "dataset"


@pytest.mark.parametrize("split", SPLITS)
def test_what_smolkalam_train_dpo_reads_of_a_pair(dataset: Path, split: str) -> None:
    from datasets import load_dataset

    from model_recipes.dpo.data import split_pair

    rows = list(load_dataset(str(dataset), CONFIG, split=split))
    assert len(rows) == (45 if split == SPLITS[0] else 5)
    for row in rows:
        prompt, chosen, rejected, why = split_pair(row)
        assert (prompt, chosen, rejected, why) == (row["prompt"], row["chosen"], row["rejected"], "")
    longest = max(fifty_pairs(), key=lambda row: len(row["chosen"]))
    assert max(len(row["prompt"]) for row in rows) in (1, len(longest["chosen"]) - 1)


@pytest.mark.train
@pytest.mark.timeout(1800)
def test_the_card_s_command_trains_on_the_config_as_it_is(dataset: Path, tmp_path: Path) -> None:
    base = write_base(tmp_path / "base", [str(row) for row in fifty_pairs()], hidden=64, layers=1)
    # The card of a translation has it; this one's, made without meaning, says not to train on it.
    about = {"config": CONFIG, "split": SPLITS[0], "rows": 45, "bytes": 1, "files": [{"path": "a", "bytes": 1}]}
    [command] = re.findall(r"```bash\n(trl dpo .*?)```", loading("user/SmolKalam", [about], pairs=True), re.S)
    # The card names where it will be published; the dataset lies on this disk.
    repository = re.search(r'--dataset_name "([^"]+)"', command)
    assert repository and f'--dataset_config "{CONFIG}"' in command
    command = command.replace("\\\n", "").replace(repository[1], str(dataset)).replace("MODEL", str(base))
    words = shlex.split(command)
    # The one beside this Python.
    words[:2] = [sys.executable, "-m", "trl.scripts.dpo"]
    words[words.index("--output_dir") + 1] = str(tmp_path / "dpo")
    small = ["--use_cpu", "--bf16", "false", "--max_steps", "3", "--logging_steps", "1", "--report_to", "none"]
    small += ["--per_device_train_batch_size", "2", "--save_strategy", "no"]
    done = subprocess.run(
        [*words, *small], capture_output=True, text=True, env=os.environ | {"HF_HUB_OFFLINE": "1"}, timeout=900
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "rewards/margins" in done.stdout


def test_a_pair_as_smoltalk2_has_it_is_read_too() -> None:
    from model_recipes.dpo.data import split_pair

    row = fifty_pairs()[1]
    prompt, chosen, rejected, why = split_pair(row)
    assert why == "" and len(prompt) == 3 and [chosen, rejected] == [row["chosen"][3:], row["rejected"][3:]]
    assert chosen[0] == message("assistant", row["chosen"][3]["content"])
