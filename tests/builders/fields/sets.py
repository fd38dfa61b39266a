"""Two benchmarks with both sides: prompts in IFEval's schema, and multiple choice, each with two memories.

The prompts are the project's own. The questions are short ones of Arabic MMLU as AceGPT publishes them (Apache-2.0);
their English was written for them, and a word of the Arabic was mended here and there.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Features, List, Value

from processors.memory.files import write_units
from processors.memory.tmx import Entry

HERE = Path(__file__).parent
# IFEval's arguments of instructions; each row has all of them, most of them null.
KWARGS = {
    "num_highlights": "int64", "relation": "string", "num_words": "int64", "num_placeholders": "int64",
    "prompt_to_repeat": "string", "num_bullets": "int64", "section_spliter": "string", "num_sections": "int64",
    "capital_relation": "string", "capital_frequency": "int64", "num_paragraphs": "int64", "language": "string",
    "let_relation": "string", "letter": "string", "let_frequency": "int64", "end_phrase": "string",
    "keyword": "string", "frequency": "int64", "num_sentences": "int64", "postscript_marker": "string",
    "first_word": "string", "nth_paragraph": "int64",
}  # fmt: skip
LISTS = ("keywords", "forbidden_words")
IFEVAL = Features(
    {
        "key": Value("int64"),
        "prompt": Value("string"),
        "instruction_id_list": List(Value("string")),
        "kwargs": List(
            {name: Value(kind) for name, kind in KWARGS.items()} | {name: List(Value("string")) for name in LISTS}
        ),
    }
)
LETTERS = ["A", "B", "C", "D"]
MCQ = Features(
    {
        "id": Value("int32"),
        "question": Value("string"),
        "choices": {"text": List(Value("string")), "label": List(Value("string"))},
        "answerKey": ClassLabel(names=LETTERS),
        "answer": Value("large_string"),
        "weight": Value("float32"),
    }
)
# Prompts whose draft answers instead of translating, and questions whose draft makes two options one.
ANSWERED, MERGED = 4, 15


def lines(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def ifeval() -> list[dict[str, Any]]:
    empty = dict.fromkeys((*KWARGS, *LISTS))
    return [
        {"key": 1000 + number, "prompt": prompt, "instruction_id_list": [of], "kwargs": [empty | json.loads(said)]}
        for number, (prompt, of, said, _) in enumerate(lines("ifeval.tsv"))
    ]


def mcq() -> list[dict[str, Any]]:
    rows = []
    for number, (question, options, answer, *_) in enumerate(lines("mcq.tsv")):
        choices = options.split("|")
        rows.append(
            {
                "id": number, "question": question, "choices": {"text": choices, "label": LETTERS[: len(choices)]},
                "answerKey": int(answer), "answer": choices[int(answer)], "weight": None if number % 5 else 0.1,
            }
        )  # fmt: skip
    return rows


def write_source(folder: Path, config: str, rows: list[dict[str, Any]], features: Features) -> Path:
    """A folder laid out as the Hub's, with a split `test` in two shards and a small `dev`."""
    (folder / config).mkdir(parents=True, exist_ok=True)
    parts = {"dev-00000-of-00001": rows[:3], "test-00000-of-00002": rows[:11], "test-00001-of-00002": rows[11:]}
    for name, of in parts.items():
        table = pa.Table.from_pylist(of, schema=features.arrow_schema)
        pq.write_table(table, folder / config / f"{name}.parquet", row_group_size=4)
    return folder


def write_memories(folder: Path) -> tuple[Path, Path]:
    """A memory of all that is to be translated, and one that says of some of it what a bad translator would."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs: dict[str, str] = {line[0]: line[3] for line in lines("ifeval.tsv")}
    draft = dict(pairs)
    draft[lines("ifeval.tsv")[ANSWERED][0]] = "يُعجن الدقيق بالماء والملح والخميرة ثم يُترك حتى يتخمر ويُخبز في فرن حار."
    for number, (question, options, _, arabic, translated) in enumerate(lines("mcq.tsv")):
        of = dict(zip(options.split("|"), translated.split("|"), strict=True)) | {question: arabic}
        pairs |= of
        draft |= of
        if number == MERGED:
            # The symbol of the dove has become the dove.
            draft["the symbol of the dove"] = of["a dove, the bird"]
    paths = folder / "reference.jsonl", folder / "draft.jsonl"
    for path, of in zip(paths, (pairs, draft), strict=True):
        write_units(path, [Entry(*pair, True, "") for pair in of.items()], source="en", target="ar")
    return paths
