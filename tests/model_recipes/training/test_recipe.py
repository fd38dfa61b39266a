"""What can be told of a training before a weight is loaded, and what of its rows before the first step."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.standins.tiny_reward import write_base
from tests.standins.trainings import write_settings

pytest.importorskip("trl", reason="needs the extra `train`")

CHATML = Path(__file__).parents[1] / "sft" / "chatml.jinja"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base"), ["القاهرة"], layers=1, vocabulary=300)


@pytest.fixture
def ask(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """A training with these settings, as a dry run; returns its exit code and what it said on stderr."""
    from model_recipes.sft.train import main

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = Path(shutil.copytree(base, tmp_path / "model"))
    rows = tmp_path / "rows.jsonl"
    messages = [{"role": "user", "content": "؟" * 40}, {"role": "assistant", "content": "نعم"}]
    rows.write_text(json.dumps({"messages": messages}) + "\n", encoding="utf-8")

    def asked(**settings: Any) -> tuple[int, str]:
        given = {"chat_template_path": str(CHATML), "max_steps": 1, **settings}
        config = write_settings(tmp_path, model, [{"path": str(rows)}], **given)
        try:
            main(["--config", str(config), "--dry-run"])
        except SystemExit as stopped:
            return int(str(stopped.code)), capsys.readouterr().err
        return 0, capsys.readouterr().err

    return asked


def test_rows_longer_than_the_model_s_context_are_refused_and_a_larger_max_length_alone_is_not(
    ask: Any, tmp_path: Path
) -> None:
    assert ask(max_length=100_000)[0] == ask(max_length=None)[0] == 0
    config = tmp_path / "model" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"max_position_embeddings": 64}))
    assert ask(max_length=64)[0] == 0
    for limit in (65, None):
        code, said = ask(max_length=limit)
        assert code == 2 and f"smolkalam: max_length: {limit}: 1 sequences of up to " in said
        assert "are longer than the 64 that " in said


def test_an_evaluation_without_rows_is_refused(ask: Any) -> None:
    code, said = ask(eval_strategy="steps", eval_steps=1)
    assert code == 2 and "eval_strategy: there is nothing to evaluate on; set test_rows, or set it to 'no'" in said


@pytest.mark.parametrize(
    ("end", "eos", "warned"), [("<|endoftext|>", None, True), ("<|endoftext|>", "<|endoftext|>", False)]
)
def test_an_end_of_another_model_s_template_is_told(
    ask: Any, tmp_path: Path, end: str, eos: str | None, *, warned: bool
) -> None:
    template = tmp_path / "other.jinja"
    template.write_text(CHATML.read_text(encoding="utf-8").replace("<|im_end|>", end), encoding="utf-8")
    code, said = ask(chat_template_path=str(template), eos_token=eos)
    assert code == 0
    told = (
        "warning: the chat template ends the assistant's turn with <|endoftext|>, and generation stops at <|im_end|>"
    )
    assert (told in said) is warned


def test_the_model_s_own_template_is_not_warned_of(ask: Any) -> None:
    code, said = ask()
    assert code == 0 and "warning" not in said


def test_an_argument_that_the_schedule_has_not_is_told_with_the_nearest(ask: Any) -> None:
    cosine = {"lr_scheduler_type": "cosine_with_min_lr"}
    assert ask(**cosine, lr_scheduler_kwargs={"min_lr_rate": 0.1})[0] == 0
    code, said = ask(**cosine, lr_scheduler_kwargs={"min_lr_rat": 0.1})
    assert code == 2
    assert "lr_scheduler_kwargs.min_lr_rat: unknown to cosine_with_min_lr; did you mean 'min_lr_rate'?" in said
