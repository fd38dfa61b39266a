"""What people said of an arbitrage's queue: which answer is better, and answers that they wrote or approved.

A folder of `smolkalam review` has both; a table of verdicts has the first. Of what was written of one answer the last
that anybody said counts.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from processors.judging.votes import TRANSLATIONS, VERDICTS, Votes, known_translator, read_records, read_verdicts

QUEUE = "queue.jsonl"
# In an arbitrage's folder, where the review writes by default.
REVIEW = "review"


@dataclass(slots=True)
class Said:
    """Votes on answers, and by row what was written: an answer's label, and the text that it is to have."""

    votes: Votes
    written: dict[str, tuple[str, str]] = field(default_factory=dict)

    def rows(self) -> set[str]:
        """The prompts of which something was said."""
        return self.votes.rows() | set(self.written)

    def digest(self) -> str:
        """Changes exactly when something that was said does."""
        plain = [self.votes.digest(), sorted(self.written.items())]
        return blake2b(json.dumps(plain).encode("ascii"), digest_size=16).hexdigest()


def read_said(path: Path, labels: Sequence[str]) -> Said:
    """What people said, of a folder or a file. Raises InputError with file and line."""
    if not path.is_dir():
        return Said(read_verdicts(path, labels))
    votes = read_verdicts(path, labels) if (path / VERDICTS).exists() else Votes(list(labels))
    found = Said(votes)
    by_voter: dict[tuple[str, str, str], str] = {}
    written = path / TRANSLATIONS
    for place, line in read_records(written) if written.exists() else ():
        known_translator(str(line.get("translator")), labels, place)
        key = str(line.get("id")), str(line["translator"]), str(line.get("annotator"))
        # At its end, for the last counts.
        by_voter.pop(key, None)
        if isinstance(line.get("after"), str):
            by_voter[key] = line["after"]
    for (row, label, _), text in by_voter.items():
        found.written[row] = label, text
    return found
