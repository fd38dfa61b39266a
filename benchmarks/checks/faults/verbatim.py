"""Links, anchors, placeholders and markup: what arrives letter by letter, and what the source has not."""

from __future__ import annotations

import re
from collections.abc import Callable

from benchmarks.checks.faults.text import Fault, Kind, Pair, Random, on_pair, on_target, with_changed

Change = Callable[[str, Random], str | None]

_BASE64 = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4"
_LINKS: tuple[Pair, ...] = (
    ("See [the guide](docs/guide) first.", "انظر [الدليل](docs/guide) أولًا."),
    ("Go to [the section](#install-the-tool).", "انتقل إلى [القسم](#install-the-tool)."),
    ("Read [the licence](LICENSE.md).", "اقرأ [الرخصة](LICENSE.md)."),
    ("Open [the next chapter](../chapter-2/index.html).", "افتح [الفصل التالي](../chapter-2/index.html)."),
    ("The plan is in [this file](./notes/plan.txt).", "الخطة في [هذا الملف](./notes/plan.txt)."),
    ("Back to [the top](#top-of-page).", "العودة إلى [الأعلى](#top-of-page)."),
)
_IMAGES: tuple[Pair, ...] = (
    ("![A red fox](images/fox.png)", "![ثعلب أحمر](images/fox.png)"),
    ("![Map of the city](maps/city.svg)", "![خريطة المدينة](maps/city.svg)"),
    ("![Logo](assets/logo.jpg)", "![الشعار](assets/logo.jpg)"),
    ("![A boat](boat.webp)", "![قارب](boat.webp)"),
)
_ANCHORS: tuple[Pair, ...] = (
    ("\n\n## Install {#install-tool}\n\nRun it.", "\n\n## التثبيت {#install-tool}\n\nشغّله."),
    ("\n\n## Usage {#usage}\n\nRead on.", "\n\n## الاستخدام {#usage}\n\nتابع القراءة."),
    ("\n\n### Known issues {#known-issues}\n\nNone.", "\n\n### مشكلات معروفة {#known-issues}\n\nلا شيء."),
    ("\n\n# Contents {#toc}\n\nSee below.", "\n\n# المحتويات {#toc}\n\nانظر أدناه."),
)
_REFERENCES: tuple[Pair, ...] = (
    ("\n\nSee [the manual][1].\n\n[1]: docs/manual\n", "\n\nانظر [الدليل][1].\n\n[1]: docs/manual\n"),
    ("\n\nAsk [the team][team].\n\n[team]: people/team.md\n", "\n\nاسأل [الفريق][team].\n\n[team]: people/team.md\n"),
)
_DATA: tuple[Pair, ...] = (
    (f"The icon is data:image/png;base64,{_BASE64} here.", f"الأيقونة هي data:image/png;base64,{_BASE64} هنا."),
    (f"Decode {_BASE64} now.", f"فك ترميز {_BASE64} الآن."),
    (f"Use data:text/plain;base64,{_BASE64[:40]} as it is.", f"استخدم data:text/plain;base64,{_BASE64[:40]} كما هو."),
    (f"The key is {_BASE64[::-1]}.", f"المفتاح هو {_BASE64[::-1]}."),
)
_HOSTS: tuple[Pair, ...] = (
    ("Call https://{ip}/v1/start first.", "استدعِ https://{ip}/v1/start أولًا."),
    ("Use https://host.{region}.example.com/api here.", "استخدم https://host.{region}.example.com/api هنا."),
    ("Open https://<your-domain>/path now.", "افتح https://<your-domain>/path الآن."),
    ("Send it to http://{host}:{port}/users.", "أرسله إلى http://{host}:{port}/users."),
    ("Clone https://<token>@git.example.org/repo.git here.", "استنسخ https://<token>@git.example.org/repo.git هنا."),
    ("Try https://${BUCKET}.s3.example.com/key too.", "جرّب https://${BUCKET}.s3.example.com/key أيضًا."),
)
_PLAIN_ADDRESSES: tuple[Pair, ...] = (
    ("Visit https://example.org/page?id=3 today.", "زُر https://example.org/page?id=3 اليوم."),
    ("Write to help@example.org for more.", "اكتب إلى help@example.org للمزيد."),
    ("See www.example.net/docs for details.", "انظر www.example.net/docs للتفاصيل."),
    ("It is at <https://example.com/a>.", "إنه على <https://example.com/a>."),
)
_PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "percent_d_percent": ("%d%%", "%i%%", "%.1f%%"),
    "long_number": ("%lu", "%ld", "%zu", "%llu"),
    "empty_braces": ("{}", "{}"),
    "numbered_percent": ("%1", "%2"),
    "numbered_braces": ("{0}", "{1}"),
    "python_named": ("%(name)s", "%(count)d"),
    "dollar_braces": ("${x}", "${total}"),
    "double_braces": ("{{user}}", "{{ order.id }}"),
    "single_braces": ("{name}", "{user_id}"),
    "printf_flags": ("%-10s", "%5.2f", "%08x", "%+d"),
    "printf_position": ("%1$s", "%2$d"),
    "objective_c": ("%@", "%@"),
    "format_spec": ("{count:,d}", "{price:.2f}"),
    "windows_variable": ("%USERPROFILE%", "%APPDATA%"),
    "angle_name": ("<name>", "<file-name>"),
    "erb": ("<%= name %>", "<%= @total %>"),
    "percent_s": ("%s", "%d"),
    "double_square_brackets": ("[[name]]", "[[order_id]]"),
    "hashes": ("#name#", "#order_id#"),
    "bars": ("|name|", "|order_id|"),
    "snake_in_square_brackets": ("[first_name]", "[order_id]"),
    "mention_in_angles": ("<@maria_k>", "<@user_id>"),
    "special_token": ("<|end|>", "<|system|>"),
    "at_signs": ("@@PREFIX@@", "@@HOST@@"),
    "at_version": ("@@version", "@@rowcount"),
    "numbered_tag": ("<0/>", "<1/>"),
    "exclamation_in_braces": ("{!name}", "{!order_id}"),
    "php_echo": ("<?= $name ?>", "<?= $total ?>"),
}
_ICU: tuple[Pair, ...] = (
    (
        "You have {count, plural, one {# file} other {# files}} here.",
        "لديك {count, plural, one {ملف #} other {# ملفات}} هنا.",
    ),
    (
        "{gender, select, male {He} female {She} other {They}} left the room.",
        "{gender, select, male {غادر هو} female {غادرت هي} other {غادروا}} الغرفة.",
    ),
    (
        "It takes {minutes, plural, one {# minute} other {# minutes}} to boil.",
        "يستغرق الغليان {minutes, plural, one {دقيقة #} other {# دقائق}}.",
    ),
    (
        "{n, plural, =0 {No bird} one {# bird} other {# birds}} came back.",
        "{n, plural, =0 {لا طائر} one {طائر #} other {# طيور}} عاد.",
    ),
)
_PLACEHOLDER_PLACES: tuple[Pair, ...] = (
    ("The value {} was saved.", "حُفظت القيمة {}."),
    ("Could not open {} for reading.", "تعذر فتح {} للقراءة."),
    ("Hello {}, welcome back.", "مرحبًا {}، أهلًا بعودتك."),
    ("Copied {} to the folder.", "نُسخ {} إلى المجلد."),
)


def _link_target(change: Callable[[str], str]) -> Change:
    return lambda text, rng: re.sub(r"(?<=\])\(([^)]*)\)", lambda m: change(m[1]), text)


def _lost(pattern: str) -> Change:
    return lambda text, rng: re.sub(pattern, "", text)


def _put(pattern: str, new: str) -> Change:
    return lambda text, rng: re.sub(pattern, new, text)


def placeholder(shapes: tuple[str, ...], wrong: str) -> Fault:
    """A statement with one of these placeholders, which is `lost`, `translated` or `doubled`."""

    def plant(text, rng):  # type: ignore[no-untyped-def]
        shape = rng.choice(shapes)
        english, arabic = (side.replace("{}", shape) for side in rng.choice(_PLACEHOLDER_PLACES[text.held :: 2]))
        new = "" if wrong == "lost" else re.sub(r"[A-Za-z]+", "اسم", shape)
        changed = with_changed([(english, arabic)] * 2, lambda target, _: target.replace(shape, new))
        return changed(text, rng)

    return plant


def _entity(character: str, entity: str) -> Change:
    """The character as HTML writes it, where the text has it; else around a word."""

    def change(target: str, rng: Random) -> str | None:
        if character in target:
            return target.replace(character, entity)
        if character == " ":
            return None
        words = target.split(" ")
        at = rng.randrange(len(words))
        words[at] = f"{entity}{words[at]}{entity}"
        return " ".join(words)

    return change


def nbsp(target: str, rng: Random) -> str:
    return target.replace(" ", "&nbsp;", 1)


def markup_added(shape: str) -> Change:
    return lambda target, rng: shape.format(target)


def lost_bold_marks(source: str, target: str, rng: Random) -> Pair:
    return f"**{source}**", target


_FLAT: dict[str, tuple[tuple[Pair, ...], Change]] = {
    "link_target_translated": (_LINKS, _link_target(lambda _: "(المستندات/الدليل)")),
    "link_target_lost": (_LINKS, _link_target(lambda _: "")),
    "link_space_within": (_LINKS, _link_target(lambda at: f" ({at})")),
    "link_lost": (_LINKS, _lost(r"\[[^\]]*\]\([^)]*\)")),
    "link_made_absolute": (_LINKS, _link_target(lambda at: f"(https://example.com/{at})")),
    "image_target_translated": (_IMAGES, _link_target(lambda _: "(صور/صورة.png)")),
    "image_lost": (_IMAGES, _lost(r"!\[[^\]]*\]\([^)]*\)")),
    "anchor_translated": (_ANCHORS, _put(r"\{#[^}]*\}", "{#أداة-التثبيت}")),
    "anchor_lost": (_ANCHORS, _lost(r" \{#[^}]*\}")),
    "reference_translated": (_REFERENCES, _put(r"(?<=\]: )\S+", "الدليل/صفحة")),
    "reference_lost": (_REFERENCES, _lost(r"\n\n\[[^\]]*\]: \S+")),
    "data_cut": (_DATA, _put(r"([\w+/:;,]{30})[\w+/]+", r"\1")),
    "data_changed": (_DATA, _put(r"[A-Z](?=\w{6}[ .]|\w{8}[ .])", "z")),
    "host_name_translated": (_HOSTS, _put(r"(?<=[{<])[\w-]+(?=[}>])", "العنوان")),
    "host_path_lost": (_HOSTS, _put(r"(https?://[^\s/]*)/\S*[\w}]", r"\1")),
    "host_lost": (_HOSTS, _lost(r"https?://\S*[\w}]")),
    "address_lost": (_PLAIN_ADDRESSES, _lost(r"<?(?:https?://|www\.)\S+\w>?|[\w.]+@\S+\w")),
    "icu_head_translated": (_ICU, _put(r"\{(\w+), (?:plural|select),", "{العدد, جمع,")),
    "icu_form_lost": (_ICU, _lost(r" other \{[^{}]*\}")),
    "icu_brace_lost": (_ICU, lambda text, rng: text.replace("}}", "}", 1)),
    "icu_flattened": (_ICU, _put(r"\{\w+, \w+,.*?\{([^{}]*)\}\}", r"\1")),
    "address_changed": (_PLAIN_ADDRESSES, _put(r"example\.\w+", "example.ae")),
}

KINDS = [
    *(Kind(name, with_changed(statements, change)) for name, (statements, change) in _FLAT.items()),
    *(Kind(f"{name}_lost", placeholder(shapes, "lost")) for name, shapes in _PLACEHOLDERS.items()),
    *(
        Kind(f"{name}_translated", placeholder(_PLACEHOLDERS[name], "translated"))
        for name in ("python_named", "dollar_braces", "double_braces", "single_braces", "angle_name", "erb",
                     "double_square_brackets", "hashes", "bars", "snake_in_square_brackets")
    ),
    *(
        Kind(f"entity_{name}", on_target(_entity(character, entity)), wrong_for_training=False)
        for name, character, entity in (("quot", '"', "&quot;"), ("apostrophe", "'", "&#39;"), ("amp", "&", "&amp;"))
    ),
    Kind("entity_nbsp", on_target(nbsp), wrong_for_training=False),
    *(
        Kind(f"markup_{name}", on_target(markup_added(shape)), wrong_for_training=False)
        for name, shape in (("paragraph", "<p>{}</p>"), ("bold_tag", "<b>{}</b>"), ("break", "{}<br>"),
                            ("stars", "**{}**"), ("escaped_line", "{}\\n"), ("heading", "# {}"))
    ),
    Kind("bold_marks_lost", on_pair(lost_bold_marks), wrong_for_training=False),
]  # fmt: skip
