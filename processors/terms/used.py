"""Whether a translation has the terms that a glossary asks for, in any of their forms.

A form counts by its stem, without what is written with a word (the article, conjunctions, prepositions, pronouns),
or by its consonants, for broken plurals change the vowels within (نموذج, نماذج). So a word that only looks alike
counts as well: what is told to be missing is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from processors.alignment.lexicon import lexicon
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.conversations.field_texts import is_asked
from processors.conversations.parts import parts_of
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.spellings import plain
from processors.protected.compare import protected_spans
from processors.terms.glossary import Glossary, Term
from processors.texts.prose import words
from processors.texts.text import Text, text_of, view_by

TERMS = "terms"
"""The name of the verdicts. They need the glossary, so `processors.checks` does not make them."""

# Terms that a verdict quotes.
_QUOTED = 3
# Words that may stand between those of one translation: an adjective, a preposition.
_BETWEEN = 2
# Of a language without rules a form begins as the word does, without so many of its last letters.
_ENDING, _LEAST = 2, 3
_LEAST_CONSONANTS = 3


def check_terms(
    source: Sequence[Mapping[str, str]],
    target: Sequence[Mapping[str, str]],
    glossary: Glossary,
    known: LanguageKnowledge,
) -> list[Verdict]:
    """A soft verdict for each message in whose translation terms are missing. The conversations are as long."""
    verdicts = []
    for number, (message, translated) in enumerate(zip(source, target, strict=True)):
        if not is_asked(message["role"], message["content"]):
            continue
        prose = [part.text for part in parts_of(text_of(message["content"])) if part.translatable]
        asked = dict.fromkeys(term for text in prose for term in glossary.found(text, protected_spans(text)))
        if missing := missing_terms(asked, translated["content"], known):
            quoted = ", ".join(
                f"'{term}' as '{excerpt(said)}'" for term, said in (t.told() for t in missing[:_QUOTED])
            )
            more = f" and {len(missing) - _QUOTED} more" if len(missing) > _QUOTED else ""
            verdicts.append(Verdict(TERMS, False, f"of the glossary is missing: {quoted}{more}", number))
    return verdicts


def missing_terms(source_terms: Iterable[Term], target: str, known: LanguageKnowledge) -> list[Term]:
    """Those terms none of whose translations stands in the target. An English one may stand as it is."""
    text = text_of(target)
    return [
        term
        for term in source_terms
        if term.english not in target and not any(_stands(one, text, known) for one in term.translations)
    ]


def _stands(translation: str, target: Text, known: LanguageKnowledge) -> bool:
    if plain(text_of(translation), known).casefold() in plain(target, known).casefold():
        return True
    wanted = _forms(text_of(translation), known)
    there = _forms(target, known)
    reach = len(wanted) + _BETWEEN * (len(wanted) - 1)
    return bool(wanted) and any(
        not forms.isdisjoint(wanted[0])
        and all(any(not one.isdisjoint(word) for one in there[max(0, at - reach) : at + reach]) for word in wanted[1:])
        for at, forms in enumerate(there)
    )


@view_by
def _forms(text: Text, known: LanguageKnowledge) -> tuple[frozenset[str], ...]:
    """Each word by what its forms have in common."""
    spelling = plain(text, known).casefold()
    if (rules := lexicon(known.code)) is not None:
        return tuple(_common(word, known) for word in rules.target.words.findall(spelling))
    bare = (word.strip(".,;:!?()[]{}\"'«»“”،؛؟") for word in words(text_of(spelling)))
    return tuple(frozenset((word[: max(_LEAST, len(word) - _ENDING)],)) for word in bare if word)


@lru_cache(maxsize=1 << 14)
def _common(word: str, known: LanguageKnowledge) -> frozenset[str]:
    rules = lexicon(known.code)
    assert rules is not None
    # Twice, for two of what is written with a word may stand at either end: "وب" + ... + "ت" + "ها".
    stems = {again for stem in rules.target.stems(word) for again in (stem, *rules.target.stems(stem))}
    weak = str.maketrans("", "", known.weak)
    consonants = {bare for stem in stems if len(bare := stem.translate(weak)) >= _LEAST_CONSONANTS}
    return frozenset((word, *stems, *consonants))
