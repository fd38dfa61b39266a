"""Learn a lexicon: `python -m model_recipes.lexicon.train en-ar.yaml SOURCE TARGET... --extra EXTRA.tsv --ranked
RANKED.tsv -o ar.json`.

SOURCE and TARGET are texts, a sentence a line, each line the other's translation. IBM's Model 1 (Brown et al. 1993,
"The Mathematics of Statistical Machine Translation", section 4.1), a few rounds of expectation maximisation, says
which stems translate each other; how often a translation shows one of them is then counted on the same lines, and
taken down by a fifth, since text of another kind shows fewer. The same input gives the same bytes.

Of the texts every line whose number, from 0, leaves 4 when divided by 5 is left out: so much of them is there to
measure on.

EXTRA holds what people know beside the texts: an English word, a tab, the translations' words with `|` between them.
RANKED is written alike, with all that may translate a word, the most usual first. What of it neither the texts nor
EXTRA have is kept apart (`rarer`): it is to be found in a translation, and in a neighbouring sentence nearly as often.
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
LEAST_RATE, LEAST_RATE_RARER = 0.006, 0.004
# The hit of what is written down by hand, there and back, and as how many lines it counts beside those seen.
EXTRA_HIT, EXTRA_HIT_BACK = 0.65, 0.6
EXTRA_LINES = 3
# How often only a rarer translation of a ranked word is met. Where it has so many, what is learnt beside them must be
# of so many of its translations: such a list lacks little.
RARER_HIT = 0.15
MANY, LEAST_SHARE_BESIDE = 6, 0.12
# So many of a ranked word's translations are the usual ones where neither texts nor EXTRA know any, and the hit of a
# word that is nobody's usual one.
USUAL, NO_USUAL_HIT = 2, 0.4
# Characters of a word whose ending may be no ending.
_SHORT = 3
# Of the texts' lines one in so many is left out.
LEFT_OUT = 5
Sentence = tuple[str, ...]
Table = dict[str, dict[str, float]]
# Of a stem its translations, and at which place among them each stands.
Ranked = Mapping[str, Mapping[str, int]]


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


class _Texts:
    """What the texts show of one side's stems: which of the other's translate each, and how often they do."""

    def __init__(self, pairs: Sequence[tuple[Sentence, Sentence]]) -> None:
        self.table = model_1(pairs)
        self._lines: dict[str, list[int]] = defaultdict(list)
        for number, (left, _) in enumerate(pairs):
            for stem in dict.fromkeys(left):
                self._lines[stem].append(number)
        self._targets = [frozenset(right) for _, right in pairs]
        self._frequency = Counter(word for _, right in pairs for word in right)
        self._total = self._frequency.total()

    def seen(self, stem: str) -> int:
        """The lines that a stem stands in, if these are enough to say something of it."""
        found = len(self._lines[stem])
        return found if found >= LEAST_LINES else 0

    def hit(self, stem: str, others: set[str]) -> float:
        """In what share of a stem's translations one of the others is to be expected."""
        numbers = self._lines[stem]
        met = sum(not others.isdisjoint(self._targets[number]) for number in numbers)
        return OF_ANOTHER_KIND * (met + 1) / (len(numbers) + 3)

    def with_people(self, stem: str, others: set[str], said: float) -> float:
        """`hit`, beside what people say it is."""
        seen = self.seen(stem)
        return (seen * (self.hit(stem, others) if seen else 0.0) + EXTRA_LINES * said) / (seen + EXTRA_LINES)

    def rate(self, others: set[str], least: float) -> float:
        return float(f"{max(sum(self._frequency[word] for word in others) / self._total, least):.3g}")


def entries(
    pairs: Sequence[tuple[Sentence, Sentence]], extra: Mapping[str, set[str]], ranked: Ranked, extra_hit: float
) -> dict[str, list[Any]]:
    """`{stem: [translations, hit, rate]}`, in the order of the stems (see `processors.alignment.lexicon`); of some the
    rarer translations, their hit and rate stand behind."""
    texts = _Texts(pairs)
    found = {}
    for stem in sorted({*texts.table, *extra, *ranked}):
        by_rank, by_hand = ranked.get(stem, {}), extra.get(stem, set())
        shares = texts.table.get(stem, {}) if texts.seen(stem) else {}
        learnt = {word for word, part in shares.items() if part >= LEAST_SHARE}
        hit = texts.hit(stem, learnt) if learnt else 0.0
        if len(by_rank) >= MANY:
            learnt = {word for word in learnt if word in by_rank or shares[word] >= LEAST_SHARE_BESIDE}
        others = learnt | by_hand or {word for word, rank in by_rank.items() if rank < USUAL}
        rarer = by_rank.keys() - others if others else set()
        if by_rank and not others:
            others, hit = set(by_rank), NO_USUAL_HIT
        elif by_rank:
            hit = texts.with_people(stem, others, extra_hit if rarer else extra_hit + RARER_HIT)
        elif by_hand:
            hit = texts.with_people(stem, others, extra_hit)
        more = max(texts.with_people(stem, others | rarer, extra_hit + RARER_HIT) - hit, 0.01) if rarer else 0.0
        if hit + more >= LEAST_HIT:
            found[stem] = [sorted(others), round(hit, 3), texts.rate(others, LEAST_RATE)]
            if rarer:
                found[stem] += [sorted(rarer), round(more, 3), texts.rate(rarer, LEAST_RATE_RARER)]
    return found


def written_forms(word: str, by_hand: Mapping[str, Any], target: WordRules) -> set[str]:
    """The stems in which a word of EXTRA stands in a text: a letter that could be a particle is cut only where no
    article stands before it, a verb in the present has another letter for each person, and a noun of the feminine
    another ending before a pronoun."""
    persons, (ending, attached) = by_hand.get("present"), by_hand.get("feminine") or ("", "")
    alone = target.stems(word)
    found = set(alone if persons and word.startswith(persons) else alone[:1])
    found.add(target.stems(by_hand.get("article", "") + word)[0])
    if ending and word.endswith(ending) and len(word) > _SHORT:
        found.add(target.stems(word.removesuffix(ending) + attached)[0])
    return found


def read_words(
    path: Path | None,
    source: WordRules,
    target: WordRules,
    normalise: Callable[[str], str],
    by_hand: Mapping[str, Any],
) -> tuple[Ranked, Ranked]:
    """The words of EXTRA or RANKED by stem, there and back, each with its least rank among the translations."""
    there: dict[str, dict[str, int]] = defaultdict(dict)
    back: dict[str, dict[str, int]] = defaultdict(dict)
    for line in path.read_text(encoding="utf-8").splitlines() if path else ():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, translations = line.partition("\t")
        ranks = [(written, rank) for rank, one in enumerate(translations.split("|"))
                 for written in target.words.findall(normalise(one))]  # fmt: skip
        for stem in stems(word.lower(), source):
            for written, rank in ranks:
                for translation in written_forms(written, by_hand, target):
                    there[stem][translation] = min(rank, there[stem].get(translation, rank))
                    back[translation][stem] = min(rank, back[translation].get(stem, rank))
    return there, back


def train(
    rules: Mapping[str, Any], sources: list[str], targets: list[str], extra: Path | None, ranked: Path | None = None
) -> dict[str, Any]:
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
    known = [read_words(path, source, target, normalise, rules.get("by_hand", {})) for path in (extra, ranked)]
    sides = (pairs, EXTRA_HIT), ([(right, left) for left, right in pairs], EXTRA_HIT_BACK)
    forward, backward = [
        entries(texts, {stem: set(found) for stem, found in by_hand.items()}, by_rank, hit)
        for (texts, hit), by_hand, by_rank in zip(sides, *known, strict=True)
    ]
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
    parser.add_argument("--ranked", type=Path)
    parser.add_argument(
        "--source-note", default="", help="where the texts are from and their licence, kept in the file"
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    if len(arguments.texts) % 2:
        parser.error("texts: give SOURCE and TARGET, or several such pairs")
    sides: tuple[list[str], list[str]] = ([], [])
    for place, path in enumerate(arguments.texts):
        lines = path.read_text(encoding="utf-8").split("\n")
        sides[place % 2].extend(line for number, line in enumerate(lines) if (number + 1) % LEFT_OUT)
    rules = yaml.safe_load(arguments.rules.read_text(encoding="utf-8")) | {"texts": arguments.source_note}
    found = train(rules, *sides, arguments.extra, arguments.ranked)
    arguments.output.write_text(to_json(found), encoding="utf-8")
    print(f"{len(found['forward']):,} stems there, {len(found['backward']):,} back")


if __name__ == "__main__":
    main()
