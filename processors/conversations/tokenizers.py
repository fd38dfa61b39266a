"""Tokenizers that count: for the budget of a chunk, and for the token columns of the statistics."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakSet

from processors.errors import InputError, one_line

if TYPE_CHECKING:
    from tokenizers import Tokenizer

APPROXIMATE = "approximate"
# To a server that is there a connection takes a fraction of a second.
CONNECT_S = 3.0
_APPROXIMATE: "WeakSet[Tokenizer]" = WeakSet()

# Words in pieces of at most eight letters (three outside Latin script), numbers in threes, signs in threes, lines and
# runs of spaces. Measured: 1.04 times the tokens of cl100k_base on English news, 1.08 on chats, 1.11 on Python code;
# on Arabic 1.09 times those of o200k_base, half of those of cl100k_base.
_PIECES = (
    r" ?[A-Za-z]{1,8}| ?(?:[^\P{L}A-Za-z]\p{M}{0,4}){1,3}|\p{N}{1,3}| ?[^\s\p{L}\p{N}\p{M}]{1,3}"
    r"|\r?\n{1,16}| {1,16}|\p{M}{1,4}|\s"
)


def load_tokenizer(name: str) -> "Tokenizer":
    """The tokenizer `name`, with truncation and padding off (either would lose or invent text).

    `name` is "approximate" (built in: nothing is read or downloaded), the path of a `tokenizer.json` or of a folder
    with one, or a model of the Hub. Raises InputError when there is no such tokenizer or the Hub cannot be reached.
    Encode with `add_special_tokens=False`.
    """
    from tokenizers import Tokenizer

    if name == APPROXIMATE:
        return _approximate()
    path = Path(name)
    if path.is_dir():
        path /= "tokenizer.json"
    if path.is_file():
        try:
            return _plain(Tokenizer.from_file(str(path)))
        except Exception as error:
            raise InputError(f"{path}: not a tokenizer.json that can be read ({one_line(error)})") from error
    if path.suffix == ".json" or path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
        raise InputError(f"{name}: no such tokenizer; give a tokenizer.json, a folder with one, or a model of the Hub")
    if not _hub_answers():
        # The Hub's client would try for half a minute, for a file that is here already too.
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(name, "tokenizer.json")
        if not isinstance(cached, str):
            raise InputError(
                f"tokenizer {name!r}: not on this machine, and the Hub cannot be reached; check the network and"
                f" HF_HUB_OFFLINE, give the path of a tokenizer.json, or use {APPROXIMATE!r}"
            )
        return _plain(Tokenizer.from_file(cached))
    try:
        return _plain(Tokenizer.from_pretrained(name))
    except Exception as error:
        raise InputError(
            f"tokenizer {name!r}: neither a file nor found on the Hub ({one_line(error)}); check the name and the"
            f" network, give the path of a tokenizer.json, or use {APPROXIMATE!r}"
        ) from error


def _hub_answers() -> bool:
    """Whether the Hub may be asked and takes a connection; a proxy is left to its client."""
    from urllib.request import getproxies

    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    address = urlsplit(constants.ENDPOINT)
    if not address.hostname or getproxies():
        return True
    try:
        port = address.port or (80 if address.scheme == "http" else 443)
        socket.create_connection((address.hostname, port), CONNECT_S).close()
    except OSError:
        return False
    return True


def _plain(tokenizer: "Tokenizer") -> "Tokenizer":
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _approximate() -> "Tokenizer":
    """Every piece is one (unknown) token, so only counts and offsets mean anything."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_PIECES), behavior="isolated")
    _APPROXIMATE.add(tokenizer)
    return tokenizer


def is_approximate(tokenizer: "Tokenizer") -> bool:
    """Whether it is one of those that `load_tokenizer("approximate")` made."""
    return tokenizer in _APPROXIMATE
