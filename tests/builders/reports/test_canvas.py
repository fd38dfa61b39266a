from pathlib import Path

import pytest
from PIL import Image

from builders.reports.canvas import Canvas, Scale


@pytest.mark.parametrize(
    ("values", "log", "ticks"),
    [
        ([0.0, 1.0], False, ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        ([0.81, 0.83], False, ["0.810", "0.815", "0.820", "0.825", "0.830"]),
        ([3.0, 3.0], False, ["2.9", "3.0", "3.1"]),
        ([0.0, 0.0], False, ["-0.04", "-0.02", "0.00", "0.02", "0.04"]),
        ([40.0, 900.0], True, ["50", "100", "200", "500", "1,000"]),
        ([3.0, 90_000.0], True, ["10", "100", "1,000", "10,000", "100,000"]),
        ([], False, ["-0.04", "-0.02", "0.00", "0.02", "0.04"]),
    ],
)
def test_an_axis_has_round_numbers_within_it(values: list[float], log: bool, ticks: list[str]) -> None:
    scale = Scale(values, 100.0, 300.0, log=log)
    assert [text for _, text in scale.ticks()] == ticks
    assert all(100.0 <= scale(value) <= 300.0 for value in values)
    places = [scale(value) for value, _ in scale.ticks()]
    assert places == sorted(places) and all(99.9 <= place <= 300.1 for place in places)


def test_counts_begin_at_nothing_and_are_whole() -> None:
    for values, ticks in (
        ([1.1], ["0", "1"]),
        ([2.2, 5.5], ["0", "2", "4"]),
        ([3300.0], ["0", "1,000", "2,000", "3,000"]),
    ):
        assert [text for _, text in Scale(values, 0.0, 100.0, counts=True).ticks()] == ticks


def test_what_is_drawn_is_where_it_was_said_and_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        canvas = Canvas(40, 20.2)
        canvas.line(10, 10, 30, 10, "#FF0000", 6)
        canvas.text(2, 16, "x")
        canvas.save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with Image.open(tmp_path / "a") as png:
        # A byte a pixel: three take three times as long to write.
        assert png.mode == "P" and png.size == (80, 42) and png.info == {}
        image = png.convert("RGB")
        assert [image.getpixel((40, 2 * y)) for y in (5, 8, 11, 14)] == [
            (255, 255, 255), (255, 0, 0), (255, 0, 0), (255, 255, 255),
        ]  # fmt: skip
        # Words have soft edges.
        assert len({image.getpixel((x, y)) for x in range(12) for y in range(26, 40)}) > 5
        assert image.getpixel((16, 20)) == image.getpixel((62, 20)) == (255, 255, 255) != image.getpixel((20, 20))
    assert canvas.length("word") * 2 == pytest.approx(canvas.length("wordword"), abs=1)
