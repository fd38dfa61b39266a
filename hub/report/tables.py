"""Tables of the report, which scroll by themselves on a narrow screen."""

from collections.abc import Iterable, Sequence

from hub.pages import escaped


def table(head: Sequence[str], rows: Iterable[Sequence[str]], label: str) -> str:
    """A table whose first column names its rows; cells are HTML, and those that begin with a digit are numbers."""
    titles = "".join(f'<th scope="col"{"" if i == 0 else " class=n"}>{one}</th>' for i, one in enumerate(head))
    lines = "".join(
        f'<tr><th scope="row">{first}</th>' + "".join(f'<td class="n">{cell}</td>' for cell in cells) + "</tr>"
        for first, *cells in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escaped(label)}"><table><thead><tr>{titles}</tr>'
        f"</thead><tbody>{lines}</tbody></table></div>"
    )
