"""Merging as a user starts it, on models of a few kilobytes: what comes out, and that a kill changes no byte."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_recipes.merge.train import main, train
from processors.errors import InputError
from tests.standins.processes import ROOT
from tests.standins.tiny_checkpoint import dense, read_safetensors, sparse, write_checkpoint

LINEAR = ROOT / "model_recipes" / "merge" / "linear.yaml"


def merge(output: Path, *experts: Path | dict[str, Any], **keys: Any) -> Path:
    named = [expert if isinstance(expert, dict) else {"path": str(expert)} for expert in experts]
    config = output.with_name(f"{output.name}.yaml")
    config.write_text(yaml.safe_dump({"output_dir": str(output), "experts": named, **keys}))
    return train(config)


def merged(folder: Path) -> dict[str, Any]:
    return {name: values for path in folder.glob("*.safetensors") for name, values in read_safetensors(path).items()}


def weights(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.safetensors*"))}


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_the_mean_of_models_in_their_own_type(tmp_path: Path, dtype: str) -> None:
    for seed in (0, 1):
        write_checkpoint(tmp_path / f"e{seed}", dense(seed), dtype=dtype)
    out = merge(tmp_path / "out", tmp_path / "e0", tmp_path / "e1")
    one, other = merged(tmp_path / "e0"), merged(tmp_path / "e1")
    for name, values in merged(out).items():
        mean = (one[name].astype(np.float64) + other[name]) / 2
        assert np.abs(values - mean).max() <= np.abs(mean).max() * {"F32": 2**-24, "F16": 2**-11, "BF16": 2**-8}[dtype]
    assert set(merged(out)) == set(one)
    assert {path.name for path in out.iterdir()} == {
        "README.md",
        "chat_template.jinja",
        "config.json",
        "merge.json",
        "model.safetensors",
        "settings.yaml",
        "tokenizer.json",
        "tokenizer_config.json",
    }


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("fused", [False, True])
def test_equal_models_are_the_model_bit_for_bit(tmp_path: Path, dtype: str, fused: bool) -> None:
    for i in range(3):
        write_checkpoint(tmp_path / f"e{i}", sparse(0, fused=fused), dtype=dtype)
    experts = [{"path": str(tmp_path / f"e{i}"), "importance": weight} for i, weight in enumerate((1, 0.3, 7))]
    out = merge(tmp_path / "out", *experts, weights="importance")
    before = merged(tmp_path / "e0")
    assert all(values.tobytes() == before[name].tobytes() for name, values in merged(out).items())


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([0, 1, 2]), st.integers(1, 3))
def test_neither_the_order_of_experts_nor_their_files_change_a_byte(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], files: int
) -> None:
    folder = tmp_path_factory.mktemp("order")
    found = []
    for name, how, many in (("first", [0, 1, 2], 1), ("second", order, files)):
        place = folder / name
        experts = []
        for i in how:
            write_checkpoint(place / f"e{i}", dense(i), dtype="BF16", files=many)
            experts.append({"path": str(place / f"e{i}"), "importance": i + 1})
        found.append(merge(place / "out", *experts, weights="importance", max_shard_size="1KB"))
    assert weights(found[0]) == weights(found[1]) and len(weights(found[0])) > 2
    told = [json.loads((out / "merge.json").read_text()) for out in found]
    assert [e["sha256"] for e in told[0]["experts"]] == [e["sha256"] for e in told[1]["experts"]]


def test_shares_are_by_importance_or_by_what_an_expert_was_trained_on(tmp_path: Path) -> None:
    for i, tokens in enumerate((300, 100)):
        folder = write_checkpoint(tmp_path / f"e{i}", dense(i))
        (folder / "training.json").write_text(json.dumps({"data": [{"tokens": tokens - 50}, {"tokens": 50}]}))
    by_size = merge(tmp_path / "size", tmp_path / "e0", tmp_path / "e1", weights="size")
    one, other = dense(0), dense(1)
    for name, values in merged(by_size).items():
        assert np.allclose(values, 0.75 * one[name] + 0.25 * other[name], atol=1e-6)
    experts = [{"path": str(tmp_path / f"e{i}"), "importance": n, "capability": "x"} for i, n in enumerate((1, 3))]
    by_importance = merge(tmp_path / "importance", *experts, weights="importance")
    told = json.loads((by_importance / "merge.json").read_text())
    assert [expert["share"] for expert in told["experts"]] == [0.25, 0.75]
    assert "| e1 | x | 0.7500 |" in (by_importance / "README.md").read_text()


def test_a_tied_head_is_stored_once_whether_or_not_an_expert_stores_it(tmp_path: Path) -> None:
    tensors = dense(0)
    tied = {**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"]}
    without = {name: values for name, values in tensors.items() if name != "lm_head.weight"}
    write_checkpoint(tmp_path / "e0", tied, tie_word_embeddings=True)
    write_checkpoint(tmp_path / "e1", without, tie_word_embeddings=True)
    assert "lm_head.weight" not in merged(merge(tmp_path / "out", tmp_path / "e0", tmp_path / "e1"))
    write_checkpoint(tmp_path / "e2", tensors, tie_word_embeddings=True)
    with pytest.raises(InputError, match=r"e2: lm_head\.weight is to be the embeddings .* has other numbers"):
        merge(tmp_path / "out2", tmp_path / "e0", tmp_path / "e2")


def test_whole_numbers_are_kept_where_they_are_the_same(tmp_path: Path) -> None:
    for i, steps in enumerate((5, 5, 6)):
        write_checkpoint(tmp_path / f"e{i}", dense(i) | {"steps": np.array([steps])})
    assert merged(merge(tmp_path / "out", tmp_path / "e0", tmp_path / "e1"))["steps"] == 5
    with pytest.raises(InputError, match="steps: numbers of type I64 differ"):
        merge(tmp_path / "out2", tmp_path / "e0", tmp_path / "e2")


def test_an_expert_that_is_broken_is_named(tmp_path: Path) -> None:
    broken = dense(1)
    broken["model.norm.weight"][3] = np.nan
    write_checkpoint(tmp_path / "e0", dense(0))
    write_checkpoint(tmp_path / "e1", broken)
    with pytest.raises(InputError, match=r"e1: model\.norm\.weight: not finite"):
        merge(tmp_path / "out", tmp_path / "e0", tmp_path / "e1")


KILLED = """
import os, sys, signal
from model_recipes.merge import train
merge_shard, done = train.merge_shard, []
def killed(folder, kept, shard, inputs, advance):
    def then(size):
        if len(done) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
    merge_shard(folder, kept, shard, inputs, then)
    done.append(shard)
train.merge_shard = killed
train.main(sys.argv[1:])
"""


def test_a_killed_merge_goes_on_and_gives_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in (0, 1):
        write_checkpoint(tmp_path / f"e{seed}", dense(seed, layers=12), dtype="BF16", files=2)
    keys = {"max_shard_size": "1KB", "base": str(tmp_path / "e0")}
    (tmp_path / "whole").mkdir()
    whole = merge(tmp_path / "whole" / "out", tmp_path / "e1", tmp_path / "e0", **keys)
    output = tmp_path / "out"
    experts = [{"path": str(tmp_path / f"e{seed}")} for seed in (0, 1)]
    config = tmp_path / "out.yaml"
    config.write_text(yaml.safe_dump({"output_dir": str(output), "experts": experts, **keys}))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, "--config", str(config)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    kept = {path: path.stat().st_ino for path in output.glob("*.safetensors")}
    assert len(kept) == 2 and not (output / "merge.json").exists()
    assert list(output.glob(".*.tmp"))
    with pytest.raises(InputError, match=r"another merge was begun there \(max_shard_size differ\)"):
        train(config, ["max_shard_size=1MB"])
    capsys.readouterr()
    train(config)
    assert "going on: 2 of " in capsys.readouterr().err
    assert all(path.stat().st_ino == inode for path, inode in kept.items())
    names = sorted(path.name for path in whole.iterdir())
    assert sorted(path.name for path in output.iterdir()) == names
    for name in names:
        before, after = ((folder / name).read_bytes() for folder in (whole, output))
        assert after == before.replace(str(whole).encode(), str(output).encode())


def test_the_same_command_again_does_nothing_and_another_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in (0, 1, 2):
        write_checkpoint(tmp_path / f"e{seed}", dense(seed))
    out = merge(tmp_path / "out", tmp_path / "e0", tmp_path / "e1")
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    merge(out, tmp_path / "e1", tmp_path / "e0")
    assert "merged already" in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in out.iterdir()}
    with pytest.raises(InputError, match=r"out: holds another merge \(experts differ\)"):
        merge(out, tmp_path / "e0", tmp_path / "e2")
    with pytest.raises(InputError, match="e2: is not empty, and no merge that was begun"):
        merge(tmp_path / "e2", tmp_path / "e0", tmp_path / "e1")


def test_a_mistake_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_checkpoint(tmp_path / "e0", dense(0))
    words = ["--config", str(LINEAR), "--set", f"output_dir={tmp_path / 'out'}", "--set"]
    for setting, told in (
        ("experts=[]", f"{LINEAR}: experts: 0 given; name two or more, such as [{{path: sft-math}}]"),
        (
            f"experts=[{{path: {tmp_path}/e0}}, {{path: {tmp_path}/none}}]",
            f"{tmp_path}/none: no such folder",
        ),
        (
            f"experts=[{{path: {tmp_path}/e0}}, {{path: {tmp_path}/e0/../e0}}]",
            f"{LINEAR}: experts: {tmp_path}/e0 is given twice",
        ),
        (
            "experts=[{path: x, importence: 1}]",
            "--set experts=[{path: x, importence: 1}]: experts[0].importence: unknown key; did you mean 'importance'?",
        ),
    ):
        with pytest.raises(SystemExit) as stopped:
            main([*words, setting])
        assert stopped.value.code == 2
        assert f"smolkalam: {told}\n" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_command_line_merges_without_torch(tmp_path: Path) -> None:
    for seed in (0, 1):
        write_checkpoint(tmp_path / f"e{seed}", dense(seed))
    experts = f"experts=[{{path: {tmp_path}/e0}}, {{path: {tmp_path}/e1}}]"
    output = f"output_dir={tmp_path / 'out'}"
    words = ["train", "merge", "--config", str(LINEAR), "--set", experts, "--set", output]
    script = "import sys; sys.modules['torch'] = None; from smolkalam import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "| all |" in done.stderr and "merged model.safetensors (1 of 1)" in done.stderr
    assert (tmp_path / "out" / "model.safetensors").is_file()
