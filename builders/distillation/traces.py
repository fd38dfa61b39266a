"""Phase two: the teacher's traces in Arabic, several a problem, with their answers verified."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from builders.distillation.problems import problem_of, shown
from builders.distillation.recipe import DistillationRecipe
from builders.pools.answering import ANSWERS, PoolOfModels
from builders.pools.ask import Fault, usual_fault
from builders.pools.stages import Record, Stages, Written, progress
from processors.clients.answer import Answer
from processors.completions import Completion, fault_of
from processors.errors import InputError
from processors.verification import Sandbox, Solvable, Verified, sandbox_missing, split_thought, verified

VERIFIED = "verified"
# What the teacher is told where the recipe gives no system prompt. It is no part of the dataset.
INSTRUCTIONS = (
    "أنت خبير في حل المسائل. فكّر بالعربية الفصيحة خطوة بعد خطوة بين <think> و</think>، ولا تكتب في تفكيرك بلغة أخرى. "
    "ثم اكتب حلًا موجزًا بالعربية ينتهي بسطر يقول: الجواب هو ثم الجواب النهائي وحده. وإذا طُلب برنامج فاكتبه كاملًا بلغة "
    "بايثون بين ```python و```."
)


def trace_fault(recipe: DistillationRecipe) -> Fault:
    """What is wrong with a trace before its answer is looked at: beside what is of any answer, no thought."""
    usual = usual_fault(recipe.language, 0.0)
    least = recipe.answering.least_script

    def look(answer: Answer) -> tuple[str, str] | None:
        if found := usual(answer):
            return found
        split = split_thought(answer.text)
        if split is None:
            return "no_thought", "does not begin with one <think> that ends"
        for where, text in zip(("thought", "answer"), split, strict=True):
            if not text:
                return f"empty_{where}", ""
            if found := fault_of(Completion(text, "stop", recipe.language, least)):
                return f"{where}_{found[0]}", found[1]
        return None

    return look


def pool_of(recipe: DistillationRecipe, folder: Path) -> PoolOfModels:
    """The teacher as a pool of one."""
    answering = recipe.answering
    if not answering.system:
        answering = answering.model_copy(update={"system": {"*": INSTRUCTIONS}})
    asked = recipe.model_copy(update={"answering": answering})
    return PoolOfModels(
        asked,
        [recipe.teacher],
        folder,
        trace_fault(recipe),
        thoughts=True,
        samples=answering.samples,
        shown=partial(shown, recipe=recipe),
    )


def sandbox_of(recipe: DistillationRecipe) -> Sandbox | None:
    """Where programs are run; None where none are. Raises InputError where they should be and cannot."""
    if not recipe.code.run:
        return None
    if why := sandbox_missing():
        raise InputError(f"code.run: no program is run on this machine: {why}")
    return Sandbox(recipe.code.seconds, recipe.code.megabytes)


def verify_traces(stages: Stages, recipe: DistillationRecipe, workers: int) -> Record:
    """The stage: each problem with its right traces. A wrong answer is refused with what was found.

    The share of the teacher's traces that are right is kept as `solved`; problems outside of what the recipe wants are
    left out.
    """
    sandbox = sandbox_of(recipe)
    total = stages.told(ANSWERS)["counts"].get("kept", 0)

    def make(written: Written) -> Record:
        found: Counter[str] = Counter()
        with progress(VERIFIED, total) as show, ThreadPoolExecutor(workers) as pool:
            for row in stages.kept(ANSWERS):
                written.read()
                problem = problem_of(row, recipe)
                results = _all(problem, row, sandbox, pool)
                take_verified(written, row, results, recipe)
                found.update(one.reason or "right" for one in results)
                show(written.counts["read"], f"{found['right']:,} right traces")
        return {"traces": dict(sorted(found.items()))}

    of = recipe.problems
    inputs = [of.model_dump(mode="json"), recipe.code.model_dump(mode="json"), recipe.answering.samples]
    return stages.run(VERIFIED, inputs, make)


def _all(problem: Solvable, row: Record, sandbox: Sandbox | None, pool: ThreadPoolExecutor) -> list[Verified]:
    texts = [one["text"] for one in row["answers"]]
    if problem.kind == "code":
        return list(pool.map(lambda text: verified(problem, text, sandbox), texts))
    # math-verify's time limits are heard by the main thread alone.
    return [verified(problem, text, sandbox) for text in texts]


def take_verified(written: Written, row: Record, results: list[Verified], recipe: DistillationRecipe) -> None:
    """Keep a problem with its right traces, or leave it out."""
    right, wrong = [], []
    for one, result in zip(row["answers"], results, strict=True):
        if result.right:
            right.append({**one, "found": result.found})
        else:
            wrong.append({**one, "reason": result.reason, "detail": f"{result.found} ({result.detail})"})
    samples = recipe.answering.samples
    solved = round(len(right) / samples, 4)
    record = {**row, "answers": right, "refused": [*row["refused"], *wrong], "solved": solved}
    of = recipe.problems
    if not right:
        reasons = sorted({one["reason"] for one in wrong})
        written.leave_out(record, "no_right_trace", ", ".join(reasons))
    elif solved < of.least_solved:
        written.leave_out(record, "seldom_solved", f"{len(right)} of {samples}")
    elif solved > of.most_solved:
        written.leave_out(record, "too_easy_for_teacher", f"{len(right)} of {samples}")
    else:
        written.keep(record)
