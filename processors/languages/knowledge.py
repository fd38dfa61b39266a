"""What is known of a language, as data: one frozen `LanguageKnowledge` a language, in the file of its name.

A check holds rules and no words: it asks for the part that it needs and says nothing where that part is None
(`processors.languages.language.knowledge` looks an object up). Texts are translated from English, so English has parts
that a target needs not, and a target's words stand under English ones ("May", "write") or names of things ("km").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from processors.languages.alphabets import ANY_LENGTHS, Lengths
from processors.languages.number_words import NumberWords

# Names that are written with Latin letters in any script.
PRODUCTS = frozenset(
    ["google", "wifi", "wi-fi", "email", "e-mail", "iphone", "ipad", "ipod", "ebay", "linux", "android"]
)


@dataclass(frozen=True, slots=True, eq=False)
class Letters:
    """Letters of the language's script that are another language's, and words that tell that language.

    `backwards` are words as they stand in a text whose letters were turned round, its first group those that no word
    of the language can be; `forwards` as they should stand; `ends_backwards`, a cheap look, finds something in every
    text that has one of the former. `frequent`: letters of which every text has one, and their share of its letters.
    They and words that could be the language's are asked about in texts alone that have a letter of `own`, which
    pseudo-localised ones have not.
    """

    foreign: re.Pattern[str]
    # One whole word in the script.
    word: re.Pattern[str]
    foreign_words: re.Pattern[str]
    # Whose letters they are, for the verdict.
    whose: str
    backwards: re.Pattern[str] | None = None
    forwards: re.Pattern[str] | None = None
    ends_backwards: re.Pattern[str] | None = None
    own: re.Pattern[str] | None = None
    frequent: tuple[tuple[str, float], ...] = ()
    # A Latin letter that numbers a choice ("the answer is C") to the letters that may stand for it.
    choices: Mapping[str, str] = field(default_factory=dict)
    # What names the right one of several choices, its letter in the group, in the plain spelling.
    answer: re.Pattern[str] | None = None
    # A Latin letter that labels a question or an answer ("Q: … A:") to the letters that label them.
    labels: Mapping[str, str] = field(default_factory=dict)
    # A letter of `foreign` that foreign names are written with too, to what it stands for in Latin letters.
    loans: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """`words`: name of a unit to a pattern of its words, whole but for what `before` says may be written with them.

    In a target's spelling and small letters; English ones as they stand behind a number. `scale` are words that tell a
    temperature or the like without naming its scale, by kind; `percent` is what follows a number, `percent_signs`
    are strings of which one must be there for it.
    """

    words: Mapping[str, str]
    before: str = ""
    unnamed: Mapping[str, str] | None = None
    percent: str = ""
    percent_signs: tuple[str, ...] = ()
    # That a speed is one.
    per_hour: str = ""
    # That a number is a share.
    rate: str = ""
    # That a number is rounded.
    about: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Dates:
    """Months and days by their English names, with what may be written before them; eras and halves of the day.

    `morning` and `evening` may stand for "a.m." and "p.m."; `only_morning` can stand for nothing else.
    """

    months: Mapping[str, str]
    days: Mapping[str, str]
    era: str
    morning: str
    evening: str
    only_morning: str
    only_evening: str
    before_month: str = ""
    before_day: str = ""
    # What may stand for a day and also for other things: the sound of a name, a day without its article, the weekend.
    days_otherwise: Mapping[str, str] = field(default_factory=dict)
    # Behind an hour, its part of the day to the hours that it can mean: from, below; 24 is midnight, 25 one o'clock.
    hours: tuple[tuple[str, tuple[int, int]], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """What a model that writes this language adds instead of translating.

    Each `*_signs` are strings of which one stands in every match of the patterns beside: a cheap first look.
    `echo` talks of translating in front of the answer, `label` is a word and a colon there, `opener` a helper's word
    before the first mark ("Certainly!"); `note` and `service` stand behind it. `refusal`, `model` ("as a language
    model") and `stub`, what is said in place of an answer and nothing else, are in the plain spelling; `translating`
    is the stem of "translate".
    """

    signs: tuple[str, ...]
    echo: str
    echo_signs: tuple[str, ...]
    translating: str
    refusal_signs: tuple[str, ...]
    refusal: str
    model: str
    # Asks for the text that is to be summarised, corrected: of one who was to translate a request.
    plea: str = "(?!)"
    stub: str = "(?!)"
    # A whole line or label before a translation, in the text's own spelling, up to its colon or end.
    preface: str = "(?!)"
    label: re.Pattern[str] | None = None
    opener: re.Pattern[str] | None = None
    note: re.Pattern[str] | None = None
    service: re.Pattern[str] | None = None
    service_signs: tuple[str, ...] = ()
    # How a helper greets who has not asked yet, for a system prompt or a request in its translation's place.
    greeting: re.Pattern[str] | None = None
    greeting_signs: tuple[str, ...] = ()
    # What SmolLM3's flags /think and /no_think become when they are translated.
    flag: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Excuses:
    """Of a source: where it says such a thing itself, its translation may."""

    translating: str
    refusing: re.Pattern[str]
    # Says what is not, or where something ends: a refusal in other words, if the lengths agree.
    limiting: re.Pattern[str]
    speaker: re.Pattern[str]
    # Asks for a text itself.
    pleading: re.Pattern[str]
    model: re.Pattern[str]
    notes: re.Pattern[str]
    serving: re.Pattern[str]
    # Offers help or says that it is ready.
    offering: re.Pattern[str]
    # Speaks of what comes next as a word, up to the end of the string; what then stands behind the word.
    mention: re.Pattern[str]
    mentioned: re.Pattern[str]
    # Says in more words what other languages say in one.
    polite: re.Pattern[str]
    # Begins with a word that a helper's opener may stand for; or has, in its first sentence, one that other languages
    # put in front ("we will, of course, pay").
    opening: re.Pattern[str]
    moved_to_front: re.Pattern[str]


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """How a text asks. `asks` is in the target's own spelling, `requests` in its plain one.

    `requests`: an English verb that begins a request to the stems of which one must be in the target. Of a source,
    `instruction` begins one, `request` is around VERBS, and `tag` ends what other languages say without a question.
    """

    asks: re.Pattern[str] | None = None
    requests: Mapping[str, str] | None = None
    instruction: re.Pattern[str] | None = None
    request: str = "(VERBS)"
    tag: re.Pattern[str] | None = None
    # Begins a request, whatever its verb: "present" for "describe" is no answer.
    requesting: re.Pattern[str] | None = None
    # Written with a noun: "the summary" is none of the requests, "summarise" is.
    article: str = ""
    # Begins an answer of yes or no.
    replies: re.Pattern[str] | None = None
    # Of a source too: a request in the form of a question, and what follows the verb of a request.
    polite: re.Pattern[str] | None = None
    wanted: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LanguageKnowledge:
    """What the checks may know of one language. Compared by identity, so that it can stand for itself in a cache.

    `normalise` gives the plain spelling in which words are looked for. `name` is the English name and `stem` how words
    about the language begin, for what a model says of its translation. `dangling` are words that end no sentence,
    `weak` letters that come, go and change between a word's forms.
    """

    code: str
    script: str
    name: str = ""
    stem: str = ""
    normalise: Callable[[str], str] = str
    lengths: Lengths = ANY_LENGTHS
    letters: Letters | None = None
    loans: frozenset[str] = PRODUCTS
    # Small words of names in Latin letters: "Callejon del Beso".
    name_particles: frozenset[str] = frozenset()
    dangling: frozenset[str] = frozenset()
    # Letters that stand for one another in spellings of one word, beyond the plain spelling; and what is written
    # together with the word behind it, in that spelling, the longest first.
    alike: tuple[tuple[str, str], ...] = ()
    proclitics: tuple[str, ...] = ()
    weak: str = ""
    numbers: NumberWords | None = None
    below_zero: re.Pattern[str] | None = None
    units: Units | None = None
    dates: Dates | None = None
    phrases: Phrases | None = None
    excuses: Excuses | None = None
    questions: Questions | None = None
    # Any word that denies, in the plain spelling; what a denial is of, `denials.json` helps to tell.
    denials: re.Pattern[str] | None = None
    # What a sentence that opens with an English word of a kind ("contrast": however, by contrast) begins with here, by
    # the kind and in the plain spelling. English has the openers themselves, up to their comma at a line's beginning.
    openers: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
