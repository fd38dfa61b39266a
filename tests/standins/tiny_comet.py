"""A CometKiwi of random weights, in the layout of the real ones: run by the interpreter that has unbabel-comet.

`python tiny_comet.py FOLDER < PAIRS` writes FOLDER/kiwi (hparams.yaml, checkpoints/model.ckpt) and the encoder that
it names, and prints the scores of the pairs by unbabel-comet itself, one at a time.
"""

import json
import sys
from pathlib import Path

import torch
import yaml
from comet.models import UnifiedMetric
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizerFast


def write_encoder(folder: Path) -> None:
    # Of tokenizer.json, as the real ones have it: to read sentencepiece's takes a newer protobuf than COMET does.
    letters = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({letter: n for n, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    XLMRobertaTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    config = XLMRobertaConfig(vocab_size=len(letters), max_position_embeddings=514, type_vocab_size=1, **shape)
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder)


def main() -> None:
    folder = Path(sys.argv[1])
    torch.manual_seed(5)
    write_encoder(folder / "encoder")
    settings = {
        "pretrained_model": str(folder / "encoder"),
        "input_segments": ["mt", "src"],
        "hidden_sizes": [16, 8],
        "word_layer": 2,
        "layer_transformation": "softmax",
    }
    model = UnifiedMetric(**settings).eval()
    (folder / "kiwi/checkpoints").mkdir(parents=True)
    (folder / "kiwi/hparams.yaml").write_text(yaml.safe_dump(settings | {"class_identifier": "unified_metric"}))
    torch.save(
        {
            "state_dict": model.state_dict(),
            "hyper_parameters": dict(model.hparams),
            "pytorch-lightning_version": "2.0.0",
        },
        folder / "kiwi/checkpoints/model.ckpt",
    )
    pairs = [{"src": source, "mt": target} for source, target in json.load(sys.stdin)]
    found = [model.predict([one], batch_size=1, gpus=0, progress_bar=False, num_workers=0).scores[0] for one in pairs]
    print(json.dumps([float(score) for score in found]))


if __name__ == "__main__":
    main()
