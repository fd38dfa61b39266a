"""Headings, labels, cells, items, quotations and sentences that stayed English or came from a third language."""

import pytest

from processors.checks.run import has_hard
from tests.processors.checks.cases import verdicts

# Names, titles, commands, and words that the source asks to translate or to correct.
RIGHT = [
    ("## Python\n\nIt is easy.", "## Python\n\nإنها سهلة."),
    ("## Docker Compose\n\nIt starts many containers.", "## Docker Compose\n\nيشغّل حاويات كثيرة."),
    ("## Google Maps\n\nIt shows roads.", "## Google Maps\n\nيعرض الطرق."),
    ("- Slack\n- Notion\n- Google Drive\n- a notebook", "- Slack\n- Notion\n- Google Drive\n- دفتر"),
    ("Run these:\n\n- git push origin main\n- npm install express",
     "شغّل ما يلي:\n\n- git push origin main\n- npm install express"),
    ("Watch *The Lord of the Rings* and **Game of Thrones**.", "شاهد *The Lord of the Rings* و**Game of Thrones**."),
    ("1. The Great Gatsby\n2. Pride and Prejudice\n3. Brave New World",
     "1. The Great Gatsby\n2. Pride and Prejudice\n3. Brave New World"),
    ("Click **Save as draft** and close.", "انقر **Save as draft** ثم أغلق."),
    ("- **Final Cut Pro**: for films\n- **Word**: for letters", "- **Final Cut Pro**: للأفلام\n- **Word**: للرسائل"),
    ("| Tool | Use |\n|---|---|\n| Excel | tables |\n| Word | letters |",
     "| الأداة | الاستخدام |\n|---|---|\n| Excel | الجداول |\n| Word | الرسائل |"),
    ("Say \"good morning to you all\" in French.", "قل \"good morning to you all\" بالفرنسية."),
    ("Correct this: \"She do not likes tea.\"", "صحّح هذا: \"She do not likes tea.\""),
    ("The book \"Gone with the Wind\" is long, she said.", "قالت إن كتاب \"Gone with the Wind\" طويل."),
    ("# The Beatles\n\nThey sang.", "# The Beatles\n\nغنّوا."),
    ("The motto is \"veni vidi vici\".", "الشعار هو \"veni vidi vici\"."),
    ("Translate this French sentence: Je suis allé au marché hier soir.",
     "ترجم هذه الجملة الفرنسية: Je suis allé au marché hier soir."),
    ("## React Native\n\nUse it.", "## React Native\n\nاستخدمه."),
    ("Fix the grammar of the following sentence: he go to school every day.",
     "صحّح نحو الجملة التالية: he go to school every day."),
    ("**API Reference**\n\nRead it.", "**مرجع API**\n\nاقرأه."),
    ("New York Times: a paper.", "New York Times: صحيفة."),
]  # fmt: skip

SURE = [
    ("## Next Steps\n\nCall us.", "## Next Steps\n\nاتصل بنا."),
    ("### Pros and Cons\n\nIt is cheap.", "### Pros and Cons\n\nإنه رخيص."),
    ("# How It Works\n\nIt spins.", "# How It Works\n\nإنه يدور."),
    ("## Introduction to Kubernetes\n\nIt runs programs.", "## Introduction to Kubernetes\n\nيشغّل البرامج."),
    ("# Safety Tips for Hikers\n\nDrink water.", "# Safety Tips for Hikers\n\nاشرب الماء."),
    ("**Ingredients:**\n\n- two eggs\n- salt", "**Ingredients:**\n\n- بيضتان\n- ملح"),
    ("**Note:** The shop is closed.", "**Note:** المتجر مغلق."),
    ("## 1. Background\n\nIt was old.", "## 1. Background\n\nكان قديمًا."),
    ("She asked, \"Where is the nearest station?\"", "سألت: \"Where is the nearest station?\""),
    ("\"Come home now,\" she said.", "قالت: \"Come home now\"."),
    ("> Be the change you wish to see.\n\nHe wrote this.", "> Be the change you wish to see.\n\nكتب هذا."),
    ("| Day | Plan |\n|---|---|\n| Monday | swim in the lake |\n| Tuesday | rest |",
     "| اليوم | الخطة |\n|---|---|\n| الاثنين | swim in the lake |\n| الثلاثاء | راحة |"),
    ("It rains. Take an umbrella with you. Go home.", "إنها تمطر. Prenez un parapluie avec vous. اذهب إلى البيت."),
    ("It rains. It is cold. Go home.", "إنها تمطر. Il fait froid. اذهب إلى البيت."),
    ("It rains. It is cold. Go home.", "إنها تمطر. Está muy frío. اذهب إلى البيت."),
    ("It rains. It is cold here today. Go home.", "إنها تمطر. Het is hier vandaag koud. اذهب إلى البيت."),
    ("It rains. It is cold here today. Go home.", "إنها تمطر. Bugün burada hava soğuk. اذهب إلى البيت."),
    ("It rains. It is cold here today. Go home.", "إنها تمطر. It is cold here today. اذهب إلى البيت."),
    ("1. Wash your hands\n2. Cut the onion\n3. Fry it", "1. اغسل يديك\n2. Cut the onion\n3. اقلها"),
    ("The weather is nice today, but tomorrow it will probably rain all day.",
     "الطقس جميل اليوم، but tomorrow it will probably rain all day."),
    ("## Summary\nAll is well.\n\n## Sources\nThe king.", "## الملخص\nكل شيء بخير.\n\n## Sources\nالملك."),
]  # fmt: skip

# A cell may be a name, a short item too.
PERHAPS = [
    ("| Day | Plan |\n|---|---|\n| Monday | swim |\n| Tuesday | rest |",
     "| اليوم | Plan |\n|---|---|\n| الاثنين | السباحة |\n| الثلاثاء | راحة |"),
    ("1. Wash Hands\n2. Cut Onion\n3. Fry", "1. اغسل يديك\n2. Cut Onion\n3. اقل"),
    ("Step 1: Preparation\n\nWash it.", "Step 1: Preparation\n\nاغسله."),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), RIGHT)
def test_names_titles_commands_and_words_that_are_spoken_of_stay(source: str, target: str) -> None:
    assert not verdicts(source, target)


@pytest.mark.parametrize(("source", "target"), SURE)
def test_what_stayed_english_or_came_from_elsewhere_is_a_veto(source: str, target: str) -> None:
    assert has_hard(verdicts(source, target))


@pytest.mark.parametrize(("source", "target"), PERHAPS)
def test_what_may_be_a_name_is_noted(source: str, target: str) -> None:
    found = verdicts(source, target)
    assert found and not has_hard(found)
