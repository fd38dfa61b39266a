"""Where a recipe's paths lead in a schema, and what is told of one that leads nowhere."""

import pyarrow as pa
import pytest

from processors.errors import InputError
from processors.fields.paths import leaves

OPTION = pa.struct([("text", pa.string()), ("score", pa.int32())])
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("question", pa.string()),
        ("choices", pa.list_(pa.string())),
        ("arc", pa.struct([("text", pa.list_(pa.string())), ("label", pa.list_(pa.string()))])),
        ("options", pa.struct([("A", pa.string()), ("B", pa.large_string())])),
        ("scored", pa.list_(OPTION)),
        ("answer", pa.string()),
        ("meta.hint", pa.string()),
    ]
)


def ways(fields: list[str], verbatim: tuple[str, ...] = ()) -> list[str]:
    found = leaves(SCHEMA, fields, verbatim)
    return [".".join([leaf.column, *(step.name or "*" for step in leaf.steps)]) for leaf in found]


def test_paths_lead_into_structs_and_lists() -> None:
    fields = ["question", "choices.*", "arc.text.*", "options.*", "scored.*.text", "meta.hint"]

    assert ways(fields) == [
        "question", "choices.*", "arc.text.*", "options.A", "options.B", "scored.*.text", "meta.hint",
    ]  # fmt: skip


def test_what_is_verbatim_is_left_out_of_what_a_star_stands_for() -> None:
    assert ways(["arc.*.*"], ("arc.label",)) == ["arc.text.*"]
    assert ways(["scored.*.*"], ("scored.*.score", "id")) == ["scored.*.text"]
    assert ways(["*"], ("id", "choices", "arc", "options", "scored")) == ["question", "answer", "meta.hint"]


@pytest.mark.parametrize(
    ("fields", "verbatim", "told"),
    [
        (["qestion"], (), "source.fields: there is no column 'qestion'; the nearest is 'question', of id, question,"),
        (["choices[*].text"], (), "there is no column 'choices[*]'; a list's entries are written choices.*.text"),
        (["question"], ("anser",), "source.verbatim: there is no column 'anser'; the nearest is 'answer'"),
        (["question.text"], (), "'question.text' goes into 'question', which is string and has nothing inside; write"),
        (["choices"], (), "source.fields: 'choices' is a list; write choices.* for its entries"),
        (["choices.0"], (), "source.fields: 'choices' is a list; write choices.* for its entries"),
        (["scored.text"], (), "source.fields: 'scored' is a list; write scored.*.text for its entries"),
        (["scored.*.txt"], (), "source.fields: 'scored.*' has no field 'txt'; the nearest is 'text', of text, score"),
        (["arc"], (), "source.fields: 'arc' is a struct; write arc.text, or arc.* for all of its fields"),
        (["arc.*"], (), "source.fields: 'arc.*' leads to 'arc.text', which is a list; write arc.text.* for its"),
        (["id"], (), "source.fields: 'id' is int64, expected text; leave it out: what source.fields does not name is"),
        (
            ["scored.*.*"],
            (),
            "leads to 'scored.*.score', which is int32, expected text; name scored.*.score in source",
        ),
        (["answer"], ("answer",), "'answer' is in source.fields and in source.verbatim; leave it out of one of them"),
        (["choices.*"], ("choices",), "'choices.*' is in source.fields and in source.verbatim"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_with_what_to_write(
    fields: list[str], verbatim: tuple[str, ...], told: str
) -> None:
    with pytest.raises(InputError) as caught:
        leaves(SCHEMA, fields, verbatim)

    assert told in str(caught.value) and "\n" not in str(caught.value)
