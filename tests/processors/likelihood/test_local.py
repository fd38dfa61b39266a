"""A model that runs here: its log-probabilities are those of the model, however texts are put together."""

from pathlib import Path

import pytest

from processors.errors import InputError
from processors.likelihood.local import LocalLikelihood
from processors.likelihood.text import Forced

pytestmark = pytest.mark.train


def test_means_are_the_model_s_whatever_the_batch(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from tests.standins.tiny_model import write_model

    folder = write_model(tmp_path / "model")
    texts = [Forced(tuple(range(5, 5 + n)), begin) for n, begin in ((9, 3), (40, 1), (3, 2), (9, 8), (4, 4), (5, 0))]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    expected: list[float | None] = []
    for one in texts:
        with torch.inference_mode():
            logs = torch.log_softmax(model(torch.tensor([one.ids])).logits[0], dim=-1)
        of = [float(logs[place - 1, one.ids[place]]) for place in range(one.begin, len(one.ids))]
        expected.append(sum(of) / len(of) if of and one.begin else None)
    for batch_tokens in (8, 64, 4096):
        found = LocalLikelihood(str(folder), batch_tokens=batch_tokens).means(texts)
        assert [one is None for one in found] == [False] * 4 + [True] * 2
        assert found[:4] == pytest.approx(expected[:4], abs=1e-4)


def test_what_is_no_model_is_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"likelihood model '.*': cannot be read"):
        LocalLikelihood(str(tmp_path)).means([Forced((1, 2), 1)])
