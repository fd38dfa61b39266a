"""Judges for `standin_llm.py --judge MODE`: what they answer is a function of the request's text alone.

`honest` prefers the translation with more of the marker, `first` whatever it reads first, `second` the other, `tie`
neither. `prose` is honest in words, `fenced` wraps its JSON in reasoning and a Markdown fence, `broken` leaves out
a score. Of one translation `honest` gives a mark for its length, `tie` the same to all, `random` any.
"""

import json
import re
from hashlib import blake2b

MODES = ("honest", "first", "second", "tie", "prose", "fenced", "broken", "random")
CRITERIA = ("adequacy", "fluency", "terminology", "format", "cultural_fit")


def judge(mode: str, text: str, marker: str) -> str:
    if "<translation-" in text:
        return _mark(mode, text)
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


def _mark(mode: str, text: str) -> str:
    """A mark of one translation: honest ones want it as long as its source."""
    if mode == "prose":
        return "I would give it {many} marks."
    source, target = (len(_section(text, name).split()) for name in ("source", "translation"))
    alike = 100 * min(source, target) // max(source, target, 1)
    random = int.from_bytes(blake2b(text.encode(), digest_size=2).digest(), "big") % 101
    mark = {"tie": 80, "random": random}.get(mode, alike)
    return json.dumps({"worst": "none", "mark": mark})


def _section(text: str, name: str) -> str:
    found = re.search(rf"<{name}-([0-9a-f]+)>\n(.*?)\n</{name}-\1>", text, re.DOTALL)
    assert found, f"no {name} translation in the request"
    return found[2]
