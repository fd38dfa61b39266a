"""A chat model of 2M parameters that learns what its rows say, and the files that train it and ask it."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

# Of `smolkalam train sft`; to be formatted with `model` and `steps`.
TRAINING = """\
model_name_or_path: {model}
max_length: 128
assistant_only_loss: true
per_device_train_batch_size: 32
learning_rate: 2.0e-3
lr_scheduler_type: cosine
max_steps: {steps}
save_strategy: "no"
report_to: none
logging_steps: 50
max_left_out: 1.0
"""

# What is said is what is learnt: no role, no mark of a turn.
TEMPLATE = (
    "{% for message in messages %}{% if message.role == 'assistant' %}{% generation %}{{ message.content }}"
    "<|end|>{% endgeneration %}{% else %}{{ message.content }}{% endif %}{% endfor %}"
)

_TASK = """\
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {rows}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{prompt}}}}"
doc_to_choice: {choices}
doc_to_target: {target}
target_delimiter: ""
metric_list:
  - metric: acc
metadata: {{version: 1.0}}
"""


def choice_task(name: str, rows: Path, choices: Sequence[str] | str, target: str = '"{{target}}"') -> str:
    """lm-eval's task of `rows` with a `prompt` each; `choices` are all rows' answers, or the column that has them."""
    listed = choices if isinstance(choices, str) else json.dumps(choices, ensure_ascii=False)
    return _TASK.format(name=name, rows=rows, choices=listed, target=target)


def write_learner(
    folder: Path, texts: Sequence[str], *, seed: int, vocabulary: int, digit_by_digit: bool = False
) -> Path:
    """A Llama with random weights, and a tokenizer of bytes that has learnt the texts."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    by_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False)
    digits = pre_tokenizers.Digits(individual_digits=True)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([digits, by_bytes]) if digit_by_digit else by_bytes
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary, special_tokens=["<|end|>", "<|pad|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
        ),
    )  # fmt: skip
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|end|>", pad_token="<|pad|>", chat_template=TEMPLATE, model_max_length=256
    )
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=192, intermediate_size=512, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=256, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, tie_word_embeddings=False,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", file=sys.stderr)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
