"""What the report's page says from a sample, against the build that its block makes of all rows.

    python -m benchmarks.report_sample DIR PREFIX [--systems google opusmt] [--rows 8000] [--sample 2000]

DIR and PREFIX as of `python -m benchmarks.checks`: real translations of two systems. Conversations are two of its
lines, at random; each system translates them as a memory. The page has a sample of the rows; in a real browser the
least LR is moved to its lower quartile and `numbers` is told to veto nothing, and the build is done again with the
block to paste. Counted is how many of the page's figures (rows, tokens and mean scores, of all splits and of each, in
both configs) have the build's within their 95 % intervals.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from builders.dataset.statistics import SplitStatistics, summarise
from builders.run_folder import schemas
from hub.report.command import run_report
from hub.report.gathered import gather
from model_recipes.ranker.texts import read_texts
from tests.standins.browser import chromium, open_file

ROOT = Path(__file__).resolve().parent.parent
SPLITS = 4
_MOVE = """
const [least] = arguments, box = document.getElementById("least-LR");
box.value = least;
const numbers = document.querySelector("[data-check=numbers]");
if (numbers) numbers.value = "none";
box.dispatchEvent(new Event("input"));
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("--systems", nargs=2, default=["google", "opusmt"])
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--sample", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe, run, page = folder / "recipe.yaml", folder / "run", folder / "report.html"
        recipe.write_text(yaml.safe_dump(written(folder, arguments)))
        build(recipe, run)
        run_report(run, page, exact_rows=arguments.sample)
        known = gather(run, exact_rows=arguments.sample).sample
        values = sorted(one["LR"] for row in known.rows for one in row["candidates"] if one["LR"] is not None)
        least = round(values[len(values) // 4], 3)
        print(f"{sum(known.population.values()):,} rows ranked, {len(known.rows):,} in the page")
        shown, block = asked(page, least)
        changed = yaml.safe_load((run / "recipe.yaml").read_text())
        changed["ranking"] |= yaml.safe_load(block)["ranking"]
        recipe.write_text(yaml.safe_dump(changed))
        build(recipe, run)
        built = gather(run).built
        held: Counter[str] = Counter()
        for config, found in zip(built, shown, strict=True):
            held += compare(config, found, built[config])
        print(f"min_LR {least}: the interval holds the build's figure in {held['held']} of {held['all']}")


def written(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """The source and a memory of each system, below `folder`; returns the recipe."""
    texts = read_texts(arguments.folder, arguments.prefix)
    chance = random.Random(5)
    for name in arguments.systems:
        pairs = zip(texts.sources, texts.candidates[name], strict=True)
        lines = (json.dumps({"source": source, "target": target}) + "\n" for source, target in pairs)
        (folder / f"{name}.jsonl").write_text("".join(lines))
    (folder / "source" / "SFT").mkdir(parents=True)
    schema = pa.schema([schemas.selected().field(name) for name in ("messages", "chat_template_kwargs", "source")])
    none = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    for split in range(SPLITS):
        rows = []
        for _ in range(arguments.rows // SPLITS):
            said = zip(("user", "assistant"), chance.sample(texts.sources, 2), strict=True)
            messages = [{"role": role, "content": text} for role, text in said]
            rows.append({"messages": messages, "chat_template_kwargs": none, "source": "lines"})
        path = folder / "source" / "SFT" / f"split_{split}_no_think-00000-of-00001.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    translators = [
        {"name": name, "backend": "memory", "memory": [str(folder / f"{name}.jsonl")]} for name in arguments.systems
    ]
    return {"name": "sample", "source": {"path": str(folder / "source")}, "translators": translators}


def build(recipe: Path, run: Path) -> None:
    command = [sys.executable, "-m", "smolkalam", "build", str(recipe), "--output", str(run)]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)


def asked(page: Path, least: float) -> tuple[list[Any], str]:
    """The page's figures of both configs with this least LR, and its block."""
    with chromium() as window:
        open_file(window, page)
        window.execute_script(_MOVE, str(least))
        figures = [window.execute_script("return explorer.figures(arguments[0])", primary) for primary in range(2)]
        return figures, window.execute_script("return document.getElementById('block').textContent")


def compare(config: str, shown: Any, built: dict[str, SplitStatistics]) -> Counter[str]:
    """Counts the figures, and those whose interval holds the build's; prints those of all splits."""
    counts: Counter[str] = Counter()
    for split, found in shown.items():
        of = built.get(split, SplitStatistics()) if split else summarise(built.values())
        true = {"rows": of.rows, "tokens": of.total_tokens} | {name: of.mean(name) for name in ("LR", "quality")}
        for name, value in true.items():
            one = found[name]
            if value is None or not one["half"]:
                continue
            counts["all"] += 1
            counts["held"] += abs(one["value"] - value) <= one["half"]
            if not split:
                print(f"  {config}, {name}: page {one['value']:.6g} ± {one['half']:.2g}, build {value:.6g}")
    return counts


if __name__ == "__main__":
    main()
