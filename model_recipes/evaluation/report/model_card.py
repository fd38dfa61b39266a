"""The evaluation's section of a model's card: replaced when it is evaluated again, all else is left as it is."""

from pathlib import Path

from processors.atomic_files import write_text

_BEGIN, _END = "<!-- evaluation: written by smolkalam evaluate -->", "<!-- evaluation: end -->"


def write_section(folder: Path, table: str, limit: int | None, picture: str | None = None) -> None:
    """Put `table` into `folder`/README.md, at its end where it has none yet; without a card makes one.

    `picture`: a file in `folder` that is shown above it.
    """
    path = folder / "README.md"
    card = path.read_text(encoding="utf-8") if path.is_file() else f"# {folder.name}\n"
    partly = f"Only the first {limit:,} items of each part were asked.\n\n" if limit else ""
    shown = f"![Scores with their intervals]({picture})\n\n" if picture else ""
    told = f"In percent, with 95% intervals (bootstrap over items).\n\n{partly}{shown}{table}"
    section = f"{_BEGIN}\n## Evaluation\n\n{told}\n{_END}"
    before, begun, rest = card.partition(_BEGIN)
    if begun:
        after = rest.partition(_END)[2]
        write_text(path, f"{before}{section}{after}")
    else:
        write_text(path, f"{card.rstrip()}\n\n{section}\n")
