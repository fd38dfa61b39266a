"""Rules about what a chat template is given: tools and custom instructions must not vanish in training without a word.

A build promises of every row that `tools` names each tool of `chat_template_kwargs.xml_tools` (which only SmolLM3's
template reads), and, built with `outputs.system_message`, that custom instructions are the row's system message. Here
that is proved, row by row; of another program's dataset without these columns nothing is said.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from builders.dataset.templates import flagged
from hub.rules.findings import Finding, error

if TYPE_CHECKING:
    from hub.rules.parquet import Footer

_COLUMNS = ("chat_template_kwargs", "tools")
# Of a row of conversations, and of one of pairs.
_MESSAGES = ("messages", "prompt")
_BATCH = 512


def check_templates(config: str, splits: Mapping[str, list["Footer"]]) -> Iterator[Finding]:
    """Rows of a config whose tools, or whose custom instructions, a template is not given as the others' are."""
    hidden: list[str] = []
    without: list[str] = []
    with_system = 0
    for split, shards in splits.items():
        number = 0
        for row in (row for shard in shards for row in _rows(shard)):
            place, number = f"{split}, row {number}", number + 1
            if not set(_tools(row)) <= _named(row["tools"]):
                hidden.append(place)
            if said := _instructions(row):
                first = row["messages"][0] if row["messages"] else None
                if first is not None and first["role"] == "system":
                    with_system += first["content"] == said
                elif not flagged(said):
                    without.append(place)
    if hidden:
        seen = f"{len(hidden)} rows ({hidden[0]}) have tools that `tools` does not name: most templates hide them"
        yield error("tools", config, seen, "let the build write them")
    if with_system and without:
        seen = (
            f"{len(without)} rows ({without[0]}) have custom instructions that are no system message, as those of "
            f"{with_system} others are: most templates hide them"
        )
        yield error("system-message", config, seen, "let the build write them")


def _rows(shard: "Footer") -> Iterator[dict[str, Any]]:
    """A file's rows, of the columns that matter; none where some are not there, or it cannot be read (told before)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = set(shard.schema.names)
    said = next((name for name in _MESSAGES if name in names), None)
    if said is None or not set(_COLUMNS) <= names or not _as_built(shard.schema, said):
        return
    leaves = [f"{said}.list.element.role", f"{said}.list.element.content", *_COLUMNS]
    try:
        with pq.ParquetFile(shard.path) as file:
            for batch in file.iter_batches(batch_size=_BATCH, columns=leaves):
                yield from ({"messages": row.pop(said)} | row for row in batch.to_pylist())
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return


def _as_built(schema: Any, said: str) -> bool:
    import pyarrow as pa

    kwargs, messages = schema.field("chat_template_kwargs").type, schema.field(said).type
    return (
        pa.types.is_struct(kwargs)
        and kwargs.get_field_index("xml_tools") >= 0
        and kwargs.get_field_index("custom_instructions") >= 0
        and pa.types.is_list(messages)
        and pa.types.is_struct(messages.value_type)
        and pa.types.is_string(schema.field("tools").type)
    )


def _instructions(row: Mapping[str, Any]) -> str:
    return ((row["chat_template_kwargs"] or {}).get("custom_instructions") or "").strip()


def _tools(row: Mapping[str, Any]) -> list[str]:
    """The names of a row's tools in `xml_tools`; what is no JSON object stays there only, as the card says."""
    return [name for text in (row["chat_template_kwargs"] or {}).get("xml_tools") or () if (name := _name(text))]


def _name(text: str) -> str:
    try:
        tool = json.loads(text)
    except ValueError:
        return ""
    function = tool.get("function", tool) if isinstance(tool, dict) else {}
    return str(function.get("name") or "") if isinstance(function, dict) else ""


def _named(tools: str | None) -> set[str]:
    try:
        found = json.loads(tools or "[]")
    except ValueError:
        return set()
    return {_name(json.dumps(tool)) for tool in found} if isinstance(found, list) else set()
