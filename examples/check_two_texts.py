"""What is wrong with a translation: the project's checks and one of your own, on two texts.

python examples/check_two_texts.py
"""

from processors.checks import Check, Pair, Verdict, check_pair, has_hard

SOURCE = "Take 20 mg twice a day, and read https://example.org/leaflet first."
GOOD = "تناول 20 ملغ مرتين في اليوم، واقرأ أولا https://example.org/leaflet."
BAD = "تناول 50 ملغ مرتين في اليوم، واقرأ النشرة أولا."


def check_shouting(pair: Pair) -> list[Verdict]:
    """A check is a function of a pair that returns verdicts; this one finds exclamation that the source has not."""
    if "!" in pair.target.string and "!" not in pair.source.string:
        return [Verdict("shouting", False, "the translation exclaims, the source does not")]
    return []


def main() -> None:
    for target in (GOOD, BAD):
        verdicts = check_pair(SOURCE, target)
        print("vetoed" if has_hard(verdicts) else "passes", target)
        for verdict in verdicts:
            print("   ", "hard" if verdict.hard else "soft", verdict.check, "-", verdict.detail)
    own = Check("shouting", check_shouting)
    print([verdict.detail for verdict in own.look(Pair.of(SOURCE, GOOD + "!"))])


if __name__ == "__main__":
    main()
