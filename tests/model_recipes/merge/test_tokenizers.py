"""Models that read other tokens, or are spoken to in another form, are told apart whatever wrote their files."""

import json
from pathlib import Path

import pytest

from model_recipes.merge.checkpoint import open_checkpoint
from model_recipes.merge.tokenizers import look_same_templates, look_same_tokens, templates_of, write_tokenizer
from processors.errors import InputError
from tests.standins.tiny_checkpoint import TEMPLATE, dense
from tests.standins.tiny_checkpoint import write_checkpoint as checkpoint
from tests.standins.tiny_checkpoint import write_tokenizer as tokenizer

LETTERS = "abcdefghijklmnop"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    for name in ("e0", "e1"):
        checkpoint(tmp_path / name, dense(0))
    return tmp_path


def told(two: Path) -> str:
    with pytest.raises(InputError) as error:
        look_same_tokens([open_checkpoint(str(two / name)) for name in ("e0", "e1")])
    return str(error.value).replace(f"{two}/", "").removeprefix("e1: another tokenizer than e0: ")


def test_two_ids_swapped_in_a_vocabulary_of_one_size(two: Path) -> None:
    tokenizer(two / "e1", "bacdefghijklmnop")
    assert told(two) == "vocab: 'a' is 1, not 0, 'b' is 0, not 1"


def test_other_words_merges_special_tokens_and_normalisation(two: Path) -> None:
    path = two / "e1" / "tokenizer.json"
    before = path.read_text()

    def changed(key: str, value: object) -> str:
        about = json.loads(before)
        place = about["model"] if key == "merges" else about
        place[key] = value
        if key == "merges":
            about["model"]["vocab"]["ab"] = about["model"]["vocab"].pop("p")
        path.write_text(json.dumps(about))
        return told(two)

    assert changed("merges", [["a", "b"]]).startswith("vocab: 'p' is None, not 15, 'ab' is 15, not None")
    special = {"id": 3, "content": "d", "special": True, "single_word": False, "lstrip": False, "rstrip": False}
    assert changed("added_tokens", [special | {"normalized": False}]).startswith("added tokens: 'd' is {")
    assert changed("normalizer", {"type": "NFC"}) == "normalizer: {'type': 'NFC'}, not None"
    path.write_text(before)
    tokenizer(two / "e1", eos_token="o", unk_token="a")
    assert told(two) == "eos_token: 'o', not 'p'"


def test_how_a_batch_is_padded_is_no_difference_nor_how_merges_are_written(two: Path) -> None:
    for name, merges, eos in (("e0", ["a b"], "p"), ("e1", [["a", "b"]], {"content": "p"})):
        path = two / name / "tokenizer.json"
        about = json.loads(path.read_text())
        about["model"]["merges"] = merges
        about["model"]["vocab"]["ab"] = 16
        if name == "e1":
            about["truncation"] = {
                "max_length": 4,
                "strategy": "LongestFirst",
                "stride": 0,
                "direction": "Right",
            }
        path.write_text(json.dumps(about))
        config = json.loads((two / name / "tokenizer_config.json").read_text())
        (two / name / "tokenizer_config.json").write_text(json.dumps(config | {"eos_token": eos}))
    models = [open_checkpoint(str(two / name)) for name in ("e0", "e1")]
    assert look_same_tokens(models) is models[0]


def test_old_files_are_compared_as_they_are_and_none_at_all_is_told(two: Path) -> None:
    for name in ("e0", "e1"):
        (two / name / "tokenizer.json").unlink()
    with pytest.raises(InputError, match="e0: no tokenizer in its folder"):
        look_same_tokens([open_checkpoint(str(two / name)) for name in ("e0", "e1")])
    for name in ("e0", "e1"):
        (two / name / "tokenizer.model").write_bytes(name.encode())
    assert told(two) == "tokenizer.model differs"


def test_a_broken_tokenizer_is_told(two: Path) -> None:
    (two / "e1" / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match=r"e1/tokenizer\.json: no tokenizer that can be read"):
        look_same_tokens([open_checkpoint(str(two / name)) for name in ("e0", "e1")])


def test_templates_are_found_wherever_they_stand_and_must_be_one(two: Path) -> None:
    config = two / "e1" / "tokenizer_config.json"
    (two / "e1" / "chat_template.jinja").unlink()
    config.write_text(json.dumps(json.loads(config.read_text()) | {"chat_template": TEMPLATE}))
    models = [open_checkpoint(str(two / name)) for name in ("e0", "e1")]
    assert look_same_templates(models) is models[0]
    config.write_text(json.dumps(json.loads(config.read_text()) | {"chat_template": TEMPLATE + "!"}))
    with pytest.raises(InputError, match=r"e1: another chat template than .*e0; say which the result has"):
        look_same_templates(models)
    named = [{"name": "default", "template": TEMPLATE}, {"name": "tool_use", "template": "{{ tools }}"}]
    config.write_text(json.dumps(json.loads(config.read_text()) | {"chat_template": named}))
    assert templates_of(models[1]) == {"default": TEMPLATE, "tool_use": "{{ tools }}"}


def test_the_result_has_the_template_that_is_given_and_no_other(two: Path) -> None:
    config = two / "e0" / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"chat_template": "old"}))
    (two / "out").mkdir()
    write_tokenizer(two / "out", open_checkpoint(str(two / "e0")), None, "new")
    assert (two / "out" / "chat_template.jinja").read_text() == "new"
    assert "chat_template" not in json.loads((two / "out" / "tokenizer_config.json").read_text())
