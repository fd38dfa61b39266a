"""Tables of the report, which scroll by themselves on a narrow screen."""

import re
from collections.abc import Iterable, Sequence

_TAG = re.compile(r"<[^>]*>")
_NUMBER = re.compile(r"[$\d–−+]")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], label: str) -> str:
    """A table whose first column names its rows. `head` and cells are HTML, `label` is the table's attribute.

    A column in which all begin as numbers do, or are drawn, is one of numbers.
    """
    lines = [list(row) for row in rows]
    numbers = [i > 0 and all(_is_number(line[i]) for line in lines) for i in range(len(head))]
    kinds = [' class="n"' if number else "" for number in numbers]
    titles = "".join(f'<th scope="col"{kind}>{one}</th>' for kind, one in zip(kinds, head, strict=True))
    body = "".join(
        f'<tr><th scope="row">{first}</th>'
        + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds[1:], cells, strict=True))
        + "</tr>"
        for first, *cells in lines
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" {label}><table><thead><tr>{titles}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def _is_number(cell: str) -> bool:
    text = _TAG.sub("", cell).strip()
    return not text or bool(_NUMBER.match(text))
