"""Whose configs a card names: ours, those that are gone, and those that somebody else pushed."""

from typing import Any

import pytest

from hub.card.merging.other_configs import data_patterns, named_entries, other_configs, with_other_configs


@pytest.mark.parametrize(
    ("entry", "patterns"),
    [
        ({"data_files": [{"split": "test", "path": "my_eval/test-*"}]}, ["my_eval/test-*"]),
        ({"data_files": [{"split": "test", "path": ["a.csv", "./b.csv"]}]}, ["a.csv", "b.csv"]),
        ({"data_files": {"train": "a/*.parquet", "test": ["b.parquet"]}}, ["a/*.parquet", "b.parquet"]),
        ({"data_files": "data/*"}, ["data/*"]),
        ({"data_dir": "extra/"}, ["extra/*"]),
        ({}, []),
    ],
)
def test_every_form_of_data_files(entry: dict[str, Any], patterns: list[str]) -> None:
    assert sorted(data_patterns({"config_name": "x", **entry})) == sorted(patterns)


def test_a_config_is_somebody_s_where_files_that_are_not_ours_are_in_it() -> None:
    front = {
        "configs": [
            {"config_name": "SFT_A_ranked", "data_files": "SFT_A_ranked/*"},
            {"config_name": "SFT_gone_ranked", "data_files": "SFT_gone_ranked/*"},
            {"config_name": "my_eval", "data_files": "my_eval/test-*"},
        ]
    }
    assert other_configs(front, {"SFT_A_ranked"}, {"my_eval/test-0.parquet", "SFT_A_ranked/x"}) == ["my_eval"]
    assert other_configs({}, {"SFT_A_ranked"}, {"my_eval/test-0.parquet"}) == []


def test_the_default_stays_ours() -> None:
    ours = {"language": ["ar"], "configs": [{"config_name": "A", "default": True}]} | {
        "dataset_info": {"config_name": "A"}
    }
    theirs = {
        "configs": [{"config_name": "default", "default": True}, {"config_name": "B"}],
        "dataset_info": [{"config_name": "default", "features": []}],
    }
    joined = with_other_configs(ours, theirs, ["default"])
    assert joined["configs"] == [{"config_name": "A", "default": True}, {"config_name": "default"}]
    assert joined["dataset_info"] == [{"config_name": "A"}, {"config_name": "default", "features": []}]
    assert joined["language"] == ["ar"]
    assert with_other_configs(ours, joined, []) == ours


def test_an_entry_without_a_name_is_the_default_config() -> None:
    assert list(named_entries({"features": []})) == ["default"]
    assert named_entries(None) == {}
