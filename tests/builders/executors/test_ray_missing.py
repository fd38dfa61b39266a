"""A build on Ray where Ray is not installed: a line, and nothing is begun."""

import sys
from pathlib import Path

import pytest

from builders.build import run_build
from processors.errors import InputError


def test_without_ray_the_extra_is_named_and_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"needs the extra of its name: pip install 'smolkalam\[ray\]'"):
        run_build("demo", output=tmp_path / "run", executor="ray", finish=lambda built: None)
    assert not (tmp_path / "run" / "queue.json").exists() and not (tmp_path / "run" / "recipe.yaml").exists()
