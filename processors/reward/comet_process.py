"""Scores translations by a COMET model without a reference, in an environment of its own; asked through a pipe.

`python comet_process.py check|serve MODEL REVISION [BATCH]`, by the interpreter of an environment that has
`unbabel-comet`, whose needs (transformers before 5, numpy before 2) do not go with this project's. It prints a line of
JSON: what is wrong, or the model's class. `serve` then answers each line of pairs [[source, translation], ...] with a
line of scores, and ends when its input does, so with whoever asks. A script by itself: nothing of ours is there.
"""

import json
import os
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_ALONE = ("referenceless_regression_metric", "unified_metric", "xcomet_metric")


def checkpoint(model: str, revision: str) -> str:
    """The file of a model: a .ckpt, a folder that holds one, or a model of the Hub, which is fetched."""
    path = Path(model)
    if path.is_dir():
        found = sorted(path.glob("**/*.ckpt"))
        if not found:
            raise OSError(f"there is no .ckpt in the folder {model}")
        return str(found[0])
    if path.is_file():
        return model
    if model.endswith(".ckpt") or path.is_absolute():
        raise OSError(f"there is no file {model}")
    from huggingface_hub import snapshot_download

    folder = snapshot_download(model, revision=revision or None)
    return str(Path(folder) / "checkpoints" / "model.ckpt")


def needs_reference(file: str) -> bool:
    """As its settings say: before some gigabytes are read."""
    import yaml

    settings = Path(file).parents[1] / "hparams.yaml"
    if not settings.is_file():
        raise OSError(f"there is no hparams.yaml two folders above {file}, as COMET writes it")
    told = yaml.safe_load(settings.read_text(encoding="utf-8"))
    kind, inputs = told.get("class_identifier"), told.get("input_segments") or ["mt", "src", "ref"]
    # A unified one sees the source alone where there is no reference, and so does an XCOMET.
    return kind not in _ALONE or (kind == "unified_metric" and "src" not in inputs)


def main() -> None:
    # What libraries print must not stand among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(told: Any) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    # The folder of this script, which has a `comet` of ours.
    sys.path.pop(0)
    what, model, revision = sys.argv[1:4]
    if find_spec("comet") is None:
        say({"failed": f"{sys.executable} has no unbabel-comet", "mend": "library"})
        return
    try:
        # First, and for the check too: it may be there without what it needs.
        from comet import load_from_checkpoint

        file = checkpoint(model, revision)
        if needs_reference(file):
            say({"failed": f"{model} needs a reference translation", "mend": "reference"})
            return
        if what == "check":
            say({"ready": version("unbabel-comet")})
            return
        loaded = load_from_checkpoint(file)
    # Whatever these libraries raise, to the asker it is one line; the whole of it stands in the log.
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        mend = "library" if isinstance(error, ImportError) else ""
        say({"failed": f"{type(error).__name__}: {lines[0]}", "mend": mend})
        raise
    say({"ready": type(loaded).__name__})
    _answer(loaded, int(sys.argv[4]), say)


def _answer(model: Any, batch: int, say: Any) -> None:
    import torch

    gpus = 1 if torch.cuda.is_available() else 0
    for line in sys.stdin:
        pairs = [{"src": source, "mt": target} for source, target in json.loads(line)]
        found = model.predict(pairs, batch_size=batch, gpus=gpus, progress_bar=False, num_workers=0)
        say([float(score) for score in found.scores])


if __name__ == "__main__":
    main()
