"""What a person wrote in a card survives when the card is written again.

A card ends with a comment that holds a digest of each section as it was generated. So a section that somebody edited
is known from one that only this program wrote:

- sections that we do not write stay, after the section that they followed;
- text between `<!-- keep -->` and `<!-- /keep -->` stays in its section;
- an edited section stays as it is while its generated text would be the same; where that has changed (new figures),
  the new text is written and the edited one is kept below it, closed, for a person to merge;
- keys of the front matter that we do not write stay, and so do tags and task categories.
"""

import json
import re
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import yaml
from markdown_it import MarkdownIt

OPEN, CLOSE = "<!-- keep -->", "<!-- /keep -->"
_KEPT = re.compile(rf"{OPEN}.*?(?:{CLOSE}|\Z)", re.S)
_FRONT = re.compile(r"\A\s*---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.S)
_DIGESTS = re.compile(r"<!-- smolkalam: (\{.*?\}) -->\s*\Z", re.S)
_EDITED = "As edited by hand, before the figures above changed"
_FOREIGN = "From the card that was here before"
# In the front matter of every card of ours.
TAG = "smolkalam"
# Of text that is no translation; it goes with that text.
PSEUDO_TAG = "pseudo-localised"
# Keys of the front matter that a recipe sets, and that people correct on the Hub.
_SETTINGS = {"license": "outputs.license", "pretty_name": "outputs.pretty_name"}
# Lists of the front matter to which people add.
_JOINED = ("tags", "task_categories")


@dataclass(slots=True)
class Section:
    """A part of a card from its heading on; `title` is empty for what stands before the first one."""

    title: str
    text: str


@dataclass(slots=True)
class Card:
    """A card in parts. `digests` are those of the sections as they were generated, by title."""

    front: str = ""
    sections: list[Section] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Card":
        """Any Markdown is a card: without front matter or digests these are empty."""
        text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
        card = cls()
        if match := _FRONT.match(text):
            card.front, text = match[1], text[match.end() :]
        if match := _DIGESTS.search(text):
            try:
                card.digests = {str(k): str(v) for k, v in json.loads(match[1]).items()}
                text = text[: match.start()]
            except ValueError:
                pass
        card.sections = _split(text)
        return card

    def dump(self) -> str:
        """The card as text, with one blank line between its sections."""
        body = "\n\n".join(section.text for section in self.sections if section.text)
        front = f"---\n{self.front}\n---\n\n" if self.front else ""
        marks = f"\n\n<!-- smolkalam: {json.dumps(self.digests, ensure_ascii=False)} -->" if self.digests else ""
        return f"{front}{body}{marks}\n"


def generated(front: str, sections: list[str]) -> str:
    """A card of ours: front matter, what stands before the first heading, and sections that begin with `## `."""
    card = Card(front, _split("\n\n".join(text.strip("\n") for text in sections if text)))
    card.digests = {section.title: _digest(section.text) for section in card.sections}
    return card.dump()


def merge_card(new: str, old: str) -> str:
    """`new` with all that people wrote in `old`. `merge_card(new, merge_card(new, old))` gives the same again."""
    ours, theirs = Card.parse(new), Card.parse(old)
    ours.front = _merge_front(ours.front, theirs.front)
    known = {section.title for section in ours.sections}
    seen: set[str] = set()
    # What comes before any section that we know follows our first: nothing can stand before the introduction.
    after = ours.sections[0].title if ours.sections else ""
    extra: dict[str, list[Section]] = {}
    for section in theirs.sections:
        if section.title in known and section.title not in seen:
            seen.add(section.title)
            after = section.title
            continue
        stale = section.title in theirs.digests and section.title not in seen
        seen.add(section.title)
        kept = section.text
        if stale and _digest(_without_kept(section.text)) == theirs.digests[section.title]:
            # A section that we no longer write, as we wrote it: only what was marked stays.
            kept = "\n\n".join([f"## {section.title}", *_KEPT.findall(section.text)]) if OPEN in section.text else ""
        if kept:
            extra.setdefault(after, []).append(Section(section.title, kept))
    before = {section.title: section for section in reversed(theirs.sections)}
    merged: list[Section] = [] if ours.sections else list(extra.get("", []))
    for section in ours.sections:
        if section.title in before:
            section.text = _merge_section(
                section.text, before[section.title].text, theirs.digests.get(section.title), section.title
            )
        merged += [section, *extra.get(section.title, [])]
    ours.sections = merged
    return ours.dump()


def replace_in(text: str, title: str, old: str, new: str) -> str:
    """A card with `old` replaced by `new` in the generated section `title`; as it was where a person edited that."""
    card = Card.parse(text)
    for section in card.sections:
        if section.title == title and _digest(section.text) == card.digests.get(title):
            section.text = section.text.replace(old, new)
            card.digests[title] = _digest(section.text)
            return card.dump()
    return text


def front_matter(text: str) -> dict[str, Any]:
    """The front matter of a card; empty where nobody could read it."""
    return _mapping(Card.parse(text).front)


def with_front_matter(text: str, front: dict[str, Any]) -> str:
    """A card with another front matter."""
    card = Card.parse(text)
    card.front = _dumped(front)
    return card.dump()


def is_ours(text: str) -> bool:
    """Whether a card was generated, whatever people made of it since."""
    card = Card.parse(text)
    tags = _mapping(card.front).get("tags")
    return bool(card.digests) or (isinstance(tags, list) and TAG in tags)


def replaced_keys(new: str, old: str) -> list[str]:
    """What of the front matter of `old` people often correct, and `new` puts differently: a line for each."""
    ours, theirs = _mapping(Card.parse(new).front), _mapping(Card.parse(old).front)
    return [
        f"`{key}` is {theirs[key]!r} on main's card and becomes {ours[key]!r}; to keep it, set {setting} and build"
        for key, setting in _SETTINGS.items()
        if key in ours and key in theirs and ours[key] != theirs[key]
    ]


def edited_sections(old: str) -> list[str]:
    """Titles of the generated sections of `old` that a person edited outside of keep markers."""
    card = Card.parse(old)
    return [
        section.title
        for section in card.sections
        if section.title in card.digests and _digest(_without_kept(section.text)) != card.digests[section.title]
    ]


def _merge_section(new: str, old: str, was: str | None, title: str) -> str:
    if was == _digest(new):
        return old
    parts = [new, *_KEPT.findall(old)]
    ours = _without_kept(old)
    if _digest(ours) not in (was, _digest(new)) and ours:
        # Without its heading, which would begin a section of its own.
        body = re.sub(r"\A##? .*\n?", "", ours) if title else re.sub(r"(?m)^# .*\n?", "", ours)
        summary = _FOREIGN if was is None else _EDITED
        parts.append(f"{OPEN}\n<details>\n<summary>{summary}</summary>\n\n{body.strip()}\n\n</details>\n{CLOSE}")
    return "\n\n".join(parts)


def _merge_front(new: str, old: str) -> str:
    """Our keys as they are, then a person's own; their tags after ours, without one of ours that holds no more."""
    ours, theirs = _mapping(new), _mapping(old)
    added: dict[str, Any] = {key: value for key, value in theirs.items() if key not in ours}
    for key in _JOINED:
        values = theirs.get(key) if isinstance(theirs.get(key), list) else []
        more = [value for value in values or [] if value not in [*(ours.get(key) or []), PSEUDO_TAG]]
        if more and key in ours:
            added[key] = [*(ours[key] or []), *more]
    if not ours or not added:
        return new
    return _dumped(ours | added)


def _dumped(front: dict[str, Any]) -> str:
    return yaml.safe_dump(front, sort_keys=False, allow_unicode=True, line_break="\n").rstrip("\n")


def _mapping(front: str) -> dict[str, Any]:
    """Front matter as a mapping; empty where neither the Hub nor anybody else could read it."""
    try:
        data = yaml.safe_load(front)
    except yaml.YAMLError:
        return {}
    return data if isinstance(data, dict) else {}


def _split(text: str) -> list[Section]:
    """Sections by their headings of the second level (and any of the first but the card's own), not those in code."""
    lines = text.split("\n")
    starts: list[tuple[int, str]] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    # A heading that a person marked with what is around it belongs to that.
    marked = [
        (text.count("\n", 0, match.start()), text.count("\n", 0, match.end()))
        for match in _KEPT.finditer(text)
        if match[0].endswith(CLOSE)
    ]
    named = False
    for token, inline in pairwise(tokens):
        if token.type != "heading_open" or token.level or token.tag not in ("h1", "h2") or token.map is None:
            continue
        if any(start < token.map[0] < end for start, end in marked):
            continue
        if token.tag == "h1" and not named and not starts:
            named = True
            continue
        starts.append((token.map[0], inline.content.strip()))
    bounds = [0, *(line for line, _ in starts), len(lines)]
    titles = ["", *(title for _, title in starts)]
    sections = [
        Section(title, "\n".join(lines[start:end]).strip("\n"))
        for title, start, end in zip(titles, bounds, bounds[1:], strict=False)
    ]
    sections = [section for section in sections if section.text.strip()]
    for section in sections:
        section.text = _closed(section.text)
    return sections


def _closed(text: str) -> str:
    """With its marker, fence or comment closed, if a person forgot to: what follows it would be part of it."""
    tokens = MarkdownIt("commonmark").parse(f"{text}\n\n## end")
    if tokens[-1].type == "fence":
        text += f"\n{tokens[-1].markup}"
    elif tokens[-1].type == "html_block":
        text += "\n-->"
    marked = _KEPT.findall(text)
    if marked and not marked[-1].endswith(CLOSE):
        text += f"\n{CLOSE}"
    return text


def _without_kept(text: str) -> str:
    return _KEPT.sub("", text).strip("\n")


def _digest(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    return blake2b(
        re.sub(r"\n{3,}", "\n\n", lines).encode("utf-8", errors="backslashreplace"), digest_size=6
    ).hexdigest()
