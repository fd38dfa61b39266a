"""Benchmarks run by lm-eval, task by task: what is done is kept, and the same command asks only for the rest.

lm-eval keeps a model's answers within a task too (its request cache), so a run that is killed repeats at most one
batch; an API's answers lie in the store of answers.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from builders.estimates.spending import ask_to_go_on
from builders.recipes.scorers import Panel
from model_recipes.evaluation.asked.generated import labels
from model_recipes.evaluation.asked.models import Model, load
from model_recipes.evaluation.benchmarks.data import hub_data, local_data
from model_recipes.evaluation.benchmarks.suites import TASKS, SuiteBenchmark
from model_recipes.evaluation.judged import marks
from model_recipes.evaluation.parts import Task, failures_told, leaves, prepared
from model_recipes.evaluation.scoring.answers import items_of, read_answers, records_of, write_answers
from model_recipes.evaluation.scoring.evaluation import Evaluation
from processors.answers.store import AnswerStore
from processors.errors import InputError
from processors.verification import read_label

ITEMS, REVISIONS, CACHE = "items", "revisions.json", "requests"
# What the names of our own tasks begin with.
OURS = "smolkalam_"


class Runner:
    """Evaluates one model; its folder holds what was answered."""

    def __init__(
        self,
        model: Model,
        folder: Path,
        data: Path | None,
        limit: int | None = None,
        *,
        judges: Panel | None = None,
        yes: bool = False,
        identity: str | None = None,
    ) -> None:
        """`identity` is given where no model is asked, and only its benchmarks' rows are wanted."""
        self.judges = judges
        self.model, self.folder, self.data, self.limit, self.yes = model, folder, data, limit, yes
        self.identity = model.identity() if identity is None else identity
        self._lm: Any = None
        self._manager: Any = None
        self._store: AnswerStore | None = None

    def close(self) -> None:
        """Let go of the store of answers: another process may write into it."""
        if self._store is not None:
            self._store.close()
            self._store = self._lm = None

    def tasks(self, benchmarks: Sequence[SuiteBenchmark], found: Evaluation) -> list[Task]:
        """The parts of all benchmarks, with their data at hand. Raises InputError where it cannot be had."""
        from lm_eval.tasks import TaskManager

        # Reading the thousands of files of lm-eval's own tasks takes 4 s, and each evaluation would read them again.
        ours = all(one.task.startswith(OURS) or one.file for one in benchmarks)
        paths = [str(TASKS), *(str(Path(one.file).parent) for one in benchmarks if one.file)]
        manager = self._manager = TaskManager(include_path=paths, include_defaults=not ours)
        made = []
        revisions = self._revisions()
        for benchmark in benchmarks:
            for config in leaves(manager, benchmark.task):
                task = self._task(manager, benchmark, config, revisions)
                if task is None:
                    found.left_out[benchmark.name] = (
                        f"no data on the Hub; give it by --data (DIR/{benchmark.name}): {benchmark.data}"
                    )
                    break
                made.append(task)
                found.warnings.setdefault(benchmark.name, []).extend(task.warnings)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / REVISIONS).write_text(json.dumps(revisions, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return made

    def _revisions(self) -> dict[str, str]:
        path = self.folder / REVISIONS
        try:
            return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
        except ValueError as error:
            raise InputError(f"{path}: damaged ({error}); remove it") from None

    def _task(
        self, manager: Any, benchmark: SuiteBenchmark, config: dict[str, Any], revisions: dict[str, str]
    ) -> Task | None:
        name = str(config["task"])
        given = local_data(self.data, benchmark.name, name, config) if self.data else None
        if given is None and benchmark.data:
            return None
        data = given or hub_data(config, revisions)
        task = prepared(manager, benchmark, config, data, in_words=self.model.engine == "api")
        about = [self.identity, self.model.engine, self.model.chat, self.limit, task.about]
        task.key = sha256(json.dumps(about).encode()).hexdigest()[:32]
        task.rows = task.rows.select(range(min(self.limit, len(task.rows)))) if self.limit else task.rows
        return task

    def run(self, benchmarks: Sequence[SuiteBenchmark]) -> Evaluation:
        """Evaluate; raises InputError and EngineError where that cannot be done."""
        found = Evaluation()
        tasks = self.tasks(benchmarks, found)
        if self.judges is None:
            found.left_out |= {one.name: "marked by judges; name them by --judges" for one in benchmarks if one.judge}
        tasks = [task for task in tasks if task.benchmark.name not in found.left_out]
        known = {task.name: read_answers(self._path(task), task.key) for task in tasks}
        if self.model.engine == "api":
            self._confirm([task for task in tasks if known[task.name] is None])
        for number, task in enumerate(tasks, 1):
            records = known.pop(task.name)
            if records is None:
                print(f"{number:,} of {len(tasks):,}: {task.benchmark.title}, {task.name}", file=sys.stderr)
                records = self._asked(task)
                about = {"key": task.key, "task": task.name, "model": self.identity, "source": task.source}
                write_answers(self._path(task), about, records)
                found.asked += len(records)
            name = task.benchmark.name
            if task.benchmark.judge:
                records = self._judged(records)
            found.rows.append((name, task.name, task.rows))
            found.items.setdefault(name, []).extend(items_of(task.name, records))
            found.sources.setdefault(name, []).append(task.source)
            if task.in_words:
                found.in_words.add(name)
        return found

    def _confirm(self, todo: Sequence[Task]) -> None:
        """Say what an API will be asked, and ask whether to go on. Raises InputError for a no."""
        prompts = [str(task.built.doc_to_text(row)) for task in todo for row in task.rows]
        if prompts:
            # Four characters a token in English, three in Arabic: an upper bound for both.
            tokens = sum(map(len, prompts)) // 3
            print(
                f"{self.model.title}: {len(prompts):,} requests to {self.model.base_url}, at most about {tokens:,} "
                "tokens in; each answer is paid for once",
                file=sys.stderr,
            )
            if self.model.api_key_env and not self.yes:
                ask_to_go_on("nothing was asked")

    def _path(self, task: Task) -> Path:
        return self.folder / ITEMS / f"{task.name}.jsonl"

    def _asked(self, task: Task) -> list[dict[str, Any]]:
        from lm_eval import simple_evaluate

        lm = self._model()
        if self.model.engine == "api":
            lm.title = task.name
            lm.readable = _readable(task)
        with failures_told(task, self.model.title, self.folder):
            results = simple_evaluate(
                model=lm,
                tasks=[task.built],
                limit=self.limit,
                bootstrap_iters=0,
                log_samples=True,
                apply_chat_template=self.model.chat and self.model.engine != "api",
                task_manager=self._manager,
                # An API's answers have a store of their own.
                use_cache=None if self.model.engine == "api" else str(self.folder / CACHE / self.identity[:16]),
            )
        assert results is not None
        (samples,) = results["samples"].values()
        metrics = ["acc"] if task.in_words else task.benchmark.metric
        if task.benchmark.judge:
            # Judges are asked for it when all answers are there.
            samples = [{**sample, "mark": 0.0} for sample in samples]
        return records_of(samples, metrics, task.built, keep_prompt=task.benchmark.judge)

    def generate(self, prompts: Sequence[str], max_tokens: int) -> list[str]:
        """What the model answers to prompts, in its chat template where it has one."""
        from lm_eval.api.instance import Instance

        lm = self._model()
        settings = {"until": [], "do_sample": False, "max_gen_toks": max_tokens}
        if self.model.engine == "api":
            lm.title, lm.readable = "arena", lambda text: bool(text.strip())
            shown = list(prompts)
        else:
            templated = getattr(getattr(lm, "tokenizer", None), "chat_template", None)
            shown = [
                lm.apply_chat_template([{"role": "user", "content": one}]) if templated else one for one in prompts
            ]
        requests = [
            Instance(request_type="generate_until", doc={}, arguments=(text, dict(settings)), idx=n)
            for n, text in enumerate(shown)
        ]
        return list(lm.generate_until(requests))

    def _judged(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        assert self.judges is not None
        given = marks(self.judges, records, self.folder, yes=self.yes)
        return [{**record, "reached": [mark]} for record, mark in zip(records, given, strict=True)]

    def _model(self) -> Any:
        if self._lm is None:
            if self.model.engine == "api":
                from model_recipes.evaluation.asked.api_model import ApiModel

                self._store = AnswerStore(self.folder / "answers")
                self._lm = ApiModel(self.model, self._store)
            else:
                self._lm = load(self.model)
        return self._lm


def _readable(task: Task) -> Any:
    if not task.in_words:
        return lambda text: bool(text.strip())
    sets = {tuple(labels(list(task.built.asked.doc_to_choice(row)))) for row in task.rows}
    every = sorted({label for options in sets for label in options})
    return lambda text: read_label(text, every) is not None
