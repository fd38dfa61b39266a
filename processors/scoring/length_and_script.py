"""Length ratio (LR) and script purity (SCR): how long a translation is, and in which script it is written.

Both are those of SmolKalam, section 3.5 (arXiv 2511.18411), and lie in [0, 1]. They need no model and no reference,
and they judge neither meaning nor fluency: a text in the right script and of the right length can say anything.
Which Unicode data decides what a letter is, and of which script, is said in `processors.languages.scripts`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from processors.conversations.field_texts import is_asked
from processors.conversations.parts import split_parts
from processors.errors import InputError
from processors.languages.language import DEFAULT
from processors.languages.scripts import count_many, count_script, count_size


class Scores(NamedTuple):
    """LR and SCR of one translation, in [0, 1]; `rank_score` is their mean, as in the published dataset."""

    LR: float
    SCR: float

    @property
    def rank_score(self) -> float:
        return (self.LR + self.SCR) / 2

    def to_dict(self) -> dict[str, float]:
        return {"LR": self.LR, "SCR": self.SCR, "rank_score": self.rank_score}


class ConversationScores(NamedTuple):
    """Scores of a candidate: `whole`, and one for each message in the conversation's order."""

    whole: Scores
    messages: tuple[Scores, ...]

    def to_dict(self) -> dict[str, Any]:
        """`{"LR", "SCR", "rank_score", "messages": [{"LR", "SCR", "rank_score"}, ...]}`: plain values, for JSON."""
        return {**self.whole.to_dict(), "messages": [scores.to_dict() for scores in self.messages]}


def length_ratio(source: str, target: str, alpha: float = 1.0) -> float:
    """How near the translation's length is to the source's, in [0, 1]; symmetric in its two texts.

    The smaller of `exp(-alpha * |ln(words of target / words of source)|)` and the same of the characters that are not
    white space. 1 if both texts are empty (or white space), 0 if one is. Raises `InputError` if `alpha` is outside
    [1.0, 1.5].
    """
    _check_alpha(alpha)
    return _length_ratio(count_size(source), count_size(target), alpha)


def script_purity(text: str, script: str = DEFAULT.script, threshold: float = 0.90) -> float:
    """Share of the target script among the characters that show a script, over `threshold`, at most 1.

    `min(1, A / (A + L + D) / threshold)` over `text` without its URLs, e-mails, code and mathematics. A counts
    letters and numbers whose Script_Extensions (UAX #24) hold `script`, so presentation forms, the tatweel and
    Arabic-Indic digits count; L counts all other letters, D the digits 0 to 9. Punctuation, symbols and other
    scripts' digits count for nothing. A mark belongs to the letter before it and adds nothing of its own: vowelled
    text and decomposed text (NFD) score as the same text without vowels and composed.

    A text without anything to judge (empty, all code, all symbols) scores 1. In a script without decimal digits of its
    own (Latin, Ethiopic, Cyrillic) 0 to 9 are the ordinary digits: there D is 0.

    `script` is a four-letter code of ISO 15924. Raises `InputError` for a code that Unicode does not assign to
    characters, and for a `threshold` outside (0, 1].
    """
    _check_threshold(threshold)
    return _script_purity(count_script(text, script), threshold)


def score_pairs(
    pairs: Iterable[tuple[str, str]], alpha: float = 1.0, script: str = DEFAULT.script, threshold: float = 0.90
) -> list[Scores]:
    """`length_ratio` and `script_purity` of many pairs (source, target) at once: the same values, much faster."""
    _check_alpha(alpha)
    _check_threshold(threshold)
    pairs = list(pairs)
    sources = count_many([source for source, _ in pairs])
    targets = count_many([target for _, target in pairs], script)
    ratios = _length_ratios(sources, targets, alpha)
    return list(map(Scores, ratios, _script_purities(targets, threshold)))


def score_conversation(
    source_messages: Sequence[Mapping[str, str]],
    target_messages: Sequence[Mapping[str, str]],
    alpha: float = 1.0,
    script: str = DEFAULT.script,
    threshold: float = 0.90,
) -> ConversationScores:
    """Scores a candidate message by message and as a whole.

    The whole is the metric over all contents together, not the mean of the messages. LR is over the full contents. SCR
    is over what a translator is asked to translate: messages of the role `tool` and the parts that the pipeline keeps
    verbatim (tool calls, tool responses, tool lists, the tags themselves) count as whitelisted, so that a conversation
    about tools is not worse for keeping their names. Code that never closes ends with its part.

    Messages are `{"role", "content"}`. Raises `InputError` if the two lists differ in length.
    """
    _check_alpha(alpha)
    _check_threshold(threshold)
    if len(source_messages) != len(target_messages):
        raise InputError(
            f"cannot score: the source has {len(source_messages)} messages and the candidate {len(target_messages)}; "
            "a candidate needs one message for each of the source's"
        )
    sources = [count_size(message["content"]) for message in source_messages]
    targets = [count_size(message["content"]) for message in target_messages]
    judged = [_total(count_script(text, script) for text in translated_parts(message)) for message in target_messages]
    messages = tuple(
        Scores(_length_ratio(source, target, alpha), _script_purity(counts, threshold))
        for source, target, counts in zip(sources, targets, judged, strict=True)
    )
    ratio = _length_ratio(_total(sources), _total(targets), alpha)
    return ConversationScores(Scores(ratio, _script_purity(_total(judged), threshold)), messages)


def translated_parts(message: Mapping[str, str]) -> list[str]:
    """What a translator is asked to translate of a message; nothing of one that nobody is asked for."""
    if not is_asked(message["role"], message["content"]):
        return []
    return [part.text for part in split_parts(message["content"]) if part.translatable]


def _total(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The counts of the texts one after another, with white space between them."""
    first = second = 0
    for one, other in counts:
        first += one
        second += other
    return first, second


def _check_alpha(alpha: float) -> None:
    if not 1.0 <= alpha <= 1.5:
        raise InputError(f"alpha of the length ratio is {alpha}: expected a number from 1.0 to 1.5")


def _check_threshold(threshold: float) -> None:
    if not 0.0 < threshold <= 1.0:
        raise InputError(f"threshold of the script purity is {threshold}: expected a number above 0 and up to 1")


def _length_ratio(source: tuple[int, int], target: tuple[int, int], alpha: float) -> float:
    (words_x, characters_x), (words_y, characters_y) = source, target
    if not characters_x or not characters_y:
        return float(characters_x == characters_y)
    words = words_x / words_y if words_x < words_y else words_y / words_x
    characters = characters_x / characters_y if characters_x < characters_y else characters_y / characters_x
    # exp(-alpha * |ln q|) is min(q, 1/q) ** alpha, and the power keeps the order of the two.
    return float(min(words, characters) ** alpha)


def _script_purity(counts: tuple[int, int], threshold: float) -> float:
    counted, in_script = counts
    return min(1.0, in_script / counted / threshold) if counted else 1.0


def _length_ratios(sources: np.ndarray, targets: np.ndarray, alpha: float) -> list[float]:
    """`_length_ratio` of each row of `sources` and `targets`, rows of `Counts`."""
    a, b = sources[:, :2], targets[:, :2]
    # Nothing has no words and no characters: max(..., 1) makes it 0 beside something.
    ratios = (np.minimum(a, b) / np.maximum(np.maximum(a, b), 1)).min(axis=1)
    ratios[(a[:, 1] == 0) & (b[:, 1] == 0)] = 1.0
    powers: list[float] = ratios.tolist()
    # Not numpy's power, whose last digit depends on the processor and on how many numbers there are.
    return powers if alpha == 1.0 else [ratio**alpha for ratio in powers]


def _script_purities(counts: np.ndarray, threshold: float) -> list[float]:
    """`_script_purity` of each row of `Counts`."""
    counted, in_script = counts[:, 2], counts[:, 3]
    purities = np.where(counted == 0, 1.0, np.minimum(1.0, in_script / np.maximum(counted, 1) / threshold))
    values: list[float] = purities.tolist()
    return values
