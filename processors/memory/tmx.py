"""TMX 1.4b, the exchange format of translation memories (LISA OSCAR 2005-04-26, now at gala-global.org/tmx-14b).

Read as a stream, so that a file larger than the memory of the machine can be read; written deterministically.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from processors.atomic_files import replacing_text
from processors.errors import InputError

# The codes inside these elements are the original's own bytes: `<bpt i="1">&lt;b&gt;</bpt>` stands for `<b>`.
_CODE_ELEMENTS = frozenset({"bpt", "ept", "it", "ph", "ut"})
# In these kinds of document the codes are what our messages contain; elsewhere (RTF, MIF) they are noise.
_TEXT_DATATYPES = frozenset({"", "unknown", "plaintext", "html", "xhtml", "xml", "sgml", "markdown", "x-markdown"})
# As CAT tools spell it in their `prop` elements, in small letters.
_APPROVED = frozenset({"yes", "true", "1", "approvedtranslation", "approvedsignoff"})

# XML 1.0, section 2.2: what `Char` leaves out.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CHARACTER_TYPE = re.compile(r"x-char-([0-9A-F]{4})")
# A parser turns a bare \r into \n (XML 1.0, section 2.11), but not a reference to it.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
# Bytes given to the parser at a time.
_BLOCK = 1 << 20


class Entry(NamedTuple):
    """One pair of segments. `approved`: a person signed it, so it wins over pairs that nobody signed."""

    source: str
    target: str
    approved: bool = False
    note: str = ""


class TranslationUnit(NamedTuple):
    """A `<tu>`: (language, segment) for each `<tuv>`, in the order of the file."""

    variants: list[tuple[str, str]]
    approved: bool
    note: str

    def pairs(self, source: str, target: str) -> list[Entry]:
        """Every pair of a segment in `source` with one in `target`; an exact language code goes before a near one."""
        targets = _in_language(self.variants, target)
        return [Entry(s, t, self.approved, self.note) for s in _in_language(self.variants, source) for t in targets]


def same_language(one: str, other: str) -> bool:
    """Whether two BCP 47 codes name one language: `en` ~ `en-US`; scripts, where both name one, must agree."""
    first, second = one.replace("_", "-").lower().split("-"), other.replace("_", "-").lower().split("-")
    if first[0] != second[0]:
        return False
    scripts = [{tag for tag in tags[1:] if len(tag) == 4 and tag.isalpha()} for tags in (first, second)]
    return not (scripts[0] and scripts[1]) or scripts[0] == scripts[1]


def _in_language(variants: list[tuple[str, str]], language: str) -> list[str]:
    exact = [text for code, text in variants if code.replace("_", "-").lower() == language.replace("_", "-").lower()]
    return exact or [text for code, text in variants if same_language(code, language)]


class _Handler:
    """Collects finished units from expat's events; no tree is built, so memory is that of one unit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.units: list[TranslationUnit] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.EntityDeclHandler = self._entity_declared
        self.parser.SkippedEntityHandler = self._entity_skipped
        self._root = False
        self._datatype = self._unit_datatype = ""
        self._depth_in_code = 0
        self._seg = False
        self._text: list[str] = []
        self._language = self._property = ""
        self._variants: list[tuple[str, str]] = []
        self._before = 0
        self._approved = False
        self._note = ""

    def error(self, problem: str, line: int | None = None) -> InputError:
        return InputError(f"{self.path}, line {line or self.parser.CurrentLineNumber}: {problem}")

    def _entity_declared(self, name: str, *_: object) -> None:
        raise self.error(
            f"declares the entity {name!r}, which a memory may not; delete the declaration from the DOCTYPE"
        )

    def _entity_skipped(self, name: str, *_: object) -> None:
        raise self.error(f"uses the undeclared entity '&{name};'; write the character itself or '&#NNNN;'")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._root:
            if name != "tmx":
                raise self.error(f"the root element is <{name}>, expected <tmx>; give a TMX 1.4 file")
            self._root = True
        if self._seg:
            if name in _CODE_ELEMENTS:
                self._depth_in_code += 1
                if (character := _CHARACTER_TYPE.fullmatch(attributes.get("type", ""))) is not None:
                    self._text.append(chr(int(character[1], 16)))
        elif name == "seg":
            self._seg = True
            self._listen()
        elif name == "tuv":
            # TMX 1.1 to 1.3 wrote `lang`.
            self._language = attributes.get("xml:lang") or attributes.get("lang") or ""
            self._before = len(self._variants)
            if not self._language:
                raise self.error('a <tuv> has no xml:lang; add it, for example xml:lang="en"')
        elif name == "tu":
            self._variants, self._approved, self._note = [], False, ""
            self._unit_datatype = attributes.get("datatype", self._datatype).lower()
        elif name in ("prop", "note"):
            self._property = attributes.get("type", "")
            self._listen()
        elif name == "header":
            self._datatype = attributes.get("datatype", "").lower()

    def _listen(self) -> None:
        self._text = []
        self.parser.CharacterDataHandler = self._characters

    def _characters(self, data: str) -> None:
        if self._depth_in_code == 0 or self._unit_datatype in _TEXT_DATATYPES:
            self._text.append(data)

    def _end(self, name: str) -> None:
        if self._seg:
            if name in _CODE_ELEMENTS:
                self._depth_in_code -= 1
            elif name == "seg":
                self._seg = False
                self.parser.CharacterDataHandler = None
                self._variants.append((self._language, "".join(self._text)))
        elif name in ("prop", "note"):
            self.parser.CharacterDataHandler = None
            value = "".join(self._text)
            if name == "note":
                self._note = self._note or value
            elif "approved" in self._property.lower() or "confirmationlevel" in self._property.lower():
                self._approved = self._approved or value.strip().lower() in _APPROVED
        elif name == "tuv":
            if len(self._variants) == self._before:
                raise self.error("a <tuv> has no <seg>, where its text would be; export the memory again as TMX 1.4")
        elif name == "tu":
            self.units.append(TranslationUnit(self._variants, self._approved, self._note))


def read_tmx(path: str | os.PathLike[str]) -> Iterator[TranslationUnit]:
    """The units of a TMX file (1.1 to 1.4b; UTF-8, UTF-16 or a declared 8-bit encoding), in order, as a stream.

    Inline codes (`bpt ept it ph ut`) count as text where the datatype is plain text, HTML or XML, as their content is
    then the original's own; in other datatypes they are left out, as by a tool of TMX level 1. The text of `hi` always
    counts. `srclang` is not looked at: a memory works in both directions, as in CAT tools.
    Raises InputError with file and line for what is not TMX, and for any entity declaration (entity bombs).
    """
    path = Path(path)
    handler = _Handler(path)
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                handler.parser.Parse(block, False)
                yield from handler.units
                handler.units.clear()
            handler.parser.Parse(b"", True)
        yield from handler.units
    except expat.ExpatError as error:
        problem = (
            f"not well-formed XML ({expat.ErrorString(error.code)}); export the memory again, or repair this place"
        )
        raise handler.error(problem, error.lineno) from error
    except (LookupError, ValueError) as error:
        raise handler.error(f"the declared encoding cannot be read ({error}); save the file as UTF-8") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error


def _segment(text: str) -> str:
    escaped = text.translate(_ESCAPES)
    return _NOT_XML.sub(lambda match: f'<ph type="x-char-{ord(match[0]):04X}"/>', escaped)


def write_tmx(path: str | os.PathLike[str], units: Iterable[Entry], *, source: str, target: str) -> int:
    """Writes the units in the order given, replacing `path` at once; returns their number.

    No time and no user name is written: equal units give equal bytes. Characters that XML cannot hold (control
    characters, lone surrogates) travel as `<ph type="x-char-000C"/>`, a placeholder to other tools, and come back
    as they were. White space needs no mark: in `<seg>` all of it is significant (TMX 1.4b, element seg).
    Raises InputError for a note that XML cannot hold.
    """
    count = 0
    from_language, to_language = quoteattr(source), quoteattr(target)
    with replacing_text(path) as stream:
        stream.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx version="1.4">\n'
            '  <header creationtool="smolkalam" creationtoolversion="1" segtype="block" o-tmf="smolkalam"'
            f' adminlang="en" srclang={from_language} datatype="plaintext"/>\n  <body>\n'
        )
        for unit in units:
            stream.write("    <tu>\n")
            if unit.note:
                if _NOT_XML.search(unit.note):
                    raise InputError(f"{path}: the note {unit.note!a} holds a control character; remove it")
                stream.write(f"      <note>{unit.note.translate(_ESCAPES)}</note>\n")
            if unit.approved:
                stream.write('      <prop type="x-approved">yes</prop>\n')
            stream.write(
                f"      <tuv xml:lang={from_language}><seg>{_segment(unit.source)}</seg></tuv>\n"
                f"      <tuv xml:lang={to_language}><seg>{_segment(unit.target)}</seg></tuv>\n    </tu>\n"
            )
            count += 1
        stream.write("  </body>\n</tmx>\n")
    return count
