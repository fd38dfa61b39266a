"""What decontamination finds, and calls found wrongly: benchmark items planted in real rows, by how they differ there.

    python -m benchmarks.decontamination EVAL ROWS --clean DIR PREFIX --half held

EVAL holds a benchmark of questions with options (CSV files without a header under `MMLUArabic`, question and options
first) and one of short statements (JSON lines under `ArabicCulture`). ROWS has Parquet files of real chats (column
`messages`), in which items are planted. `--clean`: texts in the benchmark's language that cannot hold its items
(PREFIX.ar and PREFIX.SYSTEM.ar, one news text by several translators), of which rows of 20 lines are made.

The items are halved by a hash of their question; `Rules` was chosen on one half (`--half choose`), and the other was
looked at once after that (`held`; figures: docs/benchmarks.md). On the first, 600 items and 1,500 of the other half:

- of five words half of the grams, at least three: 90.5 % found with every 12th word dropped, 15 of the 1,500 called
  found, 9 of them copies of one faulty item. N = 4: 90.3 %, 19. N = 8: 60.5 %, 46. N = 13: 46.0 %, 25.
- coverage 0.6: 82.2 %, 11; 0.4: 90.7 %, 22. At least one gram: 37 of the 1,500; two: 19; four: 10.
- a gram in more than 10 items is no evidence; in more than 30: 58 of the 1,500.
- sides of four words found whole: 15 of the 1,500 as without them, of three words 19.
- without taking clitics off, of other translators' sentences 7.6 % (Google) and 11.2 % (Microsoft), with it 8.6, 13.0.

Not looked for ("alike") are 668 items of that half that are copies of one faulty translation, and one more.

A second stage was tried and left out. MinHash (datasketch, 64 permutations, Jaccard of an item's words), on rows that
are an item and nothing else, finds what the grams find, and with other digits 4 to 27 more of 600; where it is 27, it
calls 289 of 600 other items found. A row several times as long as the item is under its threshold whatever it holds.
It does find more of other translators' sentences (pairs of words, 0.5: 23 and 30 %), and so do shorter grams (N = 3,
at least five: 23 and 24 %, and 10 instead of 6 false alarms that are no copies): too little to be relied on, where
the benchmark's own translation finds all.
"""

import argparse
import csv
import json
import random
import re
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from processors.selection.decontamination import IndexBuilder, Item, Rules, Search

LABELS = "ABCDEFGH"
LINES = 20
# Items whose rows are looked through for what another benchmark of the same kind calls found.
OTHERS = 1500


def mmlu(folder: Path) -> Iterator[Item]:
    """Items of CSV files without a header: question, four options, answer."""
    for path in sorted((folder / "MMLUArabic").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for number, cells in enumerate(csv.reader(file), 1):
                yield Item(f"{path.stem}/{number}", cells[0], tuple(cells[1:5]))


def culture(folder: Path) -> Iterator[Item]:
    """Items that are one statement each."""
    for path in sorted((folder / "ArabicCulture").rglob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield Item(f"{path.stem}/{number}", json.loads(line)["question"])


def half_of(items: Iterator[Item], half: int) -> list[Item]:
    """The items whose question hashes to this half."""
    return [item for item in items if zlib.crc32(item.question.encode()) % 2 == half]


def read_rows(folder: Path) -> list[list[str]]:
    """The messages' texts of each row."""
    import pyarrow.parquet as pq

    rows = []
    for path in sorted(folder.rglob("*.parquet")):
        for messages in pq.read_table(path, columns=["messages"])["messages"].to_pylist():
            rows.append([message["content"] for message in messages])
    return rows


def lines_of(path: Path) -> list[str]:
    """A file's lines."""
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def clean_rows(folder: Path, prefix: str) -> list[list[str]]:
    """Rows of 20 lines of every system's text."""
    texts = [lines_of(path) for path in sorted(folder.glob(f"{prefix}.ar")) + sorted(folder.glob(f"{prefix}.*.ar"))]
    return [[" ".join(text[at : at + LINES])] for text in texts for at in range(0, len(text), LINES)]


def every_12th_dropped(text: str) -> str:
    """Without its 12th word, 24th, ...."""
    return " ".join(word for place, word in enumerate(text.split(), 1) if place % 12)


class Planting:
    """Plants items in real rows: in the middle of a message of one, with labels before the options."""

    def __init__(self, rows: Sequence[list[str]], seed: int = 0) -> None:
        self.rows = rows
        self.random = random.Random(seed)

    def row(self, item: Item, change: Callable[[str], str] = str, *, reorder: bool = False) -> list[str]:
        """A real row with the item in it."""
        options = list(item.options)
        if reorder:
            self.random.shuffle(options)
        labelled = [f"{label}) {change(option)}" for label, option in zip(LABELS, options, strict=False)]
        planted = "\n".join([change(item.question), *labelled])
        texts = list(self.random.choice(self.rows))
        place = self.random.randrange(len(texts))
        middle = len(texts[place]) // 2
        texts[place] = f"{texts[place][:middle]}\n{planted}\n{texts[place][middle:]}"
        return texts

    def other_digits(self, text: str) -> str:
        """Every number is another one."""
        return re.sub(r"\d+", lambda found: str(int(found[0]) + self.random.randint(1, 9)), text)


class Way(NamedTuple):
    """A way in which what stands in a row differs from the item."""

    name: str
    row: Callable[[Item], list[str]]
    having_digits: bool = False


def ways(planting: Planting) -> list[Way]:
    """All ways, the item as it is first."""
    return [
        Way("verbatim", planting.row),
        Way("every 12th word dropped", lambda item: planting.row(item, every_12th_dropped)),
        Way("options in another order", lambda item: planting.row(item, reorder=True)),
        Way("other digits, of items with any", lambda item: planting.row(item, planting.other_digits), True),
        Way("the question alone", lambda item: planting.row(item._replace(options=()))),
    ]


def measure(name: str, items: list[Item], others: list[Item], planting: Planting, clean: list[list[str]]) -> None:
    """Prints what is found of a benchmark's half, and what is called found wrongly."""
    builder = IndexBuilder(Rules())
    made = builder.add(name, items)
    index = builder.build()
    search, known = Search(index), set(index.names)
    print(
        f"{name}: {made.items:,} items, {made.looked_for:,} looked for; too short {made.short:,}, alike {made.alike:,}"
    )
    for way in ways(planting):
        mine = [one for one in items if not way.having_digits or re.search(r"\d", one.question + "".join(one.options))]
        found = [item for item in mine if search.find(way.row(item))]
        looked = [item for item in mine if item.name in known]
        of_looked = sum(item.name in known for item in found)
        shares = share(len(found), len(mine)), share(of_looked, len(looked))
        print(f"  {way.name:32} {shares[0]} of all, {shares[1]} of those looked for")
    wrong = sum(bool(search.find(row)) for row in clean)
    same_kind = random.Random(4).sample(others, min(OTHERS, len(others)))
    near = sum(bool(search.find([item.question, *item.options])) for item in same_kind)
    print(
        f"  called found in clean rows       {wrong} of {len(clean):,}; in real rows {in_real(search, planting.rows)}"
    )
    print(
        f"  in items of the other half       {near} of {len(same_kind):,}, the benchmark's own repetitions among them"
    )


def in_real(search: Search, rows: Sequence[list[str]]) -> str:
    """Of rows in which nothing was planted."""
    return f"{sum(bool(search.find(row)) for row in rows)} of {len(rows):,}"


def share(part: int, whole: int) -> str:
    """A share of a hundred with one decimal."""
    return f"{100 * part / whole:5.1f} %" if whole else "  n/a"


def translated(folder: Path, prefix: str, half: int) -> None:
    """Of an English text whose translation is the item: rows that hold the same translation, or another system's."""
    reference = lines_of(folder / f"{prefix}.ar")
    rows = range(half, len(reference), 2)
    builder = IndexBuilder(Rules())
    builder.add("reference", [Item(str(row), reference[row]) for row in rows])
    search = Search(builder.build())
    for path in [folder / f"{prefix}.ar", *sorted(folder.glob(f"{prefix}.*.ar"))]:
        texts = lines_of(path)
        found = sum(str(row) in {one.item for one in search.find([texts[row]])} for row in rows)
        print(
            f"  translated by {path.name.removeprefix(prefix)[1:-3] or 'the same memory':18} {share(found, len(rows))}"
        )


def speed(search: Search, rows: Sequence[list[str]]) -> float:
    """MB of UTF-8 a minute of one core's time."""
    size = sum(len(text.encode()) for row in rows for text in row)
    begin = time.process_time()
    for row in rows:
        search.find(row)
    return size / 1e6 / (time.process_time() - begin) * 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("eval", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--clean", nargs=2, metavar=("DIR", "PREFIX"), required=True)
    parser.add_argument("--half", choices=["choose", "held"], default="choose")
    options = parser.parse_args()
    folder, prefix = Path(options.clean[0]), options.clean[1]
    half = ["choose", "held"].index(options.half)
    rows, clean = read_rows(options.rows), clean_rows(folder, prefix)
    planting = Planting(rows)
    for name, read in (("questions with options", mmlu), ("statements", culture)):
        items, others = half_of(read(options.eval), half), half_of(read(options.eval), 1 - half)
        measure(name, items, others, planting, clean)
    print("a benchmark's Arabic side, found in rows that hold its English side")
    translated(folder, prefix, half)
    builder = IndexBuilder(Rules())
    builder.add("all", mmlu(options.eval))
    search = Search(builder.build())
    for name, texts in (("real rows", rows), ("clean rows", clean)):
        print(f"{name}: {max(speed(search, texts) for _ in range(3)):,.0f} MB a minute of one core")


if __name__ == "__main__":
    main()
