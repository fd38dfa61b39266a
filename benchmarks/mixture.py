"""A mixture over a million rows: shares exact, bytes equal for any number of workers, seconds and memory.

    python -m benchmarks.mixture [--rows 1000000] [--workers 1 2 3] [--length 1] [--near]

Synthetic chats of about a kilobyte times `--length` (0: four hundred bytes): four splits of translations with scores
(four fifths of the rows, one in a hundred of them said twice) and two of English. The mixture takes 80 % of its tokens
from the translations, with fractional weights, a threshold and a budget. Memory is the most that all processes of the
command held at the same moment (a shared page counts once for each), and of the largest process alone.
"""

import argparse
import ctypes
import hashlib
import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.many_rows import WORDS, measure
from builders.run_folder import schemas

_BECOME_REAPER = 36  # PR_SET_CHILD_SUBREAPER of <sys/prctl.h>
ROOT = Path(__file__).resolve().parent.parent
ARABIC = [
    "من", "إلى", "على", "في", "النهر", "المدينة", "القديمة", "جسر", "حجري", "هادئ", "قرب", "سوق", "يبيع",
    "الناس", "الخبز", "والفاكهة", "كل", "يوم",
]  # fmt: skip
SPLITS = {"talk_think": 0.35, "code_no_think": 0.25, "maths_think": 0.15, "tools_no_think": 0.05}
ENGLISH = {"talk": 0.15, "maths": 0.05}
RECIPE = """
name: million
sources:
  - name: translated
    path: translated
    language: ar
    split_weights: {talk_think: 0.5, maths_think: 2.3}
    where: {min: {LR: 0.1}}
  - {name: english, path: english, language: en, weight: 1.7}
languages: {shares: {ar: 0.8, en: 0.2}}
tokens: TOKENS
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 1, 3])
    parser.add_argument("--length", type=int, default=1)
    parser.add_argument("--near", action="store_true", help="leave out what is nearly the same, too")
    arguments = parser.parse_args()
    # Processes that outlive their parent, as workers do, come to this one and so are counted.
    ctypes.CDLL(None).prctl(_BECOME_REAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_sources(folder, arguments.rows, arguments.length)
        tokens = arguments.rows * (arguments.length * 130 or 52)
        near = "deduplicate: near\n" if arguments.near else ""
        (folder / "mix.yaml").write_text(RECIPE.replace("TOKENS", str(tokens)) + near)
        print(f"{arguments.rows:,} rows, {size / 1e6:,.1f} MB of Parquet; load average {os.getloadavg()[0]:.1f}")
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        digests = []
        for number, workers in enumerate(arguments.workers):
            output = folder / f"out{number}"
            command = ["mix", folder / "mix.yaml", "-o", output, "--workers", workers]
            measure(f"{workers} workers", command, environment)
            digests.append(digest(output))
        print(f"bytes equal: {len(set(digests)) == 1} ({len(digests)} runs)")
        if len(set(digests)) > 1 or not exact(folder / "out0", tokens):
            sys.exit(1)


def write_sources(folder: Path, rows: int, length: int) -> int:
    """Parquet in the layout of a published dataset; returns its bytes."""
    pick = random.Random(7)
    base = [pa.field("id", pa.string()), *schemas.source()]
    scored = pa.schema([*base, pa.field("LR", pa.float64()), pa.field("SCR", pa.float64())])
    for name, words, splits, schema in (
        ("translated", ARABIC, SPLITS, scored),
        ("english", WORDS, ENGLISH, pa.schema(base)),
    ):
        (folder / name / "SFT").mkdir(parents=True)
        paragraphs = [" ".join(pick.choices(words, k=30)) for _ in range(500)]
        for split, share in splits.items():
            made = chats(split, paragraphs, int(rows * share), pick, length)
            path = folder / name / "SFT" / f"{split}-00000-of-00001.parquet"
            with pq.ParquetWriter(path, schema, compression="zstd") as writer:
                while batch := list(islice(made, 5000)):
                    writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def chats(split: str, paragraphs: list[str], rows: int, pick: random.Random, length: int) -> Iterator[dict[str, Any]]:
    kwargs = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    for row in range(rows):
        # One in a hundred says what the row before it says.
        said = row - (row % 100 == 99)
        local = random.Random(f"{split}{said}")
        answer = "\n\n".join(local.choices(paragraphs, k=local.randint(2, 6) * length or 1))
        yield {
            "id": f"{split}/{row:07d}",
            "messages": [
                {"role": "user", "content": f"{split} {said}: {local.choice(paragraphs)}"},
                {"role": "assistant", "content": answer},
            ],
            "chat_template_kwargs": kwargs,
            "source": "synthetic",
            "LR": pick.random(),
            "SCR": 1.0,
        }


def digest(folder: Path) -> str:
    """Of all files of a folder, with their names."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(folder)).encode())
            with path.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def exact(folder: Path, tokens: int) -> bool:
    """Whether what the manifest says holds in the files, and the shares and weights are what was asked for."""
    manifest = json.loads((folder / "mixture.json").read_text(encoding="utf-8"))
    columns = ["id", "copy", "tokens", "language", "LR"]
    rows = pa.concat_tables([pq.read_table(path, columns=columns) for path in sorted(folder.glob("SFT/*.parquet"))])
    by_language = rows.group_by("language").aggregate([("tokens", "sum")]).to_pylist()
    of = {one["language"]: one["tokens_sum"] for one in by_language}
    print(f"asked for {tokens:,} tokens, 80 % in ar; {sum(of.values()):,}: {of}")
    times = rows.group_by("id").aggregate([("copy", "count")])["copy_count"].to_pylist()
    splits = [split for source in manifest["sources"] for split in source["splits"].values()]
    adds_up = all(one["read"] == one["kept"] + sum(one["dropped"].values()) for one in splits)
    dropped: dict[str, int] = {}
    for one in splits:
        for reason, count in one["dropped"].items():
            dropped[reason] = dropped.get(reason, 0) + count
    read, most = sum(one["read"] for one in splits), max(times)
    print(f"{read:,} read, {len(times):,} kept, {dropped}; no row more than {most} times")
    near = abs(of["ar"] - tokens * 8 // 10) < 100 and abs(of["en"] - tokens * 2 // 10) < 100
    return near and adds_up and len(times) == sum(one["kept"] for one in splits) and manifest["rows"] == rows.num_rows


if __name__ == "__main__":
    main()
