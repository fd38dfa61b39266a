"""What a published row says of itself: soft verdicts on the chosen candidate, prose with the shape of code."""

from collections import Counter

from builders.dataset.notes import grounding, note_counters, noted, notes

SOURCE = [{"role": "user", "content": "Delete the fabric named 'network222'."}]
CALL = {
    "role": "assistant",
    "content": '<tool_call>\n{"name": "delete", "arguments": {"name": "network222"}}\n</tool_call>',
}
STORY = [
    {
        "role": "user",
        "content": "    It was a dark night and the wind was in the trees. She went to the door.\n\nGo on.",
    }
]


def check(name: str, *, hard: bool = False) -> dict[str, object]:
    return {"check": name, "hard": hard, "message": 0, "detail": "why"}


def test_notes_are_the_names_of_verdicts_each_once() -> None:
    # A hard one is on what is taken only where the recipe says that its check does not veto: it is told all the more.
    assert notes(SOURCE, [check("numbers"), check("script"), check("numbers"), check("length", hard=True)]) == [
        "numbers",
        "script",
        "length",
    ]
    assert notes(SOURCE, []) == []


def test_prose_with_the_shape_of_code_is_noted() -> None:
    assert notes(STORY, []) == ["prose_in_code"]
    code = [{"role": "user", "content": "Fix it:\n\n    for x in xs:\n        print(x)\n"}]
    assert notes(code, []) == []
    unclosed = [{"role": "user", "content": "```python\nprint(x)\n\nWhat does this code do and why is it so slow?"}]
    assert notes(unclosed, []) == ["prose_in_code"]
    closed = [{"role": "user", "content": "```python\nprint(x)\n```\n\nWhat does this code do?"}]
    assert notes(closed, []) == []


def test_the_share_of_rows_whose_calls_say_what_the_user_said() -> None:
    extra: Counter[str] = Counter()
    extra.update(note_counters("A", [*SOURCE, CALL], []))
    extra.update(note_counters("A", [*SOURCE, CALL], [check("tool_grounding"), check("script")]))
    extra.update(note_counters("A", SOURCE, [check("script")]))
    assert grounding(extra, "A") == (1, 2)
    assert noted(extra, "A") == (2, {"script": 2, "tool_grounding": 1})
    assert noted(extra, "B") == (0, {}) and grounding(extra, "B") == (0, 0)
