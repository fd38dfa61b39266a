"""The examples in docstrings are true: every module that has any is run by doctest."""

import doctest
from importlib import import_module

import pytest

from tests.rooms import House
from tests.standins.processes import ROOT
from tests.test_rooms import TOPS

WITH_EXAMPLES = [name for name, module in House(ROOT, TOPS).modules.items() if ">>> " in module.text]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.attempted and not result.failed


def test_no_module_is_left_out() -> None:
    assert len(WITH_EXAMPLES) > 20
