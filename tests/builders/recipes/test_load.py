import json
from pathlib import Path

import pytest

from builders.recipes.load import dump_recipe, load_recipe
from builders.recipes.recipe import shipped_recipes
from builders.recipes.translators import EndpointTranslator, VllmTranslator
from processors.errors import RecipeError

MINIMAL = "name: x\nsource: {path: here}\ntranslators:\n  - {name: a, backend: pseudo}\n"


def load(tmp_path: Path, text: str, *settings: str):
    path = tmp_path / "r.yaml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(str(path), settings)


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_shipped_recipes_load_by_bare_name_and_survive_being_written_out(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    again = load(tmp_path, dump_recipe(recipe))
    assert again == recipe


def test_the_papers_recipe_is_whole() -> None:
    recipe = load_recipe("smolkalam")
    assert len(recipe.source.keep) == 23
    assert not [split for split in recipe.source.keep if "multilingual" in split]
    assert {cut.into: cut.rows for cut in recipe.selection.cuts} == {
        "OpenThoughts3_50K": 50_000,
        "OpenThoughts3_NoThink_180K": 180_000,
    }
    assert all(cut.strata == {"code": 1, "science": 1, "math": 2} for cut in recipe.selection.cuts)
    seed_x, gemma = recipe.translators
    assert isinstance(seed_x, VllmTranslator) and seed_x.prompt == "seed-x"
    assert isinstance(gemma, EndpointTranslator) and gemma.model == "google/gemma-3-27b-it"
    assert [recipe.config_name(t.name) for t in recipe.translators] == ["SFT_SeedX_ranked", "SFT_Gemma3_ranked"]
    assert load_recipe("pseudo").source.keep == recipe.source.keep


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (MINIMAL.replace("name: x", "nam: x"), "r.yaml:1: nam: unknown key; did you mean 'name'?"),
        (
            MINIMAL.replace("pseudo", "psuedo"),
            "r.yaml:4: translators[0].backend: unknown backend 'psuedo'; did you mean",
        ),
        (
            MINIMAL.replace(", backend: pseudo", ""),
            "r.yaml:4: translators[0].backend: missing; expected one of batch, endpoint",
        ),
        (MINIMAL + "ranking:\n  replace: beter\n", "r.yaml:6: ranking.replace: input should be 'never', 'vetoed'"),
        (
            MINIMAL + "language: {code: ar, name: Arabic, script: Arabic}\n",
            "r.yaml:5: language.script: expected its ISO 15924 code, such as Arab, Ethi (found 'Arabic')",
        ),
        (MINIMAL + "ranking:\n  margn: 1\n", "r.yaml:6: ranking.margn: unknown key; did you mean 'margin'?"),
        (MINIMAL + "seed: abc\n", "r.yaml:5: seed: input should be a valid integer (found 'abc')"),
        (MINIMAL + "name: y\n", "r.yaml:5: not valid YAML: key 'name' is given twice"),
        (MINIMAL + "  - {name: a, backend: pseudo}\n", "two translators are named 'a'"),
        (
            MINIMAL + "  - {name: A, backend: pseudo}\n",
            "translators 'a' and 'A' differ in case only",
        ),
        (
            MINIMAL.replace("{name: a,", "{name: a/b,"),
            "r.yaml:4: translators[0].name: expected letters",
        ),
        (
            MINIMAL.replace("{name: a,", "{name: gemma-3,"),
            "such as gemma_3, for it names a folder",
        ),
        (MINIMAL.replace("{name: a,", '{name: "a\\n",'), "r.yaml:4: translators[0].name: expected letters"),
        (MINIMAL.replace("{name: a,", "{name: ..,"), "r.yaml:4: translators[0].name: expected letters"),
        (
            MINIMAL.replace("{path: here}", "here"),
            "r.yaml:2: source: expected a mapping of keys to values",
        ),
        (
            MINIMAL + "outputs: {license: Apache 2.0}\n",
            "r.yaml:5: outputs.license: expected a licence by its name in "
            "huggingface.co/docs/hub/repositories-licenses; did you mean apache-2.0? (found 'Apache 2.0')",
        ),
        (
            MINIMAL + "outputs: {license: 'free for all, but ask us first'}\n",
            "such as cc-by-4.0, or other for any that has none (found 'free for all, but ask us first')",
        ),
        (MINIMAL + "executor: queue\n", "r.yaml:5: executor: expected a mapping of keys to values (found 'queue')"),
        (MINIMAL + "language: {code: ur}\n", "r.yaml:5: language: name and script of 'ur' missing"),
        (MINIMAL + "language: {code: ur, name: Urdu}\n", "r.yaml:5: language: script of 'ur' missing"),
        (MINIMAL.replace("pseudo", "memory"), "the memory backend needs `memory: [file.tmx]`"),
        (MINIMAL.replace("pseudo", "memory, memory: [no.tmx]"), "no.tmx does not exist"),
        (
            MINIMAL.replace("pseudo}", "pseudo, chunking: {max_tokens: 60, window: 50}}"),
            "window (50) must be less than half of max_tokens (60)",
        ),
        (
            MINIMAL.replace("pseudo}", "endpoint, model: m, base_url: 'http://u:key@host/v1'}"),
            "translators[0].base_url: expected an address such as",
        ),
        (
            MINIMAL.replace("pseudo}", "endpoint, model: m, base_url: 'http://host:80000/v1'}"),
            "r.yaml:4: translators[0].base_url: expected an address such as",
        ),
        (
            MINIMAL.replace("pseudo}", "endpoint, model: m, base_url: http://h, timeout_s: .inf}"),
            "translators[0].timeout_s: input should be a finite number (found inf)",
        ),
        ("", "a recipe is a mapping"),
        ("- a\n", "a recipe is a mapping"),
        ("a: [1\n", "not valid YAML"),
        (MINIMAL + "? [a, b]\n: c\n", "r.yaml:5: not valid YAML: a key is a list or mapping"),
        (MINIMAL + "seed: {? {a: b} : c}\n", "r.yaml:5: not valid YAML: a key is a list or mapping"),
        (MINIMAL + "a: \0\n", "not valid YAML: unacceptable character #x0000"),
    ],
)
def test_each_mistake_is_one_line_with_its_place(text: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        load(tmp_path, text)
    assert line in str(caught.value)
    assert all("r.yaml" in one or "no.tmx" in one for one in str(caught.value).splitlines())


@pytest.mark.parametrize("raw", [f"{MINIMAL}# für\n".encode("latin-1"), f"{MINIMAL}".encode() + b"\xff\xfe"])
def test_a_recipe_in_another_encoding_is_told_with_its_line(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_bytes(raw)
    with pytest.raises(RecipeError, match=r"r\.yaml:5: not UTF-8 \(byte 0xf[cf]\); save it as UTF-8$"):
        load_recipe(str(tmp_path / "r.yaml"))


def test_a_dialect_is_described_by_the_languages_defaults(tmp_path: Path) -> None:
    language = load(tmp_path, MINIMAL + "language: {code: ar-EG}\n").language
    assert (language.name, language.script, language.tag) == ("Arabic", "Arab", "<ar-EG>")


def test_two_mistakes_are_two_lines(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        load(tmp_path, MINIMAL + "sed: 1\nrankin: {}\n")
    assert len(str(caught.value).splitlines()) == 2


def test_settings_override_by_key_and_by_translators_name(tmp_path: Path) -> None:
    recipe = load(
        tmp_path,
        MINIMAL,
        "seed=7",
        "ranking.margin=0.2",
        "translators.a.chunking.max_tokens=200",
        "source.keep=[b, c]",
    )
    assert recipe.seed == 7
    assert recipe.ranking.margin == 0.2
    assert recipe.translators[0].chunking.max_tokens == 200
    assert recipe.source.keep == ["b", "c"]


@pytest.mark.parametrize(
    "setting", ["seed", "=1", "translators.zzz.name=b", "name.a=1", "source.keep=[a", "seed={[a]: b}"]
)
def test_a_wrong_setting_names_itself(setting: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="--set"):
        load(tmp_path, MINIMAL, setting)


def test_an_unknown_recipe_suggests_the_nearest() -> None:
    with pytest.raises(RecipeError, match="did you mean 'demo'"):
        load_recipe("demmo")


def test_paths_are_relative_to_the_recipe(tmp_path: Path) -> None:
    assert load(tmp_path, MINIMAL).source.path == str(tmp_path / "here")
    assert load_recipe("smolkalam").source.path == "hf://datasets/HuggingFaceTB/smoltalk2"


def test_files_are_found_from_other_folders_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker reads the recipe as resolved, in whatever folder it was started."""
    (tmp_path / "model").mkdir()
    for file in ("model/tokenizer.json", "model/config.json", "python3", "count.json"):
        (tmp_path / file).write_text("{}")
    (tmp_path / "venv").symlink_to(tmp_path)
    text = (
        "name: x\nsource: {path: here}\noutputs: {tokenizer: count.json}\ntranslators:\n  - {name: a, backend: vllm, "
        "model: model, server: {python: venv/python3}, chunking: {tokenizer: model}}\n"
        "  - {name: b, backend: vllm, model: org/model, server: {python: python3}, chunking: {tokenizer: org/model}}\n"
    )
    recipe = load(tmp_path, text)
    monkeypatch.chdir("/")
    (tmp_path / "run").mkdir()
    assert load(tmp_path / "run", dump_recipe(recipe)) == recipe
    here, hub = recipe.translators
    assert isinstance(here, VllmTranslator) and here.server and isinstance(hub, VllmTranslator) and hub.server
    assert here.server.python == str(tmp_path / "venv" / "python3") and hub.server.python == "python3"
    assert here.model == here.chunking.tokenizer == str(tmp_path / "model")
    assert recipe.outputs.tokenizer == str(tmp_path / "count.json")
    assert hub.model == hub.chunking.tokenizer == "org/model"


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("{kind: cloud}", "r.yaml:5: executor.kind: unknown kind 'cloud'; expected one of local, queue, ray, slurm"),
        ("{lease_s: 5}", "executor.kind: missing; expected one of local, queue, ray, slurm"),
        ("{kind: queue, lease: 5}", "executor.lease: unknown key; did you mean 'lease_s'?"),
        ("{kind: slurm, task: 2}", "executor.task: unknown key; did you mean 'tasks'?"),
        ("{kind: slurm, tasks: no}", "executor.tasks: input should be a valid integer"),
        (
            "{kind: slurm, translators: {a: {gpus: 1}}}",
            "executor.translators.a.gpus: unknown key; expected one of partition, time",
        ),
    ],
)
def test_a_wrong_executor_is_one_line(block: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as error:
        load(tmp_path, f"{MINIMAL}executor: {block}\n")
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_chunk_that_translategemma_cannot_hold_is_one_line(tmp_path: Path) -> None:
    fields = "backend: endpoint, model: m, base_url: http://h/v1, prompt: translategemma, chunking: {max_tokens: 2000}"
    with pytest.raises(RecipeError, match="TranslateGemma takes 2,048 tokens with its own prompt; give at most 1800"):
        load(tmp_path, f"name: x\nsource: {{path: here}}\ntranslators:\n  - {{name: a, {fields}}}\n")


@pytest.mark.parametrize(
    "fields",
    [
        "base_url: https://host/v1, api_key_env: sk-or-v1-abcSECRET",
        "base_url: https://host/v1, api_key_env: hf_abcSECRET",
        "base_url: 'https://user:SECRET@host/v1'",
        "base_url: 'https://host/v1?key=SECRET'",
        "base_url: https://host/v1, api_key: SECRET",
    ],
)
def test_a_key_in_a_recipe_is_refused_and_not_repeated(fields: str, tmp_path: Path) -> None:
    text = f"name: x\nsource: {{path: here}}\ntranslators:\n  - {{name: a, backend: endpoint, model: m, {fields}}}\n"
    reward = f"ranking: {{reward: {{model: m, {fields}}}}}\n"
    for recipe in (text, MINIMAL + reward):
        with pytest.raises(RecipeError) as error:
            load(tmp_path, recipe)
        assert "SECRET" not in str(error.value) and "\n" not in str(error.value)
        assert "base_url" in str(error.value) or "api_key_env" in str(error.value)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("seed=x", "--set seed=x: seed: input should be a valid integer"),
        ("sed=1", "--set sed=1: sed: unknown key; did you mean 'seed'?"),
        ("translators.reference.chunking.lines=0", "translators.reference.chunking.lines=0: translators[0].chunking"),
    ],
)
def test_a_mistake_of_a_setting_is_blamed_on_the_setting(setting: str, told: str) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe("demo", [setting])
    assert told in str(error.value) and "demo.yaml" not in str(error.value)


def test_a_setting_that_may_hold_a_key_is_not_repeated() -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe("openrouter", ["translators.Gemma3.api_key_env=sk-secret"])
    assert str(error.value).startswith("--set translators.Gemma3.api_key_env: ") and "sk-" not in str(error.value)


def test_a_day_is_a_text_even_one_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "days.yaml"
    path.write_text(
        "name: days\nsource: {path: hf://datasets/user/chats, title: 2025-02-30}\n"
        "translators: [{name: One, backend: pseudo}]\n"
    )
    assert load_recipe(str(path)).source.title == "2025-02-30"
    recipe = load_recipe(str(path), ["source.title=2025-02-03"])
    assert recipe.source.title == "2025-02-03"
    assert "'2025-02-03'" in dump_recipe(recipe)


@pytest.mark.parametrize("value", ["0x_", "[" * 5000])
def test_what_yaml_itself_trips_over_is_one_line(value: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(f"name: {value}\n")
    with pytest.raises(RecipeError, match=r"odd\.yaml: not valid YAML: ") as error:
        load_recipe(str(path))
    assert "\n" not in str(error.value)
    with pytest.raises(RecipeError, match="the value is not valid YAML; quote it"):
        load_recipe("demo", [f"name={value}"])


@pytest.mark.parametrize("config", ["SFT", "ARC-Challenge", "Arabic Language (General)", "2024.06", "عربي"])
def test_a_config_is_named_as_its_source_names_it(config: str, tmp_path: Path) -> None:
    recipe = load(tmp_path, MINIMAL.replace("{path: here", f"{{config: {json.dumps(config)}, path: here"))
    assert recipe.config_name("a") == f"{config}_a_ranked"


@pytest.mark.parametrize("config", ["..", "a/b", "a\\b", "", " a", "a.", "a:b", "a*", "a\nb", "a\0"])
def test_a_config_that_no_folder_is_named_is_one_line(config: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"r\.yaml:2: source\.config: expected a name without any of"):
        load(tmp_path, MINIMAL.replace("{path: here", f"{{config: {json.dumps(config)}, path: here"))


def test_a_path_set_for_a_shipped_recipe_is_of_the_folder_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text("id,better,worse\nx/0,draft,reference\n")
    assert load_recipe("demo", ["ranking.verdicts=mine.csv"]).ranking.verdicts == str(tmp_path / "mine.csv")
    with pytest.raises(RecipeError, match=f"{tmp_path}/none.tmx"):
        load_recipe("demo", ["ranking.calibration={by: references, path: none.tmx}"])
