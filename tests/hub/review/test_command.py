"""What a review says to do next can be pasted, wherever it lies."""

import shlex
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from builders.recipes.yaml_file import apply_setting
from hub.review import command
from hub.review.exports import MEMORY


def test_the_next_command_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "my run #2, last"
    folder = run / "review"
    folder.mkdir(parents=True)
    (folder / MEMORY).write_text("")
    monkeypatch.setattr(command, "progress", lambda _: [Counter(verdicts=1, annotator=cast(Any, "a"))])
    monkeypatch.setattr(command, "agreement", lambda _: {"pairs": 0})
    command._tell(run, folder, cast(Any, SimpleNamespace()), answers=False)

    build, memory = [line for line in capsys.readouterr().err.splitlines() if line.startswith("next: ")]
    words = shlex.split(build.removeprefix("next: "))
    assert words[:5] == ["smolkalam", "build", f"{run}/recipe.yaml", "--output", str(run)]
    assert words[5] == "--set"
    data: dict[str, Any] = {}
    apply_setting(data, words[6])
    assert data == {"ranking": {"verdicts": str(folder)}}
    assert f'memory: ["{folder / MEMORY}"]' in memory
