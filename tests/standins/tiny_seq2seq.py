"""Translation models of a few hundred kilobytes, made on the spot: a Marian one and one as NLLB is made.

With `steps` a model is trained so long to say what it is told, spelt in Arabic letters (`ARABIC`): enough to see that
a text survives the way through it. Without, its weights are random and what it says is noise.
"""

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyz"
# One Arabic letter for each Latin one: what the trained models say.
ARABIC = dict(zip(LETTERS, "ابتثجحخدذرزسشصضطظعغفقكلمنه", strict=True))
WORDS = ["the", "sun", "sea", "red", "cat", "dog", "hat", "map", "ten", "cup", "box", "pen", "bed"]
CODES = ["eng_Latn", "arb_Arab"]
RATE = 1e-3


def spelt(text: str) -> str:
    """What a trained model is to say."""
    return "".join(ARABIC.get(letter, letter) for letter in text.lower())


def sentence(chance: random.Random) -> str:
    """A few words, with a full stop."""
    return " ".join(chance.choices(WORDS, k=chance.randint(1, 6))) + "."


def write_marian(
    folder: Path,
    *,
    steps: int = 0,
    targets: tuple[str, ...] = ("ara", "arz"),
    seed: int = 0,
    always: int | None = None,
) -> Path:
    """Write a Marian model as Opus-MT's are; with `targets` it takes `>>ara<<`, without it has one language.

    `always` is a token that follows whatever came before it, 0 for the end.
    """
    import sentencepiece
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    corpus = folder / "corpus.txt"
    chance = random.Random(0)
    lines = [sentence(chance) for _ in range(2000)]
    corpus.write_text("\n".join([*lines, *map(spelt, lines)]), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.Train(
        input=str(corpus),
        model_prefix=str(folder / "source"),
        vocab_size=150,
        character_coverage=1.0,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    corpus.unlink()
    (folder / "source.vocab").unlink()
    (folder / "source.model").rename(folder / "source.spm")
    (folder / "target.spm").write_bytes((folder / "source.spm").read_bytes())
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    names = ["</s>", "<unk>", *(f">>{code}<<" for code in targets)]
    names += [pieces.id_to_piece(i) for i in range(pieces.get_piece_size()) if pieces.id_to_piece(i) not in names]
    vocabulary = {name: number for number, name in enumerate([*dict.fromkeys(names), "<pad>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    tokenizer = MarianTokenizer(
        str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json"), model_max_length=64
    )
    pad = vocabulary["<pad>"]
    config = MarianConfig(
        vocab_size=len(vocabulary),
        d_model=64,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        max_position_embeddings=64,
        pad_token_id=pad,
        eos_token_id=0,
        bos_token_id=0,
        decoder_start_token_id=pad,
        # As Opus-MT's are saved: it would make a whole answer of one that was cut off.
        forced_eos_token_id=0,
        scale_embedding=True,
        dropout=0.0,
    )
    prefix = ">>ara<< " if targets else ""

    def encode(text: str, *, target: bool) -> list[int]:
        found: list[int] = (
            tokenizer(text_target=text)["input_ids"] if target else tokenizer(prefix + text)["input_ids"]
        )
        return found

    _save(MarianMTModel, config, tokenizer, encode, folder, steps, seed, always)
    return folder


def write_nllb(folder: Path, *, steps: int = 0, seed: int = 0) -> Path:
    """Write a model as NLLB-200 is: M2M-100's architecture, flores codes, the target's as its first token."""
    from tokenizers import Tokenizer, models, trainers
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    chance = random.Random(0)
    lines = [sentence(chance) for _ in range(500)]
    bpe = Tokenizer(models.BPE(unk_token="<unk>"))
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    from tokenizers import pre_tokenizers

    bpe.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=220, special_tokens=special, show_progress=False)
    bpe.train_from_iterator([*lines, *map(spelt, lines)], trainer)
    learnt = json.loads(bpe.to_str())["model"]
    tokenizer = NllbTokenizer(
        vocab=learnt["vocab"],
        merges=[tuple(pair) for pair in learnt["merges"]],
        src_lang="eng_Latn",
        tgt_lang="arb_Arab",
        additional_special_tokens=CODES,
    )
    config = M2M100Config(
        vocab_size=len(tokenizer),
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        max_position_embeddings=128,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=2,
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
    )

    def encode(text: str, *, target: bool) -> list[int]:
        told = tokenizer(text_target=text) if target else tokenizer(text)
        found: list[int] = told["input_ids"]
        return found

    _save(M2M100ForConditionalGeneration, config, tokenizer, encode, folder, steps, seed)
    return folder


def _save(
    kind: Any,
    config: Any,
    tokenizer: Any,
    encode: Callable[..., list[int]],
    folder: Path,
    steps: int,
    seed: int,
    always: int | None = None,
) -> None:
    import torch

    torch.manual_seed(seed)
    model = kind(config)
    if steps:
        _train(model, encode, config.pad_token_id, steps)
    if always is not None:
        model.final_logits_bias[0, always] = 1e4
    model.eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _train(model: Any, encode: Callable[..., list[int]], pad: int, steps: int) -> None:
    import torch

    # Threads that wait for each other are slower than one for a model of this size.
    torch.set_num_threads(1)
    chance = random.Random(1)
    texts = [sentence(chance) for _ in range(512)]
    pairs = [(encode(text, target=False), encode(spelt(text), target=True)) for text in texts]
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    model.train()
    for _ in range(steps):
        sources, targets = zip(*chance.sample(pairs, 32), strict=True)
        loss = model(
            input_ids=_padded(sources, pad),
            attention_mask=_padded([[1] * len(one) for one in sources], 0),
            labels=_padded(targets, -100),
        ).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def _padded(rows: Sequence[list[int]], value: int) -> Any:
    import torch

    longest = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])
