"""Translation models really run: `pip install -e '.[test,seq2seq]' && python -m pytest -m seq2seq`.

The models are made on the spot; the trained one says what it is told in Arabic letters. What needs no library of the
extra runs by default.
"""

import json
import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from builders.build import run_build
from builders.engines import engine_of
from builders.licences import output_terms
from builders.recipes.load import load_recipe
from builders.recipes.translators import Translator
from processors.errors import InputError
from processors.languages.language import Language
from processors.seq2seq.batches import Batch, batches, width_of
from processors.seq2seq.find import find_seq2seq
from tests.standins.processes import kill_when, start_command
from tests.standins.tiny_seq2seq import CODES, sentence, spelt, write_marian, write_nllb

needs_models = pytest.mark.seq2seq
RECIPE = """
name: sentences
source: {{path: {source}, config: SFT}}
selection: {{drop_han: true}}
translators:
  - name: Tiny
    backend: seq2seq
    model: {model}
    beams: 1
    threads: 1
    device: cpu
    give_up: false
    {more}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_nllb(tmp_path_factory.mktemp("models") / "nllb-tiny", steps=500)


@pytest.fixture(scope="module")
def opus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_marian(tmp_path_factory.mktemp("models") / "opus-mt-en-tiny", steps=1200)


def write_source(folder: Path, rows: int) -> Path:
    """Chats of sentences that the tiny models know, with Markdown and code between them."""
    chance = random.Random(2)
    table = []
    for number in range(rows):
        said = [sentence(chance) for _ in range(6)]
        answer = f"{said[1]}\n{said[2]}\n\n- {said[3]}\n- {said[4]}\n\n```python\nx = {number}\n```\n\n{said[5]}"
        messages = [{"role": "user", "content": said[0]}, {"role": "assistant", "content": answer}]
        table.append({"messages": messages, "chat_template_kwargs": None, "source": "toy"})
    (folder / "SFT").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(table), folder / "SFT" / "toy_no_think-00000-of-00001.parquet")
    return folder


def write_recipe(folder: Path, model: Path | str, rows: int = 24, more: str = "") -> Path:
    source = folder / "source"
    if not source.exists():
        write_source(source, rows)
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(source=source, model=model, more=more))
    return path


def translations(run: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(run.glob("translate/Tiny/*.parquet")) for row in pq.read_table(path).to_pylist()]


def dropped(run: Path) -> Counter[str]:
    lines = [line for path in run.glob("translate/Tiny/dropped/*.jsonl") for line in path.read_text().splitlines()]
    return Counter(json.loads(line)["reason"] for line in lines)


def counters(run: Path) -> Counter[str]:
    total: Counter[str] = Counter()
    for path in run.glob("logs/translate/Tiny/engines/*.json"):
        total.update(json.loads(path.read_text())["counters"])
    return total


@needs_models
@pytest.mark.timeout(900)
@pytest.mark.parametrize("model", ["trained", "opus"])
def test_a_text_survives_the_way_through_a_model(
    model: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    smolkalam: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    run = tmp_path / "run"
    recipe = write_recipe(tmp_path, request.getfixturevalue(model))
    done = smolkalam("build", recipe, "--output", run, "--stop-after", "translate")
    assert done.returncode == 0, done.stderr
    assert "the model is loaded on the CPU" in done.stderr
    rows = translations(run)
    assert len(rows) + sum(dropped(run).values()) == 24
    sources = pq.read_table(tmp_path / "source/SFT/toy_no_think-00000-of-00001.parquet").to_pylist()
    said = [
        (expected(before["content"]), after["content"])
        for row in rows
        for before, after in zip(sources[int(row["id"].rpartition("/")[2])]["messages"], row["messages"], strict=True)
    ]
    # It was trained for seconds: a word may be wrong, and no line, bullet or code.
    for wanted, found in said:
        assert CODE.findall(found) == CODE.findall(wanted)
        assert found.count("\n") == wanted.count("\n") and found.count(".") == wanted.count(".")
    assert sum(wanted == found for wanted, found in said) > 0.7 * len(said) > 20
    # Nothing is asked twice: another build of the same rows has its answers.
    first = counters(run)
    shutil.rmtree(run / "translate")
    again = smolkalam("build", tmp_path / "recipe.yaml", "--output", run, "--stop-after", "translate")
    assert again.returncode == 0 and counters(run)["answers"] == first["answers"] > 24
    assert translations(run) == rows


@needs_models
@pytest.mark.timeout(900)
def test_killed_three_times_and_resumed_gives_the_same_bytes(
    trained: Path, tmp_path: Path, smolkalam: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    # One chunk after the other, so that there is something left when it is killed.
    recipe = write_recipe(tmp_path, trained, rows=40, more="concurrency: 1\n    batch_tokens: 16")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert smolkalam("build", recipe, "--output", whole).returncode == 0

    def answered(most: int) -> bool:
        size = 0
        for path in killed.glob("answers/**/*"):
            # Claims of questions come and go.
            with suppress(FileNotFoundError):
                size += path.stat().st_size if path.is_file() else 0
        return size > most

    kills = 0
    for most in (1000, 4000, 8000):
        process = start_command("build", recipe, "--output", killed)
        kills += kill_when(process, partial(answered, most), every_s=0.002)
    done = smolkalam("build", recipe, "--output", killed)
    assert done.returncode == 0, done.stderr
    assert kills >= 1
    names = sorted(path.relative_to(whole) for path in (whole / "dataset").rglob("*.parquet"))
    assert names and all((whole / name).read_bytes() == (killed / name).read_bytes() for name in names)
    # With other batches too.
    other = write_recipe(tmp_path, trained, more="concurrency: 16\n    batch_tokens: 1024")
    assert smolkalam("build", other, "--output", tmp_path / "other", "--stop-after", "translate").returncode == 0
    assert translations(tmp_path / "other") == translations(whole)


@needs_models
@pytest.mark.timeout(900)
def test_a_model_that_says_noise_fails_its_rows_and_an_answer_that_is_cut_off_is_none(
    tmp_path: Path, smolkalam: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    model = write_marian(tmp_path / "opus-mt-en-tiny")
    run = tmp_path / "run"
    recipe = write_recipe(tmp_path, model, rows=4, more="retry_budget: 2")
    done = smolkalam("build", recipe, "--output", run, "--stop-after", "translate")
    assert done.returncode == 0, done.stderr
    assert len(translations(run)) + sum(dropped(run).values()) == 4 and dropped(run)
    # A folder that is another model refuses to go on.
    write_marian(model, seed=1)
    worker = load_recipe(str(run / "recipe.yaml"), [])
    find_seq2seq.cache_clear()
    with pytest.raises(InputError, match="not the model that the build was begun with"):
        engine_of(worker.translators[0]).endpoint(worker.language)


@needs_models
def test_what_is_cut_off_is_known_though_the_model_would_end_it(tmp_path: Path) -> None:
    from processors.seq2seq.model import LoadedModel, Seq2SeqSettings

    found = find_seq2seq(str(write_marian(tmp_path / "tiny")), None, ("en", "ar"))
    # Weights of chance never end a sentence of themselves where its end is the least likely token.
    for beams in (1, 3):
        model = LoadedModel(Seq2SeqSettings(found, beams, 0.5, None, 256, threads=1))
        with torch_without_end(model):
            (said,) = model.generate(Batch([model.encode("the sun.")], 8, 0))
        assert not said.whole and said.tokens >= 24


@contextmanager
def torch_without_end(model: Any) -> Iterator[None]:
    """The model without its wish to end."""
    model.model.final_logits_bias[0, 0] = -1e9
    yield


@needs_models
def test_a_sentence_is_translated_alike_in_whatever_batch(trained: Path) -> None:
    from processors.seq2seq.model import LoadedModel, Seq2SeqSettings

    found = find_seq2seq(str(trained), None, ("en", "ar"))
    chance = random.Random(5)
    for beams in (1, 4):
        model = LoadedModel(Seq2SeqSettings(found, beams, 2.5, None, 256, threads=1))
        sentences = list({model.encode(sentence(chance)) for _ in range(60)})
        alone = {ids: model.generate(Batch([ids], width_of(len(ids)), 0))[0] for ids in sentences}
        for _ in range(3):
            chance.shuffle(sentences)
            for one in batches([(ids, 0) for ids in sentences[: chance.randint(20, 60)]], 256):
                for ids, said in zip(one.sentences, model.generate(one), strict=True):
                    assert said == alone[ids]


# ---- what can be wrong, told before any work; no library of the extra is needed but for its being there


def write_folder(folder: Path, **files: Any) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


NLLB = {"config": {"model_type": "m2m_100"}, "tokenizer_config": {"tokenizer_class": "NllbTokenizer"}}


@pytest.mark.parametrize(
    ("files", "weights", "more", "said"),
    [
        (None, False, {}, "no such folder, and not the name of a model on the Hub"),
        ({}, False, {}, "has no config.json; give a folder as transformers saves a model"),
        (
            {"config": {"model_type": "llama"}, "tokenizer_config": {}},
            True,
            {},
            "no translation model of a kind known",
        ),
        (NLLB, False, {}, "holds no weights"),
        (NLLB | {"tokenizer": CODES}, True, {"target_code": "ara_Arab"}, "its vocabulary has no 'ara_Arab' (nllb)"),
        (NLLB | {"tokenizer": CODES[:1]}, True, {}, "its vocabulary has no 'arb_Arab' (nllb); give target_code"),
    ],
)
def test_a_model_that_cannot_be_used_is_one_line_before_any_work(
    files: dict[str, Any] | None, weights: bool, more: dict[str, str], said: str, tmp_path: Path, libraries: None
) -> None:
    folder = tmp_path / "model"
    if files is not None:
        write_folder(folder, **files)
    if weights:
        (folder / "model.safetensors").write_bytes(b"weights")
    recipe = write_recipe(tmp_path, folder, rows=1)
    spec = load_recipe(str(recipe), []).translators[0].model_copy(update=more)
    with pytest.raises(InputError) as error:
        engine_of(spec).pinned(None, Language())
    assert (
        said in str(error.value)
        and str(error.value).startswith("translator 'Tiny': ")
        and "\n" not in str(error.value)
    )


def test_a_missing_extra_is_one_line_and_ends_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.seq2seq.find.NEEDED", ("torch_that_is_not_there",))
    recipe = write_recipe(tmp_path, "facebook/nllb-200-distilled-600M", rows=1)
    with pytest.raises(InputError, match=r"needs torch_that_is_not_there.*pip install") as error:
        run_build(str(recipe), output=tmp_path / "run", finish=lambda build: None)
    assert error.value.exit_code == 2


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra were installed."""
    monkeypatch.setattr("processors.seq2seq.find.NEEDED", ())


@pytest.mark.parametrize(
    ("model_type", "tokenizer", "language", "source", "target"),
    [
        ("m2m_100", "NllbTokenizerFast", "ar", "eng_Latn", "arb_Arab"),
        ("m2m_100", "NllbTokenizer", "fa", "eng_Latn", "pes_Arab"),
        ("m2m_100", "M2M100Tokenizer", "ar", "__en__", "__ar__"),
        ("t5", "T5Tokenizer", "ar", "<2en>", "<2ar>"),
        ("marian", "MarianTokenizer", "ar-EG", ">>eng<<", ">>ara<<"),
    ],
)
def test_each_family_has_its_own_words_for_the_languages(
    model_type: str, tokenizer: str, language: str, source: str, target: str, tmp_path: Path, libraries: None
) -> None:
    files = {"config": {"model_type": model_type}, "tokenizer_config": {"tokenizer_class": tokenizer}}
    folder = write_folder(tmp_path / "model", **files, vocab=[source, target])
    (folder / "model.safetensors").write_bytes(b"weights")
    found = find_seq2seq(str(folder), None, ("en", language))
    assert (found.source_token, found.target_token) == (source, target)


def test_the_card_names_the_model_and_what_binds_its_output() -> None:
    recipe = {"name": "a", "backend": "seq2seq", "model": "facebook/nllb-200-distilled-600M", "beams": 1}
    engine = engine_of(TypeAdapter(Translator).validate_python(recipe))
    terms = output_terms(engine.spec)
    assert (
        terms
        and terms.license == "cc-by-nc-4.0"
        and "greedy search" in engine.says(recipe | {"chunking": {"tokenizer": "approximate"}}, str)
    )


CODE = re.compile(r"```.*?```", re.S)


def expected(content: str) -> str:
    """What the trained model is to make of a message."""
    pieces, position = [], 0
    for code in CODE.finditer(content):
        pieces += [spelt(content[position : code.start()]), code.group()]
        position = code.end()
    return "".join([*pieces, spelt(content[position:])])
