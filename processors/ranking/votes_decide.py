"""A choice that verdicts settle: what judges or people said of two candidates of a row goes before their scores."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from processors.ranking.policy import Choice, Policy, Scored

# The share of votes for the first of two translators less that for the second; None where nobody voted.
Preference = Callable[[str, str], float | None]


def settle(
    choice: Choice, candidates: Sequence[Scored], primary: str, policy: Policy, preference: Preference
) -> Choice:
    """`choice`, or that of the candidate that the votes prefer to the chosen one, the one with the most.

    Only where the policy compares candidates: a vetoed one stays out, `never` keeps to the primary, and `vetoed` asks
    only who replaces it. What nobody judged, and a tie, is left to the scores.

    >>> good, fair = Scored("good", {"quality": 0.6}), Scored("fair", {"quality": 0.4})
    >>> chosen = Choice("good", "primary", "primary", ("chosen: best", "not chosen: worse"))
    >>> settle(chosen, [good, fair], "good", Policy(), lambda a, b: 1.0 if a == "fair" else -1.0).reason
    'fair better than good: verdicts +1.00'
    """
    held = choice.translator
    kept_as_it_is = policy.replace == "never" or (policy.replace == "vetoed" and choice.outcome == "primary")
    if held is None or kept_as_it_is:
        return choice
    best, votes = held, 0.0
    for candidate in candidates:
        name = candidate.translator
        if name == held or candidate.failed is not None or policy.vetoes(candidate):
            continue
        if (found := preference(name, held)) is not None and found > votes:
            best, votes = name, found
    if best == held:
        return choice
    why = f"better than {held}: verdicts {votes:+.2f}"
    decisions = list(choice.decisions)
    for index, candidate in enumerate(candidates):
        if candidate.translator == best:
            decisions[index] = f"chosen: {why}"
        elif candidate.translator == held:
            decisions[index] = f"not chosen: verdicts {-votes:+.2f} against {best}"
    if best == primary:
        return Choice(best, "primary", "primary", tuple(decisions))
    outcome = "replaced_better" if choice.outcome == "primary" else choice.outcome
    return replace(choice, translator=best, reason=f"{best} {why}", outcome=outcome, decisions=tuple(decisions))
