"""Each rule of the check has a dataset that breaks it; where `datasets` shows the damage, it is asked too."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hub.rules import card as card_rules
from hub.rules import files as file_rules
from hub.rules import parquet as parquet_rules
from hub.rules.check import check_dataset
from processors.errors import InputError
from tests.hub.small_dataset import CONFIGS, FILE, PLACE, SCHEMA, SPLITS, Dataset, rows, write


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset(tmp_path / "dataset")


def test_a_sound_dataset_has_no_finding_and_loads(dataset: Dataset) -> None:
    assert check_dataset(dataset.folder) == []
    assert dataset.load().to_list() == dataset.table.to_pylist()


def test_a_finding_is_one_line_that_says_where_what_and_how_to_mend(dataset: Dataset) -> None:
    (dataset.folder / FILE).unlink()
    lines = [str(finding) for finding in check_dataset(dataset.folder)]
    assert lines
    for line in lines:
        assert re.fullmatch(r"(error|warning) \[[a-z-]+\] \S.*: .+; .+", line)


def test_no_folder_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        check_dataset(tmp_path / "nothing")


# The card.


def test_no_card(dataset: Dataset) -> None:
    (dataset.folder / "README.md").unlink()
    assert dataset.found() == [("error", "card", "README.md")]
    with pytest.raises(ValueError, match="BuilderConfig"):
        dataset.load()


def test_card_that_is_not_utf_8(dataset: Dataset) -> None:
    (dataset.folder / "README.md").write_bytes("---\nlanguage: ar\n---\nكلام".encode("cp1256"))
    assert dataset.found() == [("error", "card", "README.md")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# A card without front matter\n", "does not begin"),
        ("---\nlanguage: [ar\nlicense: mit\n---\n", "line 3"),
        ("---\n- a\n- list\n---\n", "should be a dict"),
        ("---\ntext: a\ttab: b\n---\n", "line 2"),
    ],
)
def test_front_matter_that_the_client_refuses(dataset: Dataset, text: str, says: str) -> None:
    (dataset.folder / "README.md").write_text(text)
    (found,) = check_dataset(dataset.folder)
    assert (found.severity, found.rule) == ("error", "front-matter")
    assert says in found.seen


def test_a_key_that_is_there_twice(dataset: Dataset) -> None:
    readme = dataset.folder / "README.md"
    readme.write_text(readme.read_text().replace("language:", "license: mit\nlanguage:", 1))
    assert dataset.found()[0] == ("error", "front-matter", "README.md")
    assert "'license'" in dataset.rule("front-matter")[0].seen


def test_no_configs(dataset: Dataset) -> None:
    del dataset.data["configs"]
    dataset.card()
    assert ("error", "configs", "README.md") in dataset.found()
    # Without them the splits are guessed: not ours.
    with pytest.raises((ValueError, KeyError)):
        dataset.load()


@pytest.mark.parametrize("configs", ["SFT", [{"data_files": "*"}], [{"config_name": 1, "data_files": "*"}], ["SFT"]])
def test_configs_of_another_shape(dataset: Dataset, configs: Any) -> None:
    dataset.data["configs"] = configs
    dataset.card()
    assert ("error", "configs", "README.md") in dataset.found()


def test_duplicate_config_loses_one_in_silence(dataset: Dataset) -> None:
    dataset.data["configs"].append(
        {"config_name": CONFIGS[0], "data_files": dataset.data["configs"][0]["data_files"][1:]}
    )
    dataset.card()
    assert ("error", "duplicate-config", CONFIGS[0]) in dataset.found()
    # `datasets` raises nothing at all before it compares with dataset_info; without it the first split is gone.
    del dataset.data["dataset_info"]
    dataset.card()
    assert list(dataset.load(split=None)) == [SPLITS[1]]


def test_duplicate_dataset_info(dataset: Dataset) -> None:
    dataset.data["dataset_info"].append(dataset.data["dataset_info"][0] | {"splits": []})
    dataset.card()
    assert ("error", "duplicate-config", CONFIGS[0]) in dataset.found()


def test_several_default_configs(dataset: Dataset) -> None:
    dataset.data["configs"][1]["default"] = True
    dataset.card()
    assert ("error", "default-config", "README.md") in dataset.found()
    from datasets import load_dataset

    with pytest.raises(ValueError, match="several default configs"):
        load_dataset(str(dataset.folder))


@pytest.mark.parametrize("code", ["arabic", "AR", False, 3])
def test_unknown_language(dataset: Dataset, code: Any) -> None:
    dataset.data["language"] = [code]
    dataset.card()
    assert dataset.found() == [("warning", "language", "README.md")]


@pytest.mark.parametrize("code", ["ar", "arz", "ar-EG", "multilingual", "ur", "am"])
def test_known_languages(dataset: Dataset, code: str) -> None:
    dataset.data["language"] = code
    dataset.card()
    assert dataset.found() == []


def test_no_language_and_no_licence(dataset: Dataset) -> None:
    del dataset.data["language"], dataset.data["license"]
    dataset.card()
    assert dataset.found() == [("warning", "language", "README.md"), ("warning", "licence", "README.md")]


def test_unknown_licence(dataset: Dataset) -> None:
    dataset.data["license"] = "Apache 2"
    dataset.card()
    assert dataset.found() == [("warning", "licence", "README.md")]


@pytest.mark.parametrize("code", ["apache-2.0", "cc-by-sa-4.0", "cdla-permissive-2.0", "odc-by", "gemma", "other"])
def test_known_licences(dataset: Dataset, code: str) -> None:
    dataset.data["license"] = code
    dataset.card()
    assert dataset.found() == []


# Names.


@pytest.mark.parametrize("name", ["a/b", "a:b", "a*", "..", "  ", "a|b"])
def test_config_name_that_datasets_refuses(dataset: Dataset, name: str) -> None:
    dataset.data["configs"][1]["config_name"] = name
    dataset.card()
    assert ("error", "config-name", name) in dataset.found()


def test_datasets_refuses_such_a_config(dataset: Dataset) -> None:
    dataset.data["configs"][1]["config_name"] = "a/b"
    dataset.card()
    with pytest.raises(ValueError, match=r"Bad characters|BuilderConfig|a/b"):
        dataset.load("a/b")


def test_unusual_and_long_config_names_are_warned_of(dataset: Dataset) -> None:
    for name in ("with space", "x" * (card_rules.MAX_NAME + 1)):
        dataset.data["configs"][1]["config_name"] = dataset.data["dataset_info"][1]["config_name"] = name
        dataset.card()
        assert dataset.found() == [("warning", "config-name", name)]


@pytest.mark.parametrize("split", ["no-think", "a/b", "a b", "", ".a", "a..b"])
def test_split_name_that_datasets_refuses(dataset: Dataset, split: str) -> None:
    dataset.data["configs"][1]["data_files"][0]["split"] = split
    dataset.card()
    assert ("error", "split-name", f"{CONFIGS[1]}/{split}") in dataset.found()
    # One bad name in one config, and the other configs do not load either.
    with pytest.raises(ValueError, match="split"):
        dataset.load(CONFIGS[0])


@pytest.mark.parametrize("name", ["all", "ALL"])
def test_reserved_split(dataset: Dataset, name: str) -> None:
    dataset.data["configs"][0]["data_files"][0]["split"] = name
    dataset.data["dataset_info"][0]["splits"][0]["name"] = name
    dataset.card()
    assert dataset.found() == [("error", "split-name", f"{CONFIGS[0]}/{name}")]
    with pytest.raises(ValueError, match="special split keyword"):
        dataset.load(split=SPLITS[1])


def test_split_twice(dataset: Dataset) -> None:
    dataset.data["configs"][0]["data_files"].append(dataset.data["configs"][0]["data_files"][0])
    dataset.card()
    assert ("error", "split-name", PLACE) in dataset.found()
    with pytest.raises(ValueError, match="duplicated"):
        dataset.load()


def test_long_split_name(dataset: Dataset) -> None:
    name = "s" * (card_rules.MAX_NAME + 1)
    dataset.data["configs"][0]["data_files"][0]["split"] = name
    dataset.data["dataset_info"][0]["splits"][0]["name"] = name
    dataset.card()
    assert dataset.found() == [("warning", "split-name", f"{CONFIGS[0]}/{name}")]


def test_names_that_differ_only_in_case(dataset: Dataset) -> None:
    dataset.data["configs"][1]["config_name"] = CONFIGS[0].lower()
    dataset.data["configs"][0]["data_files"][1]["split"] = SPLITS[0].upper()
    dataset.card()
    found = dataset.found()
    assert ("error", "name-collision", CONFIGS[0].lower()) in found
    assert ("error", "name-collision", f"{CONFIGS[0]}/{SPLITS[0].upper()}") in found


def test_thirty_splits_and_one(dataset: Dataset) -> None:
    names = [f"split_{index}" for index in range(31)]
    for name in names:
        write(dataset.folder / "many" / f"{name}-00000-of-00001.parquet", dataset.table)
    files = [{"split": name, "path": f"many/{name}-*"} for name in names]
    dataset.data["configs"].append({"config_name": "many", "data_files": files[:30]})
    dataset.card()
    assert [item for item in dataset.found() if item[1] == "too-many-splits"] == []
    dataset.data["configs"][-1]["data_files"] = files
    dataset.card()
    assert ("error", "too-many-splits", "many") in dataset.found()


# Which file is whose.


def test_pattern_that_matches_no_file(dataset: Dataset) -> None:
    (dataset.folder / FILE).unlink()
    assert ("error", "data-files", PLACE) in dataset.found()
    with pytest.raises((ValueError, FileNotFoundError)):
        dataset.load()


def test_a_config_without_any_file_is_one_finding(dataset: Dataset) -> None:
    shutil.rmtree(dataset.folder / CONFIGS[0])
    (found,) = dataset.rule("data-files")
    assert (found.severity, found.path) == ("error", CONFIGS[0])
    assert "none of its 2 splits has a file" in found.seen


def test_data_files_without_splits(dataset: Dataset) -> None:
    dataset.data["configs"][0]["data_files"] = f"{CONFIGS[0]}/*"
    dataset.card()
    assert ("error", "data-files", CONFIGS[0]) in dataset.found()
    del dataset.data["dataset_info"]
    dataset.card()
    assert list(dataset.load(split=None)) == ["train"]


def test_file_in_two_splits_or_twice_in_one(dataset: Dataset) -> None:
    files = dataset.data["configs"][0]["data_files"]
    files[1]["path"] = [f"{CONFIGS[0]}/*", f"{CONFIGS[0]}/{SPLITS[1]}-*"]
    dataset.data["dataset_info"][0]["splits"][1]["num_examples"] = 21
    dataset.card()
    place = f"{CONFIGS[0]}/{SPLITS[1]}"
    assert {f.path for f in dataset.rule("overlapping-files")} == {place}
    assert len(dataset.load(split=SPLITS[1])) == 21


def test_pattern_that_takes_other_formats_too(dataset: Dataset) -> None:
    (dataset.folder / CONFIGS[0] / f"{SPLITS[0]}-notes.json").write_text("{}")
    assert ("error", "data-files", PLACE) in dataset.found()
    with pytest.raises(Exception, match="generating"):
        dataset.load()


@pytest.mark.parametrize(
    "pattern",
    ["{folder}/{place}-*", "../dataset/{place}-*", "https://example.org/x.parquet", "hf://datasets/user/x/{place}-*"],
)
def test_pattern_that_leaves_the_repository(dataset: Dataset, pattern: str) -> None:
    """On this disk the first two load; on the Hub nothing is there."""
    path = pattern.format(folder=dataset.folder, place=PLACE)
    dataset.data["configs"][0]["data_files"][0]["path"] = path
    dataset.card()
    assert ("error", "data-files", PLACE) in dataset.found()
    assert f"'{path}' points out of the repository" in dataset.rule("data-files")[0].seen


def test_folder_behind_a_link(dataset: Dataset) -> None:
    """`datasets` follows the link, a publish does not."""
    (dataset.folder / CONFIGS[0]).rename(dataset.folder.parent / "elsewhere")
    (dataset.folder / CONFIGS[0]).symlink_to(dataset.folder.parent / "elsewhere")
    assert {f.path for f in dataset.rule("data-files")} == {f"{CONFIGS[0]}/{split}" for split in SPLITS}
    assert dataset.load().num_rows == 7


def test_a_loading_script(dataset: Dataset) -> None:
    """`datasets` takes it for one by its name, that of the folder or the repository."""
    (dataset.folder / "dataset.py").write_text("print()")
    assert dataset.found() == [("warning", "script", "dataset.py")]
    with pytest.raises(RuntimeError, match="scripts are no longer supported"):
        dataset.load()


def test_file_of_no_config(dataset: Dataset) -> None:
    write(dataset.folder / "left" / "over-00000-of-00001.parquet", dataset.table)
    assert dataset.found() == [("warning", "orphan-file", "left/over-00000-of-00001.parquet")]


@pytest.mark.parametrize(
    "name", [f"{CONFIGS[0]}/.{SPLITS[0]}-00000.tmp", ".cache/x", "README.md~", "a/b.incomplete", "__pycache__/a.pyc"]
)
def test_hidden_and_temporary_files(dataset: Dataset, name: str) -> None:
    (dataset.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (dataset.folder / name).write_bytes(b"")
    assert dataset.found() == [("error", "temporary-file", name)]


def test_gitattributes_is_no_hidden_file(dataset: Dataset) -> None:
    (dataset.folder / ".gitattributes").write_text("*.parquet filter=lfs\n")
    assert dataset.found() == []


def test_link_to_nothing(dataset: Dataset) -> None:
    (dataset.folder / "plot.png").symlink_to(dataset.folder / "no.png")
    assert dataset.found() == [("error", "broken-link", "plot.png")]


def test_file_that_the_hub_does_not_take(dataset: Dataset) -> None:
    with (dataset.folder / "big.bin").open("wb") as file:
        os.truncate(file.fileno(), file_rules.MAX_FILE_BYTES + 1)
    assert dataset.found() == [("error", "file-bytes", "big.bin")]


def test_too_many_files(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_rules, "MAX_FILES_A_FOLDER", 50)
    monkeypatch.setattr(file_rules, "MAX_FILES", 60)
    (dataset.folder / "plots").mkdir()
    for index in range(60):
        (dataset.folder / "plots" / f"{index}.svg").write_text("<svg/>")
    assert dataset.found() == [("error", "too-many-files", "plots"), ("warning", "too-many-files", ".")]


# Parquet.


def test_truncated_file(dataset: Dataset) -> None:
    path = dataset.folder / FILE
    path.write_bytes(path.read_bytes()[:-20])
    assert ("error", "unreadable-file", FILE) in dataset.found()
    with pytest.raises(Exception, match=r"Parquet|generating"):
        dataset.load()


def test_page_that_is_damaged(dataset: Dataset) -> None:
    path = dataset.folder / FILE
    data = bytearray(path.read_bytes())
    data[20:60] = bytes(40)
    path.write_bytes(data)
    assert dataset.found() == [("error", "unreadable-file", FILE)]
    with pytest.raises(Exception, match="generating"):
        dataset.load()


def test_text_that_is_not_utf_8(dataset: Dataset) -> None:
    raw = pa.array([b"\xff\xfe", b"\xe3\xea"], pa.binary()).view(pa.string())
    dataset.replace(pa.Table.from_pylist(rows(2), schema=SCHEMA).set_column(0, SCHEMA.field(0), raw))
    assert dataset.found() == [("error", "unreadable-file", FILE)]
    with pytest.raises(UnicodeDecodeError):
        dataset.load()[0]


def test_column_that_is_there_twice(dataset: Dataset) -> None:
    dataset.replace(dataset.table.append_column("id", dataset.table["id"]))
    assert ("error", "columns", FILE) in dataset.found()
    with pytest.raises(Exception, match="generating"):
        dataset.load()


def test_file_without_rows(dataset: Dataset) -> None:
    dataset.replace(dataset.table.slice(0, 0))
    assert ("error", "empty-file", FILE) in dataset.found()


def test_datasets_fails_on_a_file_without_rows(dataset: Dataset) -> None:
    dataset.replace(dataset.table.slice(0, 0))
    with pytest.raises(Exception, match=r"generating|batch_size|empty|SplitInfo|size"):
        dataset.load(split=SPLITS[0])[0]


def test_row_groups_by_bytes_not_by_mean_row(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rules, "GROUP_BYTES", 100_000)
    monkeypatch.setattr(parquet_rules, "SCAN_LIMIT", 300_000)
    # Long rows cluster: the mean row is small, one group is not.
    text = ["قصير"] * 900 + [os.urandom(2000).hex() for _ in range(100)]
    table = pa.table(
        {
            "id": [str(index) for index in range(1000)],
            "messages": pa.array([[{"content": t, "role": "user"}] for t in text], SCHEMA.field("messages").type),
            "LR": [0.5] * 1000,
        },
        SCHEMA,
    )
    dataset.replace(table, row_group_size=100)
    assert ("error", "row-group-bytes", FILE) in dataset.found()
    dataset.replace(table, row_group_size=40)
    assert ("warning", "row-group-bytes", FILE) in dataset.found()
    dataset.replace(table, row_group_size=20)
    assert dataset.rule("row-group-bytes") == []


def test_a_row_group_counts_as_it_is_fetched(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rules, "GROUP_BYTES", 100_000)
    dataset.replace(pa.Table.from_pylist(rows(2, "ك" * 100_000), schema=SCHEMA), compression="zstd")
    assert dataset.rule("row-group-bytes") == []


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_what_datasets_casts_is_no_error(dataset: Dataset, kind: pa.DataType, both: bool) -> None:
    table = dataset.table.set_column(0, "id", dataset.table["id"].cast(kind))
    for split in SPLITS if both else SPLITS[:1]:
        dataset.replace(table, f"{CONFIGS[0]}/{split}-00000-of-00001.parquet")
    assert [item[:2] for item in dataset.found() if item[1] != "num-bytes"] == [("warning", "schema")]
    assert dataset.load()["id"][:] == dataset.table["id"].to_pylist()


def test_files_are_compared_with_the_card_and_not_with_the_first_of_them(dataset: Dataset) -> None:
    kind = pa.float32()
    dataset.replace(dataset.table.set_column(2, "LR", dataset.table["LR"].cast(kind)))
    (found,) = dataset.rule("schema")
    assert found.path == FILE
    assert "LR is float, not double" in found.seen


def messages_of(*lengths: int) -> pa.Table:
    made = rows(len(lengths))
    for row, length in zip(made, lengths, strict=True):
        row["messages"] *= length
    return pa.Table.from_pylist(made, schema=SCHEMA)


def test_what_the_viewer_has_no_statistics_of(dataset: Dataset) -> None:
    dataset.replace(messages_of(2, 4, 2))
    (found,) = dataset.rule("statistics")
    assert (found.severity, found.path) == ("warning", CONFIGS[0])
    assert f"messages has only two lengths in 1 splits, such as {SPLITS[0]}" in found.seen
    dataset.replace(messages_of(2, 4, 6))
    assert dataset.rule("statistics") == []
    dataset.replace(messages_of(2))
    (found,) = dataset.rule("statistics")
    assert "1 splits of one row" in found.seen


def test_no_page_index(dataset: Dataset) -> None:
    dataset.replace(dataset.table, write_page_index=False)
    assert dataset.found() == [("warning", "page-index", FILE)]


def test_columns_that_differ_between_files(dataset: Dataset) -> None:
    dataset.replace(
        dataset.table.rename_columns(["id", "messages", "SCR"]), f"{CONFIGS[0]}/{SPLITS[1]}-00000-of-00001.parquet"
    )
    (found,) = dataset.rule("schema")
    assert "without LR; with SCR" in found.seen
    with pytest.raises(Exception, match=r"generating|columns|cast"):
        dataset.load(split=None)


def test_nested_field_that_differs_between_files(dataset: Dataset) -> None:
    kind = pa.list_(pa.struct([("content", pa.string()), ("role", pa.string()), ("name", pa.string())]))
    other = dataset.table.set_column(1, "messages", pa.array([[]] * 7, kind))
    dataset.replace(other, f"{CONFIGS[0]}/{SPLITS[1]}-00000-of-00001.parquet")
    (found,) = dataset.rule("schema")
    assert "name: string" in found.seen


def test_features_of_the_card_that_the_files_have_not(dataset: Dataset) -> None:
    dataset.data["dataset_info"][0]["features"].append({"name": "SCR", "dtype": "float64"})
    dataset.card()
    assert [item[:2] for item in dataset.found()] == [("error", "features")]
    # The card promises scores, and the reader gets nulls without a word.
    assert dataset.load()["SCR"][:] == [None] * 7
    dataset.data["dataset_info"][0]["features"] = dataset.data["dataset_info"][0]["features"][:2]
    dataset.card()
    assert [item[:2] for item in dataset.found()] == [("error", "features")]
    with pytest.raises(Exception, match="generating"):
        dataset.load()


def test_features_of_another_type(dataset: Dataset) -> None:
    dataset.data["dataset_info"][0]["features"][0]["dtype"] = "int64"
    dataset.card()
    assert [item[:2] for item in dataset.found()] == [("error", "features")]
    with pytest.raises(Exception, match=r"generating|parse|cast"):
        dataset.load()


def test_untrue_number_of_rows(dataset: Dataset) -> None:
    from datasets.exceptions import NonMatchingSplitsSizesError

    dataset.data["dataset_info"][0]["splits"][0]["num_examples"] = 8
    dataset.card()
    assert dataset.found() == [("error", "num-examples", PLACE)]
    with pytest.raises(NonMatchingSplitsSizesError):
        dataset.load()


@pytest.mark.parametrize("value", [None, "7", 7.0, True])
@pytest.mark.parametrize("key", ["num_examples", "num_bytes"])
def test_numbers_that_are_none(dataset: Dataset, key: str, value: Any) -> None:
    dataset.data["dataset_info"][0]["splits"][0][key] = value
    dataset.card()
    assert dataset.found() == [("error", "front-matter", "README.md")]
    assert key in dataset.rule("front-matter")[0].seen


def test_split_that_only_one_of_configs_and_dataset_info_has(dataset: Dataset) -> None:
    from datasets.exceptions import ExpectedMoreSplitsError, UnexpectedSplitsError

    removed = dataset.data["dataset_info"][0]["splits"].pop()
    dataset.data["dataset_info"][0]["dataset_size"] = dataset.table.nbytes
    dataset.card()
    assert dataset.found() == [("error", "dataset-info", f"{CONFIGS[0]}/{SPLITS[1]}")]
    with pytest.raises(UnexpectedSplitsError):
        dataset.load()
    dataset.data["dataset_info"][0]["splits"] += [removed, {"name": "third", "num_bytes": 1, "num_examples": 1}]
    dataset.card()
    assert ("error", "dataset-info", f"{CONFIGS[0]}/third") in dataset.found()
    with pytest.raises(ExpectedMoreSplitsError):
        dataset.load()


def test_config_that_only_one_of_configs_and_dataset_info_has(dataset: Dataset) -> None:
    last = dataset.data["dataset_info"].pop()
    dataset.card()
    assert dataset.found() == [("warning", "dataset-info", CONFIGS[1])]
    dataset.data["dataset_info"] += [last, last | {"config_name": "gone"}]
    dataset.card()
    assert dataset.found() == [("error", "dataset-info", "gone")]
    with pytest.raises(ValueError, match="gone"):
        dataset.load("gone")


def test_untrue_sizes(dataset: Dataset) -> None:
    info = dataset.data["dataset_info"][0]
    info["download_size"] += 1
    info["splits"][0]["num_bytes"] *= 3
    dataset.card()
    assert dataset.found() == [
        ("warning", "num-bytes", PLACE),
        ("warning", "num-bytes", CONFIGS[0]),
        ("warning", "download-size", CONFIGS[0]),
    ]


def test_sizes_of_large_splits_are_estimated(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rules, "EXACT_BYTES", 100)
    table = pa.Table.from_pylist(rows(2000), schema=SCHEMA)
    dataset.replace(table, row_group_size=100)
    assert dataset.found() == []
    dataset.data["dataset_info"][0]["splits"][0]["num_bytes"] *= 10
    dataset.data["dataset_info"][0]["dataset_size"] += table.nbytes * 9
    dataset.card()
    assert dataset.found() == [("warning", "num-bytes", PLACE)]


def test_first_rows_that_the_viewer_cuts(dataset: Dataset) -> None:
    dataset.replace(pa.Table.from_pylist(rows(30, "ك" * 5000), schema=SCHEMA))
    (found,) = check_dataset(dataset.folder)
    assert (found.severity, found.rule, found.path) == ("warning", "first-rows", CONFIGS[0])
    whole = int(re.search(r"after (\d+) rows", found.seen).group(1))  # type: ignore[union-attr]
    sizes = [len(json.dumps(row, ensure_ascii=False).encode()) for row in rows(30, "ك" * 5000)]
    assert sum(sizes[:whole]) <= 200_000 < sum(sizes[: whole + 1])


def other_column(kind: pa.DataType, values: list[Any]) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        table = dataset.table.append_column("extra", pa.array(values, kind))
        for split in SPLITS:
            dataset.replace(table, f"{CONFIGS[0]}/{split}-00000-of-00001.parquet")
        dataset.data["dataset_info"][0].pop("features")
        dataset.card()

    return change


WIDE = pa.struct([(f"key_{index}", pa.string()) for index in range(51)])


@pytest.mark.parametrize(
    ("change", "severity", "says"),
    [
        (other_column(pa.binary(), [b"\xff"] * 7), "warning", "binary"),
        (other_column(pa.null(), [None] * 7), "error", "no type"),
        (other_column(pa.list_(pa.null()), [[]] * 7), "error", "extra[] has no type"),
        (other_column(WIDE, [None] * 7), "warning", "51 fields"),
        (other_column(pa.map_(pa.string(), pa.string()), [[("a", "b")]] * 7), "error", "no feature"),
    ],
)
def test_columns_that_the_viewer_renders_badly(
    dataset: Dataset, change: Callable[[Dataset], None], severity: str, says: str
) -> None:
    change(dataset)
    found = dataset.rule("columns")
    assert any(f.severity == severity and says in f.seen for f in found), found


def test_more_columns_than_the_viewer_shows(dataset: Dataset) -> None:
    table = pa.table({f"c{index}": [1] for index in range(parquet_rules.MAX_COLUMNS + 1)})
    for split in SPLITS:
        dataset.replace(table, f"{CONFIGS[0]}/{split}-00000-of-00001.parquet")
    assert ("error", "columns", CONFIGS[0]) in dataset.found()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    import datasets

    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()
