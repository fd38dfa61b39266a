"""Sentences that did not arrive, sentences that nobody wrote, and the text of another row."""

from __future__ import annotations

from benchmarks.checks.faults.text import Fault, Kind, Pair, Planted, Random, Text, on_piece, on_target

_MORALS = (
    "وقد أثار ذلك اهتمامًا واسعًا في وسائل الإعلام.", "وهذا أمر معروف لدى كثير من الناس منذ زمن طويل.",
    "ولا يزال الباحثون يدرسون هذه المسألة حتى اليوم.", "ومن الجدير بالذكر أن ذلك تكرر في أماكن أخرى.",
    "وتؤكد مصادر كثيرة أن الوضع سيتحسن قريبًا.", "وقد أعرب السكان عن سعادتهم بهذه النتيجة.",
    "لذلك ينبغي لنا جميعًا أن نتعلم من هذه التجربة.", "وكان الطقس في ذلك اليوم مشمسًا وجميلًا.",
)  # fmt: skip
_CLAUSES = (
    "، كما هو معروف لدى الجميع،", "، وهو أمر مهم جدًا في حياتنا اليومية،", "، بحسب ما ذكرته مصادر كثيرة موثوقة،",
    "، على الرغم من كل الصعوبات التي واجهته،", " بطريقة سريعة وفعالة ومدهشة للغاية", "، كما كان متوقعًا منذ البداية،",
)  # fmt: skip


def _kept(text: Text, lost: set[int]) -> Planted:
    targets = [target for i, target in enumerate(text.targets()) if i not in lost]
    return Planted(text.source, text.target, text.separator.join(targets))


def lost_last_sentence(text: Text, rng: Random) -> Planted | None:
    return _kept(text, {len(text.pieces) - 1}) if len(text.pieces) > 1 else None


def lost_first_sentence(text: Text, rng: Random) -> Planted | None:
    return _kept(text, {0}) if len(text.pieces) > 1 else None


def lost_middle_sentence(text: Text, rng: Random) -> Planted | None:
    return _kept(text, {rng.randrange(1, len(text.pieces) - 1)}) if len(text.pieces) > 2 else None


def lost_two_sentences(text: Text, rng: Random) -> Planted | None:
    return _kept(text, set(rng.sample(range(len(text.pieces)), 2))) if len(text.pieces) > 3 else None


def lost_last_third(text: Text, rng: Random) -> Planted | None:
    count = len(text.pieces)
    return _kept(text, set(range(count - count // 3, count))) if count > 3 else None


def lost_paragraph(text: Text, rng: Random) -> Planted | None:
    """Pieces as paragraphs, of which one is gone."""
    return lost_middle_sentence(text._replace(separator="\n\n"), rng)


def last_quarter_cut(target: str, rng: Random) -> str | None:
    """Within a word, as a limit of tokens does."""
    return target[: len(target) * 3 // 4] if len(target) > 60 else None


def last_quarter_rounded(target: str, rng: Random) -> str | None:
    """At a word, and with a full stop: nothing at the end tells."""
    words = target.split(" ")
    return " ".join(words[: len(words) * 3 // 4]).rstrip(".،؛: ") + "." if len(words) > 12 else None


def summary(text: Text, rng: Random) -> Planted | None:
    """Of each sentence the first 60 %, closed with a full stop."""
    if len(text.target.split()) < 12:
        return None
    cut = []
    for target in text.targets():
        words = target.split(" ")
        cut.append(" ".join(words[: max(3, len(words) * 6 // 10)]).rstrip(".،؛: ") + ".")
    return Planted(text.source, text.target, text.separator.join(cut))


def lost_clause(pair: Pair, rng: Random) -> str | None:
    """What stands after the last comma of a sentence is gone, four words or more."""
    target = pair[1]
    at = max(target.rfind("،"), target.rfind(","))
    return target[:at] + "." if at > 20 and len(target[at:].split()) >= 5 else None


def _add(where: str, sentence: str, text: Text, rng: Random) -> Planted:
    targets = text.targets()
    at = {"start": 0, "middle": rng.randint(0, len(targets)), "end": len(targets)}[where]
    targets.insert(at, sentence)
    return Planted(text.source, text.target, text.separator.join(targets))


def _added(where: str) -> Fault:
    """A fluent sentence on the same subject: the document's next one."""

    def plant(text: Text, rng: Random) -> Planted | None:
        if not text.near or (where == "middle" and len(text.pieces) < 2):
            return None
        return _add(where, rng.choice(text.near)[1], text, rng)

    return plant


def added_moral(text: Text, rng: Random) -> Planted:
    return _add("end", rng.choice(_MORALS), text, rng)


def added_summary(text: Text, rng: Random) -> Planted | None:
    words = text.targets()[0].split(" ")
    opening = rng.choice(("باختصار، ", "وخلاصة القول إن ", "وفي الختام، "))
    return _add("end", f"{opening}{' '.join(words[:9])}.", text, rng) if len(words) > 5 else None


def added_offer(text: Text, rng: Random) -> Planted:
    offers = ("هل ترغب في معرفة المزيد عن هذا الموضوع؟", "أتمنى أن يكون ذلك مفيدًا لك.", "شكرًا لكم على القراءة.")
    return _add("end", rng.choice(offers), text, rng)


def padded_clause(pair: Pair, rng: Random) -> str | None:
    words = pair[1].split(" ")
    at = rng.randint(2, len(words) - 2) if len(words) >= 6 else 0
    return " ".join(words[:at]) + rng.choice(_CLAUSES) + " " + " ".join(words[at:]) if at else None


def repeated_idea(text: Text, rng: Random) -> Planted | None:
    """A sentence stands again later in fewer words."""
    words = rng.choice(text.pieces)[1].rstrip(".").split(" ")
    fewer = [word for i, word in enumerate(words) if i % 4 != 3]
    return _add("end", f"أي إن {' '.join(fewer)}.", text, rng) if len(fewer) >= 5 else None


def another_row(text: Text, rng: Random) -> Planted | None:
    """Another text's translation, cut to this one's number of sentences."""
    if not text.near or text.near[0] == text.pieces[0]:
        return None
    targets = [rng.choice(text.near)[1] for _ in text.pieces]
    return Planted(text.source, text.target, text.separator.join(targets))


def half_of_another_row(text: Text, rng: Random) -> Planted | None:
    """The second half is another text's."""
    if not text.near or len(text.pieces) < 2:
        return None
    targets = text.targets()
    for i in range(len(targets) // 2, len(targets)):
        targets[i] = rng.choice(text.near)[1]
    return Planted(text.source, text.target, text.separator.join(targets))


def sentences_in_another_order(text: Text, rng: Random) -> Planted | None:
    if len(text.pieces) < 3:
        return None
    targets = text.targets()
    targets[0], targets[-1] = targets[-1], targets[0]
    return Planted(text.source, text.target, text.separator.join(targets))


KINDS = [
    *(
        Kind(plant.__name__, plant)
        for plant in (
            lost_last_sentence, lost_first_sentence, lost_middle_sentence, lost_two_sentences, lost_last_third,
            lost_paragraph,
        )
    ),
    Kind("last_quarter_cut", on_target(last_quarter_cut)),
    Kind("last_quarter_rounded", on_target(last_quarter_rounded)),
    Kind("summary", summary),
    Kind("lost_clause", on_piece(lost_clause), wrong_for_training=False),
    *(Kind(f"added_at_{where}", _added(where)) for where in ("start", "middle", "end")),
    Kind("added_moral", added_moral),
    Kind("added_summary", added_summary),
    Kind("added_offer", added_offer),
    Kind("padded_clause", on_piece(padded_clause), wrong_for_training=False),
    Kind("repeated_idea", repeated_idea),
    Kind("another_row", another_row),
    Kind("half_of_another_row", half_of_another_row),
    Kind("sentences_in_another_order", sentences_in_another_order, wrong_for_training=False),
]  # fmt: skip
