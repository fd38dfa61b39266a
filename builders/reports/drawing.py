"""What all plots share: colours, and PNG files whose bytes depend on the numbers alone."""

from pathlib import Path
from typing import TYPE_CHECKING

from processors.atomic_files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of Okabe and Ito's palette, told apart by the colour-blind too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure, in inches."""
    # Not pyplot: nothing of the process's state (backend, style file, open figures) shall show in the picture.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def save(figure: "Figure", path: Path) -> None:
    """Write a PNG in one step, without a clock or a version of a library in it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=130, metadata={"Software": None})
