import asyncio
import html
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from datasets import DatasetInfo, Features, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard, DatasetCardData

from builders.engines import engine_of
from builders.recipes.load import load_recipe
from builders.recipes.recipe import Recipe
from builders.recipes.translator_base import Cost
from builders.run_folder import schemas
from builders.run_folder.units import Totals
from hub.card.examples import rendered
from hub.card.merging.kept_sections import generated
from hub.card.translators import _bill, prompt_text, tokens_asked
from hub.card.write import body, front_matter, write_card
from processors.answers.store import AnswerStore
from processors.clients.answer import Answer
from tests.conftest import Demo

STATISTICS = {"rows": 8, "LR_sum": 6 << 64, "SCR_sum": 7 << 64, "turns_sum": 16 << 64, "tokens_sum": 800 << 64}


def split(config: str, name: str, rows: int = 8) -> dict[str, Any]:
    statistics = {key: value if rows else 0 for key, value in STATISTICS.items()}
    files = [{"file": f"{config}/{name}-00000-of-00001.parquet", "bytes": 500}] if rows else []
    return {
        "config": config,
        "split": name,
        "rows": rows,
        "bytes": 100 * rows,
        "files": files,
        "statistics": None if config == "parallel" else statistics,
    }


def recipe(*names: str, backend: str = "pseudo", **outputs: Any) -> Recipe:
    translators = [{"name": name, "backend": backend} for name in names]
    return Recipe.model_validate(
        {"name": "test", "source": {"path": "/nowhere"}, "translators": translators, "outputs": outputs}
    )


def build(of: Recipe, splits: list[dict[str, Any]], folder: Path = Path("/nowhere"), **changes: Any) -> Any:
    """What a finished build tells its card."""
    totals = {
        "select": Totals(20, 17, Counter(han_characters=3), Counter()),
        "rank": Totals(17, 16, Counter(), Counter()),
    }
    totals |= {f"translate/{t.name}": Totals(17, 17, Counter(), Counter()) for t in of.translators}
    totals["rank"].dropped["no_candidate"] = 1
    answers = lambda spec: folder / "answers" / spec.answers_in()  # noqa: E731
    run = SimpleNamespace(dataset=folder, stage=folder.joinpath, answers=answers)
    said: list[str] = []
    observer = SimpleNamespace(say=said.append, warn=said.append)
    made = {
        "recipe": of,
        "splits": splits,
        "totals": totals,
        "notes": [],
        "run": run,
        "selected": [],
        "duplicates": {},
    }
    return SimpleNamespace(**made, observer=observer, said=said, **changes)


def text(made: Any) -> str:
    return generated("", body(made, []))


def card(of: Recipe, splits: list[dict[str, Any]]) -> DatasetCard:
    made = build(of, splits)
    return DatasetCard(generated(front_matter(of, splits), body(made, [])), ignore_metadata_errors=False)


SPLITS = [split(c, s) for c in ("SFT_one_ranked", "SFT_two_ranked", "parallel") for s in ("alpha_think", "a.b_1.2M")]


def test_the_front_matter_is_what_the_hub_and_datasets_read() -> None:
    data = card(recipe("one", "two"), SPLITS).data
    assert data.language == ["ar", "en"] and "license:" not in front_matter(recipe("one", "two"), SPLITS)
    assert data.pretty_name == "nowhere in Arabic"
    assert data.size_categories == ["n<1K"]
    configs = MetadataConfigs.from_dataset_card_data(data)
    assert list(configs) == ["SFT_one_ranked", "SFT_two_ranked", "parallel"]
    assert configs.get_default_config_name() == "SFT_one_ranked"
    assert configs["parallel"]["data_files"] == [
        {"split": "alpha_think", "path": "parallel/alpha_think-*"},
        {"split": "a.b_1.2M", "path": "parallel/a.b_1.2M-*"},
    ]
    infos = DatasetInfosDict.from_dataset_card_data(data)
    assert list(infos) == list(configs)
    for name, info in infos.items():
        assert info.features.arrow_schema.equals(schemas.parallel() if name == "parallel" else schemas.ranked())
        assert {s: (i.num_examples, i.num_bytes) for s, i in info.splits.items()} == {
            "alpha_think": (8, 800),
            "a.b_1.2M": (8, 800),
        }
        assert (info.download_size, info.dataset_size) == (1000, 1600)


@pytest.mark.parametrize("names", [("SFT_two_ranked", "SFT_one_ranked", "parallel"), ("SFT_one_ranked",)])
@pytest.mark.parametrize("combined", [False, True])
def test_the_front_matter_is_what_datasets_itself_would_write(names: tuple[str, ...], combined: bool) -> None:
    splits = [one for one in SPLITS if one["config"] in names]
    front = front_matter(recipe("one", "two"), splits, combined)
    written = DatasetCardData(**yaml.safe_load(front))
    ours = yaml.safe_load(front)
    for key in ("dataset_info", "configs"):
        written.__dict__.pop(key)
    infos, configs = DatasetInfosDict(), MetadataConfigs()
    for name in names:
        parts = [one for one in splits if one["config"] == name]
        schema = schemas.parallel(combined) if name == "parallel" else schemas.ranked(combined)
        infos[name] = DatasetInfo(
            features=Features.from_arrow_schema(schema),
            splits=SplitDict({s["split"]: SplitInfo(s["split"], s["bytes"], s["rows"]) for s in parts}),
            download_size=sum(item["bytes"] for s in parts for item in s["files"]),
            dataset_size=sum(s["bytes"] for s in parts),
        )
        configs[name] = next(dict(c) for c in ours["configs"] if c["config_name"] == name)
    infos.to_dataset_card_data(written)
    configs.to_dataset_card_data(written)
    assert written.to_yaml() == front


def test_splits_and_configs_without_rows_are_left_out_and_the_first_with_rows_is_the_default() -> None:
    splits = [
        split("SFT_one_ranked", "alpha", 0),
        split("SFT_two_ranked", "alpha", 0),
        split("SFT_two_ranked", "beta"),
        split("parallel", "beta"),
    ]
    made = card(recipe("one", "two"), splits)
    configs = MetadataConfigs.from_dataset_card_data(made.data)
    assert list(configs) == ["SFT_two_ranked", "parallel"] and configs.get_default_config_name() == "SFT_two_ranked"
    assert [f["split"] for f in configs["SFT_two_ranked"]["data_files"]] == ["beta"]
    assert "`alpha`" not in made.text and "### `SFT_one_ranked`" not in made.text
    assert 'REPO = "user/SmolKalam"\nCONFIG = "SFT_two_ranked"\nSPLIT = "beta"\n' in made.text


def test_a_card_of_one_config_and_of_none() -> None:
    only = card(recipe("one", parallel=False), [split("SFT_one_ranked", "alpha")])
    assert MetadataConfigs.from_dataset_card_data(only.data).get_default_config_name() == "SFT_one_ranked"
    assert list(DatasetInfosDict.from_dataset_card_data(only.data)) == ["SFT_one_ranked"]
    assert only.data.language == ["ar"] and "`parallel`" not in only.text
    nothing = card(recipe("one"), [split("SFT_one_ranked", "alpha", 0)])
    assert "load_dataset" not in nothing.text


def test_a_card_of_pseudo_localised_text_says_so_in_its_first_line() -> None:
    text = card(recipe("one", "two"), SPLITS).text
    assert "load_dataset" in text and "trl sft" not in text
    first = text.strip().splitlines()[0]
    assert first.startswith("**Not a translation: the text of `one` and `two` is pseudo-localised")
    assert "Do not train on it" in first


def test_a_card_of_translations_begins_with_its_name() -> None:
    memory = {"name": "one", "backend": "memory", "memory": ["a.tmx"]}
    of = Recipe.model_validate({"name": "test", "source": {"path": "/nowhere"}, "translators": [memory]})
    text = card(of, SPLITS).text
    assert "trl sft" in text
    assert text.strip().splitlines()[0] == "# nowhere in Arabic"


def test_the_demo_s_card_says_first_that_its_drafts_were_made_to_fail(demo: Demo) -> None:
    text = DatasetCard.load(demo.run / "dataset" / "README.md").text
    first, _, name = text.strip().splitlines()[:3]
    assert first.startswith("**A demonstration.") and "made to fail" in first
    assert name == "# SmolKalam demo" and "trl sft" in text


@pytest.mark.parametrize(
    ("rows", "category"), [(999, "n<1K"), (1000, "1K<n<10K"), (1_777_275, "1M<n<10M"), (10**7, "10M<n<100M")]
)
def test_the_size_is_that_of_the_largest_config(rows: int, category: str) -> None:
    splits = [split("SFT_one_ranked", "alpha", rows), split("parallel", "alpha", 5)]
    assert yaml.safe_load(front_matter(recipe("one"), splits))["size_categories"] == [category]


@pytest.mark.parametrize("name", ["A: B", "- ---", "'quoted' \"twice\"", "سمول كلام", "# no", "{a: [b"])
def test_any_name_is_a_value_of_the_front_matter(name: str) -> None:
    assert card(recipe("one", pretty_name=name), SPLITS).data.pretty_name == name


def tables(text: str) -> list[list[str]]:
    """Each table's lines."""
    blocks = [block.splitlines() for block in text.split("\n\n")]
    return [block for block in blocks if block[0].startswith("|")]


def width(line: str) -> int:
    return line.replace("\\|", "").count("|")


def test_every_table_is_one_whatever_a_reason_holds() -> None:
    of = recipe("one")
    made = build(of, [split("SFT_one_ranked", "alpha")])
    made.totals["translate/one"].dropped.update({"a|b\nc": 2, "request_failed": 1})
    made.totals["rank"].extra.update({"one/veto_numbers": 3, "SFT_one_ranked/primary": 4})
    found = tables(text(made))
    assert len(found) >= 5
    for lines in found:
        assert {width(line) for line in lines} == {width(lines[0])}, lines
        assert set(lines[1]) <= set("|-:")
    assert "| a\\|b c | 2 |" in text(made) and "| numbers | 3 |" in text(made)


def test_what_was_left_out_adds_up(demo: Demo) -> None:
    text = (demo.run / "dataset" / "README.md").read_text()
    left_out = text.split("Not taken, by reason:", 1)[1].split("\n\n")[1].splitlines()[2:]
    assert sum(int(line.split("|")[2]) for line in left_out) == 102 - 94
    assert "Read 102 rows; 94 were taken to be translated." in text


def test_the_card_names_models_prompts_and_decoding_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-secret")
    of = load_recipe("smolkalam")
    splits = [split(of.config_name(t.name), "alpha") for t in of.translators]
    made = card(of, splits)
    assert made.data.source_datasets == ["HuggingFaceTB/smoltalk2"]
    for said in ("ByteDance-Seed/Seed-X-PPO-7B", "google/gemma-3-27b-it", "prompt `seed-x`", "chunks of 25 lines"):
        assert said in made.text
    assert '"temperature": 0.7' in made.text and "LR below 0.2" in made.text
    assert "sk-secret" not in made.content and "OPENROUTER" not in made.content
    assert "Not a translation" not in made.text


def test_statistics_are_written_beside_and_stale_ones_removed(tmp_path: Path) -> None:
    (tmp_path / "statistics").mkdir()
    (tmp_path / "statistics" / "SFT_old_ranked.json").write_text("{}")
    write_card(build(recipe("one", "two"), SPLITS, tmp_path))
    assert sorted(p.name for p in (tmp_path / "statistics").iterdir()) == [
        "SFT_one_ranked.json",
        "SFT_two_ranked.json",
    ]
    written = json.loads((tmp_path / "statistics" / "SFT_one_ranked.json").read_text())
    assert written["splits"]["alpha_think"]["LR"] == 0.75 and written["summary"]["rows"] == 16
    before = (tmp_path / "README.md").read_bytes()
    write_card(build(recipe("one", "two"), SPLITS, tmp_path))
    assert (tmp_path / "README.md").read_bytes() == before


def test_what_a_killed_build_left_is_not_in_the_folder_that_is_published(tmp_path: Path) -> None:
    for name in ("SFT_gone_ranked/.alpha-00000.tmp", ".README.md.77.tmp", "SFT_one_ranked/alpha_think.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    write_card(build(recipe("one", "two"), SPLITS, tmp_path))
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert [name for name in files if not name.startswith("plots")] == [
        "README.md", "SFT_one_ranked", "SFT_one_ranked/alpha_think.parquet", "provenance.json",
        "statistics", "statistics/SFT_one_ranked.json", "statistics/SFT_two_ranked.json",
    ]  # fmt: skip


def test_the_card_s_counts_are_those_of_the_files(demo: Demo) -> None:
    import pyarrow.parquet as pq

    infos = DatasetInfosDict.from_dataset_card_data(DatasetCard.load(demo.run / "dataset" / "README.md").data)
    for config, info in infos.items():
        files = list((demo.run / "dataset" / config).iterdir())
        assert info.download_size == sum(path.stat().st_size for path in files)
        for name, found in info.splits.items():
            rows = sum(pq.ParquetFile(path).metadata.num_rows for path in files if path.name.startswith(f"{name}-"))
            assert rows == found.num_examples > 0


CLEAN = re.compile(r"```python\n(.*?)```", re.S)


def test_the_snippets_run_on_the_folder(demo: Demo, tmp_path: Path) -> None:
    pytest.importorskip("polars")
    pytest.importorskip("duckdb")
    dataset = demo.run / "dataset"
    # One asks for a model's tokenizer: `test_noted.py` gives it one.
    snippets = [one for one in CLEAN.findall((dataset / "README.md").read_text()) if "AutoTokenizer" not in one]
    assert len(snippets) == 5
    code = "\n".join(snippets).replace("hf://datasets/", "")
    code = code.replace('"user/SmolKalam-demo"', repr(str(dataset)))
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "rank_score" in done.stdout and "reference" in done.stdout


def test_every_kind_of_row_is_shown_in_both_languages(demo: Demo) -> None:
    card = (demo.run / "dataset" / "README.md").read_text()
    shown = card.split("## Examples", 1)[1].split("\n## ", 1)[0].strip()
    first = card.index("<details open>")
    assert first < card.index("\n## "), "the first stands before any heading"
    blocks = [card[first:].split("\n\n", 1)[0], *shown.split("\n\n")]
    for block, kind in zip(
        blocks, ("Plain", "Several turns", "With thinking", "Tool call", "Code", "Mathematics"), strict=True
    ):
        assert block.startswith("<details") and block.endswith("</details>"), "a blank line would end the block"
        assert f"<b>{kind}</b>" in block and 'dir="rtl" lang="ar"' in block
        assert re.search(r"[\u0621-\u064a]{3}", block) and "$" not in block


def test_what_a_row_holds_is_text_in_the_examples() -> None:
    made = rendered("<script>alert(1)</script> a & b\n\n```html\n<b>x</b>\n```\nالنهاية", "rtl")
    assert "<script" not in made and "<b>" not in made and "\n" not in made and "a &amp; b" in made
    assert '<div dir="ltr" align="left"><code>```html<br>&lt;b&gt;x&lt;/b&gt;<br>```</code></div>' in made


def test_the_recipe_on_the_card_says_nothing_of_the_machine() -> None:
    endpoint = {
        "name": "one", "backend": "endpoint", "model": "/home/me/models/seed", "base_url": "http://gpu7.corp:8000/v1",
        "api_key_env": "MY_KEY", "decoding": {"extra": {"api_key": "sk-1", "n": 4, "nested": [{"password": "p"}]}},
        "memory": ["/home/me/approved.tmx"], "chunking": {"tokenizer": "/home/me/tokenizer.json"},
    }  # fmt: skip
    of = Recipe.model_validate(
        {
            "name": "test",
            "source": {"path": "/home/me/shards"},
            "selection": {"domain_index": "/home/me/index"},
            "translators": [endpoint],
            "outputs": {"tokenizer": "/home/me/t/tokenizer.json"},
        }
    )
    made = text(build(of, [split("SFT_one_ranked", "alpha")]))
    for private in ("/home", "gpu7", "MY_KEY", "sk-1", "password"):
        assert private not in made
    assert '"n": 4' in made and "approved.tmx" in made and "http://localhost:8000/v1" in made


def test_what_engines_and_a_reward_model_are_told_says_nothing_of_the_machine() -> None:
    decoding = {"max_tokens": 512}
    server = {
        "python": "/home/me/vllm/bin/python", "dtype": "float16", "max_model_len": 1024, "tensor_parallel": 2,
        "arguments": {"enforce-eager": True, "download-dir": "/home/me/models"}, "environment": {"CACHE": "/home/me"},
    }  # fmt: skip
    addresses = [{"base_url": f"http://gpu{n}.corp:8000/v1", "api_key_env": "MY_KEY"} for n in (1, 2)]
    specs: list[dict[str, Any]] = [
        {"name": "V", "backend": "vllm", "model": "org/seed", "prompt": "seed-x", "decoding": decoding,
         "server": server},
        {"name": "T", "backend": "tgi", "model": "org/seed", "prompt": "seed-x", "decoding": decoding,
         "endpoints": addresses},
        {"name": "L", "backend": "llamacpp", "model": "org/seed-GGUF", "file": "seed.Q4_K_M.gguf", "revision": "abc"},
        {"name": "P", "backend": "llamacpp", "model": "/home/me/seed.gguf"},
    ]  # fmt: skip
    reward = {"model": "/home/me/reward", "base_url": "http://gpu3.corp:8000", "api_key_env": "MY_KEY"}
    ranking = {
        "ranker": "/home/me/ranker.json", "reward": reward, "verdicts": "/home/me/verdicts.jsonl",
        "calibration": {"by": "people", "path": "/home/me/labels.jsonl"},
    }  # fmt: skip
    of = Recipe.model_validate(
        {"name": "test", "source": {"path": "/home/me/s"}, "translators": specs, "ranking": ranking}
    )
    made = text(build(of, [split("SFT_V_ranked", "alpha")]))
    for private in ("/home", "corp", "MY_KEY", "CACHE"):
        assert private not in made
    assert "servers of vLLM that the build started (dtype `float16`, at most 1024 tokens, over 2 GPUs each" in made
    assert "by text-generation-inference, 2 endpoints" in made
    assert "`org/seed-GGUF`](https://huggingface.co/org/seed-GGUF) (file `seed.Q4_K_M.gguf`) at revision `abc`" in made
    assert "by llama.cpp on the machine of the build, 4096 tokens of context" in made
    assert (
        "The ranker is `ranker.json`. `reward`: the score of the reward model `reward`, revision not recorded" in made
    )
    assert "Verdicts of judges or people (`verdicts.jsonl`) go before the scores" in made
    assert "or if verdicts had not settled it (`verdicts`)" in made
    assert "- `reward`: the score of the reward model `reward`" in made


def test_quality_and_reward_are_on_the_card_where_rows_have_them() -> None:
    splits = [split(c, s) for c in ("SFT_one_ranked", "SFT_two_ranked") for s in ("alpha", "beta")]
    plain = build(recipe("one", "two"), splits)
    made = text(plain)
    assert "| Quality |" not in made and "Reward |" not in made and "quality of the primary's" not in made
    for number, of in enumerate(splits):
        of["statistics"] |= {"quality_sum": (3 + number) << 64, "quality_rows": 6}
    extra = Counter({"one/quality_ppm": 1_400_000, "one/quality_rows": 2, "SFT_one_ranked/primary": 5})
    extra |= Counter(
        {"SFT_one_ranked/replaced_better": 3, "SFT_one_ranked/changed_by_LR": 2, "SFT_one_ranked/changed_by_order": 7}
    )
    plain.totals["rank"].extra.update(extra)
    made = text(plain)
    glance = made.split("## At a glance", 1)[1].split("\n## ", 1)[0]
    assert "| SCR | Quality |" in glance and "| 0.583 |" in glance and "| 0.917 |" in glance
    assert "| Split | Config | Rows | LR | SCR | Quality | Turns |" in made
    ranked = made.split("## Ranking", 1)[1].split("\n## ", 1)[0]
    assert "| `SFT_one_ranked` | 5 | 0 | 3 | 0 | order 7, min_LR 2 |" in ranked
    assert "quality of the primary's candidates | quality of the config |" in ranked and "reward of" not in ranked
    assert "| `SFT_one_ranked` | 0.812 | 0.700 | 0.583 |" in ranked


def test_a_short_formula_is_not_broken_between_lines() -> None:
    made = rendered("إذن \\(x - 1 = 3\\)", "rtl")
    [code] = re.findall(r'<code dir="ltr">(.*?)</code>', made)
    assert " " not in code and all(code[m.end() :].startswith("&#8288;") for m in re.finditer(r"[\\-]", code))
    assert html.unescape(code).replace("\u2060", "").replace("\xa0", " ") == "\\(x - 1 = 3\\)"


def test_splits_with_a_policy_of_their_own_are_named() -> None:
    of = recipe("one", "two")
    data = of.model_dump(mode="json")
    data["ranking"]["splits"] = [{"match": "*_think", "order_by": "rank_score", "replace": "vetoed"}]
    made = text(build(Recipe.model_validate(data), SPLITS))
    assert (
        "In the splits `*_think`, a row takes its primary translator's candidate, or the one with the highest " in made
    )
    assert "rank_score of the others where that is vetoed." in made


def test_the_effect_of_the_ranking_is_told_by_split(demo: Demo) -> None:
    card = (demo.run / "dataset" / "README.md").read_text()
    ranked = card.split("## Ranking", 1)[1].split("\n## ", 1)[0]
    [_, of_draft] = ranked.split("`SFT_draft_ranked`:\n")
    found = re.findall(r"^\| `[^`]+` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", of_draft, re.M)
    whole = re.search(r"^\| `SFT_draft_ranked` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", ranked, re.M)
    assert whole and len(found) == 23
    assert [sum(map(int, column)) for column in zip(*found, strict=True)] == [int(n) for n in whole.groups()]


def test_the_recipe_on_the_card_is_a_recipe(demo: Demo, tmp_path: Path) -> None:
    card = (demo.run / "dataset" / "README.md").read_text()
    (tmp_path / "recipe.yaml").write_text(card.split("```yaml\n", 1)[1].split("\n```", 1)[0])
    for name in ("reference.tmx", "draft.tmx"):
        (tmp_path / name).write_text("")
    assert load_recipe(str(tmp_path / "recipe.yaml")).name == "demo"


@pytest.mark.parametrize("style", ["chat", "seed-x", "translategemma"])
def test_the_prompt_is_shown_word_for_word(style: str) -> None:
    # TranslateGemma holds no more.
    of = load_recipe(
        "smolkalam", [f"translators.Gemma3.prompt={style}", "translators.Gemma3.chunking.max_tokens=1800"]
    )
    prompt = engine_of(of.translators[1]).prompt(of.language)
    assert prompt is not None
    made = text(build(of, [split("SFT_Gemma3_ranked", "alpha")]))
    assert prompt_text(prompt) in made and "{text}" in prompt_text(prompt)


def test_tokens_are_counted_once_whoever_asked(tmp_path: Path) -> None:
    async def fill() -> None:
        with AnswerStore(tmp_path) as one, AnswerStore(tmp_path) as two:
            for key, store in ((b"a", one), (b"b", two), (b"a", two), (b"c", two)):
                await store.put(key, Answer("x", "stop", 10, 3))

    asyncio.run(fill())
    assert len(list(tmp_path.glob("*.log"))) == 2
    asked = tokens_asked(tmp_path)
    assert asked and (asked["answers"], asked["prompt_tokens"], asked["completion_tokens"]) == (3, 30, 9)
    assert tokens_asked(tmp_path / "nowhere") is None


def test_a_person_s_edit_of_the_local_card_stays_and_is_told(tmp_path: Path) -> None:
    write_card(build(recipe("one", "two"), SPLITS, tmp_path))
    path = tmp_path / "README.md"
    path.write_text(path.read_text().replace("## Citation", "## Thanks\n\nTo the readers.\n\n## Citation"))
    path.write_text(path.read_text().replace("they do not read.", "they do not read, as I found."))
    again = build(recipe("one", "two"), SPLITS, tmp_path)
    write_card(again)
    assert "To the readers." in path.read_text() and "as I found." in path.read_text()
    assert [line for line in again.said if "Limitations was edited" in line]


def test_a_translators_cost_is_on_the_card_where_the_recipe_gives_prices() -> None:
    cost = Cost(usd_per_million_input=0.5, usd_per_million_output=2.0, output_tokens_per_gpu_second=1000.0)
    asked = Counter(answers=7, prompt_tokens=4_000_000, completion_tokens=3_600_000)
    one, other = load_recipe("smolkalam").translators
    priced, beams, other = (
        engine_of(spec)
        for spec in (other.model_copy(update={"cost": cost}), one.model_copy(update={"cost": cost}), other)
    )
    lines = [tuple(line) for line in _bill(asked, [priced])]
    assert ("Dollars, at the recipe's prices", "9.20") in lines
    assert ("GPU-hours, at the recipe's speed", "1.0") in lines
    assert ("Tokens of the answers", "3,600,000") in lines
    assert _bill(asked, [beams])[2] == [
        "Tokens of all 4 answers of a request, of which the first is taken", "3,600,000"
    ]  # fmt: skip
    for unpriced in ([other], [priced, other]):
        assert len(_bill(asked, unpriced)) == 3
    assert _bill(None, [priced]) == []


def test_what_translators_asked_together_is_counted_once(tmp_path: Path) -> None:
    specs = [
        {"name": name, "backend": "endpoint", "model": "org/chat", "base_url": "http://localhost:1/v1",
         "answers": "shared" if name != "alone" else None}
        for name in ("one", "two", "alone")
    ]  # fmt: skip

    async def fill() -> None:
        for place, tokens in (("shared", 123), ("alone", 77)):
            with AnswerStore(tmp_path / "answers" / place) as store:
                await store.put(b"a", Answer("x", "stop", tokens, 3))

    asyncio.run(fill())
    of = Recipe.model_validate({"name": "test", "source": {"path": "s"}, "translators": specs})
    made = text(build(of, [split("SFT_one_ranked", "alpha")], tmp_path))
    section = made.split("## Translators", 1)[1].split("\n## ", 1)[0]
    assert section.count("Tokens of their prompts | 123 |") == section.count("Tokens of their prompts | 77 |") == 1
    assert "`one` and `two` share their answers" in section


def test_the_first_screen_says_which_config_to_take_where_one_is_better() -> None:
    splits = [split("SFT_one_ranked", "a_think"), split("SFT_two_ranked", "a_no_think")]
    for of in splits:
        of["statistics"] |= {"quality_sum": 4 << 64, "quality_rows": 8}
    tied = text(build(recipe("one", "two"), splits)).split("\n## ", 1)[0]
    assert "highest mean" not in tied and "Each holds its primary" in tied and "**quality**" in tied
    splits[1]["statistics"] |= {"quality_sum": 6 << 64}
    made = text(build(recipe("one", "two"), splits))
    assert "`SFT_two_ranked`: of all, its rows have the highest mean quality (0.750)" in made.split("\n## ", 1)[0]
    assert "| `*_no_think` | `SFT_two_ranked` | 8 |" in made and "| `*_think` | `SFT_one_ranked` | 8 |" in made


def test_a_notice_stands_first_and_is_the_intended_use() -> None:
    made = text(build(recipe("one", notice="Only a test."), SPLITS))
    assert "**Only a test.**" in made.split("# ", 1)[0]
    of = Recipe.model_validate(
        {"name": "t", "source": {"path": "/x"}, "outputs": {"notice": "Only a test."},
         "translators": [{"name": "m", "backend": "memory", "memory": ["a.tmx"]}]}
    )  # fmt: skip
    assert "## Intended use\n\nOnly a test.\n" in text(build(of, SPLITS))
