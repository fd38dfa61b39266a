"""What a kill may lose, what a commit holds, and how many requests a healthy publish takes."""

from hypothesis import given
from hypothesis import strategies as st

from hub.publishing.portions import LARGEST, LARGEST_PIECE, SMALLEST, commit_groups, pieces, portion, upload_groups

SIZES = st.lists(st.integers(0, 700_000_000), max_size=80)


def uploads(total: int, *, resumed: bool = False) -> list[int]:
    """Bytes of each upload of a publish of many small files."""
    sent, made = 0, []
    while sent < total:
        made.append(min(portion(total, sent, resumed=resumed), total - sent))
        sent += made[-1]
    return made


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_portion_is_a_small_share(total: int, sent: int) -> None:
    assert SMALLEST <= portion(total, sent, resumed=False) <= max(SMALLEST, total / 128, sent / 16)
    assert portion(total, sent, resumed=False) <= LARGEST
    # What one kill may lose, and another twenty after it that all come at the worst moment.
    first, later = portion(total, min(sent, total), resumed=False), portion(total, sent, resumed=True)
    assert total < 128 * SMALLEST or first + 19 * later <= 0.25 * total


def test_a_healthy_publish_takes_few_uploads() -> None:
    assert len(uploads(300_000_000)) <= 51
    assert len(uploads(10_000_000_000)) <= 70
    assert len(uploads(300_000_000, resumed=True)) <= 129
    assert uploads(5_000_000) == [SMALLEST] * 5


@given(SIZES, st.integers(SMALLEST, LARGEST))
def test_groups_hold_every_file_once_and_no_more_than_a_portion(sizes: list[int], most: int) -> None:
    paths = [f"{number:03d}" for number in range(len(sizes))]
    groups = list(upload_groups(paths, sizes, lambda: most))
    assert [path for group in groups for path in group] == paths
    for group in groups:
        assert len(group) == 1 or sum(sizes[int(path)] for path in group) <= most


@given(st.integers(0, 2_000_000_000), st.integers(SMALLEST, LARGEST))
def test_pieces_follow_each_other_and_leave_the_last_portion_to_the_file(size: int, most: int) -> None:
    most = max(most, size // 300)
    found = pieces(size, most)
    assert [start for start, _ in found] == [0, *(end for _, end in found)][: len(found)]
    assert all(0 < end - start <= min(most, LARGEST_PIECE) for start, end in found)
    assert size - (found[-1][1] if found else 0) <= min(most, LARGEST_PIECE)


@given(SIZES, st.integers(1, 100))
def test_commits_are_few_and_hold_every_file_once(sizes: list[int], files: int) -> None:
    paths = [f"{number:03d}" for number in range(len(sizes))]
    groups = list(commit_groups(paths, sizes, sum(sizes), files))
    assert [path for group in groups for path in group] == paths
    assert all(len(group) <= files for group in groups)
    assert len(groups) <= 17 + len(sizes) // files


def test_commits_of_a_small_publish() -> None:
    assert len(list(commit_groups(["a"] * 90, [1000] * 90, 90_000, 100))) == 1
    assert len(list(commit_groups(["a"] * 50, [6_000_000] * 50, 300_000_000, 100))) == 13
