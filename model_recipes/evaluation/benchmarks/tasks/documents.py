"""A benchmark's row as a prompt with its options, as the Open Arabic LLM Leaderboard v2 asks it.

The wording, the labels and the splits are those of lighteval 0.13 (`tasks/multilingual/tasks/arabic.py`), which cannot
start offline. lm-eval loads this file by itself for `!function documents.*`, so it imports nothing of ours but inside
the functions of IFEval, which need the package installed.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

LETTERS = ("أ", "ب", "ج", "د", "هـ")
LATIN = ("A", "B", "C", "D", "E")
ANSWER = "الإجابة:"
_ASK = "السؤال التالي هو سؤال متعدد الإختيارات. اختر الإجابة الصحيحة"
# What a model may say where the passage does not tell, and where it contradicts itself.
UNKNOWN = ("غير معروف", "لا يمكن", "لا توجد إجابة", "لا يذكر", "غير مذكور", "لا يوجد", "unknown")
CONFLICT = ("تعارض", "متعارض", "تناقض", "متناقض", "conflict")
_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")

Row = Mapping[str, Any]


def _lettered(options: list[str]) -> str:
    return "".join(f"{letter}. {option}\n" for letter, option in zip(LETTERS, options, strict=False))


def _numbered(options: list[str], first: int, mark: str) -> str:
    return "".join(f"{number}{mark} {option}\n" for number, option in enumerate(options, first))


def _place(answer: Any, among: Sequence[str]) -> int:
    if (said := str(answer).strip()) not in among:
        raise ValueError(f"the answer {answer!r} is none of {', '.join(among)}")
    return list(among).index(said)


def _options(row: Row) -> list[str]:
    """`Option 1` to `Option 5`; the later ones may be null."""
    return [str(row[name]) for n in range(1, 6) if (row.get(name := f"Option {n}"))]


def option_letters(row: Row) -> list[str]:
    return list(LETTERS[: len(_options(row))])


def option_answer(row: Row) -> int:
    """The answer's place among the options that are there: a letter is that of the option's number."""
    there = [LATIN[n - 1] for n in range(1, 6) if row.get(f"Option {n}")]
    return _place(row["Answer Key"], there)


def arabic_mmlu(row: Row) -> str:
    return f"{_ASK}:\n\n{row['Question']}\n{_lettered(_options(row))}{ANSWER}"


def madinah_qa(row: Row) -> str:
    task = "بناءً على السياق أدناه، اختر الإجابة الصحيحة للسؤال التالي من قائمة الأجوبة:\n\n"
    context = f"\nالسياق:\n{row['Context']}\nالسؤال:\n{row['Question']}\n"
    return f"{task}{context}{_lettered(_options(row))}{ANSWER}"


def mmlu_ht(row: Row) -> str:
    return f"{_ASK}:\n\n{row['question']}\n{_numbered(list(row['choices']), 1, '.')}{ANSWER}"


def mmlu_ht_labels(row: Row) -> list[str]:
    return [str(n) for n in range(1, len(row["choices"]) + 1)]


def _solutions(row: Row) -> list[str]:
    return [str(row[name]) for n in range(1, 6) if row.get(name := f"sol{n}") is not None]


def alghafa(row: Row) -> str:
    task = "الأسئلة التالية هي أسئلة متعددة الإختيارات مع الجواب الصحيح\n\n"
    return f"{task}السؤال: {row['query']}\n{_numbered(_solutions(row), 0, ')')}{ANSWER}"


def alghafa_labels(row: Row) -> list[str]:
    return [str(n) for n in range(len(_solutions(row)))]


def alghafa_answer(row: Row) -> int:
    return int(row["label"])


def ara_trust(row: Row) -> str:
    return f"{_ASK}: أ، ب أو ج. \n\n{row['Question']}\n{row['A']}\n{row['B']}\n{row['C']}\n{ANSWER}"


def ara_trust_answer(row: Row) -> int:
    return _place(row["Answer"], LETTERS)


def exams(row: Row) -> str:
    about = str(row["subject"]).replace("_", " ")
    options = "\n".join(f" {letter}) {row[name]}\n" for letter, name in zip(LETTERS, LATIN[:4], strict=False))
    task = f"الأسئلة التالية هي أسئلة متعددة الإختيارات مع الجواب الصحيح حول {about}. \n\n"
    return f"{task}السؤال: {row['question']}\n{options}\n{ANSWER}"


def latin_answer(row: Row) -> int:
    return _place(row["answer"], LATIN)


def mmlu_mt(row: Row) -> str:
    options = _lettered([str(row[name]) for name in LATIN[:4]])
    return f"{_ASK}: أ، ب، ج، أو د... إلخ. \n\n{row['question']}\n{options}{ANSWER}"


def alrage(row: Row) -> str:
    found = row["candidates"]
    lines = found if isinstance(found, list) else str(found).split("\n")
    passages = ", ".join(str(line).strip() for line in lines if str(line).strip())
    task = "بناءً على السياقات المقترحة التالية، اجب عن السؤال التالي"
    return f"{task}\n\nالسؤال:\n{row['question']}\n\nالسياقات المقترحة:\n{passages}\n"


def faith_choices(row: Row) -> list[str]:
    return [str(label) for label in row["choices"]["label"]]


def faith_answer(row: Row) -> int:
    return _place(row["answerKey"], faith_choices(row))


def faith_counterfactual(row: Row) -> str:
    """FaithEval's counterfactual part: the answer is the passage's, whatever is true."""
    choices = row["choices"]
    options = "".join(f"{a}. {b}\n" for a, b in zip(choices["label"], choices["text"], strict=True))
    task = "أجب عن السؤال التالي اعتمادًا على السياق وحده، حتى لو خالف ما تعرفه.\n\n"
    return f"{task}السياق:\n{row['context']}\n\nالسؤال:\n{row['question']}\n{options}{ANSWER}"


def _faith(row: Row, said: str) -> str:
    task = f"أجب عن السؤال التالي اعتمادًا على السياق وحده. {said}\n\n"
    return f"{task}السياق:\n{row['context']}\n\nالسؤال:\n{row['question']}\n{ANSWER}"


def faith_unanswerable(row: Row) -> str:
    return _faith(row, "إذا لم تكن الإجابة في السياق فقل: غير معروف.")


def faith_inconsistent(row: Row) -> str:
    return _faith(row, "إذا كان في السياق أكثر من إجابة متعارضة فقل: تعارض.")


def _says(answers: list[str], words: tuple[str, ...]) -> dict[str, float]:
    text = _MARKS.sub("", answers[0]).lower()
    return {"acc": float(any(word in text for word in words))}


def says_unknown(row: Row, answers: list[str]) -> dict[str, float]:
    return _says(answers, UNKNOWN)


def says_conflict(row: Row, answers: list[str]) -> dict[str, float]:
    return _says(answers, CONFLICT)


def asked_of_arabic(rows: Any) -> Any:
    """IFEval's rows without those of which an instruction asks for English letters: no Arabic answer can follow them.

    Raises InputError, before a model is asked, for a row whose instructions cannot be checked.
    """
    from processors.instructions import look_at_given

    for number, row in enumerate(rows, 1):
        look_at_given(row["instruction_id_list"], row["kwargs"], "ar", f"row {number}")
    return rows.filter(lambda row: not _asks_for_english(row))


def _asks_for_english(row: Row) -> bool:
    from processors.instructions import kind_of

    for name, given in zip(row["instruction_id_list"], row["kwargs"], strict=True):
        letter = str((given or {}).get("letter") or "") if name == "keywords:letter_frequency" else ""
        if "ar" not in (kind_of(name).asked_in or ("ar",)) or (letter and letter.isascii()):
            return True
    return False


def instructions_followed(row: Row, answers: list[str]) -> dict[str, Any]:
    """Strict and loose, of the prompt and of each instruction, by `processors.instructions`."""
    from processors.instructions import follows

    found = follows(answers[0], row["instruction_id_list"], row["kwargs"], "ar")
    return {
        "prompt_level_strict_acc": all(one.strict for one in found),
        "inst_level_strict_acc": [one.strict for one in found],
        "prompt_level_loose_acc": all(one.loose for one in found),
        "inst_level_loose_acc": [one.loose for one in found],
    }


def share_of_all(lists: list[list[bool]]) -> float:
    flat = [one for found in lists for one in found]
    return sum(flat) / len(flat) if flat else 0.0
