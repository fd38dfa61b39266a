"""`smolkalam try`: the recipe's own steps over one conversation, with an onlooker.

Answers are kept where a build of the recipe keeps them, so that neither pays for what the other has asked.
"""

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from datatrove.data import Document
from loguru import logger

from builders.engines import engine_of
from builders.engines.common.make import OFFERS, KeepDonors, candidate_row, donor_row
from builders.estimates.count_requests import RequestCounter
from builders.estimates.spending import ASK_ABOVE_USD, ask_to_go_on
from builders.imports.prepared import opened
from builders.recipes.load import load_recipe
from builders.recipes.recipe import Recipe
from builders.recipes.translators import Translator, others_of
from builders.run_folder.folder import FITTED, PROGRESS, RANKER, Run
from builders.run_folder.unit_writer import DROPPED, UnitWriter
from builders.stages import translate
from builders.stages.common.join_candidates import verdicts_on
from builders.stages.fusion import offers_of
from builders.stages.rank import RankCandidates
from builders.stages.select import ApplyFilters
from builders.trying.find_row import find_row
from builders.trying.recorder import Recorder
from builders.trying.text import lines
from processors.conversations.field_texts import by_fields
from processors.errors import InputError
from processors.onlooker import ONLOOKER
from processors.scoring.columns import NAMES
from processors.servers.process import stop_server
from processors.translation.context import place_of
from processors.translation.offers import Offers


class HeldDocuments(UnitWriter):
    """Takes documents as a stage's writer does, and writes none."""

    def __init__(self, logs: Path) -> None:
        super().__init__(logs, dict, lambda _: {}, {}, progress=logs / PROGRESS)

    def write(self, document: Document, rank: int = 0, **_: Any) -> None:
        """The document is the caller's own: what was put into it is there."""

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Nothing is left open."""


def run_try(
    name: str,
    *,
    text: str | None = None,
    row: str | None = None,
    translator: str | None = None,
    source_path: str | None = None,
    output: Path | None = None,
    settings: list[str] | None = None,
    as_json: bool = False,
    yes: bool = False,
) -> bool:
    """Translate one text or row and print its way; returns whether any translator's came out whole.

    Exactly one of `text` and `row` (as `find_row` takes it) is given. Raises InputError for a translator or a
    row that is not there, one that the build would leave out, and as `smolkalam build` does.
    """
    if (text is None) == (row is None):
        raise InputError("try: give --text or --row, one of them")
    recipe = load_recipe(name, settings or [], source_path=source_path)
    names = [spec.name for spec in recipe.translators]
    if translator is not None and translator not in names:
        raise InputError(f"--translator {translator}: the recipe has {', '.join(names)}")
    chosen = _with_others(recipe, translator)
    if text is not None and not text.strip():
        raise InputError("--text: is empty")
    if text is not None and any("\ud800" <= letter <= "\udfff" for letter in text):
        # So come bytes of another encoding to a program.
        raise InputError("--text: is no UTF-8 text")
    first = _of_text(text) if text is not None else _of_source(recipe, str(row))
    run = Run((output or Path("run") / recipe.name).absolute())
    logger.remove()
    logger.add(lambda line: print(line, end="", file=sys.stderr), level="WARNING", format="{message}")
    for spec in chosen:
        _ready(recipe, spec)
    _say_price(recipe, run, chosen, first, yes=yes)
    told: list[dict[str, Any]] = []
    documents: dict[str, Document] = {}
    try:
        for spec in chosen:
            stop_server()
            documents[spec.name] = document = Document(text="", id=first.id, metadata=dict(first.metadata))
            if others_of(spec):
                document.metadata[OFFERS] = _offered(recipe, spec, documents)
            told.append({"translator": spec.name, "parts": _translated(recipe, run, spec, document)})
    finally:
        stop_server()
    choices = _judged(recipe, run, first, documents, told)
    found: dict[str, Any] = {"row": first.id, "recipe": recipe.name, "translators": told, "choices": choices}
    if by_fields(messages := first.metadata["messages"]):
        found["places"] = [message["role"] for message in messages]
        for part in (part for one in told for part in one["parts"]):
            part["message"] = place_of(part["message"], messages)
    print(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines(found)))
    return any(not one["failure"] for one in told)


def _with_others(recipe: Recipe, name: str | None) -> list[Translator]:
    """The translators that are tried: all, or the one that is named behind those whose candidates it fuses."""
    ordered = recipe.in_order()
    if name is None:
        return ordered
    wanted = {name}
    for spec in reversed(ordered):
        if spec.name in wanted:
            wanted.update(others_of(spec))
    return [spec for spec in ordered if spec.name in wanted]


def _offered(recipe: Recipe, spec: Translator, documents: Mapping[str, Document]) -> Offers:
    """What a translator is shown that fuses others' candidates: here in any row, whatever its `only` says."""
    rows, verdicts, donors = {}, {}, {}
    for name in others_of(spec):
        document = documents[name]
        if DROPPED not in document.metadata:
            rows[name] = candidate_row(document)
            verdicts[name] = verdicts_on(document.metadata["messages"], rows[name], recipe.language)
        elif donor := donor_row(document):
            donors[name] = donor["chunks"]
    return offers_of(rows, verdicts, donors)


def _of_text(text: str) -> Document:
    messages = [{"role": "user", "content": text}]
    metadata = {"messages": messages, "chat_template_kwargs": None, "source": None}
    return Document(text="", id="text", metadata=metadata | {"unit": "text", "split": "text", "into": "text"})


def _of_source(recipe: Recipe, row: str) -> Document:
    with opened(recipe.source, lambda text: None) as source:
        document = find_row(source, row)
    (document,) = ApplyFilters(recipe.selection.drop_han).run([document])
    if dropped := document.metadata.get(DROPPED):
        raise InputError(f"--row {row}: a build leaves it out: {': '.join(filter(None, dropped))}")
    split = document.metadata["split"]
    cut = next((cut for cut in recipe.selection.cuts if cut.split == split), None)
    document.metadata["into"] = cut.into if cut else split
    return document


def _ready(recipe: Recipe, spec: Translator) -> None:
    """Raises InputError where its model or its key is missing."""
    engine_of(spec).pinned(None, recipe.language)
    for part in translate.parts(recipe.model_copy(update={"translators": [spec]})):
        if part.ready is not None:
            part.ready(lambda message: print(f"warning: {message}", file=sys.stderr))


def _say_price(recipe: Recipe, run: Run, chosen: list[Translator], document: Document, *, yes: bool) -> None:
    total = 0.0
    for spec in chosen:
        engine = engine_of(spec)
        if not engine.asks_a_model:
            continue
        counter = RequestCounter(spec, recipe.language, run.answers(spec))
        requests = counter.count(document)
        fresh = requests.stored[:, 0] < 0
        number, tokens = int(fresh.sum()), int(requests.tokens[fresh].sum())
        told = f"{spec.name}: {number} request{'' if number == 1 else 's'}"
        if engine.cost.priced:
            out = tokens * engine.choices * engine.cost.output_tokens_per_source_token
            usd = engine.cost.usd(tokens + number * counter.overhead, round(out))
            told += f", about ${usd:.4f} if none is asked again"
            total += usd
        elif number and any(address.api_key_env for address in engine.addresses()):
            told += ", its price is not known (the recipe gives no `cost`)"
        if number < len(fresh):
            told += f", {len(fresh) - number} answered already"
        print(f"{told}; answers in {run.answers(spec)}", file=sys.stderr)
    if total > ASK_ABOVE_USD and not yes:
        ask_to_go_on(f"this would cost about ${total:,.2f}; nothing was asked")


def _translated(recipe: Recipe, run: Run, spec: Translator, document: Document) -> list[dict[str, Any]]:
    """What the stage `translate` does to the row, and what was told of it."""
    spec = engine_of(spec).waited_for()
    engine = engine_of(spec)
    recorder = Recorder(lambda line: print(f"{spec.name}: {line}", file=sys.stderr))
    steps = [*([KeepDonors()] if recipe.keeps_donors else []), *engine.steps(recipe.language)]
    if engine.asks_a_model:
        writer = HeldDocuments(run.logs("try", spec.name))
        limits = translate.limits_of(recipe, run, spec)
        steps.append(engine.last_step(recipe.language, run.answers(spec), writer, limits=limits))
    before = ONLOOKER.set(recorder)
    try:
        data: Any = [document]
        for step in steps:
            data = step.run(data, 0, 1)
        for _ in data or ():
            pass
    finally:
        ONLOOKER.reset(before)
    return recorder.parts()


def _judged(
    recipe: Recipe, run: Run, first: Document, documents: dict[str, Document], told: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Adds to each translator its failure, checks and scores; returns the choices of the configs."""
    failures = {name: one.metadata[DROPPED] for name, one in documents.items() if DROPPED in one.metadata}
    rows = {name: candidate_row(one) for name, one in documents.items() if name not in failures}
    metadata = dict(first.metadata) | {"candidates": rows, "failures": failures}
    document = Document(text="", id=first.id, metadata=metadata)
    configs = {recipe.config_name(name): name for name in documents}
    fitted = run.stage(RANKER) if len(documents) == len(recipe.translators) > 1 else None
    if fitted is not None and not (fitted / FITTED).exists():
        print("quality is not known yet: a build fits the ranker to its rows", file=sys.stderr)
        fitted = None
    step = RankCandidates(recipe.ranking, configs, recipe.language, recipe.outputs.tokenizer, fitted)
    list(step.run([document]))
    ranked = document.metadata["ranked"]
    for one, candidate in zip(told, ranked["candidates"], strict=True):
        failed = failures.get(one["translator"])
        one["failure"] = ": ".join(filter(None, failed)) if failed else None
        one["checks"] = [] if failed else candidate["checks"]
        one["scores"] = {name: candidate.get(name) for name in NAMES}
        with suppress(KeyError):
            one["translation"] = rows[one["translator"]]["messages"]
    return [{key: choice[key] for key in ("config", "translator", "reason")} for choice in ranked["choices"]]
