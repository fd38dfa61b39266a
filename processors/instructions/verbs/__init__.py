"""Arabic verbs by conjugation: in which forms of a verb a written word may be. More roots: `arabic.json`."""

from processors.instructions.verbs.conjugation import IMPERATIVE, PAST, PRESENT
from processors.instructions.verbs.lookup import FORMS, particles, tenses

__all__ = ["FORMS", "IMPERATIVE", "PAST", "PRESENT", "particles", "tenses"]
