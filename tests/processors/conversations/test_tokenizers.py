"""Loading tokenizers: nothing is truncated, and a wrong name is one clear line."""

import socket
from pathlib import Path

import pytest
from huggingface_hub import constants
from tokenizers import Tokenizer

from processors.conversations.tokenizers import load_tokenizer
from processors.errors import InputError


def test_the_approximate_tokenizer_counts_about_like_bpe() -> None:
    tokenizer = load_tokenizer("approximate")
    english = "The quick brown fox jumps over the lazy dog, 1234 times."
    # cl100k_base: 15 tokens.
    assert 13 <= len(tokenizer.encode(english, add_special_tokens=False)) <= 18
    arabic = "أعلن علماء من كلية الطب بجامعة ستانفورد عن اختراع أداة تشخيصية جديدة"
    assert 15 <= len(tokenizer.encode(arabic, add_special_tokens=False)) <= 35


@pytest.mark.parametrize("text", ["", " ", "a\u0301\u0301b", "😀👍🏽", "\n\n\t", "سلامٌ", "\u0301" * 100_000])
def test_its_offsets_cover_the_text(text: str) -> None:
    offsets = load_tokenizer("approximate").encode(text, add_special_tokens=False).offsets
    assert [start for start, _ in offsets] == [0, *(end for _, end in offsets)][: len(offsets)]
    assert not text or offsets[-1][1] == len(text)


def test_truncation_and_padding_of_a_saved_tokenizer_are_off(tmp_path: Path) -> None:
    saved = load_tokenizer("approximate")
    saved.enable_truncation(5)
    saved.enable_padding(length=50)
    saved.save(str(tmp_path / "tokenizer.json"))
    assert len(Tokenizer.from_file(str(tmp_path / "tokenizer.json")).encode("a " * 30)) == 50
    for name in (tmp_path, tmp_path / "tokenizer.json"):
        assert len(load_tokenizer(str(name)).encode("a-" * 30, add_special_tokens=False)) == 60


def test_errors_are_one_line_that_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "tokenizer.json"
    broken.write_text("{}")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in (str(broken), str(tmp_path / "none.json"), str(tmp_path / "nowhere"), "nobody/no-such-model-at-all"):
        with pytest.raises(InputError) as caught:
            load_tokenizer(name)
        message = str(caught.value)
        assert "\n" not in message and name in message


def test_without_a_hub_nothing_is_tried_again_and_what_is_here_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        # Bound and not listening: each connection is refused.
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
        monkeypatch.setattr(Tokenizer, "from_pretrained", None)
        with pytest.raises(InputError, match="not on this machine, and the Hub cannot be reached"):
            load_tokenizer("somebody/some-model")
        kept = tmp_path / "models--somebody--some-model"
        (kept / "snapshots" / "abc").mkdir(parents=True)
        (kept / "refs").mkdir()
        (kept / "refs" / "main").write_text("abc")
        load_tokenizer("approximate").save(str(kept / "snapshots" / "abc" / "tokenizer.json"))
        assert len(load_tokenizer("somebody/some-model").encode("two words", add_special_tokens=False)) == 2


def test_a_folder_without_a_tokenizer_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tokenizer\.json"):
        load_tokenizer(str(tmp_path))
