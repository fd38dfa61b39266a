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
