"""An environment with a stand-in for unbabel-comet: what `processors.reward.comet_process` imports there, no model.

Its score of a translation is the share of the source's words of five letters and more that stand in it as they are,
less a thousandth for each character that the two differ in length; a text with `die` in it ends the process.
"""

import sys
from pathlib import Path

_COMET = """
import os

class UnifiedMetric:
    def predict(self, samples, batch_size, gpus, progress_bar, num_workers):
        print("noise among the answers")
        if any("die" in one["mt"].split() for one in samples):
            print("RuntimeError: no memory left for it", file=__import__("sys").stderr, flush=True)
            os._exit(1)
        return type("Prediction", (), {"scores": [of(one["src"], one["mt"]) for one in samples]})

def of(source, target):
    words = [word for word in source.split() if len(word) > 4]
    return sum(word in target for word in words) / max(len(words), 1) - abs(len(source) - len(target)) / 1000

def load_from_checkpoint(file):
    return UnifiedMetric()
"""


def write_environment(folder: Path) -> str:
    """The interpreter of it."""
    packages = folder / "packages"
    (packages / "unbabel_comet-2.2.7.dist-info").mkdir(parents=True)
    (packages / "unbabel_comet-2.2.7.dist-info/METADATA").write_text("Name: unbabel-comet\nVersion: 2.2.7\n")
    (packages / "comet.py").write_text(_COMET)
    (packages / "torch.py").write_text("class cuda:\n    is_available = staticmethod(lambda: False)\n")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={packages} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return str(python)


def write_model(folder: Path, kind: str = "unified_metric", inputs: str = "[mt, src]") -> str:
    """A checkpoint of which only the settings are read."""
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "hparams.yaml").write_text(f"class_identifier: {kind}\ninput_segments: {inputs}\n")
    (folder / "checkpoints/model.ckpt").write_text("")
    return str(folder)
