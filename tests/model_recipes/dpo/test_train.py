"""Preference training as a user starts it: settings read strictly, pairs accounted for, kill -9, the card.

Needs the extra `train` and some minutes: `python -m pytest -m train`.
"""

import inspect
import json
import re
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.standins.processes import ROOT
from tests.standins.tiny_reward import sample_pairs, write_base
from tests.standins.trainings import kill_after, losses, run, start, write_settings

pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]

SHIPPED = sorted((ROOT / "model_recipes" / "dpo").glob("*.yaml"))
SMOLLM3 = ROOT / "tests" / "model_recipes" / "sft" / "smollm3.jinja"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    return write_base(folder, [text for pair in sample_pairs() for text in pair], hidden=64, layers=1)


def says(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def pairs() -> list[dict[str, Any]]:
    """The reference translation is preferred to the source repeated."""
    return [
        {"prompt": [says("user", e)], "chosen": [says("assistant", a)], "rejected": [says("assistant", e)]}
        for e, a in sample_pairs()[:40]
    ]


def settings(base: Path, tmp_path: Path, rows: list[dict[str, Any]] | None = None, **more: Any) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows or pairs()), encoding="utf-8")
    given = {"max_steps": 40, "learning_rate": "1e-3", "chat_template_path": str(SMOLLM3)}
    return write_settings(tmp_path, base, [{"path": str(path)}], **{**given, **more})


def encoder(base: Path, template: Path | None = SMOLLM3, **options: Any) -> Any:
    from transformers import AutoTokenizer

    from model_recipes.dpo.data import DpoEncoder

    tokenizer = AutoTokenizer.from_pretrained(base)
    if template:
        tokenizer.chat_template = template.read_text(encoding="utf-8")
    return DpoEncoder(tokenizer, **{"max_length": None, "day": date(2026, 1, 31)} | options)


@pytest.mark.parametrize("thinks", [True, False])
def test_a_pair_has_the_tokens_that_trl_gives_it(base: Path, tmp_path: Path, thinks: bool) -> None:
    from datasets import load_dataset
    from trl import DPOConfig, DPOTrainer

    rows = [row | {"chat_template_kwargs": {"enable_thinking": thinks}} for row in pairs()[:8]]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    data = load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    encode = encoder(base)
    encode.tokenizer.chat_template = encode.template
    args = DPOConfig(str(tmp_path), max_length=None, use_cpu=True, bf16=False, report_to="none")
    trainer = DPOTrainer(str(base), args=args, train_dataset=data, processing_class=encode.tokenizer)
    for row, expected in zip(rows, trainer.train_dataset, strict=True):
        found = encode(row)
        assert all(found[name] == expected[name] for name in encode.ids)
        assert found["left_out"] == "" and found["learnt"] == len(found["chosen_ids"]) + len(found["rejected_ids"])


def test_the_end_of_each_side_is_cut_and_counted(base: Path) -> None:
    row = pairs()[0]
    whole = encoder(base)(row)
    prompt, chosen, rejected = (len(whole[name]) for name in ("prompt_ids", "chosen_ids", "rejected_ids"))
    cut = encoder(base, max_length=prompt + 3)(row)
    assert cut["chosen_ids"] == whole["chosen_ids"][:3] and cut["rejected_ids"] == whole["rejected_ids"][:3]
    assert (cut["tokens"], cut["cut"], cut["learnt"]) == (2 * prompt + chosen + rejected, chosen + rejected - 6, 6)
    assert encoder(base, max_length=prompt)(row)["left_out"] == "the prompt alone is longer than max_length"
    other = row | {"rejected": [says("assistant", row["chosen"][0]["content"] + " لا")]}
    assert encoder(base)(other)["left_out"] == ""
    assert encoder(base, max_length=prompt + 3)(other)["left_out"] == "both sides are the same within max_length"


def test_a_template_that_is_no_jinja_is_one_line(base: Path, tmp_path: Path) -> None:
    from processors.errors import InputError

    broken = tmp_path / "broken.jinja"
    broken.write_text("{% for message in messages %}\n{{ message.content }}", encoding="utf-8")
    with pytest.raises(InputError, match=r"its chat template is no valid Jinja: line \d: "):
        encoder(base, broken)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("loss_typ=ipo",), "loss_typ: unknown key; did you mean 'loss_type'?"),
        (("max_prompt_length=512",), "max_prompt_length: unknown key; did you mean"),
        (("loss_type=[apo_zer]",), "--set loss_type=[apo_zer]: loss_type[0]: input should be"),
        (("truncation_mode=keep_end",), "truncation_mode: has no effect here"),
        (("hub_token=hf_secret",), "set HF_TOKEN"),
    ],
)
def test_a_mistake_in_the_settings_is_one_line(
    base: Path, tmp_path: Path, words: tuple[str, ...], expected: str
) -> None:
    from model_recipes.dpo.train import RECIPE
    from model_recipes.training.recipe import read
    from processors.errors import InputError

    with pytest.raises(InputError) as error:
        read(RECIPE, settings(base, tmp_path), words)
    assert expected in str(error.value) and "hf_secret" not in str(error.value)


def test_pairs_of_which_too_many_are_left_out_are_one_line(base: Path, tmp_path: Path) -> None:
    code, said = run("dpo", settings(base, tmp_path), "--set", "max_length=8")
    assert code == 2, said
    assert "40 of 40 rows would be left out (100.0%; max_left_out is 2.0%), 40 for: the prompt alone" in said
    assert "Traceback" not in said


def test_the_losses_are_those_that_trl_computes() -> None:
    from trl import DPOTrainer

    from model_recipes.dpo.train import Loss

    known = re.findall(r'if loss_type == "(\w+)"', inspect.getsource(DPOTrainer._compute_loss))
    assert sorted(known) == sorted(get_args(Loss))


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_names_only_keys_that_are_read(shipped: Path) -> None:
    from model_recipes.dpo.train import RECIPE
    from model_recipes.training.recipe import read

    args, model, ours, _ = read(RECIPE, shipped, ["datasets=[{path: x}]"])
    assert args.loss_type in (["sigmoid"], ["apo_zero"]) and ours.max_left_out == 0.02
    # Full training has a reference of its own, asked before; an adapter is taken off instead.
    assert args.precompute_ref_log_probs is not model.use_peft


@pytest.mark.parametrize("loss", ["sigmoid", "apo_zero"])
def test_killed_it_goes_on_with_the_losses_of_a_run_without_a_kill(base: Path, tmp_path: Path, loss: str) -> None:
    more = {"loss_type": [loss], "precompute_ref_log_probs": loss == "apo_zero"}
    whole = settings(base, tmp_path, output_dir=str(tmp_path / "whole"), **more)
    code, said = run("dpo", whole)
    assert code == 0, said
    expected = losses(tmp_path / "whole")
    assert len(expected) == 40 and sum(expected[-5:]) < 0.8 * sum(expected[:5])
    killed = settings(base, tmp_path, **more)
    kill_after(start("dpo", killed), tmp_path / "out" / "checkpoint-20")
    code, said = run("dpo", killed)
    assert code == 0, said
    assert "going on from" in said
    assert losses(tmp_path / "out") == pytest.approx(expected, abs=1e-4)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "trained by TRL's `DPOTrainer`" in card and f"| loss_type | ['{loss}'] |" in card
    assert "have the larger reward on the chosen side" in card
    code, said = run("dpo", killed, "--set", "beta=0.3")
    assert code == 2 and "another training (beta differ)" in said
    (tmp_path / "out" / "training.json").write_text("{", encoding="utf-8")
    code, said = run("dpo", killed)
    assert code == 2 and "training.json: is damaged" in said and "Traceback" not in said


def test_an_adapter_learns_and_is_saved_as_one(base: Path, tmp_path: Path) -> None:
    config = settings(base, tmp_path, use_peft=True, lora_target_modules=["q_proj", "v_proj"], max_steps=2)
    code, said = run("dpo", config)
    assert code == 0, said
    assert (tmp_path / "out" / "adapter_model.safetensors").exists()
