"""Tokens a second of reward scoring, against the bare model's forward pass on the same batches.

    python -m benchmarks.reward_scoring [--data DIR] [--rows 96] [--hidden 512] [--layers 8] [--rounds 3]

Scoring is all that a build's stage `score` does with a reward model after reading: windows, chat template, tokenizer,
batches, model, means. The bare pass has the same batches as tensors, made beforehand, padding included; both count
the tokens without padding. They take turns, and the ratio is of the medians; that of CPU times holds on a busy machine
too, where there is no GPU. The model has random weights: its speed is its size's. The text is Arabic with its English,
conversations of 1 to 12 turns from the sample's translations (lengths are printed),
or with --data the rows of preference data as `smolkalam preferences` writes it.
"""

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from builders.stages.score import ahead
from processors.judging.exchange import read_conversation, read_prompt
from processors.reward.batches import make_batches, padding_share
from processors.reward.local_model import ModelScorer, load_reward_tokenizer
from processors.reward.score import Encoder, SourceAndCandidate, judged, score_candidates

# Rows a unit; a build's has some hundreds, which leaves less padding.
UNIT = 32


def conversations(pairs: list[tuple[str, str]], rows: int) -> list[SourceAndCandidate]:
    """Conversations with a long tail: most have a few hundred tokens, some several thousand."""
    draw, found = random.Random(0), []
    for _ in range(rows):
        turns = min(12, 1 + int(draw.expovariate(0.35)))
        some = [[draw.choice(pairs) for _ in range(1 + int(draw.expovariate(0.2)))] for _ in range(turns)]
        source, target = (
            [
                {"role": ("user", "assistant")[i % 2], "content": "\n".join(pair[side] for pair in message)}
                for i, message in enumerate(some)
            ]
            for side in (0, 1)
        )
        found.append(judged(source, target))
    return found


def preferences(folder: Path, rows: int) -> list[SourceAndCandidate]:
    import pyarrow.parquet as pq

    found = []
    for path in sorted(folder.glob("*.parquet")):
        for row in pq.read_table(path, columns=["prompt", "chosen"]).to_pylist():
            prompt, chosen = read_prompt(row["prompt"][0]["content"]), read_conversation(row["chosen"][0]["content"])
            if prompt and chosen:
                found.append(judged(prompt[0], chosen))
    random.Random(0).shuffle(found)
    return found[:rows]


def whole(items: list[SourceAndCandidate], encoder: Encoder, scorer: ModelScorer, batch_tokens: int) -> list[float]:
    """As a build: unit by unit, the next one encoded while one is scored."""
    units = [items[i : i + UNIT] for i in range(0, len(items), UNIT)]
    encoded = (encoder.encode(unit) for unit in units)
    return [r for windows in ahead(encoded) for r in score_candidates(windows, scorer, batch_tokens)]


def bare(batches: list[tuple[Any, Any]], model: Any) -> None:
    import torch

    with torch.inference_mode():
        for ids, mask in batches:
            model(ids, attention_mask=mask, use_cache=False).logits[:, 0].tolist()


def laid_out(units: list[list[list[int]]], batch_tokens: int, pad: int, device: Any) -> list[tuple[Any, Any]]:
    """The batches of a build as tensors."""
    import torch

    found = []
    for flat in units:
        for batch in make_batches([len(ids) for ids in flat], batch_tokens):
            rows, longest = [flat[i] for i in batch], len(flat[batch[0]])
            ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])
            mask = torch.arange(longest) < torch.tensor([[len(row)] for row in rows])
            found.append((ids.to(device), None if bool(mask.all()) else mask.long().to(device)))
    return found


def main() -> None:
    from tests.standins.tiny_reward import sample_pairs, write_base

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--max-length", type=int, default=2048)
    parser.add_argument("--batch-tokens", type=int, default=8192)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    from transformers import AutoModelForSequenceClassification

    pairs = sample_pairs()
    items = preferences(options.data, options.rows) if options.data else conversations(pairs, options.rows)
    with tempfile.TemporaryDirectory() as folder:
        texts = [text for pair in pairs for text in pair]
        base = write_base(Path(folder) / "base", texts, hidden=options.hidden, layers=options.layers, vocabulary=8000)
        model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1)
        model.save_pretrained(base)
        encoder = Encoder(load_reward_tokenizer(str(base)), "Arabic", options.max_length)
        scorer = ModelScorer(str(base), threads=options.threads)
        loaded = scorer.loaded
    encoded = [encoder.encode(items[i : i + UNIT]) for i in range(0, len(items), UNIT)]
    units = [[ids for windows in unit for ids in windows] for unit in encoded]
    flat = [ids for unit in units for ids in unit]
    tokens = sum(map(len, flat))
    batches = laid_out(units, options.batch_tokens, encoder.tokenizer.pad_token_id, loaded.device)
    rows = sorted(sum(map(len, windows)) for unit in encoded for windows in unit)
    padding = 1 - tokens / sum(ids.numel() for ids, _ in batches)
    alone = padding_share([len(ids) for ids in flat], [list(range(len(flat)))])
    print(
        f"{len(items)} conversations, {tokens:,} tokens (median {rows[len(rows) // 2]:,}, longest {rows[-1]:,}), "
        f"{len(flat)} windows in {len(batches)} batches, {padding:.1%} padding (all in one batch: {alone:.1%}); "
        f"model of {sum(p.numel() for p in loaded.parameters()) / 1e6:.0f} million parameters on {loaded.device}"
    )
    bare(batches[:2], loaded)
    taken: dict[str, list[tuple[float, float]]] = {"scoring": [], "bare": []}
    for _ in range(options.rounds):
        for name, work in (
            ("scoring", lambda: whole(items, encoder, scorer, options.batch_tokens)),
            ("bare", lambda: bare(batches, loaded)),
        ):
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            taken[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    walls, cpus = ({n: statistics.median(t[i] for t in times) for n, times in taken.items()} for i in (0, 1))
    print(
        f"scoring {tokens / walls['scoring']:,.0f} tokens/s, bare {tokens / walls['bare']:,.0f} tokens/s: "
        f"{walls['bare'] / walls['scoring']:.3f} (by CPU time {cpus['bare'] / cpus['scoring']:.3f})"
    )


if __name__ == "__main__":
    main()
