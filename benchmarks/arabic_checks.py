"""What the checks of Arabic see of planted errors, and what they hold against text that people wrote.

    python -m benchmarks.arabic_checks FOLDER PREFIX --tatoeba FOLDER [--dictionary /usr/share/hunspell/ar]
    python -m benchmarks.arabic_checks ... --held

FOLDER/PREFIX.en and FOLDER/PREFIX.ar are a sentence a line, line by line each other's translation; --tatoeba: the
folder with Tatoeba.ar-en.en and .ar. --dictionary: a hunspell dictionary (Debian's hunspell-ar) for typing errors.

Every corpus has two halves, of blocks of twelve lines. The checks are tuned on the one shown by default; of the
other one (--held) only the figures are looked at. The errors are planted by rules of this file, which knows none of
the checks' lists: at a random word that has the letter, or by the few nouns below. An error counts as found if the
checks say of the faulty sentence what they do not say of the right one; "by its kind" if that is of the kind planted.
What is said of sentences as they are is no false alarm yet: people make these errors too, Tatoeba's more than others.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.checks.faults import Pair
from benchmarks.checks.texts import half, read_lines
from processors.checks.arabic import KINDS, Dictionary, Mistake, verify

Plant = Callable[[str, str, random.Random], str | None]

_WORD = re.compile("[\u0621-\u0652\u0670]+")
_ENGLISH = re.compile(r"\b[a-z]{3,}\b")
_LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
_CHINESE = ("因此", "首先", "答案", "我们", "数学", "结果", "所以")
_RUSSIAN = ("поэтому", "ответ", "сначала", "число")
_UNITS = {
    "ثلاثة": "ثلاث",
    "أربعة": "أربع",
    "خمسة": "خمس",
    "ستة": "ست",
    "سبعة": "سبع",
    "ثمانية": "ثماني",
    "تسعة": "تسع",
}
_UNITS |= {feminine: masculine for masculine, feminine in _UNITS.items()}
# Plurals that sentences count, with their nouns, written down from no list of the checks.
_ONE = {
    "أيام": "يوم", "سنوات": "سنة", "أشهر": "شهر", "ساعات": "ساعة", "دقائق": "دقيقة", "مرات": "مرة", "أشخاص": "شخص",
    "كتب": "كتاب", "أطفال": "طفل", "لغات": "لغة", "أسابيع": "أسبوع", "دول": "دولة", "أعوام": "عام", "رجال": "رجل",
    "أسئلة": "سؤال", "كلاب": "كلب", "إخوة": "أخ", "أولاد": "ولد", "غرف": "غرفة", "مدن": "مدينة", "خطوات": "خطوة",
    "أمتار": "متر", "لاعبين": "لاعب", "طلاب": "طالب", "أبواب": "باب", "نساء": "امرأة", "بنات": "بنت", "قطط": "قطة",
}  # fmt: skip


def _at_word(change: Callable[[str, random.Random], str | None]) -> Plant:
    """Changes one word of the sentence, tried in a random order."""

    def plant(_: str, sentence: str, rng: random.Random) -> str | None:
        words = list(_WORD.finditer(sentence))
        for m in rng.sample(words, len(words)):
            changed = change(m[0], rng)
            if changed is not None and changed != m[0]:
                return sentence[: m.start()] + changed + sentence[m.end() :]
        return None

    return plant


def _replaced(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Plant:
    """The first match within a word becomes something else."""
    compiled = re.compile(pattern)
    return _at_word(lambda word, rng: compiled.sub(new, word, count=1) if compiled.search(word) else None)


def _in_sentence(pattern: str, new: str | Callable[[re.Match[str]], str | None]) -> Plant:
    """One match in the sentence, by chance, becomes something else."""
    compiled = re.compile(pattern)

    def plant(_: str, sentence: str, rng: random.Random) -> str | None:
        found = list(compiled.finditer(sentence))
        for m in rng.sample(found, len(found)):
            changed = m.expand(new) if isinstance(new, str) else new(m)
            if changed is not None and changed != m[0]:
                return sentence[: m.start()] + changed + sentence[m.end() :]
        return None

    return plant


def _foreign(choose: Callable[[str, random.Random], str | None]) -> Plant:
    """A word of the sentence becomes words of another language."""

    def plant(source: str, sentence: str, rng: random.Random) -> str | None:
        words = list(_WORD.finditer(sentence))
        new = choose(source, rng)
        if new is None or len(words) < 3:
            return None
        m = rng.choice(words)
        return sentence[: m.start()] + new + sentence[m.end() :]

    return plant


def _english_word(source: str, rng: random.Random) -> str | None:
    words = _ENGLISH.findall(source)
    return rng.choice(words) if words else None


def _english_phrase(source: str, rng: random.Random) -> str | None:
    words = source.split()
    if len(words) < 5:
        return None
    start, length = rng.randrange(len(words) - 3), rng.choice((3, 4, 5))
    phrase = " ".join(words[start : start + length]).strip(".,;:!?\"'()")
    return phrase if _ENGLISH.search(phrase) else None


def _typed(slip: str) -> Plant:
    def change(word: str, rng: random.Random) -> str | None:
        if len(word) < 5 or not re.fullmatch("[\u0621-\u064a]+", word):
            return None
        at = rng.randrange(1, len(word) - 1)
        return {
            "deleted": word[:at] + word[at + 1 :],
            "inserted": word[:at] + rng.choice(_LETTERS) + word[at:],
            "substituted": word[:at] + rng.choice(_LETTERS) + word[at + 1 :],
            "swapped": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        }[slip]

    return _at_word(change)


def _singular(m: re.Match[str]) -> str | None:
    one = _ONE.get(m[2])
    return f"{m[1]} {one}" if one else None


class Planted(NamedTuple):
    """An error by its name here, and the kind that should tell it."""

    name: str
    kind: str
    plant: Plant


_C = "[\u0621-\u064a]"
_SEATS, _KEYBOARD = {"ؤ": "و", "ئ": "ي", "ء": ""}, {"ك": "ک", "ي": "ی"}
_OTHER_SEAT, _THIS = {"أ": "إ", "إ": "أ"}, {"هذا": "هذه", "هذه": "هذا"}
_COUNTED = rf"(?=(?!ال|عشر|آلاف|ملايين|و|من|في|أو){_C}{{3}})"
_GENDERS = rf"(?<!\w)(و?)({'|'.join(_UNITS)}) {_COUNTED}"
_FEW = rf"(?<!\w)({'|'.join(_UNITS)}|[3-9]) ({'|'.join(_ONE)})(?!\w)"
_ADJECTIVE = rf"(?<!\w)((?:ب?ال){_C}+ة ال{_C}+)ة(?!\w)"


def _marked(word: str, _: random.Random) -> str | None:
    return f"{word[:2]}َُ{word[2:]}" if len(word) > 3 else None


def _stretched(word: str, _: random.Random) -> str | None:
    return f"{word[:3]}ـــ{word[3:]}" if len(word) > 4 else None


ERRORS = (
    Planted("hamza dropped, first alif", "hamza", _replaced("^(.{0,3}?)[أإآ]", r"\1ا")),
    Planted("hamza dropped, elsewhere", "hamza", _replaced("(?<=..)[ؤئء]", lambda m: _SEATS[m[0]])),
    Planted("hamza on a joining alif", "hamza", _replaced(f"^((?:ال)?)ا(?!ل)(?={_C}{{4}})", r"\1إ")),
    Planted("hamza on the wrong seat", "hamza", _replaced("^(.{0,2}?)([أإ])", lambda m: m[1] + _OTHER_SEAT[m[2]])),
    Planted("ta marbuta to ha", "ta_marbuta", _replaced("(?<=..)ة$", "ه")),
    Planted("ha to ta marbuta", "ta_marbuta", _replaced("(?<=.)ه$", "ة")),
    Planted("alif maqsura to ya", "alif_maqsura", _replaced("(?<=.)ى$", "ي")),
    Planted("ya to alif maqsura", "alif_maqsura", _replaced("(?<=.)ي$", "ى")),
    Planted("tanwin to one vowel", "tanwin", _replaced("ًا$|اً$", "اَ")),
    Planted("tanwin with the article", "tanwin", _replaced(f"^(ال(?![تا]){_C}{{3,}})(?<![اىةوي])$", r"\1ٌ")),
    Planted("doubled mark", "diacritics", _at_word(_marked)),
    Planted("stray mark", "diacritics", _in_sentence(f"(?<={_C}) (?={_C})", " َ")),
    Planted("stretched word", "tatweel", _at_word(_stretched)),
    Planted("letter of another keyboard", "letters", _replaced("[كي]", lambda m: _KEYBOARD[m[0]])),
    Planted("number of the wrong gender", "number_noun", _in_sentence(_GENDERS, lambda m: f"{m[1]}{_UNITS[m[2]]} ")),
    Planted("3 to 10 with a singular", "number_noun", _in_sentence(_FEW, _singular)),
    Planted("this of the wrong gender", "agreement", _in_sentence(
        r"(?<!\w)(هذا|هذه) (?=ال)", lambda m: f"{_THIS[m[1]]} ")),
    Planted("adjective without its ending", "agreement", _in_sentence(_ADJECTIVE, r"\1")),
    Planted("Latin comma", "punctuation", _in_sentence("،", ",")),
    Planted("Latin question mark", "punctuation", _in_sentence("؟", "?")),
    Planted("space before a comma", "punctuation", _in_sentence(f"(?<={_C})،", " ،")),
    Planted("English word", "language", _foreign(_english_word)),
    Planted("English phrase", "language", _foreign(_english_phrase)),
    Planted("Chinese word", "language", _foreign(lambda source, rng: rng.choice(_CHINESE))),
    Planted("Russian word", "language", _foreign(lambda source, rng: rng.choice(_RUSSIAN))),
    *(Planted(f"letter {slip}", "spelling", _typed(slip))
      for slip in ("deleted", "inserted", "substituted", "swapped")),
    Planted("two words joined", "spelling", _in_sentence(f"(?<={_C}{{3}}) (?={_C}{{4}})", "")),
)  # fmt: skip


class Recall(NamedTuple):
    planted: int
    found: int
    by_kind: int


def recall(error: Planted, pairs: Sequence[Pair], most: int, seed: int, dictionary: Dictionary | None) -> Recall:
    """The error in at most `most` sentences, drawn from all of them."""
    rng = random.Random(f"{seed} {error.name}")
    planted = found = by_kind = 0
    for source, right in rng.sample(pairs, len(pairs)):
        if planted == most:
            break
        wrong = error.plant(source, right, rng)
        if wrong is None or wrong == right:
            continue
        planted += 1
        before = Counter((one.kind, one.found) for one in verify(right, dictionary))
        new = Counter((one.kind, one.found) for one in verify(wrong, dictionary)) - before
        found += bool(new)
        by_kind += any(kind == error.kind for kind, _ in new)
    return Recall(planted, found, by_kind)


def said(pairs: Sequence[Pair], dictionary: Dictionary | None) -> tuple[Counter[str], int, int]:
    """Mistakes by kind in sentences as they are, how many sentences have one, and how many words there are."""
    kinds: Counter[str] = Counter()
    sentences = 0
    for _, target in pairs:
        mistakes: tuple[Mistake, ...] = verify(target, dictionary)
        kinds.update(one.kind for one in mistakes)
        sentences += bool(mistakes)
    return kinds, sentences, sum(len(target.split()) for _, target in pairs)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}" if whole else "-"


def show(corpora: Mapping[str, Sequence[Pair]], most: int, seed: int, dictionary: Dictionary | None) -> None:
    for name, pairs in corpora.items():
        kinds, sentences, words = said(pairs, dictionary)
        told = ", ".join(f"{kind} {kinds[kind]}" for kind in KINDS if kinds[kind])
        print(f"{name}: {sentences} of {len(pairs)} sentences ({100 * sentences / len(pairs):.2f} %), "
              f"{1000 * sum(kinds.values()) / words:.2f} in 1,000 words: {told}")  # fmt: skip
    print(f"\n| planted | kind | {' | '.join(f'{name}: n, found %, by its kind %' for name in corpora)} |")
    print(f"|---|---|{'---|' * len(corpora)}")
    for error in ERRORS:
        if error.kind == "spelling" and dictionary is None:
            continue
        cells = []
        for pairs in corpora.values():
            one = recall(error, pairs, most, seed, dictionary)
            cells.append(f"{one.planted}, {_share(one.found, one.planted)}, {_share(one.by_kind, one.planted)}")
        print(f"| {error.name} | {error.kind} | {' | '.join(cells)} |", flush=True)


def speed(pairs: Sequence[Pair], rounds: int = 3) -> float:
    """Sentences a second of CPU time, the best of so many rounds over other texts each time: nothing is remembered."""
    best = 0.0
    for turn in range(rounds):
        texts = [f"{target} {turn}" for _, target in pairs]
        start = time.process_time()
        for text in texts:
            verify(text)
        best = max(best, len(texts) / (time.process_time() - start))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("--tatoeba", type=Path)
    parser.add_argument("--dictionary", type=Path)
    parser.add_argument("--held", action="store_true", help="the half that is held back")
    parser.add_argument("--most", type=int, default=300, help="errors of a kind and a corpus at most")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    corpora = {
        "FLORES": half(read_lines(args.folder / f"{args.prefix}.en", args.folder / f"{args.prefix}.ar"), args.held)
    }
    if args.tatoeba:
        lines = read_lines(args.tatoeba / "Tatoeba.ar-en.en", args.tatoeba / "Tatoeba.ar-en.ar")
        corpora["Tatoeba"] = half(lines, args.held)
    dictionary = Dictionary(args.dictionary) if args.dictionary else None
    print(f"the half that is {'held back' if args.held else 'there to tune on'}\n")
    show(corpora, args.most, args.seed, dictionary)
    print(f"\nverify, without a dictionary: {speed(corpora['FLORES']):,.0f} sentences a second on one core")


if __name__ == "__main__":
    main()
