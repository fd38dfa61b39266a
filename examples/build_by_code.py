"""A build without the command line: the recipe that ships as `demo`, and the dataset's first row.

python examples/build_by_code.py [FOLDER]
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq

from builders.build import run_build
from hub.card.write import write_card


def main(folder: Path) -> None:
    run = run_build("demo", output=folder, settings=["selection.max_rows_per_split=2"], finish=write_card)
    first = sorted((run / "dataset" / "SFT_reference_ranked").glob("*.parquet"))[0]
    row = pq.read_table(first).to_pylist()[0]
    print(row["id"], row["translator"], row["rank_score"])
    print(row["messages"][-1]["content"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "run/by-code"))
