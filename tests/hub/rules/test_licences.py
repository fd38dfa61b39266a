import json
from pathlib import Path
from typing import Any

import pytest

from hub.rules.check import check_dataset
from hub.rules.licences import PROVENANCE, check_licences
from tests.hub.small_dataset import Dataset

FREE = {"license": "apache-2.0", "training": None, "note": None}


def write(folder: Path, **changes: Any) -> Path:
    found = {"source": FREE, "splits": {"alpha": FREE}, "translators": {"one": FREE}} | changes
    (folder / PROVENANCE).write_text(json.dumps(found))
    return folder


def test_terms_that_forbid_training_are_warned_of(tmp_path: Path) -> None:
    forbids = {"license": "other", "training": "forbidden", "note": "Not for models."}
    (found,) = check_licences(write(tmp_path, translators={"gpt": forbids}), "apache-2.0")
    assert (found.severity, found.rule) == ("warning", "licence")
    assert "translator gpt forbid training models on it (Not for models)" in found.seen


@pytest.mark.parametrize(("licence", "warned"), [("apache-2.0", 1), ("cc-by-nc-4.0", 0), ("other", 0), (None, 0)])
def test_a_card_grants_no_more_than_what_it_was_made_of(tmp_path: Path, licence: str | None, warned: int) -> None:
    folder = write(tmp_path, splits={"alpha": FREE | {"license": "cc-by-nc-4.0"}})
    found = list(check_licences(folder, licence))
    assert len(found) == warned and all("alpha is under cc-by-nc-4.0" in one.seen for one in found)


@pytest.mark.parametrize("content", ["", "[]", '{"source": null}', '{"source": {}, "splits": {}, "translators": {}}'])
def test_a_file_that_is_none_is_a_finding(tmp_path: Path, content: str) -> None:
    (tmp_path / PROVENANCE).write_text(content)
    assert [found.rule for found in check_licences(tmp_path, "mit")] == ["provenance"]


def test_check_looks_at_it(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path / "dataset")
    assert check_dataset(dataset.folder) == []
    write(dataset.folder, source=FREE | {"training": "forbidden"})
    assert dataset.found() == [("warning", "licence", PROVENANCE)]
