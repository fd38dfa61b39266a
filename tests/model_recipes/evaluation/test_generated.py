"""How a question with options is put in words."""

from model_recipes.evaluation.asked.generated import labels


def test_long_options_are_asked_for_by_number() -> None:
    assert labels(["Paris is it", "London"]) == ["1", "2"]
    assert labels(["(A)", "(B)"]) == ["(A)", "(B)"]
    assert labels(["yes", "no", "not known"]) == ["1", "2", "3"]
