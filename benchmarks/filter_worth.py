"""What the filter is worth to a model trained on translations of which a share is spoilt.

    python -m benchmarks.filter_worth [--seeds 5] [--rows 600] [--output DIR]

A planted capability, by construction: whether a number of three digits is even, asked in Arabic as ACVA asks (`صح` or
`خطأ`). The English rows and their right translations are made here; `spoilt_P` has P % of the translations replaced
by faults of the checks' kinds (another number, a sentence left in English, a fence around the answer, a stub), and
`kept_P` is what our checks leave of `spoilt_P`. `nothing` has answers drawn by lot. A model of 2M parameters, with
random weights, is trained on each by `smolkalam train sft` for as many steps, over the seeds, and asked about numbers
that no row has by `smolkalam evaluate`. Printed: each variant's score with its interval, and whether the order is
`right` (the less spoilt the better) and `brought back` (kept_60 at least as good as spoilt_10's lower limit).
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from model_recipes.choosing import Plan, as_table, compare_trained, train_and_evaluate
from model_recipes.evaluation import chosen
from processors.checks import check_conversation

Row = dict[str, list[dict[str, str]]]
SHARES = (10, 30, 60)

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


def other_number(number: int, draw: random.Random) -> Row:
    # The neighbour: the question is another, and its answer is false.
    changed = number + draw.choice((-1, 1))
    row = pair(number)[1]["messages"]
    return {"messages": [{"role": "user", "content": arabic(changed)}, row[1]]}


def left_english(number: int, draw: random.Random) -> Row:
    row = pair(number)[1]["messages"]
    return {"messages": [{"role": "user", "content": english(number)}, row[1]]}


def fenced(number: int, draw: random.Random) -> Row:
    row = pair(number)[1]["messages"]
    return {"messages": [row[0], {"role": "assistant", "content": f"```\n{row[1]['content']}\n```"}]}


def stub(number: int, draw: random.Random) -> Row:
    row = pair(number)[1]["messages"]
    return {"messages": [{"role": "user", "content": "-"}, row[1]]}


# Most are of the kind that teaches what is false; the others teach nothing.
FAULTS: tuple[tuple[Callable[[int, random.Random], Row], float], ...] = (
    (other_number, 0.8), (left_english, 0.08), (fenced, 0.06), (stub, 0.06),
)  # fmt: skip


def spoilt(numbers: list[int], share: int, draw: random.Random) -> list[tuple[Row, Row]]:
    """English and Arabic rows, of which `share` percent are spoilt."""
    bad = set(draw.sample(range(len(numbers)), round(len(numbers) * share / 100)))
    kinds, weights = zip(*FAULTS, strict=True)
    rows = []
    for place, number in enumerate(numbers):
        source, target = pair(number)
        if place in bad:
            [fault] = draw.choices(kinds, weights)
            target = fault(number, draw)
        rows.append((source, target))
    return rows


def kept(rows: list[tuple[Row, Row]]) -> Iterator[Row]:
    for source, target in rows:
        if not any(verdict.hard for verdict in check_conversation(source["messages"], target["messages"])):
            yield target


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


def write_variants(folder: Path, rows: int) -> dict[str, list[dict[str, str]]]:
    """The variants' rows as files, and the sources of rows that name them, best first by construction."""
    draw = random.Random(20260731)
    numbers = draw.sample(range(100, 1000), rows)
    made: dict[str, list[Row]] = {"right": [pair(number)[1] for number in numbers]}
    for share in SHARES:
        both = spoilt(numbers, share, random.Random(share))
        made[f"spoilt_{share}"] = [target for _, target in both]
        made[f"kept_{share}"] = list(kept(both))
    made["nothing"] = [pair(number, said=draw.random() < 0.5)[1] for number in numbers]
    variants = {}
    for name, found in made.items():
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found), encoding="utf-8")
        variants[name] = [{"path": str(path)}]
        print(f"{name}: {len(found):,} rows", file=sys.stderr)
    asked = sorted(set(range(100, 1000)) - set(numbers))
    with (folder / "test.jsonl").open("w", encoding="utf-8") as stream:
        for number in asked:
            row = {"prompt": arabic(number), "target": number % 2}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    return variants


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--only", nargs="*", help="Variants.")
    parser.add_argument("--output", type=Path, default=Path("run/filter_worth"))
    given = parser.parse_args()
    folder = given.output.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    variants = write_variants(folder, given.rows)
    variants = {name: rows for name, rows in variants.items() if not given.only or name in given.only}
    model = folder / "base"
    if not (model / "config.json").exists():
        write_model(model)
    task, train = folder / "even_numbers.yaml", folder / "sft.yaml"
    task.write_text(TASK.format(test=folder / "test.jsonl"), encoding="utf-8")
    train.write_text(TRAINING.format(model=model, steps=given.steps), encoding="utf-8")
    benchmarks = chosen([str(task)])
    plan = Plan(variants, train, [str(task)], given.seeds, evaluate=["--batch-size", "64"])
    found = train_and_evaluate(plan, benchmarks, folder / "models")
    choice = compare_trained(list(variants), given.seeds, found, benchmarks)
    print(as_table(choice, {one.name: one.title for one in benchmarks}))
    scores = {one.name: one.score for one in choice.variants}
    order = [name for name in ("right", *(f"spoilt_{share}" for share in SHARES)) if name in scores]
    falling = all(scores[a].value > scores[b].value for a, b in pairwise(order))
    print(f"order: {'right' if falling else 'wrong'}")
    if {"kept_60", "spoilt_10"} <= set(scores):
        back = scores["kept_60"].value >= scores["spoilt_10"].low
        print(f"brought back: {'yes' if back else 'no'}")


if __name__ == "__main__":
    main()
