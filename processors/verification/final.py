"""The final answer of a text: what is boxed, what is announced, or what stands last."""

import re

EASTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_THOUGHT = re.compile(r"\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
_MARKS = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\u0640\u064b-\u0652]")
_ANNOUNCED = re.compile(
    r"(?:####|(?:ال|لل|وال|فال)?(?:إجابة|اجابة|جواب|ناتج|نتيجة|حل|قيمة|مجموع)(?:\s+(?:ال\w+|هي|هو|س|x))*"
    r"|answer|result|solution|so|thus|hence|لذلك|إذن|إذا|وعليه|بالتالي)"
    r"[^:=\n\d.،]{0,40}?(?::|=|\bis\b|هي|هو|يساوي|تساوي|####)\s*(.+)"
    r"|####\s*(.+)",
    re.IGNORECASE,
)


def without_thinking(text: str) -> str:
    """The text after its reasoning; of reasoning that never ends, nothing.

    >>> without_thinking("<think>2+2=5?</think>\\n4"), without_thinking("<think>لا ينتهي")
    ('4', '')
    """
    return _THOUGHT.sub("", text).strip()


def final_answers(text: str) -> list[str]:
    """What may be the final answer, from what is surest: the last boxed, the last announced, the last line.

    Invisible marks, tatweel and vowel signs are left out, and digits are 0 to 9.

    >>> final_answers("نجمع 2 و3.\\nالجواب هو: ٥ تفاحات.")
    ['5 تفاحات.']
    >>> final_answers("So x = 3, and \\\\boxed{\\\\frac{1}{2}}.")[0]
    '\\\\frac{1}{2}'
    """
    text = _MARKS.sub("", without_thinking(text)).translate(EASTERN).replace("**", "")
    found = []
    if (boxed := last_boxed(text)) is not None:
        found.append(boxed)
    announced = [m[1] or m[2] for line in text.splitlines() if (m := _ANNOUNCED.search(line))]
    if announced:
        found.append(announced[-1].strip())
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and not found:
        found.append(lines[-1])
    return found


def last_boxed(text: str) -> str | None:
    """What the last `\\boxed{}` holds, its own braces counted; None where there is none, or it does not end."""
    start = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    if start < 0:
        return None
    begin = text.index("{", start) + 1
    depth = 1
    for place in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return text[begin:place].strip()
    return None
