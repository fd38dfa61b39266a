"""Plans of several steps: trainings, merges and evaluations that depend on each other, in one file with one journal.

A plan is a YAML (`PlanFile`, strict, mistakes told with their line) and a function that makes steps of it and does
them by a `PlanRun`. The base does the rest: a folder and a key each, `done.json`, `journal.jsonl`, what it comes to
before anything begins, and going on after a kill at any moment with the same decisions and nothing run twice.

To add a plan: (1) a subclass of `PlanFile` with its keys; what names files has the type `InPlanFolder`, and
`load_plan` makes it absolute. (2) Steps: `PlanStep("train/sft", do, settings=..., files=..., after=(...))`. Its key
is a hash of settings, of the files' bytes and of the keys of `after`, so whatever changes the result must be among
them; paths inside the run's folder are held as relative to it. `do(place)` gets the step's folder, which holds what an
earlier start left of the same key, and returns its results, as JSON takes them; a command that wants an empty folder
is given one below it. `run.command(["train", "sft", ...], failed)` is a command of ours in a process of its own.
`needs` is what it will take (`training_needs`), `mark` what tells that what it left is still that. (3) In the
command:

    with PlanRun(folder, plan) as run:
        steps = ...
        if run.begin(steps, perhaps, dry_run=dry_run, yes=yes):
            for step in steps:
                results = run.do(step)

A step that is made of an earlier one's results, as a round that only a decision calls for, is made and done when it is
known, and announced by `begin(perhaps=...)`. What is decided is a pure function of results, told by
`run.decide(name, figures)`: it is written down once, however often the plan is gone on with.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from model_recipes.plans.file import InPlanFolder, PlanFile, PlanMachine, load_plan
    from model_recipes.plans.journal import PlanJournal
    from model_recipes.plans.needs import training_needs
    from model_recipes.plans.run import PlanRun
    from model_recipes.plans.step import DONE, PlanStep, StepNeeds, digest

__all__ = [
    "DONE",
    "InPlanFolder",
    "PlanFile",
    "PlanJournal",
    "PlanMachine",
    "PlanRun",
    "PlanStep",
    "StepNeeds",
    "digest",
    "load_plan",
    "training_needs",
]

__getattr__ = handed_on(
    __name__,
    {
        "file": ["InPlanFolder", "PlanFile", "PlanMachine", "load_plan"],
        "journal": ["PlanJournal"],
        "needs": ["training_needs"],
        "run": ["PlanRun"],
        "step": ["DONE", "PlanStep", "StepNeeds", "digest"],
    },
)
