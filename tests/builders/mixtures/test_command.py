"""`smolkalam mix`: what is asked for, exactly; the same bytes for any workers; what is not there is one line."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from builders.mixtures import load_mixture, run_mix
from builders.mixtures.account import SplitAccount, language_shares
from builders.run_folder import schemas
from hub.card.mixture import write_mixture_card
from hub.rules import check_dataset, errors
from processors.errors import InputError

KWARGS = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}


def chat(number: int, words: int = 20, **more: Any) -> dict[str, Any]:
    answer = " ".join(f"word{number + place}" for place in range(words))
    messages = [{"content": f"Question {number}?", "role": "user"}, {"content": answer, "role": "assistant"}]
    return {"messages": messages, "chat_template_kwargs": KWARGS, "source": "made", **more}


def shards(folder: Path, config: str, splits: dict[str, list[dict[str, Any]]], files: int = 2) -> Path:
    """A dataset's folder: two files a split, in row groups of ten."""
    extra = {name for rows in splits.values() for row in rows for name in row} - {*schemas.source().names}
    kinds = {"noted": pa.list_(pa.string()), "id": pa.string(), "topic": pa.string(), "tokens": pa.int64()}
    schema = pa.schema([*schemas.source(), *((name, kinds.get(name, pa.float64())) for name in sorted(extra))])
    (folder / config).mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        for number in range(files):
            part = rows[number * len(rows) // files : (number + 1) * len(rows) // files]
            path = folder / config / f"{split}-{number:05d}-of-{files:05d}.parquet"
            pq.write_table(pa.Table.from_pylist(part, schema), path, row_group_size=10)
    return folder


@pytest.fixture
def arabic(tmp_path: Path) -> Path:
    rows = [chat(n, n % 40 + 1, LR=n / 100, quality=None if n % 2 else 0.5, id=f"r/{n}") for n in range(100)]
    return shards(tmp_path / "arabic", "SFT", {"talk_think": rows[:60], "talk_no_think": rows[60:]})


@pytest.fixture
def english(tmp_path: Path) -> Path:
    path = tmp_path / "english.jsonl"
    said = [
        {"conversations": [{"from": "human", "value": f"Hi {n}"}, {"from": "gpt", "value": f"Yes {n}"}]}
        for n in range(50)
    ]
    lines = [json.dumps(row) for row in said]
    path.write_text("\n".join([*lines, "{broken", json.dumps({"conversations": []}), lines[0].upper().lower()]) + "\n")
    return path


Write = Callable[..., str]


@pytest.fixture
def recipe(tmp_path: Path, arabic: Path, english: Path) -> Write:
    """Writes a recipe of both; keyword arguments of `ar` and `en` change their sources, others the whole."""

    def write(ar: dict[str, Any] | None = None, en: dict[str, Any] | None = None, **whole: Any) -> str:
        first = {"name": "ar", "path": "arabic", "language": "ar"} | (ar or {})
        second = {"name": "en", "path": "english.jsonl", "language": "en"} | (en or {})
        path = tmp_path / "mix.yaml"
        path.write_text(yaml.safe_dump({"name": "both", "sources": [first, second]} | whole))
        return str(path)

    return write


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rows(folder: Path) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = pa.concat_tables(
        [pq.read_table(path) for path in sorted(folder.glob("SFT/*.parquet"))]
    ).to_pylist()
    return read


def by_split(accounts: list[SplitAccount]) -> dict[str, SplitAccount]:
    return {f"{one.source}/{one.split}": one for one in accounts}


def test_weights_by_split_and_language_and_every_row_accounted_for(tmp_path: Path, recipe: Write) -> None:
    name = recipe(
        ar={"weight": 0.5, "split_weights": {"*_think": 3, "talk_no_think": 1}}, languages={"weights": {"en": 2.3}}
    )
    found = by_split(run_mix(name, tmp_path / "out", finish=write_mixture_card))
    # The first pattern that fits counts, and `talk_no_think` ends in `_think` too.
    assert {name: one.written for name, one in found.items()} == {
        "ar/talk_no_think": 60, "ar/talk_think": 90, "en/train": 115,
    }  # fmt: skip
    en = found["en/train"]
    assert (en.read, en.kept, en.dropped) == (53, 50, {"duplicate": 1, "empty": 1, "invalid_json": 1})
    there = rows(tmp_path / "out")
    assert Counter(row["origin"] for row in there) == {"ar": 150, "en": 115}
    times = Counter(row["id"] for row in there)
    assert set(times.values()) == {1, 2, 3} and len(times) == 150
    assert {row["copy"] for row in there if row["origin"] == "ar"} == {0, 1}
    assert len({(row["id"], row["copy"]) for row in there}) == len(there)
    one = next(row for row in there if row["id"] == "ar/r/7")
    assert one["messages"] == chat(7, 8)["messages"] and one["LR"] == 0.07 and one["origin_split"] == "talk_think"
    assert next(row for row in there if row["id"] == "en/train/0000003")["messages"][1]["content"] == "Yes 3"
    manifest = json.loads((tmp_path / "out" / "mixture.json").read_text())
    assert manifest["rows"] == len(there) and manifest["tokens"] == sum(row["tokens"] for row in there)
    assert manifest["sources"][1]["splits"]["train"]["files"][0]["sha256"]
    assert not list(tmp_path.glob(".out.*"))


def test_it_loads_and_keeps_the_rules_of_the_hub(
    tmp_path: Path, recipe: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    run_mix(recipe(), tmp_path / "out", finish=write_mixture_card)
    assert not errors(check_dataset(tmp_path / "out"))
    from datasets import load_dataset

    loaded = load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))["train"]
    assert loaded.num_rows == 150 and list(loaded["id"]) == [row["id"] for row in rows(tmp_path / "out")]
    # And it is a source itself.
    again = yaml.safe_dump({"name": "again", "sources": [{"name": "both", "path": "out"}]})
    (tmp_path / "again.yaml").write_text(again)
    (one,) = run_mix(str(tmp_path / "again.yaml"), None, dry_run=True)
    assert (one.split, one.read, one.written) == ("train", 150, 150)


def test_the_bytes_do_not_depend_on_the_workers_or_the_parts(
    tmp_path: Path, recipe: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = recipe(languages={"shares": {"ar": 0.8, "en": 0.2}, "by": "rows"}, ar={"weight": 2})
    run_mix(name, tmp_path / "one", finish=write_mixture_card)
    monkeypatch.setattr("builders.mixtures.read.PART_BYTES", 1)
    monkeypatch.setattr("builders.mixtures.write._HELD", 1000)
    run_mix(name, tmp_path / "two", finish=write_mixture_card)
    monkeypatch.setattr("builders.mixtures.command._SMALL", 0)
    run_mix(name, tmp_path / "three", workers=2, finish=write_mixture_card)
    assert files(tmp_path / "one") == files(tmp_path / "two") == files(tmp_path / "three")
    run_mix(name, tmp_path / "four", ["seed=1"], finish=write_mixture_card)
    assert Counter(row["language"] for row in rows(tmp_path / "four")) == {"ar": 200, "en": 50}
    assert [row["id"] for row in rows(tmp_path / "four")] != [row["id"] for row in rows(tmp_path / "one")]


def test_several_shards_hold_all_rows_in_order(tmp_path: Path, recipe: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    run_mix(recipe(), tmp_path / "one")
    real = __import__("builders.mixtures.write", fromlist=["shard_starts"]).shard_starts
    monkeypatch.setattr("builders.mixtures.command.shard_starts", lambda sizes, most: real(sizes, 5000))
    run_mix(recipe(), tmp_path / "many")
    assert len(list((tmp_path / "many" / "SFT").iterdir())) > 3
    assert rows(tmp_path / "many") == rows(tmp_path / "one")


def test_thresholds_leave_out_with_their_reason(tmp_path: Path, recipe: Write) -> None:
    where = {"min": {"LR": 0.1, "quality": 0.4}, "max": {"LR": 0.9}, "max_tokens": 60}
    found = by_split(run_mix(recipe(ar={"where": where}), None, dry_run=True))
    # Quality is null where a row had one candidate, and says nothing then.
    assert found["ar/talk_think"].dropped["min_LR"] == 10
    assert found["ar/talk_no_think"].dropped["max_LR"] == 9
    assert "min_quality" not in found["ar/talk_think"].dropped
    assert found["ar/talk_think"].dropped["max_tokens"] > 0


def test_notes_of_checks_and_the_rows_own_tokens(tmp_path: Path) -> None:
    made = [chat(n, noted=["numbers"] if n < 5 else ["terms"], tokens=100 if n else 0) for n in range(20)]
    shards(tmp_path / "data", "SFT", {"a": made})
    name = tmp_path / "mix.yaml"
    source = {"name": "data", "path": "data", "where": {"without_noted": ["numbers"]}, "tokens": 700}
    name.write_text(yaml.safe_dump({"name": "noted", "tokenizer": "column", "sources": [source]}))
    (one,) = run_mix(str(name), None, dry_run=True)
    assert (one.dropped, one.written, one.tokens) == ({"noted_numbers": 5, "over_budget": 8}, 7, 700)
    (one,) = run_mix(str(name), None, ["sources.data.where.without_noted=[]"], dry_run=True)
    assert one.dropped == {"no_tokens": 1, "over_budget": 12}


def test_benchmarks_items_fall_out_and_are_counted(tmp_path: Path, recipe: Write) -> None:
    items = [
        {"question": " ".join(f"word{3 + place}" for place in range(4))},
        {"question": "Nobody asks for this here?"},
    ]
    (tmp_path / "benchmark.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    name = recipe(decontamination={"against": [{"path": "benchmark.jsonl"}]})
    run_mix(name, tmp_path / "out", finish=write_mixture_card)
    manifest = json.loads((tmp_path / "out" / "mixture.json").read_text())
    (benchmark,) = manifest["benchmarks"]
    counted = sum(split["dropped"].get("contaminated", 0) for split in manifest["sources"][0]["splits"].values())
    assert benchmark["rows"] == counted >= 1 and benchmark["name"] == "benchmark.jsonl"
    # Where it lies here is nobody's business.
    for told in ("README.md", "mixture.json", "provenance.json"):
        assert str(tmp_path) not in (tmp_path / "out" / told).read_text()
    assert not any("word3 word4 word5 word6" in row["messages"][1]["content"] for row in rows(tmp_path / "out"))


def test_of_equal_rows_the_earlier_sources_is_taken_unless_it_takes_none(tmp_path: Path, recipe: Write) -> None:
    twice = {"path": "arabic"}
    with pytest.raises(InputError, match=r"sources\[1\] \(en\): none of its 100 rows is left: duplicate 100"):
        run_mix(recipe(en=twice), None, dry_run=True)
    found = by_split(run_mix(recipe(en=twice, deduplicate=False), None, dry_run=True))
    assert found["en/talk_think"].written == 60
    found = by_split(run_mix(recipe(ar={"split_weights": {"talk_think": 0}}, en=twice), None, dry_run=True))
    assert (found["ar/talk_think"].dropped, found["en/talk_think"].written) == ({"not_drawn": 60}, 60)


def test_of_rows_that_are_nearly_equal_one_is_taken_where_it_is_asked_for(tmp_path: Path, recipe: Write) -> None:
    def told(*changed: str) -> dict[str, str]:
        words = [*changed, *(f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(80))]
        return {"prompt": "Which words are these, and where do they stand?", "response": " ".join(words)}

    some = [told("one"), told("two", "new"), told(*(f"other{chr(97 + n)}" for n in range(26))), told("one")]
    (tmp_path / "near.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    alike = {"path": "near.jsonl"}
    found = by_split(run_mix(recipe(ar=alike), None, dry_run=True))["ar/train"]
    assert (found.read, found.kept, found.dropped) == (4, 3, {"duplicate": 1})
    near = recipe(ar=alike, deduplicate="near")
    found = by_split(run_mix(near, tmp_path / "out", finish=write_mixture_card))["ar/train"]
    assert (found.read, found.kept, found.dropped) == (4, 2, {"duplicate": 1, "near_duplicate": 1})
    kept = [row["messages"][1]["content"].split()[0] for row in rows(tmp_path / "out") if row["language"] == "ar"]
    assert sorted(kept) == ["one", "othera"]
    run_mix(near, tmp_path / "again", finish=write_mixture_card, workers=2)
    assert files(tmp_path / "again") == files(tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ar": {"splits": ["talk_tink"]}}, "(ar): no split 'talk_tink'; did you mean 'talk_think'? it has talk_no"),
        ({"ar": {"config": "SFTT"}}, "sources[0].config (ar): no config 'SFTT'; did you mean 'SFT'? it has SFT"),
        ({"ar": {"split_weights": {"x_*": 2}}}, "sources[0].split_weights (ar): no split 'x_*'; it has"),
        ({"ar": {"revision": "main"}}, "sources[0].revision (ar): "),
        ({"ar": {"path": "arabic/none.jsonl.gz"}}, "sources[0].path (ar): arabic/none.jsonl.gz: "),
        ({"en": {"config": "SFT"}}, "sources[1].config (en): a file has no config; leave it out"),
        ({"ar": {"where": {"min": {"SCR": 0.5}}}}, "(ar, split talk_no_think): no column 'SCR'; there are LR"),
        ({"ar": {"where": {"max": {"source": 1}}}}, "column 'source' holds no numbers; of numbers are LR, quality"),
        ({"ar": {"where": {"without_noted": ["nubmers"]}}}, "no check 'nubmers'; did you mean 'numbers'?"),
        ({"ar": {"where": {"without_noted": ["numbers"]}}}, "(ar, split talk_no_think): no column 'noted'"),
        ({"ar": {"where": {"min": {"LR": 5}}}}, "sources[0] (ar): none of its 100 rows is left: min_LR 100"),
        ({"ar": {"rows": 101}}, "sources[0].rows (ar): 101 rows are asked for and all rows by their weights are 100"),
        ({"en": {"rows": 51}}, "sources[1].rows (en): 51 rows are asked for and there are 50; ask for at most that"),
        ({"tokens": 10**9}, "tokens: 1,000,000,000 tokens are asked for and there are "),
        ({"languages": {"shares": {"ar": 0.8, "en": 0.2}}, "tokens": 10**6}, "shares.ar: 800,000 tokens are"),
        ({"tokenizer": "column"}, "tokenizer (ar, split talk_no_think): no column 'tokens'; there are LR, quality"),
        ({"tokenizer": "none.json"}, "tokenizer: none.json: no such tokenizer"),
        ({"tokens": 1}, "no row is taken: for their weights, or for a budget that is less than any row"),
        ({"decontamination": {"against": [{"path": "none.jsonl"}]}}, "none.jsonl: no such file or folder"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_one_line_and_nothing_is_written(
    tmp_path: Path, recipe: Write, changes: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError) as raised:
        run_mix(recipe(**changes), tmp_path / "out")
    assert said in str(raised.value) and len(str(raised.value).splitlines()) == 1
    assert not (tmp_path / "out").exists()
    # What was found of rows stays, for the same command with another budget.
    assert all(list(left.glob("look-*/*.npz")) for left in tmp_path.glob(".out*"))


def test_many_splits_are_shown_by_source(
    tmp_path: Path, recipe: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where it is said how wide a line may be, a table is cut to it.
    monkeypatch.setenv("COLUMNS", "160")
    shards(tmp_path / "many", "SFT", {f"s{number}": [chat(number)] for number in range(31)}, files=1)
    run_mix(recipe(ar={"path": "many", "split_weights": {"s1": 2}}), None, dry_run=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:7] for line in lines[1:3]] == [
        ["ar", "31", "splits", "ar", "by", "split", "31"],
        ["en", "train", "en", "1", "53", "50", "50"],
    ]


def test_useless_sources_are_one_line(tmp_path: Path, recipe: Write) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "other.jsonl").write_text('{"text": "no chat"}\n')
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.Table.from_pylist([], schemas.source()), tmp_path / "none.parquet")
    for path, said in (
        ("empty.jsonl", "empty.jsonl: has no row in it"),
        ("none.parquet", "none.parquet: has no row in it"),
        ("other.jsonl", "columns text; expected one of: messages; conversations;"),
        ("broken.parquet", "is no Parquet file, or damaged"),
    ):
        with pytest.raises(InputError, match=said):
            run_mix(recipe(en={"path": path}), None, dry_run=True)


def test_an_interrupted_mixture_goes_on(tmp_path: Path, recipe: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builders.mixtures.read.PART_BYTES", 1)
    run_mix(recipe(), tmp_path / "whole", finish=write_mixture_card)
    calls: Counter[str] = Counter()
    for name, last in (("look_at", 5), ("put_aside", 3), ("write_shard", 0)):
        real = getattr(__import__("builders.mixtures.command", fromlist=[name]), name)

        def stopping(*arguments: Any, name: str = name, real: Any = real, last: int = last) -> Any:
            if calls[name] == last:
                calls[name] += 1
                raise KeyboardInterrupt
            calls[name] += 1
            return real(*arguments)

        monkeypatch.setattr(f"builders.mixtures.command.{name}", stopping)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            run_mix(recipe(), tmp_path / "out", finish=write_mixture_card)
        assert not (tmp_path / "out").exists()
    run_mix(recipe(), tmp_path / "out", finish=write_mixture_card)
    # Eleven parts, and one look that was stopped.
    assert calls["look_at"] == 12
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_a_dry_run_writes_nothing_and_what_it_counted_is_not_counted_again(
    tmp_path: Path, recipe: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_mix(recipe(), tmp_path / "out", dry_run=True)
    assert not (tmp_path / "out").exists()
    said = capsys.readouterr().out
    assert "153 rows read = 150 kept + 3 dropped (duplicate 1, empty 1, invalid_json 1)" in said
    monkeypatch.setattr("builders.mixtures.command.look_at", None)
    run_mix(recipe(), tmp_path / "out")
    assert len(rows(tmp_path / "out")) == 150
    with pytest.raises(InputError, match="is there already"):
        run_mix(recipe(), tmp_path / "out")


def test_rows_that_are_not_utf8_fall_out_alone(tmp_path: Path) -> None:
    made = [chat(n) for n in range(30)]
    shards(tmp_path / "data", "SFT", {"a": made}, files=1)
    path = tmp_path / "data" / "SFT" / "a-00000-of-00001.parquet"
    table = pq.read_table(path)
    pq.write_table(table, path, compression="none", use_dictionary=False)
    path.write_bytes(path.read_bytes().replace(b"Question 7?", b"Question \xff?"))
    (tmp_path / "mix.yaml").write_text(yaml.safe_dump({"name": "m", "sources": [{"name": "data", "path": "data"}]}))
    (one,) = run_mix(str(tmp_path / "mix.yaml"), tmp_path / "out")
    assert (one.dropped, one.kept) == ({"not_utf8": 1}, 29)
    assert len(rows(tmp_path / "out")) == 29


def test_the_shipped_mixture_of_arabic_deepseek_r1_is_four_fifths_arabic_by_tokens(tmp_path: Path) -> None:
    mixture, _ = load_mixture("arabic_deepseek_r1")
    assert (mixture.tokens, mixture.languages.by) == (372_000_000, "tokens")
    splits = {"a_think": 200, "b_no_think": 200, "OpenThoughts3_NoThink_180K": 100}
    made = {
        split: [chat(n, n % 60 + 1, LR=0.9, SCR=1.0, id=f"{split}/{n}") for n in range(rows)]
        for split, rows in splits.items()
    }
    made = {
        split: [
            row | {"source": split, "messages": [{"content": f"{split}?", "role": "user"}, *row["messages"]]}
            for row in of
        ]
        for split, of in made.items()
    }
    shards(tmp_path / "arabic", "SFT_Gemma3_ranked", made)
    shards(
        tmp_path / "english",
        "SFT",
        {
            split: [chat(n + place * 1000, 30) for n in range(40)]
            for place, split in enumerate(mixture.sources[1].splits)
        },
    )
    settings = [f"sources.{name}.path={tmp_path / name}" for name in ("arabic", "english")]
    settings += ["tokenizer=approximate", f"tokens={372 * 40}"]
    found = run_mix("arabic_deepseek_r1", None, settings, dry_run=True)
    shares = language_shares(found)
    assert shares["ar"]["share_of_tokens"] == pytest.approx(0.8, abs=0.002)
    assert shares["ar"]["tokens"] + shares["en"]["tokens"] == pytest.approx(14_880, abs=60)
