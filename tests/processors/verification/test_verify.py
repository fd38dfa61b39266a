"""Problems with a known answer: choices by label or words, programs by their tests in a sandbox."""

import os
import socket
from pathlib import Path

import pytest

from processors.verification import Sandbox, Solvable, sandbox_missing, split_thought, unverifiable, verified

CHOICES = ("دمشق", "القاهرة", "بغداد", "تونس")


@pytest.mark.parametrize(
    ("answer", "said", "right"),
    [
        ("B", "الجواب هو (ب).", True),
        ("ب", "الجواب هو B", True),
        ("2", "الإجابة الصحيحة هي: ٢", True),
        ("القاهرة", "الجواب هو ب. القاهرة", True),
        ("B", "الجواب هو القاهرة", True),
        ("C", "الجواب هو ج) بغداد", True),
        ("C", r"الجواب \boxed{\text{C}}", True),
        ("B", "الجواب هو (أ)", False),
        ("B", "الجواب هو باريس", False),
        ("B", "أظن أن القاهرة مدينة كبيرة فعلًا", False),
    ],
)
def test_choices_are_compared_exactly(answer: str, said: str, right: bool) -> None:
    assert verified(Solvable("choice", answer, CHOICES), said).right is right


def test_what_cannot_be_verified_is_told() -> None:
    assert unverifiable(Solvable("mathematics", " ")) == "no answer"
    assert unverifiable(Solvable("choice", "Z", CHOICES)).endswith("is none of the choices")
    assert unverifiable(Solvable("code", tests=[])) == "no tests"
    assert not unverifiable(Solvable("code", tests='["assert f(1) == 1"]'))
    assert split_thought("<think>a</think><think>b</think>c") is None and split_thought("بلا تفكير") is None


needs_sandbox = pytest.mark.skipif(bool(sandbox_missing()), reason=f"no sandbox here: {sandbox_missing()}")
TESTS = ["assert double(2) == 4", "assert double(-1) == -2"]


def code(text: str) -> str:
    return f"الحل:\n```python\n{text}\n```"


@needs_sandbox
def test_code_passes_its_tests_or_says_why() -> None:
    problem, sandbox = Solvable("code", tests=TESTS), Sandbox(seconds=5)
    assert verified(problem, code("def double(x):\n    return 2 * x"), sandbox).right
    wrong = verified(problem, code("def double(x):\n    return abs(2 * x)"), sandbox)
    assert (wrong.reason, wrong.found) == ("fails_tests", "test 2")
    assert verified(problem, code("import os\nos._exit(0)"), sandbox).detail == "ended before its tests"
    assert verified(problem, "بلا شيفرة", sandbox).reason == "no_code"
    assert verified(problem, code("def double(x): return 2 * x"), None).reason == "not_run"
    pairs = Solvable("code", tests={"inputs": ["3\n"], "outputs": ["6\n"]})
    assert verified(pairs, code("print(2 * int(input()))"), sandbox).right
    assert verified(pairs, code("print(2 + int(input()))"), sandbox).detail == "prints another result"


@needs_sandbox
def test_code_reaches_no_network_writes_nowhere_reads_no_secret_and_ends(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        tries = {
            f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 2)": "unreachable",
            f"open({str(tmp_path / 'new')!r}, 'w').write('x')": "Permission denied",
            f"open({str(secret)!r}).read()": "Permission denied",
            f"import os\nos.kill({os.getpid()}, 9)": "No such process",
            "x = bytearray(900 << 20)": "MemoryError",
            "while True: pass": "",
        }
        for text, why in tries.items():
            ran = Sandbox(seconds=1).passes(text, "")
            assert not ran.passed and why in ran.reason, (text, ran)
    assert not (tmp_path / "new").exists()
    assert Sandbox().passes("open('here', 'w').write('x')", "assert open('here').read() == 'x'").passed
