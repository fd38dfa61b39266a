"""Whose word counts on licences: the recipe's, then what is known by name, and what is not known stays so."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from builders.licences import (
    dataset_licence,
    dataset_title,
    output_terms,
    provenance_of,
    source_terms,
    split_part,
    training_warnings,
)
from builders.licences import known as known_file
from builders.recipes.base import Terms
from builders.recipes.load import load_recipe
from builders.recipes.recipe import Recipe, shipped_recipes
from builders.recipes.translators import Translator
from hub.rules.card import check_card

NOTHING = {"name": "one", "backend": "pseudo"}


def asked(model: str, address: str = "http://localhost:8000/v1", **more: Any) -> Translator:
    spec = {"name": "a", "backend": "endpoint", "model": model, "base_url": address} | more
    return TypeAdapter(Translator).validate_python(spec)


def recipe(path: str = "/data/mine", *translators: dict[str, Any], **more: Any) -> Recipe:
    source = {"path": path} | more.pop("source", {})
    return Recipe.model_validate({"name": "t", "source": source, "translators": list(translators) or [NOTHING]} | more)


@pytest.mark.parametrize(
    ("model", "licence", "training"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "llama3.1", "conditions"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama3.3", "conditions"),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "llama3", "forbidden"),
        ("meta-llama/Llama-2-7b-chat-hf", "llama2", "forbidden"),
        ("google/gemma-3-27b-it", "gemma", "conditions"),
        ("/models/gemma-3-4b-it-Q4.gguf", "gemma", "conditions"),
        ("ByteDance-Seed/Seed-X-PPO-7B", "openmdw-1.0", None),
        ("facebook/nllb-200-distilled-600M", "cc-by-nc-4.0", "conditions"),
        ("openai/gpt-4o", "other", "forbidden"),
        ("openai/gpt-oss-120b", "apache-2.0", None),
    ],
)
def test_what_is_known_of_models_by_their_names(model: str, licence: str, training: str | None) -> None:
    terms = output_terms(asked(model))
    assert terms and (terms.license, terms.training) == (licence, training)


def test_of_a_model_and_its_service_the_stricter_counts() -> None:
    terms = output_terms(asked("google/gemma-3-27b-it", "https://api.openai.com/v1"))
    assert terms and terms.training == "forbidden" and terms.note
    assert "OpenAI" in terms.note and "Model Derivative" in terms.note


def test_nothing_is_made_up_of_what_is_not_known() -> None:
    assert output_terms(asked("somebody/some-model")) is None
    mine = recipe()
    assert source_terms(mine.source) is None and dataset_licence(mine) is None
    assert dataset_title(mine) == "mine in Arabic"
    assert list(training_warnings(mine)) == []


def test_the_recipe_s_word_comes_first() -> None:
    own = {"license": "other", "training": "allowed", "note": "A contract."}
    spec = asked("openai/gpt-4o", terms=own)
    assert output_terms(spec) == Terms(**own)
    made = recipe("HuggingFaceTB/smoltalk2", source={"title": "Mine", "terms": {"license": "mit"}})
    assert dataset_title(made) == "Mine in Arabic" and dataset_licence(made) == "mit"
    assert dataset_licence(made.model_copy(update={"outputs": made.outputs.model_copy(update={"license": "cc0-1.0"})}))


def test_a_split_comes_from_the_first_part_that_fits() -> None:
    part = {"splits": ["aya*"], "title": "my own", "terms": {"license": "mit"}}
    source = recipe("hf://datasets/HuggingFaceTB/smoltalk2", source={"parts": [part]}).source
    assert split_part(source, "aya_dataset_Qwen3_32B_think").title == "my own"
    think = split_part(source, "OpenThoughts3_1.2M_think")
    assert think.title == "open-thoughts/OpenThoughts3-1.2M" and think.terms and think.terms.license == "apache-2.0"
    rest = split_part(source, "LongAlign_64k")
    assert rest.title == "SmolTalk2" and rest.terms and rest.terms.license == "other"
    assert split_part(recipe().source, "alpha").terms is None


def test_terms_that_forbid_training_are_warned_of_by_name() -> None:
    service = {"name": "gpt", "backend": "endpoint", "model": "gpt-4o", "base_url": "https://api.openai.com/v1"}
    made = recipe("/data/mine", NOTHING, service, source={"terms": {"training": "forbidden", "note": "Not for that."}})
    of_source, of_translator = training_warnings(made)
    assert of_source.startswith("source: its terms forbid") and "Not for that" in of_source
    assert of_translator.startswith("translator 'gpt': its terms forbid") and "OpenAI" in of_translator
    assert all("\n" not in line and "`terms`" in line for line in (of_source, of_translator))


def test_provenance_traces_a_row_by_its_id_and_its_translator() -> None:
    gemma = asked("google/gemma-3-4b-it").model_dump(mode="json") | {"name": "g"}
    made = recipe("/data/smoltalk2", NOTHING, gemma)
    public = {"source": {"path": "smoltalk2"}, "translators": [{"name": "one"}, {"name": "g", "model": "gemma"}]}
    found = json.loads(json.dumps(provenance_of(made, ["OpenThoughts3_1.2M_think", "s1k", "s1k"], public)))
    assert found["source"]["path"] == "smoltalk2" and found["license"] == "other"
    assert [(name, of["license"]) for name, of in found["splits"].items()] == [
        ("OpenThoughts3_1.2M_think", "apache-2.0"),
        ("s1k", "other"),
    ]
    assert found["translators"]["g"]["training"] == "conditions" and found["translators"]["g"]["model"] == "gemma"
    assert found["translators"]["one"] == {
        "backend": "pseudo", "model": None, "meaningless": True,
        "license": None, "link": None, "training": None, "note": None,
    }  # fmt: skip


def test_each_known_entry_says_what_it_rests_on_and_names_a_licence_of_the_hub(tmp_path: Path) -> None:
    known = json.loads(Path(known_file.__file__).with_name("known.json").read_text("utf-8"))
    entries = [entry for kind in known.values() for entry in kind]
    entries += [part for source in known["sources"] for part in source.get("parts", ())]
    for entry in entries:
        assert len(entry["rests_on"]) > 5, entry
        (tmp_path / "README.md").write_text(f"---\nlicense: {entry['license']}\nlanguage: ar\n---\n")
        assert not [one for one in check_card(tmp_path / "README.md")[1] if one.rule == "licence"], entry
        Terms(**{name: entry[name] for name in Terms.model_fields if name in entry})


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_what_forbids_training_in_a_shipped_recipe_is_warned_of(name: str) -> None:
    # The paper's study compares translations of one dataset; GPT-4.1's are among them.
    expected = {"translators_s1k": ["GPT41"]}.get(name, [])
    warned = list(training_warnings(load_recipe(name)))
    assert len(warned) == len(expected)
    assert all(f"translator '{who}'" in line for who, line in zip(expected, warned, strict=True))
