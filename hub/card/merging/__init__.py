"""What becomes of a card that is there already: what people wrote in it, and the configs that others pushed, stay."""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from hub.card.merging.kept_sections import is_ours, merge_card, replaced_keys
    from hub.card.merging.other_configs import other_configs, with_other_configs

__all__ = ["is_ours", "merge_card", "other_configs", "replaced_keys", "with_other_configs"]

__getattr__ = handed_on(
    __name__,
    {
        "kept_sections": ["is_ours", "merge_card", "replaced_keys"],
        "other_configs": ["other_configs", "with_other_configs"],
    },
)
