"""Duplicates among the rows of a run: the source's own, those of the translation, and what a recipe leaves out."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.build import run_build
from builders.dataset.duplicates import find_duplicates, left_out, read_duplicates, with_sketches
from builders.run_folder import schemas
from builders.run_folder.folder import Run
from builders.run_folder.units import Unit, UnitFiles, write_unit
from hub.card.write import write_card
from tests.builders.small_run import candidate, row

CONFIG = "SFT_one_ranked"
STUB = "هذا نص مؤقت لا يقول شيئا عن السؤال الذي طرحه المستخدم"
TEXTS = [
    ["Tell me of the sea and of the ships that cross it.", "The sea is wide, and ships cross it by night and by day."],
    [
        "Which metal is the lightest of all that we know of?",
        "Lithium is the lightest of the metals; it floats on oil.",
    ],
    ["How do bees find their way back to the hive?", "They remember the sun's place and the shapes of the land."],
    ["Write a line about the winter in the mountains.", "Snow lies on the passes, and nobody goes up until spring."],
]
TARGETS = [
    ["حدثني عن البحر وعن السفن التي تعبره", "البحر واسع والسفن تعبره ليلا ونهارا دون توقف"],
    ["ما أخف المعادن التي نعرفها؟", "الليثيوم أخف المعادن وهو يطفو على الزيت"],
    ["كيف يجد النحل طريق العودة إلى الخلية؟", "يتذكر موضع الشمس وأشكال الأرض التي مر بها"],
    ["اكتب سطرا عن الشتاء في الجبال", "يغطي الثلج الممرات ولا يصعد أحد حتى الربيع"],
]


def ranked(number: int, source: list[str], target: list[str] | None, tools: str = "") -> dict[str, Any]:
    made = row(number, source, candidate("one", *(target or ())))
    made["choices"] = [{"config": CONFIG, "translator": "one" if target else None, "combined": None}]
    if tools:
        made["chat_template_kwargs"]["xml_tools"] = [tools]
    return made


def rows() -> list[dict[str, Any]]:
    own = [ranked(number, source, target) for number, (source, target) in enumerate(zip(TEXTS, TARGETS, strict=True))]
    more = [
        (TEXTS[0], TARGETS[0]),  # 4: the source says it twice
        (TEXTS[2], None),  # 5: in no config
        ([TEXTS[1][0], "A stub."], [TARGETS[1][0], STUB]),  # 6
        ([TEXTS[2][0], TEXTS[2][1]], [TARGETS[2][0], STUB]),  # 7: the same stub for something else
        (["An essay of its own on the tides of the moon.", "Here it is."], TARGETS[3]),  # 8: another row's translation
    ]
    return [*own, *(ranked(len(own) + number, *pair) for number, pair in enumerate(more))]


def run_of(folder: Path, made: list[dict[str, Any]], units: int) -> tuple[Run, list[Unit]]:
    run, found = Run(folder), []
    for index in range(units):
        part = [with_sketches(one) for one in made[index * len(made) // units : (index + 1) * len(made) // units]]
        unit = Unit(f"s1k_1.1_think-{index:08d}", "s1k_1.1_think", "s1k_1.1_think", "", 0, 0, len(part))
        write_unit(UnitFiles(run.stage("rank"), unit.name), schemas.ranked_unit(), len(part), part, [])
        found.append(unit)
    return run, found


def number(of: str) -> int:
    return int(of.rpartition("/")[2])


def test_those_of_the_translation_are_told_from_those_of_the_source(tmp_path: Path) -> None:
    run, units = run_of(tmp_path, rows(), 2)
    counts = find_duplicates(run, units, [CONFIG], "keep")["configs"][CONFIG]
    found = {number(one["id"]): one for one in read_duplicates(run, CONFIG)}
    told = {name: (number(one["like"]), one["kind"], one["new"]) for name, one in found.items()}
    assert told == {4: (0, "same", False), 7: (6, "answer", True), 8: (3, "same", True)}
    assert found[4]["source_alike"] == 1 and found[8]["source_alike"] < 0.2
    assert counts == {"answer": 1, "answer_new": 1, "same": 2, "same_new": 1}


def test_a_recipe_says_which_are_left_out_and_the_files_are_the_same_however_rows_are_divided(tmp_path: Path) -> None:
    texts = []
    for units in (1, 3, 9):
        run, of = run_of(tmp_path / str(units), rows(), units)
        dropped = {keep: find_duplicates(run, of, [CONFIG], keep) for keep in ("keep", "drop_new", "drop")}
        texts.append((run.stage("duplicates", f"{CONFIG}.jsonl").read_text(), dropped))
        ids = {keep: sorted(number(one) for one in left_out(run, CONFIG, keep)) for keep in dropped}
        assert ids == {"keep": [], "drop_new": [7, 8], "drop": [4, 7, 8]}
    assert texts[0] == texts[1] == texts[2]
    counts = texts[0][1]
    assert [of["configs"][CONFIG].get("dropped", 0) for of in counts.values()] == [0, 2, 3]
    assert len({of["left_out"] for of in counts.values()}) == 3


def test_the_same_words_with_other_tools_are_another_row(tmp_path: Path) -> None:
    tools = [json.dumps({"name": name, "description": f"{name} " * 30}) for name in ("weather", "stocks")]
    run, units = run_of(tmp_path, [ranked(i, TEXTS[0], TARGETS[0], tool) for i, tool in enumerate(tools)], 1)
    find_duplicates(run, units, [CONFIG], "keep")
    assert not list(read_duplicates(run, CONFIG))


def test_rows_that_are_ranked_again_are_looked_at_again(tmp_path: Path) -> None:
    run, units = run_of(tmp_path, rows()[:4], 1)
    assert not find_duplicates(run, units, [CONFIG], "keep")["configs"][CONFIG]
    run, units = run_of(tmp_path, [*rows()[:3], ranked(3, TEXTS[0], TARGETS[0])], 1)
    assert find_duplicates(run, units, [CONFIG], "keep")["configs"][CONFIG] == {"same": 1, "same_new": 0}


@pytest.mark.parametrize(("keep", "kept"), [("keep", 5), ("drop_new", 4), ("drop", 3)])
def test_a_build_leaves_them_out_tells_them_and_adds_up(keep: str, kept: int, tmp_path: Path) -> None:
    sources = [*TEXTS[:3], TEXTS[0], ["Today we speak of ships and how the sea is crossed by them.", TEXTS[0][1]]]
    targets = [*TARGETS[:3], TARGETS[0], TARGETS[0]]
    pairs = {s: t for both in zip(sources, targets, strict=True) for s, t in zip(*both, strict=True)}
    memory = [json.dumps({"source": source, "target": target}) for source, target in pairs.items()]
    (tmp_path / "own.jsonl").write_text("\n".join(memory))
    folder = tmp_path / "data" / "SFT"
    folder.mkdir(parents=True)
    made = [{key: row(0, source)[key] for key in ("messages", "chat_template_kwargs", "source")} for source in sources]
    pq.write_table(pa.Table.from_pylist(made, schema=schemas.source()), folder / "own-00000-of-00001.parquet")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f"name: own\nsource: {{path: data}}\noutputs: {{duplicates: {keep}}}\nranking: {{min_LR: 0, min_SCR: 0}}\n"
        "translators: [{name: one, backend: memory, memory: [own.jsonl]}]\n"
    )
    run = run_build(str(recipe), output=tmp_path / "run", finish=write_card)
    built = pq.read_table(run / "dataset" / CONFIG / "own-00000-of-00001.parquet")["id"].to_pylist()
    assert len(built) == kept and len(list(read_duplicates(Run(run), CONFIG))) == 2
    card = (run / "dataset" / "README.md").read_text()
    assert f"| `{CONFIG}` | 5 | 2 | 0 | 1 | 0 | {5 - kept} |" in card
    assert pq.read_table(run / "dataset" / "parallel" / "own-00000-of-00001.parquet").num_rows == 5
