"""Arabic question sets that papers train on, as they are published, read as a question and its answer.

ArMATH (github.com/reem-codes/ArMATH): a problem in words and its equation. ArabicaQA (abdoelsayed/ArabicaQA): SQuAD's
form, articles of paragraphs of questions; its open questions are rows of question and answer, which need no adapter.
"""

import ast
import operator
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from builders.imports.chats import CannotTake, text_in, what_is
from builders.imports.readers import Row

_SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def armath(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """A problem, and as its answer the equation with what it comes to, where that can be written as a number.

    >>> armath({"question": "كم ثمن 3 أقلام بسعر 2.5؟", "equation": "x=3*2.5"})[1]["content"]
    'x=3*2.5=7.5'
    """
    equation = text_in(row, "equation")
    value = solved(equation.partition("=")[2])
    return _turn(text_in(row, "question"), f"{equation}={value}" if value else equation)


def solved(sum_of: str) -> str:
    """What an arithmetic expression comes to; empty where it is none, or no decimal of up to six places.

    >>> solved("50*40%"), solved("(4/5)-(7/10)"), solved("1/3"), solved("x")
    ('20', '0.1', '', '')
    """
    try:
        value = _value(ast.parse(sum_of.strip().replace("%", "/100"), mode="eval").body)
        places = f"{float(value):.6f}".rstrip("0").rstrip(".")
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return ""
    return places if Fraction(places) == value else ""


def _value(node: ast.expr) -> Fraction:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return Fraction(str(node.value))
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        return Fraction(_SIGNS[type(node.op)](_value(node.left), _value(node.right)))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    raise ValueError("no arithmetic")


def squad(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """A question below the passage that answers it; one that it does not answer cannot be taken."""
    answers = row.get("answers")
    if isinstance(answers, Mapping):
        answers = answers.get("text")
    first = answers[0] if isinstance(answers, list) and answers else None
    text = first.get("text") if isinstance(first, Mapping) else first
    if answers is not None and not isinstance(answers, list):
        raise CannotTake("wrong_type", f"answers is {what_is(answers)}, expected a list or SQuAD's object")
    if not isinstance(text, str) or not text.strip():
        raise CannotTake("unanswered", "answers has no text: the passage does not answer the question")
    return _turn(f"{text_in(row, 'context')}\n\n{text_in(row, 'question')}", text)


def questions(rows: Iterator[Row]) -> Iterator[Row]:
    """Rows; of an article in SQuAD's form its questions, each a row with its passage and the article's line."""
    for row in rows:
        paragraphs = (row.values or {}).get("paragraphs")
        if not isinstance(paragraphs, list):
            yield row
            continue
        found = list(_of_article(row, paragraphs))
        yield from found or [Row(row.line, reason="empty", detail="paragraphs has no question")]


def _of_article(row: Row, paragraphs: list[Any]) -> Iterator[Row]:
    for number, paragraph in enumerate(paragraphs):
        asked = paragraph.get("qas") if isinstance(paragraph, dict) else None
        if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
            place = f"paragraphs[{number}]"
            yield Row(row.line, reason="wrong_type", detail=f"{place}: expected context and qas, a list of questions")
            continue
        for one in asked:
            yield Row(row.line, {"title": (row.values or {}).get("title"), "context": paragraph.get("context")} | one)


def _turn(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
