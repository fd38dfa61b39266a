"""Supervised fine-tuning with TRL on a built dataset, by the command on its card."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Demo
from tests.standins.tiny_reward import sample_pairs, write_base

pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]

# What SmolLM3's takes of a row beside its messages, in short.
TEMPLATE = (
    "{% if messages[0].role != 'system' %}<|im_start|>system\n{{ custom_instructions }}"
    "{% for tool in xml_tools or [] %}\n{{ tool }}{% endfor %}\n/{{ 'think' if enable_thinking else 'no_think' }}"
    "<|im_end|>\n{% endif %}{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.role == 'assistant' %}{% generation %}{{ message.content }}<|im_end|>{% endgeneration %}"
    "{% else %}{{ message.content }}<|im_end|>{% endif %}\n{% endfor %}"
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(
        tmp_path_factory.mktemp("base"), [text for pair in sample_pairs() for text in pair], hidden=64, layers=1
    )


def test_the_card_s_command_trains(demo: Demo, base: Path, tmp_path: Path) -> None:
    dataset = demo.run / "dataset"
    [command] = re.findall(r"```bash\n(trl sft .*?)```", (dataset / "README.md").read_text(), re.S)
    command = command.replace("\\\n", "").replace("user/SmolKalam-demo", str(dataset)).replace("MODEL", str(base))
    words = shlex.split(command)
    # The one beside this Python.
    words[0] = str(Path(sys.executable).with_name("trl"))
    words[words.index("sft", 2)] = str(tmp_path / "sft")
    small = ["--use_cpu", "--bf16", "false", "--report_to", "none", "--max_steps", "1", "--max_length", "256"]
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*words, *small], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "sft" / "model.safetensors").stat().st_size > 100_000


def test_every_row_reaches_the_template_with_its_own_arguments(demo: Demo, base: Path, tmp_path: Path) -> None:
    from datasets import concatenate_datasets, load_dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    loaded = load_dataset(str(demo.run / "dataset"), "SFT_reference_ranked", cache_dir=str(tmp_path / "cache"))
    rows = concatenate_datasets(list(loaded.values()))
    tokenizer = AutoTokenizer.from_pretrained(str(base))
    tokenizer.chat_template = TEMPLATE
    settings = SFTConfig(
        output_dir=str(tmp_path / "out"),
        use_cpu=True,
        bf16=False,
        report_to="none",
        max_length=None,
        max_steps=1,
        per_device_train_batch_size=1,
        assistant_only_loss=True,
    )
    trainer = SFTTrainer(str(base), args=settings, train_dataset=rows, processing_class=tokenizer)
    assert len(trainer.train_dataset) == len(rows) == 94
    tools = 0
    for row, prepared in zip(rows, trainer.train_dataset, strict=True):
        kwargs, text = row["chat_template_kwargs"], tokenizer.decode(prepared["input_ids"])
        tools += len(kwargs["xml_tools"])
        if row["messages"][0]["role"] == "system":
            continue
        for shown in (kwargs["custom_instructions"], *kwargs["xml_tools"]):
            assert shown in text
        assert ("/think" if kwargs["enable_thinking"] else "/no_think") in text
        learnt = tokenizer.decode([label for label in prepared["labels"] if label != -100])
        answers = [message["content"] for message in row["messages"] if message["role"] == "assistant"]
        assert learnt == "".join(f"{answer}<|im_end|>" for answer in answers)
    assert tools > 0
