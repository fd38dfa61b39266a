"""Chat-shaped pairs written for this benchmark, each a careful translation: whatever a check says of one is wrong.

Every line of `pairs.jsonl` has an `id` of its kind and a number. The checks are tuned on the even ones, which are
tests too; the odd ones are held back, and only measured.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

PATH = Path(__file__).with_name("pairs.jsonl")


class ChatPair(NamedTuple):
    id: str
    kind: str
    source: str
    target: str

    @property
    def held(self) -> bool:
        return int(self.id.rpartition("-")[2]) % 2 == 1


def read_chat_pairs(path: Path = PATH) -> list[ChatPair]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [ChatPair(**json.loads(line)) for line in lines]
