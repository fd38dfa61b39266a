"""How far people are, and how far they agree."""

from collections import Counter, defaultdict
from typing import Any

from hub.review.said import TIE, Reviews
from processors.judging.krippendorff import krippendorff_alpha


def progress(reviews: Reviews) -> list[dict[str, Any]]:
    """Of each annotator the counts of what stands."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    with reviews.lock:
        for line in reviews.verdicts.values():
            counts[line["annotator"]]["verdicts"] += 1
            counts[line["annotator"]]["ties"] += line["choice"] == TIE
        for line in reviews.translations.values():
            counts[line["annotator"]]["edited" if line["after"] != line["before"] else "approved"] += 1
        for (annotator, _, _), marked in reviews.errors.items():
            counts[annotator]["errors"] += len(marked)
        for line in reviews.comments:
            counts[line["annotator"]]["comments"] += 1
        names = reviews.annotators()
    kinds = ("verdicts", "ties", "approved", "edited", "errors", "comments")
    return [{"annotator": name, **{kind: counts[name][kind] for kind in kinds}} for name in names]


def agreement(reviews: Reviews) -> dict[str, Any]:
    """How far those agree who judged the same two texts: Krippendorff's alpha (ordinal: one, a tie, the other).

    `alpha` is None where nothing was judged twice, or all say the same, so that nothing could disagree. `pairs` counts
    what was judged twice, `same` those of these on which all said the same.
    """
    by_pair: dict[Any, list[float]] = defaultdict(list)
    with reviews.lock:
        for line in reviews.verdicts.values():
            texts = tuple(sorted(line["texts"].items()))
            first = texts[0][0]
            vote = 0.0 if line["choice"] == TIE else 1.0 if line["choice"] == first else -1.0
            by_pair[line["id"], texts].append(vote)
    twice = [votes for votes in by_pair.values() if len(votes) > 1]
    return {
        "alpha": krippendorff_alpha(twice, "ordinal"),
        "pairs": len(twice),
        "same": sum(len(set(votes)) == 1 for votes in twice),
    }
