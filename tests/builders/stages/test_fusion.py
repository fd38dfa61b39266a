"""Fusion: a chat model writes one translation out of others' checked candidates, like any other translator's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build import run_build
from builders.recipes.load import load_recipe
from builders.run_folder.folder import Run
from hub.card.write import write_card
from processors.errors import RecipeError
from tests.builders.estimates.test_command import plan
from tests.conftest import tree
from tests.standins.processes import environment, kill_when, start_command
from tests.standins.standin_llm import Running, running
from tests.standins.standin_useless import REFUSAL_ARABIC, UselessServer, useless

OTHERS = """
  - {name: One, backend: pseudo, variant: 0}
  - {name: Two, backend: pseudo, variant: 1}
"""
FUSED = (
    '  - {{name: Fused, backend: {backend}, model: stand-in, base_url: "{url}", prompt: fuse, of: [One, Two]{more}}}\n'
)
WORDS = ["north, old and cold and far", "south", "dark forest", "country", "east where few people live", "sea", "west"]
WORDS += [
    "old town",
    "great desert",
    "valley of the kings",
    "empty quarter",
    "last island that the ships pass in spring",
]


@pytest.fixture
def write(row: Callable[..., Any], write_split: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Write dialogues, and a recipe of two translators and of one that fuses theirs."""
    rows = [
        row(
            ("user", f"Where does the `river_{n}` begin, and how long is it?\n\nPlease answer in {n} short words."),
            ("assistant", f"The river begins in the high hills of the {WORDS[n % 12]} and passes {n} old villages."),
        )
        for n in range(20, 32)
    ]
    source = write_split("plain", rows)

    def recipe(url: str, more: str = ", only: all", backend: str = "endpoint", others: str = OTHERS) -> Path:
        fused = FUSED.format(url=url, more=more, backend=backend) if url else ""
        path = tmp_path / ("recipe.yaml" if url else "without.yaml")
        path.write_text(f"name: fused\nsource: {{path: {source}, keep: [plain]}}\ntranslators:{others}{fused}")
        return path

    return recipe


def build(recipe: Path, run: Path, **options: Any) -> None:
    run_build(str(recipe), output=run, finish=write_card, **options)


def candidates(run: Path, name: str) -> dict[str, list[str]]:
    """The contents of a translator's candidates, by row."""
    rows = [row for path in (run / "translate" / name).glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    return {row["id"]: [message["content"] for message in row["messages"]] for row in rows}


def left(run: Path) -> dict[str, tuple[str, str]]:
    """The rows without a fused candidate, each with its reason."""
    files = (run / "translate" / "Fused" / "dropped").glob("*.jsonl")
    rows = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    return {row["id"]: (row["reason"], row["detail"]) for row in rows}


def dataset(run: Path, config: str) -> dict[str, dict[str, Any]]:
    found = [row for path in (run / "dataset" / config).glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    return {row["id"]: row for row in found}


def asked(server: Running) -> int:
    return sum(server.stats()["asked"].values())


def test_the_model_is_told_what_the_others_made_of_each_chunk(write: Callable[..., Path], tmp_path: Path) -> None:
    with running() as server:
        build(write(server.url), tmp_path / "run")
        payloads = server.stats()["payloads"]
        (tmp_path / "run/translate/Fused/stage.json").unlink()
        build(write(server.url), tmp_path / "run")
        assert server.stats()["payloads"] == payloads
    one, two = (candidates(tmp_path / "run", name) for name in ("One", "Two"))
    assert len(payloads) == 2 * 12 and set(candidates(tmp_path / "run", "Fused")) == set(one)
    users = [payload["messages"][-1]["content"] for payload in payloads]
    for row in one:
        for made in zip(one[row], two[row], strict=True):
            # A protected span has the mark that it has in the text.
            shown = [text.replace(f"`river_{20 + int(row[-7:])}`", "⟦1⟧") for text in made]
            told = [user for user in users if all(f">\n{text}\n</translation_" in user for text in shown)]
            assert len(told) == 1 and told[0].startswith("<text>\n") and "river_" not in told[0], made
    assert all("translations of it into Arabic" in p["messages"][0]["content"] for p in payloads)
    # Who stands first changes, for models prefer a place.
    first = {user.split("<translation_1>\n")[1].split("\n")[0] for user in users}
    firsts = [sum(text in first for of in side.values() for text in of) for side in (one, two)]
    assert all(firsts), firsts
    assert len(dataset(tmp_path / "run", "SFT_Fused_ranked")) == 12


def test_near_ties_alone_are_asked_by_default_and_the_others_rows_are_taken_as_they_are(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    build(write(""), tmp_path / "without")
    rows = dataset(tmp_path / "without", "SFT_One_ranked")
    apart = {row: abs(of["candidates"][0]["quality"] - 0.5) for row, of in rows.items()}
    margin = sorted(apart.values())[len(apart) // 2]
    with running() as server:
        build(write(server.url, ""), tmp_path / "run", settings=[f"ranking.margin={margin}"])
        count = asked(server)
    fused, alone = candidates(tmp_path / "run", "Fused"), left(tmp_path / "run")
    assert set(fused) == {row for row, by in apart.items() if by <= margin} and alone.keys() == apart.keys() - fused
    assert fused and alone and count == 2 * len(fused)
    assert {reason for reason, _ in alone.values()} == {"not_fused"}
    assert all("is the better one: quality 0." in detail for _, detail in alone.values())
    rows = dataset(tmp_path / "run", "SFT_Fused_ranked")
    assert len(rows) == 12 and all(rows[row]["translator"] in ("One", "Two") for row in alone)
    card = (tmp_path / "run/dataset/README.md").read_text()
    assert "shown the candidates of `One`, `Two` in near ties" in card and "<translation_1>\n{candidate}" in card
    assert f"| Left to the others, for `only` does not name them | {len(alone)} |" in card
    assert "conversations that it failed" not in card


def test_the_bytes_do_not_depend_on_tasks_workers_and_kills(write: Callable[..., Path], tmp_path: Path) -> None:
    with running("--fault", "empty=0.2", "--steady") as server:
        recipe = write(server.url, "")
        build(recipe, tmp_path / "whole")
        build(recipe, tmp_path / "shared", tasks=8, workers=2)
        server.control(latency=0.05)
        before = sum(server.stats()["answered"].values())
        command = ("build", recipe, "--workers", 1, "--output", tmp_path / "killed")
        process = start_command(*command, env=environment())
        kill_when(process, lambda: sum(server.stats()["answered"].values()) >= before + 5)
        paid = sum(server.stats()["answered"].values()) - before
        build(recipe, tmp_path / "killed")
        # What was answered before the kill, but for what was on its way, is not asked again.
        assert paid >= 5 and sum(server.stats()["answered"].values()) - before <= before // 2 + 64
    whole = tree(tmp_path / "whole/dataset")
    assert candidates(tmp_path / "whole", "Fused")
    assert tree(tmp_path / "shared/dataset") == whole and tree(tmp_path / "killed/dataset") == whole


def refuses(server: UselessServer) -> None:
    server.says = lambda text: REFUSAL_ARABIC


def copies(server: UselessServer) -> None:
    server.says = lambda text: text


def fences(server: UselessServer) -> None:
    server.says = lambda text: f"```\n{text}\n```"


@pytest.mark.parametrize("wrong", [refuses, copies, fences])
def test_a_useless_model_makes_no_config_worse(
    wrong: Callable[[UselessServer], None], write: Callable[..., Path], tmp_path: Path
) -> None:
    build(write(""), tmp_path / "without")
    with useless() as server:
        wrong(server)
        build(write(f"{server.url}/v1", ", only: all, give_up: false"), tmp_path / "with")
        assert server.asked
    assert not candidates(tmp_path / "with", "Fused")
    for config in ("SFT_One_ranked", "SFT_Two_ranked"):
        before, after = dataset(tmp_path / "without", config), dataset(tmp_path / "with", config)
        kept = ("messages", "translator", "quality", "rank_score")
        assert {row: [of[key] for key in kept] for row, of in before.items()} == {
            row: [of[key] for key in kept] for row, of in after.items()
        }
    # Its own config has the others' rows.
    assert set(dataset(tmp_path / "with", "SFT_Fused_ranked")) == set(before)


def test_rows_that_all_failed_are_fused_of_what_is_good_in_them(write: Callable[..., Path], tmp_path: Path) -> None:
    faults = ("--fault", "empty=0.8", "--steady")
    with running(*faults, "--seed", "1") as one, running(*faults, "--seed", "2") as two, running() as server:
        others = "\n" + "".join(
            f'  - {{name: {name}, backend: endpoint, model: stand-in, base_url: "{at.url}", give_up: false}}\n'
            for name, at in (("One", one), ("Two", two))
        )
        build(write(server.url, ", only: failed", others=others), tmp_path / "run")
        payloads = server.stats()["payloads"]
    whole = {row for name in ("One", "Two") for row in candidates(tmp_path / "run", name)}
    fused = candidates(tmp_path / "run", "Fused")
    assert fused and not whole & set(fused) and len(whole) + len(fused) == 12
    users = [payload["messages"][-1]["content"] for payload in payloads]
    assert len(users) == 2 * len(fused)
    # What nobody has is translated as `chat` asks for it; a candidate is what somebody's good chunk is.
    plain = [user for user in users if "<translation_1>" not in user]
    assert plain and len(plain) < len(users) and not [user for user in plain if user.startswith("<text>")]
    card = (tmp_path / "run/dataset/README.md").read_text()
    assert f"| `SFT_One_ranked` | fused where nobody else has it | {len(fused)} |" in card
    assert len(dataset(tmp_path / "run", "SFT_One_ranked")) == 12


def test_what_is_tried_again_and_comes_out_is_fused_anew(write: Callable[..., Path], tmp_path: Path) -> None:
    with running("--fault", "empty=0.8", "--steady", "--seed", "1") as one, running() as server:
        others = f'\n  - {{name: One, backend: endpoint, model: stand-in, base_url: "{one.url}", give_up: false}}\n'
        others += "  - {name: Two, backend: pseudo, variant: 1}\n"
        recipe = write(server.url, others=others)
        build(recipe, tmp_path / "run")
        before = asked(server)
        failed = 12 - len(candidates(tmp_path / "run", "One"))
        assert 0 < failed < 12
        one.control(faults={})
        build(recipe, tmp_path / "run", retry_failed=True)
        # One candidate more in each chunk that failed: asked anew; all else is answered.
        assert 0 < asked(server) - before <= 2 * failed
        build(recipe, tmp_path / "well")
    assert tree(tmp_path / "run/dataset/SFT_Fused_ranked") == tree(tmp_path / "well/dataset/SFT_Fused_ranked")


def test_a_build_without_fusion_is_as_before(write: Callable[..., Path], tmp_path: Path) -> None:
    others = '\n  - {name: One, backend: endpoint, model: m, base_url: "http://localhost:1/v1"}\n'
    recipe = load_recipe(str(write("", others=others)))
    written = recipe.translators[0].model_dump(mode="json")
    assert not {"of", "only"} & set(written)
    assert Run(tmp_path).answers(recipe.translators[0]).name == "One"


@pytest.mark.parametrize(
    ("more", "backend", "told"),
    [
        ("", "seq2seq", "of: what translates by this backend is asked by no prompt"),
        ("", "libretranslate", "of: what translates by this backend is asked by no prompt"),
        (", prompt: seed-x", "endpoint", "of: `seed-x` cannot be told others' translations"),
        (", prompt: chat", "endpoint", "of: `chat` cannot be told others' translations"),
        (", prompt: own, template: '{source}'", "endpoint", "template: has no {candidates}, so that `of` would tell"),
        (", of: []", "endpoint", "of: missing; the prompt `fuse` writes one translation out of others'"),
        (", of: [One]", "endpoint", "only: one candidate alone is near to none"),
        (", of: [One, One], only: all", "endpoint", "of: One is there twice"),
        (", of: [One, Three]", "endpoint", "translator 'Fused': of: there is no Three; the others are One, Two"),
        (", of: [One, Fused]", "endpoint", "translator 'Fused': of: names itself"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(
    more: str, backend: str, told: str, write: Callable[..., Path]
) -> None:
    path = write("http://localhost:1", more, backend)
    text = path.read_text()
    for key in ("of", "prompt"):
        # The last one given counts.
        if f", {key}: " in more:
            text = text.replace(", of: [One, Two]" if key == "of" else ", prompt: fuse", "", 1)
    path.write_text(text)
    with pytest.raises(RecipeError) as error:
        load_recipe(str(path))
    assert told in str(error.value) and "\n" not in str(error.value), str(error.value)


def test_translators_that_wait_for_each_other_are_refused(write: Callable[..., Path]) -> None:
    path = write("http://localhost:1")
    more = FUSED.format(url="http://localhost:1", more=", only: all", backend="endpoint")
    text = path.read_text().replace("of: [One, Two]", "of: [One, Again]")
    path.write_text(text + more.replace("name: Fused", "name: Again").replace("of: [One, Two]", "of: [Fused]"))
    with pytest.raises(RecipeError, match="translators Fused and Again wait for each other's candidates"):
        load_recipe(str(path))


def test_a_plan_prices_the_candidates_too_and_no_more_than_all_rows(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    priced = ", cost: {usd_per_million_input: 1, usd_per_million_output: 2}"
    chat = write("http://localhost:1")
    chat.write_text(chat.read_text().replace("prompt: fuse, of: [One, Two], only: all", "prompt: chat" + priced))
    plain = plan(chat)["translators"][2]
    found = plan(write("http://localhost:1", priced))["translators"][2]
    assert found["requests_to_send"] == plain["requests_to_send"] and found["usd"]["value"] > plain["usd"]["value"]
    # Two candidates of each chunk, each longer than its source.
    assert found["input_tokens"]["value"] > plain["input_tokens"]["value"] + 2 * plain["source_tokens"]["value"]
    assert any("near ties" in note for note in found["assumptions"])
    with running() as server:
        recipe = write(server.url, priced)
        build(recipe, tmp_path / "run", settings=["ranking.margin=0.02"], stop_after="translate", yes=True)
        assert plan(recipe, output=tmp_path / "run")["translators"][2]["requests_to_send"]["value"] == 0
