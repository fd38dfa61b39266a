"""A reward model trained for real on planted faults, then used as a build uses it.

Needs the extra `train` and some minutes: `python -m pytest -m train`.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.standins.processes import ROOT
from tests.standins.tiny_reward import plant, sample_pairs, write_base, write_preferences

pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]

RECIPE = ROOT / "model_recipes" / "reward" / "qwen2.5-1.5b.yaml"
Texts = list[dict[str, str]]
# What the test of a tiny model changes of the recipe that ships.
CHANGES = {"max_length": 512, "eval_strategy": "no", "gradient_accumulation_steps": 1, "gradient_checkpointing": False}
LEARN = {"per_device_train_batch_size": 16, "learning_rate": 2e-3, "num_train_epochs": 1}


def run_train(base: Path, data: Path, out: Path, **changes: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "smolkalam", "train", "reward", "--config", str(RECIPE)]
    given = {"model_name_or_path": str(base), "output_dir": str(out), "max_left_out": 0.1, "disable_tqdm": True}
    given |= {
        "datasets": [{"path": str(data), "split": "train"}],
        "test_dataset": {"path": str(data), "split": "test"},
    }
    for key, value in {**given, **CHANGES, **changes}.items():
        command += ["--set", f"{key}={json.dumps(value)}"]
    # Threads cost such a small model more than they give.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`base` without training, `data` with planted faults, `reward` trained on it."""
    made = tmp_path_factory.mktemp("reward")
    pairs = sample_pairs()
    write_base(made / "base", [text for pair in pairs for text in pair])
    write_preferences(made / "data", pairs)
    done = run_train(made / "base", made / "data", made / "reward", **LEARN)
    assert done.returncode == 0, done.stderr[-3000:]
    (made / "said").write_text(done.stdout)
    return made


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("dataset_name=pairs", "--set dataset_name=pairs: dataset_name: unknown key; did you mean"),
        ("center_rewards_coeficient=0.01", "center_rewards_coeficient: unknown key; did you mean"),
        ("learning_rate=fast", "--set learning_rate=fast: learning_rate: input should be a valid number"),
        ("hub_token=hf_secret", "set HF_TOKEN"),
        ("test_dataset={path: x, splt: test}", "splt: unknown key; did you mean 'split'?"),
        ("datasets=[]", "datasets: missing"),
    ],
)
def test_a_mistake_in_the_settings_is_one_line(change: str, expected: str) -> None:
    from model_recipes.reward.train import RECIPE as REWARD
    from model_recipes.training.recipe import read
    from processors.errors import InputError

    with pytest.raises(InputError) as error:
        read(REWARD, RECIPE, ["datasets=[{path: x}]", change])
    assert expected in str(error.value) and "hf_secret" not in str(error.value)


@pytest.fixture(scope="module")
def encode(folder: Path) -> Callable[[str, str], list[list[int]]]:
    from processors.reward.local_model import load_reward_tokenizer
    from processors.reward.score import Encoder, judged

    encoder = Encoder(load_reward_tokenizer(str(folder / "reward")), "Arabic", 512)

    def windows(english: str, arabic: str) -> list[list[int]]:
        return encoder.encode([judged(chat(english), chat(arabic))])[0]

    return windows


def chat(text: str) -> Texts:
    return [{"content": text, "role": "user"}]


def test_it_learns_the_planted_preference_on_held_out_rows(folder: Path) -> None:
    found = json.loads((folder / "reward" / "evaluation.json").read_text())
    train, test = (set(pq.read_table(folder / "data" / f"{s}-00000-of-00001.parquet")["source_id"].to_pylist())
                   for s in ("train", "test"))  # fmt: skip
    assert not train & test and len(test) > 80
    assert found["accuracy"]["accuracy"] >= 0.95
    assert found["source_rows"] == len(test)
    assert set(found["by_translators"]) == {"reference / truncated", "reference / untranslated"}
    assert f"pairwise accuracy {found['accuracy']['accuracy']:.1%}" in (folder / "said").read_text()


def test_without_training_it_is_a_coin(folder: Path, tmp_path: Path) -> None:
    from model_recipes.reward.evaluate import evaluate
    from processors.errors import InputError

    with pytest.raises(InputError, match=r"not a reward model .*score.weight"):
        evaluate(folder / "base", str(folder / "data"))
    done = run_train(folder / "base", folder / "data", tmp_path / "out", max_steps=1, learning_rate=1e-9)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert found["accuracy"]["accuracy"] < 0.8
    assert 0.68 < found["log_loss"] < 0.72


def test_the_card_tells_what_was_measured(folder: Path) -> None:
    card = (folder / "reward" / "README.md").read_text()
    found = json.loads((folder / "reward" / "evaluation.json").read_text())
    head = yaml.safe_load(card.split("---")[1])
    assert head["model-index"][0]["results"][0]["metrics"][0]["value"] == round(found["accuracy"]["accuracy"], 4)
    assert f"| all | {found['accuracy']['pairs']} | {found['accuracy']['accuracy']:.1%} |" in card
    assert "| learning_rate | 0.002 |" in card
    assert str(folder) not in card
    assert (folder / "reward" / "calibration.png").read_bytes().startswith(b"\x89PNG")
    rewards = pq.read_table(folder / "reward" / "rewards.parquet").to_pylist()
    right = sum(row["chosen"] > row["rejected"] for row in rewards)
    assert right / len(rewards) == pytest.approx(found["accuracy"]["accuracy"], abs=0.01)


def test_the_same_command_again_trains_nothing_and_another_setting_is_refused(folder: Path) -> None:
    weights = (folder / "reward" / "model.safetensors").read_bytes()
    again = run_train(folder / "base", folder / "data", folder / "reward", **LEARN)
    assert again.returncode == 0, again.stderr[-3000:]
    assert "going on from" in again.stderr
    assert (folder / "reward" / "model.safetensors").read_bytes() == weights
    other = run_train(folder / "base", folder / "data", folder / "reward", **LEARN | {"learning_rate": 1e-3})
    assert other.returncode == 2
    assert "learning_rate differ" in other.stderr.splitlines()[-1]


def test_what_ships_names_only_keys_that_are_read() -> None:
    from model_recipes.reward.train import RECIPE as REWARD
    from model_recipes.training.recipe import read

    args, model, ours, _ = read(REWARD, RECIPE, ["datasets=[{path: x}]"])
    assert (model.model_name_or_path, args.max_length, args.learning_rate) == ("Qwen/Qwen2.5-1.5B", 2048, 1e-5)
    assert (args.center_rewards_coefficient, ours.max_left_out) == (0.01, 0.02)


def test_an_adapter_is_merged(folder: Path, tmp_path: Path) -> None:
    lora = {"use_peft": True, "lora_task_type": "SEQ_CLS", "lora_r": 4, "lora_target_modules": ["q_proj", "v_proj"]}
    done = run_train(folder / "base", folder / "data", tmp_path / "out", max_steps=2, **lora)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "out" / "model.safetensors").exists()
    assert not (tmp_path / "out" / "adapter_model.safetensors").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: row | {"rejected": None}, "train, row 0: rejected is None"),
        (lambda row: row | {"margin": -1.0}, "train, row 0: margin is -1.0"),
        (lambda row: row | {"margin": float("nan")}, "train, row 0: margin is nan"),
        (lambda row: row | {"source_id": "sample/same"}, "test_dataset: source row 'sample/same' is in "),
        (lambda row: {k: v for k, v in row.items() if k != "chosen"}, "no column 'chosen'"),
        (lambda row: row | {"rejected": row["chosen"]}, "4 of 4 rows would be left out (100.0%"),
    ],
)
def test_bad_data_is_one_line(folder: Path, tmp_path: Path, change: Callable[[Any], Any], words: str) -> None:
    for split in ("train", "test"):
        name = f"{split}-00000-of-00001.parquet"
        table = pq.read_table(folder / "data" / name)
        rows = [change(row) for row in table.to_pylist()[:4]]
        schema = pa.schema([field for field in table.schema if field.name in rows[0]])
        pq.write_table(pa.Table.from_pylist(rows, schema), tmp_path / name)
    done = run_train(folder / "base", tmp_path, tmp_path / "out")
    assert done.returncode == 2, done.stderr[-2000:]
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_missing_split_is_one_line(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "data" / "train-00000-of-00001.parquet", tmp_path)
    done = run_train(folder / "base", tmp_path, tmp_path / "out")
    assert done.returncode == 2
    assert "no split 'test'; it has train" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("kind", ["implicit", "text"])
def test_other_formats_of_trl_are_read(folder: Path, tmp_path: Path, kind: str) -> None:
    for split in ("train", "test"):
        name = f"{split}-00000-of-00001.parquet"
        rows = []
        for row in pq.read_table(folder / "data" / name).to_pylist()[:16]:
            if kind == "implicit":
                rows.append({side: row["prompt"] + row[side] for side in ("chosen", "rejected")})
            else:
                texts = {side: row[side][0]["content"] for side in ("prompt", "chosen", "rejected")}
                rows.append(texts)
        rows.append({**rows[0], "chosen": rows[0]["chosen"] * 50})
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / name)
    done = run_train(folder / "base", tmp_path, tmp_path / "out", max_steps=1, max_left_out=0.2)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert found["left_out"]["longer than max_length"] == 1
    assert found["interval"] == "Wilson" and found["by_translators"] == {}
    assert "1 longer than max_length 512" in (tmp_path / "out" / "README.md").read_text()


def test_training_and_scoring_read_the_same_tokens(folder: Path, encode: Callable[..., Any]) -> None:
    from model_recipes.reward.data import PairEncoder
    from processors.reward.local_model import load_reward_tokenizer

    row = pq.read_table(folder / "data" / "test-00000-of-00001.parquet").to_pylist()[0]
    tokenizer = load_reward_tokenizer(str(folder / "reward"))
    encoded = PairEncoder(tokenizer, 512, "x")({name: [value] for name, value in row.items()}, [0])
    by_trl = tokenizer.apply_chat_template(row["prompt"] + row["chosen"], tokenize=True, return_dict=True)["input_ids"]
    english = row["prompt"][0]["content"].split("[user]\n")[1]
    arabic = row["chosen"][0]["content"].removeprefix("[user]\n")
    assert encoded["chosen_ids"] == [by_trl] == encode(english, arabic)


def test_long_conversations_are_windows_and_faults_still_show(folder: Path, encode: Callable[..., Any]) -> None:
    from processors.reward.local_model import ModelScorer
    from processors.reward.score import score_candidates

    pairs, draw = sample_pairs(), random.Random(1)
    scorer = ModelScorer(str(folder / "reward"))
    right = 0
    for start in range(0, 300, 30):
        some = pairs[start : start + 30]
        english = "\n".join(e for e, _ in some)
        good = "\n".join(a for _, a in some)
        bad = "\n".join(plant(e, a, "untranslated", draw) if i % 2 else a for i, (e, a) in enumerate(some))
        both = [encode(english, good), encode(english, bad)]
        assert all(len(windows) > 3 and max(map(len, windows)) <= 512 for windows in both)
        rewards = score_candidates(both, scorer, 4096)
        right += rewards[0] > rewards[1]
    assert right >= 9


def test_a_batch_changes_a_reward_by_rounding_only(folder: Path, encode: Callable[..., Any]) -> None:
    from processors.reward.local_model import ModelScorer
    from processors.reward.score import score_candidates

    draw = random.Random(2)
    some = sample_pairs()[:60]
    windows = [encode(e, a) for e, a in some] + [encode(e, plant(e, a, "truncated", draw)) for e, a in some]
    for dtype, most in (("float32", 1e-4), ("bfloat16", 0.01)):
        scorer = ModelScorer(str(folder / "reward"), dtype=dtype)  # type: ignore[arg-type]
        alone = score_candidates(windows, scorer, 1)
        together = score_candidates(windows, scorer, 100_000)
        largest = max(abs(a - b) for a, b in zip(alone, together, strict=True))
        spread = max(alone) - min(alone)
        print(f"{dtype}: {largest:.2g} of {spread:.2g}")
        assert largest <= most * (1 if dtype == "float32" else spread)
        # The larger half of the rewards is that of the whole translations, however they were batched.
        assert sum(together[i] > together[i + 60] for i in range(60)) >= 55


def test_the_head_is_not_rounded_in_bfloat16(folder: Path, encode: Callable[..., Any]) -> None:
    import torch

    from processors.reward.local_model import ModelScorer

    scorer = ModelScorer(str(folder / "reward"), dtype="bfloat16")
    rewards = scorer.forward([windows[0] for windows in (encode(e, a) for e, a in sample_pairs()[:40])])
    assert rewards.dtype == torch.float32
    assert (rewards.to(torch.bfloat16).float() != rewards).float().mean() > 0.5
