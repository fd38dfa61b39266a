"""Licences: under which terms a build's source and its translators' output may be used, as far as anybody said.

To add a model, a service or a source: an entry of `known.json`, with what it rests on; the first that matches counts.
What a recipe says (`terms`) comes before it. Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.licences.known import (
        dataset_licence,
        dataset_title,
        output_terms,
        source_terms,
        source_title,
        split_part,
        training_warnings,
    )
    from builders.licences.provenance import PROVENANCE, provenance_of

__all__ = [
    "PROVENANCE",
    "dataset_licence",
    "dataset_title",
    "output_terms",
    "provenance_of",
    "source_terms",
    "source_title",
    "split_part",
    "training_warnings",
]

__getattr__ = handed_on(
    __name__,
    {
        "known": [
            "dataset_licence",
            "dataset_title",
            "output_terms",
            "source_terms",
            "source_title",
            "split_part",
            "training_warnings",
        ],
        "provenance": ["PROVENANCE", "provenance_of"],
    },
)
