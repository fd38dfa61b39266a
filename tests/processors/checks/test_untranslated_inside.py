"""One piece in another language among many that are translated."""

import pytest

from tests.processors.checks.cases import SENTENCES, joined, must_see

FOUR = joined(0, 4)
GUIDE = (
    "## Overview\n\nThe tool reads the files.\n\n## Known Problems\n\nIt is slow on old disks.",
    "## نظرة عامة\n\nتقرأ الأداة الملفات.\n\n## المشكلات المعروفة\n\nهي بطيئة على الأقراص القديمة.",
)
TABLE = (
    "| Fruit | Taste |\n|---|---|\n| apple | sweet and fresh |\n| lemon | very sour |",
    "| الفاكهة | المذاق |\n|---|---|\n| تفاح | حلو ومنعش |\n| ليمون | حامض جدًا |",
)
ANIMALS = (
    "| Animal | Sound |\n|---|---|\n| The dog | barks loudly |\n| The cat | meows |",
    "| الحيوان | الصوت |\n|---|---|\n| الكلب | ينبح بصوت عالٍ |\n| القطة | تموء |",
)
FRUIT = (
    "| Fruit | Color |\n|---|---|\n| Red apple | bright red |\n| Banana | yellow |",
    "| الفاكهة | اللون |\n|---|---|\n| تفاح أحمر | أحمر زاهٍ |\n| الموز | أصفر |",
)
LIST = (
    "Before you travel:\n\n- Check the weather\n- Pack warm clothes\n- Charge your phone",
    "قبل أن تسافر:\n\n- تحقّق من الطقس\n- احزم ملابس دافئة\n- اشحن هاتفك",
)


def instead(pieces: dict[int, str], first: int = 0, end: int = 4) -> str:
    return " ".join(pieces.get(i, SENTENCES[i][1]) for i in range(first, end))


SENTENCE_OR_HEADING = [
    (*GUIDE, GUIDE[1].replace("نظرة عامة", "Overview")),
    (*GUIDE, GUIDE[1].replace("المشكلات المعروفة", "Known Problems")),
    ("# Getting Started\n\nOpen the door.", "# البدء\n\nافتح الباب.", "# Getting Started\n\nافتح الباب."),
    ("### Final Thoughts\n\nTake your time.", "### أفكار ختامية\n\nخذ وقتك.", "### Final Thoughts\n\nخذ وقتك."),
    ("**Key Points**\n\nSleep is good for you.", "**نقاط رئيسية**\n\nالنوم مفيد لك.",
     "**Key Points**\n\nالنوم مفيد لك."),
    (*FOUR, instead({3: "Salma vend du pain au même coin de rue depuis 31 ans."})),
    (*FOUR, instead({2: "À huit heures, les rues étroites sont pleines de monde."})),
    (*FOUR, instead({0: "El mercado abre a las seis de la mañana."})),
    (*FOUR, instead({2: "Um acht Uhr sind die engen Gassen voller Menschen."})),
    (*FOUR, instead({1: SENTENCES[1][0]})),
    (*FOUR, instead({3: SENTENCES[3][0]})),
    (*FOUR, instead({0: SENTENCES[0][0]})),
    (*joined(0, 12), instead({6: SENTENCES[6][0]}, 0, 12)),
    (*joined(0, 12), instead({6: "Elle ne prend jamais d'argent à ceux qui n'en ont pas."}, 0, 12)),
    (*joined(8, 12, "\n\n"), joined(8, 12, "\n\n")[1].replace(SENTENCES[9][1], SENTENCES[9][0])),
    (*LIST, LIST[1].replace("احزم ملابس دافئة", "Pack warm clothes")),
    (*ANIMALS, ANIMALS[1].replace("الكلب", "The dog")),
    (*ANIMALS, ANIMALS[1].replace("| القطة | تموء |", "| The cat | meows |")),
    (*FRUIT, FRUIT[1].replace("| تفاح أحمر | أحمر زاهٍ |", "| Red apple | bright red |")),
    (*LIST, LIST[1].replace("قبل أن تسافر:", "Before you travel:")),
    ("He said, \"I am tired of waiting here.\" Then he left.", "قال: \"تعبت من الانتظار هنا\". ثم غادر.",
     "قال: \"I am tired of waiting here\". ثم غادر."),
]  # fmt: skip

CELL_OR_WORD = [
    (*TABLE, TABLE[1].replace("حلو ومنعش", "sweet and fresh")),
    (*TABLE, TABLE[1].replace("حامض جدًا", "very sour")),
    (*TABLE, TABLE[1].replace("المذاق", "Taste")),
    (*TABLE, TABLE[1].replace("ليمون", "lemon")),
    (*LIST, LIST[1].replace("اشحن هاتفك", "Charge your phone")),
    ("- red\n- green\n- blue", "- أحمر\n- أخضر\n- أزرق", "- أحمر\n- green\n- أزرق"),
    ("The weather is nice, however it may rain.", "الطقس جميل، ولكن قد تمطر.", "الطقس جميل، however قد تمطر."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "right", "wrong"), SENTENCE_OR_HEADING)
def test_a_sentence_or_heading_in_another_language_is_a_veto(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong)


@pytest.mark.parametrize(("source", "right", "wrong"), CELL_OR_WORD)
def test_a_cell_or_word_in_english_is_noted(source: str, right: str, wrong: str) -> None:
    must_see(source, right, wrong, hard=False)
