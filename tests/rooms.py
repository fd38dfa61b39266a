"""Reads a tree of Python files as a house: rooms, floors, and what each file imports. `test_rooms.py` judges it.

Nothing is imported: a file is parsed, so that an import inside a function or under `TYPE_CHECKING` counts like any
other, and a tree of three small files can be judged like the project's own.
"""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """What a rule found: `what` is how an allowance names it, `where` tells a reader more."""

    what: str
    where: str


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, its room (the folder that holds it) and its text."""

    name: str
    path: Path
    text: str

    @property
    def is_room(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def room(self) -> str:
        return self.name if self.is_room or "." not in self.name else self.name.rpartition(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    def imports(self) -> Iterator[str]:
        """Dotted names as they are imported: of `from a import b`, both `a` and `a.b`, as either may be the file."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    package = self.name.split(".")
                    package = package[: len(package) - node.level + self.is_room]
                    base = ".".join([*package, base] if base else package)
                yield from (f"{base}.{alias.name}" for alias in node.names)

    def functions(self) -> Iterator[tuple[str, int]]:
        """Each function with its lines, from `def` to its end; decorators are not counted."""
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1

    def prose(self) -> Iterator[tuple[int, str]]:
        """Comments and docstrings, each with its line."""
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                text = ast.get_docstring(node, clean=False)
                if text:
                    yield node.body[0].lineno, text


@dataclass(frozen=True)
class House:
    """The Python files of some top-level folders (and of single files at the root) below `root`."""

    root: Path
    tops: tuple[str, ...]
    modules: dict[str, Module] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        modules = {}
        for top in self.tops:
            single = self.root / f"{top}.py"
            for path in [single] if single.is_file() else sorted((self.root / top).rglob("*.py")):
                parts = path.relative_to(self.root).with_suffix("").parts
                name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                modules[name] = Module(name, path, path.read_text("utf-8"))
        object.__setattr__(self, "modules", modules)

    @cached_property
    def rooms(self) -> dict[str, list[Module]]:
        """The files of each room, its `__init__` apart."""
        rooms: dict[str, list[Module]] = defaultdict(list)
        for module in self.modules.values():
            rooms[module.room].extend([] if module.is_room else [module])
        return {name: files for name, files in rooms.items() if files}

    @cached_property
    def arrows(self) -> dict[str, set[str]]:
        """Which files of the house each file imports."""
        arrows = {}
        for module in self.modules.values():
            found = {self._file(name) for name in module.imports()}
            arrows[module.name] = {name for name in found if name and name != module.name}
        return arrows

    def _file(self, name: str) -> str:
        """The file that an imported name is, or lies in; "" where it is none of the house."""
        while name and name not in self.modules:
            name = name.rpartition(".")[0]
        return name

    def circles(self) -> list[list[str]]:
        """Sets of files that reach each other by imports: Tarjan's strongly connected components of more than one."""
        order: dict[str, int] = {}
        low: dict[str, int] = {}
        stack: list[str] = []
        found: list[list[str]] = []

        def visit(name: str) -> None:
            order[name] = low[name] = len(order)
            stack.append(name)
            for other in sorted(self.arrows[name]):
                if other not in order:
                    visit(other)
                    low[name] = min(low[name], low[other])
                elif other in stack:
                    low[name] = min(low[name], order[other])
            if low[name] == order[name]:
                circle = stack[stack.index(name) :]
                del stack[stack.index(name) :]
                if len(circle) > 1:
                    found.append(sorted(circle))

        for name in sorted(self.arrows):
            if name not in order:
                visit(name)
        return found


def looks_up(house: House, floors: tuple[tuple[str, ...], ...], rooms: dict[str, tuple[tuple[str, ...], ...]]) -> list:
    """Arrows between rooms that do not go down.

    floors: the top-level names, highest first. rooms: of each of them, its rooms by floors, highest first. An arrow
        to the same floor is a fault too, so that rooms can have no circle.
    """
    height = {top: -number for number, tops in enumerate(floors) for top in tops}
    inside = {room: -number for of_top in rooms.values() for number, floor in enumerate(of_top) for room in floor}
    faults = []
    for name, others in house.arrows.items():
        module = house.modules[name]
        for other in sorted(others):
            start, end = module.room, house.modules[other].room
            top, other_top = start.partition(".")[0], end.partition(".")[0]
            if start == end:
                continue
            unknown = [room for room in (start, end) if room not in inside]
            if unknown:
                faults.append(Fault(unknown[0], "has no floor: give it one in ROOMS of tests/test_rooms.py"))
            elif height[top] <= height[other_top] if top != other_top else inside[start] <= inside[end]:
                faults.append(Fault(f"{start} -> {end}", f"{name} imports {other}"))
    return faults


def circles_of_files(house: House) -> list[Fault]:
    """Each circle, named by the rooms that it lies in."""
    return [
        Fault(" + ".join(sorted({house.modules[name].room for name in circle})), " <-> ".join(circle))
        for circle in house.circles()
    ]


def too_full(house: House, most: int) -> list[Fault]:
    """Rooms with more files than `most`, `__init__.py` apart."""
    return [Fault(room, f"{len(files)} files") for room, files in house.rooms.items() if len(files) > most]


def too_long(house: House, lines_of_file: int, lines_of_function: int) -> list[Fault]:
    """Files and functions with more lines than that."""
    faults = []
    for name, module in house.modules.items():
        lines = module.text.count("\n")
        if lines > lines_of_file:
            faults.append(Fault(name, f"{lines} lines"))
        faults += [
            Fault(f"{name}.{function}", f"{length} lines")
            for function, length in module.functions()
            if length > lines_of_function
        ]
    return faults


def classes_of_one_name(house: House) -> list[Fault]:
    """Class names that stand in two files."""
    homes: dict[str, list[str]] = defaultdict(list)
    for name, module in house.modules.items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(name)
    return [Fault(name, " and ".join(files)) for name, files in homes.items() if len(files) > 1]


def says_nothing(house: House) -> list[Fault]:
    """Rooms whose `__init__` has no docstring, or hands on no name (`__all__`)."""
    faults = []
    for room in house.rooms:
        module = house.modules[room]
        if not module.is_room or "." not in room:
            continue
        named = [
            target.id
            for node in module.tree.body
            for target in (node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)])
            if isinstance(target, ast.Name)
        ]
        missing = [] if ast.get_docstring(module.tree) else ["no docstring"]
        missing += [] if "__all__" in named else ["no __all__"]
        if missing:
            faults.append(Fault(room, ", ".join(missing)))
    return faults


def mirrors_nothing(tests: Path, root: Path) -> list[Fault]:
    """Test files in a folder that is no room of the product."""
    faults = []
    for path in sorted(tests.rglob("test_*.py")):
        folder = path.parent.relative_to(tests)
        if folder.parts and folder.parts[0] != "standins" and not (root / folder).is_dir():
            faults.append(Fault(str(path.relative_to(tests)), f"{folder} is no room"))
    return faults


_FOREIGN = re.compile(r"\bdesign (?:section|document)\b|(?<![\w/.])\.\./[\w./-]+", re.IGNORECASE)
_MARKDOWN = re.compile(r"(?<![\w./*<>-])(\w[\w./-]*\.md)\b")


def names_of_nothing(where: str, line: int, text: str, root: Path, tops: tuple[str, ...]) -> list[Fault]:
    """Documents, files and modules that a text names and the tree has not.

    A path counts where it begins with one of the project's folders, a dotted name likewise; a Markdown file always,
    by its path or its name alone.
    """
    folders = "|".join([*tops, "tests", "benchmarks", "docs", "examples"])
    faults = [match.group() for match in _FOREIGN.finditer(text)]
    documents = {path.name for path in [*root.glob("*.md"), *root.glob("*/*.md"), *root.glob("*/*/*.md")]}
    faults += [name for name in _MARKDOWN.findall(text) if name.rpartition("/")[2] not in documents]
    for path in re.findall(rf"(?<![\w./:~-])((?:{folders})(?:/[\w.-]+)+\.(?:py|ya?ml|json|jsonl|tsv|tmx|sh))\b", text):
        faults += [] if (root / path).exists() else [path]
    for name in re.findall(rf"(?<![\w./:~-])((?:{folders})(?:\.[a-z_]\w*)+)\b(?![\w*]*[/(])", text):
        top, first = name.split(".")[:2]
        if first not in ("py", "md") and not ((root / top / first).exists() or (root / top / f"{first}.py").exists()):
            faults.append(name)
    return [Fault(f"{where}: {name}", f"line {line}") for name in faults]
