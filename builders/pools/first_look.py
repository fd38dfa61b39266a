"""A few prompts go through all stages before the others are paid for: whether anything comes out is known by then.

A teacher whose answers are all wrong, judges who find fault with everything, a rule that nothing passes: each empties
a stage that begins when all stages before it have been paid for. What the few were answered is stored and counts.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from builders.engines import engine_of
from builders.pools.answering import PROMPTS
from builders.pools.stages import Record, Stages, Written, emptied
from builders.recipes.translators import Translator
from processors.errors import EngineError
from processors.scrub import excerpt

LOOK = "first_look"
# Where none of so many comes through, surely (95 %) fewer than a fifth of all would: as of a translator on trial.
LOOKED_AT = 16
# Of fewer prompts the whole is soon done.
_WORTH_IT = 3 * LOOKED_AT

Phases = Callable[[Stages], Mapping[str, Record]]


def first_look(stages: Stages, models: Sequence[Translator], phases: Phases) -> None:
    """Do `phases` with some prompts, evenly drawn, in a folder of their own. `models` are those that answer.

    Raises EngineError where none comes through. Nothing is done where the recipe says `give_up: false` of a model, or
    one is asked by batches, which come back after hours.
    """
    total = stages.told(PROMPTS)["counts"].get("kept", 0)
    tried = all(spec.give_up and not engine_of(spec).together for spec in models)  # type: ignore[union-attr]
    if total < _WORTH_IT or not tried:
        return
    places = {number * total // LOOKED_AT for number in range(LOOKED_AT)}

    def make(written: Written) -> None:
        for number, row in enumerate(stages.kept(PROMPTS)):
            if number in places:
                written.read()
                written.keep(row)

    stages.say(f"first look: {LOOKED_AT} of {total:,} prompts go through all stages before the others are asked")
    few = Stages(stages.folder / LOOK, lambda line: stages.say(f"first look: {line}"), paid=stages.paid)
    few.run(PROMPTS, [stages.told(PROMPTS)["fingerprint"]], make)
    done = phases(few)
    if list(done.values())[-1]["counts"].get("kept"):
        return
    last = emptied(done)
    reasons = "; ".join(
        f"{name}: {', '.join(f'{why} ({number})' for why, number in told['left_out'].items())}"
        for name, told in done.items()
        if told["left_out"]
    )
    names = ", ".join(f"'{spec.name}'" for spec in models)
    raise EngineError(
        f"none of the {LOOKED_AT} prompts that were looked at first comes through: {reasons}{_sample(few, last)}; "
        f"{few.folder / last} has them. Stopped before the other {total - LOOKED_AT:,} cost anything; mend the model, "
        f"the judges or what the recipe asks for, or set `give_up: false` of {names}"
    )


def _sample(few: Stages, stage: str) -> str:
    """One of the answers that a stage left out, with what is wrong with it."""
    row = next(few.left_out(stage), {})
    for one in chain(reversed(row.get("refused", ())), row.get("answers", ())):
        said = one.get("detail") or row.get("detail") or ""
        why = f"{one.get('reason') or row['reason']}{f' ({excerpt(said, 100)})' if said else ''}"
        return f"; sample: '{excerpt(one['text'], 100)}': {why}"
    return ""
