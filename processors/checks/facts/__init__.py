"""Checks of what a text states: names of countries, languages and currencies, letters, negation."""

from processors.checks.facts.letters import check_letters
from processors.checks.facts.names import check_names

__all__ = ["check_letters", "check_names"]
