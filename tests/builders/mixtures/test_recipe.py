"""The recipe of a mixture: a mistake in it is one line of file, line and key."""

from fractions import Fraction
from pathlib import Path

import pytest

from builders.mixtures.recipe import load_mixture, shipped_mixtures
from processors.errors import RecipeError

WHOLE = """\
name: both
sources:
  - {name: seedx, path: data.jsonl, language: ar, weight: 0.5, split_weights: {"*_think": 2.3}}
  - {name: english, path: HuggingFaceTB/smoltalk2, revision: main, language: en}
languages: {shares: {ar: 0.8, en: 0.2}, weights: {ar: 1.5}}
tokens: 1000
"""


def written(folder: Path, text: str) -> str:
    (folder / "mix.yaml").write_text(text, "utf-8")
    return str(folder / "mix.yaml")


def test_paths_are_relative_to_the_recipe_and_ids_stay(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").touch()
    mixture, where = load_mixture(written(tmp_path, WHOLE), ["seed=7", "sources.english.weight=2"])
    assert [source.path for source in mixture.sources] == [str(tmp_path / "data.jsonl"), "HuggingFaceTB/smoltalk2"]
    assert (mixture.seed, mixture.sources[1].weight, where) == (7, 2, str(tmp_path / "mix.yaml"))


def test_weights_are_the_decimals_that_are_written_down(tmp_path: Path) -> None:
    mixture, _ = load_mixture(written(tmp_path, WHOLE))
    assert mixture.weight(mixture.sources[0], Fraction("2.3")) == Fraction("0.5") * Fraction("2.3") * Fraction("1.5")
    assert mixture.weight(mixture.sources[1], Fraction(1)) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("weight: 0.5", "wieght: 0.5", "mix.yaml:3: sources[0].wieght: unknown key; did you mean 'weight'?"),
        ("weight: 0.5", "weight: -1", "mix.yaml:3: sources[0].weight: input should be greater than or equal to 0"),
        ("tokens: 1000", "tokens: 1e3", "mix.yaml:6: tokens: input should be a valid integer (found '1e3')"),
        ("tokens: 1000", "rows: 1000", "rows: the shares are by tokens; give tokens, or other shares"),
        ("tokens: 1000", "tokens: 9\nrows: 9", "tokens and rows are both given; give one of them"),
        ("en: 0.2}", "en: 0.3}", "mix.yaml:5: languages: shares: together they are 1.1, and must be 1"),
        ("{ar: 0.8, en: 0.2}", "{ar: 0.8, eng: 0.2}", "languages.shares: no source is in 'eng'; did you mean 'en'?"),
        ("{ar: 1.5}", "{fr: 1.5}", "languages.weights: no source is in 'fr'; they are in ar, en"),
        ("language: en}", "language: fr}", "no source is in 'en'"),
        ("main, language: en", "main", "no source is in 'en'"),
        ("{ar: 0.8, en: 0.2}", "{ar: 1.0}", "source 'english' has the language 'en', without a share"),
        ("name: english", "name: SeedX", "sources 'seedx' and 'SeedX' differ in case only; rename one"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(RecipeError) as raised:
        load_mixture(written(tmp_path, WHOLE.replace(old, new)))
    assert said in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_name_that_is_no_file_says_what_ships() -> None:
    with pytest.raises(RecipeError, match=r"no mixture 'nowhere\.yaml': .*give a YAML file"):
        load_mixture("nowhere.yaml")


@pytest.mark.parametrize("name", shipped_mixtures())
def test_what_ships_loads(name: str) -> None:
    mixture, _ = load_mixture(name)
    assert mixture.name == name
