import random
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from model_recipes.ranker import train as recipe
from processors.errors import InputError
from processors.ranker import Ranker, expected_gains, usual

PAIRS = [
    ("The library opens at 8 and closes at 17.", "تفتح المكتبة أبوابها في الساعة 8 وتغلق في الساعة 17."),
    ("Farmers grow wheat (and barley) in the north.", "يزرع المزارعون القمح (والشعير) في الشمال."),
    ("The old bridge was rebuilt in 1954.", "أعيد بناء الجسر القديم في عام 1954."),
    ("Nobody answered the telephone yesterday.", "لم يرد أحد على الهاتف أمس."),
    ("Water boils at 100 degrees at sea level.", "يغلي الماء عند 100 درجة على مستوى سطح البحر."),
    ("The minister resigned after the vote.", "استقال الوزير بعد التصويت."),
    ("My sister plays the violin very well.", "تعزف أختي على الكمان ببراعة."),
    ("A strong wind damaged 23 houses.", "ألحقت رياح قوية أضرارا بـ 23 منزلا."),
]


def damage(text: str, share: float, seed: int) -> str:
    """Loses words, and with them numbers and brackets."""
    chance = random.Random(f"{seed}{text}")
    return " ".join(word for word in text.split() if chance.random() > share) or text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flores")
    rows = [(f"{a} {c}", f"{b} {d}") for (a, b), (c, d) in permutations(PAIRS, 2)]
    sides = {"en": [source for source, _ in rows], "ar": [target for _, target in rows]}
    for name, share in (("fine", 0.1), ("fair", 0.2), ("poor", 0.35), ("worst", 0.5)):
        sides[f"{name}.ar"] = [damage(target, share, len(name)) for _, target in rows]
    for side, lines in sides.items():
        (folder / f"try.{side}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def test_learns_what_a_system_it_never_saw_loses(folder: Path) -> None:
    examples = recipe.read_folder(folder, "try")
    assert examples.systems == ("fair", "fine", "poor", "worst")
    ranker = recipe.train(examples, systems=[0, 2, 3])
    gains = expected_gains(examples.measures, usual(examples.measures), ranker.consensus)
    for other in (0, 2, 3):
        apart = np.abs(examples.chrf[:, 1] - examples.chrf[:, other]) > 5
        right = (gains[:, 1] - gains[:, other]) * (examples.chrf[:, 1] - examples.chrf[:, other]) > 0
        assert right[apart].mean() > 0.8


def test_two_systems_are_enough(folder: Path) -> None:
    ranker = recipe.train(recipe.read_folder(folder, "try"), systems=[1, 3])
    assert ranker.pair is ranker.consensus


def test_the_command_writes_what_load_reads(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "ranker.json"
    monkeypatch.setattr("sys.argv", ["train", str(folder), "try", str(out), "--data", "made up"])
    recipe.main()
    loaded, trained = Ranker.load(out), recipe.train(recipe.read_folder(folder, "try"))
    assert np.allclose(loaded.pair.shapes, trained.pair.shapes, rtol=1e-4)
    assert np.allclose(loaded.consensus.prior, trained.consensus.prior, rtol=1e-4)
    assert '"data": "made up"' in out.read_text()


def test_incomplete_folders_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.en: cannot be read"):
        recipe.read_folder(folder, "none")
    for side, lines in (("en", "one\ntwo\n"), ("ar", "واحد\nاثنان\n"), ("a.ar", "واحد\n"), ("b.ar", "واحد\nاثنان\n")):
        (tmp_path / f"x.{side}").write_text(lines, encoding="utf-8")
    with pytest.raises(InputError, match="1 lines of a, but 2 of en"):
        recipe.read_folder(tmp_path, "x")
    (tmp_path / "x.a.ar").unlink()
    with pytest.raises(InputError, match="two systems or more"):
        recipe.read_folder(tmp_path, "x")
