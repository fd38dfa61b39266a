"""Small pieces of Markdown and HTML as the Hub renders them."""

import html
import re
from collections.abc import Iterable

# Scripts that are written from right to left (ISO 15924; Unicode's bidirectional classes R and AL).
RIGHT_TO_LEFT = frozenset({"Adlm", "Arab", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"})


def cell(text: str) -> str:
    """Text that stays within its cell of a table: a reason may quote what a server said."""
    return " ".join(text.split()).replace("|", "\\|")


def table(titles: Iterable[str], rows: Iterable[Iterable[str]], *, left: int = 1) -> str:
    """A table; the first `left` columns are of text, the others of numbers."""
    names = list(titles)
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * left + "---:|" * (len(names) - left)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def score(value: float | None, places: int = 3) -> str:
    """A score as every table shows it."""
    return "n/a" if value is None else f"{value:.{places}f}"


def without_empty(titles: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """A table without the columns in which no row has a value."""
    kept = [place for place in range(len(titles)) if not rows or any(row[place] != "n/a" for row in rows)]
    return [titles[place] for place in kept], [[row[place] for place in kept] for row in rows]


def linked(model: str) -> str:
    """A model's name, as a link where it is one of the Hub."""
    return f"[`{model}`](https://huggingface.co/{model})" if model.count("/") == 1 else f"`{model}`"


def fenced(text: str, language: str = "") -> str:
    """A fenced block that holds `text` as it is, fences in it included.

    >>> print(fenced("x"))
    ```
    x
    ```
    """
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def details(summary: str, content: str) -> str:
    """A block that is closed until a reader opens it; `content` is Markdown, and of it `summary` knows backticks."""
    # A summary is HTML, in which Markdown's backticks would be signs like any.
    said = re.sub("`(.*?)`", r"<code>\1</code>", html.escape(summary))
    return f"<details>\n<summary>{said}</summary>\n\n{content}\n\n</details>"


def names(items: Iterable[str]) -> str:
    """`a`, `b` and `c`."""
    return joined(f"`{item}`" for item in items)


def joined(items: Iterable[str]) -> str:
    """a, b and c."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
