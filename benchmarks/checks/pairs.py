"""Chat-shaped pairs written for this benchmark, each a careful translation: whatever a check says of one is wrong.

Every line has an `id` of its kind and a number. The checks are tuned on the even ones, which are tests too; the odd
ones are held back. `pairs.jsonl` are the kinds that checks were known to take for wrong;
`fresh_pairs.jsonl` are what chats hold, written after the rules by people who had not read them (`chat_*` and
`beside_*` on 2026-11-30, all to tune on by now), `fresh_faults.jsonl` wrong ones beside the latter.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

PATH = Path(__file__).with_name("pairs.jsonl")
FRESH = Path(__file__).with_name("fresh_pairs.jsonl")
FRESH_FAULTS = Path(__file__).with_name("fresh_faults.jsonl")


class ChatPair(NamedTuple):
    id: str
    kind: str
    source: str
    target: str

    @property
    def held(self) -> bool:
        return int(self.id.rpartition("-")[2]) % 2 == 1


def read_chat_pairs(*paths: Path) -> list[ChatPair]:
    """Of these files, or of both."""
    texts = [path.read_text(encoding="utf-8") for path in paths or (PATH, FRESH)]
    return [ChatPair(**json.loads(line)) for text in texts for line in text.splitlines()]
