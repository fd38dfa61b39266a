"""A build over the source's next revision pays for what is changed or new, and says how much that is."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builders.stages.common.revision import compared
from tests.standins.standin_llm import running

RECIPE = """
name: revised
source: {{path: unused}}
translators: [{{name: Chat, backend: endpoint, model: stand-in, base_url: "{url}/v1"}}]
"""
OLD = ["One lake is deep.", "Two rivers meet.", "Three hills stand.", "Four winds blow."]


def of(texts: list[str], numbers: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    ids = np.arange(len(texts), dtype=np.uint64)
    return ids, np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.uint64)


@pytest.mark.parametrize(
    ("old", "new", "kept", "moved", "changed", "fresh", "gone"),
    [
        ("abcd", "abcd", 4, 0, 0, 0, 0),
        ("abcd", "xabcd", 0, 4, 0, 1, 0),
        ("abcd", "abxd", 3, 0, 1, 0, 0),
        ("abcd", "bcd", 0, 3, 0, 0, 1),
        ("abcd", "dcba", 0, 4, 0, 0, 0),
        ("abcd", "abcde", 4, 0, 0, 1, 0),
        ("aab", "aaab", 2, 1, 0, 1, 0),
        ("aabb", "ccab", 1, 1, 2, 0, 0),
        ("ab", "", 0, 0, 0, 0, 2),
    ],
)
def test_each_row_is_counted_once(
    old: str, new: str, kept: int, moved: int, changed: int, fresh: int, gone: int
) -> None:
    numbers: dict[str, int] = {}
    found = compared(*of(list(old), numbers), *of(list(new), numbers))
    assert found["kept"] + found["moved"] + found["changed"] + found["gone"] == len(old)
    assert found["kept"] + found["moved"] + found["changed"] + found["new"] == len(new)
    assert found == {"kept": kept, "moved": moved, "changed": changed, "new": fresh, "gone": gone}


def test_of_a_next_revision_only_changed_and_new_rows_are_asked(
    smolkalam: Callable[..., Any], row: Callable[..., Any], write_split: Callable[..., Path], tmp_path: Path
) -> None:
    def source(texts: list[str]) -> Path:
        shutil.rmtree(tmp_path / "source", ignore_errors=True)
        return write_split("train", [row(("user", text), ("assistant", f"Yes: {text}")) for text in texts])

    with running() as server:
        recipe, run = tmp_path / "revised.yaml", tmp_path / "run"
        recipe.write_text(RECIPE.format(url=server.url))

        def build(texts: list[str]) -> Any:
            done = smolkalam("build", recipe, "--input", source(texts), "--output", run, "--workers", 1)
            assert done.returncode == 0, done.stderr
            return done

        first = build(OLD)
        assert sum(server.stats()["answered"].values()) == 8 and "another revision" not in first.stderr
        # One moved to the front of all, one changed where it stood, one new: what stood before keeps its answers.
        new = [OLD[3], OLD[0], "Three hills stood.", OLD[1], "Five stars shine."]
        second = build(new)
        line = "0 rows are as they were, 3 stand at another place, 1 are changed, 1 new, 0 gone"
        assert line in second.stderr, second.stderr
        assert sum(server.stats()["answered"].values()) == 8 + 4
        # It is said again, and nothing is asked; another selection of the same source is no other revision.
        assert line in build(new).stderr and sum(server.stats()["answered"].values()) == 12
        counted = json.loads((run / "revision" / "found.json").read_text())["rows"]
        assert counted == {"kept": 0, "moved": 3, "changed": 1, "new": 1, "gone": 0}
        cut = smolkalam("build", recipe, "--input", tmp_path / "source", "--output", run, "--set", "seed=7")
        assert cut.returncode == 0 and "another revision" not in cut.stderr
        # Rows' ids are their numbers in the revision that was built, whose shards the selection names.
        assert json.loads((run / "select" / "stage.json").read_text())["inputs"]["shards"][0][2] == 5
