"""Whether the temperature at which a translator translates is chosen rightly by what models learn from its text.

    python -m benchmarks.temperature_choice [--seeds 3] [--draw 1] [--output DIR]

The paper's figure 2 by construction, through the command that a user types (`smolkalam ablate ... --train ...
--evaluate ...`). A table of 60 codes and the thing that each stands for, drawn, so that nothing but the rows tells
it. The translator is a server on the loopback whose translations are right but for a share of answers of 0.8 times the
temperature, in which another thing of the list stands: well-formed Arabic of the right length, which no check without
a dictionary can see. So only training can tell the temperatures apart. Each code is asked for in one of the wordings
that were taught. Printed: the command's own table, and whether the order is the one by construction.
"""

import argparse
import hashlib
import json
import random
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.filter_worth import CODES, WORDINGS, write_model
from tests.standins.standin_models import asked_last, models
from tests.standins.tiny_learner import TRAINING, choice_task

TEMPERATURES = (0.0, 0.2, 0.5, 0.7)
THINGS = {
    "emerald": "زمرد", "cumin": "كمون", "otter": "قضاعة", "anvil": "سندان", "quince": "سفرجل",
    "lute": "عود", "thyme": "زعتر", "heron": "بلشون", "flint": "صوان", "ladle": "مغرفة",
}  # fmt: skip
# Of each wording of the question, the answer: a sentence of its own for each code and wording, so that each is asked.
ANSWERS = (
    ("Code {code} stands for {thing}.", "الرمز {code} يرمز إلى {thing}."),
    ("The thing of code {code} is {thing}.", "شيء الرمز {code} هو {thing}."),
    ("In the table {code} is {thing}.", "في الجدول {code} هو {thing}."),
    ("It is {thing} that belongs to {code}.", "إنه {thing} ما يخص {code}."),
    ("The table says {thing} of {code}.", "يقول الجدول {thing} عن {code}."),
)


def sentences() -> dict[str, str]:
    """Every English sentence that the rows have, and its translation."""
    known = {}
    for code in CODES:
        for english, arabic in WORDINGS:
            known[english.format(code=code)] = arabic.format(code=code)
        for english, arabic in ANSWERS:
            for thing, translated in THINGS.items():
                known[english.format(code=code, thing=thing)] = arabic.format(code=code, thing=translated)
    return known


def translator(known: dict[str, str]) -> Any:
    """What the server says to a request: the translation, or a wrong one as often as its temperature makes it."""
    longest_first = sorted(known, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))

    def says(body: dict[str, Any]) -> str:
        found = pattern.search(asked_last(body))
        if not found:
            return "؟"
        right = known[found.group()]
        temperature = float(body.get("temperature") or 0.0)
        drawn = random.Random(hashlib.sha256(f"{temperature} {found.group()}".encode()).digest())
        for thing in THINGS.values():
            if thing in right and drawn.random() < 0.8 * temperature:
                return right.replace(thing, drawn.choice([one for one in THINGS.values() if one != thing]))
        return right

    return says


def write_rows(folder: Path, draw: random.Random) -> None:
    """The English conversations, and the questions that the models are asked in Arabic."""
    things = {code: draw.choice(list(THINGS)) for code in CODES}
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as rows, (folder / "test.jsonl").open("w") as test:
        for code, thing in things.items():
            for asked, answered in zip(WORDINGS, ANSWERS, strict=True):
                question, answer = asked[0].format(code=code), answered[0].format(code=code, thing=thing)
                turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
                rows.write(json.dumps({"messages": turns}) + "\n")
            wording = draw.randrange(len(WORDINGS))
            options = [ANSWERS[wording][1].format(code=code, thing=one) for one in THINGS.values()]
            item = {"prompt": WORDINGS[wording][1].format(code=code), "options": options}
            test.write(json.dumps(item | {"target": list(THINGS).index(thing)}) + "\n")


def _smolkalam(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "smolkalam", *words], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--draw", type=int, default=1)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--output", type=Path, default=Path("run/temperature_choice"))
    given = parser.parse_args()
    folder = given.output.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder, random.Random(given.draw))
    if not (folder / "base" / "config.json").exists():
        write_model(folder / "base", given.draw)
    task = choice_task("things", folder / "test.jsonl", "options", "target")
    (folder / "things.yaml").write_text(task, encoding="utf-8")
    (folder / "sft.yaml").write_text(TRAINING.format(model=folder / "base", steps=given.steps), encoding="utf-8")
    with models(small=translator(sentences())) as server:
        recipe = folder / "recipe.yaml"
        words = ["init", str(recipe), "--source", str(folder / "rows.jsonl"), "--engine", f"{server.url}/v1"]
        if not recipe.exists():
            _smolkalam(*words, "--model", "small", "--price", "0:0", "--license", "mit")
        over = "translators.small.decoding.temperature=" + ",".join(f"{one:g}" for one in TEMPERATURES)
        words = ["ablate", str(recipe), "--over", over, "--output", str(folder / "ablation")]
        words += ["--train", str(folder / "sft.yaml"), "--evaluate", str(folder / "things.yaml")]
        _smolkalam(*words, "--seeds", str(given.seeds))
    choice = json.loads((folder / "ablation" / "trained" / "choice.json").read_text(encoding="utf-8"))
    scores = [choice["variants"][f"small__temperature_{one:g}"]["score"][0] for one in TEMPERATURES]
    print(f"order: {'right' if all(a > b for a, b in pairwise(scores)) else 'wrong'}")


if __name__ == "__main__":
    main()
