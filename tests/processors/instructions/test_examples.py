"""The examples written by hand: those of `held_back.yaml` before the checkers, the others beside them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from processors.instructions import KINDS, follows

Example = dict[str, Any]
FOLDER = Path(__file__).parent


def read(name: str) -> list[tuple[str, Example]]:
    found = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return [(kind, example) for kind, examples in found.items() for example in examples]


EXAMPLES = [(name, *one) for name in ("held_back.yaml", "examples.yaml") for one in read(name)]


@pytest.mark.parametrize(("name", "kind", "example"), EXAMPLES)
def test_an_example_is_judged_as_by_a_reader(name: str, kind: str, example: Example) -> None:
    found = follows(example["response"], [kind], [example["kwargs"]])[0]
    assert found.strict is example["follows"]
    assert found.loose or not found.strict


def test_each_kind_has_examples_of_both() -> None:
    for kind in KINDS:
        of_kind = [example["follows"] for _, name, example in EXAMPLES if name == kind]
        assert of_kind.count(True) == of_kind.count(False) == 5


def test_composed_answers_are_judged_as_they_were_composed() -> None:
    """One seed of `benchmarks/instruction_checkers.py`: each kind has its composer, and none is judged wrongly."""
    from benchmarks.instruction_checkers import COMPOSERS, composed

    assert set(COMPOSERS) == set(KINDS)
    wrong = [case for case in composed(1) if follows(case.text, [case.kind], [case.given])[0].strict != case.follows]
    assert not wrong
