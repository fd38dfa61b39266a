"""The card's paragraph on rows with notes: soft verdicts on the candidates that were taken, calls that are said."""

from typing import TYPE_CHECKING

from builders.dataset.notes import grounding, noted
from builders.dataset.rows import statistics_by_config
from builders.dataset.statistics import summarise
from builders.run_folder.folder import RANK
from hub.card.markdown import table

if TYPE_CHECKING:
    from builders.stages.common.context import Build


def notes_section(build: "Build") -> str:
    """How many of each config's rows have notes, which, and the share of rows whose calls say what the user said."""
    recipe, extra = build.recipe, build.totals[RANK].extra
    tables = statistics_by_config(build.splits)
    rows, said = [], []
    for spec in recipe.translators:
        config = recipe.config_name(spec.name)
        whole = summarise(tables.get(config, {}).values()).rows
        of, by_name = noted(extra, config)
        names = ", ".join(f"{name} {n:,}" for name, n in by_name.items())
        rows.append([f"`{config}`", f"{of:,}", _share(of, whole), names or "none"])
        kept, calls = grounding(extra, config)
        if calls:
            share = _share(kept, calls)
            said.append(f"- `{config}`: {kept:,} of {calls:,} rows with such calls ({share}) say every value still")
    parts = [
        "## Notes\n\nWhat a check found that is no reason to leave a row out stands in its column `noted`; "
        "`prose_in_code` there means that something with the shape of code read as sentences and was translated.",
        table(["Config", "Rows with notes", "Share", "By note"], rows),
    ]
    if said:
        parts.append(
            "Tool calls stay as they are. Where an argument's value stands word for word in the conversation, it must "
            "stand there in the translation too (`tool_grounding`):\n\n" + "\n".join(said)
        )
    return "\n\n".join(parts)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "n/a"
