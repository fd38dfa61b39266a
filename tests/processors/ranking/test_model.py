import pickle
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.checks.pairs.verdict import Verdict
from processors.checks.run import VERDICTS, check_pair
from processors.errors import InputError
from processors.ranking.features import MEASURES, PRIOR, SIGNS, Measures, measure
from processors.ranking.known_translators import Standing
from processors.ranking.model import SHIPPED, FittedRanker, Rank, Ranker

PAIRS = [
    ("The meeting starts at 9 in the morning.", "يبدأ الاجتماع في الساعة 9 صباحا."),
    ("She bought 12 books from the old market.", "اشترت 12 كتابا من السوق القديم."),
    ("The river floods the valley every spring.", "يغمر النهر الوادي في كل ربيع."),
    ("Our teacher explained the lesson twice.", "شرح معلمنا الدرس مرتين."),
    ("The train to Aleppo was 45 minutes late.", "تأخر القطار المتجه إلى حلب 45 دقيقة."),
    ("Scientists found a new kind of beetle.", "اكتشف العلماء نوعا جديدا من الخنافس."),
    ("The museum is closed on Mondays.", "المتحف مغلق أيام الاثنين."),
    ("He paid 300 dollars for the broken camera.", "دفع 300 دولار ثمنا للكاميرا المكسورة."),
    ("The soup needs more salt and less water.", "يحتاج الحساء إلى مزيد من الملح وقليل من الماء."),
    ("Children under 6 travel free of charge.", "يسافر الأطفال دون سن 6 مجانا."),
]
ROWS = [(f"{a} {c}", f"{b} {d}") for (a, b), (c, d) in permutations(PAIRS, 2)]
SOURCES = [source for source, _ in ROWS]
GOOD = [target for _, target in ROWS]
# The same in slightly other words: what a second good translator might say.
OTHER = [text.replace(" في ", " خلال ").replace(" من ", " عن ").replace(".", " .") for text in GOOD]
WRONG_NUMBERS = [text.translate(str.maketrans("123456789", "987654321")) for text in GOOD]
BOTH = list(zip(GOOD, OTHER, strict=True))
NUMBERED = [i for i, text in enumerate(GOOD) if text != WRONG_NUMBERS[i]]
HALF = [text[: len(text) // 2] for text in GOOD]
HALF_ENGLISH = [f"{text[: len(text) // 2]} {source[len(source) // 2 :]}" for source, text in ROWS]


@pytest.fixture(scope="module")
def ranker() -> Ranker:
    return Ranker.load()


@pytest.mark.parametrize("bad", [WRONG_NUMBERS, HALF, HALF_ENGLISH])
@pytest.mark.parametrize("third", [False, True])
def test_a_bad_translator_is_found_out_without_a_reference(ranker: Ranker, bad: list[str], third: bool) -> None:
    candidates = {"a": bad, "b": GOOD} | ({"c": OTHER} if third else {})
    fitted = ranker.fit_batch(SOURCES, candidates)
    prior = fitted.prior()
    assert prior["b"] > prior["a"] + 1
    ranks = fitted.score(SOURCES, candidates)
    differing = [row for row, one, other in zip(ranks, bad, GOOD, strict=True) if one != other]
    assert np.mean([row["b"].quality > row["a"].quality for row in differing]) > 0.95


@pytest.mark.parametrize(
    "spoil", [lambda t, s: t[: len(t) // 3], lambda t, s: s, lambda t, s: "لا شيء هنا مما قيل هناك"]
)
def test_one_spoiled_row_among_good_ones(ranker: Ranker, spoil) -> None:  # type: ignore[no-untyped-def]
    spoiled = [spoil(GOOD[0], SOURCES[0]), *OTHER[1:]]
    third = [text.replace(" إلى ", " نحو ") for text in OTHER]
    ranks = ranker.fit_batch(SOURCES, {"x": spoiled, "y": GOOD, "z": third}).score(
        SOURCES, {"x": spoiled, "y": GOOD, "z": third}
    )
    assert ranks[0]["x"].gain < min(ranks[0]["y"].gain, ranks[0]["z"].gain)


def test_qualities_are_chances_and_gains_balance(ranker: Ranker) -> None:
    candidates = {"a": OTHER, "b": GOOD, "c": HALF}
    for row in ranker.fit_batch(SOURCES, candidates).score(SOURCES, candidates):
        assert sum(rank.quality for rank in row.values()) == pytest.approx(1)
        assert sum(rank.gain for rank in row.values()) == pytest.approx(0, abs=1e-9)
        assert max(row, key=lambda name: row[name].gain) == max(row, key=lambda name: row[name].quality)


def test_names_and_order_of_translators_do_not_matter(ranker: Ranker) -> None:
    first = {"a": OTHER, "b": GOOD, "c": HALF}
    second = {"z": HALF, "y": OTHER, "x": GOOD}
    rename = {"a": "y", "b": "x", "c": "z"}
    fitted = ranker.fit_batch(SOURCES, second)
    # Neither does the order in which the translators come when they are scored.
    theirs = fitted.score(SOURCES, {name: second[name] for name in "xyz"})
    for one, other in zip(ranker.fit_batch(SOURCES, first).score(SOURCES, first), theirs, strict=True):
        for name, rank in one.items():
            assert rank == pytest.approx(other[rename[name]])


def test_row_by_row_is_as_all_at_once(ranker: Ranker) -> None:
    candidates: dict[str, list[str | None]] = {"a": [*OTHER], "b": [*GOOD], "c": [*HALF]}
    candidates["a"][3] = candidates["c"][4] = candidates["b"][4] = None
    fitted = ranker.fit_batch(SOURCES, candidates)
    together = fitted.score(SOURCES, candidates)
    for i in range(10):
        alone = fitted.score(SOURCES[i : i + 1], {name: texts[i : i + 1] for name, texts in candidates.items()})[0]
        assert alone.keys() == together[i].keys()
        for name, rank in alone.items():
            assert rank == pytest.approx(together[i][name])


CANDIDATES: dict[str, list[str | None]] = {
    "a": [*OTHER[:9], None, *OTHER[10:]],
    "b": [*GOOD],
    "c": [*HALF[:20], None, *HALF[21:]],
    "d": [*WRONG_NUMBERS],
    "e": [f"{text} {other}" for text, other in zip(GOOD, GOOD[1:] + GOOD[:1], strict=True)],
    "f": ["" if i == 9 else text[::-1] for i, text in enumerate(GOOD)],
    "g": [*HALF_ENGLISH],
}


@settings(max_examples=25)
@given(st.integers(2, 7), st.lists(st.integers(0, 89), min_size=1, max_size=60, unique=True))
def test_what_a_row_gets_does_not_depend_on_the_rows_beside_it(width: int, rows: list[int]) -> None:
    candidates = dict(list(CANDIDATES.items())[:width])
    fitted = FITTED.setdefault(width, Ranker.load().fit_batch(SOURCES, candidates))
    whole = WHOLE.setdefault(width, fitted.score(SOURCES, candidates))
    some = {name: [texts[i] for i in rows] for name, texts in candidates.items()}
    # To the last bit, and not only about.
    assert fitted.score([SOURCES[i] for i in rows], some) == [whole[i] for i in rows]


FITTED: dict[int, FittedRanker] = {}
WHOLE: dict[int, list[dict[str, Rank]]] = {}


def test_a_sample_may_be_measured_in_parts(ranker: Ranker) -> None:
    parts = []
    for start in range(0, 90, 40):
        some = {name: texts[start : start + 40] for name, texts in CANDIDATES.items()}
        parts.append(ranker.measure(SOURCES[start : start + 40], some))
    fitted = FittedRanker(ranker, tuple(CANDIDATES), Measures.joined(parts))
    assert fitted.score(SOURCES, CANDIDATES) == ranker.fit_batch(SOURCES, CANDIDATES).score(SOURCES, CANDIDATES)


def test_a_fitted_ranker_is_saved_and_read_back(ranker: Ranker, tmp_path: Path) -> None:
    fitted = ranker.fit_batch(SOURCES, CANDIDATES)
    for name in ("one", "two"):
        fitted.save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert FittedRanker.load(tmp_path / "one", ranker).score(SOURCES, CANDIDATES) == fitted.score(SOURCES, CANDIDATES)
    (tmp_path / "one").write_bytes((tmp_path / "one").read_bytes()[:500])
    (tmp_path / "two").write_text("no archive")
    for name in ("one", "two", "three"):
        with pytest.raises(InputError, match=f"{name}: no fitted ranker"):
            FittedRanker.load(tmp_path / name, ranker)


def test_missing_candidates(ranker: Ranker) -> None:
    candidates: dict[str, list[str | None]] = {"a": [*OTHER], "b": [*GOOD], "c": [*HALF]}
    candidates["a"][0] = None
    candidates["a"][1] = candidates["b"][1] = None
    for texts in candidates.values():
        texts[2] = None
    ranks = ranker.fit_batch(SOURCES, candidates).score(SOURCES, candidates)
    assert set(ranks[0]) == {"b", "c"} and ranks[0]["b"].quality > ranks[0]["c"].quality
    assert ranks[1] == {"c": (0.0, 1.0)}
    assert ranks[2] == {}
    assert all(np.isfinite(rank).all() for row in ranks for rank in row.values())


def test_a_translator_that_the_ranker_knows_by_name_keeps_its_standing(ranker: Ranker) -> None:
    known = replace(ranker, standings={"a": Standing(2.0, 1000), "b": Standing(-2.0, 1000)})
    strangers, friends = (one.fit_batch(SOURCES, {"a": OTHER, "b": GOOD}) for one in (ranker, known))
    assert friends.prior()["a"] > strangers.prior()["a"] + 1
    one, other = (fitted.score(SOURCES, {"a": OTHER, "b": GOOD}) for fitted in (strangers, friends))
    # White space alone makes no difference between two candidates.
    differing = [i for i, text in enumerate(OTHER) if text.split() != GOOD[i].replace(".", " .").split()]
    assert len(differing) > 30 and all(other[i]["a"].quality > one[i]["a"].quality for i in differing)
    # Under other names, and beside nobody else that is known, they are strangers.
    for names in ("xy", "ay"):
        candidates = dict(zip(names, (OTHER, GOOD), strict=True))
        fitted = [one.fit_batch(SOURCES, candidates) for one in (ranker, known)]
        assert fitted[0].score(SOURCES, candidates) == fitted[1].score(SOURCES, candidates)


def test_the_same_text_twice_is_equally_good(ranker: Ranker) -> None:
    bad = [GOOD[0], *HALF[1:]]
    fitted = ranker.fit_batch(SOURCES, {"a": bad, "b": GOOD})
    assert fitted.prior()["b"] > fitted.prior()["a"]
    assert fitted.score(SOURCES, {"a": bad, "b": GOOD})[0] == {"a": (0.0, 0.5), "b": (0.0, 0.5)}


def test_few_rows_say_little(ranker: Ranker) -> None:
    gaps = []
    for size in (2, 10, 90):
        prior = ranker.fit_batch(SOURCES[:size], {"a": HALF[:size], "b": GOOD[:size]}).prior()
        gaps.append(prior["b"] - prior["a"])
    assert 0 < gaps[0] < gaps[1] < gaps[2]


def test_a_long_conversation_is_not_judged_by_its_length(ranker: Ranker) -> None:
    long = {name: [" ".join(texts)] * 90 for name, texts in {"a": HALF_ENGLISH, "b": GOOD}.items()}
    prior = ranker.fit_batch([" ".join(SOURCES)] * 90, long).prior()
    short = ranker.fit_batch(SOURCES, {"a": HALF_ENGLISH, "b": GOOD}).prior()
    # Less, because a verdict names all wrong numbers of a text together; but of the same order.
    assert 0.1 < (prior["b"] - prior["a"]) / (short["b"] - short["a"]) < 2


def test_texts_of_every_kind(ranker: Ranker) -> None:
    texts = ["", "🙂", "\u200f", "<think>\n", "```py\nx = 1\n```", "| أ | ب |", "$x^2$", '{"a": 1}', "نص " * 20000]
    candidates = {"a": texts, "b": texts[::-1], "c": GOOD[: len(texts)]}
    sources = [*texts[1:], ""]
    for row in ranker.fit_batch(sources, candidates).score(sources, candidates):
        assert all(np.isfinite(rank).all() for rank in row.values())


def test_verdicts_of_the_checks_are_taken(ranker: Ranker) -> None:
    candidates = {"a": WRONG_NUMBERS, "b": GOOD}
    verdicts = {
        name: [check_pair(source, text) for source, text in zip(SOURCES, texts, strict=True)]
        for name, texts in candidates.items()
    }
    given = ranker.fit_batch(SOURCES, candidates, verdicts)
    assert given.score(SOURCES, candidates, verdicts) == ranker.fit_batch(SOURCES, candidates).score(
        SOURCES, candidates
    )
    ignored: dict[str, list[list[Verdict]]] = {name: [[] for _ in texts] for name, texts in candidates.items()}
    prior, blind = given.prior(), ranker.fit_batch(SOURCES, candidates, ignored).prior()
    assert prior["b"] - prior["a"] > blind["b"] - blind["a"] + 1


@pytest.mark.parametrize("check", sorted(set(VERDICTS) - {"numbers", "arabic"}))
def test_of_two_near_candidates_the_one_with_fewer_faults_wins(ranker: Ranker, check: str) -> None:
    candidates = {"a": GOOD, "b": [text.replace(".", "!", 1) for text in GOOD]}
    clean: dict[str, list[list[Verdict]]] = {name: [[] for _ in SOURCES] for name in candidates}
    fitted = ranker.fit_batch(SOURCES, candidates, clean)
    better = [max(row, key=lambda name: row[name].gain) for row in fitted.score(SOURCES, candidates, clean)]
    faulty = {name: [[Verdict(check, False, "")] if name == won else [] for won in better] for name in candidates}
    for won, row in zip(better, fitted.score(SOURCES, candidates, faulty), strict=True):
        (lost,) = set(candidates) - {won}
        assert row[lost].quality > row[won].quality and row["a"].gain + row["b"].gain == pytest.approx(0)


def test_errors_of_writing_choose_no_candidate(ranker: Ranker) -> None:
    candidates = {"a": GOOD, "b": [text.replace(".", "!", 1) for text in GOOD]}
    clean: dict[str, list[list[Verdict]]] = {name: [[] for _ in SOURCES] for name in candidates}
    written = {"a": [[Verdict("arabic", False, "")] for _ in SOURCES], "b": clean["b"]}
    fitted = ranker.fit_batch(SOURCES, candidates, clean)
    assert fitted.score(SOURCES, candidates, written) == fitted.score(SOURCES, candidates, clean)


def test_a_fitted_ranker_can_be_pickled(ranker: Ranker) -> None:
    candidates = {"a": HALF, "b": GOOD}
    fitted = ranker.fit_batch(SOURCES, candidates)
    assert pickle.loads(pickle.dumps(fitted)).score(SOURCES, candidates) == fitted.score(SOURCES, candidates)


def test_mistakes_are_named(ranker: Ranker, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="translator b has 1 candidates for 90"):
        ranker.fit_batch(SOURCES, {"a": GOOD, "b": GOOD[:1]})
    with pytest.raises(InputError, match="verdicts"):
        ranker.fit_batch(SOURCES, {"a": GOOD, "b": HALF}, {"a": []})
    with pytest.raises(InputError, match=r"cannot rank \['c'\]"):
        ranker.fit_batch(SOURCES, {"a": GOOD}).score(SOURCES, {"c": GOOD})
    shipped = SHIPPED.read_text(encoding="utf-8")
    spoiled = (shipped.replace('"standings"', f'"standings": {kind}, "old"') for kind in ('["a"]', '{"a": 5}'))
    for content in ("", "{}", '{"pair": [], "consensus": 1}', *spoiled):
        (tmp_path / "ranker.json").write_text(content)
        with pytest.raises(InputError, match=r"ranker\.json"):
            Ranker.load(tmp_path / "ranker.json")
    with pytest.raises(InputError, match="none"):
        Ranker.load(tmp_path / "none.json")


def test_the_shipped_weights_are_small_and_have_the_right_signs(ranker: Ranker) -> None:
    assert SHIPPED.stat().st_size < 20_000
    for weights in (ranker.pair, ranker.consensus):
        assert all(weight * (SIGNS[name] or 1) >= 0 for name, weight in zip(PRIOR, weights.prior, strict=True))
        assert 0.01 < weights.sharpness < 1


def test_a_rare_fault_tells_more_than_one_more_of_many(ranker: Ranker) -> None:
    def prior(faults: int, others: int) -> float:
        spoiled, less = (
            [WRONG_NUMBERS[i] if i in NUMBERED[:n] else GOOD[i] for i in range(90)] for n in (faults, others)
        )
        found = ranker.fit_batch(SOURCES, {"a": spoiled, "b": less}).prior()
        return found["b"] - found["a"]

    assert prior(4, 0) > prior(24, 20) > 0


def test_vowel_marks_are_counted_by_word() -> None:
    found = measure(["The door is open."], [["الباب مفتوح", "البابُ مَفتوحٌ", "open 🙂", ""]])
    assert found.candidates[0, :, MEASURES.index("marks")].tolist() == [0.0, 1.5, 0.0, 0.0]


def test_code_is_no_foreign_script() -> None:
    code = "شغّل الأمر ثم انظر:\n```\npip install numpy\n```"
    found = measure(["Run it, then look:\n```\npip install numpy\n```"], [[code, code.replace("`", "")]])
    assert found.candidates[0, 0, 0] == 0 < found.candidates[0, 1, 0]


@pytest.mark.parametrize("more", ["كتاب", "في كل عام", "وقد قال ذلك كثيرون من أهل المدينة قبل سنوات طويلة."])
def test_a_copy_with_something_more_is_not_preferred(ranker: Ranker, more: str) -> None:
    """As chrF forgives what is added, and a text that holds all of another one agrees with it well."""
    padded = [f"{text.rstrip('.')} {more}." if row % 5 == 0 else other for row, (text, other) in enumerate(BOTH)]
    candidates = {"a": GOOD, "b": padded}
    ranks = ranker.fit_batch(SOURCES, candidates).score(SOURCES, candidates)
    assert np.mean([ranks[row]["a"].quality > ranks[row]["b"].quality for row in range(0, len(GOOD), 5)]) > 0.9
