"""Precision and recall of each checker of `processors.instructions`, and how fast they are.

Hand: the ten examples a kind of `tests/processors/instructions`, half of them written before the checkers and held
back: all 135 were judged rightly when they were first run, by checkers that were whole (by the author of both, so it
says that nothing broke rather than what a stranger's answers would give). Templates: answers composed to follow an
instruction or not to, by construction (twelve words joined are twelve words), from words of this file; nothing of the
checkers' own is used to compose them.

    python -m benchmarks.instruction_checkers            # prints the table
    python -m benchmarks.instruction_checkers --write    # puts it into docs/instructions.md
    python -m benchmarks.instruction_checkers --missed   # shows what was judged wrongly
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

from processors.instructions import KINDS, follows

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "processors" / "instructions"
DOC = ROOT / "docs" / "instructions.md"
BEGIN, END = "<!-- table of the checkers: begin -->", "<!-- table of the checkers: end -->"
# Of each kind, so many that follow and so many that do not.
EACH = 20

# fmt: off
_WORDS = {
    "nouns": "الشجرة الجبل النهر المعلم الطبيب المهندس البستان الجسر القطار المطار المتحف المسرح الصحراء "
    "الغيمة السفينة النافذة الحديقة المكتب الدفتر القلم الكرسي الطاولة المصباح الجريدة الرسالة الهاتف "
    "الطائر الحصان الخيمة القلعة الميناء السوق",
    "past": "وصلت غادر سمعنا اكتشفوا بنى عادت سقط أخبرني تحدثت شاركوا استيقظ نامت اشتروا وجدنا رأيت دعوت جاؤوا",
    "present": "يصل نغادر تسمعون يكتشف تبني أعود يسقط تخبرني نتحدث يشاركون يستيقظ تنام نشتري أجد يرون تدعو",
    "imperative": "صلوا غادر اسمع اكتشفي ابن عد أخبرني تحدث شاركوا استيقظ نم اشتر خذوا قل امش افتح",
}
# fmt: on
NOUNS = _WORDS["nouns"].split()
STARTS = {form: _WORDS[form].split() for form in ("past", "present", "imperative")}
LINKS = ["قرب", "خلف", "أمام", "مع", "بجانب", "تحت"]
PLAIN = ["واسع", "قديم", "هادئ", "بعيد", "جميل", "صغير", "نظيف", "مشرق"]
VOCALISED = [
    "دَخَلَ الطَّالِبُ الصَّفَّ مُبَكِّرًا",
    "الشَّمْسُ مُشْرِقَةٌ وَالجَوُّ جَمِيلٌ",
    "يَقْرَأُ أَبِي الجَرِيدَةَ كُلَّ صَبَاحٍ",
    "لَا تُؤَجِّلْ عَمَلَ اليَوْمِ إِلَى الغَدِ",
    "هٰذَا كِتَابٌ مُفِيدٌ لِلْأَطْفَالِ",
    "سَافَرَتْ أُخْتِي إِلَى بَغْدَادَ",
    "مَنْ جَدَّ وَجَدَ",
    "اُنْظُرْ إِلَى السَّمَاءِ الصَّافِيَةِ",
    "تَنْمُو الأَشْجَارُ فِي الرَّبِيعِ",
    "اِجْتَهِدْ فِي دُرُوسِكَ تَنْجَحْ",
]
NO_VERBS = ["الطريق", "هذا", "في", "منذ", "ربما", "القاهرة", "إنها", "كتابي", "هناك", "بسبب", "المهم", "أنت", "مع"]
LATIN = {
    "en": "We walked along the river and it was very quiet in the evening, with a few boats on the water",
    "fr": "Nous avons marché le long de la rivière et il y avait des bateaux sur l'eau dans la soirée",
    "es": "Caminamos por la orilla del río y había muy pocos barcos en el agua por la tarde",
    "de": "Wir sind am Fluss entlang gegangen und es war sehr ruhig auf dem Wasser mit den Booten",
}
Made = tuple[dict[str, Any], str]
Composer = Callable[[Random, bool], Made]


def phrase(chance: Random, words: int) -> str:
    """`words` words, without punctuation."""
    pools = (NOUNS, PLAIN, LINKS)
    return " ".join(chance.choice(pools[n % 3]) for n in range(words))


def prose(chance: Random, sentences: int = 3) -> str:
    return " ".join(
        phrase(chance, chance.randint(3, 7)) + chance.choice([".", ".", "!", "؟"]) for _ in range(sentences)
    )


def relation(chance: Random, follow: bool, wanted: int) -> tuple[str, int]:
    """A relation, and a number that holds it or not."""
    if chance.random() < 0.5:
        return "at least", wanted + chance.randint(0, 2) if follow else wanted - chance.randint(1, min(3, wanted))
    return "less than", wanted - chance.randint(1, min(3, wanted)) if follow else wanted + chance.randint(0, 2)


def digits(chance: Random, number: int) -> str:
    return str(number) if chance.random() < 0.5 else "".join("٠١٢٣٤٥٦٧٨٩"[int(one)] for one in str(number))


def attached(chance: Random, noun: str) -> str:
    """A noun with the article, as it stands in a text: alone, or with what is written in front of it."""
    bare = noun.removeprefix("ال")
    return chance.choice([noun, "و" + noun, "ب" + noun, "لل" + bare, "فال" + bare, "كال" + bare])


def existence(chance: Random, follow: bool) -> Made:
    wanted = chance.sample(NOUNS, 3)
    there = wanted if follow else wanted[: chance.randint(0, 2)]
    rest = [noun for noun in NOUNS if noun not in wanted]
    words = [*(attached(chance, one) for one in there), *chance.sample(rest, 6)]
    chance.shuffle(words)
    return {"keywords": wanted}, " ".join(words) + "."


def frequency(chance: Random, follow: bool) -> Made:
    keyword, wanted = chance.choice(NOUNS), chance.randint(2, 4)
    how, times = relation(chance, follow, wanted)
    rest = [noun for noun in NOUNS if noun != keyword]
    words = [attached(chance, keyword) for _ in range(times)] + chance.sample(rest, 8)
    chance.shuffle(words)
    return {"keyword": keyword, "frequency": wanted, "relation": how}, " ".join(words)


def forbidden(chance: Random, follow: bool) -> Made:
    words = chance.sample(NOUNS, 2)
    text = chance.sample([noun for noun in NOUNS if noun not in words], 8)
    return {"forbidden_words": words}, " ".join(text if follow else [*text[:4], attached(chance, words[0]), *text[4:]])


def letter(chance: Random, follow: bool) -> Made:
    one, wanted = chance.choice("ظغثخ"), chance.randint(2, 5)
    how, times = relation(chance, follow, wanted)
    marks = ["", "َ", "ّ", "ُ", "ـ"]
    words = [noun for noun in NOUNS if one not in noun]
    text = [chance.choice(words) + " " + one + chance.choice(marks) + "ار" for _ in range(times)]
    return {"letter": one, "let_frequency": wanted, "let_relation": how}, " ".join([*text, *chance.sample(words, 4)])


def language(chance: Random, follow: bool) -> Made:
    texts = {**LATIN, "ar": prose(chance) + " هذا ما كان في المدينة."}
    code = chance.choice(list(texts))
    other = chance.choice([one for one in texts if one != code])
    return {"language": code}, texts[code if follow else other]


def sentences(chance: Random, follow: bool) -> Made:
    wanted = chance.randint(3, 8)
    how, number = relation(chance, follow, wanted)
    text = ""
    for _ in range(number):
        inside = chance.choice(
            ["", "، " + chance.choice(PLAIN), "؛ " + chance.choice(NOUNS), " 3.5 " + chance.choice(PLAIN)]
        )
        text += phrase(chance, chance.randint(2, 5)) + inside + chance.choice([". ", "! ", "؟ ", ".\n", "\n", ".» "])
    return {"num_sentences": wanted, "relation": how}, text or "..."


def paragraphs(chance: Random, follow: bool) -> Made:
    wanted = chance.randint(2, 5)
    number = wanted if follow else wanted + chance.choice([-1, 1, 2])
    between = chance.choice(["\n\n***\n\n", "\n***\n", " *** "])
    return {"num_paragraphs": wanted}, between.join(prose(chance, 2) for _ in range(number))


def words(chance: Random, follow: bool) -> Made:
    wanted = chance.randint(6, 40)
    how, number = relation(chance, follow, wanted)
    text = ""
    for n in range(number):
        text += phrase(chance, 1) + ("" if n % 5 else chance.choice(["، ", ".", " -", "ً", "\n* "])) + " "
    return {"num_words": wanted, "relation": how}, text or "."


def first_word(chance: Random, follow: bool) -> Made:
    number = chance.randint(2, 4)
    place = chance.randint(1, number)
    first = chance.choice(NOUNS)
    parts = [prose(chance, 2) for _ in range(number)]
    starts = first if follow else chance.choice(["و" + first, first + "ات", "ثم " + first])
    parts[place - 1] = chance.choice(["", "**", "«"]) + starts + " " + parts[place - 1]
    return {"num_paragraphs": number, "nth_paragraph": place, "first_word": first}, "\n\n".join(parts)


def placeholders(chance: Random, follow: bool) -> Made:
    wanted = chance.randint(1, 4)
    number = wanted + chance.randint(0, 2) if follow else wanted - 1
    others = "" if follow else chance.choice([" [3]", " (الاسم)", " [رابط](https://a.org)", " {العنوان}"])
    return {"num_placeholders": wanted}, prose(chance) + "".join(
        f" [{chance.choice(NOUNS)}]" for _ in range(number)
    ) + others


def postscript(chance: Random, follow: bool) -> Made:
    marker = chance.choice(["ملاحظة:", "ملحوظة:", "حاشية:", "P.S."])
    last = f"{marker} {phrase(chance, 4)}." if follow else chance.choice(["", phrase(chance, 4) + ".", marker])
    return {"postscript_marker": marker}, f"{prose(chance)}\n\n{last}"


def bullets(chance: Random, follow: bool) -> Made:
    wanted = chance.randint(2, 6)
    number = wanted if follow else wanted + chance.choice([-1, 1])
    mark = chance.choice(["* ", "- ", "• ", "  - ", "*\t"])
    return {"num_bullets": wanted}, prose(chance, 1) + "\n" + "\n".join(
        mark + phrase(chance, 3) for _ in range(number)
    )


def constrained(chance: Random, follow: bool) -> Made:
    options = ["إجابتي هي نعم.", "إجابتي هي لا.", "إجابتي هي ربما."]
    if follow:
        return {}, chance.choice(["", prose(chance, 1) + " "]) + chance.choice(options)
    return {}, chance.choice(
        ["نعم.", "لا أدري.", prose(chance, 1), "إجابتي " + phrase(chance, 1), " ".join(options[:2])]
    )


def highlights(chance: Random, follow: bool) -> Made:
    wanted = chance.randint(1, 4)
    number = wanted + chance.randint(0, 1) if follow else wanted - 1
    mark = chance.choice(["*", "**"])
    parts = [f"{mark}{phrase(chance, 2)}{mark} {chance.choice(PLAIN)}" for _ in range(number)]
    return {"num_highlights": wanted}, f"{prose(chance, 1)} {' '.join(parts)}\n* {phrase(chance, 3)}"


def sections(chance: Random, follow: bool) -> Made:
    wanted, word = chance.randint(2, 5), chance.choice(["القسم", "الفصل", "الجزء", "SECTION"])
    number = wanted if follow else wanted - 1
    around = chance.choice([("", ""), ("## ", ""), ("**", "**"), ("", ":")])
    return {"section_spliter": word, "num_sections": wanted}, "\n".join(
        f"{around[0]}{word} {digits(chance, n)}{around[1]}\n{prose(chance, 2)}\n" for n in range(1, number + 1)
    )


def json_format(chance: Random, follow: bool) -> Made:
    text = json.dumps({one: phrase(chance, 2) for one in chance.sample(NOUNS, 3)}, ensure_ascii=False)
    if follow:
        return {}, chance.choice([text, f"```json\n{text}\n```", f"```\n{text}\n```", f"\n {text}\n"])
    return {}, chance.choice(
        [text[:-1], text.replace('"', "«", 1), prose(chance, 1) + text, text.replace(":", "،", 1)]
    )


def title(chance: Random, follow: bool) -> Made:
    name = phrase(chance, 3)
    shown = chance.choice([f"<<{name}>>", f"<< {name} >>", f"**<<{name}>>**"])
    others = [f"«{name}»", f"<{name}>", f"**{name}**", "<<>>", f"<<{name}"]
    return {}, f"{shown if follow else chance.choice(others)}\n\n{prose(chance)}"


def two_responses(chance: Random, follow: bool) -> Made:
    one, two = prose(chance, 2), prose(chance, 3)
    if follow:
        return {}, f"{one}\n\n******\n\n{two}"
    return {}, chance.choice([f"{one}\n***\n{two}", f"{one}\n******\n{one}", f"{one}\n\n{two}", f"{one}\n******\n"])


def repeat_prompt(chance: Random, follow: bool) -> Made:
    asked = f"اكتب عن {phrase(chance, 4)}."
    text = asked if follow else chance.choice([asked.replace("اكتب عن", "سأكتب عن"), "بالطبع! " + asked, asked[:12]])
    return {"prompt_to_repeat": asked}, f"{text}\n{prose(chance)}"


def end(chance: Random, follow: bool) -> Made:
    ends = phrase(chance, 4)
    shown = chance.choice([ends, ends + ".", f"**{ends}**", ends + "\n"])
    behind = "" if follow else " " + chance.choice([phrase(chance, 1), phrase(chance, 6)])
    return {"end_phrase": ends}, f"{prose(chance)} {shown}{behind}"


def quotation(chance: Random, follow: bool) -> Made:
    opens, closes = chance.choice([('"', '"'), ("«", "»"), ("“", "”")])
    text = prose(chance, 2)
    if follow:
        return {}, f"{opens}{text}{closes}"
    return {}, chance.choice([text, f"{opens}{text}", f"{text}{closes}", f"{opens}{text}{closes} {text}", f"'{text}'"])


def capitals(chance: Random, follow: bool) -> Made:
    wanted = chance.randint(1, 4)
    how, number = relation(chance, follow, wanted)
    names = [*chance.choices(["NASA", "USB", "HTTP", "UNESCO", "GPU"], k=number), "Python", "iPhone", "Wi"]
    return {"capital_frequency": wanted, "capital_relation": how}, " ".join(
        f"{one} {phrase(chance, 1)}" for one in names
    )


def english(upper: bool) -> Composer:
    def made(chance: Random, follow: bool) -> Made:
        text = LATIN["en"].upper() if upper else LATIN["en"].lower()
        if follow:
            return {}, text + chance.choice(["", ".", " 2025!"])
        cased = LATIN["fr"].upper() if upper else LATIN["fr"].lower()
        return {}, chance.choice([text.swapcase(), LATIN["en"], prose(chance), cased])

    return made


def no_comma(chance: Random, follow: bool) -> Made:
    text = prose(chance) + chance.choice([" ٣٫٥", "؛ " + phrase(chance, 2), " - " + phrase(chance, 2)])
    return {}, text if follow else text.replace(" ", chance.choice(["، ", ", ", "،"]), 1)


def diacritics(chance: Random, follow: bool) -> Made:
    parts = chance.sample(VOCALISED, 3)
    bare = "".join(one for one in " ".join(parts) if not "\u064b" <= one <= "\u0670" or one.isdigit())
    if follow:
        return {}, ". ".join(parts)
    ends = " ".join(word + chance.choice("ُِ") for word in bare.split())
    return {}, chance.choice([bare, ends, parts[0] + " " + bare + " " + prose(chance), prose(chance)])


def verb_first(chance: Random, follow: bool) -> Made:
    form = chance.choice(list(STARTS))
    starts = [chance.choice(STARTS[form]) for _ in range(3)]
    if not follow:
        starts[chance.randrange(3)] = chance.choice(NO_VERBS)
    return {"verb_form": form}, " ".join(f"{one} {phrase(chance, 3)}." for one in starts)


COMPOSERS: dict[str, Composer] = {
    "keywords:existence": existence,
    "keywords:frequency": frequency,
    "keywords:forbidden_words": forbidden,
    "keywords:letter_frequency": letter,
    "language:response_language": language,
    "length_constraints:number_sentences": sentences,
    "length_constraints:number_paragraphs": paragraphs,
    "length_constraints:number_words": words,
    "length_constraints:nth_paragraph_first_word": first_word,
    "detectable_content:number_placeholders": placeholders,
    "detectable_content:postscript": postscript,
    "detectable_format:number_bullet_lists": bullets,
    "detectable_format:constrained_response": constrained,
    "detectable_format:number_highlighted_sections": highlights,
    "detectable_format:multiple_sections": sections,
    "detectable_format:json_format": json_format,
    "detectable_format:title": title,
    "combination:two_responses": two_responses,
    "combination:repeat_prompt": repeat_prompt,
    "startend:end_checker": end,
    "startend:quotation": quotation,
    "change_case:capital_word_frequency": capitals,
    "change_case:english_capital": english(upper=True),
    "change_case:english_lowercase": english(upper=False),
    "punctuation:no_comma": no_comma,
    "diacritics:full_response": diacritics,
    "sentences:start_with_verb": verb_first,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One answer to one instruction, with whether it follows it. `source`: held_back, examples or templates."""

    source: str
    kind: str
    given: dict[str, Any]
    text: str
    follows: bool


def by_hand() -> Iterator[Case]:
    for source in ("held_back", "examples"):
        found = yaml.safe_load((EXAMPLES / f"{source}.yaml").read_text("utf-8"))
        for kind, examples in found.items():
            for one in examples:
                yield Case(source, kind, one["kwargs"], one["response"], one["follows"])


def composed(seed: int = 0) -> Iterator[Case]:
    for kind, compose in COMPOSERS.items():
        for number in range(2 * EACH):
            given, text = compose(Random(f"{seed} {kind} {number}"), number % 2 == 0)
            yield Case("templates", kind, given, text, number % 2 == 0)


@dataclass(slots=True)
class Score:
    """Cases that follow and were judged to (`found`), were not (`missed`), and that do not but were judged to."""

    found: int = 0
    missed: int = 0
    wrong: int = 0
    cases: int = 0

    def shown(self) -> str:
        judged, there = self.found + self.wrong, self.found + self.missed
        precision = f"{100 * self.found / judged:.0f}" if judged else "-"
        return f"{precision} / {100 * self.found / there:.0f} ({self.cases})" if there else "-"


def measured(cases: list[Case], show: bool = False) -> dict[tuple[str, str], Score]:
    """By source and kind, and by source and "all". Strict judgements: what the loose rule adds is IFEval's."""
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    for case in cases:
        judged = follows(case.text, [case.kind], [case.given])[0].strict
        for name in (case.kind, "all"):
            score = scores[case.source, name]
            score.cases += 1
            score.found += judged and case.follows
            score.missed += case.follows and not judged
            score.wrong += judged and not case.follows
        if show and judged != case.follows:
            print(f"{case.source} {case.kind} {case.given}: {case.text!r} follows: {case.follows}")
    return scores


def speed() -> str:
    """Answers a second, each with three instructions; of about 60 words, and of about 500."""
    parts = []
    ids = ["length_constraints:number_words", "keywords:existence", "length_constraints:number_sentences"]
    given: list[dict[str, Any]] = [
        {"num_words": 9, "relation": "at least"},
        {"keywords": ["المدينة", "الجسر"]},
        {"num_sentences": 3, "relation": "at least"},
    ]
    for sentences_of_it, title_of_it in ((12, "60 words"), (100, "500 words")):
        texts = [prose(Random(n), sentences_of_it) for n in range(200)]
        follows(texts[0], ids, given)
        start = time.process_time()
        for text in texts:
            follows(text, ids, given)
        one = len(texts) / (time.process_time() - start)
        start = time.process_time()
        for text in texts:
            follows(text, ["sentences:start_with_verb"], [{"verb_form": "past"}])
        loosely = len(texts) / (time.process_time() - start)
        parts.append(f"of {title_of_it} {one:,.0f}, with verbs looked for in all eight loose readings {loosely:,.0f}")
    return "; ".join(parts)


def table(scores: dict[tuple[str, str], Score]) -> str:
    sources = ("held_back", "examples", "templates")
    lines = ["| kind | held back | by hand, not held back | templates |", "|---|---|---|---|"]
    for kind in [*KINDS, "all"]:
        shown = " | ".join(scores[source, kind].shown() for source in sources)
        lines.append(f"| {kind if kind == 'all' else f'`{kind}`'} | {shown} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into docs/instructions.md")
    parser.add_argument("--missed", action="store_true", help="show what was judged wrongly")
    parser.add_argument("--source", choices=["held_back", "examples", "templates"], help="only these cases")
    options = parser.parse_args()
    cases = [one for one in [*by_hand(), *composed()] if options.source in (None, one.source)]
    scores = measured(cases, options.missed)
    print(table(scores))
    print(f"answers a second: {speed()}")
    if options.write:
        text = DOC.read_text("utf-8")
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
        DOC.write_text(f"{before}{BEGIN}\n{table(scores)}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
