from processors.judging.arabic_writing import WRITING


def test_the_criteria_are_ones_that_a_judge_can_be_asked() -> None:
    assert len(set(WRITING.names)) == len(WRITING.criteria) == 8
    assert all(text and not text.endswith(".") for _, text in WRITING.criteria)
