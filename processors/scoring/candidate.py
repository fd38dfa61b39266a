"""The score columns that a candidate has by its texts alone, whoever made it and whatever the others are."""

from collections.abc import Mapping, Sequence

from processors.scoring.columns import NAMES
from processors.scoring.length_and_script import score_conversation


def score_candidate(
    source: Sequence[Mapping[str, str]],
    target: Sequence[Mapping[str, str]],
    *,
    alpha: float,
    script: str,
    threshold: float,
) -> dict[str, float | None]:
    """Every score column of a candidate, `target`, null where it takes more than texts to know it.

    Messages are `{"role", "content"}`; `alpha` and `threshold` are those of LR and SCR (see `score_conversation`).
    Raises `InputError` if the two lists differ in length.
    """
    whole = score_conversation(source, target, alpha, script, threshold).whole
    return dict.fromkeys(NAMES) | whole.to_dict()


def unscored() -> dict[str, None]:
    """The score columns of a translator that has no candidate."""
    return dict.fromkeys(NAMES)
