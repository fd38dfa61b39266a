"""The dataset card: front matter, sections, plots and changelog, from a build and from what people wrote before.

To add a section: a function in `sections.py` (or a file of its own) that returns Markdown, and a line in `write.py`,
in the order of the card. Scores come from `processors.scoring.columns`. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from hub.card.changelog import changelog, read_statistics, with_changelog
    from hub.card.first_screen import named_as
    from hub.card.merging.kept_sections import is_ours, merge_card, replaced_keys
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
__getattr__ = handed_on(
    __name__,
    {
        "changelog": ["changelog", "read_statistics", "with_changelog"],
        "merging.kept_sections": ["is_ours", "merge_card", "replaced_keys"],
        "first_screen": ["named_as"],
        "write": ["write_card"],
    },
)
