"""Code, tags, flags, lists, tables and calls broken: what plain sentences lack, and a fault brings along."""

from __future__ import annotations

from benchmarks.checks.faults.text import Kind, Pair, Random, on_pair

_CODE = "```python\ndef area(r):\n    return 3.14159 * r * r\n```"


def lost_code_block(source: str, target: str, rng: Random) -> Pair | None:
    return f"{source}\n\n{_CODE}\n", target + "\n"


def changed_code(source: str, target: str, rng: Random) -> Pair | None:
    return f"{source}\n\n{_CODE}\n", f"{target}\n\n{_CODE.replace('area', 'المساحة')}\n"


def lost_protected(source: str, target: str, rng: Random) -> Pair | None:
    """One of a URL, inline code, a formula, an e-mail or a placeholder is lost."""
    span = rng.choice(("https://example.org/a?b=1", "`pip install x`", "$x^2 + y^2$", "a.b@example.org", "{{name}}"))
    return f"{source} {span}", target


def changed_protected(source: str, target: str, rng: Random) -> Pair | None:
    span, wrong = rng.choice(
        (
            ("https://example.org/page", "https://example.org/صفحة"),
            ("`for i in range(3)`", "`لكل i في range(3)`"),
            ("$x^2 + y^2$", "$x^2 - y^2$"),
            ("\\boxed{72}", "\\boxed{27}"),
            ("{{user_name}}", "{{اسم_المستخدم}}"),
        )
    )
    return f"{source} {span}", f"{target} {wrong}"


def flag_altered(source: str, target: str, rng: Random) -> Pair | None:
    """/think or /no_think translated, dropped or turned into the other one."""
    flag = rng.choice(("/think", "/no_think"))
    other = "/no_think" if flag == "/think" else "/think"
    wrong = rng.choice((" /فكر", " /لا_تفكر", "", f" {other}", " تفكير/"))
    return f"{source} {flag}", target + wrong


def lost_list_item(source: str, target: str, rng: Random) -> Pair | None:
    left, right = _listed(source, rng), _listed(target, rng)
    if left is None or right is None:
        return None
    del right[rng.randrange(len(right))]
    return "\n".join(left), "\n".join(right)


def wrong_heading_level(source: str, target: str, rng: Random) -> Pair | None:
    return f"# One\n\n{source}\n\n## Two\n\n{source}", f"# واحد\n\n{target}\n\n# اثنان\n\n{target}"


def lost_cell(source: str, target: str, rng: Random) -> Pair | None:
    """A row of a table with one cell less."""
    head = "| a | b |\n|---|---|\n"
    return f"{head}| {source} | c |\n| d | e |", f"{head}| {target} |\n| د | هـ |"


def lost_bold(source: str, target: str, rng: Random) -> Pair | None:
    return f"**Note:** {source}", f"ملاحظة: {target}"


def _listed(text: str, rng: Random) -> list[str] | None:
    """The text's words as a list of four items, bulleted or numbered."""
    words = text.split()
    if len(words) < 8:
        return None
    step = -(-len(words) // 4)
    pieces = [" ".join(words[i : i + step]) for i in range(0, len(words), step)]
    return [f"- {piece}" for piece in pieces]


def lost_heading(source: str, target: str, rng: Random) -> Pair | None:
    return f"## Part\n\n{source}\n\n## End\n\n{source}", f"## الجزء\n\n{target}\n\nالنهاية\n\n{target}"


def broken_tag(source: str, target: str, rng: Random) -> Pair | None:
    """Tags around the text, of which one is lost or translated."""
    wrong = rng.choice((f"<think>{target}", f"<فكر>{target}</فكر>", f"{target}</think>", target))
    return f"<think>{source}</think>", wrong


def broken_json(source: str, target: str, rng: Random) -> Pair | None:
    """A tool call with a translated key, a lost bracket or a changed number."""
    good = '{"name": "search", "arguments": {"query": "hotel", "limit": 5, "open": true}}'
    wrong = rng.choice(
        (
            good.replace('"query"', '"استعلام"'),
            good[:-1],
            good.replace("5", "6"),
            good.replace('"search"', '"بحث"'),
            good.replace("true", "صحيح"),
            good.replace('", ', "، "),
        )
    )
    return f"{source}\n<tool_call>\n{good}\n</tool_call>", f"{target}\n<tool_call>\n{wrong}\n</tool_call>"


def lost_placeholder(source: str, target: str, rng: Random) -> Pair | None:
    name = rng.choice(("{name}", "%s", "${total}", "{{date}}", "%(count)d"))
    return f"{source} {name}", f"{target} {rng.choice(('', '{اسم}', 'الاسم'))}".rstrip()


_SMALL = frozenset({"lost_bold", "wrong_heading_level", "lost_cell"})

KINDS = [
    Kind(plant.__name__, on_pair(plant), plant.__name__ not in _SMALL)
    for plant in (
        lost_code_block, changed_code, lost_protected, changed_protected, flag_altered, lost_list_item,
        wrong_heading_level, lost_cell, lost_bold, lost_heading, broken_tag, broken_json, lost_placeholder,
    )
]  # fmt: skip
