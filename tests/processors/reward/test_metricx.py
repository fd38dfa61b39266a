"""MetricX: the prediction of a tiny mT5 made on the spot, however texts are batched, and what is no such model."""

from pathlib import Path
from typing import Any

import pytest

from builders.recipes.scorers import LearnedQuality
from builders.scorers.base import Place, score
from builders.scorers.metricx import KIND
from processors.errors import InputError
from processors.languages.language import Language
from processors.reward.metricx import PREDICTION, MetricX
from processors.reward.score import SourceAndCandidate

pytestmark = pytest.mark.train

PAIRS = [("Good morning.", "صباح الخير."), ("Twenty rows of seventeen columns.", "عشرون صفا."), ("One.", "اثنان.")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mt5(tmp_path_factory.mktemp("metricx"))


def write_mt5(folder: Path, vocabulary: int = 250112) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import MT5Config, MT5ForConditionalGeneration, PreTrainedTokenizerFast

    torch.manual_seed(3)
    config = MT5Config(vocab_size=vocabulary, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    model = MT5ForConditionalGeneration(config).eval()
    if vocabulary > PREDICTION:
        # In the middle of the range, and other texts beside it.
        with torch.no_grad():
            ids, first = torch.arange(3, 40)[None], torch.tensor([[0]])
            raw = float(model(input_ids=ids, decoder_input_ids=first).logits[0, 0, PREDICTION])
            model.lm_head.weight[PREDICTION].mul_(12.0 / raw)
    model.save_pretrained(folder)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytes_ = Tokenizer(models.BPE({letter: n + 3 for n, letter in enumerate(letters)}, []))
    bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    PreTrainedTokenizerFast(tokenizer_object=bytes_).save_pretrained(folder)
    return folder


def predicted(folder: Path, text: str) -> float:
    """As google-research/metricx computes it, of one text."""
    import torch
    from transformers import AutoTokenizer, MT5ForConditionalGeneration

    ids = AutoTokenizer.from_pretrained(folder)(text)["input_ids"]
    model = MT5ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        logits: Any = model(input_ids=torch.tensor([ids]), decoder_input_ids=torch.tensor([[0]])).logits
    return 25.0 - min(25.0, max(0.0, float(logits[0, 0, PREDICTION])))


def test_scores_are_those_of_the_model(folder: Path) -> None:
    model = MetricX(str(folder), tokenizer=str(folder), dtype="float32")
    expected = [predicted(folder, f"source: {source} candidate: {target}") for source, target in PAIRS]
    assert model.of_batch(model.ids(PAIRS)) == pytest.approx(expected, abs=1e-3) and len(set(expected)) > 1
    assert model.of_batch(model.ids(PAIRS[:1])) == pytest.approx(expected[:1], abs=1e-3)
    older = MetricX(str(folder), tokenizer=str(folder), style="23", dtype="float32")
    expected = [predicted(folder, "candidate: صباح الخير. source: Good morning.")]
    assert older.of_batch(older.ids(PAIRS[:1])) == pytest.approx(expected, abs=1e-3)
    assert model.ids([]) == []


def test_a_long_candidate_is_scored_by_passages(folder: Path, tmp_path: Path) -> None:
    spec = LearnedQuality(model=str(folder), tokenizer=str(folder), passage_tokens=80)
    KIND.ready(spec, lambda _: None)
    sides = ([{"role": "user", "content": side}, {"role": "assistant", "content": side * 3}] for side in PAIRS[1])
    with KIND.open(spec, Language(), Place(tmp_path, tmp_path)) as scoring:
        (found,) = score(scoring, [SourceAndCandidate(*sides)])
    assert found.passages > 2 and found.value is not None and 0 <= found.value <= 25


def test_what_is_no_metricx_is_a_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the tokenizer '.*' cannot be read"):
        KIND.ready(LearnedQuality(model="m", tokenizer=str(tmp_path / "none")), lambda _: None)
    with pytest.raises(InputError, match=r"is no MetricX model: not an mT5 with its whole vocabulary"):
        MetricX(str(write_mt5(tmp_path / "small", 300)), tokenizer=str(folder)).of_batch([[5]])
