import copy
import pickle
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.errors import InputError
from processors.memory.memory import Conflict, Memory, normalise
from processors.memory.segments import segments
from processors.memory.tmx import Entry


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    kind: str


def spans_of(text: str, *marked: tuple[str, str]) -> list[Span]:
    return [Span(text.index(part), text.index(part) + len(part), kind) for part, kind in marked]


FENCE = "```python\nfor i in range(3):\n    print(i)  # count\n```"
PART = f"# How to count\n\n  Use `range` here:  \r\n{FENCE}\n\n| --- | --- |\n1. 42!\nSee https://example.com/docs\n$$\nx^2\n$$\nDone."
MARKED = [
    ("`range`", "code"),
    (FENCE, "fence"),
    ("| --- | --- |", "table_rule"),
    ("https://example.com/docs", "url"),
    ("$$\nx^2\n$$", "math"),
]


@pytest.fixture
def memory() -> Memory:
    memory = Memory()
    memory.add("How are you?", "كيف حالك؟")
    memory.add("# How to count", "# كيف تعدّ")
    memory.add("Use `range` here:", "استخدم `range` هنا:")
    memory.add("See https://example.com/docs", "انظر https://example.com/docs")
    memory.add("Done.", "تمّ.")
    return memory


def test_lookup_is_exact_but_for_white_space(memory: Memory) -> None:
    assert memory.lookup("How are you?") == "كيف حالك؟"
    assert memory.lookup("\n\tHow  are\u00a0\nyou?  ") == "\n\tكيف حالك؟  "
    assert memory.lookup("how are you?") is None
    assert memory.lookup("How are you") is None
    assert memory.lookup("") is None
    assert memory.lookup(" \n") is None
    memory.add(" One.\nTwo. ", "\nواحد.\n\nاثنان.\n")
    assert memory.lookup(" One. Two.") == " واحد.\n\nاثنان."


@given(st.text(), st.text(), st.text(" \t\r\n\u00a0\u2003"), st.text(" \t\r\n\u00a0\u2003"))
def test_lookup_puts_the_outer_white_space_back(source: str, target: str, lead: str, trail: str) -> None:
    memory = Memory()
    memory.add(source, target)
    answer = memory.lookup(lead + source.strip() + trail)
    expected = lead + target.strip() + trail if source.strip() and target.strip() else None
    assert answer == expected


def test_conflicts_approved_wins_then_the_later(memory: Memory) -> None:
    memory.add("Yes", "نعم")
    memory.add("Yes", "أجل")
    assert memory.lookup("Yes") == "أجل"
    memory.add("Yes ", "نعم", approved=True)
    memory.add("Yes", "بلى")
    assert memory.lookup("Yes") == "نعم"
    memory.add("Yes", "بلى", approved=True)
    assert memory.lookup("Yes") == "بلى"
    assert memory.counts.conflicts == 4
    assert memory.conflicts[1] == Conflict("Yes", "نعم", "أجل")
    memory.add("Yes", "بلى")
    memory.add("Yes", "  ")
    counts = memory.counts
    assert (counts.duplicates, counts.empty, counts.added) == (1, 1, 6)
    assert counts.units == counts.added + counts.duplicates + counts.conflicts + counts.empty + counts.other_languages
    assert len(memory) == 6


def test_a_duplicate_keeps_approval_and_note() -> None:
    memory = Memory()
    memory.add("No", "لا", approved=True, note="signed")
    memory.add("No", "لا")
    assert list(memory.units()) == [Entry("No", "لا", True, "signed")]


def test_digest_follows_the_answers_alone(memory: Memory) -> None:
    before = memory.digest()
    assert len(before) == 64
    other = Memory()
    for unit in reversed(list(memory.units())):
        other.add(unit.source.replace(" ", "\n"), f" {unit.target}", approved=True, note="n")
    assert other.digest() == before
    other.add("Done.", "انتهى.", approved=True)
    assert other.digest() != before
    assert Memory(target="fa").digest() != Memory().digest()
    one, two = Memory(), Memory()
    one.add("ab", "c")
    two.add("a", "bc")
    assert one.digest() != two.digest()
    assert pickle.loads(pickle.dumps(memory)).lookup("Done.") == "تمّ."


def test_translate_the_whole_first(memory: Memory) -> None:
    memory.add("Done.\nDone.", "تمّ كلّه.")
    answer = memory.translate(" Done.\nDone.\n", [])
    assert (answer.text, answer.hits, answer.misses) == (" تمّ كلّه.\n", 1, [])


def test_translate_by_line_keeps_code_tables_and_numbers(memory: Memory) -> None:
    answer = memory.translate(PART, spans_of(PART, *MARKED))
    expected = PART
    for unit in memory.units():
        expected = expected.replace(unit.source, unit.target)
    assert answer.text == expected
    assert FENCE in expected and "  استخدم `range` هنا:  \r\n" in expected
    assert (answer.hits, answer.misses) == (4, [])


def test_a_miss_is_never_a_mixture(memory: Memory) -> None:
    text = "Done.\nNot known.\nDone.\nNeither.\nNot known."
    answer = memory.translate(text, [])
    assert answer.text is None
    assert answer.hits == 2
    assert answer.misses == ["Not known.", "Neither."]


@pytest.mark.parametrize("text", ["", "\n \n", "42 + 8 = 50\n1,000", "👍🏽 ---\n| :-- |", FENCE])
def test_nothing_to_translate_is_verbatim(text: str) -> None:
    answer = Memory().translate(text, [Span(0, len(text), "fence")] if text == FENCE else [])
    assert (answer.text, answer.hits, answer.misses) == (text, 0, [])


def test_segments_of_blocks_and_lines() -> None:
    found = segments(PART, spans_of(PART, *MARKED))
    assert [s.text for s in found if s.translatable] == [
        "# How to count",
        "Use `range` here:",
        "See https://example.com/docs",
        "Done.",
    ]
    assert [s.text for s in found if not s.translatable and s.text] == [
        FENCE,
        "| --- | --- |",
        "1. 42!",
        "$$\nx^2\n$$",
    ]


def test_a_sentence_whose_inline_code_crosses_a_line_end_is_one_segment() -> None:
    text = "Call `a\nb` twice,\nthen\nstop `c\n`\n"
    found = segments(text, spans_of(text, ("`a\nb`", "code"), ("`c\n`", "code")))
    assert [s.text for s in found] == ["Call `a\nb` twice,", "then", "stop `c\n`"]


def test_letters_count_only_outside_spans() -> None:
    text = "https://example.com/docs\n`x` = 3\n`y` و"
    found = segments(text, spans_of(text, ("https://example.com/docs", "url"), ("`x`", "code"), ("`y`", "code")))
    assert [s.translatable for s in found] == [False, False, True]


KINDS = ["fence", "indented_code", "environment", "math", "code", "url", "json", "tag", "emoji"]


@st.composite
def text_and_spans(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(
        st.text(st.one_of(st.sampled_from("ab \n\r\t`#1كل"), st.characters(exclude_categories=())), max_size=60)
    )
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    return text, [
        Span(start, end, draw(st.sampled_from(KINDS))) for start, end in pairwise(cuts) if draw(st.booleans())
    ]


@settings(max_examples=500)
@given(text_and_spans())
def test_segments_lose_nothing(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    found = segments(text, spans)
    assert "".join(s.lead + s.text + s.trail for s in found) == text
    # Asked for its own segments, a memory answers with exactly these, and protected spans as they were.
    memory = Memory()
    for segment in found:
        if segment.translatable:
            memory.add(segment.text, segment.text)
    answer = memory.translate(text, spans)
    assert answer.misses == []
    assert answer.text is not None
    assert normalise(answer.text) == normalise(text)


@settings(max_examples=300)
@given(text_and_spans())
def test_an_empty_memory_answers_nothing_or_the_verbatim_text(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    answer = Memory().translate(text, spans)
    wanted = [segment.text for segment in segments(text, spans) if segment.translatable]
    assert answer.text == (None if wanted else text)
    assert answer.misses == list(dict.fromkeys(wanted))


UNITS = [
    Entry("How are you?", "كيف حالك؟", True, "greeting"),
    Entry('He said "hi",\tthen\nleft', "قال «أهلًا»،\nثم\tغادر"),
    Entry('"quoted', 'مقتبس"'),
    Entry("a\rb\r\nc \\theta", "أ\rب"),
    Entry("x\u2028\x0b y", "س\x85ص"),
]


@pytest.mark.parametrize("name", ["m.tmx", "m.tsv", "m.csv", "m.jsonl"])
def test_save_and_load(tmp_path: Path, name: str) -> None:
    memory = Memory()
    for unit in UNITS:
        memory.add(*unit[:2], approved=unit.approved, note=unit.note)
    assert memory.save(tmp_path / name) == len(UNITS)
    loaded = Memory.load(tmp_path / name)
    assert list(loaded.units()) == UNITS
    assert loaded.digest() == memory.digest()
    loaded.save(tmp_path / f"again{Path(name).suffix}")
    assert (tmp_path / f"again{Path(name).suffix}").read_bytes() == (tmp_path / name).read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {name, f"again{Path(name).suffix}"}


@given(st.lists(st.tuples(st.text(), st.text(), st.booleans(), st.text())), st.sampled_from(["tsv", "csv", "jsonl"]))
def test_tables_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, bool, str]], suffix: str
) -> None:
    path = tmp_path_factory.mktemp("tables") / f"m.{suffix}"
    memory = Memory()
    for source, target, approved, note in rows:
        memory.add(source, target, approved=approved, note=note)
    memory.save(path)
    assert list(Memory.load(path).units()) == list(memory.units())


def test_files_in_order_and_merge(tmp_path: Path) -> None:
    first, second = Memory(), Memory()
    first.add("Yes", "نعم")
    first.add("No", "لا", approved=True)
    second.add("Yes", "أجل")
    second.add("No", "كلا")
    first.save(tmp_path / "1.tmx")
    second.save(tmp_path / "2.jsonl")
    loaded = Memory.load([tmp_path / "1.tmx", str(tmp_path / "2.jsonl")])
    merged = Memory()
    merged.merge([first, second])
    for memory in (loaded, merged):
        assert [(unit.source, unit.target) for unit in memory.units()] == [("Yes", "أجل"), ("No", "لا")]
        assert memory.counts.conflicts == 2
    (tmp_path / "README.txt").write_text("no memory")
    assert Memory.load(tmp_path).digest() == loaded.digest()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: the folder holds no memory"):
        Memory.load(tmp_path / "empty")
    with pytest.raises(InputError, match="from en to fa cannot be merged"):
        merged.merge([Memory(target="fa")])


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("m.tsv", b"Hello\tHi\n", "row 1: expected the column names source and target"),
        ("m.csv", b"", "row 1: expected the column names"),
        ("m.tsv", b"source\ttarget\na\tb\nonly one\n", "row 3: 1 fields, expected 2"),
        ("m.tsv", b'source\ttarget\n"Hi" he said\tb\n', "after .*row 1: .*quotes"),
        ("m.csv", b'source,target\na,b\n"open,c\nd,e\n', "after .*row 2: unexpected end"),
        ("m.csv", b"source,target\na,\xff\n", "not UTF-8"),
        ("m.csv", b"source,target,approved\na,b,maybe\n", "row 2: approved is 'maybe'"),
        ("m.jsonl", b'{"source": "a", "target": "b"}\n{"source": "a"}\n', "line 2: target is None"),
        ("m.jsonl", b'{"source": "a", "target": 3}\n', "line 1: target is 3"),
        ("m.jsonl", b'{"source": "a"', "line 1: not JSON"),
        ("m.jsonl", b'"\xff"\n', "line 1: not JSON"),
        ("m.jsonl", b"[]\n", "line 1: expected an object"),
        ("m.xliff", b"", "a memory is one of .tmx"),
    ],
)
def test_a_broken_table_is_one_line(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        Memory.load(tmp_path / name)
    assert name in str(caught.value) and "\n" not in str(caught.value)


def test_a_byte_order_mark_and_a_long_field_are_no_problem(tmp_path: Path) -> None:
    long = "word " * 100_000
    (tmp_path / "m.csv").write_bytes(f"\ufeffTarget,Source\r\nكلمة,{long}\r\n\r\n".encode())
    assert Memory.load(tmp_path / "m.csv").lookup(long.strip()) == "كلمة"
    (tmp_path / "m.jsonl").write_bytes('\ufeff{"source": "a", "target": "ب"}\n'.encode())
    assert Memory.load(tmp_path / "m.jsonl").lookup("a") == "ب"


def test_a_memory_of_another_language_pair_is_refused(tmp_path: Path, memory: Memory) -> None:
    memory.save(tmp_path / "m.tmx")
    with pytest.raises(InputError, match="no unit from en to de, only ar, en"):
        Memory.load(tmp_path / "m.tmx", target="de")
    assert len(Memory.load(tmp_path / "m.tmx", source="en-US", target="ar-EG")) == len(memory)


def test_text_that_a_table_cannot_hold_is_refused_and_the_old_file_stands(tmp_path: Path, memory: Memory) -> None:
    memory.save(tmp_path / "m.csv")
    before = (tmp_path / "m.csv").read_bytes()
    memory.add("broken \ud83d", "مكسور")
    with pytest.raises(InputError, match=r"UTF-8 cannot hold; save the memory as \.tmx"):
        memory.save(tmp_path / "m.csv")
    assert (tmp_path / "m.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]
    memory.save(tmp_path / "m.tmx")
    assert Memory.load(tmp_path / "m.tmx").lookup("broken \ud83d") == "مكسور"


SOURCE_ROW = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Add 2 and 3.\n\nShow the code."},
    {
        "role": "assistant",
        "content": "<think>\nSimple sum.\n</think>\nThe answer is 5.\n```py\nprint(2 + 3)\n```\n42",
    },
    {"role": "tool", "content": "Sunny in Cairo"},
]
TARGET_ROW = [
    {"role": "system", "content": "أنت مساعد مفيد."},
    {"role": "user", "content": "اجمع 2 و3.\n\nاعرض الشيفرة."},
    {
        "role": "assistant",
        "content": "<think>\nجمع بسيط.\n</think>\nالجواب هو 5.\n```py\nprint(2 + 3)\n```\n42",
    },
    {"role": "tool", "content": "Sunny in Cairo"},
]


def test_a_finished_build_becomes_a_memory() -> None:
    memory = Memory.from_build([(SOURCE_ROW, TARGET_ROW)] * 3)
    pairs = {unit.source: unit.target for unit in memory.units()}
    assert pairs["You are a helpful assistant."] == "أنت مساعد مفيد."
    assert pairs["Add 2 and 3.\n\nShow the code."] == "اجمع 2 و3.\n\nاعرض الشيفرة."
    assert pairs["Show the code."] == "اعرض الشيفرة."
    assert pairs["The answer is 5."] == "الجواب هو 5."
    assert pairs["Simple sum."] == "جمع بسيط."
    assert not any("Cairo" in source or source in ("42", "print(2 + 3)") for source in pairs)
    assert memory.counts.conflicts == 0 and memory.counts.duplicates > 0
    # A new text made of known lines is translated by line, its code untouched.
    new = "Show the code.\n```py\nprint(2 + 3)\n```\n- 7\nSimple sum."
    spans = spans_of(new, ("```py\nprint(2 + 3)\n```", "fence"))
    assert memory.translate(new, spans).text == "اعرض الشيفرة.\n```py\nprint(2 + 3)\n```\n- 7\nجمع بسيط."


def test_a_build_is_aligned_by_line_only_where_the_lines_agree() -> None:
    target = copy.deepcopy(TARGET_ROW)
    target[1]["content"] = "اجمع 2 و3 واعرض الشيفرة."
    target[2]["content"] = "الجواب هو 5."
    pairs = {unit.source: unit.target for unit in Memory.from_build([(SOURCE_ROW, target)]).units()}
    assert pairs == {
        "You are a helpful assistant.": "أنت مساعد مفيد.",
        "Add 2 and 3.\n\nShow the code.": "اجمع 2 و3 واعرض الشيفرة.",
    }
    assert len(Memory.from_build([(SOURCE_ROW, SOURCE_ROW)])) == 0, "the source is no translation of itself"
    with pytest.raises(InputError, match="4 messages and its translation 3"):
        Memory.from_build([(SOURCE_ROW, target[:3])])
