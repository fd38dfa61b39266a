"""What every text in a script shares, whatever its language: letters for pseudo-localisation, lengths beside English.

By ISO 15924 code. A script that is not here is checked with the widest bounds, and has no pseudo-localisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Lengths:
    """Visible characters of a translation for one of its English source: what is too few or too many.

    Below `stub` a text was not translated, nor below `stub_of_long` one of 60 characters or more.

    `shortest` is for texts under 60 characters, `shortest_from` (fewest characters of the source, ratio) for longer
    ones; below `cut` a text without an end is cut off. `fewer`: (number of the source's sentences, ratio below which
    one is thought lost), and what is added to it where they are long, 80 characters each; `fewer_short` where the
    whole is short. Two sentences are often made one, with fewer words; the more and the longer they are, the less the
    ratio varies. Lines are kept by translators: fewer lines tell more, below `fewer_lines`. Without `fewer` sentences
    are not counted. Fewer than `lines_of_ten` lines for ten of the source are too few.
    """

    stub: float = 0.06
    stub_of_long: float = 0.06
    shortest: float = 0.12
    shortest_from: tuple[tuple[int, float], ...] = ()
    cut: float = 0.12
    longest: float = 8.0
    fewer: tuple[tuple[int, float], ...] = ()
    fewer_short: float = 0.0
    fewer_long: float = 0.0
    fewer_lines: float = inf
    lines_of_ten: int = 8

    @property
    def fewest(self) -> float:
        """The ratio from which the number of sentences does not matter."""
        return self.fewer[-1][1] if self.fewer else 0.76


ANY_LENGTHS = Lengths()
# Over 1,000 FLORES references in Arabic lie within [0.53, 1.5] but for misaligned lines, Tatoeba's free translations
# of over 15 characters within [0.35, 1.8].
ARABIC_LENGTHS = Lengths(
    stub=0.26,
    stub_of_long=0.35,
    shortest=0.36,
    shortest_from=((90, 0.5), (60, 0.45)),
    cut=0.85,
    longest=2.2,
    fewer=((2, 0.55), (3, 0.62), (4, 0.68), (6, 0.72), (10, 0.76)),
    fewer_short=0.52,
    fewer_long=0.08,
    fewer_lines=0.80,
    lines_of_ten=10,
)


@dataclass(frozen=True, slots=True)
class Alphabet:
    """`letters`: one for each of a to z, all different, so that different words stay different.

    `punctuation` is what becomes of English marks, `unicode_name` how Unicode's names of the plain letters begin.
    """

    letters: str
    punctuation: Mapping[str, str]
    unicode_name: str
    lengths: Lengths = ANY_LENGTHS


ALPHABETS = {
    "Arab": Alphabet("ابصديفغهعجكلمنوحقرستطظضخىز", {",": "،", ";": "؛", "?": "؟"}, "ARABIC LETTER ", ARABIC_LENGTHS),
    "Cyrl": Alphabet("абцдефгхийклмнопярстувшжыз", {}, "CYRILLIC SMALL LETTER "),
    "Ethi": Alphabet("አበቸደኤፈገሀኢጀከለመነኦፐቀረሰተኡቨወኸየዘ", {",": "፣", ";": "፤"}, "ETHIOPIC SYLLABLE "),
}
