import json
from pathlib import Path

import pytest

from builders.licences import dataset_licence
from builders.recipes.load import load_recipe
from builders.starting.command import Given, run_init
from builders.starting.source_card import source_card

CHAT = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ("---\npretty_name: Tea\nlicense: cc-by-4.0\n---\n# Tea\n", {"title": "Tea", "license": "cc-by-4.0"}),
        ("\ufeff---\r\nlicense:\r\n- mit\r\n---\r\n", {"license": "mit"}),
        ("---\npretty_name: null\nlicense: [mit, gpl]\n---\n", {}),
        ("---\npretty_name: Tea\nlicense: free for all of us\n---\n", {"title": "Tea"}),
        ("---\npretty_name: 3\n---\n", {}),
        ("# no front matter\n---\nlicense: mit\n---\n", {}),
        ("---\nlicense: mit\n", {}),
        ("---\n: [\n---\n", {}),
        ("---\n- a\n---\n", {}),
        ("", {}),
    ],
)
def test_title_and_licence_as_far_as_a_card_says(card: str, told: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(card.encode())
    assert source_card(str(tmp_path)) == told


def test_no_card_says_nothing(tmp_path: Path) -> None:
    assert source_card(str(tmp_path)) == {} == source_card("nowhere://x")


def test_a_hub_that_cannot_be_reached_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx2

    class Closed:
        def open(self, *_: object) -> None:
            raise httpx2.ConnectError("no network")

    monkeypatch.setattr("builders.starting.source_card.get_datafolder", lambda path: Closed())
    assert source_card("hf://datasets/user/data") == {}


def test_init_writes_what_the_source_s_card_says_and_no_licence_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text(json.dumps(CHAT) + "\n")
    run_init(tmp_path / "first.yaml", Given(str(tmp_path / "mine.jsonl"), None, "pseudo"))
    first = load_recipe(str(tmp_path / "first.yaml"))
    assert dataset_licence(first) is None and first.outputs.pretty_name == "mine in Arabic"
    folder = tmp_path / "first-source"
    (folder / "README.md").write_text("---\npretty_name: Tea talk\nlicense: cc-by-4.0\n---\n")
    run_init(tmp_path / "second.yaml", Given(str(folder), None, "pseudo"))
    second = load_recipe(str(tmp_path / "second.yaml"))
    assert dataset_licence(second) == "cc-by-4.0" and second.source.title == "Tea talk"
    assert second.outputs.pretty_name == "Tea talk in Arabic"
