"""Figures of the house: how long, how full, how documented and how branched the product's code is.

    python -m benchmarks.house [FOLDER]

FOLDER is a checkout (default: this one). The product is `smolkalam`, `processors`, `builders`, `hub` and
`model_recipes`; what each figure counts stands beside it. Branches are counted twice: as ruff's C901 does, which CI
limits, and with each `and`, `or`, `if` inside an expression and loop of a comprehension too, which is what a reader
has to follow.
"""

import ast
import io
import json
import re
import statistics
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PRODUCT = ("smolkalam", "processors", "builders", "hub", "model_recipes")
Function = ast.FunctionDef | ast.AsyncFunctionDef
_FORKS = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case, ast.Assert)


def modules(root: Path) -> dict[Path, str]:
    """The product's files that hold anything, with their texts."""
    paths = [root / name for name in PRODUCT]
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))]
    texts = {file: file.read_text("utf-8") for file in files}
    return {file: text for file, text in texts.items() if text.strip()}


def definitions(tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """Functions and classes, and whether each is public: no name on the way to it begins with an underscore."""

    def walk(node: ast.AST, public: bool) -> Iterator[tuple[ast.AST, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                here = public and not child.name.startswith("_")
                yield child, here
                yield from walk(child, here and isinstance(child, ast.ClassDef))
            else:
                yield from walk(child, public)

    return walk(tree, True)


def complexities(root: Path) -> list[int]:
    """The cyclomatic complexity of each function, as ruff counts it."""
    limit = "lint.mccabe.max-complexity=0"
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "C901", "--config", limit]
    command += ["--output-format", "json", "--exit-zero", *(name for name in PRODUCT if (root / name).exists())]
    found = json.loads(subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout)
    return [int(re.search(r"\((\d+) >", each["message"])[1]) for each in found]  # type: ignore[index]


def branches(function: ast.AST) -> int:
    """Ways through a function: every place where it may go on in two ways, and one."""
    count = 1
    for node in ast.walk(function):
        if isinstance(node, ast.comprehension):
            count += 1 + len(node.ifs)
        elif isinstance(node, ast.BoolOp):
            count += len(node.values) - 1
        else:
            count += isinstance(node, _FORKS)
    return count


def comment_lines(text: str) -> int:
    """Lines with a comment, alone or behind code."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return len({token.start[0] for token in tokens if token.type == tokenize.COMMENT})


def figures(root: Path) -> dict[str, str]:
    """The table, by row."""
    texts = modules(root)
    lines = [text.count("\n") for text in texts.values()]
    folders = Counter(file.parent for file in texts if file.name != "__init__.py")
    found = [each for text in texts.values() for each in definitions(ast.parse(text))]
    public = [node for node, shown in found if shown]
    functions = [node for node, _ in found if isinstance(node, Function)]
    returns = sum(node.returns is not None for node in functions)
    documented = sum(ast.get_docstring(node) is not None for node in public)  # type: ignore[arg-type]
    long = sum((node.end_lineno or 0) - node.lineno + 1 > 60 for node in functions)
    ways = sorted((branches(node), node.name) for node in functions)
    by_ruff = complexities(root)
    comments = sum(comment_lines(text) for text in texts.values())
    fullest, files = folders.most_common(1)[0]
    return {
        "modules, lines": f"{len(texts)}, {sum(lines):,}",
        "median / longest module": f"{statistics.median(lines):.0f} / {max(lines)} lines",
        "files in the fullest folder": f"{files} ({fullest.relative_to(root)}), __init__ apart",
        "public docstrings": f"{documented / len(public):.0%} of {len(public)} public functions, methods and classes",
        "return types": f"{returns / len(functions):.0%} of {len(functions):,} functions",
        "functions over 60 lines": f"{long / len(functions):.1%} ({long})",
        "cyclomatic over 10 / worst": f"{sum(n > 10 for n, _ in ways) / len(ways):.1%} / {ways[-1][0]} "
        f"({ways[-1][1]})",
        "the same by ruff's C901": f"{sum(n > 10 for n in by_ruff) / len(by_ruff):.1%} / {max(by_ruff)}",
        "comment lines": f"{comments / sum(lines):.1%}",
    }


def main(root: Path) -> None:
    table = figures(root)
    width = max(map(len, table))
    for name, value in table.items():
        print(f"{name:{width}}  {value}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
