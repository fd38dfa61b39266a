import io
import sys
from importlib import util
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from builders.recipes.load import load_recipe
from builders.run_folder.folder import Run
from hub.card.plots import LENGTH, draw_quantiles, draw_reasons, write_plots
from hub.card.write import write_card
from processors.scoring.columns import NAMES, columns_with
from tests.conftest import Demo, tree
from tests.hub.card.test_write import SPLITS, build, recipe


def test_the_demo_has_small_plots_that_the_card_shows(demo: Demo) -> None:
    dataset = demo.run / "dataset"
    card = (dataset / "README.md").read_text()
    names = sorted(path.name for path in (dataset / "plots").iterdir())
    assert names == ["left_out.png", "scores.png", "tokens.png"]
    for name in names:
        data = (dataset / "plots" / name).read_bytes()
        assert f"](plots/{name})" in card and len(data) < 300_000
        with Image.open(io.BytesIO(data)) as image:
            assert not {"Software", "Creation Time"} & set(image.info) and image.width > 800
            assert image.convert("RGB").resize((64, 64)).getcolors(10) is None, "an empty picture"


def test_the_same_build_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_card(build(recipe("one", "two"), SPLITS, tmp_path / name))
        write_card(build(recipe("one", "two"), SPLITS, tmp_path / name))
    assert tree(tmp_path / "a") == tree(tmp_path / "b") and "plots/left_out.png" in tree(tmp_path / "a")


def test_a_card_is_written_without_pillow_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_card(build(recipe("one", "two"), SPLITS, tmp_path))
    find = util.find_spec
    monkeypatch.setattr(sys.modules["hub.card.plots"], "find_spec", lambda name: None if name == "PIL" else find(name))
    made = build(recipe("one", "two"), SPLITS, tmp_path)
    write_card(made)
    assert any("Pillow is not installed" in line for line in made.said)
    assert not (tmp_path / "plots").exists() and "](plots/" not in (tmp_path / "README.md").read_text()


def test_a_plot_that_is_no_longer_made_is_removed(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "scores.png").write_bytes(b"old")
    assert [plot.path for plot in write_plots(build(recipe("one"), SPLITS, tmp_path))] == ["plots/left_out.png"]
    assert [path.name for path in (tmp_path / "plots").iterdir()] == ["left_out.png"]


def test_quantiles_are_those_of_the_candidates(demo: Demo) -> None:
    import pyarrow.parquet as pq

    from hub.card.plots import score_quantiles

    run = Run(demo.run)
    units = [
        SimpleNamespace(name=path.stem, into=path.stem.rsplit("-", 1)[0])
        for path in run.stage("rank").glob("*.parquet")
    ]
    found = score_quantiles(SimpleNamespace(selected=units, run=run, recipe=load_recipe("demo")))  # type: ignore[arg-type]
    split = "s1k_1.1_think"
    rows = pq.ParquetFile(run.stage("rank", f"{split}-00000000.parquet")).read().to_pylist()
    scores = sorted(c["LR"] for row in rows for c in row["candidates"] if c["translator"] == "reference")
    assert found[split]["reference"]["LR"][2] == scores[len(scores) // 2] and len(scores) % 2
    assert len(found) == 23 and set(found[split]["draft"]) == {*columns_with(()), LENGTH} - {"reward"}


@pytest.mark.parametrize("name", ["سمول", "a$b_c^d$", "x" * 200, ""])
def test_any_name_can_be_drawn(name: str) -> None:
    of = {name: {"one": {metric: [0.1, 0.2, 0.3, 0.4, 0.5] for metric in (*NAMES, LENGTH)}}}
    for canvas in (draw_quantiles(of, (*NAMES, LENGTH)), draw_reasons({"not selected": {name: 3}})):
        canvas.image().save(io.BytesIO(), format="png")
