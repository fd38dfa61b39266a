"""COMET without a reference: the process in an environment of its own, its answers, its death, and what is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from processors.errors import EngineError, InputError
from processors.reward.comet import CometProcess
from tests.standins.fake_comet import write_environment, write_model

TINY = Path(__file__).parents[2] / "standins" / "tiny_comet.py"
PAIRS = [
    ("Install smolkalam, please.\nThen run it.", "ثبّت smolkalam, من فضلك.\nثم شغّله."),
    ("Install smolkalam, please.", ""),
    ("x^2 + y^2\u2028\u202eabc", "x^2 + y^2\u2028\u202eabc"),
]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_environment(tmp_path_factory.mktemp("comet"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_model(tmp_path_factory.mktemp("models") / "kiwi")


def test_a_process_of_its_own_scores_in_order_and_ends_with_its_asker(python: str, model: str) -> None:
    with CometProcess(python, model) as process:
        found = process.scores(PAIRS)
        assert found[0] > found[1] and found[2] == 0.0
        assert process.scores([*PAIRS[::-1]]) == found[::-1] and process.scores([]) == []
        running = process._process
    assert running is not None and running.returncode == 0
    assert CometProcess(python, model).check() == "2.2.7"


def test_what_ends_it_is_a_line(python: str, model: str) -> None:
    with CometProcess(python, model) as process, pytest.raises(EngineError) as told:
        process.scores([*PAIRS, ("To perish.", "to die of it")])
    assert "ended (exit code 1): RuntimeError: no memory left for it" in str(told.value)


def test_it_does_not_outlive_an_asker_that_is_killed(python: str, model: str) -> None:
    code = f"""
import os, time
from processors.reward.comet import CometProcess
process = CometProcess({python!r}, {model!r}).__enter__()
print(process._process.pid, flush=True)
time.sleep(600)
"""
    asker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert asker.stdout
    child = int(asker.stdout.readline())
    asker.kill()
    asker.wait()
    for _ in range(500):
        if not Path(f"/proc/{child}").exists() or "(zombie)" in Path(f"/proc/{child}/status").read_text():
            return
        subprocess.run(["sleep", "0.02"])
    raise AssertionError(f"process {child} lives on")


def test_what_is_missing_is_told_before_the_run(python: str, model: str, tmp_path: Path) -> None:
    (empty := tmp_path / "empty").mkdir()
    for process, words in (
        (CometProcess("/no/such/python", model), "cometkiwi.python: /no/such/python is no program"),
        (CometProcess(python, str(tmp_path / "none.ckpt")), "there is no file .*none.ckpt"),
        (CometProcess(python, str(empty)), "no .ckpt in the folder"),
        (CometProcess(sys.executable, model), "has no unbabel-comet; python -m venv /opt/comet"),
        (
            CometProcess(python, write_model(tmp_path / "ref", "regression_metric")),
            "needs a reference translation; take one without",
        ),
        (CometProcess(python, write_model(tmp_path / "both", inputs="[mt, ref]")), "needs a reference"),
    ):
        with pytest.raises(InputError, match=words):
            process.check()


def answering(folder: Path, check: str, serve: str = "", ready: str = '{"ready": "Unified"}') -> CometProcess:
    """An interpreter that says a line when it is asked to check, and one to each line of pairs; then it lives on."""
    (python := folder / "python").write_text(f"""#!/bin/sh
if [ "$2" = check ]; then printf '%s\\n' '{check}'; exit; fi
printf '%s\\n' '{ready}'
while read -r line; do {serve or "exec sleep 600"}; done
exec sleep 600
""")
    python.chmod(0o755)
    return CometProcess(str(python), "some/model", timeout_s=0.5)


@pytest.mark.parametrize("said", ["null", "[1, 2]", "7", '"ready"', "{}", "hello", "<html>"])
def test_a_process_that_is_no_comet_is_told_before_the_run(tmp_path: Path, said: str) -> None:
    with pytest.raises(InputError, match=r"cometkiwi: .*python answers '.*', no scores; take the interpreter"):
        answering(tmp_path, said).check()
    with pytest.raises(EngineError, match="no scores; take the interpreter"), answering(tmp_path, "", ready=said):
        pass


def test_a_process_that_says_nothing_is_waited_for_no_longer_than_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (silent := tmp_path / "silent").write_text("#!/bin/sh\nexec sleep 600\n")
    silent.chmod(0o755)
    monkeypatch.setattr("processors.reward.comet._PATIENCE_S", 0.1)
    process, warned = CometProcess(str(silent), "some/model", timeout_s=0.3), list[str]()
    with pytest.raises(InputError, match=r"no answer within 0 s from .*silent"):
        process.check(warned.append)
    assert len(warned) == 1 and "it may be fetching some/model" in warned[0]
    with pytest.raises(EngineError, match="no answer within"), process:
        pass
    with pytest.raises(EngineError, match="no answer within"), answering(tmp_path, "") as late:
        late.scores(PAIRS)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("null", "answers 'null', no scores"),
        ('{"score": 1}', "no scores"),
        ("hello", "answers 'hello', no scores"),
        ('["0.1", "0.2", "0.3"]', "no scores"),
        ("[0.1]", "1 scores came back for 3 texts"),
        ("[]", "0 scores came back for 3 texts"),
        ("", "answers 'an empty line'"),
    ],
)
def test_nonsense_of_a_process_that_lives_on_hangs_nothing(tmp_path: Path, line: str, words: str) -> None:
    with (
        pytest.raises(EngineError, match=words),
        answering(tmp_path, "", f"printf '%s\\n' '{line}'; exec sleep 600") as process,
    ):
        process.timeout_s = 60.0
        process.scores(PAIRS)


@pytest.mark.comet
def test_a_real_model_gives_what_unbabel_comet_gives(tmp_path: Path) -> None:
    """With the layout of wmt22-cometkiwi-da, random weights, made and scored by that environment itself."""
    python = os.environ["COMET_PYTHON"]
    made = subprocess.run([python, str(TINY), str(tmp_path)], input=json.dumps(PAIRS), capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    expected = json.loads(made.stdout.splitlines()[-1])
    assert CometProcess(python, str(tmp_path / "kiwi")).check() >= "2.2"
    with CometProcess(python, str(tmp_path / "kiwi")) as process:
        assert process.scores(PAIRS) == pytest.approx(expected, abs=1e-5)
        assert process.scores(PAIRS[1:2]) == pytest.approx(expected[1:2], abs=1e-5)
    assert len(set(expected)) == len(PAIRS)
