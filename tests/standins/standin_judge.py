"""Judges for `standin_llm.py --judge MODE`: what they answer is a function of the request's text alone.

`honest` prefers the translation with more of the marker, `first` whatever it reads first, `second` the other, `tie`
neither. `prose` is honest in words, `fenced` wraps its JSON in reasoning and a Markdown fence, `broken` leaves out
a score.
"""

import json
import re

MODES = ("honest", "first", "second", "tie", "prose", "fenced", "broken")
CRITERIA = ("adequacy", "fluency", "terminology", "format", "cultural_fit")


def judge(mode: str, text: str, marker: str) -> str:
    first, second = (_section(text, name).count(marker) for name in ("first", "second"))
    if mode in ("first", "second", "tie"):
        better = mode
    else:
        better = "first" if first > second else "second" if second > first else "tie"
    if mode == "prose":
        return f"I would say that the {better} translation is better, {{all}} in all."
    scores = {side: dict.fromkeys(CRITERIA, 5 if better == side else 3) for side in ("first", "second")}
    if mode == "broken":
        del scores["second"]["format"]
    answer = json.dumps({"reason": "a marker {decides}", **scores, "better": better})
    return f"<think>\n{{hm}}\n</think>\n```json\n{answer}\n```" if mode == "fenced" else answer


def _section(text: str, name: str) -> str:
    found = re.search(rf"<{name}-([0-9a-f]+)>\n(.*?)\n</{name}-\1>", text, re.DOTALL)
    assert found, f"no {name} translation in the request"
    return found[2]
