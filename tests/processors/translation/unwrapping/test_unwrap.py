"""What is taken off an answer, and what is not."""

import pytest

from processors.languages.language import knowledge
from processors.translation.unwrapping import KINDS, unwrap
from tests.processors.checks.test_no_translation import WRAPPED

ARABIC = knowledge("ar")
TEA = ("Boil the water and add the tea leaves.", "اغلِ الماء وأضف أوراق الشاي.")
KEPT = [
    # The source has the same around it, or speaks of it.
    ("```\nBoil the water.\n```", "```\nاغلِ الماء.\n```"),
    ("“Boil the water.”", "«اغلِ الماء.»"),
    ("<think>Boil it.</think>\nDone.", "<think>اغله.</think>\nتم."),
    ('{"text": "Boil the water."}', '{"text": "اغلِ الماء."}'),
    ("Here is the translation:\n\nBoil the water.", "إليك الترجمة:\n\nاغلِ الماء."),
    ("Boil the water.\n\nNote: it is hot.", "اغلِ الماء.\n\nملاحظة: إنه ساخن."),
    ("Boil the water. Note that it is hot.", "اغلِ الماء.\n\nملاحظة: إنه ساخن."),
    ("Boil the water.\n\nLet me know if you need help.", "اغلِ الماء.\n\nأخبرني إن احتجت إلى مساعدة."),
    ("The Arabic version: old and new.", "النص العربي: قديم وجديد."),
    ("Ingredients: water.", "المكوّنات: ماء."),
    # Quotation marks around the first and the last words alone.
    ("Tea and water are what we need today.", '"الشاي" و"الماء"'),
    # A helper's word that the source has in another form, or in front of what may be an answer.
    ("Sure! Boil the water.", "بالتأكيد! اغلِ الماء."),
    ("Absolutely, boil the water.", "بالطبع، اغلِ الماء."),
    ("Sure! Boil the water.", "Sure! اغلِ الماء."),
    ("Write a line on water.", "Certainly! الماء حياة."),
    ("[[Boil the water.]]", "[[اغلِ الماء.]]"),
    ("Can you boil the water?", "بالتأكيد! سأغلي الماء."),
    ("Write a line on water.", "بالتأكيد! الماء حياة."),
    ("> Boil the water.", "> اغلِ الماء."),
    ("Boil the water.", "> اغلِ الماء.\nثم انتظر."),
    ("Boil the water.\n\n---\n\nWait.", "---\n\nاغلِ الماء.\n\n---"),
    # JSON that was asked for, that has more than one text, or that is broken; a list of the source's own.
    ("Give me the greeting as JSON.", '{"greeting": "مرحبًا"}'),
    ("Boil the water.", '{"first": "اغلِ الماء.", "second": "سخّن الماء."}'),
    ("Boil the water.", '{"first": "اغلِ "الماء".", "second": "سخّن الماء."}'),
    ("Boil the water.", '{"translation": "اغلِ ال'),
    ("[1] Boil the water.", "[1] اغلِ الماء."),
    ("(Boil the water.)", "(اغلِ الماء.)"),
    ("Tea, water and milk.", "(الشاي) والماء و(الحليب)"),
    ("Boil <b>the water</b>.", "<p>اغلِ الماء.</p>"),
    ("Tea. Water.", "<p>الشاي.</p><p>الماء.</p>"),
    ("*Boil* the water.", "*اغلِ الماء*"),
    ("Tea and water.", "**الشاي** و**الماء**"),
    ("Water -> steam.", "الماء -> البخار."),
    # Two quotations, at the beginning and at the end.
    ('Come in, said "Zaid" to me.', '"ادخل" هكذا قال لي "زيد"'),
    ("'Tea' is ready.", "'الشاي' جاهز"),
    # A key and a value; a source's own marks in another form: inches, arrows, labels, tags, breaks, notes.
    ('"text": "Good morning, everyone"', '"text": "صباح الخير جميعا"'),
    ('"answer": "Good morning, everyone",', '"answer": "صباح الخير جميعا",'),
    ("'content': 'Good morning, everyone'", "'content': 'صباح الخير جميعا'"),
    ("A 5″ pipe", 'أنبوب 5"'),
    ("The screen is 27 inches", 'الشاشة 27"'),
    ("He is 6 feet 2 inches tall", "طوله 6'2\""),
    ("Next page »", "→ الصفحة التالية"),
    ("› Next page", "→ الصفحة التالية"),
    ("⟶ Next page", "→ الصفحة التالية"),
    ("Next page ➜", "→ الصفحة التالية"),
    ("➡ Next page", "=> الصفحة التالية"),
    ("=> Next page", "→ الصفحة التالية"),
    ("Final version: boil it.", "الترجمة النهائية: اغله."),
    ("Full rendering: boil it.", "ترجمة كاملة: اغله."),
    ("Full rendering:\n\nBoil it.", "ترجمة كاملة:\n\nاغله."),
    ("[QUOTE]Boil it.[/QUOTE]", "[quote]اغله.[/quote]"),
    ("* * *\n\nThe end.", "***\n\nالنهاية."),
    ("Boil it.\n\n- - -", "اغله.\n\n---"),
    ("Boil it.\n\n———", "اغله.\n\n***"),
    ("Boil it. Wait.\nTip: use salt.", "اغله. انتظر.\n\nملاحظة: استعمل الملح."),
    ("Boil it.\n**Attention:** hot.", "اغله.\n\nملاحظة: ساخن."),
    ("Boil it.\nNB use salt.", "اغله.\n\nملاحظة: استعمل الملح."),
    ("Boil it.\nCaution: hot.", "اغله.\n\nملاحظة: ساخن."),
    ("Without question! Take it.", "بالتأكيد! خذه."),
    ("You can count on it! Take it.", "بالتأكيد! خذه."),
    ('{"a": "Boil it.', '["اغله."]'),
    # Nothing would be left.
    ("Boil the water.", "```\n\n```"),
    ("Boil the water.", "الترجمة:"),
]


@pytest.mark.parametrize("case", WRAPPED, ids=str)
def test_a_wrapping_is_taken_off_and_named(case: tuple[str, str, str]) -> None:
    source, right, wrong = getattr(case, "values", case)
    text, kinds = unwrap(source, wrong, ARABIC)
    assert text.strip() == right and kinds and set(kinds) <= set(KINDS)


@pytest.mark.parametrize(
    ("wrapping", "kinds"),
    [
        ("Here is the translation:\n\n```arabic\n{}\n```", ("preface", "fence")),
        ("<think>\nTranslate.\n</think>\n\nالترجمة: «{}»", ("reasoning", "preface", "quotes")),
        ("{}\n\nLet me know if you would like any changes!", ("note",)),
        ("\ufeff{}", ("marks",)),
        (f"{TEA[0]}\n{{}}", ("source",)),
        ('["{}"]', ("json",)),
        ('Here is the JSON:\n```json\n{{"translation": "{}"}}\n```', ("preface", "fence", "json")),
        ('{{"translation": "{}"}}\n\nLet me know if you need more!', ("note", "json")),
        ('{{"translation": "{}"', ("json",)),
        ('{{"translation": {}}}', ("json",)),
        ('---\ntranslation: "{}"\n---', ("rules", "preface", "quotes")),
        ("translation: |\n  {}", ("preface",)),
        ("<source>" + TEA[0] + "</source>\n<target>{}</target>", ("tags", "tags")),
        ('<?xml version="1.0"?>\n<root><text>{}</text></root>', ("tags", "tags", "tags")),
        ("&lt;translation&gt;{}&lt;/translation&gt;", ("tags",)),
        ("<translation>{}", ("tags",)),
        ("Final translation: {}", ("preface",)),
        ("الترجمة النهائية: {}", ("preface",)),
        ("[Translation] {}", ("preface",)),
        ("Translation => {}", ("preface",)),
        ('*"{}"*', ("bold", "quotes")),
        ('"""{}"""', ("quotes",)),
        ('{}"', ("quotes",)),
        ("[AR]{}[/AR]", ("tags",)),
    ],
)
def test_several_layers_come_off_one_by_one(wrapping: str, kinds: tuple[str, ...]) -> None:
    text, found = unwrap(TEA[0], wrapping.format(TEA[1]), ARABIC)
    assert text.strip() == TEA[1] and found == kinds


@pytest.mark.parametrize(("source", "target"), [TEA, *KEPT])
def test_what_the_source_has_or_nothing_would_be_left_of_stays(source: str, target: str) -> None:
    assert unwrap(source, target, ARABIC) == (target, ())


@pytest.mark.parametrize(
    ("source", "target", "wrapping"),
    [
        ("[Music] Hello everyone.", "[موسيقى] مرحبا بالجميع.", '{{"translation": "{}"}}'),
        ("[Music] Hello everyone. [Applause]", "[موسيقى] مرحبا بالجميع. [تصفيق]", '{{"translation": "{}"}}'),
        ("{name}, welcome to the show.", "{name}، مرحبا بك في العرض.", '{{"translation": "{}"}}'),
        ("[1] Smith argued so.", "[1] جادل سميث بذلك.", '["{}"]'),
        ("Warning: boil it.", "تحذير: اغله.", "Translation: {}"),
        ("Ingredients: water.", "المكونات: ماء.", "الترجمة: {}"),
        ("Ingredients: water.", "المكونات: ماء.", "Here is the translation:\n\n{}"),
        ("Tea, please! Now.", "شاي، من فضلك! الآن.", "بالتأكيد! {}"),
    ],
)
def test_what_the_source_begins_with_hides_no_wrapping(source: str, target: str, wrapping: str) -> None:
    text, kinds = unwrap(source, wrapping.format(target), ARABIC)
    assert text == target and len(kinds) == 1


def test_a_table_behind_a_preface_keeps_its_bars() -> None:
    table = "| الشاي |\n|---|\n| ماء |"
    assert unwrap("| Tea |\n|---|\n| water |", f"Here is the translation:\n\n{table}", ARABIC).text == table


def test_a_language_without_a_file_loses_what_needs_no_words() -> None:
    amharic = knowledge("am", "Ethi")
    assert unwrap("Good morning.", "```\nእንደምን አደሩ።\n```", amharic).text == "እንደምን አደሩ።"
    assert unwrap("Good morning.", "ማስታወሻ: እንደምን አደሩ።", amharic).kinds == ()


@pytest.mark.parametrize(
    "piece",
    ["`", "```\n", "<think>", '"', "{", "[AR]", "[", '{"a": ', '["', "<a>", "«", "\n\n---\n", "الترجمة: ", "a\n\n"],
)
def test_no_answer_takes_long(piece: str) -> None:
    unwrap("Good morning.", piece * 20_000, ARABIC)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "shape",
    ["```\nA{}z", "A{}```", "A\n---{}z", "A\n{}---z", "{}---z", "{}<a", "A{}<a", "<a>A{}", "<a>A</a{}z", "```\n{}",
     '{{"text": "A"{}z', '{{"text": A{}{{z', '["A"{}z', '"A"{}z', "A\n\nz{}\nz{}\nz\n{}z", "الترجمة{}:z"],
)  # fmt: skip
@pytest.mark.parametrize("blank", [" ", "\n", "\n   ", "\t"])
def test_blanks_do_not_take_long_either(shape: str, blank: str) -> None:
    unwrap("Hello there, this is a source.", shape.format(*[blank * 20_000] * 3), ARABIC)
