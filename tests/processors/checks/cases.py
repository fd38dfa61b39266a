"""A wrong translation beside the right one: what a check says of the wrong one, it says because of the fault."""

from __future__ import annotations

from typing import Any

import pytest

from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_chunk, check_conversation, has_hard

# A text of twelve sentences, for faults that only a long text hides.
SENTENCES = [
    ("The market opens at six in the morning.", "يفتح السوق في السادسة صباحًا."),
    ("Farmers bring tomatoes, onions and fresh mint from the valley.",
     "يجلب المزارعون الطماطم والبصل والنعناع الطازج من الوادي."),
    ("By eight o'clock the narrow streets are full of people.", "وبحلول الثامنة تمتلئ الشوارع الضيقة بالناس."),
    ("Salma has sold bread on the same corner for 31 years.", "تبيع سلمى الخبز في الزاوية نفسها منذ 31 عامًا."),
    ("Her father built the oven with stones from the old wall.", "بنى والدها الفرن بحجارة من السور القديم."),
    ("Children stop there on their way to school.", "يتوقف الأطفال هناك في طريقهم إلى المدرسة."),
    ("She never takes money from those who have none.", "ولا تأخذ مالًا ممن لا يملكون شيئًا."),
    ("In winter the smoke rises above the roofs like a grey flag.",
     "وفي الشتاء يرتفع الدخان فوق السطوح كراية رمادية."),
    ("A baker from Lyon once offered to buy her recipe.", "وعرض عليها خباز من ليون ذات مرة أن يشتري وصفتها."),
    ("She laughed and gave him a loaf instead.", "فضحكت وأعطته رغيفًا بدلًا من ذلك."),
    ("Last spring the city put a small sign beside her door.",
     "وفي الربيع الماضي وضعت المدينة لافتة صغيرة بجانب بابها."),
    ("It says only that good bread needs patience.", "وليس فيها سوى أن الخبز الجيد يحتاج إلى صبر."),
]  # fmt: skip


def joined(first: int, end: int, separator: str = " ") -> tuple[str, str]:
    """Sentences `first` to `end` (exclusive) as one text, in both languages."""
    chosen = SENTENCES[first:end]
    return separator.join(s for s, _ in chosen), separator.join(t for _, t in chosen)


def missed(*case: Any) -> Any:
    """A case that the checks do not see yet; whoever mends its kind takes this mark away."""
    return pytest.param(*case, marks=pytest.mark.xfail(strict=True, reason="no check sees this yet"))


def verdicts(source: str, target: str) -> list[Verdict]:
    """As the pipeline checks a message."""
    return check_conversation([{"role": "assistant", "content": source}], [{"role": "assistant", "content": target}])


def must_see(source: str, right: str, wrong: str, *, hard: bool = True, chunk: bool = False) -> None:
    """The right translation is clean; the wrong one is seen, and where so said vetoed, and sent back at the chunk."""
    assert not verdicts(source, right)
    found = verdicts(source, wrong)
    assert found and (has_hard(found) or not hard), found
    if chunk:
        assert check_chunk(source, right) is None
        assert check_chunk(source, wrong) is not None
