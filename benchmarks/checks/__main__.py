"""What the checks see of planted faults, what they hold against clean text, and how fast they are.

    apt-get update && python -m benchmarks.checks FOLDER PREFIX --tatoeba FOLDER --catalogues CACHE --json FILE
    python -m benchmarks.checks ... --held

FOLDER/PREFIX.en and FOLDER/PREFIX.ar are a sentence a line, line by line each other's translation, in the order of
their documents; the Arabic counts as clean. --tatoeba: the folder with Tatoeba.ar-en.en and .ar. --catalogues: a
folder into which Debian's Arabic catalogues are fetched with apt, once. The chat pairs are this benchmark's own.

Every corpus has two halves. The checks are tuned on the one that is shown by default; --held shows the other one, on
which nothing is tuned: look at its figures, never at its lines.

A fault counts as seen if the checks say of the faulty translation what they do not say of the right one. Each kind is
planted into single sentences, into texts of 4 and 12 consecutive ones, and into one turn of a whole conversation.

Goals: on clean text at most 0.1% hard and 1.5% any (texts of five: 0.5% and 4%); of the kinds that make a row wrong
for training, marked with *, at least 95% hard in each.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import fmean

from benchmarks.checks import catalogues
from benchmarks.checks.faults import FAMILIES, Pair, statements, tools, turns
from benchmarks.checks.measure import Count, all_recalls, clean, digest, pairs_a_second
from benchmarks.checks.pairs import read_chat_pairs
from benchmarks.checks.texts import conversations, half, joined, read_lines, spread, texts

CLASSES = ("1", "4", "12", "chat")


def known_wrong() -> frozenset[str]:
    """Pairs of the half that is there to tune on that were read and are no translations, by their `digest`."""
    lines = Path(__file__).with_name("known_wrong.tsv").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split("\t")[1] for line in lines)


def clean_corpora(
    args: argparse.Namespace, sentences: list[Pair], wrong: frozenset[str] = frozenset()
) -> dict[str, list[Pair]]:
    """Each corpus's half, as it is and joined by five, without the pairs that are known to be `wrong`."""
    corpora = {"sentences": half(sentences, args.held)}
    if args.tatoeba:
        lines = read_lines(args.tatoeba / "Tatoeba.ar-en.en", args.tatoeba / "Tatoeba.ar-en.ar")
        corpora["Tatoeba"] = half(lines, args.held)
    corpora["chat pairs"] = [(pair.source, pair.target) for pair in read_chat_pairs() if pair.held == args.held]
    corpora["statements"] = statements.careful()[args.held :: 2]
    if args.catalogues:
        software = catalogues.read_pairs(args.catalogues)
        corpora["software"] = [pair for pair in software if catalogues.held(pair[0]) == args.held]
    both = {}
    for name, found in corpora.items():
        pairs = [pair for pair in found if digest(*pair) not in wrong] if wrong else found
        both[name] = pairs
        # Neighbours say the same again in other words, everywhere but in documents.
        apart = pairs if name == "sentences" else spread(pairs, 5)
        # A message of software is a line, no sentence.
        both[f"{name} x5"] = joined(apart, 5, {"chat pairs": "\n\n", "software": "\n"}.get(name, " "))
    return both


def show_clean(found: dict[str, Count], right: dict[str, Count]) -> None:
    print(f"{'clean text':<18}{'texts':>8}{'any':>9}{'hard':>9}{'known right':>13}{'hard':>9}  by")
    for name, count in found.items():
        known = f"{right[name].share('any'):>13.2%}{right[name].share('hard'):>9.2%}"
        by = ", ".join(f"{check} {n}" for check, n in count.by.most_common(6))
        print(f"{name:<18}{count.texts:>8}{count.share('any'):>9.2%}{count.share('hard'):>9.2%}{known}  {by}")


def _cell(count: Count | None) -> str:
    return f"{count.share('any'):>7.0%}{count.share('hard'):>5.0%}" if count and count.texts else f"{'':>7}{'-':>5}"


def show_recalls(found: dict[str, dict[str, Count]], serious: set[str]) -> None:
    families = {name: [kind.name for kind in kinds] for name, kinds in FAMILIES.items()}
    families |= {"tools": list(tools.KINDS), "whole conversations": list(turns.KINDS)}
    print(f"\nseen, any and hard, in texts of{'':<17}" + "".join(f"{name:>12}" for name in CLASSES) + "  planted  by")
    for family, names in families.items():
        print(family)
        for name in names:
            by = sum((count.by for count in found[name].values()), start=Count().by)
            cells = "".join(_cell(found[name].get(length)) for length in CLASSES)
            planted = sum(count.texts for count in found[name].values())
            shown = ", ".join(f"{check} {n / planted:.0%}" for check, n in by.most_common(2)) if planted else ""
            print(f"  {'*' if name in serious else ' '} {name:<43}{cells}{planted:>9}  {shown}")


def totals(found: dict[str, dict[str, Count]], names: set[str]) -> dict[str, dict[str, float]]:
    """Means over the kinds, by class of length and of all texts; a kind counts where it was planted."""
    made = {}
    for length in (*CLASSES, "all"):
        counts = []
        for name in sorted(names):
            of = list(found[name].values()) if length == "all" else [found[name].get(length, Count())]
            whole = Count(sum(c.texts for c in of), sum(c.any for c in of), sum(c.hard for c in of))
            if whole.texts:
                counts.append(whole)
        made[length] = {
            "kinds": len(counts),
            "any": fmean(c.share("any") for c in counts),
            "hard": fmean(c.share("hard") for c in counts),
            "kinds of 95% hard": sum(c.share("hard") >= 0.95 for c in counts),
        }
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("--tatoeba", type=Path)
    parser.add_argument("--catalogues", type=Path)
    parser.add_argument("--held", action="store_true", help="the half that is held back")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--most", type=int, default=120, help="faults of a kind and a length at most")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sentences = read_lines(args.folder / f"{args.prefix}.en", args.folder / f"{args.prefix}.ar")
    quiet = {name: clean(pairs) for name, pairs in clean_corpora(args, sentences).items()}
    print(f"the half that is {'held back' if args.held else 'there to tune on'}\n")
    # Nothing of the other half was read.
    wrong = frozenset() if args.held else known_wrong()
    right = {name: clean(pairs) for name, pairs in clean_corpora(args, sentences, wrong).items()} if wrong else quiet
    show_clean(quiet, right)
    bases = {name: [[text] for text in texts(sentences, int(name), args.held)] for name in ("1", "4", "12")}
    bases["chat"] = conversations(sentences, args.held, args.most, args.seed)
    found = all_recalls(bases, args.held, args.seed, args.most, args.processes)
    serious = {kind.name for kinds in FAMILIES.values() for kind in kinds if kind.wrong_for_training} | {
        *tools.KINDS, *turns.KINDS,
    }  # fmt: skip
    show_recalls(found, serious)
    summary = {"wrong for training": totals(found, serious), "all kinds": totals(found, set(found))}
    for name, by_length in summary.items():
        print(f"\n{name}: mean of the kinds")
        for length, mean in by_length.items():
            print(f"  {length:<5}{mean['kinds']:>4} kinds  any {mean['any']:.1%}  hard {mean['hard']:.1%}"
                  f"  {mean['kinds of 95% hard']} of them at 95% hard")  # fmt: skip
    speed = pairs_a_second(half(sentences, args.held))
    print(f"\ncheck_pair: {speed:,.0f} pairs a second on one core")
    if args.json:
        record = {
            "held": args.held,
            "clean": {name: count.plain() for name, count in quiet.items()},
            "clean, without known faults": {name: count.plain() for name, count in right.items()},
            "faults": {kind: {name: c.plain() for name, c in counts.items()} for kind, counts in found.items()},
            "summary": summary,
            "pairs_a_second": round(speed),
        }
        args.json.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
