"""`smolkalam report`: a finished run as one HTML file that needs no server and no network."""

from pathlib import Path

from builders.run_folder.files import write_error
from hub.pages import PageWords, data_block, escaped, page, style
from hub.report.explorer import SCRIPT, explorer_data
from hub.report.gathered import gather
from hub.report.rows import EXACT_ROWS
from hub.report.sections import SECTIONS
from processors.atomic_files import write_text
from processors.errors import InputError

_STYLE = Path(__file__).parent / "report.css"


def run_report(folder: Path, output: Path, *, exact_rows: int = EXACT_ROWS, language: str | None = None) -> None:
    """Write the report of a run. Raises InputError where `folder` is no finished run or `output` cannot be written.

    `language`: of the page's own words, which its reader can change; None: as the browser wants.
    """
    if output.is_dir():
        raise InputError(f"{output}: is a folder; give the name of the page, such as report.html")
    report = gather(folder, exact_rows=exact_rows)
    report.words = words = PageWords(language)
    title = report.recipe.outputs.pretty_name or report.recipe.name
    data = explorer_data(report.recipe, report.sample, report.built, report.votes)
    parts = [(name, made) for name, make in SECTIONS.items() if (made := make(report))]
    links, body = "", ""
    for name, made in parts:
        heading = f"report.section.{name}"
        links += "<li>" + words.tag("a", heading, f'href="#{name}"') + "</li>"
        title_of = words.tag("h2", heading, f'id="{name}-title"')
        body += f'<section id="{name}" aria-labelledby="{name}-title">{title_of}{made}</section>\n'
    head = (
        words.tag("a", "report.skip", 'class="skip" href="#main"') + "\n<header>"
        f'<div class="top"><h1><bdi>{escaped(title)}</bdi></h1>{words.switch()}</div>\n'
        f"<nav {words.label('report.sections')}><ul>{links}</ul></nav></header>\n"
    )
    text = page(
        title,
        f'{head}<main id="main">\n{body}</main>\n' + data_block("explorer-data", data),
        css=style(_STYLE.read_text(encoding="utf-8")),
        scripts=SCRIPT.read_text(encoding="utf-8"),
        words=words,
        part="report",
    )
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_text(output, text)
    except OSError as error:
        raise write_error(error, output) from None
