"""One short row of each kind in both languages, side by side."""

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builders.run_folder.folder import RANK
from builders.run_folder.ranked_rows import taken_by
from builders.run_folder.units import UnitFiles
from hub.card.markdown import RIGHT_TO_LEFT, score
from processors.conversations.parts import split_parts
from processors.conversations.sides import PROMPT, Sides
from processors.protected.compare import protected_spans
from processors.scoring.columns import SUMMED

if TYPE_CHECKING:
    from builders.stages.common.context import Build

# Rows looked at, from the beginning of each split, and characters (both languages) that an example has at most.
ROWS, LONGEST, SHORTEST = 64, 2000, 160
_MATHEMATICS = frozenset({"math", "environment", "boxed"})
_CODE = _MATHEMATICS | {"fence", "indented_code", "code", "calc", "tag", "json"}


@dataclass(slots=True)
class Shape:
    """What a row is made of."""

    messages: int
    parts: frozenset[str]
    kinds: frozenset[str]


_SHAPES: dict[str, Callable[[Shape], bool]] = {
    "Plain": lambda s: s.messages == 2 and not s.parts & {"think", "tool_call"} and not s.kinds,
    "Several turns": lambda s: s.messages >= 4 and not s.parts & {"think", "tool_call"} and not s.kinds,
    "With thinking": lambda s: "think" in s.parts and "tool_call" not in s.parts,
    "Tool call": lambda s: "tool_call" in s.parts,
    "Code": lambda s: "fence" in s.kinds and not s.parts & {"think", "tool_call"},
    "Mathematics": lambda s: bool(s.kinds & _MATHEMATICS) and not s.parts & {"think", "tool_call"},
}


_SHAPES_OF_FIELDS: dict[str, Callable[[Shape], bool]] = {
    "A row": lambda s: not s.kinds,
    "A row with code": lambda s: "fence" in s.kinds,
    "A row with mathematics": lambda s: bool(s.kinds & _MATHEMATICS),
}


def examples(blocks: list[str]) -> str:
    """The section, of all examples but the first, which stands in the introduction."""
    return "## Examples\n\n" + "\n\n".join(blocks[1:]) if blocks[1:] else ""


def example_blocks(build: "Build") -> list[str]:
    """A block an example, the first one open; a kind with no short row near the beginning of a split is left out."""
    config = build.recipe.config_name(build.recipe.translators[0].name)
    shapes = _SHAPES_OF_FIELDS if build.recipe.source.fields else _SHAPES
    best: dict[str, tuple[int, str, dict[str, Any]]] = {}
    for row in _rows(build, config):
        size = sum(len(m["content"]) for m in (*row["messages"], *row["translated"]))
        if not SHORTEST <= size <= LONGEST:
            continue
        sides = Sides.of(row)
        shape = _shape(sides.conversations(row["messages"])[0] if sides else row["messages"])
        for name, fits in shapes.items():
            if fits(shape) and (name not in best or (size, row["id"]) < best[name][:2]):
                best[name] = (size, row["id"], row)
    blocks: list[str] = []
    shown: set[str] = set()
    for name in shapes:
        if name in best and best[name][1] not in shown:
            shown.add(best[name][1])
            blocks.append(_block(name, best[name][2], build, opened=not blocks))
    return blocks


def _rows(build: "Build", config: str) -> Iterator[dict[str, Any]]:
    """The first rows of each split that the config takes from its primary translator, without any check's remark."""
    import pyarrow.parquet as pq

    read: set[str] = set()
    for unit in build.selected:
        path = UnitFiles(build.run.stage(RANK), unit.name).kept
        if unit.into in read:
            continue
        read.add(unit.into)
        with pq.ParquetFile(path) as file:
            batch = next(file.iter_batches(batch_size=ROWS), None)
            for row in batch.to_pylist() if batch else ():
                chosen = taken_by(row, config)
                if chosen and not chosen["checks"]:
                    yield row | {"translated": chosen["messages"], "chosen": chosen}


def _shape(messages: list[dict[str, str]]) -> Shape:
    parts = [part for message in messages for part in split_parts(message["content"]) if part.text.strip()]
    kinds = {span.kind for part in parts if part.type == "text" for span in protected_spans(part.text)}
    return Shape(len(messages), frozenset(part.type for part in parts), frozenset(kinds))


def _block(name: str, row: dict[str, Any], build: "Build", opened: bool) -> str:
    """One HTML block: no line of it is blank, for that would end it."""
    language = build.recipe.language
    direction = "rtl" if language.script in RIGHT_TO_LEFT else "ltr"
    chosen = row["chosen"]
    scores = ", ".join(f"{c.name} {score(chosen[c.name], c.decimals)}" for c in SUMMED if chosen[c.name] is not None)
    said = f"{row['id']}, by {chosen['translator']}: {scores}"
    lines = [
        f"<details{' open' if opened else ''}>",
        f"<summary><b>{name}</b> ({html.escape(said)})</summary>",
        f'<table><tr><th></th><th>English</th><th dir="{direction}">{html.escape(language.name)}</th></tr>',
    ]
    sides = Sides.of(row)
    for number, (english, translated) in enumerate(zip(row["messages"], row["translated"], strict=True)):
        side = sides.side_of(number) if sides else PROMPT
        role = english["role"] if side == PROMPT else f"{english['role']}, {side}"
        lines += [
            f'<tr valign="top"><td>{html.escape(role)}</td>',
            f'<td dir="ltr">{rendered(english["content"], "ltr")}</td>',
            f'<td dir="{direction}" lang="{language.code}">{rendered(translated["content"], direction)}</td></tr>',
        ]
    return "\n".join([*lines, "</table>", "</details>"])


def rendered(content: str, direction: str) -> str:
    """A message as one line of HTML: what is code reads from left to right whatever stands around it."""
    pieces = []
    for part in split_parts(content):
        if part.type in ("tool_call", "tool_response"):
            pieces.append(_code(part.opening + part.text + part.closing, direction))
            continue
        if part.opening:
            pieces.append(_code(part.opening, direction))
        position = 0
        for span in protected_spans(part.text):
            if span.kind in _CODE:
                pieces.append(_escaped(part.text[position : span.start]))
                pieces.append(_code(part.text[span.start : span.end], direction))
                position = span.end
        pieces.append(_escaped(part.text[position:]))
        if part.closing:
            pieces.append(_code(part.closing, direction))
    return "".join(pieces)


def _code(text: str, direction: str) -> str:
    """Code, by itself and from the left where it has several lines; a short piece is not broken between lines."""
    core = text.strip("\n")
    lead, _, trail = text.partition(core) if core else (text, "", "")
    shown = _escaped(core)
    if "\n" in core and direction == "rtl":
        # A block begins and ends lines of its own.
        lead, trail = lead.removesuffix("\n"), trail.removeprefix("\n")
        return f'{_escaped(lead)}<div dir="ltr" align="left"><code>{shown}</code></div>{_escaped(trail)}'
    if len(core) <= 40:
        # Browsers break a line after these too: pieces of a formula in the wrong order, among Arabic.
        shown = shown.replace(" ", "&nbsp;").replace("\\", "\\&#8288;").replace("-", "-&#8288;")
    return f'{_escaped(lead)}<code dir="ltr">{shown}</code>{_escaped(trail)}'


def _escaped(text: str) -> str:
    """`$` as an entity, so that no renderer takes it for mathematics; indentation is kept."""
    lines = html.escape(text).replace("$", "&#36;").split("\n")
    return "<br>".join("&nbsp;" * (len(line) - len(line.lstrip(" "))) + line.lstrip(" ") for line in lines)
