"""LR and SCR: the definitions on real text, what counts as which script, and the scores of conversations."""

import json
import math
import unicodedata

import pytest
from datatrove.data import Document
from hypothesis import example, given
from hypothesis import strategies as st

from processors.errors import InputError
from processors.languages.scripts import WHITELISTED, Counts, count, count_many
from processors.scoring.length_and_script import (
    length_ratio,
    score_conversation,
    score_pairs,
    script_purity,
)
from processors.scoring.step import ConversationScorer

ENGLISH = "The committee will meet on Monday to discuss the new budget."
ARABIC = "ستجتمع اللجنة يوم الاثنين لمناقشة الميزانية الجديدة."
CODE = "```python\nprint('hello')\n```"
VOWELLED = "قَالَ المُعَلِّمُ: اِقْرَأْ كِتَابَكَ يَا بُنَيَّ."
TEXTS = st.text(st.sampled_from("aب٣3 .\n\u0301\u064b\u200fé漢😀`$\\@<>:/") | st.characters(), max_size=60)


def count_script(text: str) -> tuple[int, int]:
    counts = count(text, "Arab")
    return counts.in_script, counts.counted


# LR


def by_the_paper(source: str, target: str, alpha: float) -> float:
    """Section 3.5 as it is written, character by character."""

    def ratio(x: int, y: int) -> float:
        return math.exp(-alpha * abs(math.log(y / x)))

    words = len(source.split()), len(target.split())
    characters = sum(not c.isspace() for c in source), sum(not c.isspace() for c in target)
    if not characters[0] or not characters[1]:
        return 1.0 if characters[0] == characters[1] else 0.0
    return min(ratio(*words), ratio(*characters))


@given(TEXTS, TEXTS, st.floats(1.0, 1.5))
@example(ENGLISH, ARABIC, 1.0)
@example("", " \n", 1.2)
@example("word", "", 1.0)
def test_length_ratio_is_the_papers(source: str, target: str, alpha: float) -> None:
    score = length_ratio(source, target, alpha)
    assert score == pytest.approx(by_the_paper(source, target, alpha), abs=1e-12)
    assert 0.0 <= score <= 1.0
    assert score == length_ratio(target, source, alpha)


def test_length_ratio_of_known_counts() -> None:
    # 11 words and 50 characters against 7 words and 46 characters.
    assert len(ENGLISH.split()) == 11
    assert length_ratio(ENGLISH, ARABIC) == pytest.approx(7 / 11)
    assert length_ratio(ENGLISH, ARABIC, alpha=1.5) == pytest.approx((7 / 11) ** 1.5)
    # As many words, half the characters.
    assert length_ratio("aaaa bbbb", "اا بب") == pytest.approx(0.5)
    assert length_ratio(ARABIC, ARABIC) == 1.0


def test_length_ratio_of_empty_texts() -> None:
    assert length_ratio("", "") == 1.0
    assert length_ratio(" \n\u3000", "\t") == 1.0
    assert length_ratio(ENGLISH, "") == 0.0
    assert length_ratio("  ", ARABIC) == 0.0


@pytest.mark.parametrize("alpha", [0.99, 1.51, -1.0, float("nan"), float("inf")])
def test_alpha_out_of_range(alpha: float) -> None:
    with pytest.raises(InputError, match=r"alpha .* from 1\.0 to 1\.5"):
        length_ratio("", "", alpha)


# SCR


@pytest.mark.parametrize(
    ("text", "in_script", "counted"),
    [
        (ARABIC, 45, 45),
        ("Hello", 0, 5),
        ("استخدم Python الآن", 10, 16),
        ("عام 2024", 3, 7),
        ("عام ٢٠٢٤", 7, 7),
        ("سال ۱۴۰۳", 7, 7),
        ("ﻻ ﷲ ﺔ", 3, 3),
        ("العـــربية", 10, 10),
        ("مرحبا 漢字 Привет", 5, 13),
        ("مرحبا、。！？«»؟ +=%€ 😀👨‍👩‍👧 \u200f\u202b", 5, 5),
        ("३٣3", 1, 2),
        ("𝑥²½", 0, 1),
        ("\u064b\u0301", 0, 0),
        ("", 0, 0),
        ("؟ ، 😀 -- ...", 0, 0),
        ("\ud800ا", 1, 1),
        ("\U000e0041\U0010ffffا", 1, 1),
    ],
)
def test_what_counts(text: str, in_script: int, counted: int) -> None:
    assert count_script(text) == (in_script, counted)


def test_purity_reaches_one_at_the_threshold() -> None:
    assert script_purity("ا" * 9 + "x") == 1.0
    assert script_purity("ا" * 8 + "xx") == pytest.approx(0.8 / 0.9)
    assert script_purity("ا" * 8 + "xx", threshold=0.5) == 1.0
    assert script_purity("ا" * 8 + "xx", threshold=1.0) == pytest.approx(0.8)
    assert script_purity(ENGLISH) == 0.0


def test_nothing_to_judge_is_not_punished() -> None:
    assert script_purity("") == 1.0
    assert script_purity("😀 -- !") == 1.0
    assert script_purity("```python\nprint('hello')\n```") == 1.0


def test_marks_belong_to_their_letter() -> None:
    mixed = VOWELLED + " Café"
    bare = "".join(c for c in mixed if not unicodedata.combining(c))
    assert len(bare) < len(mixed) - 10
    assert script_purity(mixed) == script_purity(bare)
    assert count_script(unicodedata.normalize("NFD", "آداب é")) == count_script("آداب é") == (4, 5)


@given(st.text(st.sampled_from("آأإؤئابتثédàñ123٣ ,.\u064b\u0651\u0301"), max_size=40))
def test_composed_and_decomposed_text_score_alike(text: str) -> None:
    assert script_purity(unicodedata.normalize("NFC", text)) == script_purity(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("text", "script", "purity"),
    [
        ("یہ ایک کتاب ہے جو ۱۹۹۰ میں لکھی گئی", "Arab", 1.0),
        ("ኮሚቴው በ2024 ዓ.ም. ሰኞ ይሰበሰባል ፳፬", "Ethi", 1.0),
        ("ኮሚቴው", "Arab", 0.0),
        (ENGLISH + " 2024", "Latn", 1.0),
        (ARABIC, "Latn", 0.0),
        ("समिति की बैठक सोमवार को होगी १२", "Deva", 1.0),
        ("Комитет соберётся 5 мая", "Cyrl", 1.0),
        (ARABIC, "arab", 1.0),
    ],
)
def test_other_scripts(text: str, script: str, purity: float) -> None:
    assert script_purity(text, script) == purity


def test_ascii_digits_count_against_a_script_with_its_own() -> None:
    assert script_purity("أ 1", "Arab", 1.0) == script_purity("क 1", "Deva", 1.0) == 0.5
    assert script_purity("ሰ 1", "Ethi", 1.0) == script_purity("a 1", "Latn", 1.0) == 1.0


@pytest.mark.parametrize("script", ["Jpan", "Arabic", "Zyyy", "Zinh", "Zzzz", "ar", "", "Ar]b", "Xxxx"])
def test_unknown_scripts(script: str) -> None:
    with pytest.raises(InputError, match="ISO 15924"):
        script_purity(ARABIC, script)


@pytest.mark.parametrize("threshold", [0.0, -0.1, 1.01, float("nan")])
def test_threshold_out_of_range(threshold: float) -> None:
    with pytest.raises(InputError, match="threshold"):
        script_purity(ARABIC, threshold=threshold)


@pytest.mark.parametrize(
    "span",
    [
        "https://example.org/path/page?query=value#part",
        "www.example.org",
        "someone.else@example.org",
        "`variable_name`",
        "$E = mc^2$",
        "$$\\frac{a}{b}$$",
        "\\(alpha + beta\\)",
        "\\[\\sum_{i=1}^{n} x_i\\]",
        "\\begin{align}\nx &= y\n\\end{align}",
        "\n```python\nfor item in items:\n    print(item)\n```\n",
        "\n~~~\ncode\n~~~\n",
        "\n```\nnever closed",
        "<<6*2=12>>",
        "\n\n    x = first(items)\n",
        "\n\n\tx = first(items)\n",
        "\\boxed{x + 1}",
    ],
)
def test_whitelisted_spans_are_not_counted(span: str) -> None:
    assert count_script(f"انظر {span}") == (4, 4)
    assert count_many(["ا", f"انظر {span}", "ا"], "Arab")[:, 2:].tolist() == [[1, 1], [4, 4], [1, 1]]


def test_code_at_the_start_is_not_counted() -> None:
    assert count_script("    x = first(items)\n\nانظر") == (4, 4)
    assert count_many(["    x = first(items)\n\nانظر"], "Arab")[0, 2:].tolist() == [4, 4]


@pytest.mark.parametrize("text", ["استخدم printf هنا", "السعر 5$ أو 6$", "كتبَ C++ ثم قال: نعم", "أنا @ البيت"])
def test_prose_is_not_whitelisted(text: str) -> None:
    assert count_script(text) == count_script(text.translate(dict.fromkeys(map(ord, "$@+:"))))


@given(TEXTS)
def test_purity_is_a_share_of_any_text(text: str) -> None:
    in_script, counted = count_script(text)
    assert 0 <= in_script <= counted <= len(text)
    assert 0.0 <= script_purity(text) <= 1.0


PIECES = [
    *("`", "``", "```", "~~~", "$", "$$", "\\", "\\(", "\\)", "\\[", "\\]", "\\begin{a}", "\\end{a}", "\\boxed{"),
    *("{", "}", "<<", ">>", "<", ">", "@", "/", "://", "http", "https://", "www.", "mailto:", "ftp", ".com", ".org/"),
    *("a", "word", "example", "ا", "كلمة", "1", "2=3", "+", "*", "=", ".", ":", "-", "#"),
]
SPANS = st.lists(st.sampled_from([*PIECES, "    ", "\t", "\n", "\n\n", " "]), max_size=14).map("".join)


@given(SPANS | TEXTS)
def test_count_is_that_of_the_text_without_its_whitelisted_spans(text: str) -> None:
    """Also proves that the cheap look for trigger characters misses no span."""
    from processors.protected.compare import protected_spans

    kept, end = [], 0
    for span in protected_spans(text):
        if span.kind in WHITELISTED:
            kept.append(text[end : span.start])
            end = span.end
    kept.append(text[end:])
    counts = [count_plainly(piece) for piece in kept]
    assert count_script(text) == (sum(a for a, _ in counts), sum(n for _, n in counts))


def count_plainly(text: str) -> tuple[int, int]:
    import regex

    own = regex.findall(r"(?V1)[[\p{L}\p{N}]&&\p{scx=Arab}]", text)
    return len(own), len(regex.findall(r"(?V1)[\p{L}0-9[\p{N}&&\p{scx=Arab}]]", text))


def test_huge_text() -> None:
    text = ARABIC * 100_000
    assert count_script(text) == (4_500_000, 4_500_000)
    assert count_many([text, "a b"], "Arab").tolist() == [list(count(text, "Arab")), list(Counts(2, 2, 2, 0))]
    assert script_purity(text + "x" * 4_500_000) == pytest.approx(0.5 / 0.9)


# Many at once

LONG = st.builds(lambda text, times: text * times, SPANS | TEXTS, st.sampled_from([1, 1, 1, 300]))


@given(st.lists(LONG, max_size=8), st.sampled_from(["Arab", "Latn", None]))
@example(["", "", ARABIC, "", " ", "\n"], "Arab")
@example(["ا" * 32_767, "ا" * 32_768, "ا" * 32_769, "ا" * 65_536, "a b " * 20_000, ""], "Arab")
@example(["a " * 16_384, " a" * 16_384, "\n" * 40_000, "$x$ a"], "Latn")
def test_counting_together_is_counting_alone(texts: list[str], script: str | None) -> None:
    assert count_many(texts, script).tolist() == [list(count(text, script)) for text in texts]


@given(st.lists(st.tuples(TEXTS, SPANS | TEXTS), max_size=6), st.floats(1.0, 1.5), st.floats(0.1, 1.0))
def test_pairs_score_as_alone(pairs: list[tuple[str, str]], alpha: float, threshold: float) -> None:
    expected = [(length_ratio(s, t, alpha), script_purity(t, "Arab", threshold)) for s, t in pairs]
    assert score_pairs(pairs, alpha, "Arab", threshold) == expected


# Conversations


def message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Riyadh", "days": 3}}\n</tool_call>'
SOURCE = [
    message("system", "You are a careful assistant."),
    message("user", "What is the weather in Riyadh?"),
    message("assistant", f"<think>\nI should call the tool.\n</think>\n{CALL}"),
    message("tool", '{"temperature": 41, "sky": "clear"}'),
    message("assistant", "It is 41 degrees and clear. See https://example.org/weather for more."),
]
TARGET = [
    message("system", "أنت مساعد دقيق."),
    message("user", "كيف حال الطقس في الرياض؟"),
    message("assistant", f"<think>\nينبغي أن أستدعي الأداة.\n</think>\n{CALL}"),
    message("tool", '{"temperature": 41, "sky": "clear"}'),
    message("assistant", "درجة الحرارة ٤١ والسماء صافية. انظر https://example.org/weather للمزيد."),
]


def test_verbatim_parts_do_not_lower_the_purity() -> None:
    scores = score_conversation(SOURCE, TARGET)
    assert [s.SCR for s in scores.messages] == [1.0] * 5
    assert scores.whole.SCR == 1.0
    assert script_purity("\n".join(m["content"] for m in TARGET)) < 0.9


def test_untranslated_reasoning_lowers_the_purity() -> None:
    target = [*TARGET[:2], SOURCE[2], *TARGET[3:]]
    scores = score_conversation(SOURCE, target)
    assert scores.messages[2].SCR == 0.0
    assert scores.messages[2].LR == 1.0
    assert 0.0 < scores.whole.SCR < 1.0


def test_whole_is_the_metric_of_all_contents_not_the_mean() -> None:
    source = [message("user", "Hello there"), message("assistant", " ".join([ENGLISH] * 9))]
    target = [message("user", "Hello there"), message("assistant", " ".join([ARABIC] * 9))]
    scores = score_conversation(source, target)
    contents = ["\n".join(m["content"] for m in messages) for messages in (source, target)]
    assert length_ratio(*contents) == scores.whole.LR
    assert script_purity(contents[1]) == scores.whole.SCR
    assert pytest.approx(sum(s.SCR for s in scores.messages) / 2) != scores.whole.SCR
    assert pytest.approx(sum(s.LR for s in scores.messages) / 2) != scores.whole.LR


def test_unclosed_fence_ends_with_its_message() -> None:
    source = [message("user", "Fix:\n```\nx = "), message("assistant", ENGLISH)]
    target = [message("user", "أصلح:\n```\nx = "), message("assistant", ENGLISH)]
    scores = score_conversation(source, target)
    assert scores.messages[1].SCR == 0.0
    assert scores.whole.SCR < 0.1


def test_scores_as_published() -> None:
    scores = score_conversation([message("user", "a b")], [message("user", "ا x")], alpha=1.2, threshold=1.0)
    assert scores.whole.LR == 1.0
    assert scores.whole.SCR == 0.5
    assert scores.whole.rank_score == 0.75
    expected = {"LR": 1.0, "SCR": 0.5, "rank_score": 0.75}
    assert json.loads(json.dumps(scores.to_dict())) == {**expected, "messages": [expected]}


def test_conversation_of_tools_alone() -> None:
    tools = [message("tool", '{"a": 1}'), message("assistant", CALL)]
    scores = score_conversation(tools, tools)
    assert (scores.whole.LR, scores.whole.SCR) == (1.0, 1.0)
    assert score_conversation([], []).whole.rank_score == 1.0


def test_lost_message() -> None:
    with pytest.raises(InputError, match="source has 5 messages and the candidate 4"):
        score_conversation(SOURCE, TARGET[:4])


def test_step_writes_scores_and_statistics() -> None:
    step = ConversationScorer(alpha=1.0, script="Arab")
    english = Document(text="-", id="a/1", metadata={"messages": SOURCE, "candidate": SOURCE})
    arabic = Document(text="-", id="a/2", metadata={"messages": SOURCE, "candidate": TARGET})
    documents = list(step.run(iter([english, arabic])))
    assert documents == [english, arabic]
    assert arabic.metadata["scores"] == score_conversation(SOURCE, TARGET).to_dict()
    assert english.metadata["scores"]["SCR"] == 0.0
    assert len(english.metadata["scores"]["messages"]) == 5
    assert step.stats["SCR"].mean == pytest.approx(0.5)
    assert step.stats["LR"].mean == pytest.approx((1.0 + arabic.metadata["scores"]["LR"]) / 2)


@pytest.mark.parametrize(
    ("metadata", "complaint"),
    [
        ({"messages": SOURCE}, "row s/7: no list in 'candidate'"),
        ({"candidate": TARGET}, "row s/7: no list in 'messages'"),
        ({"messages": SOURCE, "candidate": TARGET[:2]}, "row s/7: cannot score: the source has 5"),
    ],
)
def test_step_names_the_row(metadata: dict, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        list(ConversationScorer().run(iter([Document(text="-", id="s/7", metadata=metadata)])))
