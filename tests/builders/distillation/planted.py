"""Problems and a teacher that makes faults of known kinds: each trace is clean, or has one fault that was planted.

The sentences know nothing of the checks: they were written as Arabic, and a fault is a change of one of them.
"""

import json
import re
from typing import Any

from tests.standins.standin_models import asked_last

# In a cycle of sixteen problems, so often each fault; the rest is clean.
CYCLE = (
    "clean", "wrong_answer", "clean", "english", "clean", "chinese", "clean", "hamza",
    "clean", "ta_marbuta", "clean", "number_noun", "clean", "norm", "clean", "norm_kept",
)  # fmt: skip

_OPENINGS = (
    "نقرأ المسألة أولًا ثم نحدد المطلوب منها.",
    "في البداية نكتب المعطيات التي وردت في السؤال.",
    "المسألة سهلة إذا رتبنا خطواتها كما ينبغي.",
    "لنبدأ بفهم السؤال قبل الحساب.",
)
# Of each kind: a sentence without a fault, and the same with it.
_FAULTS = {
    "hamza": (
        ("نضيف العدد الثاني إلى العدد الأول.", "نضيف العدد الثاني الى العدد الأول."),
        ("يجب أن نجمع العددين.", "يجب ان نجمع العددين."),
        ("الخطوة الأولى واضحة.", "الخطوة الاولى واضحة."),
        ("إذا جمعنا العددين وصلنا إلى المطلوب.", "اذا جمعنا العددين وصلنا إلى المطلوب."),
    ),
    "ta_marbuta": (
        ("هذه هي النتيجة التي نبحث عنها.", "هذه هي النتيجه التي نبحث عنها."),
        ("ثم نكتب المعادلة على السطر.", "ثم نكتب المعادله على السطر."),
        ("نتحقق من صحة العملية مرة ثانية.", "نتحقق من صحة العمليه مرة ثانية."),
        ("القيمة المطلوبة هي مجموع العددين.", "القيمه المطلوبة هي مجموع العددين."),
    ),
    "number_noun": (
        ("كان في الصندوق ثلاثة كتب.", "كان في الصندوق ثلاثة كتاب."),
        ("معه خمسة أقلام جديدة.", "معه خمسة قلم جديدة."),
        ("بعد أربعة أيام عاد إلى السوق.", "بعد أربعة يوم عاد إلى السوق."),
        ("اشترى خمسة عشر كتابًا.", "اشترى خمسة عشر كتب."),
    ),
    "english": (
        ("نجمع العددين فنصل إلى المطلوب.", "So we add both of the numbers together and then we get the final result."),
        ("نتحقق من الحساب مرة أخرى.", "Let me check this calculation again before writing down the answer."),
    ),
    "chinese": (
        ("ومن ثم نصل إلى الجواب.", "因此我们得到答案。"),
        ("نجمع العددين معًا.", "نجمع العددين 一起 معًا."),
    ),
    "norm": (("وكل قلم ثمنه ريال واحد.", "وكل قلم ثمنه دولار واحد."),),
    "norm_kept": (("وكل كتاب ثمنه ريال واحد.", "وكل كتاب ثمنه دولار أمريكي واحد."),),
}


def kind_of(number: int) -> str:
    """The fault that is planted in the trace of a problem."""
    return CYCLE[number % len(CYCLE)]


def problems(count: int) -> list[dict[str, Any]]:
    """Rows of a source: a sum in words, with its answer."""
    return [
        {
            "problem": f"المسألة {n}: مع سالم {n + 7} قلمًا، ثم أعطته أخته {n % 9 + 11} قلمًا. كم قلمًا معه الآن؟",
            "answer": str(n + 7 + n % 9 + 11),
            "domain": ("جمع", "كلام")[n % 2],
            "difficulty": n % 5,
            "region": ("gulf", "egypt", "")[n % 3],
        }
        for n in range(count)
    ]


def trace(number: int) -> str:
    """The teacher's trace of a problem."""
    kind, turn = kind_of(number), number // len(CYCLE)
    sentences = [_OPENINGS[number % len(_OPENINGS)]]
    for name, pairs in _FAULTS.items():
        clean, spoilt = pairs[turn % len(pairs)]
        if name == kind:
            sentences.append(spoilt)
        elif (number + len(name)) % 3 == 0:
            sentences.append(clean)
    total = number + 7 + number % 9 + 11 + (5 if kind == "wrong_answer" else 0)
    sentences.append("وهكذا يكون المجموع معروفًا.")
    return f"<think>\n{' '.join(sentences)}\n</think>\n\nنجمع العددين.\n\nالجواب هو {total}"


def number_in(text: str) -> int:
    return int(re.findall(r"المسألة (\d+)", text)[-1])


def teacher(body: dict[str, Any]) -> str:
    """Solves, or rewrites what it is given: it finds the dollar, but not the American one."""
    asked = asked_last(body)
    if "<solution-" in asked:
        given = re.findall(r"<solution-(\w+)>\n(.*?)\n</solution-\1>", asked, re.DOTALL)[-1][1]
        return str(given).replace("دولار واحد", "ريال واحد")
    return trace(number_in(asked))


def writer(body: dict[str, Any]) -> str:
    """Marks the Arabic: one of the openings is bad, and a rewritten trace is good."""
    answer = re.findall(r"<answer-(\w+)>\n(.*?)\n</answer-\1>", asked_last(body), re.DOTALL)[-1][1]
    names = re.findall(r"^- (\w+):", body["messages"][0]["content"], re.MULTILINE)
    mark = 2 if _OPENINGS[2] in answer else 4
    return json.dumps({"reason": "a calque" if mark == 2 else "none", "scores": dict.fromkeys(names, mark)})


def judge(body: dict[str, Any]) -> str:
    """Finds a currency that is not the region's, in the answer."""
    answer = re.findall(r"<answer-(\w+)>\n(.*?)\n</answer-\1>", asked_last(body), re.DOTALL)[-1][1]
    if "دولار" in answer:
        return json.dumps({"broken": [{"norm": "currency", "quote": "دولار", "reason": "dollars for no reason"}]})
    return json.dumps({"broken": []})
