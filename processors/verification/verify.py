"""A problem with an answer that is known, and what becomes of a text that solves it."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from processors.verification.choices import is_label, same_choice
from processors.verification.final import EASTERN, final_answers
from processors.verification.mathematics import needs_library, same_value
from processors.verification.sandbox import Sandbox

SolvableKind = Literal["mathematics", "choice", "code"]
KINDS: tuple[SolvableKind, ...] = get_args(SolvableKind)
_CODE = re.compile(r"```(?:python|py|python3)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_THOUGHT = re.compile(r"\A\s*<think>(.*?)</think>\s*(.*)\Z", re.DOTALL)
_MARKS = re.compile("[\u064b-\u0652\u0670\u0640]")


def split_thought(text: str) -> tuple[str, str] | None:
    """What a text thinks and what it says then; None where it does not begin with one closed `<think>`.

    >>> split_thought("<think>\\nنفكر\\n</think>\\n\\nالجواب 3")
    ('نفكر', 'الجواب 3')
    """
    found = _THOUGHT.match(text)
    if found is None or "<think>" in found[2] or "</think>" in found[2]:
        return None
    return found[1].strip(), found[2].strip()


@dataclass(frozen=True, slots=True)
class Solvable:
    """What is known of a problem: `answer`, the `choices` of a question, the `tests` of a program."""

    kind: SolvableKind
    answer: str = ""
    choices: tuple[str, ...] = ()
    tests: Any = None


@dataclass(frozen=True, slots=True)
class Verified:
    """`right`, or why not (`reason` in snake_case); `found` is the final answer as it was read."""

    right: bool
    reason: str = ""
    found: str = ""
    detail: str = ""


def verified(problem: Solvable, text: str, sandbox: Sandbox | None = None) -> Verified:
    """Whether a text ends with the right answer; what it thinks before counts for nothing.

    >>> verified(Solvable("mathematics", "12"), "<think>٣ × ٤</think> الجواب هو ١٢")
    Verified(right=True, reason='', found='12', detail='')
    """
    split = split_thought(text)
    said = split[1] if split else text
    return _LOOKS[problem.kind](problem, said, sandbox)


def unverifiable(problem: Solvable) -> str:
    """Why no text could be verified against a problem; empty where one can."""
    if problem.kind == "code":
        return "" if tests_of(problem.tests) else "no tests"
    if not problem.answer.strip():
        return "no answer"
    if problem.kind == "choice" and not is_label(_label(problem.answer, problem)):
        return f"the answer '{problem.answer[:40]}' is none of the choices"
    if problem.kind == "mathematics" and needs_library(problem.answer):
        return "the answer is no number: pip install 'smolkalam[verification]'"
    return ""


def _mathematics(problem: Solvable, said: str, sandbox: Sandbox | None) -> Verified:
    return _same(same_value(said, problem.answer), problem, said)


def _choice(problem: Solvable, said: str, sandbox: Sandbox | None) -> Verified:
    """By a label; or by a choice's own words, where the final answer is nothing else."""
    expected = _label(problem.answer, problem)
    named = next((label for one in final_answers(said) if (label := _by_words(one, problem))), "")
    return _same(same_choice(named or said, expected), problem, said)


def _same(right: bool, problem: Solvable, said: str) -> Verified:
    found = next(iter(final_answers(said)), "")[:200]
    if right:
        return Verified(True, "", found)
    return Verified(False, "wrong_answer" if found else "no_final_answer", found, f"expected {problem.answer[:200]}")


def _label(answer: str, problem: Solvable) -> str:
    """The label of the answer, which may be given as a choice's words."""
    return _by_words(answer, problem) or answer


def _by_words(text: str, problem: Solvable) -> str:
    """The label of the one choice that a text is."""
    plain = _plain(text)
    found = [place for place, choice in enumerate(problem.choices) if plain and _plain(choice) == plain]
    return "ABCDEFGHIJ"[found[0]] if len(found) == 1 and found[0] < 10 else ""


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s%/-]", " ", _MARKS.sub("", text).translate(EASTERN).casefold()).split())


def _code(problem: Solvable, said: str, sandbox: Sandbox | None) -> Verified:
    blocks = _CODE.findall(said)
    if not blocks:
        return Verified(False, "no_code")
    if sandbox is None:
        return Verified(False, "not_run", detail="the recipe runs no code")
    for number, test in enumerate(tests_of(problem.tests)):
        ran = sandbox.passes(blocks[-1], test) if isinstance(test, str) else sandbox.answers(blocks[-1], *test)
        if not ran.passed:
            return Verified(False, "fails_tests", f"test {number + 1}", ran.reason)
    return Verified(True, "", "passes its tests")


def tests_of(given: Any) -> Sequence[str | tuple[str, str]]:
    """Tests as datasets write them: Python that asserts, or what is read and what must be printed; empty for none.

    >>> tests_of(["assert f(1) == 2"]), tests_of({"inputs": ["1"], "outputs": ["2"]})
    (['assert f(1) == 2'], [('1', '2')])
    """
    if isinstance(given, str):
        try:
            return tests_of(json.loads(given))
        except ValueError:
            return [given] if given.strip() else []
    if isinstance(given, dict):
        inputs, outputs = (given.get(f"{name}s", given.get(name)) for name in ("input", "output"))
        if isinstance(inputs, str) and isinstance(outputs, str):
            return [(inputs, outputs)]
        if isinstance(inputs, list) and isinstance(outputs, list) and len(inputs) == len(outputs):
            return [(str(one), str(other)) for one, other in zip(inputs, outputs, strict=True)]
        return []
    if isinstance(given, list):
        found: list[str | tuple[str, str]] = []
        for one in given:
            found += [one] if isinstance(one, str) else list(tests_of(one))
        return found
    return []


_LOOKS: dict[SolvableKind, Callable[[Solvable, str, Sandbox | None], Verified]] = {
    "mathematics": _mathematics,
    "choice": _choice,
    "code": _code,
}
