"""A multiple-choice task as a question to answer in words, for models that give no likelihoods.

What an API cannot be asked (the likelihood of each option) becomes: the same prompt, the options where the prompt does
not show them, and the wish for the label alone. Such a score is not comparable with one by likelihoods, and every
table says which it is.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from processors.verification import read_label

# Labels are short; an option that is a text by itself is shown under a number.
_LABEL = 4
_ARABIC = re.compile("[\u0621-\u064a]")
# Where a model was cut off, or thinks without end, nothing is an answer.
MAX_TOKENS = 1024


def as_generated(task: Any) -> dict[str, Any]:
    """lm-eval's configuration of the task in words. `task`: a built multiple-choice ConfigurableTask."""
    config = {key: value for key, value in task.config.to_dict(keep_callable=True).items() if value is not None}
    for key in ("doc_to_choice", "metric_list", "filter_list", "target_delimiter", "should_decontaminate"):
        config.pop(key, None)
    name = f"{config.pop('task')}_generated"
    return {
        **config,
        "task": name,
        "output_type": "generate_until",
        "doc_to_text": lambda row: question(task, row),
        "doc_to_target": lambda row: labels(task.doc_to_choice(row))[gold(task, row)],
        "process_results": lambda row, answers: result(task, row, answers[0]),
        "generation_kwargs": {"until": [], "do_sample": False, "max_gen_toks": MAX_TOKENS},
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 1.0},
    }


def gold(task: Any, row: Mapping[str, Any]) -> int:
    """The right option's place."""
    target = task.doc_to_target(row)
    if isinstance(target, list):
        target = target[0]
    return int(target) if not isinstance(target, str) else list(task.doc_to_choice(row)).index(target)


def labels(options: Sequence[str]) -> list[str]:
    """What is asked for: the options, where they are labels already, else their numbers.

    >>> labels(["A", "B"]), labels(["a long option", "another"])
    (['A', 'B'], ['1', '2'])
    """
    if all(0 < len(option.strip()) <= _LABEL for option in options):
        return [option.strip() for option in options]
    return [str(n) for n in range(1, len(options) + 1)]


def question(task: Any, row: Mapping[str, Any]) -> str:
    """The prompt, with the options where it has none, and the wish for a label."""
    text, options = str(task.doc_to_text(row)), list(task.doc_to_choice(row))
    asked = labels(options)
    if asked != [option.strip() for option in options]:
        text += "\n" + "\n".join(f"{label}) {option}" for label, option in zip(asked, options, strict=True))
    named = "، ".join(asked) if _ARABIC.search(text) else ", ".join(asked)
    if _ARABIC.search(text):
        return f"{text}\n\nأجب برمز الخيار الصحيح وحده ({named})."
    return f"{text}\n\nAnswer with the label of the right option alone ({named})."


def result(task: Any, row: Mapping[str, Any], answer: str) -> dict[str, float]:
    options = labels(list(task.doc_to_choice(row)))
    return {"acc": float(read_label(answer, options) == options[gold(task, row)])}
