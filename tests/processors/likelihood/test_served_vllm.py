"""Likelihood by a real vLLM: the log-probabilities that the same model gives when it runs here.

`VLLM_PYTHON=/opt/vllm/bin/python python -m pytest -m vllm tests/processors/likelihood`
"""

import os
from pathlib import Path

import pytest

from builders.recipes.scorers import Likelihood
from builders.scorers.base import Place, score
from builders.scorers.likelihood import KIND
from processors.languages.language import Language
from processors.reward.score import SourceAndCandidate
from tests.builders.engines.test_vllm import CPU
from tests.standins.foreign_server import serving
from tests.standins.tiny_model import write_model

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]


def test_vllm_gives_the_log_probabilities_of_the_model_itself(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model")
    command = [os.environ["VLLM_PYTHON"], "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--max-model-len", "2048", "--enforce-eager", "--dtype", "float32"]
    texts = [
        ("Good morning.", "صباح الخير."),
        ("17 of 20 rows.", "سبعة عشر صفًا من 20."),
        ("One.\n\nTwo.", "واحد.\n\nاثنان."),
    ]
    items = [
        SourceAndCandidate([{"role": "user", "content": source}], [{"role": "user", "content": target}])
        for source, target in texts
    ]
    place = Place(tmp_path / "answers", tmp_path / "spending")
    here = Likelihood(model=str(model), dtype="float32")
    with KIND.open(here, Language(), place) as scoring:
        expected = [one.value for one in score(scoring, items)]
    environment = os.environ | CPU | {"VLLM_NO_USAGE_STATS": "1"}
    with serving(command, tmp_path / "vllm.log", environment) as address:
        served = here.model_copy(update={"base_url": f"{address}/v1"})
        with KIND.open(served, Language(), place) as scoring:
            found = [one.value for one in score(scoring, items)]
            assert [one.value for one in score(scoring, items)] == found
    assert None not in expected and found == pytest.approx(expected, abs=0.01)
