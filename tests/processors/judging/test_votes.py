"""People's verdicts from their files: weights, ties, who said it, and what cannot be read."""

from pathlib import Path

import pytest

from processors.errors import InputError
from processors.judging.votes import read_verdicts, read_votes

NAMES = ("Ada", "Bob")


def test_a_weight_is_a_part_of_a_vote_and_nought_a_tie(tmp_path: Path) -> None:
    path = tmp_path / "said.csv"
    path.write_text(
        "id,better,worse,annotator,weight\n1,Ada,Bob,x,0.2\n1,Bob,Ada,y,\n2,Ada,Bob,x,0\n3,Bob,Ada,x,1\n3,Ada,Bob,x,0.5\n"
    )
    votes = read_votes(path, NAMES)
    assert votes.difference("1", "Ada", "Bob", {}) == pytest.approx(-0.4)
    assert votes.difference("2", "Bob", "Ada", {}) == 0
    assert votes.difference("3", "Ada", "Bob", {}) == 0.5, "whoever says it again has changed their mind"


def test_a_whole_vote_is_the_one_without_a_weight(tmp_path: Path) -> None:
    plain, weighed = tmp_path / "plain.jsonl", tmp_path / "weighed.jsonl"
    plain.write_text('{"id": "1", "better": "Ada", "worse": "Bob", "annotator": "x"}\n')
    weighed.write_text(
        '{"id": "1", "better": "Ada", "worse": "Bob", "annotator": "x", "weight": 1.0, "time": "now"}\n'
    )
    assert read_verdicts(plain, NAMES).digest() == read_verdicts(weighed, NAMES).digest()


@pytest.mark.parametrize("weight", ['"much"', "-0.1", "1.5", "NaN", "[1]"])
def test_what_is_no_weight_is_told_with_its_line(tmp_path: Path, weight: str) -> None:
    path = tmp_path / "said.jsonl"
    path.write_text(f'{{"id": "1", "better": "Ada", "worse": "Bob", "weight": {weight}}}\n')
    with pytest.raises(InputError, match=r"line 1: weight is .*, expected a number from 0 \(a tie\) to 1"):
        read_verdicts(path, NAMES)


def test_a_folder_s_verdicts_are_read_whoever_gave_them(tmp_path: Path) -> None:
    (tmp_path / "verdicts.jsonl").write_text('{"id": "1", "better": "Ada", "worse": "Bob"}\n')
    assert read_votes(tmp_path, NAMES).difference("1", "Ada", "Bob", {}) == 1
    assert read_verdicts(tmp_path, NAMES).rows() == {"1"}
    (tmp_path / "verdicts.jsonl").write_text('{"id": "1", "a": "Ada", "b": "Bob", "judge": "j", "verdict": "b"}\n')
    assert read_votes(tmp_path, NAMES).difference("1", "Ada", "Bob", {}) == -1


def test_a_line_that_a_crash_tore_is_left_out_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = '{"id": "1", "better": "Ada", "worse": "Bob"}'
    path = tmp_path / "verdicts.jsonl"
    path.write_text(f'{whole}\n{{"id": "2", "bet')
    assert read_votes(tmp_path, NAMES).rows() == {"1"} == read_verdicts(path, NAMES).rows()
    assert capsys.readouterr().err.splitlines() == [f"{path}, line 2: torn, as by a crash; it is left out"]
    # The last line may lack its line feed; one that is torn and ended, or in between, is damaged.
    path.write_text(f"{whole}\n{whole.replace('1', '2')}")
    assert read_votes(tmp_path, NAMES).rows() == {"1", "2"} and not capsys.readouterr().err
    for text in (f'{whole}\n{{"id": "2", "bet\n', f'{{"id": "2", "bet\n{whole}\n'):
        path.write_text(text)
        with pytest.raises(InputError, match="cannot be read"):
            read_votes(tmp_path, NAMES)
    # A file of somebody's own does not only grow.
    (tmp_path / "mine.jsonl").write_text(f'{whole}\n{{"id": "2", "bet')
    with pytest.raises(InputError, match="line 2: cannot be read"):
        read_verdicts(tmp_path / "mine.jsonl", NAMES)
