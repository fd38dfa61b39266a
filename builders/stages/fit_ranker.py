"""Shows the ranker a sample of the run, once for all who take part, before any row is ranked, and labels on some rows.

What is usual between the translators is estimated on some thousand rows over all splits. Which rows these are depends
on the seed and the source alone. They lie together in few units, so that most files are not opened;
processes of one machine share these out.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from builders.calibration.labels import LabelledRow, label_source
from builders.calibration.told import describe
from builders.executors.this_machine import in_processes
from builders.run_folder.files import write_error
from builders.run_folder.folder import (
    CALIBRATE,
    CALIBRATION,
    FITTED,
    RANKER,
    SCORE,
    SELECT,
    TRANSLATE,
    VERDICTS,
    WEIGHTS,
    enter_stage,
)
from builders.run_folder.units import Unit, UnitFiles, read_unit
from builders.stages.common.context import Build
from builders.stages.common.join_candidates import CHECKED, verdicts_on
from builders.stages.opinions import ScoreFolders
from processors.atomic_files import replacing, write_text
from processors.checks.run import Verdict, check_conversation
from processors.conversations.sides import Sides
from processors.languages.language import Language
from processors.ranking.calibration import Label, calibrated
from processors.ranking.features import Measures
from processors.ranking.model import SHIPPED, FittedRanker, Ranker
from processors.scoring.length_and_script import translated_parts

# Rows that the fit sees. Means of 4,096 are off by 1.6 % of the rows' spread; a split counts with 32 however small it
# is, and of a unit at most 64 are taken where there are enough units: no sample of one corner of the source.
SAMPLE_ROWS, LEAST_A_SPLIT, MOST_A_UNIT = 4096, 32, 64
# Characters of a conversation that the ranker reads: its memory and time grow with them, and more tell it little more.
LONGEST = 100_000
# Fewer are measured in less time than a process takes to start.
ROWS_A_PROCESS = 512
Messages = Sequence[Mapping[str, str]]
# Raised when the same sample would be measured differently, so that an older fit is not taken for a newer one.
_VERSION = 2


def plan_ranker(build: Build) -> dict[str, Any]:
    """Fit the run's ranker into `RUN/ranker`, unless it is there; returns `{"mark"}`, its fingerprint.

    The fit itself is a part of it: candidates that came out at a second try
    (`builders.stages.common.retry_failed`) may change it.
    """
    recipe, folder = build.recipe, build.run.stage(RANKER)
    names = [spec.name for spec in recipe.translators]
    weights = Path(recipe.ranking.ranker) if recipe.ranking.ranker else SHIPPED
    ranker = Ranker.load(weights, script=recipe.language.script, language=recipe.language.code)
    if recipe.ranking.reward is None and any(part.reward for part in (ranker.pair, ranker.consensus)):
        build.observer.warn(f"{weights} was trained with rewards, and ranking.reward is not set: it does without")
    text = weights.read_text(encoding="utf-8")
    inputs = {
        TRANSLATE: {name: build.marks[f"{TRANSLATE}/{name}"] for name in names},
        "ranker": blake2b(text.encode(), digest_size=16).hexdigest(),
        "seed": recipe.seed,
        "version": _VERSION,
    }
    spec = recipe.ranking.calibration
    labels = (
        label_source(spec, names, recipe.language, recipe.seed, build.run.stage(CALIBRATE, VERDICTS)) if spec else None
    )
    if labels:
        inputs["calibration"] = labels.digest()
    scored = ScoreFolders.of(recipe, build.run)
    if scored:
        inputs[SCORE] = {name: build.marks[f"{SCORE}/{name}"] for name in scored.folders}
    mark = enter_stage(folder, inputs, say=build.observer.say)
    if not (folder / FITTED).exists():
        if len(known := [name for name in names if name in ranker.standings]) > 1:
            build.observer.say(f"ranker: takes {', '.join(known)} for the translators that it was trained on")
        folders = {name: build.run.stage(TRANSLATE, name) for name in names}
        sample = Sample(build.run.stage(SELECT), folders, ranker, recipe.language, recipe.seed)
        fitted = fit_sample(build.selected, sample, build.executor.workers)
        if scored:
            fitted = replace(fitted, opinions=scored.usual(list(plan_sample(build.selected, recipe.seed))))
        try:
            if labels:
                rows = labels.labelled(build.selected, sample.selected, folders)
                fitted, told = calibrate_fit(fitted, rows, recipe.language, scored)
                told |= {"by": spec.by if spec else None, "agreement": labels.agreement()} | labels.told()
                build.observer.say(f"ranker: {describe(told)}")
                if spec and spec.path and not told["labels"]:
                    by = "source" if spec.by == "references" else "id and two of its translators"
                    build.observer.warn(
                        f"ranking.calibration: {spec.path} labels no row of this run, known by its {by}"
                    )
                write_text(folder / CALIBRATION, json.dumps(told, indent=1) + "\n")
            write_text(folder / WEIGHTS, text)
            with replacing(folder / FITTED) as temporary:
                fitted.save(temporary)
        except OSError as error:
            raise write_error(error, folder) from None
    fit = blake2b((folder / FITTED).read_bytes(), digest_size=16).hexdigest()
    return {"mark": f"{mark}-{fit}"}


def calibrate_fit(
    fitted: FittedRanker, rows: Iterable[LabelledRow], language: Language, scored: ScoreFolders | None = None
) -> tuple[FittedRanker, dict[str, Any]]:
    """The ranker that knows what labels on some rows tell, of scorers too, and what they changed, as JSON.

    A verdict on a candidate that is not there, or that a hard check vetoes, tells nothing of those that are taken.
    """
    names = list(fitted.translators)
    place = {name: column for column, name in enumerate(names)}
    taken: list[tuple[Messages, Mapping[str, Messages | None]]] = []
    verdicts: dict[str, list[list[Verdict]]] = {name: [] for name in names}
    labels: list[Label] = []
    scores = []
    for row in rows:
        found = {
            name: check_conversation(row.source, messages, script=language.script, language=language.code)
            for name, messages in row.candidates.items()
        }
        usable = {name for name, said in found.items() if not any(verdict.hard for verdict in said)}
        of_row = [Label(len(taken), place[a], place[b], v) for a, b, v in row.verdicts if a in usable and b in usable]
        if of_row:
            labels += of_row
            taken.append((row.source, row.candidates))
            if scored:
                scores.append(scored.rows(row.unit, [row.id]).get(row.id, scored.nothing()))
            for name in names:
                verdicts[name].append(found.get(name, []))
    texts, candidates = ranked_texts(taken, names)
    opinions = np.array(scores) if scores else None
    calibrated_fit, told = calibrated(fitted, texts, candidates, labels, verdicts, opinions)
    worths = zip(told.worth.round(2).tolist(), told.doubt.round(2).tolist(), strict=True)
    worth = dict(zip(fitted.opinions.columns, worths, strict=False)) if fitted.opinions and len(told.worth) else {}
    return calibrated_fit, {
        "translators": names,
        "rows": len(taken),
        "labels": told.labels,
        "ties": told.ties,
        "wrong": round(told.wrong, 3),
        "before": told.before.round(2).tolist(),
        "strengths": told.strengths.round(2).tolist(),
        "errors": told.errors.round(2).tolist(),
        **({"scorers": worth} if worth else {}),
    }


def load_fitted(folder: Path, language: Language) -> FittedRanker:
    """The ranker that `plan_ranker` left."""
    ranker = Ranker.load(folder / WEIGHTS, script=language.script, language=language.code)
    return FittedRanker.load(folder / FITTED, ranker)


def plan_sample(
    units: Sequence[Unit], seed: int, wanted: int | None = None, least: int | None = None
) -> dict[str, int]:
    """How many rows of which units: about `wanted` (`SAMPLE_ROWS`) by the splits' sizes, `least` of a small split."""
    wanted, least = wanted or SAMPLE_ROWS, least or LEAST_A_SPLIT
    splits: dict[str, list[Unit]] = {}
    for unit in units:
        splits.setdefault(unit.into, []).append(unit)
    total = sum(unit.rows for unit in units)
    plan: dict[str, int] = {}
    for members in splits.values():
        rows = sum(unit.rows for unit in members)
        left = min(rows, max(least, round(wanted * rows / total)))
        most = max(MOST_A_UNIT, ceil(left / len(members)))
        ordered = sorted(members, key=lambda unit: _key(seed, unit.name))
        # Units are of unequal size: what the small ones lack, the first ones give.
        for cap in (most, rows):
            for unit in ordered:
                before = plan.get(unit.name, 0)
                more = min(left, max(min(unit.rows, cap) - before, 0))
                if more:
                    plan[unit.name] = before + more
                    left -= more
    return plan


@dataclass(frozen=True, slots=True)
class Sample:
    """What a fit reads: the selected units, those of each translator, and how both are measured."""

    selected: Path
    translated: Mapping[str, Path]
    ranker: Ranker
    language: Language
    seed: int

    def measure(self, unit: str, count: int) -> Measures:
        """Measure so many rows of a unit; only numbers are kept of them."""
        ids = read_unit(UnitFiles(self.selected, unit), ["id"])["id"].to_pylist()
        chosen = sorted(sorted(ids, key=lambda i: _key(self.seed, i))[:count])
        selected = _rows(UnitFiles(self.selected, unit), chosen)
        source = {i: row["messages"] for i, row in selected.items()}
        sides = {i: Sides.of(row) for i, row in selected.items()}
        found = {name: _rows(UnitFiles(folder, unit), chosen) for name, folder in self.translated.items()}
        rows = [(source[i], {name: of[i]["messages"] for name, of in found.items() if i in of}) for i in chosen]
        texts, candidates = ranked_texts(rows, list(self.translated))
        verdicts = {
            name: [verdicts_on(source[i], of[i], self.language, sides[i]) if i in of else [] for i in chosen]
            for name, of in found.items()
        }
        return self.ranker.measure(texts, candidates, verdicts)

    def measure_share(self, plan: Mapping[str, int], share: int, shares: int) -> list[Measures]:
        """One of several shares of the planned units: each so many behind the one before it."""
        return [self.measure(unit, count) for unit, count in list(plan.items())[share::shares]]


def fit_sample(units: Sequence[Unit], sample: Sample, workers: int = 1) -> FittedRanker:
    """Measure the sample a unit at a time, in up to so many processes: the same numbers with any number of them."""
    plan = plan_sample(units, sample.seed)
    shares = min(workers, len(plan), ceil(sum(plan.values()) / ROWS_A_PROCESS))
    if shares > 1:
        measured = in_processes(partial(_share, sample, plan, shares), shares, shares)
    else:
        shares, measured = 1, [sample.measure_share(plan, 0, 1)]
    parts = [measured[number % shares][number // shares] for number in range(len(plan))]
    return FittedRanker(sample.ranker, tuple(sample.translated), Measures.joined(parts))


def _share(sample: Sample, plan: Mapping[str, int], shares: int, share: int) -> list[Measures]:
    return sample.measure_share(plan, share, shares)


def ranked_texts(
    rows: Iterable[tuple[Messages, Mapping[str, Messages | None]]], names: Sequence[str]
) -> tuple[list[str], dict[str, list[str | None]]]:
    """What the ranker reads of rows of a source and its candidates: all that a translator is asked to translate.

    Of a long conversation the first part, of the source `LONGEST` characters and of each candidate the same share.
    """
    sources: list[str] = []
    candidates: dict[str, list[str | None]] = {name: [] for name in names}
    for source, targets in rows:
        text = _text(source)
        share = min(1.0, LONGEST / max(len(text), 1))
        sources.append(text[: round(share * len(text))])
        for name in names:
            found = targets.get(name)
            whole = _text(found) if found is not None else None
            candidates[name].append(whole if whole is None else whole[: round(share * len(whole))])
    return sources, candidates


def _text(messages: Messages) -> str:
    return "\n".join(text for message in messages for text in translated_parts(message))


def _rows(files: UnitFiles, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    table = read_unit(files, ["id", "messages", "sides", *CHECKED])
    picked = table.filter(pc.is_in(table["id"], pa.array(ids, pa.string())))
    return {row["id"]: row for row in picked.to_pylist()}


def _key(seed: int, name: str) -> bytes:
    return blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest()
