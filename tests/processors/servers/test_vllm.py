"""vLLM's server as a process of the pipeline: started once, watched, started again, never left behind.

A stand-in for the process (tests/standins/fake_vllm.py) in the default run; the real vLLM in
tests/builders/engines/test_vllm.py.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from datatrove.data import Document

from processors.clients.connection import EndpointConfig
from processors.clients.pacing import Trouble
from processors.clients.prompts import PromptConfig
from processors.errors import EngineError, InputError
from processors.languages.language import Language
from processors.servers.deaths import MOST_DEATHS
from processors.servers.gpus import gpu_groups, hold_group
from processors.servers.process import stop_server
from processors.servers.vllm import LOCAL, VllmServer
from processors.servers.vllm_command import VllmSettings, command_line, explain_end
from processors.translation.runner import Ask, TranslationRunner
from tests.standins.fake_vllm import interpreter, starts
from tests.standins.processes import ROOT, alive, environment, wait_for

PROMPT = PromptConfig(Language(code="ar", name="Arabic", script="Arab"), "seed-x")
TEXTS = [
    "Hello world.",
    "رسالة with `code`",
    "$x^2$ and {{name}}",
    "line\nline",
    "emoji 👩‍🚀",
    "a" * 5000,
    "one",
    "two",
]


class Collect:
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.failed: dict[str, str] = {}

    def __enter__(self) -> "Collect":
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def write(self, document: Document, rank: int = 0) -> None:
        result = document.metadata["translation"]
        if "failed" in result:
            self.failed[document.id] = result["failed"]
        else:
            self.texts[document.id] = result["text"]


class Fake:
    """Settings for the stand-in process, and what became of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal"
        self.logs = folder / "logs"
        self.python = str(interpreter(folder))

    def settings(self, **changes: Any) -> VllmSettings:
        environment = {"FAKE_VLLM_JOURNAL": str(self.journal)} | changes.pop("environment", {})
        return VllmSettings(**({"python": self.python, "environment": environment} | changes))

    def run(
        self,
        settings: VllmSettings,
        texts: list[str] = TEXTS,
        model: str = "m",
        store: Path | None = None,
        attempt: int = 0,
        said: list[Trouble] | None = None,
    ) -> TranslationRunner:
        """`attempt`: later ones are sampled by a seed. `said` gets what who watches is told."""

        def progress(snapshot: Mapping[str, float], troubles: Sequence[Trouble]) -> None:
            if said is not None:
                said.extend(troubles)

        async def once(document: Document, ask: Ask) -> dict[str, Any]:
            return {"text": (await ask(document.text, attempt)).text}

        endpoint = EndpointConfig(LOCAL.base_url, model, PROMPT, concurrency=4, backoff_s=0.01)
        make_server = partial(VllmServer, settings, self.logs)
        runner = TranslationRunner(once, endpoint, Collect(), store, make_server, progress, 0.02)
        runner.run((Document(text=text, id=str(number)) for number, text in enumerate(texts)), 0)
        return runner

    @property
    def starts(self) -> list[dict[str, Any]]:
        return starts(self.journal)

    def log(self) -> str:
        (path,) = self.logs.glob("vllm-*.log")
        return path.read_text()


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", os.defpath)  # no nvidia-smi: a machine without GPUs, wherever the tests run
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield Fake(tmp_path)
    stop_server()


def processes(start: dict[str, Any]) -> list[int]:
    return [start["pid"], start["engine"], start["supervisor"]]


def test_one_server_serves_many_pipelines_and_leaves_nothing(fake: Fake, tmp_path: Path) -> None:
    settings = fake.settings(dtype="float16", max_model_len=512)
    first, second = fake.run(settings), fake.run(settings)
    assert len(first.output_writer.texts) == len(TEXTS)
    assert first.output_writer.texts == second.output_writer.texts
    (start,) = fake.starts
    assert start["arguments"][:2] == ["-m", "vllm.entrypoints.openai.api_server"]
    assert all(alive(pid) for pid in processes(start))
    stop_server()
    assert not any(alive(pid) for pid in processes(start))
    assert not list(tmp_path.glob("smolkalam-*"))
    assert "loading" in fake.log() and "--max-model-len 512" in fake.log()


def test_the_process_gets_its_own_environment(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/our/libraries")
    monkeypatch.setenv("SMOLKALAM_TEST", "inherited")
    fake.run(fake.settings(), ["Hello."])
    environment = fake.starts[0]["environment"]
    assert environment["PYTHONPATH"] is None and environment["SMOLKALAM_TEST"] == "inherited"
    assert environment["VLLM_NO_USAGE_STATS"] == "1"
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(fake.python).parent)


def test_answers_that_are_stored_need_no_server(fake: Fake, tmp_path: Path) -> None:
    first = fake.run(fake.settings(), store=tmp_path / "answers")
    stop_server()
    again = fake.run(fake.settings(), store=tmp_path / "answers")
    assert again.output_writer.texts == first.output_writer.texts and again.counters["cached"] == len(TEXTS)
    assert len(fake.starts) == 1


def test_another_model_takes_the_place_of_the_first(fake: Fake) -> None:
    fake.run(fake.settings(), ["Hello."], model="one")
    fake.run(fake.settings(), ["Hello."], model="two")
    first, second = fake.starts
    assert not any(alive(pid) for pid in processes(first)) and alive(second["pid"])
    assert "two" in second["arguments"]


def test_one_that_dies_at_the_start_is_one_line_with_the_cause(fake: Fake) -> None:
    said = "(EngineCore pid=9) ERROR 01-01 00:00:00 [core.py:1] ValueError: No available memory for the KV cache"
    settings = fake.settings(environment={"FAKE_VLLM_SAYS": said, "FAKE_VLLM_EXIT": "1"})
    with pytest.raises(EngineError) as caught:
        fake.run(settings)
    message = str(caught.value)
    assert "did not start: ValueError: No available memory for the KV cache (exit code 1)" in message
    assert "max_model_len" in message and "\n" not in message
    assert said in Path(message.rpartition("its log: ")[2]).read_text()
    (start,) = fake.starts
    assert not any(alive(pid) for pid in processes(start))


def test_one_that_is_never_ready_is_given_up(fake: Fake) -> None:
    deaf = "#!/bin/sh\nexec sleep 600\n"
    Path(fake.python).write_text(deaf)
    with pytest.raises(EngineError, match=r"not ready within server\.start_timeout_s \(0\.4 s\)"):
        fake.run(fake.settings(start_timeout_s=0.4))


def test_an_interpreter_without_vllm_is_said_so(fake: Fake) -> None:
    with pytest.raises(EngineError, match=r"server\.python must be the interpreter of the environment that vLLM"):
        fake.run(fake.settings(python=sys.executable))
    with pytest.raises(InputError, match=r"server\.python: /no/such/python is no program"):
        fake.run(fake.settings(python="/no/such/python"))


def test_one_that_dies_after_answers_is_started_again_and_no_request_is_lost(fake: Fake) -> None:
    runner = fake.run(fake.settings(environment={"FAKE_VLLM_LIVES": "3,2"}))
    assert len(runner.output_writer.texts) == len(TEXTS)
    assert runner.counters["server_restarts"] == 2
    assert runner.counters["answers"] == len(TEXTS) and runner.counters["failed_requests"] == 0
    assert len(fake.starts) == 3
    assert not any(alive(pid) for start in fake.starts[:2] for pid in processes(start))
    # Restarts are told in one log, one after the other.
    assert fake.log().count("--- ") == 3


def test_one_that_dies_without_an_answer_ends_the_run_with_the_cause(fake: Fake) -> None:
    with pytest.raises(EngineError, match=r"server ended: RuntimeError: CUDA error: lost \(exit code 1\)"):
        fake.run(fake.settings(environment={"FAKE_VLLM_LIVES": "2,0,0"}))
    assert len(fake.starts) == 2


def dies_of(**what: Any) -> dict[str, str]:
    return {"FAKE_VLLM_DIES_OF": json.dumps(what)}


def test_a_request_that_kills_the_server_is_given_up_and_the_others_are_answered(fake: Fake) -> None:
    runner = fake.run(fake.settings(environment=dies_of(text="two")))
    assert len(runner.output_writer.texts) == len(TEXTS) - 1
    assert "the server dies of this request, alone too: RuntimeError: CPU Gen" in runner.output_writer.failed["7"]
    # In company or alone, then surely alone; and after it the server is there for whoever comes.
    assert runner.counters["server_restarts"] in (2, 3)
    again = fake.run(fake.settings(environment=dies_of(text="two")), ["Hello."])
    assert again.output_writer.texts and again.counters["server_restarts"] == 0


def test_a_request_that_kills_by_its_seed_is_answered_without(fake: Fake) -> None:
    runner = fake.run(fake.settings(environment=dies_of(text="two", seeded=True)), attempt=1)
    assert len(runner.output_writer.texts) == len(TEXTS) and not runner.output_writer.failed
    assert runner.counters["sent_without_seed"] == 1 and runner.counters["server_restarts"] in (1, 2)


def test_what_kills_only_in_company_is_sent_by_itself_from_then_on(fake: Fake) -> None:
    settings = fake.settings(environment=dies_of(seeded=True, together=4))
    runner = fake.run(settings, [f"Text {number}." for number in range(20)], attempt=1)
    assert len(runner.output_writer.texts) == 20 and not runner.output_writer.failed
    assert runner.counters["server_restarts"] == 1 and runner.counters["sent_without_seed"] == 0
    # Nor does the next pipeline try it again.
    again = fake.run(settings, [f"Another text {number}." for number in range(8)], attempt=1)
    assert len(again.output_writer.texts) == 8 and len(fake.starts) == 2


def test_one_that_dies_again_and_again_ends_the_run_and_says_of_what(fake: Fake) -> None:
    # Each life answers the small request after its start, and one more.
    settings = fake.settings(environment={"FAKE_VLLM_LIVES": ",".join(["2"] * 50)})
    said: list[Trouble] = []
    with pytest.raises(EngineError, match=r"lost \(exit code 1\); it has died 10 times within \d+ answers, its log: "):
        fake.run(settings, [f"Text {number}." for number in range(40)], said=said)
    assert len(fake.starts) == MOST_DEATHS
    # Who watches the build is told from the first death on.
    assert said[0].reason == "died once and is started again: RuntimeError: CUDA error: lost (exit code 1)"


def test_one_that_dies_of_the_first_small_request_after_a_death_is_not_started_thrice(fake: Fake) -> None:
    with pytest.raises(EngineError, match="it gave no answer since its start"):
        fake.run(fake.settings(environment={"FAKE_VLLM_LIVES": "0,0,0"}))
    assert len(fake.starts) == 2


WORKER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.processors.servers.test_vllm import Fake
fake = Fake(Path(sys.argv[2]))
fake.run(fake.settings())
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None])
def test_the_server_ends_with_its_worker_however_that_ends(number: int | None, fake: Fake, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(ROOT), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin and worker.stdout
        assert worker.stdout.readline() == "ready\n"
        (start,) = fake.starts
        assert all(alive(pid) for pid in processes(start))
        if number is None:
            worker.stdin.close()
        else:
            worker.send_signal(number)
        worker.wait()
        wait_for(lambda: not any(alive(pid) for pid in processes(start)), "the processes' end")
        wait_for(lambda: not list(tmp_path.glob("smolkalam-*")), "the socket's end")


def test_an_engine_does_not_outlive_its_api_server(fake: Fake) -> None:
    fake.run(fake.settings(), ["Hello."])
    (start,) = fake.starts
    os.kill(start["pid"], signal.SIGKILL)
    wait_for(lambda: not any(alive(pid) for pid in processes(start)), "the processes' end")
    fake.run(fake.settings(), ["Hello again."])
    assert len(fake.starts) == 2


def test_gpus_are_divided_among_servers_and_held(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gpu_groups(1) == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0, 1,GPU-7f,3,-1,5")
    assert gpu_groups(2) == ["0,1", "GPU-7f,3"]
    assert gpu_groups(3) == ["0,1,GPU-7f"]
    with pytest.raises(InputError, match=r"takes 8 GPUs .* shows 4"):
        gpu_groups(8)
    first, second = hold_group(["0,1", "GPU-7f,3"]), hold_group(["0,1", "GPU-7f,3"])
    assert first and second and (first[0], second[0]) == ("0,1", "GPU-7f,3")
    assert hold_group(["0,1", "GPU-7f,3"]) is None
    os.close(first[1])
    again = hold_group(["0,1", "GPU-7f,3"])
    assert again and again[0] == "0,1"
    for _, descriptor in (second, again):
        os.close(descriptor)


def test_a_server_holds_its_gpus_until_it_is_gone(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    settings = fake.settings(tensor_parallel=2)
    fake.run(settings, ["Hello."])
    (start,) = fake.starts
    assert start["environment"]["CUDA_VISIBLE_DEVICES"] == "4,5"
    assert hold_group(["4,5"]) is None
    stop_server()
    held = hold_group(["4,5"])
    assert held
    monkeypatch.setattr("processors.servers.vllm.GPU_WAIT_S", 0.1)
    with pytest.raises(EngineError, match="hold all GPUs"):
        fake.run(settings, ["Hello."])
    os.close(held[1])


def test_gpus_are_counted_by_nvidia_smi(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf 'GPU 0: Tesla V100 (UUID: GPU-a)\\nGPU 1: Tesla V100 (UUID: GPU-b)\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    assert gpu_groups(1) == ["0", "1"]
    program.write_text("#!/bin/sh\necho 'No devices were found'; exit 6\n")
    assert gpu_groups(1) == []


def test_settings_as_a_command_line() -> None:
    settings = VllmSettings(
        "python",
        dtype="float16",
        max_model_len=1024,
        tensor_parallel=2,
        gpu_memory_utilization=0.9,
        arguments={
            "enforce-eager": True,
            "enable_prefix_caching": False,
            "max-num-seqs": 64,
            "lora-modules": ["a=/a", "b=/b"],
            "compilation-config": {"level": 3},
            "quantization": None,
        },
    )
    command = command_line(settings, "/opt/vllm/bin/python", "org/model", "abc", Path("/tmp/s/server.sock"))
    assert command[:5] == ["/opt/vllm/bin/python", "-m", "vllm.entrypoints.openai.api_server", "--model", "org/model"]
    text = " ".join(command)
    for part in (
        "--served-model-name org/model",
        "--uds /tmp/s/server.sock",
        "--dtype float16",
        "--revision abc",
        "--max-model-len 1024",
        "--tensor-parallel-size 2",
        "--gpu-memory-utilization 0.9",
        "--enforce-eager --no-enable-prefix-caching",
        "--max-num-seqs 64",
        "--lora-modules a=/a b=/b",
        '--compilation-config {"level": 3}',
    ):
        assert part in text
    assert "quantization" not in text and "trust-remote-code" not in text
    plain = command_line(VllmSettings("python"), "p", "m", None, Path("s"))
    assert not {"--revision", "--max-model-len", "--tensor-parallel-size"} & set(plain)
    assert VllmSettings("p", tensor_parallel=2, arguments={"pipeline-parallel-size": 2}).gpus == 4


# The ends of logs of vLLM 0.32.0.
ENDS = [
    (
        "(Worker pid=2739) ERROR 11-21 07:22:40 [multiproc_executor.py:1063] ValueError: Available memory on node 0 "
        "(7.94/9.34 GiB) on kv cache allocation is less than requested memory for kv (400.0 GiB).\n"
        "(EngineCore pid=2623) ERROR 11-21 07:22:40 [core.py:1510] RuntimeError: Worker failed with error 'Avail'\n"
        "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}\n"
        "resource_tracker.py:254: UserWarning: resource_tracker: There appear to be 1 leaked shared_memory objects\n"
        "  warnings.warn('resource_tracker: There appear to be %d '\n",
        1,
        ["ValueError: Available memory on node 0", "gpu_memory_utilization"],
    ),
    (
        "    raise HFValidationError(\nhuggingface_hub.errors.HFValidationError: Repo id must be in the form "
        "'repo_name' or 'namespace/repo_name': '/nonexistent/model'. Use `repo_type` argument if needed.\n",
        1,
        ["'/nonexistent/model'", "check the translator's model"],
    ),
    (
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig\n"
        "  Value error, User-specified max_model_len (99999) is greater than the derived max_model_len (2048)\n"
        "    For further information visit https://errors.pydantic.dev/2.14/v/value_error\n",
        1,
        ["max_model_len (99999)"],
    ),
    (
        "                     [model_tag]\napi_server.py: error: unrecognized arguments: --no-such-flag\n",
        2,
        ["unrecognized arguments: --no-such-flag", "server.arguments"],
    ),
    (
        "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0.\n",
        1,
        ["set server.dtype: float16"],
    ),
    ("(APIServer pid=1) INFO 11-21 07:17:48 [model.py:733] Resolved\n", 137, ["SIGKILL", "lack of memory"]),
    ("", 3, ["exit code 3"]),
]  # fmt: skip


@pytest.mark.parametrize(("printed", "code", "expected"), ENDS)
def test_the_cause_of_an_end_is_found_in_the_log(printed: str, code: int, expected: list[str]) -> None:
    explained = explain_end(printed, code)
    assert all(part in explained for part in expected), explained
    assert "Engine core initialization" not in explained and "\n" not in explained and len(explained) < 600


RECIPE = """
name: vllm
source:
  path: sample
  keep: [OpenHermes_2.5_no_think, hermes_function_calling_v1_no_think]
translators:
  - name: Seed
    backend: vllm
    model: seed
    prompt: seed-x
    spans: tag
    decoding: {{temperature: 0.0, max_tokens: 512, extra: {{use_beam_search: true, n: 4}}}}
    server: {{python: {python}, dtype: float16, environment: {{FAKE_VLLM_JOURNAL: {journal}}}}}
"""


def test_a_build_starts_one_server_for_each_group_of_gpus(
    fake: Fake, tmp_path: Path, smolkalam: Callable[..., Any]
) -> None:
    recipe, run = tmp_path / "r.yaml", tmp_path / "run"
    recipe.write_text(RECIPE.format(python=fake.python, journal=fake.journal))
    two_gpus = environment(CUDA_VISIBLE_DEVICES="0,1")
    arguments = ("build", recipe, "--output", run, "--stop-after", "translate")
    done = smolkalam(*arguments, "--workers", 5, "--tasks", 2, env=two_gpus)
    assert done.returncode == 0, done.stderr
    assert sorted(start["environment"]["CUDA_VISIBLE_DEVICES"] for start in fake.starts) in (["0", "1"], ["0"], ["1"])
    assert not any(alive(pid) for start in fake.starts for pid in processes(start))
    counts = [json.loads(path.read_text()) for path in (run / "translate" / "Seed" / "counts").glob("*.json")]
    assert sum(count["kept"] for count in counts) == sum(count["read"] for count in counts) > 0
    before = len(fake.starts)
    again = smolkalam(*arguments, env=two_gpus)
    assert again.returncode == 0 and len(fake.starts) == before, "nothing was left to do, so nothing to serve"


def test_a_worker_of_the_queue_keeps_its_server_over_all_units(
    fake: Fake, tmp_path: Path, smolkalam: Callable[..., Any]
) -> None:
    recipe, run = tmp_path / "r.yaml", tmp_path / "run"
    recipe.write_text(RECIPE.format(python=fake.python, journal=fake.journal))
    arguments = ("build", recipe, "--output", run, "--executor", "queue", "--workers", 3, "--stop-after", "translate")
    done = smolkalam(*arguments)
    assert done.returncode == 0, done.stderr
    assert len(list((run / "translate" / "Seed" / "counts").glob("*.json"))) > 1
    assert len(fake.starts) == 1 and "vLLM is started here, without a GPU" in done.stderr


def test_a_model_that_cannot_be_served_is_one_line_of_the_build(
    fake: Fake, tmp_path: Path, smolkalam: Callable[..., Any]
) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(RECIPE.format(python=sys.executable, journal=fake.journal))
    done = smolkalam("build", recipe, "--output", tmp_path / "run")
    lines = [line for line in done.stderr.splitlines() if line.startswith("smolkalam: ")]
    assert done.returncode == 1 and len(lines) == 1 and "No module named 'vllm'" in lines[0], done.stderr
    assert "Traceback" not in done.stderr
