"""Protected spans: what is found, what is not, how it travels, and when a translation lost it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.protected.compare import KINDS, Span, compare_protected, mask, protected_spans, unmask


def found(text: str) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.kind) for span in protected_spans(text)]


def texts(text: str) -> list[str]:
    return [part for part, _ in found(text)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It costs $12 an hour, so she has $25 at the end.",
        "A fee of US$30, or $10 for one-day passes; $5-$10 more.",
        "We gave $5 and $10 and $20 to the cause.",
        "a < b and c > d, x <y and z> w",
        "and/or, 24/7, 1/2, TCP/IP, km/h, either/or.",
        "Node.js and ASP.NET are products. The end.Then more.",
        "100% sure, 5 % of it, 50%d",
        "Copyright © 2024 ™ 1 2 3 # * → ✓",
        "I am @ home, e.g. at the u.s. border: yes",
        "The set {1, 2, 3} and f(x) = |x| - 2",
        "* item\n* item\n\n    more of the item\n",
        "تكلفتها 5$ أو 6$، وهذا نص عادي.",
        "the ``` mark",
    ],
)
def test_prose_has_no_spans(text: str) -> None:
    assert [span for span in found(text) if span[1] != "code"] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```python\nx = `1`\n```\nend", ["```python\nx = `1`\n```"]),
        ("~~~\n```\n~~~\n", ["~~~\n```\n~~~"]),
        ("````md\n```\na\n```\n````\nend", ["````md\n```\na\n```\n````"]),
        ("Go:\n```\nopen $x$\n\nto the end\n", ["```\nopen $x$\n\nto the end\n"]),
        ("1. One\n\n   ```sh\n   ls\n   ```\n2. Two", ["```sh\n   ls\n   ```"]),
        ("- ```\n  a\n  ```\nb", ["```\n  a\n  ```"]),
        ("> ```\n> a\n> ```\nb", ["```\n> a\n> ```"]),
        ("```\n    ```\n```\nb", ["```\n    ```\n```"]),
        ("```\r\na\r\n```\r\nb", ["```\r\na\r\n```"]),
    ],
)
def test_fences(text: str, expected: list[str]) -> None:
    assert found(text) == [(part, "fence") for part in expected]


def test_indented_code() -> None:
    text = "Run:\n\n    make all\n\n    make test\n\nThen stop.\n\n\tls\n"
    assert found(text) == [("    make all\n\n    make test", "indented_code"), ("\tls", "indented_code")]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("use `a` and ``b`c``, و`كود`", "code", ["`a`", "``b`c``", "`كود`"]),
        ("see https://en.wikipedia.org/wiki/A_(b)). End", "url", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("(https://x.org/a?b=1), [t](http://a.b/c).", "url", ["https://x.org/a?b=1", "http://a.b/c"]),
        ("راجع https://x.org/a، أو www.foo.com؟", "url", ["https://x.org/a", "www.foo.com"]),
        ("زرhttps://x.com/aوهو **https://y.org**", "url", ["https://x.com/a", "https://y.org"]),
        ("mail me@x.co.uk, or بme+you@y.org.", "email", ["me@x.co.uk", "me+you@y.org"]),
        ("in /usr/bin/x, ./run.sh and ~/x/", "path", ["/usr/bin/x", "./run.sh", "~/x/"]),
        ("C:\\Users\\me\\a.txt or src/main.py; config.yaml.", "path",
         ["C:\\Users\\me\\a.txt", "src/main.py", "config.yaml"]),
        ("$x^2$, $5 + 3$ and $n$-th", "math", ["$x^2$", "$5 + 3$", "$n$"]),
        ("$$a\n=b$$ \\(c\\) \\[ d \\]", "math", ["$$a\n=b$$", "\\(c\\)", "\\[ d \\]"]),
        ("so \\boxed{\\frac{1}{2}} it is", "boxed", ["\\boxed{\\frac{1}{2}}"]),
        ("<b>bold</b> <br/> <a href=\"x > y\">k</a>", "tag", ["<b>", "</b>", "<br/>", '<a href="x > y">', "</a>"]),
        ("<script>let a = 1 < 2</script> x", "tag", ["<script>let a = 1 < 2</script>"]),
        ("<!-- no --> <tool_call>x</tool_call>", "tag", ["<!-- no -->", "<tool_call>", "</tool_call>"]),
        ("{{ name }} {user_id} {0} %s %(n)s %.2f ${HOME}", "placeholder",
         ["{{ name }}", "{user_id}", "{0}", "%s", "%(n)s", "%.2f", "${HOME}"]),
        ("| a | b |\n|---|:--:|\n| 1 | - |\nx\n--- | ---\n", "table_rule", ["|---|:--:|", "--- | ---"]),
        ("👍🏽 👨‍👩‍👧 🇪🇬🇸🇦 1️⃣ ❤️ ©️ 🏴\U000e0067\U000e0062\U000e007f", "emoji",
         ["👍🏽", "👨‍👩‍👧", "🇪🇬", "🇸🇦", "1️⃣", "❤️", "©️", "🏴\U000e0067\U000e0062\U000e007f"]),
        ("/think hard, /no_think a/think /thinking", "flag", ["/think", "/no_think"]),
        ("so 6*2=<<6*2=12>>12", "calc", ["<<6*2=12>>"]),
        ('call {"name": "f", "arguments": {"a": [1, 2]}} or [{"a": 1}]', "json",
         ['{"name": "f", "arguments": {"a": [1, 2]}}', '[{"a": 1}]']),
    ],
)  # fmt: skip
def test_inline(text: str, kind: str, expected: list[str]) -> None:
    assert found(text) == [(part, kind) for part in expected]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("costs $20 and is $x\\%$ of that", "math", ["$x\\%$"]),
        ("paid $5 each, and if $n = 3$ he paid $15", "math", ["$n = 3$"]),
        ("**$5** or **$x$**, ($5) and ($y$), $n$th", "math", ["$x$", "$y$", "$n$"]),
        ("2*3=$<<2*3=6>>6.\nThen 4*5=$<<4*5=20>>20.", "calc", ["<<2*3=6>>", "<<4*5=20>>"]),
        ('is $NAME newer than "$OLD" or $(date)', "placeholder", ["$NAME", "$OLD", "$(date)"]),
        ("PATH=$HOME/bin:$PATH", "placeholder", ["$HOME", "$PATH"]),
        ("%d%% %lu {} %1 %@ %(n)s %*d %X% %%y%% %{z} %<t>s #{x} {a[0]!r} {:>10} {x|up} {n, number}", "placeholder",
         ["%d%%", "%lu", "{}", "%1", "%@", "%(n)s", "%*d", "%X%", "%%y%%", "%{z}", "%<t>s", "#{x}", "{a[0]!r}",
          "{:>10}", "{x|up}", "{n, number}"]),
        ("<%= name %> <<NAME>> :user_id :count :smile: :+1: {#id} {.wide #top}", "placeholder",
         ["<%= name %>", "<<NAME>>", ":user_id", ":count", ":smile:", "{#id}", "{.wide #top}"]),
        ("Press <0>Save</0>, not <1/>; @@NAME@@ is <?= $name ?> or {!name}", "placeholder",
         ["<0>", "</0>", "<1/>", "@@NAME@@", "<?= $name ?>", "{!name}"]),
        ("if x <5 and y> 3, f(x)<3, user@@host, the set { red }, 2 < 3 > 1", "placeholder", []),
        ("[a](docs/b) ![c](d.png) [e](#f) [g](<h i.md> 'T')", "url", ["docs/b", "d.png", "#f", "h i.md"]),
        ("[a][1] and [b][c].\n\n[1]: docs/m\n", "url", ["[1]", "[1]: docs/m"]),
        ("so[^1] it is[^note]", "url", ["[^1]", "[^note]"]),
        ("https://{ip}/v1, https://h.{r}.x.org/a; https://<your-domain>/p http://${H}:{port}/u<br", "url",
         ["https://{ip}/v1", "https://h.{r}.x.org/a", "https://<your-domain>/p", "http://${H}:{port}/u"]),
        ("data:image/png;base64,iVBORw0KGgo= tel:+12345 urn:isbn:0451450523.", "url",
         ["data:image/png;base64,iVBORw0KGgo=", "tel:+12345", "urn:isbn:0451450523"]),
        ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB and 123e4567-e89b-12d3-a456-426614174000", "url",
         ["iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB", "123e4567-e89b-12d3-a456-426614174000"]),
    ],
)  # fmt: skip
def test_links_placeholders_and_money(text: str, kind: str, expected: list[str]) -> None:
    assert found(text) == [(part, kind) for part in expected]


@pytest.mark.parametrize(
    "text",
    [
        "5$, or 6$/kg and 7$; a rise of %15; note :this and 10:30:00",
        "\tThe old man walked to the harbour. Nobody saw him.\n\n\tHe had a lamp.",
        "\tسار العجوز إلى الميناء قبل الشروق.\n\n\tكان معه مصباح.",
        "a-very-long-word-with-hyphens-that-goes-on-and-on-without-digits",
    ],
)
def test_what_only_looks_protected(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "fence"),
    [
        ("```python\nprint(1)\n\nPlease explain what this prints and why.", "```python\nprint(1)"),
        ("```python\nprint(1)\nPlease explain what this prints and why.\nThanks!", "```python\nprint(1)"),
        ("~~~\nint x = 5;\n\nيعترض المترجم على هذا السطر. ما الخطأ فيه؟", "~~~\nint x = 5;"),
        ("```\nOnce there was a king who lived in the woods.", "```"),
        ("```\nmake all\n\nmake test\n", "```\nmake all\n\nmake test\n"),
        ("```\n# this is a comment of the file\nx = 1", "```\n# this is a comment of the file\nx = 1"),
    ],
)
def test_an_unclosed_fence_ends_where_sentences_begin(text: str, fence: str) -> None:
    assert found(text) == [(fence, "fence")]


def test_environments_nest() -> None:
    text = "\\begin{align}\\begin{matrix}a\\end{matrix}\\end{align} and \\begin{open}"
    assert found(text) == [("\\begin{align}\\begin{matrix}a\\end{matrix}\\end{align}", "environment")]


def test_inline_spans_never_reach_over_a_fence() -> None:
    text = "a $x and\n```\n$ b\n```\n `c"
    assert found(text) == [("```\n$ b\n```", "fence")]


# One long string divided at spaces: the pieces hold every other sign.
HARD = (
    r"``` ~~~ ` `` $ $$ \( \) \[ \] \begin{a} \end{a} \boxed{ { } {{ }} <b> </b> <pre> </pre> < > <!-- --> https://a.b/("
    r' ) @a.co a / /think | |---| 👨‍👩‍👧 🇪 [{"a": 1}] %s <<1=1>> كود ، ⟦1⟧ <x1/>'
)
PIECES = st.one_of(
    st.text(max_size=6),
    st.sampled_from(HARD.split()),
    st.sampled_from(["\n", "\n\n", "\n    ", " ", "\u200d", "\ufe0f", "\u20e3", "\ud800"]),
)
ANYTHING = st.lists(PIECES, max_size=40).map("".join)


@settings(max_examples=300)
@given(ANYTHING)
def test_spans_are_sorted_apart_and_not_empty(text: str) -> None:
    end = 0
    for span in protected_spans(text):
        assert end <= span.start < span.end <= len(text)
        assert span.kind in KINDS
        end = span.end


@settings(max_examples=300)
@given(ANYTHING, st.sampled_from(["placeholder", "tag", "in_place"]))
def test_masking_is_undone_exactly(text: str, style: str) -> None:
    masked = mask(text, protected_spans(text), style)  # type: ignore[arg-type]
    back = unmask(masked, masked.text)
    assert back.ok and back.text == text
    assert not compare_protected(text, text)


def test_masks_forgive_small_damage() -> None:
    text = "Run `ls` in /usr/bin/x and see https://x.org now."
    masked = mask(text, protected_spans(text), "placeholder")
    assert masked.text == "Run ⟦1⟧ in ⟦2⟧ and see ⟦3⟧ now."
    back = unmask(masked, "شغّل ⟦ ١ ⟧ في ⟧2⟦ وانظر ⟦3 ⟧ الآن.")
    assert back.ok and back.text == "شغّل `ls` في /usr/bin/x وانظر https://x.org الآن."
    tagged = mask(text, protected_spans(text), "tag")
    assert tagged.text == "Run <x1/> in <x2/> and see <x3/> now."
    back = unmask(tagged, "شغّل <X1 /> في < x2> وانظر <x٣></x٣> الآن.")
    assert back.ok and back.text == "شغّل `ls` في /usr/bin/x وانظر https://x.org الآن."


def test_masks_report_what_is_lost() -> None:
    text = "`a` and `b`"
    masked = mask(text, protected_spans(text))
    back = unmask(masked, "⟦1⟧ ⟦1⟧ ⟦7⟧")
    assert (back.missing, back.duplicated, back.unknown) == (("`b`",), ("`a`",), ("⟦7⟧",))
    assert not back.ok and back.text == "`a` `a` ⟦7⟧"
    assert unmask(mask(text, protected_spans(text), "in_place"), "`a` و").missing == ("`b`",)


def test_marks_never_collide_with_the_text() -> None:
    for text in ("⟦1⟧ is not `a`", "⟦1⟧ ⟪2⟫ ⦃ 【 〖 `a`"):
        masked = mask(text, protected_spans(text))
        assert unmask(masked, masked.text).text == text
    masked = mask("a <x1 b `c`", [Span(8, 11, "code")], "tag")
    assert masked.text == "a <x1 b <g1/>"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("See https://x.org/a now", "انظر https://x.org/aالآن"),
        ("See https://x.org/a, now", "انظر https://x.org/a، الآن"),
        ("Use `ls` and /think", "استخدم و`ls` و/think"),
        ("It is $5 or $10.", "إنه $5و$10."),
        ("Pay 5 dollars and 6", "ادفع $5 و6$ الآن"),
        ("A file main.py.", "ملف main.pyو"),
        ("```\na\n```\n", "```\na\n```"),
        ("Twice `a` `a`", "`a` مرتين `a`"),
        ("One<br />two<hr />", "واحد<br/>اثنان<hr>"),
        ('<a class="x" href="y.html">Read</a>', '<a href="y.html" class="x">اقرأ</a>'),
        ('<p>One</p><div class="b">', '<p dir="rtl">واحد</p><div class="b" dir="rtl">'),
        ("a rise of 5%", "زيادة بنسبة %5"),
    ],
)
def test_neighbours_in_arabic_raise_no_alarm(source: str, target: str) -> None:
    assert not compare_protected(source, target)


@pytest.mark.parametrize(
    ("source", "target", "missing", "extra"),
    [
        ("Use `ls` now", "استخدم ls الآن", {"`ls`": 1}, {}),
        ("Twice `a` `a`", "مرة `a`", {"`a`": 1}, {}),
        ("Once `a`", "`a` `a`", {}, {"`a`": 1}),
        ("See https://x.org", "انظر https://x.org/b", {"https://x.org": 1}, {"https://x.org/b": 1}),
        ("Hello 👍", "مرحبا", {"👍": 1}, {}),
        ("Hello", "مرحبا 👍", {}, {"👍": 1}),
        ("```\na = 1\n```", "```\na = ١\n```", {"```\na = 1\n```": 1}, {"```\na = ١\n```": 1}),
        ("so $x^2$", "إذن $x^3$", {"$x^2$": 1}, {"$x^3$": 1}),
        ("a /think", "تفكير", {"/think": 1}, {}),
    ],
)
def test_what_is_lost_or_invented_is_named(
    source: str, target: str, missing: dict[str, int], extra: dict[str, int]
) -> None:
    difference = compare_protected(source, target)
    assert difference
    assert (dict(difference.missing), dict(difference.extra)) == (missing, extra)


@pytest.mark.parametrize(
    "unit",
    [
        "`", "$", "<", "{", "[", "\\", "|", "/", ".", "@", ":", "%", "~", "\n", "\n\n    a", " ", "`` ` ",
        "$a ", "$5 a", "$$ ", "\\(", "\\[ ", "\\begin{a}", "\\boxed{", "<a ", "<a x=\"", "<!--", "<pre>",
        "<<1=", "{\"a\":", "[{", "{{a", "{a", "://", "http://", "http://a)", "a@", "a@b.", "a/", "./", "C:\\",
        "|-", "|-|x", "👨\u200d", "🇪", "\ufe0f", "```\n", "``` a ", "> ", "> ```", "- ", "a.py", "%(",
        "](", "](a", "[^", "[a]: ", "][a", ":a", ":a:", "%{", "<%", "<<a", "{#", "{ a=", "$A", "data:a/a;",
        "\\end{a}", "\\begin{a}\\end{b}", "(http://a](", "/think", "<a", "</a ",
    ],
)  # fmt: skip
def test_hostile_repetition_takes_linear_time(unit: str) -> None:
    text = unit * (600_000 // len(unit))
    for span in protected_spans(text):
        assert span.start < span.end
