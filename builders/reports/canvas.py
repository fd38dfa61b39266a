"""What the card's plots are drawn with: lines, dots, bars, words and an axis' ticks on a white picture.

By Pillow alone. The three plots of a card take 0.1 s of CPU so; with matplotlib they took 1.6 s, and its import 0.5 s
more, which was a third of the demo's build. A pixel is a byte, a grey of the words or one of the colours: such a
picture is written in a third of the time of one with three bytes a pixel, and is half as large. The bytes depend on
the numbers alone.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from processors.atomic_files import replacing

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

INK, GRID, PAPER = "#000000", "#DDDDDD", "#FFFFFF"
# A picture has twice as many pixels each way as it is wide on a page: fine screens show them all, others smooth it.
_FINER = 2
_TICKS = 5
# The greys of which words are made, from INK to PAPER; the other bytes are left for colours.
_GREYS = 192


class Canvas:
    """A white picture, so wide and high on a page. Places and sizes are in its pixels, from the upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        from PIL import Image, ImageDraw

        self.width, self.height = math.ceil(width), math.ceil(height)
        self._bytes = {INK: 0, PAPER: _GREYS - 1}
        self._image = Image.new("P", (self.width * _FINER, self.height * _FINER), self._bytes[PAPER])
        self._palette = [value for grey in range(_GREYS) for value in [round(255 * grey / (_GREYS - 1))] * 3]
        self._draw = ImageDraw.Draw(self._image)
        # Words with soft edges: between the bytes of ink and paper lie the greys between them.
        self._draw.fontmode = "L"
        self._fonts: dict[int, FreeTypeFont] = {}

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str = INK, width: float = 1.0) -> None:
        """A line along one of the axes; with a width it is a bar, whose ends are where they are said to be."""
        half = max(round(width * _FINER), 1) / 2
        across = (0.0, half) if y0 == y1 else (half, 0.0)
        left, right = sorted((x0 * _FINER, x1 * _FINER))
        top, bottom = sorted((y0 * _FINER, y1 * _FINER))
        corners = (left - across[0], top - across[1], right + across[0] - 1, bottom + across[1] - 1)
        x0, y0, x1, y1 = map(round, corners)
        self._draw.rectangle((x0, y0, max(x0, x1), max(y0, y1)), fill=self._byte(colour))

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        """A white dot with a coloured rim."""
        x, y, radius = x * _FINER, y * _FINER, radius * _FINER
        around, rim = (x - radius, y - radius, x + radius, y + radius), round(1.5 * _FINER)
        self._draw.ellipse(around, self._bytes[PAPER], self._byte(colour), rim)

    def frame(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """The lines around a panel."""
        for y in (y0, y1):
            self.line(x0, y, x1, y)
        for x in (x0, x1):
            self.line(x, y0, x, y1)

    def text(self, x: float, y: float, text: str, size: int = 12, anchor: str = "lm") -> None:
        """Words at a place, on white: `anchor` says how, in Pillow's letters (`l`, `m`, `r`; `a`, `m`, `s`)."""
        self._draw.text((x * _FINER, y * _FINER), text, self._bytes[INK], self._font(size), anchor)

    def length(self, text: str, size: int = 12) -> float:
        """How wide words are."""
        return float(self._font(size).getlength(text)) / _FINER

    def _font(self, size: int) -> "FreeTypeFont":
        from PIL import ImageFont

        if size not in self._fonts:
            self._fonts[size] = ImageFont.load_default(size * _FINER)  # type: ignore[assignment]
        return self._fonts[size]

    def _byte(self, colour: str) -> int:
        from PIL import ImageColor

        if colour not in self._bytes:
            red, green, blue = ImageColor.getrgb(colour)[:3]
            if red == green == blue:
                # Among its like: words may cross a grid's line.
                self._bytes[colour] = round(red / 255 * (_GREYS - 1))
            else:
                self._bytes[colour] = len(self._palette) // 3
                self._palette += (red, green, blue)
        return self._bytes[colour]

    def image(self) -> "Image":
        """The picture, twice as large as it is to be seen."""
        self._image.putpalette(self._palette)
        return self._image

    def save(self, path: Path) -> None:
        """Write a PNG in one step, without a clock or a version of a library in it."""
        with replacing(path) as temporary:
            self.image().save(temporary, format="png")


class Scale:
    """From numbers to places between `start` and `end`: so that all of `values` are within, with some room.

    Those that are `counts` begin at 0 and have whole ticks.
    """

    def __init__(
        self, values: list[float], start: float, end: float, *, log: bool = False, counts: bool = False
    ) -> None:
        self.log, self.counts = log, counts
        found = [self._straight(value) for value in values] or [0.0]
        low, high = (0.0 if counts else min(found)), max(found)
        room = 0.04 * (high - low) or 0.05 * abs(high) or 0.05
        self._low, self._high = (low if counts else low - room), high + room
        self._start, self._end = start, end

    def _straight(self, value: float) -> float:
        return math.log10(max(value, 1.0)) if self.log else value

    def __call__(self, value: float) -> float:
        """Where a number stands."""
        share = (self._straight(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def ticks(self) -> list[tuple[float, str]]:
        """Some round numbers within, as (number, how it is written)."""
        if self.log:
            found = [
                float(lead * 10**power)
                for power in range(math.floor(self._low), math.ceil(self._high) + 1)
                for lead in ((1,) if self._high - self._low > 2 else (1, 2, 5))
                if self._low <= math.log10(lead) + power <= self._high and power >= 0
            ]
            return [(value, f"{value:,.0f}") for value in found]
        rough = (self._high - self._low) / _TICKS
        rough = max(rough, 1.0) if self.counts else rough
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(lead * power for lead in (1, 2, 2.5, 5, 10) if lead * power >= rough * 0.999)
        places = max(0, -math.floor(math.log10(step) + 1e-9)) + (abs(step / power - 2.5) < 1e-9)
        first, last = math.ceil(self._low / step - 1e-9), math.floor(self._high / step + 1e-9)
        return [(number * step, f"{number * step:,.{places}f}") for number in range(first, last + 1)]
