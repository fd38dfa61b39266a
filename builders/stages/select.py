"""The stage `select`, over a whole source: a scan of the splits that are cut, the cuts planned from it, the filters.

A cut needs to know all its candidates before it can take the first row, so the splits that are cut are scanned first:
the scan keeps each row's stratum and sampling key (about 30 bytes a row), and the selection reads the rows that are
taken, and no others.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.recipes.recipe import CutRecipe, Recipe, Source
from builders.run_folder import schemas
from builders.run_folder.files import write_error
from builders.run_folder.folder import DROPS, SCAN, SELECT, enter_stage, fingerprint
from builders.run_folder.stage_parts import StagePart
from builders.run_folder.unit_writer import DROPPED, drop
from builders.run_folder.units import Unit, UnitFiles, read_counts, read_dropped, read_unit
from builders.sources.fields import STAYS_ENGLISH
from builders.sources.find import reaching, row_id
from builders.sources.read import ShardReader
from builders.stages.common.contamination import benchmarks, count
from builders.stages.common.context import Build
from builders.stages.common.revision import FOLDER, compare_revisions, remember_rows, told
from builders.stages.common.run_units import UnitPipeline, run_units
from builders.stages.plan_units import plan_source
from processors.atomic_files import replacing
from processors.errors import InputError
from processors.selection.choose_rows import PlannedCut, sample_key, select_ids
from processors.selection.reasons import CONTAMINATED, holds_benchmark, holds_han, no_conversation

NAME = SELECT

# The stratum of a cut without strata.
ALL = "all"


class ApplyFilters(PipelineStep):
    """Marks rows that are to be left out instead of removing them, so that every row arrives at the unit writer."""

    name = "Filters"
    type = "FILTER"

    def __init__(self, drop_han: bool, scanned: Collection[str] = (), benchmarks: str | None = None) -> None:
        super().__init__()
        self.reasons: list[Callable[[Document], str | None]] = [no_conversation, *([holds_han] if drop_han else [])]
        # The last, for it takes the most time.
        self.reasons += [partial(holds_benchmark, index=benchmarks)] if benchmarks else []
        self.scanned = frozenset(scanned)

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterable[Document]:
        for document in data:
            with self.track_time():
                self._apply(document)
            yield document

    def _apply(self, document: Document) -> None:
        if "invalid_utf8" in document.metadata:
            drop(document, "invalid_utf8", f"{document.metadata['invalid_utf8']}, expected valid UTF-8")
            return
        # Rows of a split that was scanned have passed already, or are marked; but not all of their columns were read.
        for why in self.reasons if document.metadata["split"] not in self.scanned else ():
            reason = why(document)
            if reason is not None:
                drop(document, reason, document.metadata.get("filter_detail", ""))
                if reason == CONTAMINATED:
                    count(document, document.metadata["benchmark"])
                return


@dataclass(frozen=True, slots=True)
class ScannedRows:
    """What the scan and the cuts left out (`builders.sources.read.DroppedBefore`), by the units in `scan`."""

    scan: Path
    cuts: Mapping[str, PlannedCut]

    def knows(self, unit: Unit) -> bool:
        return unit.split in self.cuts

    def wanted(self, unit: Unit) -> list[bool]:
        out = self.reasons(unit)
        return [row_id(unit.split, number) not in out for number in range(unit.first, unit.first + unit.rows)]

    def reasons(self, unit: Unit) -> dict[str, tuple[str, str]]:
        if not self.knows(unit):
            return {}
        files, cut = UnitFiles(self.scan, unit.name), self.cuts[unit.split]
        out = {row.id: (row.reason, row.detail) for row in read_dropped(files)}
        table = read_unit(files, ["id", "stratum", "key"])
        for name, stratum, key in zip(*(table[c].to_pylist() for c in ("id", "stratum", "key")), strict=True):
            if not cut.wanted(stratum, key, name):
                out[name] = ("not_sampled", "")
        return out


class ScanRows(PipelineStep):
    """Gives each row that passed the filters its stratum and sampling key, for the cut of its split."""

    name = "Strata"
    type = "SCAN"

    def __init__(self, stratified: set[str], domain_index: str | None, seed: int) -> None:
        super().__init__()
        self.stratified = stratified
        self.domain_index = domain_index
        self.seed = seed

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterable[Document]:
        from processors.selection.domains import DomainIndex, domain_of

        index = DomainIndex.load(Path(self.domain_index)) if self.domain_index else None
        for document in data:
            with self.track_time():
                if DROPPED not in document.metadata:
                    document.metadata["key"] = sample_key(document.id, self.seed)
                    document.metadata["stratum"] = ALL
                    if document.metadata["split"] in self.stratified:
                        domain = domain_of(document.metadata, index)
                        document.metadata["stratum"] = domain.name
                        document.metadata["counters"] = {f"{document.metadata['split']}/{domain.how}": 1}
            yield document


def parts(recipe: Recipe) -> list[StagePart]:
    """The selection and, where splits are cut, the scan before it."""
    cut = frozenset(cut.split for cut in recipe.selection.cuts)
    whole = recipe.selection.max_rows_per_split is not None
    # Whether a cut's split is in the source, and whether a split is larger than it may be, the source says.
    scan = [StagePart(SCAN, maybe=True, rows=partial(_rows, None if whole else cut))] if cut or whole else []
    return [*scan, StagePart(NAME, after=tuple(part.name for part in scan), rows=partial(_rows, None))]


def _rows(splits: frozenset[str] | None, inputs: dict[str, Any]) -> int | None:
    """Rows of the source's shards, of these splits only or of all."""
    shards = inputs.get("shards", [])
    if not shards:
        return None
    return sum(rows for split, _, rows, _ in shards if splits is None or split in splits)


def inputs(build: Build) -> dict[str, Any]:
    """What the selected rows depend on."""
    return _planned(build)["inputs"]


def run(build: Build) -> None:
    """Choose the rows that are translated: splits, validity, Han characters, cuts."""
    recipe, folder = build.recipe, build.run.stage(NAME)
    plan = _planned(build)
    build.source = Source(**plan["source"])
    build.units = [Unit(**unit) for unit in plan["units"]]
    build.notes += plan["notes"]
    cuts = plan_cuts(build, {cut.split: cut for cut in recipe.selection.cuts})
    to_come = inputs(build)
    build.decided("rows-before", partial(remember_rows, build.run, to_come, fingerprint(to_come)))
    build.enter(NAME, inputs)
    filters = ApplyFilters(recipe.selection.drop_han, cuts, _index(build))
    carry = tuple(build.source.carry)
    reader = ShardReader(build.source, build.units, columns=carry, left_out=ScannedRows(build.run.stage(SCAN), cuts))
    pairs = build.source.pairs
    row, schema = partial(_selected_row, carry=carry, pairs=pairs), partial(schemas.selected, carry, pairs)
    run_units(build, UnitPipeline(NAME, reader, [filters], row, schema))
    counts = ((unit, read_counts(UnitFiles(folder, unit.name))["kept"]) for unit in build.units)
    build.selected = [replace(unit, rows=kept) for unit, kept in counts if kept]
    if not build.selected:
        dropped = ", ".join(f"{reason} {n}" for reason, n in build.totals[NAME].dropped.most_common())
        raise InputError(f"{build.source.path}: no row is left to translate ({dropped}); look into {folder}/{DROPS}")
    build.notes += _staying_english(build)
    if rows := build.decided(FOLDER, partial(compare_revisions, build)):
        build.notes.append(told(rows))


def _staying_english(build: Build) -> list[str]:
    """Of a source that is read by its fields: the columns whose texts are translated elsewhere in their row."""
    extra = build.totals[NAME].extra
    found = {name: n for name, n in extra.items() if name.startswith(STAYS_ENGLISH)}
    return [
        f"column '{name.removeprefix(STAYS_ENGLISH)}': in {n:,} rows its text is one that is translated in another "
        "column, and stays English; name it in source.fields, and both are translated alike"
        for name, n in sorted(found.items())
    ]


def _index(build: Build) -> str | None:
    found = benchmarks(build)
    return found["index"] if found else None


def _planned(build: Build) -> dict[str, Any]:
    return build.decided("source", partial(plan_source, build))


def plan_cuts(build: Build, cuts: dict[str, CutRecipe]) -> dict[str, PlannedCut]:
    """Scan the splits that are cut and plan each cut; what a stratum lacked goes to the build's notes."""
    recipe, folder = build.recipe, build.run.stage(SCAN)
    assert build.source is not None
    present = {unit.split for unit in build.units}
    splits = [*(name for name in cuts if name in present), *sorted(present - set(cuts))]
    bounds = {split: recipe.selection.rows_of(split) for split in splits}
    plans: dict[str, tuple[int, Mapping[str, int]]] = {
        split: (rows, strata) for split, (rows, strata) in bounds.items() if rows is not None
    }
    if not plans:
        return {}
    stratified = {split for split, (_, strata) in plans.items() if strata}
    index = None
    if stratified and recipe.selection.domain_index:
        index = build.executor.planned("domains", lambda: {"index": str(_domain_index(build))})["index"]
    scan = inputs(build) | {"domain_index": recipe.selection.domain_index}
    build.executor.planned(SCAN, lambda: {"mark": enter_stage(folder, scan, say=build.observer.say)})
    units = [unit for unit in build.units if unit.split in plans]
    steps = [
        ApplyFilters(recipe.selection.drop_han, benchmarks=_index(build)),
        ScanRows(stratified, index, recipe.seed),
    ]
    # Columns that may name a row's domain, where the source has one of them.
    reader = ShardReader(build.source, units, columns=("domain", "metadata", "extra"))
    run_units(build, UnitPipeline(SCAN, reader, steps, _scan_row, schemas.scan))

    def cut_all() -> dict[str, Any]:
        found = {}
        for split, (rows, strata) in plans.items():
            cut = _cut(folder, [unit.name for unit in units if unit.split == split], strata, rows)
            found[split] = cut.as_json()
            build.run.write(f"{SCAN}/{split}.cut.json", json.dumps(found[split], indent=1))
        return found

    found = build.executor.planned("cuts", cut_all)
    made = {split: PlannedCut.from_json(cut) for split, cut in found.items()}
    for split in made:
        if split in cuts:
            build.notes += _notes(build, split, cuts[split].into, made[split])
    return made


def _cut(folder: Path, names: list[str], strata: Mapping[str, int], rows: int) -> PlannedCut:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.concat_tables([read_unit(UnitFiles(folder, name)) for name in names])
    keys, ids = {}, {}
    for stratum in pc.unique(table["stratum"]).to_pylist():
        part = table.filter(pc.equal(table["stratum"], stratum))
        keys[stratum] = np.asarray(part["key"].to_numpy(), dtype=np.uint64)
        ids[stratum] = part["id"]
    return select_ids(keys, ids, strata, rows)


def _notes(build: Build, split: str, into: str, cut: PlannedCut) -> list[str]:
    taken = ", ".join(f"{name} {n:,}" for name, n in cut.plan.quotas.items())
    prefix = f"{split}/"
    how = {k.removeprefix(prefix): n for k, n in build.totals[SCAN].extra.items() if k.startswith(prefix)}
    told = ", ".join(f"{name} {n:,}" for name, n in sorted(how.items()))
    notes = [f"{into}: {sum(cut.plan.quotas.values()):,} of {sum(cut.plan.available.values()):,} rows taken: {taken}"]
    if told:
        notes.append(f"{into}: domains from: {told}")
    return notes + [f"{into}: {note}" for note in cut.plan.notes]


def _domain_index(build: Build) -> Path:
    """The index of the original's prompts, made once and kept in the run folder."""
    import pyarrow as pa

    from processors.selection.domains import build_domain_index

    source = build.recipe.selection.domain_index
    assert source is not None
    path = build.run.stage(f"domains-{fingerprint({'source': source})[:12]}.npz")
    if not path.exists():
        build.observer.say(f"reading the domains of {source}")
        try:
            with reaching(source):
                index = build_domain_index(source)
        except (pa.ArrowException, OSError, ValueError, ImportError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{source}: cannot be read ({reason}); check the path or download it again") from None
        try:
            with replacing(path) as temporary:
                index.save(temporary)
        except OSError as error:
            raise write_error(error, build.run.folder) from None
    return path


def _scan_row(document: Document) -> dict[str, Any]:
    return {"id": document.id, "stratum": document.metadata["stratum"], "key": document.metadata["key"]}


def _selected_row(document: Document, carry: tuple[str, ...], pairs: bool) -> dict[str, Any]:
    keys = ("messages", "chat_template_kwargs", "source", *(["sides"] if pairs else []))
    row = {"id": document.id, **{key: document.metadata[key] for key in keys}}
    return row | {name: _as_text(document.metadata[name]) for name in carry}


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
