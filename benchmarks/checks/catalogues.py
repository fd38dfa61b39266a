"""Human translations of software, of Debian's packages: real pairs, with the placeholders and tags that chats lack.

    python -m benchmarks.checks.catalogues FOLDER

fetches the packages into FOLDER with apt (`apt-get update` first where it knows none) and counts their pairs. They are
under licences of their own, and nothing of them is stored in the project.
"""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from benchmarks.checks.faults import Pair

PACKAGES = (
    "audacity-data", "dolphin", "evince-common", "evolution-common", "gedit-common", "gimp-data",
    "gnome-control-center-data", "libglib2.0-data", "libgtk-3-common", "libgtk-4-common",
    "libreoffice-l10n-ar", "mate-desktop-common", "nautilus-data", "okular", "pidgin-data", "plasma-desktop-data",
    "rhythmbox-data", "synaptic", "thunar-data", "totem-common", "xfce4-settings",
)  # fmt: skip

# A key's mark in a menu's text: _Open, &Open, ~Open. A chat has none, and two alphabets put it at different places.
_KEY_MARK = re.compile(r"(?<![\w_&~])[_&~]\w|\w[_&~]\w")
_ARABIC = re.compile(r"[\u0621-\u064a]")


def fetch(folder: Path) -> list[Path]:
    """The packages' archives in `folder`, downloaded where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        if not list(folder.glob(f"{name}_*.deb")):
            subprocess.run(["apt-get", "download", "-q", name], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return [path for name in PACKAGES for path in sorted(folder.glob(f"{name}_*.deb"))]


def unpack(archives: list[Path], folder: Path) -> list[Path]:
    """The Arabic catalogues of the packages."""
    for archive in archives:
        into = folder / "unpacked" / archive.name.partition("_")[0]
        if not into.exists():
            into.parent.mkdir(exist_ok=True)
            subprocess.run(["dpkg-deb", "-x", archive, into], check=True)
    return sorted(folder.glob("unpacked/**/ar/LC_MESSAGES/*.mo"))


def read_catalogue(path: Path) -> Iterator[tuple[str, str]]:
    """(message, translation) of a .mo file, without context and without those that have plural forms.

    `gettext.GNUTranslations` looks messages up and offers no list of them.
    """
    data = path.read_bytes()
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    _, _, count, sources, targets = struct.unpack(f"{order}5I", data[:20])
    for i in range(count):
        source, target = (
            data[at : at + length]
            for table in (sources, targets)
            for length, at in (struct.unpack_from(f"{order}2I", data, table + 8 * i),)
        )
        if source and b"\0" not in source:
            yield source.rpartition(b"\4")[2].decode("utf-8", "replace"), target.decode("utf-8", "replace")


def is_prose(source: str, target: str) -> bool:
    """Two words or more, translated, and no menu's item."""
    marked = _KEY_MARK.search(source) or _KEY_MARK.search(target)
    return len(source.split()) >= 2 and not marked and source != target and bool(_ARABIC.search(target))


def read_pairs(folder: Path) -> list[Pair]:
    """Every message once, in a fixed order."""
    pairs: dict[str, str] = {}
    for path in unpack(fetch(folder), folder):
        for source, target in read_catalogue(path):
            if is_prose(source.strip(), target.strip()):
                pairs.setdefault(source.strip(), target.strip())
    return sorted(pairs.items())


def held(source: str) -> bool:
    """Whether a message belongs to the half that is held back."""
    return sha256(source.encode()).digest()[0] % 2 == 1


if __name__ == "__main__":
    found = read_pairs(Path(sys.argv[1]))
    placeholders = sum(bool(re.search(r"%[\w(]|[{<$]\w", source)) for source, _ in found)
    print(f"{len(found)} pairs, {placeholders} of them with a placeholder or a tag")
