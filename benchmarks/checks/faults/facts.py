"""Numbers, scales, signs and names that the text has itself, changed in the translation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.checks.faults.text import Fault, Kind, Pair, Planted, Random, Text, on_piece, on_target
from processors.languages.digits import canonical

_NUMBER = re.compile(r"(?<![\w.,٫٬])[0-9٠-٩]+(?:[.,٫٬][0-9٠-٩]+)*(?![\w])")


def _names(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (pair.partition("=") for pair in text.split())
    return tuple((english, arabic) for english, _, arabic in pairs)


# English and Arabic as CLDR has them.
COUNTRIES = _names(
    "France=فرنسا Germany=ألمانيا Italy=إيطاليا Spain=إسبانيا Egypt=مصر Japan=اليابان China=الصين India=الهند "
    "Brazil=البرازيل Turkey=تركيا Russia=روسيا Iraq=العراق Iran=إيران Israel=إسرائيل Kenya=كينيا Greece=اليونان "
    "Australia=أستراليا Canada=كندا Mexico=المكسيك Norway=النرويج Sweden=السويد Poland=بولندا Ukraine=أوكرانيا "
    "Argentina=الأرجنتين Chile=تشيلي Peru=بيرو Pakistan=باكستان Afghanistan=أفغانستان Syria=سوريا Lebanon=لبنان "
    "Jordan=الأردن Morocco=المغرب Tunisia=تونس Algeria=الجزائر Libya=ليبيا Sudan=السودان Ethiopia=إثيوبيا "
    "Nigeria=نيجيريا Vietnam=فيتنام Thailand=تايلاند Portugal=البرتغال Belgium=بلجيكا Austria=النمسا "
    "Switzerland=سويسرا Hungary=المجر Cuba=كوبا Haiti=هايتي Scotland=اسكتلندا England=إنجلترا Singapore=سنغافورة"
)
MONTHS = _names(
    "January=يناير February=فبراير March=مارس April=أبريل June=يونيو July=يوليو August=أغسطس September=سبتمبر "
    "October=أكتوبر November=نوفمبر December=ديسمبر"
)
WEEKDAYS = _names(
    "Saturday=السبت Sunday=الأحد Monday=الاثنين Tuesday=الثلاثاء Wednesday=الأربعاء Thursday=الخميس Friday=الجمعة"
)
NATIONALITIES = _names(
    "French=الفرنسية German=الألمانية Italian=الإيطالية Spanish=الإسبانية Japanese=اليابانية Chinese=الصينية "
    "Russian=الروسية Turkish=التركية English=الإنجليزية Arabic=العربية American=الأمريكية British=البريطانية "
    "Greek=اليونانية Indian=الهندية Portuguese=البرتغالية Latin=اللاتينية"
)


def renamed(names: Sequence[tuple[str, str]]) -> Fault:
    """A name that both sides have becomes another of its kind that neither has."""

    def change(pair: Pair, rng: Random) -> str | None:
        source, target = pair
        here = [arabic for english, arabic in names
                if re.search(rf"\b{english}\b", source) and len(re.findall(rf"{arabic}\b", target)) == 1]  # fmt: skip
        others = [arabic for _, arabic in names if arabic not in target]
        return target.replace(rng.choice(here), rng.choice(others)) if here else None

    return on_piece(change)


def latin_name_changed(pair: Pair, rng: Random) -> str | None:
    """A name that the translation keeps in Latin letters becomes another one."""
    kept = [word for word in re.findall(r"\b[A-Z][a-z]{3,}\b", pair[1]) if word in pair[0]]
    return pair[1].replace(rng.choice(kept), rng.choice(("Henderson", "Novartis", "Springfield"))) if kept else None


def numbers_swapped(text: Text, rng: Random) -> Planted | None:
    """Two numbers of the text change places."""
    target = text.target
    found = [m for m in _NUMBER.finditer(target) if len(m.group()) >= 2]
    if len({m.group() for m in found}) < 2:
        return None
    one = rng.choice(found)
    other = rng.choice([m for m in found if m.group() != one.group()])
    first, second = sorted((one, other), key=lambda m: m.start())
    wrong = (
        target[: first.start()] + second.group() + target[first.end() : second.start()]
        + first.group() + target[second.end() :]
    )  # fmt: skip
    return Planted(text.source, target, wrong)


def _in_number(change: str) -> Fault:
    def plant(target: str, rng: Random) -> str | None:
        found = [m for m in _NUMBER.finditer(target) if len(m.group()) >= 2]
        if not found:
            return None
        m = rng.choice(found)
        digits = m.group()
        new = {
            "digit_lost": digits[:-1],
            "digit_added": digits + "0",
            "digits_turned": digits[::-1],
            "off_by_one": digits[:-1] + str((int(digits[-1]) + 1) % 10),
            "point_lost": re.sub(r"[.,٫٬]", "", digits),
        }[change]
        # Grouping marks come and go: 24,000 is 24000.
        if new == digits or (change == "point_lost" and canonical(new) == canonical(digits)):
            return None
        return target[: m.start()] + new + target[m.end() :]

    return on_target(plant)


def number_added(target: str, rng: Random) -> str | None:
    words = target.split(" ")
    if len(words) < 5:
        return None
    words.insert(rng.randint(1, len(words) - 1), str(rng.randint(100, 9999)))
    return " ".join(words)


def scale_changed(pair: Pair, rng: Random) -> str | None:
    for english, arabic, others in (
        ("million", r"مليون\w*|ملايين", ("مليار", "ألف")),
        ("billion", r"مليار\w*|بليون", ("مليون", "ألف")),
        ("thousand", r"\bألف\w*|آلاف", ("مليون",)),
        ("hundred", r"\bمئات|\bمائة|\bمئة", ("آلاف",)),
    ):
        if re.search(rf"\b{english}", pair[0]) and re.search(arabic, pair[1]):
            return re.sub(arabic, rng.choice(others), pair[1], count=1)
    return None


def sign_lost(target: str, rng: Random) -> str | None:
    """The percent sign, in whichever way it is written, is gone."""
    wrong = re.sub(r"\s?(?:[%٪]|في المائة|في المئة|بالمائة|بالمئة)", "", target, count=1)
    return wrong if wrong != target else None


def negation_dropped(pair: Pair, rng: Random) -> str | None:
    """The only word of negation of a sentence is gone."""
    found = list(re.finditer(r"(?<!\w)(?:و|ف)?(?:لا|لم|لن|ليس|ليست|ليسوا|غير|عدم) ", pair[1]))
    english = re.findall(r"\b(?:not|never|no|cannot|without|none|nor)\b|n't\b", pair[0])
    if len(found) != 1 or len(english) != 1:
        return None
    return pair[1][: found[0].start()] + pair[1][found[0].end() :]


def negation_put_in(pair: Pair, rng: Random) -> str | None:
    """A sentence without any gets one, before a verb in the imperfect."""
    if re.search(r"\b(?:not|never|no|cannot|without|un\w+|few|nor)\b|n't\b", pair[0]):
        return None
    verbs = list(re.finditer(r"(?<!\w)[يت][\u0621-\u064a]{3,6} ", pair[1]))
    if not verbs or re.search(r"(?<!\w)(?:لا|لم|لن|ليس\w*|غير|عدم) ", pair[1]):
        return None
    at = rng.choice(verbs).start()
    return f"{pair[1][:at]}لا {pair[1][at:]}"


KINDS = [
    Kind("numbers_swapped", numbers_swapped),
    *(
        Kind(f"number_{change}", _in_number(change))
        for change in ("digit_lost", "digit_added", "digits_turned", "off_by_one", "point_lost")
    ),
    Kind("number_added", on_target(number_added)),
    Kind("scale_changed_in_text", on_piece(scale_changed)),
    Kind("percent_sign_lost", on_target(sign_lost)),
    Kind("negation_dropped", on_piece(negation_dropped), wrong_for_training=False),
    Kind("negation_put_in", on_piece(negation_put_in), wrong_for_training=False),
    Kind("country_changed", renamed(COUNTRIES)),
    Kind("month_changed", renamed(MONTHS)),
    Kind("weekday_changed", renamed(WEEKDAYS)),
    Kind("nationality_changed", renamed(NATIONALITIES)),
    Kind("latin_name_changed", on_piece(latin_name_changed)),
]
