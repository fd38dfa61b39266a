"""Arrow schemas of everything that a build writes.

Always explicit: with an inferred schema datatrove's Parquet writer loses rows in silence when a later row's type
differs, and the viewer breaks on a split whose columns differ from the card's.
"""

from collections.abc import Sequence
from typing import Any

from processors.scoring.columns import NAMES, columns_with

# The score columns of a build without further models.
USUAL = columns_with(())


def messages() -> Any:
    """`list<struct<content, role>>`, in SmolTalk2's order of fields."""
    import pyarrow as pa

    return pa.list_(pa.struct([("content", pa.string()), ("role", pa.string())]))


def chat_template_kwargs() -> Any:
    """SmolTalk2's template arguments; tool schemas stay strings, for they differ from row to row."""
    import pyarrow as pa

    return pa.struct(
        [
            ("custom_instructions", pa.string()),
            ("enable_thinking", pa.bool_()),
            ("python_tools", pa.list_(pa.string())),
            ("xml_tools", pa.list_(pa.string())),
        ]
    )


def scan() -> Any:
    """Rows that a cut may take: their number in the split, stratum and sampling key."""
    import pyarrow as pa

    return pa.schema([("id", pa.string()), ("stratum", pa.string()), ("key", pa.uint64())])


def source() -> Any:
    """A row of SmolTalk2's config `SFT`."""
    import pyarrow as pa

    return pa.schema(
        [("messages", messages()), ("chat_template_kwargs", chat_template_kwargs()), ("source", pa.string())]
    )


def sides() -> Any:
    """Which of a pair's messages are whose (`processors.conversations.sides`)."""
    import pyarrow as pa

    return pa.struct([("prompt", pa.int32()), ("chosen", pa.int32())])


def selected(carry: Sequence[str] = (), pairs: bool = False) -> Any:
    """A source row that is translated, with the further columns that the recipe carries; of pairs with its `sides`."""
    import pyarrow as pa

    more = [("sides", sides())] if pairs else []
    return pa.schema([("id", pa.string()), *source(), *more, *((name, pa.string()) for name in carry)])


def chunk_place() -> Any:
    import pyarrow as pa

    return pa.struct(
        [
            ("role", pa.string()),
            ("message", pa.int32()),
            ("part_type", pa.string()),
            ("part", pa.int32()),
            ("chunk", pa.int32()),
            ("chunks", pa.int32()),
            ("origin", pa.string()),
            ("source_start", pa.int32()),
            ("source_end", pa.int32()),
            ("target_start", pa.int32()),
            ("target_end", pa.int32()),
        ]
    )


def candidate() -> Any:
    """One translator's candidate; a failed one is not here but among the dropped, with its reason."""
    import pyarrow as pa

    return pa.schema(
        [
            ("id", pa.string()),
            ("messages", messages()),
            ("custom_instructions", pa.string()),
            ("chunks", pa.list_(chunk_place())),
            # The verdicts on the messages, and the rules that they were found by (`processors.checks.once`).
            ("checks", pa.list_(verdict())),
            ("checked_by", pa.string()),
        ]
    )


def donor() -> Any:
    """What is good in a conversation that one translator failed: its chunks by their places, null for one that failed.

    `message` is -1 for the custom instructions.
    """
    import pyarrow as pa

    chunk = pa.struct(
        [
            ("message", pa.int32()),
            ("source_start", pa.int32()),
            ("source_end", pa.int32()),
            ("origin", pa.string()),
            ("target", pa.string()),
        ]
    )
    return pa.schema([("id", pa.string()), ("chunks", pa.list_(chunk))])


def opinions() -> Any:
    """A scorer's score of each candidate of a row; null where it gave none."""
    import pyarrow as pa

    score = pa.struct([("translator", pa.string()), ("score", pa.float64())])
    return pa.schema([("id", pa.string()), ("scores", pa.list_(score))])


def segments() -> Any:
    """Whose each passage of a conversation is, where it was put together: code points in the translated message.

    Null for a conversation of one translator. `message` is -1 for the custom instructions.
    """
    import pyarrow as pa

    fields = [("message", pa.int32()), ("start", pa.int32()), ("end", pa.int32()), ("translator", pa.string())]
    return pa.list_(pa.struct(fields))


def verdict() -> Any:
    import pyarrow as pa

    return pa.struct([("check", pa.string()), ("hard", pa.bool_()), ("message", pa.int32()), ("detail", pa.string())])


def scores(columns: Sequence[str] = USUAL) -> list[tuple[str, Any]]:
    """What a reader of a row may know of each candidate: null where there is no candidate, or nothing to say of it."""
    import pyarrow as pa

    return [("translator", pa.string()), *_score_columns(columns), ("checks", pa.list_(verdict()))]


def _score_columns(columns: Sequence[str]) -> list[tuple[str, Any]]:
    import pyarrow as pa

    return [(name, pa.float64()) for name in columns]


def by_side(columns: Sequence[str] = ("LR", "SCR", "quality")) -> Any:
    """What is known of each side of a pair's candidate: its scores, and the tokens of its answer."""
    import pyarrow as pa

    side = pa.struct([*_score_columns(columns), ("tokens", pa.int64())])
    return pa.struct([("chosen", side), ("rejected", side)])


def ranked_unit(pairs: bool = False) -> Any:
    """A row with all its candidates and the choice for each config; the build stage only copies from it.

    Of `pairs` also which messages are whose, what is known of each side, and the tokens of the source's answers.
    """
    import pyarrow as pa

    full = pa.struct(
        [
            *scores(NAMES),
            ("messages", messages()),
            ("custom_instructions", pa.string()),
            ("tokens", pa.int64()),
            ("segments", segments()),
            *([("by_side", by_side())] if pairs else []),
        ]
    )
    choice = pa.struct(
        [
            ("config", pa.string()),
            ("translator", pa.string()),
            # Where it is none of the candidates as a whole: its place among those that were put together.
            ("combined", pa.int32()),
            ("reason", pa.string()),
            # One a candidate, in their order: what decided for or against it.
            ("decisions", pa.list_(pa.string())),
        ]
    )
    lists = [("candidates", full), ("combined", full), ("choices", choice)]
    of_source = pa.struct([("chosen", pa.int64()), ("rejected", pa.int64())])
    more = [("source_tokens", of_source)] if pairs else []
    return pa.schema(
        [*selected(pairs=pairs), *more, *((name, pa.list_(one)) for name, one in lists), ("sketches", sketches())]
    )


def sketches() -> Any:
    """What duplicates are found by (`processors.duplicates`): of the source, and of what each config takes."""
    import pyarrow as pa

    taken = [(name, pa.binary()) for name in ("digest", "text", "answer")]
    return pa.struct(
        [
            ("source_text", pa.binary()),
            ("source_answer", pa.binary()),
            ("taken", pa.list_(pa.struct([("config", pa.string()), *taken]))),
        ]
    )


def built_source(pairs: bool = False) -> list[tuple[str, Any]]:
    """The first columns of a built row: the source's, and of `pairs` TRL's, with the prompt apart from the sides."""
    import pyarrow as pa

    said = [("messages", messages())]
    if pairs:
        said = [(name, messages()) for name in ("prompt", "chosen", "rejected")]
    kwargs = [("chat_template_kwargs", chat_template_kwargs()), ("source", pa.string())]
    return [("id", pa.string()), *said, *kwargs]


def ranked(
    combined: bool = False, carry: Sequence[str] = (), scored: Sequence[str] = USUAL, pairs: bool = False
) -> Any:
    """A row of `SFT_<translator>_ranked`: the published dataset's columns first, then ours, then the carried ones.

    `combined`: with `segments`, in a build some of whose rows are put together from several translators' candidates.
    `scored`: the score columns that this build has. `pairs`: rows are preference pairs, with `by_side`.
    """
    import pyarrow as pa

    candidates = pa.struct(
        [*scores(scored), ("chosen", pa.bool_()), ("decision", pa.string()), ("decided", pa.string())]
    )
    return pa.schema(
        [
            *built_source(pairs),
            *_score_columns(scored),
            ("translator", pa.string()),
            ("noted", pa.list_(pa.string())),
            ("candidates", pa.list_(candidates)),
            ("tokens", pa.int64()),
            ("turns", pa.int32()),
            ("tools", pa.string()),
            *([("by_side", by_side())] if pairs else []),
            *([("segments", segments())] if combined else []),
            *((name, pa.string()) for name in carry),
        ]
    )


def parallel(
    combined: bool = False, carry: Sequence[str] = (), scored: Sequence[str] = USUAL, pairs: bool = False
) -> Any:
    """A row of `parallel`: the English beside every candidate, then what is carried. Arguments as of `ranked`.

    A candidate's messages are its `translation`: exploded, the column would bear the name of the English ones.
    """
    import pyarrow as pa

    more = [("segments", segments())] if combined else []
    names = _TRANSLATED[1:] if pairs else _TRANSLATED[:1]
    said = [(name, messages()) for name in names]
    candidates = pa.struct([*scores(scored), *said, ("custom_instructions", pa.string()), *more])
    carried = [(name, pa.string()) for name in carry]
    return pa.schema([*built_source(pairs), ("candidates", pa.list_(candidates)), *carried])


# What of a candidate only `parallel` has: of conversations and fields, and of pairs.
_TRANSLATED = ("translation", "translated_prompt", "translated_chosen", "translated_rejected")


def is_parallel(schema: Any) -> bool:
    """Whether these are the columns of `parallel`, of any build: the source's, with the translations beside them."""
    import pyarrow as pa

    for name in {"candidates", f"{OWN}candidates"} & set(schema.names):
        kind = schema.field(name).type
        if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
            known = {kind.value_type.field(i).name for i in range(kind.value_type.num_fields)}
            return "translator" in known and not known.isdisjoint(_TRANSLATED)
    return False


# What the columns begin with that a build adds to a source which is read by its fields: no column of that may.
OWN = "kalam_"


def field_segments() -> Any:
    """As `segments`, of a row of fields: `field` is the text's place in the row."""
    import pyarrow as pa

    fields = [("field", pa.string()), ("start", pa.int32()), ("end", pa.int32()), ("translator", pa.string())]
    return pa.list_(pa.struct(fields))


def _field_scores(scored: Sequence[str]) -> list[tuple[str, Any]]:
    """As `scores`, of a row of fields: a verdict has the text's place in the row."""
    import pyarrow as pa

    verdict = [("check", pa.string()), ("hard", pa.bool_()), ("field", pa.string()), ("detail", pa.string())]
    return [("translator", pa.string()), *_score_columns(scored), ("checks", pa.list_(pa.struct(verdict)))]


def field_columns(combined: bool = False, scored: Sequence[str] = USUAL) -> Any:
    """What a ranked config adds to the columns of a source that is read by its fields. Arguments as of `ranked`."""
    import pyarrow as pa

    candidates = [*_field_scores(scored), ("chosen", pa.bool_()), ("decision", pa.string()), ("decided", pa.string())]
    columns = [
        ("id", pa.string()),
        *_score_columns(scored),
        ("translator", pa.string()),
        ("noted", pa.list_(pa.string())),
        ("candidates", pa.list_(pa.struct(candidates))),
        ("tokens", pa.int64()),
        ("texts", pa.int32()),
        *([("segments", field_segments())] if combined else []),
    ]
    return pa.schema([(f"{OWN}{name}", kind) for name, kind in columns])


def field_parallel(combined: bool = False, scored: Sequence[str] = USUAL) -> Any:
    """What `parallel` adds to the English columns: every candidate's translation, text by text."""
    import pyarrow as pa

    translation = pa.list_(pa.struct([("field", pa.string()), ("text", pa.string())]))
    more = [("segments", field_segments())] if combined else []
    candidates = pa.struct([*_field_scores(scored), ("translation", translation), *more])
    return pa.schema([(f"{OWN}id", pa.string()), (f"{OWN}candidates", pa.list_(candidates))])


PARALLEL = "parallel"
# Raised when a column of the two above comes, goes or is renamed: the build stage of an older run is done again.
DATASET_COLUMNS = 2
