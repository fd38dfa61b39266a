"""What a build says at its end: counts, drops, the tables, one row side by side, and how to load the dataset."""

import shlex
import sys
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from builders.dataset.duplicates import said
from builders.dataset.notes import grounding, noted
from builders.dataset.policy_effects import changes, config_effects, mean_score
from builders.dataset.rows import statistics_by_config
from builders.dataset.statistics import summarise
from builders.engines import engine_of
from builders.reports.bars import table_console
from builders.run_folder.folder import BUILD, RANK, RECIPE, SELECT, TRANSLATE
from builders.run_folder.ranked_rows import ranked_rows, taken_by
from builders.run_folder.schemas import PARALLEL
from builders.run_folder.units import Dropped, UnitFiles, read_dropped, read_unit
from builders.sample import planted_faults
from builders.sources.find import row_id
from processors.commands import pasted
from processors.errors import InputError
from processors.ranking.policy import OUTCOMES
from processors.scoring.columns import COLUMNS, SUMMED
from processors.scrub import excerpt

if TYPE_CHECKING:
    from builders.stages.common.context import Build

_SCORES = {column.name: f".{column.decimals}f" for column in SUMMED}
_FORMATS = {"rows": ",", **_SCORES, "turns": ".2f", "tokens": ",.0f"}


def print_report(build: "Build", last: str, seconds: float) -> None:
    """Print the report: tables and advice on stderr, the dataset's path alone on stdout."""
    console = table_console(stderr=True)
    for note in build.notes:
        console.print(f"note: {note}", style="yellow", markup=False, soft_wrap=True)
    console.print(_counts(build))
    for line in _failed(build):
        console.print(line, markup=False, soft_wrap=True)
    if RANK in build.totals:
        console.print(_findings(build))
        console.print(_choices(build))
        for line in _notes(build):
            console.print(line, markup=False, soft_wrap=True)
        if faults := _faults(build):
            console.print(faults)
    if last != BUILD:
        console.print(
            f"Stopped after {last}, as asked ({seconds:.0f} s). Run without --stop-after to go on.", markup=False
        )
        print(build.run.folder)
        return
    first = next((split for split in build.splits if split["rows"]), None)
    if first is None:
        raise InputError(
            f"{build.run.dataset}: the dataset has no row: every candidate failed or was vetoed, as the tables above "
            f"say; {_advice(build)}"
        )
    console.print(_splits(build))
    for config, counts in build.duplicates.items():
        if told := said(counts):
            console.print(f"{config}: {told}.", markup=False, soft_wrap=True)
    sample = _sample(build)
    if sample:
        console.print(sample)
    console.print(f"Done in {seconds:.0f} s. The dataset, with its card:", markup=False)
    print(build.run.dataset)
    arguments = f'"{build.run.dataset}", "{first["config"]}", split="{first["split"]}"'
    code = f"from datasets import load_dataset; print(load_dataset({arguments})[0])"
    command = shlex.join([sys.executable, "-c", code])
    console.print(f"Load it:\n  {command}", markup=False, soft_wrap=True)


def _counts(build: "Build") -> Table:
    table = Table(title="Rows", title_justify="left", box=None, pad_edge=False)
    for column, justify in (("stage", "left"), ("read", "right"), ("kept", "right"), ("dropped, by reason", "left")):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for name, totals in build.totals.items():
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in totals.dropped.most_common())
        table.add_row(name, f"{totals.read:,}", f"{totals.kept:,}", f"{totals.dropped.total():,}  {reasons}")
    return table


def _failed(build: "Build") -> list[str]:
    """What may come out at another try, and the command for it."""
    lines = []
    for spec in build.recipe.translators:
        totals = build.totals.get(f"{TRANSLATE}/{spec.name}")
        if engine_of(spec).asks_a_model and totals and totals.failed:
            reasons = ", ".join(f"{reason} {n:,}" for reason, n in totals.failed.most_common())
            wanted = totals.kept + totals.failed.total()
            lines.append(f"{spec.name} failed {totals.failed.total():,} of {wanted:,} rows: {reasons}.")
            if example := _example(build, spec.name, totals.failed.most_common(1)[0][0]):
                lines.append(f"One of them, {example.id}: {_printable(excerpt(example.detail, 400))}")
    if lines:
        lines.append(f"Try the failed rows again, and only them:\n  {_again(build)}")
    return lines


def _again(build: "Build") -> str:
    """The command that tries failed rows again."""
    run = build.run.folder
    return pasted("build", run / RECIPE, "--output", run, "--retry-failed")


def _advice(build: "Build") -> str:
    """What to do about a dataset without a row."""
    failed = {
        name: build.totals[name].failed.total()
        for spec in build.recipe.translators
        if engine_of(spec).asks_a_model and (name := f"{TRANSLATE}/{spec.name}") in build.totals
    }
    if not any(failed.values()):
        return "give the translators what they lack or loosen the recipe's ranking"
    return f"give the translators what they lack, then try the failed rows again, and only them: {_again(build)}"


def _example(build: "Build", translator: str, reason: str) -> Dropped | None:
    """The first row that a translator failed for this reason: what was found there often is the server's own words."""
    stage = build.run.stage(f"{TRANSLATE}/{translator}")
    for unit in build.selected:
        for dropped in read_dropped(UnitFiles(stage, unit.name)):
            if dropped.reason == reason:
                return dropped
    return None


def _findings(build: "Build") -> Table:
    """What the checks found, by translator; failures are conversations that the retry ladder gave up."""
    table = Table(title="\nWhat the checks found (rows)", title_justify="left", box=None, pad_edge=False)
    for column in ("translator", "not translated", "vetoed", "noted", "from memory"):
        table.add_column(column, overflow="fold")
    extra = build.totals[RANK].extra
    for spec in build.recipe.translators:
        found = {
            kind: Counter(
                {
                    k.removeprefix(f"{spec.name}/{kind}_"): n
                    for k, n in extra.items()
                    if k.startswith(f"{spec.name}/{kind}_")
                }
            )
            for kind in ("failed", "veto", "note")
        }
        hits = build.totals[f"{TRANSLATE}/{spec.name}"].extra["memory_hits"]
        cells = [", ".join(f"{c} {n:,}" for c, n in found[k].most_common()) for k in ("failed", "veto", "note")]
        table.add_row(spec.name, *cells, f"{hits:,} segments")
    return table


def _notes(build: "Build") -> list[str]:
    """Of the rows that each config takes: those with soft verdicts, and whether calls say what the rows say."""
    lines, extra = [], build.totals[RANK].extra
    for spec in build.recipe.translators:
        config = build.recipe.config_name(spec.name)
        rows, by_name = noted(extra, config)
        if rows:
            names = ", ".join(f"{name} {n:,}" for name, n in by_name.items())
            lines.append(f"{config}: notes on {rows:,} rows that it takes: {names}.")
        kept, calls = grounding(extra, config)
        if calls:
            lines.append(f"{config}: {kept:,} of {calls:,} rows with calls say all values of their arguments.")
    return lines


def _choices(build: "Build") -> Table:
    """Whose candidates each config took, and why."""
    table = Table(title="\nWhat the ranking chose (rows)", title_justify="left", box=None, pad_edge=False)
    table.add_column("config", overflow="fold")
    extra = build.totals[RANK].extra
    shown = [
        c.name
        for c in COLUMNS
        if c.margin is not None and any(extra[f"{t.name}/{c.name}_rows"] for t in build.recipe.translators)
    ]
    titles = ["primary's own", "replaced: vetoed", "replaced: better", "left out", *(f"own mean {s}" for s in shown)]
    for title in titles:
        table.add_column(title, justify="right", overflow="fold")
    table.add_column("changed by", overflow="fold")
    for spec in build.recipe.translators:
        config = build.recipe.config_name(spec.name)
        effects = config_effects(extra, config)
        means = [mean_score(extra, spec.name, score) for score in shown]
        cells = [f"{effects[outcome]:,}" for outcome in OUTCOMES]
        table.add_row(config, *cells, *("n/a" if m is None else f"{m:.3f}" for m in means), changes(effects))
    return table


def _faults(build: "Build") -> Table | None:
    """The faults that the sample's weak memory holds, and what caught each; None for a build without that memory."""
    if build.recipe.source.path != "sample" or all(spec.name != "draft" for spec in build.recipe.translators):
        return None
    caught: dict[str, list[str]] = {}
    for unit in build.selected:
        for row in read_unit(UnitFiles(build.run.stage(RANK), unit.name), ["id", "candidates"]).to_pylist():
            for candidate in row["candidates"]:
                if candidate["translator"] == "draft":
                    caught[row["id"]] = [f"{v['check']}{'' if v['hard'] else ' (noted)'}" for v in candidate["checks"]]
    table = Table(title="\nFaults planted in the draft memory", title_justify="left", box=None, pad_edge=False)
    for title in ("fault", "row", "caught by"):
        table.add_column(title, overflow="fold")
    for fault in planted_faults():
        row = row_id(fault["split"], fault["row"])
        if row in caught:
            table.add_row(fault["fault"], row, ", ".join(dict.fromkeys(caught[row])) or "nothing")
    return table


def _splits(build: "Build") -> Group:
    tables = []
    for config, splits in statistics_by_config(build.splits).items():
        table = Table(title=f"\n{config}", title_justify="left", box=None, pad_edge=False)
        table.add_column("split", overflow="fold")
        whole = summarise(splits.values()).means()
        columns = [name for name in _FORMATS if whole.get(name) is not None]
        for column in columns:
            title = "texts" if column == "turns" and build.recipe.source.fields else column
            table.add_column(title, justify="right", overflow="fold")
        for name, split in splits.items():
            table.add_row(name, *_cells(split.means(), columns))
        table.add_row("all", *_cells(whole, columns))
        tables.append(table)
    return Group(*tables)


def _cells(means: dict[str, Any], columns: list[str]) -> list[str]:
    return ["n/a" if means.get(name) is None else format(means[name], _FORMATS[name]) for name in columns]


def _sample(build: "Build") -> Panel | None:
    """A short row in both languages: the first that its primary translator kept."""
    import pyarrow.parquet as pq

    if build.recipe.source.fields:
        return _sample_by_fields(build)
    for split in build.splits:
        if split["config"] == PARALLEL or not split["files"]:
            continue
        path = build.run.dataset / split["files"][0]["file"]
        said = ("prompt", "chosen", "rejected") if build.recipe.source.pairs else ("messages",)
        columns = ["id", *said, "translator"]
        for batch in pq.ParquetFile(path).iter_batches(batch_size=64, columns=columns):
            for row in batch.to_pylist():
                if "messages" not in row:
                    row["messages"] = row["prompt"] + row["chosen"] + row["rejected"]
                if sum(len(m["content"]) for m in row["messages"]) < 900:
                    return _side_by_side(build, row)
            break
    return None


def _side_by_side(build: "Build", row: dict[str, Any]) -> Panel:
    import pyarrow.compute as pc

    split, number = row["id"].rsplit("/", 1)
    unit = next(u for u in build.units if u.split == split and u.first <= int(number) < u.first + u.rows)
    table = read_unit(UnitFiles(build.run.stage(SELECT), unit.name))
    source = table.filter(pc.equal(table["id"], row["id"])).to_pylist()[0]
    return _panel(build, row, source["messages"])


def _sample_by_fields(build: "Build") -> Panel | None:
    """As `_sample`, of rows that the dataset has in columns of their own."""
    config = build.recipe.config_name(build.recipe.translators[0].name)
    for unit in build.selected:
        for rows in ranked_rows(UnitFiles(build.run.stage(RANK), unit.name)):
            for row in rows:
                taken = taken_by(row, config)
                if taken and sum(len(message["content"]) for message in taken["messages"]) < 900:
                    return _panel(build, taken | {"id": row["id"]}, row["messages"])
            break
    return None


def _panel(build: "Build", row: dict[str, Any], source: list[dict[str, str]]) -> Panel:
    grid = Table(box=None, expand=True, show_header=True)
    grid.add_column("English", ratio=1)
    grid.add_column(f"{build.recipe.language.name} ({row['translator']})", ratio=1)
    # Custom instructions as a system message (`outputs.system_message`) have no message beside them.
    translated = row["messages"][len(row["messages"]) - len(source) :]
    for messages in zip(source, translated, strict=True):
        grid.add_row(*(Text(_printable(f"{message['role']}: {message['content']}")) for message in messages))
    return Panel(grid, title=row["id"], title_align="left")


def _printable(text: str) -> str:
    """Without the control characters by which a row could steer the terminal."""
    return "".join(c if c in "\n\t" or unicodedata.category(c) != "Cc" else "\ufffd" for c in text)
