import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.errors import InputError
from processors.memory.tmx import Entry, read_tmx, same_language, write_tmx

# Every code point: control characters, lone surrogates, noncharacters and \r included.
ANY_TEXT = st.text(st.characters(exclude_categories=()))

FOREIGN = """<?xml version="1.0"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4">
<header creationtool="Other" creationtoolversion="9" segtype="sentence" o-tmf="x" adminlang="EN-US" srclang="*all*"
 datatype="{datatype}"><prop type="x-approved">yes</prop><note>of the header</note></header>
<body>
<tu tuid="1" srclang="EN-US"><note>greeting</note>
 <tuv xml:lang="EN-US"><prop type="x-who">me</prop><seg>\
Press <bpt i="1" x="1">&lt;b&gt;</bpt>Save<ept i="1">&lt;/b&gt;</ept> <hi>now</hi><ph x="2"/>.</seg></tuv>
 <tuv xml:lang="fr"><seg>Appuyez</seg></tuv>
 <tuv xml:lang="AR-SA"><seg>\
اضغط <bpt i="1" x="1">&lt;b&gt;</bpt>حفظ<ept i="1">&lt;/b&gt;</ept> <hi>الآن</hi>.</seg></tuv>
</tu>
<tu><prop type="x-ConfirmationLevel:SingleString">ApprovedTranslation</prop>
 <tuv xml:lang="en"><seg>  two
lines\t<![CDATA[<raw> & ]]></seg></tuv><tuv xml:lang="ar"><seg>سطران</seg></tuv></tu>
</body></tmx>
"""


def pairs(path: Path, source: str = "en", target: str = "ar") -> list[Entry]:
    return [pair for unit in read_tmx(path) for pair in unit.pairs(source, target)]


def test_reads_the_file_of_another_tool(tmp_path: Path) -> None:
    path = tmp_path / "m.tmx"
    path.write_text(FOREIGN.format(datatype="html"), encoding="utf-8")
    first, second = pairs(path)
    assert first == Entry("Press <b>Save</b> now.", "اضغط <b>حفظ</b> الآن.", False, "greeting")
    assert second == Entry("  two\nlines\t<raw> & ", "سطران", True, "")
    assert [pair.target for pair in pairs(path, target="fr")] == ["Appuyez"]
    assert pairs(path, "ar", "en")[0].target == "Press <b>Save</b> now."
    assert pairs(path, target="de") == []


def test_codes_of_a_binary_format_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "m.tmx"
    path.write_text(FOREIGN.format(datatype="rtf"), encoding="utf-8")
    assert pairs(path)[0][:2] == ("Press Save now.", "اضغط حفظ الآن.")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "m.tmx"
    path.write_bytes(FOREIGN.format(datatype="html").encode(encoding))
    assert pairs(path)[1].target == "سطران"


def test_declared_eight_bit_encoding(tmp_path: Path) -> None:
    path = tmp_path / "m.tmx"
    text = FOREIGN.format(datatype="html").replace('version="1.0"', 'version="1.0" encoding="windows-1256"', 1)
    path.write_bytes(text.encode("cp1256"))
    assert pairs(path)[0].target == "اضغط <b>حفظ</b> الآن."


@given(st.lists(st.builds(Entry, ANY_TEXT, ANY_TEXT, st.booleans(), st.text("note <&>\r\n\tملاحظة"))))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, units: list[Entry]) -> None:
    folder = tmp_path_factory.mktemp("tmx")
    assert write_tmx(folder / "m.tmx", units, source="en", target="ar") == len(units)
    assert pairs(folder / "m.tmx") == units
    write_tmx(folder / "again.tmx", units, source="en", target="ar")
    assert (folder / "again.tmx").read_bytes() == (folder / "m.tmx").read_bytes()


def test_control_characters_travel_as_placeholders(tmp_path: Path) -> None:
    write_tmx(tmp_path / "m.tmx", [Entry("a\x0c\r\ud800b", "ب\0")], source="en", target="ar")
    written = (tmp_path / "m.tmx").read_text("utf-8")
    assert '<seg>a<ph type="x-char-000C"/>&#13;<ph type="x-char-D800"/>b</seg>' in written
    with pytest.raises(InputError, match=r"note .* control character"):
        write_tmx(tmp_path / "m.tmx", [Entry("a", "ب", note="\x00")], source="en", target="ar")
    assert (tmp_path / "m.tmx").read_text("utf-8") == written, "a failed write must leave the old file"
    assert [path.name for path in tmp_path.iterdir()] == ["m.tmx"]


def broken(change: tuple[str, str]) -> str:
    text = FOREIGN.format(datatype="html")
    assert change[0] in text
    return text.replace(*change)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: not well-formed"),
        ("source\ttarget\nHello\tمرحبا\n", "line 1: not well-formed"),
        ("<html></html>", "root element is <html>"),
        (broken(("</seg></tuv>\n</tu>", "</seg>\n</tu>")), "line 11: not well-formed XML .mismatched tag"),
        (broken(("</body></tmx>", "")), "not well-formed XML .no element found"),
        (broken((' xml:lang="fr"', "")), "line 9: .* no xml:lang"),
        (broken(("Appuyez", "Appuyez&nbsp;ici")), "line 9: uses the undeclared entity '&nbsp;'"),
        (broken(("Appuyez", "App\x01uyez")), "line 9: not well-formed"),
        (broken(('<?xml version="1.0"?>', '<?xml version="1.0" encoding="klingon"?>')), "encoding"),
        (
            broken(('SYSTEM "tmx14.dtd"', '[<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]')).replace("Appuyez", "&b;"),
            "line 2: declares the entity 'a'",
        ),
        (broken(('SYSTEM "tmx14.dtd"', '[<!ENTITY a SYSTEM "file:///etc/passwd">]')), "declares the entity 'a'"),
        (broken(('SYSTEM "tmx14.dtd"', '[<!ENTITY % a SYSTEM "http://localhost/x"> %a;]')), "declares the entity 'a'"),
    ],
)
def test_a_broken_file_is_one_line_that_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "memory.tmx"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        list(read_tmx(path))
    assert "memory.tmx" in str(caught.value) and "\n" not in str(caught.value)


def test_invalid_utf8_and_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "m.tmx"
    path.write_bytes(FOREIGN.format(datatype="html").encode().replace(b"Appuyez", b"Appuy\xe9z"))
    with pytest.raises(InputError, match="line 9"):
        list(read_tmx(path))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_tmx(tmp_path / "none.tmx"))
    with pytest.raises(InputError, match="cannot be written"):
        write_tmx(tmp_path / "none" / "m.tmx", [], source="en", target="ar")


def test_a_large_file_is_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "large.tmx"
    filler = "كلمة " * 40
    write_tmx(path, (Entry(f"Sentence {i}", f"{filler}{i}") for i in range(25_000)), source="en", target="ar")
    size = path.stat().st_size
    assert size > 8 << 20
    tracemalloc.start()
    count = sum(1 for _ in read_tmx(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 25_000
    assert peak < size / 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("en", "en-US", True),
        ("EN_gb", "en-us", True),
        ("ar-EG", "AR", True),
        ("en", "enm", False),
        ("ar", "fa", False),
        ("sr-Latn", "sr-Cyrl-RS", False),
        ("sr", "sr-Cyrl", True),
    ],
)
def test_same_language(one: str, other: str, same: bool) -> None:
    assert same_language(one, other) is same


def test_the_exact_language_goes_before_a_near_one(tmp_path: Path) -> None:
    path = tmp_path / "m.tmx"
    path.write_text(FOREIGN.format(datatype="html").replace('"fr"', '"ar-EG"'), encoding="utf-8")
    assert pairs(path, target="ar-eg")[0].target == "Appuyez"
    assert [pair.target for pair in pairs(path, target="ar")][:2] == ["Appuyez", "اضغط <b>حفظ</b> الآن."]


def test_a_variant_without_a_segment_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.tmx"
    path.write_text('<tmx version="1.4"><header/><body><tu>\n<tuv xml:lang="en">Hello.</tuv>\n</tu></body></tmx>')
    with pytest.raises(InputError, match=r"a\.tmx, line 2: a <tuv> has no <seg>"):
        list(read_tmx(path))
