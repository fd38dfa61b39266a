"""A conversation is checked once: the same verdicts as ever, no pair asked about twice, and rules that are known."""

import subprocess
import sys
from typing import Any

import pytest

from processors.checks import once
from processors.checks.once import RULES, ConversationChecks, rules_digest
from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import CHECKS, check_chunk, check_conversation, check_pair, look_at_chunk
from tests.rooms import House
from tests.standins.processes import ROOT

SOURCE = "The tower is 324 metres tall. It was built in 1889 by Gustave Eiffel's company."
TARGETS = {
    "good": "يبلغ ارتفاع البرج 324 مترا. وقد بنته شركة غوستاف إيفل في عام 1889.",
    "other number": "يبلغ ارتفاع البرج 342 مترا. وقد بنته شركة غوستاف إيفل في عام 1889.",
    "a sentence less": "يبلغ ارتفاع البرج 324 مترا.",
    "the same twice": "يبلغ ارتفاع البرج 324 مترا. يبلغ ارتفاع البرج 324 مترا. يبلغ ارتفاع البرج 324 مترا.",
    "some English": "يبلغ ارتفاع البرج 324 metres tall وقد بنته شركة غوستاف إيفل في عام 1889.",
    "English": SOURCE,
    "nothing": "",
    "short": "برج.",
}


def conversation(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("kept", [(), ("metres",)], ids=["", "with a value"])
def test_what_a_chunk_was_asked_changes_no_verdict(target: str, kept: tuple[str, ...]) -> None:
    verdict, found = look_at_chunk(SOURCE, target, kept)
    assert verdict == check_chunk(SOURCE, target, kept)
    assert (found is None) == (verdict is not None)
    if found is not None:
        assert check_pair(SOURCE, target, kept, found=found) == check_pair(SOURCE, target, kept)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_the_whole_is_told_as_ever(target: str) -> None:
    checks = ConversationChecks()
    assert checks.chunk(SOURCE, target) == check_chunk(SOURCE, target)
    source, made = conversation(SOURCE), conversation(target)
    assert checks.whole(source, made) == check_conversation(source, made)


def test_a_check_is_asked_once_about_a_message_of_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def count(name: str, look: Any) -> Any:
        def looking(pair: Pair) -> list[Verdict]:
            asked.append(name)
            return list(look(pair))

        return looking

    counting = tuple(
        type(check)(check.name, count(check.name, check.look), check.says, check.on_chunks, None, check.silences)
        for check in CHECKS
    )
    monkeypatch.setattr("processors.checks.run.CHECKS", counting)
    monkeypatch.setattr("processors.checks.run._ON_CHUNKS", tuple(check for check in counting if check.on_chunks))
    good = TARGETS["good"]
    checks = ConversationChecks()
    assert checks.chunk(SOURCE, good) is None
    checks.whole(conversation(SOURCE), conversation(good))
    assert sorted(asked) == sorted(check.name for check in CHECKS)
    # Another text than the chunk's is asked about wholly, and so is one with other values that stay.
    asked.clear()
    checks.whole(conversation(SOURCE), conversation(good + " نعم."))
    assert len(asked) == len(CHECKS)


def test_rules_are_known_by_their_sources_and_data_and_the_language(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    assert rules_digest("Arab", "ar") == rules_digest("Arab", "ar") != rules_digest("Arab", "fa")
    for name in ("checks", "alignment"):
        (tmp_path / name).mkdir()
    rule, data = tmp_path / "checks" / "rule.py", tmp_path / "alignment" / "words.json"
    rule.write_text("LIMIT = 1\n")
    data.write_text("{}")
    monkeypatch.setattr(once, "_ROOT", tmp_path)
    seen = set()
    for change in (
        lambda: None,
        lambda: rule.write_text("LIMIT = 2\n"),
        lambda: data.write_text("{ }"),
        lambda: rule.rename(rule.with_name("other.py")),
    ):
        change()
        rules_digest.cache_clear()
        seen.add(rules_digest("Arab", "ar"))
    rules_digest.cache_clear()
    assert len(seen) == 4


def test_every_room_that_the_checks_import_is_among_the_rules() -> None:
    modules = House(ROOT, ("processors",)).modules
    found, waiting = set[str](), ["processors.checks.run"]
    while waiting:
        name = waiting.pop()
        if name in modules and name not in found:
            found.add(name)
            waiting += [*modules[name].imports(), name.rpartition(".")[0]]
    rooms = {name.split(".")[1] for name in found if "." in name}
    assert rooms <= {rule.removesuffix(".py") for rule in RULES}
    program = "import processors.checks.run, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    rooms = {name.split(".")[1] for name in loaded.stdout.split() if name.startswith("processors.")}
    assert rooms <= {rule.removesuffix(".py") for rule in RULES}
