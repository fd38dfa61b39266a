"""How far experts lie from what they started from, and in which directions, by layer.

The mean of models is a model only while they lie near each other, in one basin of the loss: experts that were trained
long, or at a high rate, end where their mean knows neither one's task. Two numbers say it before anything is measured:
how far each has gone, as a share of the norm of where it started, and the angle between the ways that two went (90° is
unrelated, the common case; above it one undoes what the other did).
"""

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from model_recipes.merge.tensors import Floats


@dataclass
class Sums:
    """Sums of squares and of products over some tensors.

    `reference`: |r|², `moved`: |x - r|² of each expert, `norms` and `dots`: of what the angles are between.
    """

    reference: float = 0.0
    moved: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    dots: list[float] = field(default_factory=list)

    def add(self, reference: Floats, moved: Sequence[Floats | None], directions: Sequence[Floats | None]) -> None:
        """Arrays of one shape; None is nothing but zeros."""
        norms = [_dot(one, one) for one in directions]
        dots = [_dot(one, other) for one, other in itertools.combinations(directions, 2)]
        more = Sums(_dot(reference, reference), [_dot(one, one) for one in moved], norms, dots)
        self.join(more)

    def join(self, other: "Sums") -> None:
        self.reference += other.reference
        for mine, theirs in ((self.moved, other.moved), (self.norms, other.norms), (self.dots, other.dots)):
            mine[:] = [a + b for a, b in itertools.zip_longest(mine, theirs, fillvalue=0.0)]

    def shares(self) -> list[float]:
        """How far each expert has gone, as a share of the norm of where it started."""
        start = math.sqrt(self.reference)
        return [math.sqrt(square) / start if start else 0.0 for square in self.moved]

    def angles(self) -> list[float | None]:
        """Degrees between each two, in the order of itertools.combinations; None where one has not moved."""
        pairs = itertools.combinations(self.norms, 2)
        return [_degrees(dot, a, b) for dot, (a, b) in zip(self.dots, pairs, strict=True)]


def _dot(one: Floats | None, other: Floats | None) -> float:
    # Not np.vdot, whose threads cost ten times the sums (2 cores, chunks above 10,000), and whose number changes the
    # last digits.
    return 0.0 if one is None or other is None else float(np.einsum("i,i", one, other))


def _degrees(dot: float, a: float, b: float) -> float | None:
    if not a or not b:
        return None
    return math.degrees(math.acos(max(-1.0, min(1.0, dot / math.sqrt(a) / math.sqrt(b)))))


def part_of(tensor: str) -> str:
    """The part of a model that a tensor is counted under.

    >>> part_of("model.layers.10.mlp.up_proj.weight"), part_of("lm_head.weight"), part_of("model.norm.weight")
    ('layer 10', 'embeddings', 'rest')
    """
    if found := re.search(r"(?:^|\.)(?:layers|h|blocks)\.(\d+)\.", tensor):
        return f"layer {found[1]}"
    return "embeddings" if re.search(r"embed|wte|lm_head", tensor) else "rest"


def by_part(sums: Iterable[tuple[str, Sums]]) -> dict[str, Sums]:
    """Sums of tensors as sums of parts: the layers in order, what is not of a layer, and `all`."""
    found: dict[str, Sums] = {}
    whole = Sums()
    for tensor, one in sums:
        found.setdefault(part_of(tensor), Sums()).join(one)
        whole.join(one)
    order = sorted(found, key=lambda part: (not part.startswith("layer"), [int(n) for n in re.findall(r"\d+", part)]))
    return {part: found[part] for part in order} | {"all": whole}


def plain(parts: Mapping[str, Sums], names: Sequence[str]) -> dict[str, Any]:
    """As JSON takes it, to six digits."""
    pairs = [f"{one} / {other}" for one, other in itertools.combinations(names, 2)]
    return {
        part: {
            "distance": {name: _digits(share) for name, share in zip(names, sums.shares(), strict=True)},
            "angle": {pair: _digits(angle) for pair, angle in zip(pairs, sums.angles(), strict=True)},
        }
        for part, sums in parts.items()
    }


def _digits(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def distances_table(parts: Mapping[str, Any], *, from_base: bool) -> str:
    """Markdown, of what `plain` gives: a line a part, with each expert's distance and the angles between them."""
    first = next(iter(parts.values()))
    names, pairs = list(first["distance"]), list(first["angle"])
    # Of many experts the two that are nearest and the two that are farthest apart say enough.
    few = len(pairs) <= 6
    what = "" if from_base else " of the weights"
    titles = [f"angle{what} {pair}" for pair in pairs] if few else [f"least angle{what}", f"largest angle{what}"]
    lines = [f"| part | {' | '.join([*names, *titles])} |", f"|---|{'---:|' * (len(names) + len(titles))}"]
    for part, about in parts.items():
        known = [angle for angle in about["angle"].values() if angle is not None]
        shown = list(about["angle"].values()) if few else [min(known), max(known)] if known else [None, None]
        cells = [f"{share:.3%}" for share in about["distance"].values()]
        cells += ["-" if angle is None else f"{angle:.1f}°" for angle in shown]
        lines.append(f"| {part} | {' | '.join(cells)} |")
    return "\n".join(lines)


def warnings_of(whole: Mapping[str, Any], max_distance: float, *, from_base: bool) -> list[str]:
    """What of the line `all` speaks against this merge, in sentences."""
    start = "its base" if from_base else "the mean"
    told = [
        f"{name} lies {share:.1%} of the norm away from {start} (max_distance is {max_distance:.1%}): experts so far "
        "apart merge badly; measure the merged model beside each of them before it is used"
        for name, share in whole["distance"].items()
        if share > max_distance
    ]
    # Ways of fine-tuning are near 90° in so many dimensions; a few degrees more is no chance any more.
    told += [
        f"{pair}: {angle:.0f}° between the ways that they went: one undoes what the other learnt"
        for pair, angle in whole["angle"].items()
        if from_base and angle is not None and angle > OPPOSED
    ]
    told += [
        f"{pair}: no angle between them: they are one model under two names, which counts twice in the mean"
        for pair, angle in whole["angle"].items()
        if angle is not None and angle < SAME
    ]
    return told


# Degrees; two that were trained at all are some hundredths apart, and rounding makes 1e-6 of none.
SAME = 1e-5
# Degrees, cosine -0.17.
OPPOSED = 100.0
