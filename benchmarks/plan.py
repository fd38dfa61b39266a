"""How often the intervals of `smolkalam plan` hold what a count of all rows finds, and how far its estimates are off.

    python -m benchmarks.plan DIR [--recipe pseudo] [--sample 200] [--seeds 40] [--no-scan]

DIR is laid out as the Hub repository. For each figure: the share of seeds whose 95% interval holds the true value, the
mean error, the root mean square error and the intervals' mean half-width, all relative to the true value.
"""

import argparse
import contextlib
import io
from collections import defaultdict
from typing import Any

import numpy as np
from rich.progress import track

from builders.estimates.command import run_plan


def plan(options: argparse.Namespace, seed: int, sample: int) -> dict[str, Any]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return run_plan(
            options.recipe,
            source_path=options.input,
            settings=[f"seed={seed}", "selection.domain_index=null", *options.set],
            sample=sample,
            scan=options.scan,
            as_json=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("--recipe", default="pseudo")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--scan", action=argparse.BooleanOptionalAction, default=None)
    options = parser.parse_args()
    truth = plan(options, 0, 10**9)
    errors, widths, inside = defaultdict(list), defaultdict(list), defaultdict(list)
    for seed in track(range(1, options.seeds + 1), "planning"):
        found = plan(options, seed, options.sample)
        for one, true in zip(found["translators"], truth["translators"], strict=True):
            for figure, interval in one.items():
                if not isinstance(interval, dict) or not true[figure]["value"]:
                    continue
                key, value = (one["name"], figure), true[figure]["value"]
                errors[key].append(interval["value"] / value - 1)
                widths[key].append((interval["high"] - interval["low"]) / 2 / value)
                inside[key].append(interval["low"] <= value <= interval["high"])
    print(f"{options.sample} of {truth['rows_in_source']} rows, {options.seeds} seeds")
    for key, error in errors.items():
        name = " ".join(key)
        print(
            f"{name:<32} covered {np.mean(inside[key]):.2f}, mean error {np.mean(error):+.3f}, "
            f"rms error {np.sqrt(np.mean(np.square(error))):.3f}, half-width {np.mean(widths[key]):.3f}"
        )


if __name__ == "__main__":
    main()
