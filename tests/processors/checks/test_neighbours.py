"""A sentence of a language that shares the script, a clause of one that does not, names that need their letters."""

import pytest

from tests.processors.checks.cases import joined, verdicts

BEFORE, BEHIND = joined(0, 2)[1], joined(3, 5)[1]
SOURCE = joined(0, 5)[0]

SENTENCES = {
    "Persian": "هیچ‌کس نمی‌دانست او کجا بوده است.",
    "Persian, a question": "چرا در باغ کسی نمانده بود؟",
    "Persian, short": "خیابان‌های تنگ پر از مردم می‌شود.",
    "Urdu": "آٹھ بجے تک تنگ گلیاں لوگوں سے بھر جاتی ہیں۔",
    "Urdu, of few letters of its own": "وہ گھر میں اکیلا رہتا تھا۔",
    "Kurdish": "تا کاتژمێر هەشت شەقامەکان پڕ دەبن لە خەڵک.",
    "Pashto": "تر اتو بجو پورې تنګې کوڅې له خلکو ډکې وي.",
    "Uyghur": "سائەت سەككىزدە تار كوچىلار ئادەم بىلەن تولىدۇ.",
}

# Right: names and loans in letters that Arabic only borrows, and what the source has of a neighbour's language.
RIGHT = [
    ("Karachi and Peshawar are in Pakistan. Chitral is near Gilgit.",
     "كراچي وپشاور في باكستان. وچترال قرب گلگت."),
    ("Mr. Chaudhry bought a Peugeot. Then he sold it to Pasha.", "اشترى السيد چودري سيارة پيجو. ثم باعها لپاشا."),
    ("Gorbachev met Pompidou's widow. They spoke of Chekhov.", "التقى گورباچوف أرملة پومپيدو. وتحدثا عن تشيخوف."),
    ("Chicken Tikka and chapati are sold there. I ate both.", "يُباع هناك دجاج تيكا وچباتي. أكلت كليهما."),
    ("In Urdu, آپ is polite and تم is not. Both mean you.", "في الأردية آپ مهذبة وتم ليست كذلك. وكلتاهما تعني أنت."),
    ("Translate into Persian: I do not know.", "ترجم إلى الفارسية: لا أعرف."),
    ("\"من نمی‌دانم\" means I do not know.", "\"من نمی‌دانم\" تعني لا أعرف."),
    ("We sailed past Gibraltar. It rained.", "أبحرنا قرب جبل طارق. وهطل المطر."),
    ("She wears a chador in Mashhad, and a Punjabi dress in Lahore.", "ترتدي چادورًا في مشهد وثوبًا پنجابيًا في لاهور."),
    ("We drank Pepsi in Gujarat. It was cold.", "شربنا پيپسي في گجرات. كانت باردة."),
    ("The singer Googoosh came. We sang with her.", "جاءت المغنية گوگوش. غنينا معها."),
    ("He lives in Çanakkale with Jean-Pierre. They fish.", "يعيش في چناق قلعة مع جان پيير. وهما يصيدان السمك."),
    ("In Persian one writes کتاب for book. It is easy.", "في الفارسية تُكتب کتاب بمعنى كتاب. وهو سهل."),
    ("What does \"نمی‌دانم\" mean?", "ماذا تعني \"نمی‌دانم\"؟"),
]  # fmt: skip

CLAUSES = [
    ("Boil the kettle, warm the pot and let the tea brew for four minutes before you pour.",
     "اغلِ الماء في الغلاية ودفّئ الإبريق، et laissez infuser le thé pendant quatre minutes قبل أن تصبّه."),
    ("The museum opens at nine and the tickets are cheaper on a normal day.",
     "يفتح المتحف في التاسعة، und die Karten sind normal an anderen Tagen billiger."),
    ("She took a taxi to the station because her train was late.",
     "استقلّت سيارة أجرة إلى المحطة، porque su tren llegó tarde a la station de siempre."),
]  # fmt: skip

# A clause of which the source has most, titles, and what stands in marks.
KEPT = [
    ("He sang \"La vie en rose\" for us.", "غنّى لنا \"La vie en rose\"."),
    ("We saw \"Life Is Beautiful\" at home.", "شاهدنا فيلم \"La vita è bella\" في البيت."),
    ("The Doctors Without Borders office is closed.", "مكتب منظمة أطباء بلا حدود (Médecins Sans Frontières) مغلق."),
]  # fmt: skip


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_a_neighbours_sentence_among_others_is_a_veto(sentence: str) -> None:
    found = verdicts(SOURCE, f"{BEFORE} {sentence} {BEHIND}")
    assert any(verdict.check == "script" and verdict.hard for verdict in found), found


@pytest.mark.parametrize(("source", "target"), RIGHT + KEPT)
def test_names_and_loans_are_no_veto(source: str, target: str) -> None:
    found = verdicts(source, target)
    assert not any(verdict.hard for verdict in found if verdict.check in ("script", "untranslated")), found


@pytest.mark.parametrize(("source", "target"), CLAUSES)
def test_a_clause_of_a_third_language_is_a_veto_whatever_word_it_shares(source: str, target: str) -> None:
    assert any(verdict.check == "script" and verdict.hard for verdict in verdicts(source, target))
