"""Rows of a published config in which the translators differ: what each candidate scored, and why one was chosen.

python examples/read_a_config.py user/name SFT_SeedX_ranked SPLIT     # from the Hub
python examples/read_a_config.py demo/dataset SFT_reference_ranked OpenHermes_2.5_no_think
"""

import sys

from datasets import load_dataset


def main(dataset: str, config: str, split: str) -> None:
    # `candidates` has one entry a translator: its scores, what the checks found, and what decided.
    for row in load_dataset(dataset, config, split=split, streaming=True).take(3):
        print(row["id"], "from", row["translator"], "rank_score", row["rank_score"])
        for candidate in row["candidates"]:
            print("   ", {key: value for key, value in candidate.items() if value is not None})


if __name__ == "__main__":
    main(*sys.argv[1:4])
