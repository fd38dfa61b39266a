"""Signs of letters that broke on the way, and plain texts that have none."""

from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.texts.broken import broken, few_single_letters, single_letters
from processors.texts.text import Text, text_of

module = import_module("processors.texts.broken")

ARABIC = "مرحبًا بكم في المدرسة الكبيرة بالقرب من النهر."
READ_AS = ("latin-1", "cp1252", "cp1256", "cp437", "cp850", "mac_roman", "cp1251", "iso8859-15", "cp1250")
PLAIN = [
    ARABIC,
    "قال: «هل أنت متأكد؟!» ثم سكت... ولم يُجب؟؟",
    "كتب José وÇelik عن Malmö في 1999، والسعر 5£ و20€ ودرجة الحرارة 30°م.",
    "صلى الله عليه وسلم ﷺ، ﴿قُلْ﴾ و﷽",
    "Is it true??? Yes!!! It is 20% — or 1 × 2 ± 3.",
    "این کتاب را می‌خواهم و خانه‌ها را",
    "Наш дом стоит у реки.",
    "他说：“你好？？”",
    "\u2068iPhone\u2069 \u200f2024\u200e",
    "جـــدًا جدًا",
    "👩‍👩‍👧 ❤️",
    "100 % من الناس & غيرهم = الكل",
]


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_text_has_no_sign(text: str) -> None:
    assert not broken(text_of(text))


@pytest.mark.parametrize("encoding", READ_AS)
@pytest.mark.parametrize("written", ["utf-8", "cp1256"])
def test_an_encoding_read_as_another_is_seen(encoding: str, written: str) -> None:
    bytes_of = ARABIC.encode(written)
    garbled = bytes_of.decode(encoding, "replace")
    if garbled != ARABIC and not (written == "cp1256" and encoding in ("cp437", "cp850", "mac_roman", "cp1251")):
        assert broken(text_of(garbled)), garbled


@pytest.mark.parametrize(
    "text",
    [
        "It\u00e2\u20ac\u2122s late.",
        "caf\u00c3\u00a9",
        ARABIC.encode().decode("latin-1").encode().decode("latin-1"),
        "\\u0645\\u0631\\u062d",
        "&#1605;&#1585;&#1581;",
        "%D9%85%D8%B1%D8%AD",
        "=D9=85=D8=B1=D8=AD",
        "مر ##حبا بكم",
        "مر@@ حبا",
        "مرحبا <unk> بكم",
        "مر\u200bحبا",
        "مرحبا\x03 بكم",
        "م\ue045ح",
        "م?ح?ا",
        "في ??? الكبيرة",
        "مـرـحـبـا",
        "م\u200dر\u200dح\u200dب\u200dا",
    ],
)
def test_a_sign_is_seen(text: str) -> None:
    assert broken(text_of(text))


def test_letters_by_themselves_are_counted_against_all_words() -> None:
    assert single_letters(text_of("م رَ ح ب ا بكم")) == (5, 6)


SIGNS = (
    "\u00ad\u200b\u200d\u200f\u061c\ufeff\u00e2\u20ac\u2122\u00c3\u0178\u00d8\u00a7"
    "\u00e9\u0101\u0420\u00a7\u2518\u0640\u0645\u0644 a?"
)


@given(st.text(alphabet=SIGNS + "\u0633\u0644\u0627\u0645 bc", max_size=30))
def test_the_cheap_look_misses_no_sign(text: str) -> None:
    for kind, needed in module._NEEDS.items():
        assert needed.search(text) or not module._SIGNS[kind].search(text)


@given(st.text(alphabet="\u0633\u0644\u0627\u0645\u064e\u064f ab-.1\n", max_size=60))
def test_where_few_letters_stand_alone_they_are_not_counted(text: str) -> None:
    alone, of = single_letters(Text(text))
    if few_single_letters(Text(text)):
        assert alone < 6 or alone * 10 < of * 7
