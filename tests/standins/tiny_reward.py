"""What a reward model can be trained on in a minute: a tiny Qwen2 without training, and pairs with planted faults."""

import random
from pathlib import Path
from typing import Any

from processors.judging.exchange import translation_answer, translation_prompt
from processors.memory.tmx import read_tmx

SAMPLE = Path(__file__).parents[2] / "builders" / "sample" / "memory" / "reference.tmx"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
Messages = list[dict[str, str]]


def sample_pairs() -> list[tuple[str, str]]:
    """(English, Arabic) segments of the sample's reference translation that are worth truncating."""
    found = [pair for unit in read_tmx(SAMPLE) for pair in unit.pairs("en", "ar")]
    return [(pair.source, pair.target) for pair in found if len(pair.target.split()) >= 6]


def write_base(folder: Path, texts: list[str], *, hidden: int = 64, layers: int = 2, vocabulary: int = 2000) -> Path:
    """A causal Qwen2 with random weights and a byte-level BPE trained on `texts`, as `from_pretrained` reads them."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = _tokenizer(texts, vocabulary)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=max(2, hidden // 64),
        num_key_value_heads=max(2, hidden // 64),
        max_position_embeddings=4096,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=False,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_reward_tokenizer(folder: Path) -> Path:
    """What is read here of a reward model that a server runs: its tokenizer and its config. Needs no torch."""
    import json

    _tokenizer(["هذا جواب عن السؤال وفيه شرح"], 300).save_pretrained(folder)
    config = {"model_type": "qwen2", "architectures": ["Qwen2ForSequenceClassification"], "id2label": {"0": "reward"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def _tokenizer(texts: list[str], vocabulary: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, pad_token=SPECIAL[0], eos_token=SPECIAL[2], chat_template=TEMPLATE
    )


def plant(english: str, arabic: str, fault: str, draw: random.Random) -> str:
    """`arabic` with a fault: its end missing, or in English."""
    words, source, share = arabic.split(), english.split(), draw.uniform(0.3, 0.7)
    whole = words[: max(1, round(len(words) * share))]
    return " ".join(whole if fault == "truncated" else [*whole, *source[round(len(source) * share) :]])


def write_preferences(
    folder: Path, pairs: list[tuple[str, str]], *, variants: int = 3, test_share: float = 0.2, seed: int = 7
) -> Path:
    """Pairs of a good and a faulty translation of the same source row, in the columns of `smolkalam preferences`.

    A row has `variants` pairs of each fault in `train`, one in `test`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = random.Random(seed)
    numbers = list(range(len(pairs)))
    draw.shuffle(numbers)
    held_out = set(numbers[: round(len(numbers) * test_share)])
    rows: dict[str, list[dict[str, Any]]] = {"train": [], "test": []}
    for number, (english, arabic) in enumerate(pairs):
        for fault in ("truncated", "untranslated") * (1 if number in held_out else variants):
            source, target = [{"content": english, "role": "user"}], [{"content": arabic, "role": "user"}]
            bad = [{"content": plant(english, arabic, fault, draw), "role": "user"}]
            row = {
                "prompt": translation_prompt(source, "Arabic"),
                "chosen": translation_answer(target),
                "rejected": translation_answer(bad),
                "margin": 0.5,
                "source_id": f"sample/{number}",
                "chosen_translator": "reference",
                "rejected_translator": fault,
            }
            rows["test" if number in held_out else "train"].append(row)
    folder.mkdir(parents=True, exist_ok=True)
    for split, found in rows.items():
        pq.write_table(pa.Table.from_pylist(found), folder / f"{split}-00000-of-00001.parquet")
    return folder
