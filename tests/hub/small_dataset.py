"""A small dataset that breaks no rule, with the means to change it."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from hub.rules.check import check_dataset
from hub.rules.findings import Finding

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("messages", pa.list_(pa.struct([("content", pa.string()), ("role", pa.string())]))),
        ("LR", pa.float64()),
    ]
)
CONFIGS = ("SFT_one_ranked", "SFT_two_ranked")
SPLITS = ("OpenHermes_2.5_no_think", "s1k_1.1_think")
PLACE = f"{CONFIGS[0]}/{SPLITS[0]}"
FILE = f"{PLACE}-00000-of-00001.parquet"


def rows(number: int, text: str = "ما عاصمة فرنسا؟ **باريس**") -> list[dict[str, Any]]:
    return [
        {"id": f"s/{index:04d}", "messages": [{"content": f"{text} {index}", "role": "user"}], "LR": index / 10}
        for index in range(number)
    ]


def write(path: Path, table: pa.Table, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **{"write_page_index": True, **options})


class Dataset:
    """A small dataset that breaks no rule, with the means to break it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table = pa.Table.from_pylist(rows(7), schema=SCHEMA)
        infos: list[dict[str, Any]] = []
        configs: list[dict[str, Any]] = []
        for config in CONFIGS:
            for split in SPLITS:
                write(folder / config / f"{split}-00000-of-00001.parquet", self.table)
            size = sum(path.stat().st_size for path in (folder / config).iterdir())
            infos.append(
                {
                    "config_name": config,
                    "features": [
                        {"name": "id", "dtype": "string"},
                        {
                            "name": "messages",
                            "list": [{"name": "content", "dtype": "string"}, {"name": "role", "dtype": "string"}],
                        },
                        {"name": "LR", "dtype": "float64"},
                    ],
                    "splits": [{"name": split, "num_bytes": self.table.nbytes, "num_examples": 7} for split in SPLITS],
                    "download_size": size,
                    "dataset_size": self.table.nbytes * len(SPLITS),
                }
            )
            configs.append(
                {
                    "config_name": config,
                    "data_files": [{"split": split, "path": f"{config}/{split}-*"} for split in SPLITS],
                }
            )
        configs[0]["default"] = True
        self.data: dict[str, Any] = {
            "language": ["ar"],
            "license": "apache-2.0",
            "tags": ["smolkalam"],
            "dataset_info": infos,
            "configs": configs,
        }
        self.card()

    def card(self) -> None:
        text = yaml.safe_dump(self.data, sort_keys=False, allow_unicode=True)
        (self.folder / "README.md").write_text(f"---\n{text}---\n# كلام\n", encoding="utf-8")

    def replace(self, table: pa.Table, name: str = FILE, **options: Any) -> None:
        """Another table for a file, with a card that knows of it: only what the table breaks is broken."""
        write(self.folder / name, table, **options)
        config, split = name.split("-0")[0].split("/")
        for info in self.data["dataset_info"]:
            if info["config_name"] == config:
                info["download_size"] = sum(p.stat().st_size for p in (self.folder / config).iterdir())
                for item in info["splits"]:
                    if item["name"] == split:
                        item.update(num_bytes=table.nbytes, num_examples=table.num_rows)
                info["dataset_size"] = sum(item["num_bytes"] for item in info["splits"])
        self.card()

    def found(self) -> list[tuple[str, str, str]]:
        return [(f.severity, f.rule, f.path) for f in check_dataset(self.folder)]

    def rule(self, rule: str) -> list[Finding]:
        return [f for f in check_dataset(self.folder) if f.rule == rule]

    def load(self, config: str = CONFIGS[0], split: str | None = SPLITS[0]) -> Any:
        from datasets import load_dataset

        return load_dataset(str(self.folder), config, split=split, cache_dir=str(self.folder.parent / "cache"))
