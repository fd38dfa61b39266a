"""What the filter is worth to a model trained on translations of which a share is spoilt.

    python -m benchmarks.filter_worth [--seeds 5] [--draw 1] [--output DIR]

A planted capability, by construction: a table of 60 codes and the digit that each stands for, drawn, so that nothing
but the rows tells it; each entry is asked for in five wordings, in Arabic. The English rows and their right
translations are made here; `spoilt_P` has P % of the translations replaced by faults of the checks' kinds (another
digit, a sentence left in English, a fence around the answer, a stub), and `kept_P` is what our checks leave of
`spoilt_P`. A model of 2M parameters, with random weights, is trained on each by `smolkalam train sft` for as many
steps, over the seeds, and asked by `smolkalam evaluate` for each entry in each wording, among ten digits. The table,
which rows are spoilt, and the weights from which the models start, are drawn by `--draw`. Printed: each variant's
score with its interval, whether the order is `right` (the less spoilt the better), and how much of what was lost the
checks bring back.

Tried before, and given up (2026-11-29): whether a number is even (30 and 60 % spoilt both at guessing), and sums, of
which 200 rows and 120 steps teach 60 % at best, so that the seeds hide the order.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from model_recipes.choosing import Plan, TrainedChoice, as_table, compare_trained, train_and_evaluate
from model_recipes.evaluation import SuiteBenchmark, chosen
from processors.checks import check_conversation
from tests.standins.tiny_learner import TRAINING, choice_task, write_learner

Row = dict[str, list[dict[str, str]]]
SHARES = (10, 30, 60)

# Codes of two digits, and the digit that each stands for, drawn: nothing but the rows tells it.
CODES = range(10, 70)
DIGITS = [str(digit) for digit in range(10)]
# The same question in English and Arabic; codes are digits in both.
WORDINGS = (
    ("What does code {code} stand for?", "إلى ماذا يرمز الرمز {code}؟"),
    ("Say the digit of code {code}.", "قل رقم الرمز {code}."),
    ("Look up {code} in the table.", "ابحث عن {code} في الجدول."),
    ("Which digit belongs to {code}?", "أي رقم يخص {code}؟"),
    ("The table says of {code}:", "يقول الجدول عن {code}:"),
)
# A code, its digit, and the wording's place.
Entry = tuple[int, int, int]


def asked(one: Entry, language: int) -> str:
    """The question in English (0) or Arabic (1)."""
    code, _, wording = one
    return WORDINGS[wording][language].format(code=code) + "\n"


def conversation(question: str, answer: str) -> Row:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def table(seed: int, codes: Iterable[int] = CODES) -> list[Entry]:
    """Each code with its digit in each wording, shuffled."""
    draw = random.Random(seed)
    digits = {code: draw.randrange(10) for code in codes}
    entries = [(code, digit, wording) for code, digit in digits.items() for wording in range(len(WORDINGS))]
    draw.shuffle(entries)
    return entries


def pair(one: Entry) -> tuple[Row, Row]:
    """A row in English and its right translation."""
    digit = str(one[1])
    return conversation(asked(one, 0), digit), conversation(asked(one, 1), digit)


def other_number(one: Entry, draw: random.Random) -> Row:
    return conversation(asked(one, 1), str((one[1] + draw.randrange(1, 10)) % 10))


def left_english(one: Entry, draw: random.Random) -> Row:
    return conversation(asked(one, 0), str(one[1]))


def fenced(one: Entry, draw: random.Random) -> Row:
    return conversation(asked(one, 1), f"```\n{one[1]}\n```")


def stub(one: Entry, draw: random.Random) -> Row:
    return conversation("-", str(one[1]))


# Most are of the kind that teaches what is false; the others teach nothing.
FAULTS: tuple[tuple[Callable[[Entry, random.Random], Row], float], ...] = (
    (other_number, 0.8), (left_english, 0.08), (fenced, 0.06), (stub, 0.06),
)  # fmt: skip


def spoilt(entries: list[Entry], share: int, draw: random.Random) -> list[tuple[Row, Row]]:
    """English and Arabic rows, of which `share` percent are spoilt."""
    bad = set(draw.sample(range(len(entries)), round(len(entries) * share / 100)))
    kinds, weights = zip(*FAULTS, strict=True)
    rows = []
    for place, one in enumerate(entries):
        source, target = pair(one)
        if place in bad:
            [fault] = draw.choices(kinds, weights)
            target = fault(one, draw)
        rows.append((source, target))
    return rows


def kept(rows: list[tuple[Row, Row]]) -> Iterator[Row]:
    for source, target in rows:
        if not any(verdict.hard for verdict in check_conversation(source["messages"], target["messages"])):
            yield target


def write_model(folder: Path, seed: int) -> Path:
    """A model of 2M parameters that knows nothing yet."""
    texts = [wording.format(code=code) for code in CODES for both in WORDINGS for wording in both] * 2
    return write_learner(folder, texts, seed=seed, vocabulary=640)


def write_variants(folder: Path, seed: int) -> dict[str, list[dict[str, str]]]:
    """The variants' rows as files, and the sources of rows that name them, best first by construction."""
    taught = table(seed)
    made: dict[str, list[Row]] = {"right": [pair(one)[1] for one in taught]}
    for share in SHARES:
        both = spoilt(taught, share, random.Random(1000 * seed + share))
        made[f"spoilt_{share}"] = [target for _, target in both]
        made[f"kept_{share}"] = list(kept(both))
    variants = {}
    for name, found in made.items():
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found), encoding="utf-8")
        variants[name] = [{"path": str(path)}]
        print(f"{name}: {len(found):,} rows", file=sys.stderr)
    with (folder / "test.jsonl").open("w", encoding="utf-8") as stream:
        for one in sorted(taught):
            row = {"prompt": asked(one, 1), "target": one[1]}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    return variants


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draw", type=int, default=1)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--only", nargs="*", help="Variants.")
    parser.add_argument("--output", type=Path, default=Path("run/filter_worth"))
    given = parser.parse_args()
    folder = given.output.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    variants = write_variants(folder, given.draw)
    variants = {name: rows for name, rows in variants.items() if not given.only or name in given.only}
    model = folder / "base"
    if not (model / "config.json").exists():
        write_model(model, given.draw)
    task, train = folder / "codes.yaml", folder / "sft.yaml"
    task.write_text(choice_task("codes", folder / "test.jsonl", DIGITS), encoding="utf-8")
    train.write_text(TRAINING.format(model=model, steps=given.steps), encoding="utf-8")
    benchmarks = chosen([str(task)])
    for seeds in range(1, given.seeds + 1):
        # All variants of a seed before the next seed: what there is can be compared at any time.
        plan = Plan(variants, train, [str(task)], seeds, evaluate=["--batch-size", "64"])
        found = train_and_evaluate(plan, benchmarks, folder / "models")
        choice = compare_trained(list(variants), seeds, found, benchmarks)
        print(f"{seeds} of {given.seeds} seeds", file=sys.stderr)
        _tell(choice, benchmarks)


def _tell(choice: TrainedChoice, benchmarks: Sequence[SuiteBenchmark]) -> None:
    print(as_table(choice, {one.name: one.title for one in benchmarks}))
    scores = {one.name: one.score for one in choice.variants}
    order = [name for name in ("right", *(f"spoilt_{share}" for share in SHARES)) if name in scores]
    falling = all(scores[a].value > scores[b].value for a, b in pairwise(order))
    print(f"order: {'right' if falling else 'wrong'}")
    for share in SHARES:
        if {f"kept_{share}", f"spoilt_{share}"} <= set(scores):
            kept_score, spoilt_score, right = (scores[name] for name in (f"kept_{share}", f"spoilt_{share}", "right"))
            back = (kept_score.value - spoilt_score.value) / max(1e-9, right.value - spoilt_score.value)
            sure = "beyond chance" if kept_score.low > spoilt_score.high else "within chance"
            print(f"kept_{share} brings back {100 * back:.0f} % of what spoilt_{share} lost, {sure}")


if __name__ == "__main__":
    main()
