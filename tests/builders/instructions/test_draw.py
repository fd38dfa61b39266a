"""Drawn instructions: the same for the same seed, none that clash, in words that hold their arguments."""

import pytest

from builders.instructions import Drawing, with_instructions
from builders.instructions.draw import can_be_followed
from processors.errors import InputError
from processors.instructions import KINDS, LESS_THAN, clash, kind_of, look_at_given

PROMPT = "اكتب رسالة إلى صديق، واسأله عن حاله."


@pytest.mark.parametrize("language", ["ar", "en"])
def test_what_is_drawn_can_be_checked_and_does_not_clash(language: str) -> None:
    drawn = set()
    for number in range(120):
        asked = with_instructions(PROMPT, Drawing(language, 1, 5, seed=3), number)
        kinds = [kind_of(name) for name in asked.instruction_id_list]
        drawn |= {kind.id for kind in kinds}
        assert 1 <= len(kinds) <= 5 and asked.prompt.startswith(PROMPT)
        assert not any(clash(one, other) for i, one in enumerate(kinds) for other in kinds[:i])
        look_at_given(asked.instruction_id_list, asked.kwargs, language, "row")
        for given in asked.kwargs:
            for value in given.values():
                if isinstance(value, str) and value not in (
                    "at least",
                    LESS_THAN,
                    "past",
                    "present",
                    "imperative",
                    language,
                ):
                    assert value in asked.prompt
        assert "{" not in asked.prompt.removeprefix(PROMPT)
    in_language = {kind.id for kind in KINDS.values() if kind.asked_in is None or language in kind.asked_in}
    assert drawn == in_language - {"detectable_format:constrained_response"}


def test_the_same_seed_draws_the_same_whatever_was_drawn_before() -> None:
    first = with_instructions(PROMPT, Drawing(seed=1), 4)
    with_instructions("غيره", Drawing(seed=2))
    assert with_instructions(PROMPT, Drawing(seed=1), 4) == first
    assert len({with_instructions(PROMPT, Drawing(seed=seed)).prompt for seed in range(20)}) > 10


def test_what_cannot_be_followed_together_is_not_asked() -> None:
    def chosen(*pairs: tuple[str, dict[str, object]]) -> bool:
        return can_be_followed([(kind_of(name), given) for name, given in pairs], "ar")

    few = ("length_constraints:number_words", {"num_words": 40, "relation": LESS_THAN})
    assert chosen(few, ("detectable_format:number_bullet_lists", {"num_bullets": 3}))
    assert not chosen(few, ("detectable_format:multiple_sections", {"num_sections": 5, "section_spliter": "القسم"}))
    comma = ("combination:repeat_prompt", {"prompt_to_repeat": PROMPT})
    assert not chosen(("punctuation:no_comma", {}), comma)
    assert chosen(("punctuation:no_comma", {}), ("combination:repeat_prompt", {"prompt_to_repeat": "اكتب قصة"}))
    forbidden = ("keywords:forbidden_words", {"forbidden_words": ["أسئلة"]})
    assert not chosen(forbidden, ("startend:end_checker", {"end_phrase": "هل لديك أسئلة أخرى؟"}))


@pytest.mark.parametrize(
    ("drawing", "says"),
    [
        (Drawing(kinds=("punctuation:comma",)), "did you mean"),
        (Drawing(kinds=("change_case:english_capital",)), "cannot be asked for in ar"),
        (Drawing(least=4, most=2), "nothing to draw"),
        (Drawing("xx"), "nothing to draw|no instructions can be drawn"),
    ],
)
def test_what_cannot_be_drawn_is_said(drawing: Drawing, says: str) -> None:
    with pytest.raises(InputError, match=says):
        with_instructions(PROMPT, drawing)
