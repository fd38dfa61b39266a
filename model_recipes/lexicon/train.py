"""Learn a lexicon: `python -m model_recipes.lexicon.train en-ar.yaml SOURCE TARGET... --extra EXTRA.tsv -o ar.json`.

SOURCE and TARGET are texts, a sentence a line, each line the other's translation. IBM's Model 1 (Brown et al. 1993,
"The Mathematics of Statistical Machine Translation", section 4.1), a few rounds of expectation maximisation, says
which stems translate each other; how often a translation shows one of them is then counted on the same lines, and
taken down by a fifth, since text of another kind shows fewer. The same input gives the same bytes.

EXTRA holds what people know beside the texts: an English word, a tab, the translations' words with `|` between them.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from processors.alignment.lexicon import WordRules, language
from processors.languages.language import knowledge

# Of expectation and maximisation: model 1 has one maximum, which more rounds only come nearer to.
ROUNDS = 6
LEAST_LINES = 3  # that a stem stands in
LEAST_SHARE = 0.06  # of a stem's translations that one must have
LEAST_HIT = 0.2  # a stem whose translations are met less often tells nothing
OF_ANOTHER_KIND = 0.8  # of its hits, in texts that it was not learnt from
# By chance a stem's translations are so much of a text at least, whatever these texts show: a text of another kind has
# its own frequent words, and they stand in neighbouring sentences. Of 0 to 0.006, on FLORES-200
# dev, half of the blocks: it tells a lost sentence from its neighbours more than any other constant here does.
LEAST_RATE = 0.005
# The hit of what is written down by hand, there and back, and as how many lines it counts beside those seen.
EXTRA_HIT, EXTRA_HIT_BACK = 0.65, 0.6
EXTRA_LINES = 3
Sentence = tuple[str, ...]
Table = dict[str, dict[str, float]]


def stems(text: str, of: WordRules) -> Sentence:
    """The first stem of each word."""
    return tuple(of.stems(word)[0] for word in of.words.findall(text))


def model_1(pairs: Sequence[tuple[Sentence, Sentence]]) -> Table:
    """For each stem of the first side, which stems of the second it becomes, with probabilities."""
    table: Table = {}
    for round_ in range(ROUNDS):
        counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for left, right in pairs:
            sources = [*left, ""]  # the empty word explains what comes from nowhere
            for word in right:
                chances = [1.0 if not round_ else table[source].get(word, 1e-9) for source in sources]
                whole = sum(chances)
                for source, chance in zip(sources, chances, strict=True):
                    counts[source][word] += chance / whole
        table = {}
        for source, found in counts.items():
            whole = sum(found.values())
            table[source] = {word: count / whole for word, count in found.items() if count / whole > 1e-4}
    table.pop("", None)
    return table


def entries(
    pairs: Sequence[tuple[Sentence, Sentence]], extra: Mapping[str, set[str]], extra_hit: float
) -> dict[str, list[Any]]:
    """`{stem: [translations, hit, rate]}`, in the order of the stems (see `processors.alignment.lexicon`)."""
    table = model_1(pairs)
    lines: dict[str, list[int]] = defaultdict(list)
    for number, (left, _) in enumerate(pairs):
        for stem in dict.fromkeys(left):
            lines[stem].append(number)
    targets = [frozenset(right) for _, right in pairs]
    frequency = Counter(word for _, right in pairs for word in right)
    total = frequency.total()

    def share(stem: str, others: set[str]) -> float:
        return (sum(not others.isdisjoint(targets[number]) for number in lines[stem]) + 1) / (len(lines[stem]) + 3)

    found = {}
    for stem in sorted({*table, *extra}):
        seen = len(lines[stem]) if len(lines[stem]) >= LEAST_LINES else 0
        others = {word for word, part in table.get(stem, {}).items() if part >= LEAST_SHARE} if seen else set()
        hit = OF_ANOTHER_KIND * share(stem, others) if others else 0.0
        if stem in extra:
            others |= extra[stem]
            shown = OF_ANOTHER_KIND * share(stem, others) if seen else 0.0
            hit = (seen * shown + EXTRA_LINES * extra_hit) / (seen + EXTRA_LINES)
        if hit >= LEAST_HIT:
            rate = max(sum(frequency[word] for word in others) / total, LEAST_RATE)
            found[stem] = [sorted(others), round(hit, 3), float(f"{rate:.3g}")]
    return found


def written_forms(word: str, by_hand: Mapping[str, str], target: WordRules) -> set[str]:
    """The stems in which a word of EXTRA stands in a text: a letter that could be a particle is cut only where no
    article stands before it, and a verb in the present has another letter for each person."""
    persons = by_hand.get("present")
    alone = target.stems(word)
    found = set(alone if persons and word.startswith(persons) else alone[:1])
    return found | {target.stems(by_hand.get("article", "") + word)[0]}


def read_extra(
    path: Path | None,
    source: WordRules,
    target: WordRules,
    normalise: Callable[[str], str],
    by_hand: Mapping[str, str],
) -> tuple[dict[str, set[str]], ...]:
    """The words of EXTRA by stem, there and back."""
    there: dict[str, set[str]] = defaultdict(set)
    back: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text(encoding="utf-8").splitlines() if path else ():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, translations = line.partition("\t")
        for stem in stems(word.lower(), source):
            for written in target.words.findall(normalise(translations)):
                for translation in written_forms(written, by_hand, target):
                    there[stem].add(translation)
                    back[translation].add(stem)
    return there, back


def train(rules: Mapping[str, Any], sources: list[str], targets: list[str], extra: Path | None) -> dict[str, Any]:
    """The lexicon as a dict, as `Lexicon.from_dict` takes it."""
    source, target = (
        language(rules["stemming"][code], rules["skeletons"][code]) for code in (rules["source"], rules["target"])
    )
    normalise = knowledge(rules["target"]).normalise
    pairs = [
        (left, right)
        for s, t in zip(sources, targets, strict=True)
        if (left := stems(s.lower(), source)) and (right := stems(normalise(t), target))
    ]
    there, back = read_extra(extra, source, target, normalise, rules.get("by_hand", {}))
    forward = entries(pairs, there, EXTRA_HIT)
    backward = entries([(right, left) for left, right in pairs], back, EXTRA_HIT_BACK)
    return {**rules, "forward": forward, "backward": backward}


def to_json(found: Mapping[str, Any]) -> str:
    """One entry a line, so that a change of the lexicon can be read."""
    head = {name: value for name, value in found.items() if name not in ("forward", "backward")}
    parts = [f'"{name}": {json.dumps(value, ensure_ascii=False, sort_keys=True)}' for name, value in head.items()]
    for name in ("forward", "backward"):
        lines = (
            f"{json.dumps(k, ensure_ascii=False)}: {json.dumps(v, ensure_ascii=False)}" for k, v in found[name].items()
        )
        parts.append(f'"{name}": {{\n' + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(parts) + "}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn a lexicon from parallel text.")
    parser.add_argument("rules", type=Path)
    parser.add_argument("texts", type=Path, nargs="+", help="SOURCE TARGET, or several such pairs one after the other")
    parser.add_argument("--extra", type=Path)
    parser.add_argument(
        "--source-note", default="", help="where the texts are from and their licence, kept in the file"
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    if len(arguments.texts) % 2:
        parser.error("texts: give SOURCE and TARGET, or several such pairs")
    sides: tuple[list[str], list[str]] = ([], [])
    for place, path in enumerate(arguments.texts):
        sides[place % 2].extend(path.read_text(encoding="utf-8").split("\n"))
    rules = yaml.safe_load(arguments.rules.read_text(encoding="utf-8")) | {"texts": arguments.source_note}
    found = train(rules, *sides, arguments.extra)
    arguments.output.write_text(to_json(found), encoding="utf-8")
    print(f"{len(found['forward']):,} stems there, {len(found['backward']):,} back")


if __name__ == "__main__":
    main()
