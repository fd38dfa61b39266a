"""A glossary: told where a prompt has a place for it, checked everywhere, and nothing where there is none."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build import run_build
from builders.recipes.load import load_recipe
from hub.card import write_card
from processors.errors import RecipeError
from tests.builders.estimates.test_command import plan
from tests.standins.standin_llm import running

TRANSLATOR = '  - {{name: {name}, backend: endpoint, model: stand-in, base_url: "{url}", prompt: {prompt}{more}}}\n'
SAME = "# ours\nmodel \t نموذج\n"
TOLD = "Translate these terms as follows"


@pytest.fixture
def write(row: Callable[..., Any], write_split: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Write rows, a glossary and a recipe of one translator for each prompt."""
    rows = [row(("user", f"Which model has {n} layers?"), ("assistant", f"Number {n} it is.")) for n in range(20, 30)]
    source = write_split("plain", rows)

    def recipe(url: str, *prompts: str, glossary: str | None = "terms.tsv", terms: str = "model\tنموذج\n") -> Path:
        (tmp_path / "terms.tsv").write_text(terms, encoding="utf-8")
        more = f", glossary: {glossary}" if glossary else ""
        translators = [
            TRANSLATOR.format(name=f"T{number}", url=url, prompt=prompt, more=more)
            for number, prompt in enumerate(prompts)
        ]
        path = tmp_path / "recipe.yaml"
        path.write_text(
            f"name: terms\nsource: {{path: {source}, keep: [plain]}}\ntranslators:\n{''.join(translators)}"
        )
        return path

    return recipe


def asked(payloads: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(payload, ensure_ascii=False) for payload in payloads]


def test_a_chat_model_is_told_seed_x_is_not_and_both_are_checked(write: Callable[..., Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    with running() as server:
        run_build(str(write(server.url, "chat", "seed-x")), output=run, finish=write_card)
        payloads = server.stats()["payloads"]
        told = [payload for payload in payloads if TOLD in json.dumps(payload)]
        assert len(told) == 10 and all("model = نموذج" in payload["messages"][0]["content"] for payload in told)
        assert all("Which model" in payload["messages"][1]["content"] for payload in told)
        assert sum("prompt" in payload for payload in payloads) == 20
        # The same terms in another file are the same; other terms are asked about anew, where they stand.
        run_build(
            str(write(server.url, "chat", "seed-x", terms="# x\nmodel \t نموذج\n")), output=run, finish=write_card
        )
        assert server.stats()["payloads"] == payloads
        run_build(str(write(server.url, "chat", "seed-x", terms="number\tرقم\n")), output=run, finish=write_card)
        anew = server.stats()["payloads"][len(payloads) :]
    assert sum(TOLD in payload for payload in asked(anew)) == 10
    for config in ("SFT_T0_ranked", "SFT_T1_ranked"):
        (file,) = (run / "dataset" / config).glob("*.parquet")
        assert [("terms" in row) for row in pq.read_table(file)["noted"].to_pylist()] == [True] * 10
    card = (run / "dataset/README.md").read_text()
    assert "terms of `terms.tsv` told and checked" in card and "terms of `terms.tsv` checked" in card
    assert TOLD in card and str(tmp_path / "terms.tsv") not in card


def test_without_a_glossary_nothing_is_told_and_nothing_changes(write: Callable[..., Path], tmp_path: Path) -> None:
    with running() as server:
        run_build(str(write(server.url, "chat", glossary=None)), output=tmp_path / "run", finish=write_card)
        assert not any(TOLD in payload for payload in asked(server.stats()["payloads"]))
    inputs = json.loads((tmp_path / "run/translate/T0/stage.json").read_text())["inputs"]
    assert "glossary" not in inputs and "glossary" not in inputs["translator"]
    assert "glossary" not in (tmp_path / "run/dataset/README.md").read_text()


def test_a_prompt_of_ones_own_has_its_place_for_them(write: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("{terms}\n<text>\n{source}\n</text>")
    with running() as server:
        run_build(
            str(write(server.url, "own.txt")), output=tmp_path / "run", stop_after="translate", finish=write_card
        )
        payloads = server.stats()["payloads"]
    contents = {payload["messages"][0]["content"] for payload in payloads}
    assert "- model = نموذج\n<text>\nWhich model has 20 layers?\n</text>" in contents
    assert "<text>\nNumber 20 it is.\n</text>" in contents


def test_a_plan_counts_what_is_told(write: Callable[..., Path], tmp_path: Path) -> None:
    url = "http://127.0.0.1:9"
    without, having = (plan(write(url, "chat", glossary=one))["translators"][0] for one in (None, "terms.tsv"))
    assert having["requests"] == without["requests"] and having["source_tokens"] == without["source_tokens"]
    more = having["input_tokens"]["value"] - without["input_tokens"]["value"]
    # 10 of the 20 texts have the term, each told in about forty tokens.
    assert 200 < more < 1000


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"terms": ""}, "translator 'T0': glossary "),
        ({"terms": "model: نموذج\n"}, "line 1: expected a term, a tab and its translation"),
        ({"glossary": "none.tsv"}, "cannot be read (No such file or directory)"),
    ],
)
def test_a_faulty_glossary_ends_a_build_before_it_begins(
    options: dict[str, str], told: str, write: Callable[..., Path]
) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe(str(write("http://localhost:1", "chat", **options)))
    assert told in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("prompt", "glossary", "told"),
    [
        ("{source}", "terms.tsv", "own.txt: has no {terms}, so that `glossary` would tell the model nothing"),
        ("{source} {terms}", None, "own.txt: {terms} would always be empty; give the translator `glossary`"),
    ],
)
def test_a_prompt_and_a_glossary_know_of_each_other(
    prompt: str, glossary: str | None, told: str, write: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "own.txt").write_text(prompt)
    with pytest.raises(RecipeError) as error:
        load_recipe(str(write("http://localhost:1", "own.txt", glossary=glossary)))
    assert told in str(error.value)


def test_a_glossary_of_one_translator_alone_is_refused(write: Callable[..., Path]) -> None:
    recipe = write("http://localhost:1", "chat", "seed-x")
    text = recipe.read_text()
    recipe.write_text(text.replace("seed-x, glossary: terms.tsv", "seed-x"))
    with pytest.raises(RecipeError, match="T0 has one and T1 has none"):
        load_recipe(str(recipe))
