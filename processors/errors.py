"""The errors that a user sees: one line each, no traceback.

Every class takes exactly one string, so that an error raised in a worker process survives pickling.
"""

import sys


class SmolKalamError(Exception):
    """Base of all errors raised on purpose. The command line prints the message and exits with `exit_code`."""

    exit_code = 1


class InputError(SmolKalamError):
    """What the user gave (a file, a row, an argument) cannot be used: says where, what was expected, what to do."""

    exit_code = 2


class RecipeError(InputError):
    """The recipe is invalid: names the file, the key, what was expected and the nearest valid name."""


class CountError(SmolKalamError):
    """Rows read differ from rows kept plus rows dropped: a row was lost or doubled, so the build must not be used."""


class EngineError(SmolKalamError):
    """The inference server cannot be used at all (unreachable, wrong model, rejected key): the run stops."""


class CeilingReached(EngineError):
    """A run or a translator has cost what it may: the run stops, and goes on when the recipe allows more."""

    exit_code = 3


def tell(error: SmolKalamError) -> None:
    """An error on stderr, as every command of ours tells it: each of its lines under the program's name."""
    for line in str(error).splitlines():
        print(f"smolkalam: {line}", file=sys.stderr, flush=True)


def one_line(error: BaseException, most: int = 200) -> str:
    """What a library says of an error, on one line of at most `most` characters, to be shown in one of ours."""
    return " ".join(str(error).split())[:most]


def first_error(errors: BaseExceptionGroup) -> BaseException:
    """The first error of a task group, however deep in groups of groups it lies."""
    first = errors.exceptions[0]
    return first_error(first) if isinstance(first, BaseExceptionGroup) else first
