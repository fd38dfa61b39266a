"""Fine-tuning as a user starts it: settings read strictly, each shape of a row as text with its loss, kill -9.

Needs the extra `train` and some minutes: `python -m pytest -m train`.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Demo
from tests.standins.processes import ROOT
from tests.standins.tiny_reward import sample_pairs, write_base
from tests.standins.trainings import kill_after, losses, run, start, write_settings

pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]

SMOLLM3 = Path(__file__).with_name("smollm3.jinja")
SHIPPED = sorted((ROOT / "model_recipes" / "sft").glob("*.yaml"))
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"city": "string"}}}
ASK = [{"role": "user", "content": "ما عاصمة مصر؟"}, {"role": "assistant", "content": "القاهرة."}]
NO_THINK = {"messages": ASK, "chat_template_kwargs": {"enable_thinking": False}}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    return write_base(folder, [text for pair in sample_pairs() for text in pair], hidden=64, layers=1)


def encoder(base: Path, template: Path, **options: Any) -> Any:
    from transformers import AutoTokenizer

    from model_recipes.training.rows import RowEncoder

    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.chat_template = template.read_text(encoding="utf-8")
    return RowEncoder(tokenizer, **{"assistant_only": True, "max_length": None, "day": date(2026, 1, 31)} | options)


def qwen3() -> Path:
    import trl

    return Path(trl.__file__).parent / "chat_templates" / "qwen3_training.jinja"


def test_what_has_no_loss_is_left_out_with_its_reason(base: Path) -> None:
    encode = encoder(base, SMOLLM3, max_length=64)
    for learnt in (True, False):
        assert encoder(base, SMOLLM3, assistant_only=learnt)({"messages": ASK[:1]})["left_out"] == "no assistant turn"
    assert encode(NO_THINK)["left_out"] == "no token of the assistant's within max_length"
    assert encoder(base, SMOLLM3, max_length=64, keep_end=True)(NO_THINK)["learnt"] > 0
    assert encode({"messages": ASK, "tools": "{"})["left_out"] == "its tools cannot be read as JSON"
    broken = encode({"messages": [{"role": "user", "content": None}, {"role": "assistant"}]})
    assert broken["left_out"].startswith("the chat template refuses it: ") or broken["learnt"] >= 0


def test_tools_that_only_another_template_shows_are_not_trained_on(base: Path) -> None:
    row = {"messages": ASK, "chat_template_kwargs": {"xml_tools": [json.dumps(TOOL)]}}
    assert encoder(base, qwen3())(row)["left_out"].startswith("its tools are not in the text")
    assert not encoder(base, SMOLLM3)(row)["left_out"]


def settings(base: Path, tmp_path: Path, **more: Any) -> Path:
    rows = tmp_path / "rows.jsonl"
    with rows.open("w", encoding="utf-8") as stream:
        for source, target in sample_pairs()[:60]:
            row = {"messages": [{"role": "user", "content": source}, {"role": "assistant", "content": target}]}
            stream.write(json.dumps(row) + "\n")
    given = {"chat_template_path": str(SMOLLM3), "max_steps": 60, "learning_rate": "3e-3", "assistant_only_loss": True}
    return write_settings(tmp_path, base, [{"path": str(rows)}], **{**given, **more})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("assistant_only_los=true",), "assistant_only_los: unknown key; did you mean 'assistant_only_loss'?"),
        (("dataset_mixture=x",), "dataset_mixture: unknown key; did you mean"),
        (("max_steps=many",), "--set max_steps=many: max_steps: input should be a valid integer"),
        (("lr_scheduler_type=cosin",), "cosin"),
        (("hub_token=hf_secret",), "set HF_TOKEN"),
        (("datasets=[{path: nowhere/at-all}]",), "nowhere/at-all: no dataset that can be read"),
        (("datasets=[]",), "datasets: missing"),
        (("chat_template_path=nope.jinja",), "chat_template_path: nope.jinja: no such file"),
        (("output_dir=README.md",), "output_dir: README.md: cannot be written (File exists); choose another"),
        (("date=2025-02-30",), "date: expected a day such as 2026-07-31"),
        (("test_rows=60",), "none would be left to train on"),
        (("max_length=8",), "60 of 60 rows would be left out (100.0%; max_left_out is 2.0%)"),
        (("datasets=[{path: README.md, splt: x}]",), "splt: unknown key; did you mean 'split'?"),
    ],
)
def test_a_mistake_is_one_line(base: Path, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    code, said = run("sft", settings(base, tmp_path), *(word for setting in words for word in ("--set", setting)))
    assert code == 2, said
    assert says in said
    assert "Traceback" not in said and "hf_secret" not in said and "\nerror: " not in said
    assert any(line.startswith("smolkalam: ") and says in line for line in said.splitlines())


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_names_only_keys_that_are_read(shipped: Path) -> None:
    from trl import ModelConfig, SFTConfig

    from model_recipes.sft.train import RECIPE
    from model_recipes.training.settings import DataSettings, for_this_machine, make, read_settings

    (trainer, model), _ = read_settings(shipped, (), (SFTConfig, ModelConfig), DataSettings, RECIPE.without_effect)
    make(SFTConfig, for_this_machine(trainer), shipped)
    make(ModelConfig, model, shipped)


def test_killed_it_goes_on_with_the_losses_of_a_run_without_a_kill(base: Path, tmp_path: Path) -> None:
    whole = settings(base, tmp_path, output_dir=str(tmp_path / "whole"), test_rows=4)
    code, said = run("sft", whole)
    assert code == 0 and "FutureWarning" not in said, said
    expected = losses(tmp_path / "whole")
    assert len(expected) == 60 and sum(expected[-5:]) < 0.8 * sum(expected[:5])
    killed = settings(base, tmp_path, test_rows=4)
    kill_after(start("sft", killed), tmp_path / "out" / "checkpoint-20")
    code, said = run("sft", killed)
    assert code == 0, said
    assert "going on from" in said
    assert losses(tmp_path / "out") == pytest.approx(expected, abs=1e-4)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "| rows.jsonl all | 60 | 60 | 0 | 0 |" in card
    code, said = run("sft", killed, "--set", "learning_rate=1e-3")
    assert code == 2 and "another training (learning_rate differ)" in said


def test_lengths_by_split_and_what_would_be_cut(demo: Demo, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from model_recipes.training.lengths import run_tokens

    data = str(demo.run / "dataset")
    for template in (SMOLLM3, None):
        run_tokens(
            data, str(base), name="SFT_reference_ranked", split="all", max_lengths=[512], template=template, plain=True
        )
        said = capsys.readouterr()
        rows = json.loads(said.out)
        assert ("what would have a loss cannot be said: " in said.err) is (template is None)
        assert sum(row["rows"] for row in rows) == 94
        assert all(row["rows"] == sum(row["left_out"].values()) or row["p50"] <= row["p95"] for row in rows)
        assert (rows[0]["learnt"] is None) is (template is None)
