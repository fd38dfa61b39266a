"""Builds of preference pairs: whole or gone, of one translator, the same bytes however they come about."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from datatrove.data import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.build import run_build
from builders.dataset.rows import parallel_row, ranked_row
from builders.engines.common.make import attach, candidate_row
from builders.preferences.command import run_preferences
from builders.recipes.load import load_recipe
from builders.recipes.ranking import Ranking
from builders.run_folder.unit_writer import DROPPED
from builders.stages.rank import RankCandidates
from hub.card.write import write_card
from processors.conversations.chunking import Chunk, chunk
from processors.conversations.grounding import grounded_values, with_values
from processors.conversations.parts import split_parts
from processors.conversations.sides import Sides
from processors.conversations.tokenizers import load_tokenizer
from processors.errors import InputError, RecipeError, SmolKalamError
from processors.languages.language import Language
from processors.memory.files import write_units
from processors.memory.segments import segments
from processors.memory.tmx import Entry
from processors.protected.compare import protected_spans
from processors.selection.pairs import as_conversation
from processors.translation.context import ContextWanted, SaidBefore
from processors.translation.coroutines import run_now
from processors.translation.pseudo import pseudo_translate
from processors.translation.retry_ladder import ChunkFailed, Reply, Translator
from tests.builders.fifty_pairs import CITIES, SPLITS, fifty_pairs, message, pair, write_pairs
from tests.conftest import tree
from tests.standins.processes import kill_when, start_command
from tests.standins.standin_useless import REFUSAL, useless

RECIPE = """
name: pairs
source: {{path: {source}, config: Preference, pairs: true}}
translators:
  - {{name: SeedX, backend: memory, memory: [{folder}/SeedX.jsonl]}}
  - {{name: Gemma3, backend: memory, memory: [{folder}/Gemma3.jsonl]}}
"""
NAMES = ("SeedX", "Gemma3")
CONFIGS = {name: f"Preference_{name}_ranked" for name in NAMES}
# By which letters each translator's texts are told: what is one's own stands for the letter a of the source.
LETTERS = {"SeedX": "ا", "Gemma3": "آ", "Third": "أ"}
# Kinds of the fifty pairs (by their place in ten) of which a translator lacks a text: the prompt, or an answer.
MISSING = {
    "SeedX": {("chosen", 1), ("rejected", 2), ("rejected", 3), ("prompt", 8)},
    "Gemma3": {("rejected", 1), ("chosen", 3), ("chosen", 4)},
}
# Of these no translator has both sides: of kind 1 one lacks the one, the other the other.
GONE = {1, 3}


def says(name: str, text: str) -> str:
    """What a translator makes of a text."""
    # What a call says stays in the text that it is taken from.
    kept = [city for city in CITIES if "how the weather is" in text]
    made = pseudo_translate(text, with_values(text, protected_spans(text), kept), "Arab")
    return made.replace("ا", LETTERS[name])


def who_said(texts: list[str]) -> set[str]:
    """Whose words stand in texts that have the letter."""
    return {name for name, letter in LETTERS.items() if any(letter in text for text in texts)}


def said(row: dict[str, Any]) -> dict[str, list[str]]:
    """The texts of a pair's prompt and answers."""
    made = as_conversation(row)
    sides = Sides.of(made)
    assert sides is not None
    parts = sides.parts(made["messages"])
    found = {name: texts(of) for name, of in zip(("prompt", "chosen", "rejected"), parts, strict=True)}
    if instructions := row["chat_template_kwargs"]["custom_instructions"]:
        found["prompt"].append(instructions)
    return found


def lines_of(text: str) -> Iterator[str]:
    for part in split_parts(text):
        if part.translatable:
            yield from (one.text for one in segments(part.text, protected_spans(part.text)) if one.translatable)


def write_memories(folder: Path) -> None:
    """A memory a translator, without what it lacks of the fifty pairs."""
    rows = [said(row) for row in fifty_pairs()]
    for name in NAMES:
        lacking = {
            line
            for side, kind in MISSING[name]
            for row in rows[kind::10]
            for text in row[side]
            for line in lines_of(text)
        }
        known = {line for row in rows for texts in row.values() for text in texts for line in lines_of(text)} - lacking
        write_units(
            folder / f"{name}.jsonl",
            [Entry(line, says(name, line)) for line in sorted(known)],
            source="en",
            target="ar",
        )


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    write_memories(folder)
    path = folder / "pairs.yaml"
    path.write_text(RECIPE.format(source=write_pairs(folder / "source"), folder=folder), encoding="utf-8")
    return path


def build(recipe: Path, output: Path, *options: str, **more: Any) -> Path:
    return run_build(str(recipe), output=output, settings=list(options), finish=write_card, **more)


@pytest.fixture(scope="module")
def run(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(recipe, tmp_path_factory.mktemp("run") / "one", tasks=1)


def built(run: Path, config: str) -> dict[str, dict[str, Any]]:
    """A config's rows by the text that their source has as its prompt."""
    rows = [row for path in (run / "dataset" / config).glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    return {row["id"]: row for row in rows}


@cache
def by_id() -> dict[str, tuple[int, dict[str, Any]]]:
    """The kind of each of the fifty pairs, and the pair, by its row's id."""
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    counts = dict.fromkeys(SPLITS, 0)
    for place, row in enumerate(fifty_pairs()):
        split = SPLITS[bool(row["chat_template_kwargs"]["enable_thinking"])]
        found[f"{split}/{counts[split]:07d}"] = place % 10, row
        counts[split] += 1
    return found


def texts(messages: list[dict[str, str]]) -> list[str]:
    return [one["content"] for one in messages]


def test_a_pair_is_whole_and_of_one_translator_or_gone(run: Path) -> None:
    for name, config in CONFIGS.items():
        rows = built(run, config)
        assert set(rows) == {id for id, (kind, _) in by_id().items() if kind not in GONE}
        for id, row in rows.items():
            kind, source = by_id()[id]
            lacking = {kind for _, kind in MISSING[name]}
            other = next(one for one in NAMES if one != name)
            assert row["translator"] == (other if kind in lacking else name)
            assert [one["role"] for one in row["prompt"]] == [one["role"] for one in source["chosen"][:-1]]
            for side in ("chosen", "rejected"):
                both = row["prompt"] + row[side]
                assert who_said([text for text in texts(both) if "<tool_call>" not in text]) == {row["translator"]}
                expected = [says(row["translator"], one["content"]) for one in source[side]]
                # Of those that think and those that call, some stays as it is.
                assert kind in (4, 5) or texts(both) == expected


def test_every_pair_that_was_read_is_kept_or_dropped_with_its_reason(run: Path) -> None:
    totals = {}
    for stage in ("select", "translate/SeedX", "translate/Gemma3", "rank"):
        counts = [json.loads(path.read_text()) for path in sorted((run / stage / "counts").glob("*.json"))]
        read, kept = (sum(one[name] for one in counts) for name in ("read", "kept"))
        dropped = sum(sum(one["dropped"].values()) for one in counts)
        assert read == kept + dropped
        totals[stage] = read, kept, {reason for one in counts for reason in one["dropped"]}
    assert totals["select"] == (50, 50, set())
    assert totals["translate/SeedX"] == (50, 30, {"not_in_memory"})
    assert totals["translate/Gemma3"] == (50, 35, {"not_in_memory"})
    assert totals["rank"] == (50, 40, {"no_candidate"})
    assert len(built(run, "parallel")) == 40


def test_the_bytes_are_those_of_eight_tasks_and_of_a_build_that_was_killed(
    recipe: Path, run: Path, tmp_path: Path
) -> None:
    expected = tree(run / "dataset")
    assert tree(build(recipe, tmp_path / "eight", tasks=8) / "dataset") == expected
    killed = tmp_path / "killed"
    process = start_command("build", recipe, "--output", killed, "--tasks", 4)
    kill_when(process, lambda: list((killed / "translate" / "SeedX" / "counts").glob("*.json")))
    assert tree(build(recipe, killed, tasks=2) / "dataset") == expected


def test_the_card_tells_the_sides_apart(run: Path) -> None:
    card = (run / "dataset" / "README.md").read_text(encoding="utf-8")
    section = card.partition("## The two sides")[2].partition("\n## ")[0]
    told = json.loads((run / "dataset" / "statistics" / "Preference_SeedX_ranked.json").read_text())["sides"]
    assert sum(of["rows"] for of in told.values()) == 40 and "40 pairs" in section
    for split, of in told.items():
        mine = [row for id, (kind, row) in by_id().items() if id.startswith(split) and kind not in GONE]
        lengths = [[len(row[side][-1]["content"]) for row in mine] for side in ("chosen", "rejected")]
        for side, of_side in zip(("chosen", "rejected"), lengths, strict=True):
            assert of["source"][side]["characters"] == pytest.approx(sum(of_side) / len(mine))
        longer = sum(a > b for a, b in zip(*lengths, strict=True)) / len(mine)
        assert of["source"]["chosen_longer"] == pytest.approx(longer)
    for words in ("trl dpo", "preference tuning", "`by_side`", "same side longer in both"):
        assert words in card
    assert "trl sft" not in card and "supervised" not in card


def test_both_sides_that_come_out_alike_are_no_pair(tmp_path: Path) -> None:
    well = "أنا بخير، شكرا."
    lines = {"How are you?": "كيف حالك؟", "I am well, thanks.": well, "I am fine, thanks.": well}
    write_units(tmp_path / "one.jsonl", [Entry(*pair) for pair in lines.items()], source="en", target="ar")
    rows = [pair([message("user", "How are you?")], "I am well, thanks.", "I am fine, thanks.")]
    kept = pair([message("user", "How are you?")], "I am well, thanks.", "How are you?")
    path = tmp_path / "one.yaml"
    memory = f"{{name: One, backend: memory, memory: [{tmp_path}/one.jsonl]}}"
    source = write_pairs(tmp_path / "source", [*rows, kept], shards=1)
    said = f"{{path: {source}, config: Preference, pairs: true}}"
    path.write_text(f"name: one\nsource: {said}\ntranslators: [{memory}]\n")
    run = build(path, tmp_path / "run")
    (dropped,) = [json.loads(line) for file in (run / "translate/One/dropped").iterdir() for line in file.open()]
    assert dropped["reason"] == "identical_sides" and dropped["id"].endswith("0000000")
    assert [id[-1] for id in built(run, "Preference_One_ranked")] == ["1"]


def test_pairs_are_never_put_together(recipe: Path) -> None:
    assert not load_recipe(str(recipe)).keeps_donors
    fused = "translators=[{name: A, backend: pseudo}, {name: B, backend: endpoint, model: m, base_url: http://h/v1, "
    fused += "prompt: fuse, of: [A], only: all}]"
    for setting in ("ranking.replace=segments", "ranking.splits=[{match: '*_think', replace: segments}]", fused):
        with pytest.raises(RecipeError, match="both sides of a pair must be of one"):
            load_recipe(str(recipe), [setting])


class Backend:
    """A translator in whose texts its letter stands; it has no answer for some texts, and says a wrong number in
    others, which refuses no chunk but vetoes the candidate."""

    concurrent = False

    def __init__(self, name: str, failing: frozenset[str], wrong: frozenset[str]) -> None:
        self.name, self.failing, self.wrong = name, failing, wrong

    async def ask(self, text: str, *_: Any, **__: Any) -> Reply:
        if text in self.failing:
            raise ChunkFailed("refusal: it says no")
        made = says(self.name, text)
        return Reply(made.replace("7", "9") if text in self.wrong else made, "stop")


TEXTS = (
    "Please count these 7 apples again.",
    "Yes, there are 7 apples.",
    "And 7 pears?",
    "No, only 7 plums are here.",
)
places = st.frozensets(st.sampled_from(TEXTS))


def one_chunk(text: str) -> list[Chunk]:
    return chunk(text, tokenizer=load_tokenizer("approximate"))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(places, places), min_size=1, max_size=3),
    st.sampled_from(["never", "vetoed", "better"]),
    st.sampled_from(["quality", "rank_score"]),
)
def test_no_pattern_of_failures_makes_a_pair_of_two_translators(
    patterns: list[tuple[frozenset[str], frozenset[str]]], replace: Any, order: Any
) -> None:
    asked, good, more, bad = TEXTS
    shared = [message("user", asked)]
    source = as_conversation(
        pair(shared, good, bad)
        | {"chosen": [*shared, message("assistant", good), message("user", more), message("assistant", good)]}
    )
    names, whole = list(LETTERS)[: len(patterns)], {}
    metadata = source | {"chat_template_kwargs": None, "source": "", "unit": "u", "split": "s", "into": "s"}
    document = Document(text="", id="s/0", metadata=metadata | {"candidates": {}, "failures": {}, "rewards": {}})
    for name, (failing, wrong) in zip(names, patterns, strict=True):
        translator = Translator(Backend(name, failing, wrong), one_chunk, lambda piece: [piece], language=Language())
        made = Document(text="", id="s/0", metadata={})
        attach(made, run_now(translator.translate(source["messages"], "", Sides.of(source))))
        if mark := made.metadata.get(DROPPED):
            document.metadata["failures"][name] = mark
        else:
            document.metadata["candidates"][name] = candidate_row(made)
        whole[name] = not failing and not wrong
    configs = {f"P_{name}_ranked": name for name in names}
    ranking = Ranking(replace=replace, order_by=order, veto={"numbers": True})
    list(RankCandidates(ranking, configs, Language(), "approximate", None).run([document]))
    ranked = document.metadata["ranked"]
    for config, name in configs.items():
        row = ranked_row(ranked, config)
        usable = whole[name] if replace == "never" else any(whole.values())
        assert (row is not None) == usable
        if row is None:
            continue
        for part in ("prompt", "chosen", "rejected"):
            assert who_said(texts(row[part])) == {row["translator"]}
        # The source's are null, at which `trl dpo` would stop.
        assert row["chat_template_kwargs"]["enable_thinking"] is None
        assert whole[row["translator"]] and row["turns"] == 5
        assert [len(row[part]) for part in ("prompt", "chosen", "rejected")] == [1, 3, 1]
        assert row["LR"] == min(side["LR"] for side in row["by_side"].values())
    for one in parallel_row(ranked)["candidates"]:
        parts = [one[f"translated_{part}"] for part in ("prompt", "chosen", "rejected")]
        assert parts == [None] * 3 or [who_said(texts(part)) for part in parts] == [{one["translator"]}] * 3


USELESS: dict[str, Callable[[str], str]] = {
    "refusal": lambda text: REFUSAL,
    "stub": lambda text: "مرحبا بك في بيتنا.",
    "fence": lambda text: f"```\n{text}\n```",
}


@pytest.mark.parametrize("kind", USELESS)
def test_a_useless_translator_yields_no_pair(kind: str, recipe: Path, tmp_path: Path) -> None:
    source = write_pairs(tmp_path / "source", fifty_pairs()[:10], shards=1)
    with useless() as server:
        server.says = USELESS[kind]
        chat = f"{{name: Chat, backend: endpoint, model: m, base_url: '{server.url}/v1', give_up: false}}"
        memory = f"{{name: SeedX, backend: memory, memory: [{recipe.parent}/SeedX.jsonl]}}"
        settings = [f"translators=[{chat}, {memory}]", f"source.path={source}", "ranking.replace=never"]
        run = build(recipe, tmp_path / "run", *settings)
    assert not built(run, "Preference_Chat_ranked") and len(built(run, CONFIGS["SeedX"])) == 6
    assert {one["translator"] for one in built(run, CONFIGS["SeedX"]).values()} == {"SeedX"}


def test_a_useless_translator_is_told(recipe: Path, tmp_path: Path) -> None:
    with useless() as server:
        chat = f"{{name: Chat, backend: endpoint, model: m, base_url: '{server.url}/v1'}}"
        with pytest.raises(SmolKalamError, match="chunks got no usable answer"):
            build(recipe, tmp_path / "run", f"translators=[{chat}]")


def test_a_pair_is_made_no_pair_of_its_candidates(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="preference pairs already"):
        run_preferences(run, tmp_path / "out", by="judges", task="assistant")


def test_what_one_side_says_is_no_context_of_the_other_and_no_ground_of_its_calls() -> None:
    call = '<tool_call>{"name": "look", "arguments": {"city": "Lyon"}}</tool_call>'
    messages = [
        message("user", "Look up the town that I mean."), message("assistant", "You mean Lyon, I think, in France."),
        message("assistant", call),
    ]  # fmt: skip
    sides = Sides(1, 1)
    assert grounded_values(messages) and not grounded_values(messages, sides)
    assert [one.message for one in grounded_values([messages[0], *messages], Sides(3, 0))] == [2]
    before = SaidBefore(ContextWanted(9, system=False), messages, "", sides)
    for number in range(2):
        before.add(f"messages[{number}]", str(number), f"t{number}")
    assert [source for source, _ in before.hints("messages[1]").context] == ["0", "1"]
    assert [source for source, _ in before.hints("messages[2]").context] == ["0"]
