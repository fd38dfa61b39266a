"""`smolkalam preferences` as a user runs it, and its folder as `datasets` and TRL read it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.preferences.command import run_preferences
from processors.errors import InputError
from processors.judging.exchange import translation_prompt
from tests.builders.small_run import candidate, hard, row, write_run
from tests.conftest import tree
from tests.standins.tiny_model import write_model

Run = Callable[..., Any]
NAMES = ("SeedX", "Gemma3")


def some_rows(count: int = 40) -> list[dict[str, Any]]:
    """Pairs of rows with the same request, as think and no_think splits have them."""
    return [
        row(
            number,
            [f"What is {number // 2} times two?", f"It is {number // 2 * 2}."],
            candidate("SeedX", f"كم يساوي {number // 2} في اثنين؟", f"الجواب هو {number // 2 * 2}، لا غير ذلك."),
            candidate("Gemma3", f"ما هو {number // 2} مرات اثنان؟", f"إنه يكون {number // 2 * 2}."),
        )
        for number in range(count)
    ]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", some_rows(), NAMES, units=3)


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    path = tmp_path / "scores.yaml"
    path.write_text("SeedX: 44\nGemma3: 41.2\n")
    return path


def load(folder: Path, cache: Path) -> Any:
    from datasets import load_dataset

    return load_dataset(str(folder), cache_dir=str(cache))


@pytest.mark.parametrize("task", ["ranker", "assistant"])
def test_the_folder_loads_and_no_request_is_on_both_sides(
    smolkalam: Run, run: Path, scores: Path, tmp_path: Path, task: str
) -> None:
    output = tmp_path / "pairs"
    options = ("--by", "benchmark", "--scores", scores, "--task", task, "--test-share", "0.3")
    done = smolkalam("preferences", run, "--output", output, *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(output)
    dataset = load(output, tmp_path / "cache")
    assert dataset["train"].num_rows + dataset["test"].num_rows == 40
    numbers = {split: {int(i.split("/")[1]) // 2 for i in dataset[split]["source_id"]} for split in dataset}
    assert numbers["train"] and numbers["test"] and not numbers["train"] & numbers["test"]
    for pair in dataset["train"]:
        assert (pair["chosen_translator"], pair["margin"], pair["by"]) == ("SeedX", 0.28, "benchmark")
        assert [m["role"] for m in pair["prompt"]] == ["user"] and [m["role"] for m in pair["chosen"]] == ["assistant"]
    if task == "ranker":
        source = some_rows()[int(pair["source_id"].split("/")[1])]["messages"]
        assert pair["prompt"] == translation_prompt(source, "Arabic")


def test_any_number_of_workers_gives_the_same_bytes(
    run: Path, scores: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": f"s1k_1.1_think/{number:07d}", "better": "SeedX", "worse": "Gemma3"} for number in range(0, 60, 3)]
    people = tmp_path / "people.jsonl"
    people.write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = set()
    for given in ({"by": "benchmark", "scores": scores}, {"by": "verdicts", "verdicts": people}):
        made = []
        for workers in (1, 2, 5):
            output = tmp_path / f"{given['by']}-{workers}"
            run_preferences(run, output, workers=workers, test_share=0.3, **given)
            made.append(tree(output))
            told = capfd.readouterr().err
            said.add("\n".join(line for line in told.splitlines() if not line.startswith("pairs:")))
        assert made[0] == made[1] == made[2]
        assert {"train-00000-of-00001.parquet", "test-00000-of-00001.parquet", "left_out.jsonl"} <= set(made[0])
    # One report for each kind of preference, whoever made it; the run lacks some of the rows that people judged.
    assert len(said) == 2 and any("6 judged pairs are no two translations" in report for report in said)


def test_the_same_call_gives_the_same_bytes_and_replaces_the_folder(run: Path, scores: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for output in (one, other, one):
        run_preferences(run, output, by="benchmark", scores=scores, test_share=0.3)
    assert tree(one) == tree(other)
    assert sorted(tree(one)) == [
        "README.md",
        "left_out.jsonl",
        "preferences.json",
        "test-00000-of-00001.parquet",
        "train-00000-of-00001.parquet",
    ]


def test_what_is_loaded_again_is_what_was_made_last(run: Path, scores: Path, tmp_path: Path) -> None:
    import datasets

    margins = []
    for scale in (10.0, 20.0):
        run_preferences(run, tmp_path / "pairs", by="benchmark", scores=scores, scale=scale)
        loaded = datasets.load_dataset(str(tmp_path / "pairs"), split="train", cache_dir=str(tmp_path / "cache"))
        margins.append(loaded["margin"][0])
    assert margins[1] == margins[0] / 2


def test_counts_add_up_and_what_is_left_out_has_its_reason(smolkalam: Run, scores: Path, tmp_path: Path) -> None:
    rows = some_rows(10)
    rows[1]["candidates"][0] = candidate("SeedX")
    rows[2]["candidates"][0]["checks"] = hard("numbers")
    rows[3]["candidates"][0] = rows[3]["candidates"][1] | {"translator": "SeedX"}
    output = tmp_path / "pairs"
    run = write_run(tmp_path / "run", rows, NAMES)
    done = smolkalam("preferences", run, "--output", output, "--by", "benchmark", "--scores", scores)
    assert done.returncode == 0, done.stderr
    left_out = [json.loads(line) for line in (output / "left_out.jsonl").read_text().splitlines()]
    assert {line["id"][-1]: line["reason"] for line in left_out} == {
        "1": "not_translated",
        "2": "better_is_vetoed",
        "3": "same_text",
    }
    counts = json.loads((output / "preferences.json").read_text())
    assert counts["possible"] == 10 == sum(counts["pairs"].values()) + sum(counts["left_out"].values())
    assert "left out, better_is_vetoed: 1" in done.stderr
    assert "| better_is_vetoed | 1 |" in (output / "README.md").read_text()


def test_peoples_verdicts_and_those_that_are_not_of_the_run(smolkalam: Run, run: Path, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    lines = ["id,better,worse,annotator"]
    lines += [f"s1k_1.1_think/{n:07d},Gemma3,SeedX,{who}" for n in range(6) for who in ("Amal", "Basim", "Amal")]
    lines += ["s1k_1.1_think/0000000,SeedX,Gemma3,Basim", "elsewhere/0000000,SeedX,Gemma3,Basim"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    output = tmp_path / "pairs"
    arguments = ("--by", "verdicts", "--verdicts", path, "--test-share", "0")
    done = smolkalam("preferences", run, "--output", output, *arguments)
    assert done.returncode == 0, done.stderr
    counts = json.loads((output / "preferences.json").read_text())
    assert counts["chosen"] == {"Gemma3 over SeedX": 5}
    assert counts["left_out"] == {"no_preference": 34, "tie": 1}
    assert "1 judged pairs are no two translations in this run, such as elsewhere/0000000" in done.stderr
    # A split without pairs is not named: an empty Parquet file would break loading.
    assert set(load(output, tmp_path / "cache")) == {"train"}


def test_the_reference_is_compared_with_nobody(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gives no pair: fewer than two translators"):
        run_preferences(run, tmp_path / "pairs", by="reference", reference="SeedX")


def test_a_memorys_file_as_reference(run: Path, tmp_path: Path) -> None:
    memory = tmp_path / "reference.tsv"
    lines = ["source\ttarget"]
    for made in some_rows(10):
        source, target = made["messages"], made["candidates"][1]["messages"]
        lines += [f"{one['content']}\t{other['content']}" for one, other in zip(source, target, strict=True)]
    memory.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run_preferences(run, tmp_path / "pairs", by="reference", reference=str(memory), test_share=0)
    counts = json.loads((tmp_path / "pairs" / "preferences.json").read_text())
    assert counts["chosen"] == {"Gemma3 over SeedX": 10} and counts["left_out"] == {"no_preference": 30}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "benchmark"}, "--by benchmark: give --scores"),
        ({"by": "bench"}, "--by bench: expected one of benchmark, reference, judges, verdicts"),
        ({"by": "benchmark", "scores": "scores.yaml", "reference": "x.tmx"}, "--reference belongs to another"),
        ({"by": "benchmark", "scores": "scores.yaml", "task": "dpo"}, "--task dpo: expected one of ranker"),
        ({"by": "benchmark", "scores": "typo.yaml"}, "typo.yaml: no translator 'Gemma'; did you mean 'Gemma3'?"),
        ({"by": "benchmark", "scores": "word.yaml"}, "word.yaml:2: SeedX: input should be a valid number"),
        ({"by": "benchmark", "scores": "nan.yaml"}, "nan.yaml:1: SeedX: input should be a finite number"),
        ({"by": "benchmark", "scores": "one.yaml"}, "1 of SeedX, Gemma3 has a score; a ranking needs two"),
        ({"by": "reference", "reference": "no.tmx"}, "neither a memory's file nor a translator of this run"),
        ({"by": "verdicts", "verdicts": "votes.jsonl"}, "votes.jsonl, line 2: worse is None"),
        ({"by": "verdicts", "verdicts": "broken.jsonl"}, "broken.jsonl, line 2: cannot be read"),
        ({"by": "verdicts", "verdicts": "far.jsonl"}, "no verdict is on a row of"),
        ({"by": "verdicts", "verdicts": "empty.csv"}, "--verdicts: the file holds no verdict"),
        ({"by": "judges", "verdicts": "votes.jsonl"}, "votes.jsonl, line 1: a is None"),
        ({"by": "judges", "verdicts": "none.jsonl"}, "none.jsonl: cannot be read (No such file"),
        ({"by": "judges", "verdicts": "."}, "verdicts.jsonl: cannot be read (No such file"),
    ],
)
def test_mistakes_are_one_line(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    vote = json.dumps({"id": "s1k_1.1_think/0000000", "better": "SeedX", "worse": "Gemma3"})
    files = {
        "scores.yaml": "SeedX: 44\nGemma3: 40\n",
        "nan.yaml": "SeedX: .nan\nGemma3: 40\n",
        "typo.yaml": "SeedX: 44\nGemma: 40\n",
        "word.yaml": "Gemma3: 40\nSeedX: good\n",
        "one.yaml": "Gemma3: 40\n",
        "votes.jsonl": f'{vote}\n{{"id": "x", "better": "SeedX"}}\n',
        "broken.jsonl": f"{vote}\n{{\n",
        "empty.csv": "",
        "far.jsonl": vote.replace("s1k", "s2k") + "\n",
    }
    for name, text in files.items():
        Path(name).write_text(text)
    given = {k: Path(v) if k in ("scores", "verdicts") else v for k, v in options.items()}
    with pytest.raises(InputError) as error:
        run_preferences(run, tmp_path / "pairs", **given)
    assert message in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "pairs").exists()


def test_a_folder_with_something_else_is_not_overwritten(
    smolkalam: Run, run: Path, scores: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    assert smolkalam("preferences", run, "--output", mine, "--by", "benchmark", "--scores", scores).returncode == 0
    (mine / "thesis.tex").write_text("chapter")
    done = smolkalam("preferences", run, "--output", mine, "--by", "benchmark", "--scores", scores)
    assert done.returncode == 2 and "holds thesis.tex, which is not ours" in done.stderr
    assert (mine / "thesis.tex").read_text() == "chapter"


@pytest.mark.slow
def test_trl_prepares_and_trains_on_both(run: Path, scores: Path, tmp_path: Path) -> None:
    """Needs the extra `train`."""
    pytest.importorskip("trl")
    from transformers import AutoTokenizer
    from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer

    model = str(write_model(tmp_path / "model"))
    tokenizer = AutoTokenizer.from_pretrained(model)
    for task in ("ranker", "assistant"):
        output = tmp_path / task
        run_preferences(run, output, by="benchmark", scores=scores, task=task)
        data = load(output, tmp_path / "cache")["train"]
        common = {"output_dir": str(tmp_path / "out"), "use_cpu": True, "bf16": False, "report_to": "none",
                  "max_steps": 1, "per_device_train_batch_size": 2, "max_length": 512}  # fmt: skip
        trainer: Any
        if task == "ranker":
            trainer = RewardTrainer(model, RewardConfig(**common), train_dataset=data, processing_class=tokenizer)
            batch = next(iter(trainer.get_train_dataloader()))
            assert batch["margin"].tolist() == pytest.approx([0.28, 0.28])
        else:
            trainer = DPOTrainer(model, args=DPOConfig(**common), train_dataset=data, processing_class=tokenizer)
        prepared = trainer.train_dataset
        assert prepared.num_rows == data.num_rows
        for side in ("chosen", "rejected"):
            assert data[0][side][0]["content"] in tokenizer.decode(prepared[0][f"{side}_ids"])
        assert trainer.train().global_step == 1


def test_pairs_of_an_earlier_call_are_not_replaced_in_silence(
    run: Path, scores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = "pairs: the pairs of an earlier call are replaced"
    for said in (False, True):
        run_preferences(run, tmp_path / "pairs", by="benchmark", scores=scores)
        assert (told in capsys.readouterr().err) == said


def test_an_unknown_key_in_a_runs_recipe_is_an_error_with_its_line(run: Path, scores: Path, tmp_path: Path) -> None:
    with (run / "recipe.yaml").open("a") as file:
        file.write("sedd: 3\n")
    with pytest.raises(InputError, match=r"recipe\.yaml:\d+: sedd: unknown key; did you mean 'seed'\?"):
        run_preferences(run, tmp_path / "pairs", by="benchmark", scores=scores)
