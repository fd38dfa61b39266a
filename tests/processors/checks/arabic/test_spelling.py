"""Typing errors by a user's dictionary: the program is a stand-in that knows the words of its file and no endings."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.checks.arabic import Dictionary, check_spelling, shared_dictionary, verify
from processors.errors import InputError
from tests.standins.standin_hunspell import write_hunspell

KNOWN = "ذهبت إلى المدرسة الكبيرة صباح اليوم والتقيت صديقي القديم هناك وتكلمنا طويلا قبل الدرس الأول"


@pytest.fixture
def dictionary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dictionary]:
    monkeypatch.setenv("PATH", str(write_hunspell(tmp_path / "bin")), prepend=os.pathsep)
    (tmp_path / "ar.aff").write_text("")
    (tmp_path / "ar.dic").write_text(KNOWN, encoding="utf-8")
    made = Dictionary(tmp_path / "ar.dic")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("المدرة", "المدرسة"),
        ("المدرسسة", "المدرسة"),
        ("المردسة", "المدرسة"),
        ("المدرصة", "المدرسة"),
        ("صباحاليوم", "صباح اليوم"),
    ],
)
def test_a_slip_of_the_hand_is_told_with_what_was_meant(dictionary: Dictionary, wrong: str, right: str) -> None:
    text = f"ذهبت إلى {wrong} صباح اليوم"
    (one,) = verify(text, dictionary)
    assert (one.kind, one.found, one.expected) == ("spelling", wrong, right)
    assert text[one.start : one.end] == wrong


@pytest.mark.parametrize(
    "text",
    [
        KNOWN,
        "التقيت شوارزنيغر هناك",  # a name: no slip makes it of a word
        "ذهبت المدرصة المدرصة",  # twice
        "ذهبت إلى «المدرصة» اليوم",
        "ذهبت إلى المدرصة (school) اليوم",
        "ذهبت إلى كلكامش المدرصة",  # beside another unknown word
        "`المدرصة`",
    ],
)
def test_what_may_be_a_name_is_left_alone(dictionary: Dictionary, text: str) -> None:
    assert verify(text, dictionary) == ()


def test_what_another_kind_tells_is_not_told_twice(dictionary: Dictionary) -> None:
    assert [one.kind for one in verify("ذهبت إلى المدرسه", dictionary)] == ["ta_marbuta"]


def test_without_a_dictionary_there_is_no_such_kind() -> None:
    assert verify("ذهبت إلى المدرصة صباح اليوم") == ()


def test_a_build_tells_what_was_translated_and_nothing_else(dictionary: Dictionary) -> None:
    source = [
        {"role": "user", "content": "I went to school."},
        {"role": "assistant", "content": "<think>\nThe lesson.\n</think>\n`x`"},
        {"role": "tool", "content": '{"city": "المردسة"}'},
    ]
    target = ["ذهبت إلى المدرسة", "<think>\nالدرسس الأول قبل المردسة\n</think>\n`المدرصة`", source[2]["content"]]
    messages = [{**one, "content": text} for one, text in zip(source, target, strict=True)]
    (verdict,) = check_spelling(source, messages, dictionary)
    assert (verdict.check, verdict.hard, verdict.message) == ("arabic", False, 1)
    assert verdict.detail.startswith("2 spelling; first 'الدرسس' for 'الدرس'")


def test_a_copy_in_another_process_starts_its_own_program(dictionary: Dictionary) -> None:
    assert dictionary.unknown(["هناك", "هناخ"]) == {"هناخ"}
    copy = pickle.loads(pickle.dumps(dictionary))
    assert copy.unknown(["هناك", "هناخ"]) == {"هناخ"}
    copy.close()


def test_many_words_are_asked_in_batches(dictionary: Dictionary) -> None:
    words = {f"كلمة{chr(0x621 + i % 20)}{chr(0x628 + i // 20)}" for i in range(300)}
    assert dictionary.unknown([*words, "هناك"]) == words


def test_what_is_missing_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"no file .*none\.aff; give the path of a hunspell dictionary"):
        Dictionary(tmp_path / "none")
    for suffix in (".aff", ".dic"):
        (tmp_path / f"ar{suffix}").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="hunspell is not on PATH"):
        Dictionary(tmp_path / "ar")


def test_what_is_no_dictionary_of_arabic_is_told(
    dictionary: Dictionary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dictionary.probe()
    for name, words in (("empty", ""), ("english", "hello world"), ("page", "<!doctype html>")):
        (tmp_path / f"{name}.aff").write_text("SET UTF-8\n")
        (tmp_path / f"{name}.dic").write_text(words)
        with pytest.raises(InputError, match="knows none of the commonest words"):
            Dictionary(tmp_path / name).probe()
    # As hunspell does with a word that the dictionary's encoding lacks.
    write_hunspell(tmp_path / "mute", program="import sys; sys.stdin.read()")
    monkeypatch.setenv("PATH", str(tmp_path / "mute"), prepend=os.pathsep)
    monkeypatch.setattr("processors.checks.arabic.spelling._PATIENCE_S", 0.2)
    with pytest.raises(InputError, match="gives no answer on Arabic words"):
        Dictionary(tmp_path / "empty").probe()


def test_a_process_shares_a_dictionary_until_its_files_say_something_else(dictionary: Dictionary) -> None:
    path = str(dictionary.path)
    shared = shared_dictionary(path)
    assert shared_dictionary(path) is shared
    dictionary.path.write_text(KNOWN + " المدرصة", encoding="utf-8")
    other = shared_dictionary(path)
    assert other is not shared and not other.unknown(["المدرصة"])
    for one in (shared, other):
        one.close()
