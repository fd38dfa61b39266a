"""Labels on rows of a run: which of two candidates is better, by approved translations, judges or people.

The ranker takes them to learn which translators are better at large (`processors.ranking.calibration`). A new source
of labels is a class like those in `labels.py`, and a value of `by` in `builders.recipes.ranking.LabelledRows`.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.calibration.labels import LabelledRow, LabelSource, label_source

__all__ = ["LabelSource", "LabelledRow", "label_source"]

__getattr__ = handed_on(__name__, {"labels": ["LabelSource", "LabelledRow", "label_source"]})
