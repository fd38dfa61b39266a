"""A negation that a sentence lost or was given: "do not open" that became "open".

Languages deny in ways that no list holds, so what is told needs more than a count. Lost is a denial of which the
target has no trace at all, neither a word that denies nor one that means the opposite ("failed", "except"); or none
near the translation of the word that is denied, by the lexicon. Added is a word that does nothing but deny, before the
translation of a word which the source does not deny, nor says by half (`shields`: "only", "unkind", "avoid").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from processors.alignment.lexicon import COMMON, Lexicon, LexiconEntry, lexicon
from processors.checks.wording.denials import Denials, EnglishDenials, denials_of, english_denials
from processors.checks.wording.idioms import has_idiom
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.spellings import plain
from processors.texts.text import Text, view, view_by

_TOKEN = re.compile(r"[a-z]+(?:['’][a-z]+)?|[,;:()\"“”.!?—–]")
_PIECE = re.compile(r"\w+|[^\w\s]")
_MARKS = frozenset(',;:()"“”.!?—–')
# Ligatures of a letter that denies: they are read as no word.
_LIGATURE = re.compile("[\ufef5-\ufefc]")
# Of the words behind a denial so many are read, of which the first ones that say something are denied.
_REACH, _DENIED = 7, 2
# Words before and behind the translation of what is denied in which the denial is looked for: where the target denies
# less often than the source, and where it does as often, so that it may only stand further away. Of FLORES' lines
# (half, references and two systems) 0.9 % would be told with (4, 2) alone, of software's 0.4.
_NEAR, _FAR = (5, 3), (8, 5)
# "ما" denies a word so near behind it, and else is "what".
_PERHAPS_NEAR = 6
# Words of a source around what is denied in the target, in which anything may account for it.
_AROUND = (7, 5)
# What stands behind a word that denies is no word of grammar of this share.
_GRAMMAR = 0.06
# Words before the denial of an order ("please do not").
_BEGINNING = 2
# An added one is told of sentences of so many words.
_FEWEST = 3
# Characters of what is no sentence any more: where words are denied in it is looked for word by word.
_LONGEST = 1200
# Sure only in a sentence of so many words, of which one denies.
_MOST_WORDS = 16
_SURELY = re.compile(r"\w+n['’]t|not|never|cannot")


class ChangedNegation(NamedTuple):
    """`what` became of the negation, lost or added; whether nothing else can account for it, and whether no neighbour
    can hold it ("no," that became "yes,")."""

    what: str
    sure: bool
    alone: bool = False


@cache
def _first_look(code: str) -> frozenset[str]:
    """Of the words of an English text one that denies is among these."""
    target = denials_of(code)
    return english_denials().words.union(target.affixed if target else ())


def may_be_changed(source: Text, target: Text, known: LanguageKnowledge) -> bool:
    """A cheap look at texts of any length: whether either denies anything."""
    words = denials_of(known.code)
    return words is not None and (bool(_said(source, known)) or bool(_signs(target, known, words)))


def _said(source: Text, known: LanguageKnowledge) -> list[int]:
    """Places of the words of an English text that deny; a few are missed, before marks."""
    looked_for = _first_look(known.code)
    words = source.string.lower().replace(".", " ").replace(",", " ").split()
    return [at for at, word in enumerate(words) if word in looked_for] if not looked_for.isdisjoint(words) else []


def _signs(target: Text, known: LanguageKnowledge, words: Denials) -> int:
    """How many words of a target do nothing but deny."""
    spelled = plain(target, known).split()
    return sum(map(words.sure.__contains__, spelled)) if not words.sure.keys().isdisjoint(spelled) else 0


def negation(source: Text, target: Text, known: LanguageKnowledge) -> ChangedNegation | None:
    """What became of a sentence's negation in its translation; None where nothing changed or it cannot be told."""
    words, known_words = denials_of(known.code), lexicon(known.code)
    if words is None or known_words is None or max(len(source.string), len(target.string)) > _LONGEST:
        return None
    said, signs = _said(source, known), _signs(target, known, words)
    if signs > len(said):
        found = _added(source, target, known, words, known_words)
    elif said and (len(said) > signs or said[0] <= _BEGINNING):
        found = _lost(source, target, known, words, known_words)
    else:
        return None
    if found is None or _is_kept(source, target) or has_idiom(source.string):
        return None
    return found


def _is_kept(source: Text, target: Text) -> bool:
    """Whether all that denies stayed in English (an error message, a sentence of a lesson)."""
    if _LIGATURE.search(target.string):
        return True
    denying_words = english_denials().words
    stayed = denying_words.intersection(_TOKEN.findall(target.string.lower()))
    return bool(stayed) and stayed.issuperset(denying_words.intersection(_tokens(source)))


def denied(source: Text, known: LanguageKnowledge) -> int:
    """How often an English text denies, parts of words included."""
    words = denials_of(known.code)
    affixed = sum(word in words.affixed for word in _tokens(source)) if words else 0
    return len(_denials(source)) + affixed


def denying(target: Text, known: LanguageKnowledge) -> int:
    """How often its translation does, in whichever way, but for "nothing but"."""
    words = denials_of(known.code)
    if words is None:
        return 0
    spelled = _spelled(target, known)
    return sum(
        words.strong[word]
        and not words.idle.match(" ".join(spelled[at : at + 2]))
        and words.but.isdisjoint(spelled[at + 1 : at + 1 + _REACH])
        for at, word in enumerate(spelled)
    )


class _Denial(NamedTuple):
    """The place of a word that denies, and the words that it denies."""

    at: int
    scope: tuple[str, ...]


@view
def _tokens(source: Text) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(source.string.lower()))


@view
def _denials(source: Text) -> tuple[_Denial, ...]:
    english, string = english_denials(), source.string.lower()
    if english.words.isdisjoint(_tokens(source)):
        return ()
    told = english.idle.sub(lambda m: " " * len(m[0]), string)
    return tuple(
        _Denial(at, _scope(_tokens(source), at, english))
        for at, m in enumerate(_TOKEN.finditer(string))
        if m[0] in english.words and told[m.start() : m.end()] == m[0]
    )


def _scope(tokens: Sequence[str], at: int, english: EnglishDenials) -> tuple[str, ...]:
    """The words behind a denial in its clause; else the last one before it ("he said nothing")."""
    behind = list(_told(tokens[at + 1 : at + 1 + _REACH], english))[:_DENIED]
    return tuple(behind or list(_told(tokens[max(0, at - 4) : at][::-1], english))[:1])


def _told(tokens: Iterable[str], english: EnglishDenials) -> Iterable[str]:
    for token in tokens:
        if token in _MARKS:
            return
        if token not in english.functions and token not in english.words:
            yield token


@view_by
def _spelled(target: Text, known: LanguageKnowledge) -> tuple[str, ...]:
    words = lexicon(known.code)
    return tuple(words.target.words.findall(plain(target, known))) if words else ()


def _entry(word: str, words: Lexicon) -> LexiconEntry | None:
    return next(filter(None, map(words.forward.get, words.source.stems(word))), None)


def _places(scope: Sequence[str], tokens: Sequence[str], spelled: Sequence[str], words: Lexicon) -> list[int]:
    """Where a word of the source stands in the target, and no other word of the source could."""
    own = [entry for word in scope if tokens.count(word) == 1 and (entry := _entry(word, words)) is not None]
    own = [entry for entry in own if entry.rate < COMMON]
    if not own:
        return []
    functions = english_denials().functions
    rest = frozenset().union(
        *[entry.any_of() for word in tokens if word not in scope and word not in functions
          and (entry := _entry(word, words)) is not None]
    )  # fmt: skip
    wanted = frozenset().union(*[entry.others for entry in own])
    stems = words.target.stems
    return [at for at, word in enumerate(spelled)
            if not wanted.isdisjoint(stems(word)) and rest.isdisjoint(stems(word))]  # fmt: skip


def _near(places: Iterable[int], signs: Sequence[int], around: tuple[int, int]) -> bool:
    """Whether a sign stands near one of the places."""
    before, behind = around
    return any(place - before <= sign <= place + behind for place in places for sign in signs)


def _lost(
    source: Text, target: Text, known: LanguageKnowledge, words: Denials, known_words: Lexicon
) -> ChangedNegation | None:
    tokens, spelled = _tokens(source), _spelled(target, known)
    if tokens[:1] == ("no",) and tokens[1:2] != () and tokens[1] in _MARKS and spelled and spelled[0] in words.yes:
        return ChangedNegation("lost", False, alone=True)
    denying_words = english_denials().words
    places = [at for at, word in enumerate(tokens) if word in denying_words]
    strong = [at for at, word in enumerate(spelled) if words.strong[word]]
    # As many may stand elsewhere for another reason, but an order begins with its verb.
    is_order = len(strong) >= len(places) > 0
    if not spelled or (is_order and (places[0] > _BEGINNING or strong[0] <= _FAR[1])):
        return None
    if not places:
        affixed = [word for word in tokens if word in words.affixed]
        return _opposite(affixed, spelled, strong, words) if affixed else None
    denials = _denials(source)
    if not denials:
        return None
    signs = strong + [at for at, word in enumerate(spelled) if words.weak[word]]
    perhaps = [at for at, word in enumerate(spelled) if word in words.perhaps]
    if not signs:
        return _without_trace(denials, tokens, spelled, perhaps, known_words, "?" in source.string)
    for denial in denials[:1] if is_order else denials:
        if tokens[denial.at] not in ("neither", "nor"):
            found = _places(denial.scope[:1], tokens, spelled, known_words)
            there = bool(found) and (not is_order or found[0] == 0)
            if there and not _near(found, signs + perhaps, _FAR if is_order else _NEAR):
                return ChangedNegation("lost", False)
    return None


def _opposite(
    affixed: Sequence[str], spelled: Sequence[str], strong: Sequence[int], words: Denials
) -> ChangedNegation | None:
    """Of a source that denies by parts of words alone."""
    signs = [*strong, *(at for at, word in enumerate(spelled) if words.weak[word])]
    for word in affixed:
        here = [at for at, one in enumerate(spelled) if words.affixed[word][one]]
        if here and not _near(here, signs, _FAR):
            return ChangedNegation("lost", False)
    return None


def _without_trace(
    denials: Sequence[_Denial],
    tokens: Sequence[str],
    spelled: Sequence[str],
    perhaps: Sequence[int],
    words: Lexicon,
    asks: bool,
) -> ChangedNegation | None:
    """Of a target that has nothing that could deny."""
    english, first = english_denials(), denials[0]
    opposite = not english.opposites.isdisjoint(first.scope)
    places = _places(first.scope[:1] if opposite else first.scope, tokens, spelled, words)
    if not places:
        return None if perhaps or opposite or not first.scope else ChangedNegation("lost", False)
    if _near(places, perhaps, (_PERHAPS_NEAR, -1)):
        return None
    # "Isn't Tom coming?" asks what "is Tom coming?" does; who is not as tall as his brother has a taller one.
    sure = (
        not perhaps
        and not asks
        and "as" not in tokens
        and len(tokens) <= _MOST_WORDS
        and sum(word in english.words for word in tokens) == 1
        and _SURELY.fullmatch(tokens[first.at]) is not None
        and not opposite
        # "The number is not even": what stands before a denial stays whatever is denied.
        and first.scope[0] in tokens[first.at :]
        and bool(_places(first.scope[:1], tokens, spelled, words))
        and _is_literal(tokens, spelled, words)
    )
    return ChangedNegation("lost", sure)


def _is_literal(tokens: Sequence[str], spelled: Sequence[str], words: Lexicon) -> bool:
    """Whether each word of either side is told on the other, but for words of grammar: a free translation has words
    of its own where it does without a denial ("my time is short" for "I don't have time")."""
    english = english_denials()
    told = [word for word in tokens if word not in _MARKS | english.functions | english.words]
    here = frozenset(stem for word in tokens for stem in words.source.stems(word))
    there = frozenset(stem for word in spelled for stem in words.target.stems(word))
    entries = [entry for word in tokens if (entry := _entry(word, words)) is not None]
    if any((entry := _entry(word, words)) is None or not entry.is_met(there) for word in told):
        return False
    said = frozenset().union(*[entry.any_of() for entry in entries])
    for word in spelled:
        back = _back(word, words)
        grammar = back is not None and back.rate >= COMMON
        partner = not said.isdisjoint(words.target.stems(word)) or (back and back.is_met(here))
        if not grammar and not partner:
            return False
    return True


def _added(
    source: Text, target: Text, known: LanguageKnowledge, words: Denials, known_words: Lexicon
) -> ChangedNegation | None:
    tokens, english = _tokens(source), english_denials()
    if len(tokens) < _FEWEST:
        return None
    signs = list(_sure_signs(target, known, words, asks="?" in source.string))
    if len(signs) <= sum(word in english.words for word in tokens):
        return None
    denials = [at for at, word in enumerate(tokens) if word in english.words or english.affixed[word]]
    shields = denials + [at for at, word in enumerate(tokens) if english.shields[word]]
    for sign in signs:
        if sign.able and english.able.isdisjoint(tokens):
            continue
        if not shields:
            return ChangedNegation("added", False)
        if len(signs) > len(denials):
            wanted = frozenset().union(*[
                entry.others for word in sign.denied if (entry := _back(word, known_words)) and entry.rate < _GRAMMAR
            ])  # fmt: skip
            here = [at for at, word in enumerate(tokens) if not wanted.isdisjoint(known_words.source.stems(word))]
            if here and not _near(here, shields, _AROUND):
                return ChangedNegation("added", False)
    return None


class _Sign(NamedTuple):
    """A word that does nothing but deny: what stands behind it, and whether that says what can or must be."""

    denied: tuple[str, ...]
    able: bool


def _sure_signs(target: Text, known: LanguageKnowledge, words: Denials, *, asks: bool) -> Iterable[_Sign]:
    pieces = _PIECE.findall(plain(target, known))
    for at, piece in enumerate(pieces[:-1]):
        word = words.sure.get(piece)
        if word is None or not pieces[at + 1].isalpha():
            continue
        before = pieces[at - 1] if at else ""
        if (
            words.idle.match(f"{word} {pieces[at + 1]}")
            or (asks and word == words.why)
            or (word in words.not_behind and (not before.isalpha() or before in words.not_behind[word]))
            or (word in words.only_behind and before not in words.only_behind[word])
            or not words.but.isdisjoint(pieces[at + 1 :])
        ):
            continue
        passed = at + 1
        while passed < len(pieces) and (pieces[passed] in words.copulas or words.able[pieces[passed]]):
            passed += 1
        able = any(words.able[one] for one in pieces[at + 1 : passed])
        denied_words = tuple(filter(str.isalpha, pieces[passed : passed + (3 if passed > at + 1 else 1)]))
        if denied_words:
            yield _Sign(denied_words, able)


def _back(word: str, words: Lexicon) -> LexiconEntry | None:
    return next(filter(None, map(words.backward.get, words.target.stems(word))), None)
