"""What the report's page says from a sample, against the build that its block makes of all rows.

    python -m benchmarks.report_sample [--rows 40000]

Builds `benchmarks.many_rows`' conversations, writes the report (over 20,000 rows it has a sample), moves the least LR
to the median in a real browser, builds again with the block to paste, and counts how many of the page's figures (rows,
tokens and mean scores, of all splits and of each, in both configs) have the build's within their 95 % intervals.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from benchmarks.many_rows import RECIPE, ROOT, write_source
from builders.dataset.statistics import SplitStatistics, summarise
from hub.report.gathered import gather
from tests.standins.browser import chromium, open_file

_MOVE = """
const box = document.getElementById("least-LR");
box.value = arguments[0];
box.dispatchEvent(new Event("input"));
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=40_000, help="conversations; the sample is of 20,000")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_source(folder / "source", rows)
        recipe, run, page = folder / "recipe.yaml", folder / "run", folder / "report.html"
        recipe.write_text(RECIPE.format(source=folder / "source"))
        smolkalam("build", recipe, "--output", run)
        smolkalam("report", run, "-o", page)
        known = gather(run)
        values = sorted(row["candidates"][0]["LR"] for row in known.sample.rows)
        least = round(values[len(values) // 2], 3)
        print(f"{rows:,} rows, {len(known.sample.rows):,} in the page of {page.stat().st_size / 1e6:.1f} MB")
        shown, block = asked(page, least)
        changed = yaml.safe_load((run / "recipe.yaml").read_text())
        changed["ranking"] |= yaml.safe_load(block)["ranking"]
        recipe.write_text(yaml.safe_dump(changed))
        smolkalam("build", recipe, "--output", run)
        built = gather(run).built
        held: Counter[str] = Counter()
        for config, found in zip(built, shown, strict=True):
            held += compare(config, found, built[config])
        print(f"min_LR {least}: the interval holds the build's figure in {held['held']} of {held['all']}")


def smolkalam(*arguments: Any) -> None:
    command = [sys.executable, "-m", "smolkalam", *map(str, arguments)]
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
