"""A model that runs here: its log-probabilities are those of the model, however texts are put together."""

from pathlib import Path

import pytest

from builders.recipes.scorers import Likelihood
from builders.scorers.base import AskedPassage, Place
from builders.scorers.likelihood import KIND
from processors.errors import InputError
from processors.languages.language import Language
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
    here = LocalLikelihood(str(folder))
    for together in (1, 2, 4):
        found = [mean for at in range(0, 4, together) for mean in here.means(texts[at : at + together])]
        assert found == pytest.approx(expected[:4], abs=1e-4)
    said: dict[int, float | str] = {}
    with KIND.open(Likelihood(model=str(folder)), Language(), Place(tmp_path, tmp_path)) as scoring:
        passages = [AskedPassage(one, 1) for one in texts]
        scoring.say(passages, {1: -1.0}, lambda places, values: said.update(zip(places, values, strict=True)))
    # What is known is not scored again, unless it is in a batch of what is not.
    assert [isinstance(said[place], str) for place in range(6)] == [False] * 4 + [True] * 2
    assert [said[place] for place in range(4)] == pytest.approx(expected[:4], abs=1e-4)


def test_what_is_no_model_is_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"likelihood model '.*': cannot be read"):
        LocalLikelihood(str(tmp_path)).means([Forced((1, 2), 1)])
