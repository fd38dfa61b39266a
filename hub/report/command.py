"""`smolkalam report`: a finished run as one HTML file that needs no server and no network."""

from pathlib import Path

from builders.run_folder.files import write_error
from hub.pages import data_block, escaped, page, style
from hub.report.explorer import SCRIPT, explorer_data
from hub.report.gathered import gather
from hub.report.rows import EXACT_ROWS
from hub.report.sections import SECTIONS
from processors.atomic_files import write_text
from processors.errors import InputError

_STYLE = Path(__file__).parent / "report.css"


def run_report(folder: Path, output: Path, *, exact_rows: int = EXACT_ROWS) -> None:
    """Write the report of a run. Raises InputError where `folder` is no finished run or `output` cannot be written."""
    if output.is_dir():
        raise InputError(f"{output}: is a folder; give the name of the page, such as report.html")
    report = gather(folder, exact_rows=exact_rows)
    title = report.recipe.outputs.pretty_name or report.recipe.name
    data = explorer_data(report.recipe, report.sample, report.built, report.votes)
    parts = [(name, heading, made) for name, (heading, make) in SECTIONS.items() if (made := make(report))]
    links = "".join(f'<li><a href="#{name}">{heading}</a></li>' for name, heading, _ in parts)
    body = "".join(
        f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{heading}</h2>{made}</section>\n'
        for name, heading, made in parts
    )
    text = page(
        f"{title}: report",
        f'<a class="skip" href="#main">To the report</a>\n<header><h1>{escaped(title)}</h1>\n'
        f'<nav aria-label="Sections"><ul>{links}</ul></nav></header>\n<main id="main">\n{body}</main>\n'
        + data_block("explorer-data", data),
        css=style(_STYLE.read_text(encoding="utf-8")),
        scripts=SCRIPT.read_text(encoding="utf-8"),
    )
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_text(output, text)
    except OSError as error:
        raise write_error(error, output) from None
