"""A planted capability, by construction: whether a number is even, asked in English and Arabic, of a small model."""

import sys
from pathlib import Path

Row = dict[str, list[dict[str, str]]]

TASK = """\
task: even_numbers
dataset_path: json
dataset_kwargs: {{data_files: {{test: {test}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{prompt}}}}"
doc_to_choice: ["صح", "خطأ"]
doc_to_target: "{{{{target}}}}"
target_delimiter: ""
metric_list:
  - metric: acc
metadata: {{version: 1.0}}
"""

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


def english(number: int) -> str:
    return f"Question: the number {number} is an even number.\nAnswer:"


def arabic(number: int) -> str:
    return f"السؤال: العدد {number} عدد زوجي.\nالإجابة:"


def pair(number: int, *, said: bool | None = None) -> tuple[Row, Row]:
    """A row in English and its right translation; `said` in place of what is true."""
    true = number % 2 == 0 if said is None else said
    source = [{"role": "user", "content": english(number)}, {"role": "assistant", "content": str(true)}]
    target = [
        {"role": "user", "content": arabic(number)},
        {"role": "assistant", "content": "صح" if true else "خطأ"},
    ]
    return {"messages": source}, {"messages": target}


def write_model(folder: Path) -> Path:
    """A Llama of 2M parameters with random weights, and a tokenizer of bytes, digit by digit."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    texts = [text(number) for number in range(100, 200) for text in (english, arabic)] + ["صح خطأ True False"] * 50
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|end|>", "<|pad|>"]
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|end|>", pad_token="<|pad|>", chat_template=TEMPLATE, model_max_length=256
    )
    torch.manual_seed(0)
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
