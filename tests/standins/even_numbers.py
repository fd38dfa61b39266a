"""A planted capability, by construction: whether a number is even, asked in English and Arabic, of a small model."""

from pathlib import Path

from tests.standins.tiny_learner import choice_task, write_learner

Row = dict[str, list[dict[str, str]]]


def write_task(folder: Path, name: str, rows: Path, language: int) -> None:
    """The task, asked in English (0) or Arabic (1), as a file of its name."""
    answers = (["True", "False"], ["صح", "خطأ"])[language]
    (folder / f"{name}.yaml").write_text(choice_task(name, rows, answers), encoding="utf-8")


def english(number: int) -> str:
    return f"Question: the number {number} is an even number.\nAnswer:"


def arabic(number: int) -> str:
    return f"السؤال: العدد {number} عدد زوجي.\nالإجابة:"


def pair(number: int, *, said: bool | None = None) -> tuple[Row, Row]:
    """A row in English and its right translation; `said` in place of what is true."""
    true = number % 2 == 0 if said is None else said
    source = [{"role": "user", "content": english(number)}, {"role": "assistant", "content": str(true)}]
    target = [
        {"role": "user", "content": arabic(number)},
        {"role": "assistant", "content": "صح" if true else "خطأ"},
    ]
    return {"messages": source}, {"messages": target}


def write_model(folder: Path) -> Path:
    """A model of 2M parameters that knows nothing yet, and reads numbers digit by digit."""
    texts = [text(number) for number in range(100, 200) for text in (english, arabic)] + ["صح خطأ True False"] * 50
    return write_learner(folder, texts, seed=0, vocabulary=400, digit_by_digit=True)
