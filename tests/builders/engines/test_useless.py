"""A useless model or a wrong address at the command line, by each engine: told in seconds with the reason, stopped.

What a text is wrong for is no engine's affair; here it is seen that each engine's answers and refusals reach the trial
of a translator (`processors.translation.trial`), and its own words the terminal.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processors.translation.test_trial import write_rows
from tests.standins.fake_vllm import interpreter
from tests.standins.processes import environment
from tests.standins.standin_useless import CONTEXT, PAGE, REFUSAL, UselessServer, useless
from tests.standins.tiny_gguf import write_tiny_gguf
from tests.standins.tiny_seq2seq import write_marian

Run = Callable[..., "subprocess.CompletedProcess[str]"]

RECIPE = """
name: useless
source: {{path: {source}, keep: [part]}}
translators:
  - name: Chat
    {engine}
"""
ENGINES = {
    "endpoint": "backend: endpoint\n    model: m\n    base_url: URL/v1",
    "batch": "backend: batch\n    api: openai\n    model: m\n    base_url: URL/v1\n    gather_s: 0.5",
    "tgi": "backend: tgi\n    model: m\n    base_url: URL\n    prompt: seed-x\n    decoding: {max_tokens: 500}",
    "vllm": "backend: vllm\n    model: m\n    base_url: URL/v1",
    "libretranslate": "backend: libretranslate\n    base_url: URL",
}
# More than a useless translator may cost: with eight at a time on their way, those come on top.
MOST = 200


def failed(smolkalam: Run, folder: Path, engine: str, **options: object) -> str:
    """What a build of 300 rows by this engine says, which must stop by itself with one line at its end."""
    write_rows(folder / "source", 300)
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.format(source=folder / "source", engine=engine))
    done = smolkalam("build", recipe, "--output", folder / "run", "--yes", **options)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr[done.stderr.rindex("smolkalam: ") :]
    return " ".join(last.split())


def stub(server: UselessServer) -> None:
    server.says = lambda text: "Sorry."


def refusal(server: UselessServer) -> None:
    server.says = lambda text: REFUSAL


def fenced(server: UselessServer) -> None:
    server.says = lambda text: f"```\n{text}\n```"


def page(server: UselessServer) -> None:
    server.page = PAGE


def key(server: UselessServer) -> None:
    server.refuses = 401, "Incorrect API key provided"


def unknown(server: UselessServer) -> None:
    server.refuses = 404, "The model `m` does not exist."


def context(server: UselessServer) -> None:
    server.refuses = 400, CONTEXT


GIVEN_UP = "chunks got no usable answer"


@pytest.mark.parametrize(
    ("engine", "wrong", "words"),
    [
        ("endpoint", refusal, ("refusal (", REFUSAL)),
        ("endpoint", fenced, ("identical (",)),
        ("tgi", stub, ("stub (", "'Sorry.'")),
        ("vllm", stub, ("stub (", "'Sorry.'")),
        ("batch", context, ("length (", "maximum context length is 512 tokens")),
        ("tgi", context, ("length (", "maximum context length is 512 tokens")),
        ("libretranslate", context, ("length (", "maximum context length is 512 tokens")),
    ],
)
def test_a_useless_model_is_told_with_its_reason_and_two_samples(
    engine: str, wrong: Callable[[UselessServer], None], words: tuple[str, ...], tmp_path: Path, smolkalam: Run
) -> None:
    with useless() as server:
        wrong(server)
        said = failed(smolkalam, tmp_path, ENGINES[engine].replace("URL", server.url))
        assert 0 < len(server.asked) <= MOST
    assert GIVEN_UP in said and "sample 2: " in said and "give_up: false" in said, said
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("engine", "wrong", "words"),
    [
        ("batch", page, "is this the address of an API? 200 with a body that is not JSON (text/html): <!doctype"),
        ("tgi", page, "is this the address of an API? 200 with a body that is not JSON (text/html): <!doctype"),
        ("libretranslate", page, "is this the address of an API? 200 with a body that is not JSON"),
        ("vllm", key, "the key is rejected (401: Incorrect API key provided); no api_key_env is given"),
        ("vllm", unknown, "the model or the address is unknown there (404: The model `m` does not exist.)"),
    ],
)
def test_a_wrong_address_key_or_model_is_told_by_the_first_requests(
    engine: str, wrong: Callable[[UselessServer], None], words: str, tmp_path: Path, smolkalam: Run
) -> None:
    with useless() as server:
        wrong(server)
        said = failed(smolkalam, tmp_path, ENGINES[engine].replace("URL", server.url))
        assert 0 < len(server.asked) <= 20
    assert words in said, said


def test_where_there_are_too_few_rows_to_judge_the_report_has_the_server_s_words(
    tmp_path: Path, smolkalam: Run
) -> None:
    write_rows(tmp_path / "source", 4)
    recipe = tmp_path / "recipe.yaml"
    with useless() as server:
        context(server)
        recipe.write_text(
            RECIPE.format(source=tmp_path / "source", engine=ENGINES["endpoint"].replace("URL", server.url))
        )
        done = smolkalam("build", recipe, "--output", tmp_path / "run")
    said = " ".join(done.stderr.split())
    assert done.returncode == 2 and "Chat failed 4 of 4 rows: finish_reason 4. One of them, part/0000000: " in said
    assert f"length (400: {CONTEXT})" in said and "--retry-failed" in said


def test_a_server_of_vllm_that_the_build_started_is_given_up_too(tmp_path: Path, smolkalam: Run) -> None:
    engine = f"backend: vllm\n    model: m\n    server: {{python: {interpreter(tmp_path)}}}"
    variables = environment(FAKE_VLLM_JOURNAL=str(tmp_path / "journal"), FAKE_VLLM_FAULT="empty")
    said = failed(smolkalam, tmp_path, engine, env=variables)
    assert GIVEN_UP in said and "empty (" in said, said


@pytest.mark.llamacpp
@pytest.mark.parametrize(
    ("says", "settings", "words"),
    [
        ("No way!", "", "truncation ("),
        ("", "", "empty ("),
        ("No way!", "context_tokens: 512", "exceeds the available context size (512 tokens)"),
    ],
)
def test_a_useless_file_of_weights_is_given_up(
    says: str, settings: str, words: str, tmp_path: Path, smolkalam: Run
) -> None:
    model = write_tiny_gguf(tmp_path / "useless.gguf", says=says)
    engine = f"backend: llamacpp\n    model: {model}\n    decoding: {{max_tokens: 64}}\n    {settings}"
    said = failed(smolkalam, tmp_path, engine)
    # By the name that a user knows it by, and not by its digest.
    assert said.startswith("smolkalam: Chat (model 'useless.gguf'): ") and GIVEN_UP in said and words in said, said


@pytest.mark.seq2seq
@pytest.mark.parametrize(("always", "words"), [(0, "empty_sentence ("), (20, "length (")])
def test_a_useless_translation_model_is_given_up(always: int, words: str, tmp_path: Path, smolkalam: Run) -> None:
    model = write_marian(tmp_path / "opus-mt-en-useless", always=always)
    engine = f"backend: seq2seq\n    model: {model}\n    beams: 1\n    threads: 1\n    device: cpu"
    said = failed(smolkalam, tmp_path, engine)
    assert "smolkalam: Chat (model 'opus-mt-en-useless'): " in said and GIVEN_UP in said and words in said, said
