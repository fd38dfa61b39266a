"""How long a model will take, before its first row is done."""

from pathlib import Path

from builders.run_folder.activity import EngineFile, RequestsSince
from builders.run_folder.forecast import Forecast


def test_a_trial_tells_speed_and_time_before_anything_is_answered() -> None:
    said: list[str] = []
    forecast = Forecast("translate/Local", 100_000, said.append)
    assert forecast.told({}, 5.0, 0.0) == ""
    assert forecast.told({}, 5.0, 8.0) == ", 8.0 tokens/s, about 1:06:40 left"
    assert not said


def test_answered_chunks_tell_it_better_and_a_row_that_is_done_tells_it_all() -> None:
    forecast = Forecast("translate/Local", 100_000, lambda words: None)
    counted = {"completion_tokens": 600, "characters": 2_000}
    assert forecast.told(counted, 60.0, 8.0) == ", 10 tokens/s, about 49:00 left"
    # From then on the rows' own rate stands beside it.
    assert forecast.told(counted | {"documents": 1}, 60.0, 8.0) == ", 10 tokens/s"


def test_what_takes_days_is_said_once() -> None:
    said: list[str] = []
    forecast = Forecast("translate/Local", 10_000_000, said.append)
    for _ in range(3):
        forecast.told({}, 5.0, 4.0)
    assert said == [
        "translate/Local: about 9.3 days for these rows at 4.0 tokens/s; take fewer rows "
        "(selection.max_rows_per_split), a smaller model or a faster machine"
    ]


def test_the_bar_has_it_beside_the_requests(tmp_path: Path) -> None:
    tell, since = EngineFile(tmp_path), RequestsSince(tmp_path, Forecast("one", 100_000, lambda words: None))
    tell({"requests": 4, "trial": 8.0})
    assert since() == "(0.0 requests/s, 8.0 tokens/s, about 1:06:40 left, 0 retries)"
