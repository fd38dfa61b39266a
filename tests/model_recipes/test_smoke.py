"""Each recipe trained for real, for a few steps of a model of a hundred thousand values, in this process.

What takes longer (a kill in the middle, what is learnt) has the marker `train`. Needs the extra of that name.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.standins.tiny_reward import sample_pairs, write_base
from tests.standins.trainings import losses, write_settings

pytest.importorskip("trl", reason="needs the extra `train`")

CHATML = Path(__file__).with_name("sft") / "chatml.jinja"
OWN: dict[str, dict[str, Any]] = {
    "sft": {"assistant_only_loss": True},
    "dpo": {"loss_type": ["apo_zero"]},
    "reward": {"center_rewards_coefficient": 0.01},
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    # Threads cost such a small model more than they give, and another test may have this machine's other core.
    torch.set_num_threads(1)
    texts = [text for pair in sample_pairs()[:100] for text in pair]
    return write_base(tmp_path_factory.mktemp("base"), texts, hidden=64, layers=1, vocabulary=500)


def says(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def rows(recipe: str) -> list[dict[str, Any]]:
    texts = sample_pairs()[:30]
    if recipe == "sft":
        return [{"messages": [says("user", e), says("assistant", a)]} for e, a in texts]
    return [
        {"prompt": [says("user", e)], "chosen": [says("assistant", a)], "rejected": [says("assistant", e)]}
        for e, a in texts
    ]


@pytest.mark.parametrize("recipe", ["sft", "dpo", "reward"])
def test_a_training_has_the_steps_and_tokens_that_were_foretold(
    base: Path,
    tmp_path: Path,
    recipe: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    recwarn: pytest.WarningsRecorder,
) -> None:
    import importlib

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    main = importlib.import_module(f"model_recipes.{recipe}.train").main
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(recipe)), encoding="utf-8")
    config = write_settings(
        tmp_path,
        base,
        [{"path": str(tmp_path / "rows.jsonl")}],
        chat_template_path=str(CHATML),
        num_train_epochs=2,
        gradient_accumulation_steps=3,
        learning_rate="5e-3",
        save_strategy="no",
        **OWN[recipe],
    )
    main(["--config", str(config), "--dry-run", "--gpu", "RTX-4090"])
    foretold = capsys.readouterr().out
    # 30 rows are 8 batches of 4, which are 3 updates of 3.
    assert "steps: 6 = ceil(ceil(30 rows / (4 a GPU × 1 GPUs)) / 3 accumulated) × 2 epochs" in foretold
    assert "fits: 1.0 of 24 GB" in foretold
    main(["--config", str(config)])
    # What a user cannot mend is not shown to him.
    assert not [str(warning.message) for warning in recwarn if warning.category is FutureWarning]
    state = json.loads((tmp_path / "out" / "trainer_state.json").read_text())
    assert state["global_step"] == len(losses(tmp_path / "out")) == 6
    tokens = [entry["num_tokens"] for entry in state["log_history"] if "num_tokens" in entry][-1]
    assert f"{int(tokens):,} in all" in foretold
    found = losses(tmp_path / "out")
    assert found[-1] < found[0]
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "| rows.jsonl all | 30 | 30 | 0 | 0 |" in card


@pytest.fixture
def small(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fine-tuning of three steps with these settings."""
    from model_recipes.sft.train import main

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def train(made: list[dict[str, Any]] | None = None, **settings: Any) -> None:
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made or rows("sft")))
        given = {"chat_template_path": str(CHATML), "max_steps": 3, "save_steps": 1, "learning_rate": "5e-3"}
        main(
            [
                "--config",
                str(write_settings(tmp_path, base, [{"path": str(tmp_path / "rows.jsonl")}], **given | settings)),
            ]
        )

    return train


def test_rows_held_back_are_looked_at_in_the_end(small: Any, tmp_path: Path) -> None:
    small(test_rows=4)
    history = json.loads((tmp_path / "out" / "trainer_state.json").read_text())["log_history"]
    assert len([entry for entry in history if "eval_loss" in entry]) == 1
    assert "On the rows held back " in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("before", [True, False])
def test_pairs_held_back_are_looked_at_whenever_the_reference_is_asked(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, before: bool
) -> None:
    from model_recipes.dpo.train import main

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows("dpo")), encoding="utf-8")
    given = {"chat_template_path": str(CHATML), "max_steps": 1, "precompute_ref_log_probs": before, "test_rows": 4}
    main(["--config", str(write_settings(tmp_path, base, [{"path": str(tmp_path / "rows.jsonl")}], **given))])
    history = json.loads((tmp_path / "out" / "trainer_state.json").read_text())["log_history"]
    assert len([entry for entry in history if "eval_loss" in entry]) == 1


def test_it_goes_on_with_the_same_rows_in_the_same_order_alone(
    small: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small(max_steps=2, num_train_epochs=1)
    small(max_steps=2, num_train_epochs=1)
    assert "going on from" in capsys.readouterr().err
    for made, settings, differs in (
        (rows("sft")[::-1], {}, "rows"),
        (None, {"seed": 7}, "seed"),
        (None, {"optim": "sgd"}, "optim"),
        (None, {"warmup_steps": 1}, "warmup_steps"),
    ):
        with pytest.raises(SystemExit) as stopped:
            small(made, max_steps=2, num_train_epochs=1, **settings)
        assert stopped.value.code == 2
        assert f"holds checkpoints of another training ({differs} differ)" in capsys.readouterr().err


def test_a_full_disk_is_one_line_and_the_same_command_goes_on(
    small: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors import SafetensorError
    from transformers import PreTrainedModel

    save = PreTrainedModel.save_pretrained

    def full(self: Any, folder: str, *given: Any, **options: Any) -> Any:
        if "checkpoint-2" in str(folder):
            raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
        return save(self, folder, *given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(PreTrainedModel, "save_pretrained", full)
        with pytest.raises(SystemExit) as stopped:
            small()
    said = capsys.readouterr().err
    assert stopped.value.code == 1 and "Traceback" not in said
    assert f"smolkalam: {tmp_path / 'out'}: the disk is full (Error while serializing" in said
    small()
    assert f"going on from {tmp_path / 'out' / 'checkpoint-1'}" in capsys.readouterr().err
    assert (tmp_path / "out" / "model.safetensors").is_file()
