import asyncio
import json
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from datatrove.data import Document
from pydantic import TypeAdapter

from builders.engines import engine_of
from builders.engines.common.make import candidate_row, load_memory, make_translator
from builders.recipes.translators import Translator
from builders.run_folder import schemas
from builders.run_folder.unit_writer import DROPPED
from processors.checks.once import rules_digest
from processors.checks.run import check_conversation
from processors.errors import InputError
from processors.languages.language import Language
from processors.protected.compare import protected_spans
from processors.translation.pseudo import PseudoBackend

ARABIC = Language()


def spec(**settings: Any) -> Any:
    return TypeAdapter(Translator).validate_python({"name": "one", "backend": "pseudo"} | settings)


def document(*contents: str, instructions: str = "", kwargs: bool = True) -> Document:
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]
    template = {"custom_instructions": instructions, "enable_thinking": False, "python_tools": [], "xml_tools": []}
    return Document(
        "", "a/0000000", metadata={"messages": messages, "chat_template_kwargs": template if kwargs else None}
    )


def translate(translator: Any, *documents: Document) -> list[Document]:
    (step,) = engine_of(translator).steps(ARABIC)
    return list(step.run(iter(documents)))


def memory(path: Path, **pairs: str) -> list[str]:
    lines = [json.dumps({"source": source, "target": target}) for source, target in pairs.items()]
    path.write_text("\n".join(lines))
    return [str(path)]


def test_a_candidate_is_a_row_of_its_schema_with_the_place_of_every_chunk() -> None:
    text = "Water boils. " * 200 + "\n\n```python\nx = 1\n```\n"
    (made,) = translate(spec(), document("Hi.", f"<think>\nSo.\n</think>\n{text}", instructions="Be brief."))
    row = candidate_row(made)
    assert pa.Table.from_pylist([row], schemas.candidate()).num_rows == 1
    assert [m["role"] for m in row["messages"]] == ["user", "assistant"]
    assert "```python\nx = 1\n```" in row["messages"][1]["content"] and row["custom_instructions"] not in (
        "",
        "Be brief.",
    )
    answer = [c for c in row["chunks"] if c["message"] == 1 and c["part_type"] == "text"]
    assert len(answer) > 1 and [c["chunk"] for c in answer] == list(range(len(answer)))
    assert {c["chunks"] for c in answer} == {len(answer)}
    # Offsets are those of the message, and leave no gap but the white space around the part.
    content = f"<think>\nSo.\n</think>\n{text}"
    assert "".join(content[c["source_start"] : c["source_end"]] for c in answer) == text.strip()
    target = row["messages"][1]["content"]
    assert target.endswith("".join(target[c["target_start"] : c["target_end"]] for c in answer) + "\n")


def test_a_candidate_brings_the_verdicts_on_it_and_the_rules_that_they_are_of(tmp_path: Path) -> None:
    pairs = {"He paid 14 euros for 3 books.": "دفع 15 يورو مقابل 3 كتب.", "Good morning.": "صباح الخير."}
    translator = spec(backend="memory", memory=memory(tmp_path / "m.jsonl", **pairs))
    faulty, clean = translate(translator, document("Good morning.", next(iter(pairs))), document("Good morning."))
    for made in (faulty, clean):
        row, source = candidate_row(made), made.metadata["messages"]
        assert row["checks"] == [asdict(verdict) for verdict in check_conversation(source, row["messages"])]
        assert row["checked_by"] == rules_digest("Arab", "ar")
        assert pa.Table.from_pylist([row], schemas.candidate())["checks"].to_pylist()[0] is not None
    assert [(verdict["check"], verdict["message"]) for verdict in candidate_row(faulty)["checks"]] == [("numbers", 1)]
    assert not candidate_row(clean)["checks"]


def test_null_template_arguments_translate_to_none() -> None:
    (made,) = translate(spec(), document("Hi.", "Yes.", kwargs=False))
    assert not candidate_row(made)["custom_instructions"] and DROPPED not in made.metadata


def test_what_a_memory_lacks_drops_the_row_with_the_place_and_the_text(tmp_path: Path) -> None:
    translator = spec(backend="memory", memory=memory(tmp_path / "m.jsonl", **{"Hi.": "مرحبا."}))
    whole, lacking = translate(translator, document("Hi."), document("Hi.", "Unknown words."))
    assert candidate_row(whole)["messages"] == [{"role": "user", "content": "مرحبا."}]
    reason, detail = lacking.metadata[DROPPED]
    assert reason == "not_in_memory" and "messages[1]" in detail and "Unknown words." in detail
    assert whole.metadata["counters"]["memory_hits"] == 1


def test_a_memory_stands_before_another_backend(tmp_path: Path) -> None:
    translator = spec(memory=memory(tmp_path / "m.jsonl", **{"Hi there.": "من الذاكرة."}))
    (made,) = translate(translator, document("Hi there.", "And then."))
    first, second = (m["content"] for m in candidate_row(made)["messages"])
    assert first == "من الذاكرة." and second != "And then." and second


def test_the_line_strategy_cuts_by_lines() -> None:
    text = "\n".join(f"Line number {i} of them." for i in range(10))
    for lines, chunks in ((4, 3), (10, 1)):
        translator = make_translator(
            spec(chunking={"strategy": "lines", "lines": lines}), ARABIC, PseudoBackend("Arab")
        )
        candidate = asyncio.run(translator.translate([{"role": "user", "content": text}], ""))
        assert len(candidate.chunks) == chunks
        assert candidate.messages is not None and candidate.messages[0]["content"].count("\n") == 9


def test_long_lines_stay_within_the_token_budget_too() -> None:
    text = "\n".join("This line is a sentence of moderate length, as people write them. " * 4 for _ in range(10))
    chunking = {"strategy": "lines", "lines": 25, "max_tokens": 100, "window": 20}
    translator = make_translator(spec(chunking=chunking), ARABIC, PseudoBackend("Arab"))
    chunks = translator.chunker(text)
    assert "".join(chunk.text for chunk in chunks) == text
    assert len(chunks) > 5 and max(chunk.tokens for chunk in chunks) <= 100


def test_pseudo_localised_text_is_the_same_every_time_and_leaves_protected_spans() -> None:
    text = "See `x` at https://example.org."
    asked = [asyncio.run(PseudoBackend("Arab").ask(text, protected_spans(text), attempt)) for attempt in (0, 1)]
    assert asked[0] == asked[1] and asked[0].finish_reason == "stop"
    assert "`x`" in asked[0].text and "https://example.org" in asked[0].text and "See" not in asked[0].text


def test_steps_travel_to_workers(tmp_path: Path) -> None:
    translator = spec(memory=memory(tmp_path / "m.jsonl", **{"Hi.": "مرحبا."}))
    (step,) = pickle.loads(pickle.dumps(engine_of(translator).steps(ARABIC)))
    (made,) = step.run(iter([document("Hi.")]))
    assert candidate_row(made)["messages"][0]["content"] == "مرحبا."


def test_a_broken_memory_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"source": "Hi."}\n')
    with pytest.raises(InputError, match=r"m\.jsonl, line 1: target is None"):
        load_memory(spec(memory=[str(tmp_path / "m.jsonl")]), ARABIC)
    assert load_memory(spec(), ARABIC) is None
