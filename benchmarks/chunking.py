"""Chunking against one pass of its tokenizer, semchunk and chonkie.

    python -m benchmarks.chunking SHARDS [--tokenizer NAME] [--rounds N]

SHARDS is a folder with Parquet files of SmolTalk2's schema. Without --tokenizer a byte-level BPE is trained on the
texts themselves. The yardstick is one `encode_batch` (offsets and all) of the same tokenizer over the same texts: its
speed is 1.0. Every contestant gets 490 tokens; rounds alternate, the median counts. Beside the speed: texts whose
joined chunks differ from the text, and fenced code blocks that fit the budget but were cut.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from processors.conversations.chunking import chunk, chunk_lines, chunk_many
from processors.conversations.tokenizers import load_tokenizer
from processors.protected.code_blocks import fences

BUDGET = 490


def read_texts(folder: Path) -> list[str]:
    texts: list[str] = []
    for path in sorted(folder.rglob("*.parquet")):
        for messages in pq.read_table(path, columns=["messages"])["messages"].to_pylist():
            texts += (message["content"] for message in messages if message["content"])
    if not texts:
        raise SystemExit(f"{folder}: no messages in Parquet files here")
    return texts


def train(texts: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=32000, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def one_pass(tokenizer: Tokenizer) -> Callable[[Sequence[str]], None]:
    def run(texts: Sequence[str]) -> None:
        tokenizer.encode_batch(list(texts), add_special_tokens=False)

    return run


def contestants(tokenizer: Tokenizer) -> dict[str, Callable[[Sequence[str]], list[list[str]]]]:
    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False))

    def many(texts: Sequence[str]) -> list[list[str]]:
        results = chunk_many(texts, tokenizer=tokenizer, max_tokens=BUDGET)
        return [[piece.text for piece in pieces] for pieces in results]

    def one(texts: Sequence[str]) -> list[list[str]]:
        return [[piece.text for piece in chunk(text, tokenizer=tokenizer, max_tokens=BUDGET)] for text in texts]

    def lines(texts: Sequence[str]) -> list[list[str]]:
        return [[piece.text for piece in chunk_lines(text)] for text in texts]

    found: dict[str, Callable[[Sequence[str]], list[list[str]]]] = {
        "chunk_many": many,
        "chunk, one by one": one,
        "chunk_lines (25)": lines,
    }
    try:
        import semchunk

        def by_semchunk(texts: Sequence[str]) -> list[list[str]]:
            # Without memory: what it counted in the round before must not be free in the next.
            chunker = semchunk.chunkerify(count, BUDGET, memoize=False)
            return [list(chunker(text)) for text in texts]

        found["semchunk"] = by_semchunk
    except ImportError:
        print("semchunk is not installed: left out", file=sys.stderr)
    try:
        import chonkie

        def by_chonkie(texts: Sequence[str]) -> list[list[str]]:
            chunker = chonkie.RecursiveChunker(tokenizer=tokenizer, chunk_size=BUDGET)
            return [[piece.text for piece in chunker.chunk(text)] for text in texts]

        found["chonkie Recursive"] = by_chonkie
    except ImportError:
        print("chonkie is not installed: left out", file=sys.stderr)
    return found


def faults(name: str, texts: Sequence[str], results: list[list[str]], tokenizer: Tokenizer) -> tuple[int, int, int]:
    """Texts lost or changed, fences cut though they fit (25 lines or the token budget), chunks over the tokens."""
    lost = cut = over = 0
    for text, pieces in zip(texts, results, strict=True):
        lost += "".join(pieces) != text
        over += sum(len(e) > BUDGET for e in tokenizer.encode_batch(pieces, add_special_tokens=False))
        for start, end, _ in fences(text):
            block = text[start:end]
            if name.startswith("chunk_lines"):
                fits = block.count("\n") < 25
            else:
                fits = len(tokenizer.encode(block, add_special_tokens=False)) <= BUDGET
            cut += fits and not any(block.strip() in piece for piece in pieces)
    return lost, cut, over


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", type=Path)
    parser.add_argument("--tokenizer")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    texts = read_texts(arguments.shards)
    tokenizer = load_tokenizer(arguments.tokenizer) if arguments.tokenizer else train(texts)
    megabytes = sum(len(text.encode("utf-8", "replace")) for text in texts) / 1e6
    fenced = sum(len(fences(text)) for text in texts)
    print(f"{len(texts)} messages, {megabytes:.2f} MB, {fenced} fenced blocks, {BUDGET} tokens a chunk")

    yardstick = one_pass(tokenizer)
    runs = contestants(tokenizer)
    results = {name: run(texts) for name, run in runs.items()}
    ratios: dict[str, list[float]] = {name: [] for name in runs}
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    passes: list[float] = []
    for _ in range(arguments.rounds):
        for name, run in runs.items():
            # The yardstick again beside each, since other work on the machine comes and goes.
            start = time.perf_counter()
            yardstick(texts)
            middle = time.perf_counter()
            run(texts)
            end = time.perf_counter()
            passes.append(megabytes / (middle - start))
            speeds[name].append(megabytes / (end - middle))
            ratios[name].append((middle - start) / (end - middle))
    print(f"{'':20} {'MB/s':>7} {'ratio':>6} {'changed':>8} {'cut fences':>11} {'over budget':>12}")
    print(f"{'one encode_batch':20} {statistics.median(passes):7.2f} {1:6.2f}")
    for name in runs:
        lost, cut, over = faults(name, texts, results[name], tokenizer)
        speed, ratio = statistics.median(speeds[name]), statistics.median(ratios[name])
        print(f"{name:20} {speed:7.2f} {ratio:6.2f} {lost:8} {cut:11} {over:12}")


if __name__ == "__main__":
    main()
