"""Entries of a bibliography may stay in the language of what they name; a sentence about somebody may not."""

import pytest

from processors.checks.run import check_pair
from processors.protected.kept.references import references

ENTRIES = [
    "1. Zostavax™: Kalman CM, Laskin OL. “Varicella-zoster virus hyperimmune globulin: current data.” Infect Dis. "
    "2007;15(3):177-83.",
    "- Smith, J. A., & Doe, B. (2019). The effect of sleep on memory. Journal of Sleep Research, 28(3), 45-67.",
    '[3] J. Doe and A. Roe, "Deep networks for the poor," in Proceedings of ICML, 2018, pp. 12-20.',
    "Kahneman, Daniel. Thinking, Fast and Slow. New York: Farrar, Straus and Giroux, 2011.",
    "* Vaswani et al. (2017). Attention is all you need. arXiv:1706.03762",
    "Brown T, Mann B. Language models are few-shot learners. NeurIPS 2020;33:1877-1901.",
    "Hobsbawm, E. J. (1994). *The age of extremes: A short history of the last century*. Michael Joseph Books.",
]
SENTENCES = [
    "Tom, Jerry. They met in 2010 at 3:30 and went to the park.",
    "John F. Kennedy was born in 1917 at 3:00 a.m. in Brookline, and the press liked him.",
    "Paris, France. In 1889 the Review of Books wrote about the tower, and everybody came to see it.",
    "5. Michelle Obama's book Becoming was published in 2018 by Penguin Random House Books.",
    "Smith J, who is a teacher, likes to read the newspaper.",
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_may_stay(entry: str) -> None:
    assert references(entry)
    said = "Here are three publications on the subject that you may read:\n\n"
    assert not check_pair(f"{said}{entry}", f"إليك ثلاثة منشورات في الموضوع يمكنك قراءتها:\n\n{entry}")


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_may_not(sentence: str) -> None:
    assert not references(sentence)


def test_a_line_of_spaces_is_looked_at_once() -> None:
    # From each of them the line was searched again: minutes.
    assert not references(" " * 100_000 + "x")
