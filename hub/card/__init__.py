"""The dataset card: front matter, sections, plots and changelog, from a build and from what people wrote before.

To add a section: a function in `sections.py` (or a file of its own) that returns Markdown, and a line in `write.py`,
in the order of the card. Scores come from `processors.scoring.columns`. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.card.changelog import changelog, read_statistics, with_changelog
    from hub.card.kept_sections import is_ours, merge_card, replaced_keys
    from hub.card.loading import named_as
    from hub.card.write import write_card

__all__ = [
    "changelog",
    "is_ours",
    "merge_card",
    "named_as",
    "read_statistics",
    "replaced_keys",
    "with_changelog",
    "write_card",
]

# Imported when asked for: commands that write no card need neither YAML nor plots.
_LATER = {
    "changelog": "changelog",
    "read_statistics": "changelog",
    "with_changelog": "changelog",
    "is_ours": "kept_sections",
    "merge_card": "kept_sections",
    "replaced_keys": "kept_sections",
    "named_as": "loading",
    "write_card": "write",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
