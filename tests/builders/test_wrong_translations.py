"""A build of two memories, one right and one with a fault in each row: what is published is the right translation.

A row is a question with its thanks, or a whole conversation of which one message has the fault.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.run_folder import schemas
from builders.sources.read import row_id
from tests.processors.checks import (
    test_facts_kept,
    test_lost_and_added,
    test_no_translation,
    test_stretches_kept,
    test_untranslated_inside,
    test_verbatim_kept,
)
from tests.processors.checks.quantities import test_days_and_ordinals, test_sentences
from tests.processors.checks.wording import test_exchanged, test_names
from tests.standins.processes import command_line, environment

# Of each message its role, its text, the right translation and that of the faulty memory.
Turn = tuple[str, str, str, str]
Conversation = tuple[Turn, ...]

TABLES = {
    "broken": test_no_translation.BROKEN_SCRIPT,
    "stub": test_no_translation.STUB,
    "wrapped": test_no_translation.WRAPPED,
    "answered": test_no_translation.ANSWERED,
    "another": test_no_translation.ANOTHER_TEXT,
    "lost": test_lost_and_added.LOST,
    "added": test_lost_and_added.ADDED,
    "untranslated": test_untranslated_inside.SENTENCE_OR_HEADING,
    "number": test_facts_kept.NUMBER,
    "letter": test_facts_kept.LETTER,
    "unit": test_facts_kept.UNIT,
    "name": test_facts_kept.NAME,
    "link": test_verbatim_kept.LINK,
    "placeholder": test_verbatim_kept.PLACEHOLDER,
    "exchanged": test_exchanged.EXCHANGED,
    "latin-name": test_names.CHANGED,
    "sentence": test_sentences.CHANGED,
    "day": test_days_and_ordinals.CHANGED,
    "stretch": test_stretches_kept.STAYED,
}


def right(role: str, source: str, target: str) -> Turn:
    """A message that both memories translate alike."""
    return role, source, target, target


THANKS = right("assistant", "Thank you very much for your help.", "شكرًا جزيلًا على مساعدتك.")


def chat(question: tuple[str, str], answer: tuple[str, str], wrong: str, *, of: int = 1) -> Conversation:
    """A greeting, a question and its answer; `wrong` stands for message `of` of the last two."""
    pairs = [question, answer]
    targets = [(target, wrong if i == of else target) for i, (_, target) in enumerate(pairs)]
    last = zip(("user", "assistant"), pairs, targets, strict=True)
    return GREETING + tuple((role, source, right, faulty) for role, (source, _), (right, faulty) in last)


GREETING: Conversation = (
    right("system", "You are a helpful assistant who answers briefly.", "أنت مساعد نافع يجيب بإيجاز."),
    right("user", "Good morning! I have a question.", "صباح الخير! لدي سؤال."),
    right("assistant", "Good morning! Please ask.", "صباح الخير! تفضل بالسؤال."),
)
RICE = ("How long do I cook rice?", "كم من الوقت أطهو الأرز؟")
SHORT = ("Cook it for 15 minutes over a low fire. Keep the pot closed. Let it rest for 5 minutes.",
         "اطهه 15 دقيقة على نار هادئة. أبقِ القدر مغلقًا. دعه يرتاح 5 دقائق.")  # fmt: skip
STEPS = ("## Overview\n\n1. Wash the rice.\n2. Boil two cups of water.\n3. Add salt.",
         "## نظرة عامة\n\n1. اغسل الأرز.\n2. اغلِ كوبين من الماء.\n3. أضف الملح.")  # fmt: skip
SUM = ("A pen costs $3. How much do 12 pens cost?", "ثمن القلم 3 دولارات. كم ثمن 12 قلمًا؟")
SUM_SOLVED = ("Multiply: $3 \\times 12 = 36$. They cost $36.", "نضرب: $3 \\times 12 = 36$. ثمنها 36 دولارًا.")
CODE = ("Write a function that adds two numbers.", "اكتب دالة تجمع عددين.")
CODE_WRITTEN = ("Here it is:\n\n```python\ndef add(a, b):\n    return a + b\n```\n\nCall it with two numbers.",
                "ها هي:\n\n```python\ndef add(a, b):\n    return a + b\n```\n\nاستدعها بعددين.")  # fmt: skip
CONVERSATIONS = {
    "chat-lost": chat(RICE, SHORT, "اطهه 15 دقيقة على نار هادئة. دعه يرتاح 5 دقائق."),
    "chat-added": chat(RICE, SHORT, f"{SHORT[1]} ويُعد الأرز من أقدم المحاصيل التي زرعها الإنسان في آسيا."),
    "chat-number": chat(RICE, SHORT, SHORT[1].replace("15", "50")),
    "chat-exchanged": chat(
        RICE, STEPS, STEPS[1].replace("اغسل الأرز", "@").replace("أضف الملح", "اغسل الأرز").replace("@", "أضف الملح")
    ),
    "chat-heading": chat(RICE, STEPS, STEPS[1].replace("نظرة عامة", "Overview")),
    "chat-item": chat(RICE, STEPS, STEPS[1].replace("اغلِ كوبين من الماء", "Boil two cups of water")),
    "chat-item-lost": chat(RICE, STEPS, STEPS[1].replace("\n3. أضف الملح.", "")),
    "chat-answered": chat(RICE, SHORT, "يُطهى الأرز على نار هادئة 15 دقيقة.", of=0),
    "chat-stub": chat(RICE, SHORT, "تم."),
    "chat-refused": chat(RICE, SHORT, "عذرًا، لا أستطيع المساعدة في ذلك."),
    "chat-french": chat(RICE, SHORT, SHORT[1].replace("أبقِ القدر مغلقًا.", "Gardez la casserole bien fermée.")),
    "chat-mathematics": chat(SUM, SUM_SOLVED, SUM_SOLVED[1].replace("\\times 12", "\\times 21")),
    "chat-solved": chat(SUM, SUM_SOLVED, "ثمن 12 قلمًا هو 36 دولارًا.", of=0),
    "chat-code": chat(CODE, CODE_WRITTEN, CODE_WRITTEN[1].replace("a + b", "أ + ب")),
    "chat-code-written": chat(CODE, CODE_WRITTEN, "```python\ndef add(a, b):\n    return a + b\n```", of=0),
    "chat-other": chat(CODE, CODE_WRITTEN, SHORT[1], of=0),
}
SPLIT = "s1k_1.1_think"
RECIPE = """
name: two
source: {path: source, config: SFT, keep: ["*"]}
translators:
  - {name: right, backend: memory, memory: [right.jsonl]}
  - {name: faulty, backend: memory, memory: [faulty.jsonl]}
"""
# A memory has one translation of a text, so cases of one text need a build each; the first of each do.
BUILDS = 4

# Published with the fault today, in one config or in both. Whoever mends a kind takes its ids away.
PUBLISHED: tuple[str, ...] = ()


def rows() -> Iterator[tuple[str, Conversation]]:
    for name, table in TABLES.items():
        for i, row in enumerate(table):
            source, right, wrong = getattr(row, "values", row)
            yield f"{name}-{i}", (("user", source, right, wrong), THANKS)
    yield from CONVERSATIONS.items()


def rounds() -> list[dict[str, Conversation]]:
    """By build and id: the rows, so that no two of a build want other translations of one text."""
    found: list[dict[str, Conversation]] = [{} for _ in range(BUILDS)]
    wanted: list[dict[str, str]] = [{} for _ in range(BUILDS)]
    for key, turns in rows():
        texts = {source: wrong for _, source, _, wrong in turns}
        for place, known in zip(found, wanted, strict=True):
            if all(known.get(source, wrong) == wrong for source, wrong in texts.items()):
                place[key] = turns
                known |= texts
                break
    return found


def build(folder: Path, cases: dict[str, Conversation]) -> dict[str, dict[str, list[str] | None]]:
    """Config and id: the texts that are published."""
    kwargs = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    rows = [
        {
            "messages": [{"content": source, "role": role} for role, source, _, _ in turns],
            "chat_template_kwargs": kwargs,
            "source": "test",
        }
        for turns in cases.values()
    ]
    (folder / "source" / "SFT").mkdir(parents=True)
    table = pa.Table.from_pylist(rows, schemas.source())
    pq.write_table(table, folder / "source" / "SFT" / f"{SPLIT}-00000-of-00001.parquet")
    for name, side in (("right", 2), ("faulty", 3)):
        pairs = {turn[1]: turn[side] for turns in cases.values() for turn in turns}
        lines = [json.dumps({"source": one, "target": other}, ensure_ascii=False) for one, other in pairs.items()]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "two.yaml").write_text(RECIPE, encoding="utf-8")
    command = command_line("build", folder / "two.yaml", "--output", folder / "run")
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    published: dict[str, dict[str, list[str] | None]] = {}
    for config in ("right", "faulty"):
        by_row = {
            row["id"]: [message["content"] for message in row["messages"]]
            for path in sorted((folder / "run" / "dataset" / f"SFT_{config}_ranked").glob("*.parquet"))
            for row in pq.read_table(path).to_pylist()
        }
        published[config] = {key: by_row.get(row_id(SPLIT, i)) for i, key in enumerate(cases)}
    return published


ROUNDS = rounds()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str] | None]]:
    found: dict[str, dict[str, list[str] | None]] = {"right": {}, "faulty": {}}
    for cases in ROUNDS:
        for config, texts in build(tmp_path_factory.mktemp("two"), cases).items():
            found[config] |= texts
    return found


def marked() -> list[Any]:
    mark = pytest.mark.xfail(strict=True, reason="the fault is published")
    return [
        pytest.param(key, [right for _, _, right, _ in turns], id=key, marks=[mark] if key in PUBLISHED else [])
        for cases in ROUNDS
        for key, turns in cases.items()
    ]


@pytest.mark.parametrize(("key", "right"), marked())
def test_no_faulty_text_is_published_where_the_other_candidate_is_right(
    key: str, right: list[str], published: dict[str, dict[str, list[str] | None]]
) -> None:
    assert {config: texts[key] for config, texts in published.items()} == {"right": right, "faulty": right}
