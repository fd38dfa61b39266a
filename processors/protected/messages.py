"""ICU's messages: `{count, plural, one {# file} other {# files}}`, in which texts are translated and the rest stays.

The head, the selectors and the braces are protected, each by itself. A language has plural forms of its own, so a
translation may have others than English (`plural_form`); the name, the kind, exact values, what `select` chooses among
and `other` have to be there.
"""

import re

_SIGN = re.compile(r",\s{0,5}(?:plural|select(?:ordinal)?)\s{0,5},")
_HEAD = re.compile(
    r"\{\s{0,5}[\w.]{1,60}\s{0,5},\s{0,5}(?:plural|select(?:ordinal)?)\s{0,5},(?:\s{0,5}offset:\d{1,3})?"
)
_SELECTOR = re.compile(r"\s{0,40}(?:=\d{1,9}|\w{1,40})\s{0,5}\{")
_BRACE = re.compile(r"[{}]")
_END = re.compile(r"\s{0,40}\}")
_FORM = re.compile(r"\s*(?:zero|one|two|few|many)\s*\{")
# Messages in messages in messages; what is deeper is no message.
_DEEPEST = 5

Piece = tuple[int, int, str]


def icu_pieces(text: str) -> list[Piece]:
    """Where heads, selectors and closing braces of whole messages stand, as spans of `processors.protected.find`."""
    pieces: list[Piece] = []
    position = 0
    while (sign := _SIGN.search(text, position)) is not None:
        position = sign.end()
        start = text.rfind("{", max(0, sign.start() - 70), sign.start())
        if start >= (pieces[-1][1] if pieces else 0):
            message = _Message(text, start)
            if message.whole:
                pieces += [(*found, "placeholder") for found in message.pieces]
            # Of what is not whole nothing is read twice: the time stays linear.
            position = max(position, message.position)
    return pieces


def count_messages(text: str) -> int:
    """How many whole messages there are, those in others too."""
    return sum(text[start] == "{" for start, _, _ in icu_pieces(text)) if "{" in text and "," in text else 0


def plural_form(text: str) -> bool:
    """Whether a piece is the selector of a plural form or a closing brace, of which a language may have others."""
    return text.strip() == "}" or _FORM.fullmatch(text) is not None


class _Message:
    """A message read from its first brace: its pieces, whether it is whole, and how far was read."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self.pieces: list[tuple[int, int]] = []
        self.position = start
        self.whole = self._message(0)

    def _take(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._text, self.position)
        if found is None:
            return False
        self.pieces.append(found.span())
        self.position = found.end()
        return True

    def _message(self, depth: int) -> bool:
        if depth > _DEEPEST or not self._take(_HEAD):
            return False
        forms = 0
        while self._take(_SELECTOR):
            forms += 1
            if not self._inside(depth):
                return False
        return forms > 0 and self._take(_END)

    def _inside(self, depth: int) -> bool:
        """A form's text, with the messages in it and the brace that closes it."""
        opened = 0
        while (brace := _BRACE.search(self._text, self.position)) is not None:
            self.position = brace.start()
            if brace[0] == "}" and not opened:
                return self._take(_BRACE)
            if brace[0] == "{" and _HEAD.match(self._text, self.position):
                if not self._message(depth + 1):
                    return False
                continue
            opened += 1 if brace[0] == "{" else -1
            self.position = brace.end()
        self.position = len(self._text)
        return False
