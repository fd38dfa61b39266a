"""Calls whose arguments stand in the user's message: faults of whole conversations."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

Conversation = list[dict[str, Any]]

# (argument, value, what the user says, translated; the value translated, spelled otherwise)
_VALUES = (
    ("network_name", "network222", "Delete the fabric named '{}'.", "احذف النسيج المسمى '{}'.", "الشبكة222",
     "network22"),
    ("city", "Lyon", "What is the weather in {} today?", "ما حالة الطقس في {} اليوم؟", "ليون", "Lion"),
    ("file", "report final.docx", "Open {} for me.", "افتح لي {}.", "التقرير النهائي.docx", "report-final.docx"),
    ("title", "Blue Moon", "Play the song {}.", "شغّل أغنية {}.", "القمر الأزرق", "Blue Mon"),
    ("tag", "todo-list", "Show my notes with the tag {}.", "أظهر ملاحظاتي ذات الوسم {}.", "قائمة-المهام", "todolist"),
    ("account", "savings_main", "What is the balance of {}?", "ما رصيد {}؟", "المدخرات_الرئيسية", "saving_main"),
    ("query", "wireless headphones", "Search the shop for {}.", "ابحث في المتجر عن {}.", "سماعات لاسلكية",
     "headphones"),
    ("product_id", "AB-1024-X", "Is product {} in stock?", "هل المنتج {} متوفر؟", "أب-1024-س", "AB-1042-X"),
    ("user", "maria.lopez", "Block the user {}.", "احظر المستخدم {}.", "ماريا.لوبيز", "maria.lopes"),
    ("branch", "feature/login", "Merge the branch {}.", "ادمج الفرع {}.", "ميزة/الدخول", "feature/log-in"),
    ("email", "Team Weekly", "Send the newsletter {}.", "أرسل النشرة {}.", "أسبوعية الفريق", "Weekly Team"),
    ("sku", "blue-42-L", "Add {} to the basket.", "أضف {} إلى السلة.", "أزرق-42-كبير", "blue-24-L"),
)  # fmt: skip
_PHRASES = (
    ("Please do it now.", "افعل ذلك الآن من فضلك."), ("I need it for a meeting.", "أحتاج إليه لاجتماع."),
    ("Thank you in advance.", "شكرًا مقدمًا."), ("Be careful with it.", "كن حذرًا معه."),
)  # fmt: skip

KINDS = ("tool_value_translated", "tool_value_misspelled", "tool_value_lost", "tool_call_changed")


def plant(kind: str, held: bool, count: int, seed: str) -> Iterator[tuple[Conversation, Conversation, Conversation]]:
    """(source, right, wrong) conversations of a user, a call, a response and an answer."""
    rng = random.Random(seed)
    for _ in range(count):
        argument, value, english, arabic, translated, misspelled = rng.choice(_VALUES[held::2])
        said = {"tool_value_translated": translated, "tool_value_misspelled": misspelled, "tool_value_lost": ""}
        more, mehr = rng.choice(_PHRASES)
        call = json.dumps({"name": "act", "arguments": {argument: value}})
        changed = json.dumps({"name": "act", "arguments": {argument: translated}}, ensure_ascii=False)

        def conversation(user: str, call: str, answer: str) -> Conversation:
            return [
                {"role": "user", "content": user},
                {"role": "assistant", "content": f"<tool_call>\n{call}\n</tool_call>"},
                {"role": "tool", "content": '{"status": "ok"}'},
                {"role": "assistant", "content": answer},
            ]

        source = conversation(f"{english.format(value)} {more}", call, "It is done.")
        right = conversation(f"{arabic.format(value)} {mehr}", call, "تم ذلك.")
        wrong = conversation(
            f"{arabic.format(said.get(kind, value))} {mehr}",
            changed if kind == "tool_call_changed" else call,
            "تم ذلك.",
        )
        yield source, right, wrong
