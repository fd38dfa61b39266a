"""A model that is not whole, or another's tokenizer or template, is told before a weight is loaded."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from model_recipes.needs import context_of, look_at_vocabulary, read_config, unstopped_end
from processors.errors import InputError
from tests.standins.tiny_reward import write_base

pytest.importorskip("transformers", reason="needs the extra `train`")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base"), ["القاهرة"], layers=1, vocabulary=300)


@pytest.fixture
def model(base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(base, tmp_path / "model"))


def refused(model: Path, **options: Any) -> str:
    with pytest.raises(InputError, match=r"^model_name_or_path: ") as error:
        read_config(str(model), None, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_whole_model_is_taken(model: Path) -> None:
    assert context_of(read_config(str(model), None)) == 4096
    index = {"weight_map": {"a": "model.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    read_config(str(model), None)


def test_weights_that_are_missing_are_told_and_not_where_none_are_needed(model: Path) -> None:
    index = model / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}))
    assert "model-2.safetensors is missing, which model.safetensors.index.json names" in refused(model)
    index.write_text("{")
    assert "is damaged" in refused(model)
    index.unlink()
    (model / "model.safetensors").unlink()
    assert "has no weights" in refused(model)
    read_config(str(model), None, weights=False)


def test_what_is_no_model_is_told(model: Path, tmp_path: Path) -> None:
    assert "no such folder, and the Hub's models are named USER/NAME" in refused(Path("nowhere"))
    (model / "config.json").unlink()
    assert "no model there" in refused(model)
    (model / "adapter_config.json").write_text("{}")
    assert "is an adapter, not a model" in refused(model)


def test_a_tokenizer_with_more_tokens_than_embeddings_is_another_models(base: Path) -> None:
    from transformers import AutoTokenizer

    config, tokenizer = read_config(str(base), None), AutoTokenizer.from_pretrained(base)
    look_at_vocabulary(str(base), config, tokenizer, lambda: pytest.fail("rows were read without need"))
    size = config.vocab_size
    tokenizer.add_tokens(["<|picture|>"])
    # One that no row has is none that is looked up.
    look_at_vocabulary(str(base), config, tokenizer)
    look_at_vocabulary(str(base), config, tokenizer, lambda: size - 1)
    said = f"tokens up to number {size} and the model embeddings of {size}: it is another model's tokenizer"
    with pytest.raises(InputError, match=said):
        look_at_vocabulary(str(base), config, tokenizer, lambda: size)
    tokenizer.add_tokens([f"<|{number}|>" for number in range(100)])
    with pytest.raises(InputError, match="it is another model's tokenizer"):
        look_at_vocabulary(str(base), config, tokenizer)


@pytest.mark.parametrize(
    ("end", "eos", "found"),
    [
        ("<|im_end|>", None, None),
        ("<|eot|>", None, "<|eot|>"),
        ("<|endoftext|>", None, "<|endoftext|>"),
        ("<|endoftext|>", "<|endoftext|>", None),
        ("", None, "''"),
    ],
)
def test_an_end_that_generation_does_not_stop_at_is_found(
    base: Path, end: str, eos: str | None, found: str | None
) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.chat_template = "{% for message in messages %}{{ message.content }}" + end + "{% endfor %}"
    assert unstopped_end(str(base), None, tokenizer, eos) == found


def test_a_template_that_refuses_what_it_is_asked_says_nothing_of_its_end(base: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.chat_template = "{{ raise_exception('no') }}"
    assert unstopped_end(str(base), None, tokenizer, None) is None
