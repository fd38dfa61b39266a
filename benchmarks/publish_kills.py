"""A publish killed with -9 at random moments: do readers ever see a mixture, and how many bytes go twice?

    python -m benchmarks.publish_kills --megabytes 300 --kills 20

A first version is published to the Hub's stand-in (tests/standins/standin_hub), then a second one, all of whose rows
differ, is killed again and again until a last run ends it. A reader loops over `main` all the while and loads every
split.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.standins.standin_hub import Hub

CONFIGS, SPLITS = ("SFT_one_ranked", "SFT_two_ranked"), 25

PUBLISH = """
import sys
from pathlib import Path
from hub.commands import run_publish
run_publish(Path(sys.argv[1]), sys.argv[2])
"""

READ = """
import json, sys
from huggingface_hub import HfApi, HfFileSystem
import pyarrow.parquet as pq
from datasets import load_dataset, load_dataset_builder
repo, config = sys.argv[1], sys.argv[2]
for line in sys.stdin:
    # One look at main: what a reader gets who asks for it now, all of one commit.
    commit = HfApi().repo_info(repo, repo_type="dataset").sha
    builder = load_dataset_builder(repo, config, revision=commit)
    versions = set()
    for split, files in builder.config.data_files.items():
        rows = 0
        for file in files:
            with HfFileSystem().open(file) as opened:
                table = pq.read_table(opened, columns=["version"])
            rows += table.num_rows
            versions.update(table.column("version").unique().to_pylist())
        assert rows == builder.info.splits[split].num_examples, split
    first = next(iter(load_dataset(repo, config, split=line.strip(), streaming=True)))
    print(json.dumps([commit, sorted(versions), first["version"]]), flush=True)
"""


def write_version(folder: Path, version: int, megabytes: float) -> int:
    """A dataset of about `megabytes`, in as many shards as configs and splits; returns its bytes."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    import yaml

    random_bytes = np.random.default_rng(version)
    names = [f"split_{number}" for number in range(SPLITS)]
    rows = max(1, int(megabytes * 1e6 / len(CONFIGS) / SPLITS / 765))  # a row's bytes, compressed
    infos, configs = [], []
    for config in CONFIGS:
        (folder / config).mkdir(parents=True)
        splits, download = [], 0
        for name in names:
            text = [random_bytes.bytes(750).hex() for _ in range(rows)]
            table = pa.table({"text": text, "version": [version] * rows})
            path = folder / config / f"{name}-00000-of-00001.parquet"
            pq.write_table(table, path, compression="zstd", write_page_index=True)
            splits.append({"name": name, "num_bytes": table.nbytes, "num_examples": rows})
            download += path.stat().st_size
        features = [{"name": "text", "dtype": "string"}, {"name": "version", "dtype": "int64"}]
        infos.append(
            {"config_name": config, "features": features, "splits": splits, "download_size": download,
             "dataset_size": sum(split["num_bytes"] for split in splits)}
        )  # fmt: skip
        files = [{"split": name, "path": f"{config}/{name}-*"} for name in names]
        configs.append({"config_name": config, "data_files": files})
    card = {"language": ["ar"], "license": "other", "dataset_info": infos, "configs": configs}
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump(card)}---\n# {version}\n")
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=300)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slow", type=float, default=0.3, help="seconds that the body of an upload takes")
    parser.add_argument("--xet", action="store_true", help="send with Xet, not with LFS")
    options = parser.parse_args()
    from tests.standins.standin_hub import Hub

    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as temporary, Hub(Path(temporary) / "hub") as hub:
        folder, repo = Path(temporary), "user/kills"
        write_version(folder / "1", 1, options.megabytes / 10)
        size = write_version(folder / "2", 2, options.megabytes)
        environment = hub.environment(folder / "home", xet=options.xet) | {"PYTHONPATH": str(Path.cwd())}
        began = time.monotonic()
        publish(folder / "1", repo, environment)
        hub.reset()
        reader = Reader(repo, hub.environment(folder / "reader", xet=options.xet))
        # Slow enough for a kill to come while something is under way; the delay is in the reading, as on a slow line.
        hub.faults(
            {"fault": "slow-body", "kind": "lfs-put", "seconds": options.slow},
            {"fault": "slow-body", "kind": "xet-xorb", "seconds": options.slow},
        )
        # At random places of the whole transfer, and so independent of how fast this machine is.
        places = sorted(chance.uniform(0, size) for _ in range(options.kills))
        kills = 0
        for place in places:
            process = start(folder / "2", repo, environment)
            begun = content(hub)
            while process.poll() is None and content(hub) < max(place, begun + 1):
                time.sleep(0.02)
            time.sleep(chance.uniform(0, options.slow))
            if process.poll() is None:
                process.kill()
                kills += 1
            process.wait()
        before_last = content(hub)
        publish(folder / "2", repo, environment)
        seen = reader.stop()
        stats = hub.stats()
        received = {kind: n for kind, n in stats["received"].items() if kind != "admin"}
        print(
            json.dumps(
                {
                    "bytes": size,
                    "kills": kills,
                    "sent": sum(received.values()),
                    "sent_to_size": round(sum(received.values()) / size, 3),
                    "content_to_size": round(content(hub) / size, 3),
                    "sent_before_the_last_run": round(before_last / size, 3),
                    "commits": stats["requests"]["commit"],
                    "uploads": stats["requests"].get("xet-shard") or stats["requests"]["lfs-put"],
                    "reads": len(seen),
                    "versions_seen": sorted({tuple(versions) for _, versions, _ in seen}),
                    "failed_reads": reader.failed,
                    "seconds": round(time.monotonic() - began, 1),
                }
            )
        )


def content(hub: "Hub") -> int:
    """Bytes of files that arrived."""
    return sum(n for kind, n in hub.stats()["received"].items() if kind.startswith(("lfs-", "xet-")))


def start(folder: Path, repo: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", PUBLISH, str(folder), repo]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def publish(folder: Path, repo: str, environment: dict[str, str]) -> None:
    if start(folder, repo, environment).wait() != 0:
        raise SystemExit("the publish failed")


class Reader:
    """Reads `main` in a loop, in a process and a thread of its own."""

    def __init__(self, repo: str, environment: dict[str, str]) -> None:
        command = [sys.executable, "-c", READ, repo, CONFIGS[0]]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.seen: list[Any] = []
        self.failed = 0
        self.ended = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        assert self.process.stdin and self.process.stdout
        while not self.ended:
            self.process.stdin.write(f"split_{len(self.seen) % SPLITS}\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            if not line:
                self.failed += 1
                return
            self.seen.append(json.loads(line))

    def stop(self) -> list[Any]:
        self.ended = True
        self.thread.join()
        self.process.kill()
        self.process.wait()
        return self.seen


if __name__ == "__main__":
    main()
