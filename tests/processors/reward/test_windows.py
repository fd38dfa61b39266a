import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.conversations.tokenizers import load_tokenizer
from processors.reward.windows import Window, aligned_windows

TOKENIZER = load_tokenizer("approximate")
TEXT = st.text(st.sampled_from("ab .\n؟هذا<think>/&،1"), max_size=120)


def starts(texts: list[str]) -> list[list[int]]:
    return [[begin for begin, _ in e.offsets] for e in TOKENIZER.encode_batch(texts, add_special_tokens=False)]


def tokens(messages: list[dict[str, str]]) -> int:
    return sum(len(found) for found in starts([message["content"] for message in messages]))


def chat(*contents: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[i % 2], "content": content} for i, content in enumerate(contents)]


def joined(parts: list[list[dict[str, str]]]) -> str:
    return "".join(message["content"] for messages in parts for message in messages)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5), st.integers(20, 80))
def test_windows_hold_every_side_whole_and_in_order(rows: list[tuple[str, str, str]], budget: int) -> None:
    source, one, other = (chat(*side) for side in zip(*rows, strict=True))
    windows = aligned_windows(source, [one, other], starts, budget)
    assert joined([w.source for w in windows]) == joined([source])
    assert joined([w.targets[0] for w in windows]) == joined([one])
    assert joined([w.targets[1] for w in windows]) == joined([other])
    for window in windows:
        assert [m["role"] for m in window.source] == [m["role"] for m in window.targets[0]]


@given(st.text("abc def.\n", min_size=0, max_size=2000), st.text("هذا نص، ؟\n", max_size=2000))
def test_windows_keep_the_budget(source: str, target: str) -> None:
    for window in aligned_windows(chat(source), [chat(target)], starts, 100):
        # A cut inside of a token makes two of it.
        assert tokens(window.source) + tokens(window.targets[0]) <= 100 + 4


def pairs(windows: list[Window]) -> list[tuple[str, str]]:
    return [(joined([w.source]), joined([w.targets[0]])) for w in windows]


def test_what_fits_is_one_window() -> None:
    source, target = chat("Hello, how are you?", "Fine."), chat("مرحبًا، كيف حالك؟", "بخير.")
    assert aligned_windows(source, [target], starts, 100) == [Window(source, (target,))]


def test_cuts_fall_between_messages_first() -> None:
    source = chat(*(f"Question number {i} about trees and rivers." for i in range(12)))
    target = chat(*(f"السؤال رقم {i} عن الأشجار والأنهار." for i in range(12)))
    windows = aligned_windows(source, [target], starts, 150)
    assert len(windows) > 1
    for window in windows:
        assert all(message in source for message in window.source)
        numbers = [[c for c in message["content"] if c.isdigit()] for message in window.source]
        assert numbers == [[c for c in message["content"] if c.isdigit()] for message in window.targets[0]]


def test_reasoning_is_shown_beside_its_translation() -> None:
    source = chat(f"<think>\n{'I add two and three. ' * 20}\n</think>\n\n{'The sum is five. ' * 20}")
    target = chat(f"<think>\n{'أجمع اثنين وثلاثة. ' * 20}\n</think>\n\n{'المجموع خمسة. ' * 20}")
    windows = aligned_windows(source, [target], starts, 250)
    for english, arabic in pairs(windows):
        assert ("add" in english) == ("أجمع" in arabic)
        assert ("sum" in english) == ("المجموع" in arabic)


def test_equally_many_lines_are_cut_between_the_same_lines() -> None:
    # The first half of the lines is much longer in English, the second in Arabic: proportion would misalign them.
    english = [f"line {i} " + "word " * (20 if i < 10 else 2) for i in range(20)]
    arabic = [f"سطر {i} " + "كلمة " * (2 if i < 10 else 20) for i in range(20)]
    windows = aligned_windows(chat("\n".join(english)), [chat("\n".join(arabic))], starts, 120)
    assert len(windows) > 3
    for source, target in pairs(windows):
        assert [int(w) for w in source.split() if w.isdigit()] == [int(w) for w in target.split() if w.isdigit()]


def test_without_common_lines_cuts_are_at_the_same_share_and_at_a_sentence() -> None:
    source = " ".join(f"Sentence {i} tells of a river and of a hill." for i in range(40))
    target = " ".join(f"الجملة {i} تحكي عن نهر وعن تل بعيد جدًا." for i in range(40))
    windows = pairs(aligned_windows(chat(source), [chat(target)], starts, 300))
    assert len(windows) > 2
    for english, arabic in windows:
        first, last = (int(w) for w in (english.split()[1], english.split("Sentence ")[-1].split()[0]))
        assert abs(int(arabic.split()[1]) - first) <= 1
        assert abs(int(arabic.split("الجملة ")[-1].split()[0]) - last) <= 1
        assert english.rstrip().endswith(".") and arabic.rstrip().endswith(".")


def test_a_truncated_target_leaves_its_mark_on_every_window() -> None:
    source = chat(" ".join(f"Sentence {i}." for i in range(200)))
    whole = chat(" ".join(f"الجملة {i}." for i in range(200)))
    cut = chat(whole[0]["content"][:300])
    windows = aligned_windows(source, [whole, cut], starts, 200)
    assert sum(tokens(w.targets[1]) < 0.3 * tokens(w.targets[0]) for w in windows) == len(windows)


def test_a_target_with_other_messages_is_compared_as_one_text() -> None:
    windows = aligned_windows(chat("One.", "Two."), [chat("واحد.")], starts, 100)
    assert [len(w.source) for w in windows] == [1]
    assert windows[0].source[0]["content"] == "[user]\nOne.\n\n[assistant]\nTwo."


@pytest.mark.parametrize("target", ["", "ا" * 50_000, "هذا " * 20_000])
def test_a_target_out_of_all_proportion_comes_to_an_end(target: str) -> None:
    windows = aligned_windows(chat("Short."), [chat(target)], starts, 400)
    assert joined([w.targets[0] for w in windows]) == target
    assert all(tokens(w.source) + tokens(w.targets[0]) <= 404 for w in windows)


def test_windows_are_of_about_the_same_size() -> None:
    source = chat(*(f"Message {i} with some words in it." for i in range(100)))
    windows = aligned_windows(source, [source], starts, 500)
    sizes = [tokens(w.source) for w in windows]
    assert min(sizes) > 0.6 * max(sizes)
