import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.executors.this_machine import ThisMachine
from builders.recipes.recipe import Recipe
from builders.run_folder.folder import Run
from builders.run_folder.units import UnitFiles, read_dropped, read_unit
from builders.stages.common.context import Build
from builders.stages.select import parts, run
from processors.errors import InputError

Row = Callable[..., dict[str, Any]]
Write = Callable[..., Path]

SPLIT = "OpenThoughts3_1.2M_think"


class Silent:
    """An observer that remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []

    def stage(self, name: str, rows: int, done: int, watch: Callable[[], int], detail: Any = None) -> None: ...

    def finished(self, name: str) -> None: ...

    def say(self, message: str) -> None:
        self.said.append(message)

    def warn(self, message: str) -> None:
        self.warned.append(message)


def select(folder: Path, source: Path, tasks: int = 3, **selection: Any) -> Build:
    recipe = Recipe.model_validate(
        {
            "name": "test",
            "source": {"path": str(source)},
            "selection": selection,
            "translators": [{"name": "one", "backend": "pseudo"}],
        }
    )
    folder.mkdir(exist_ok=True)
    build = Build(recipe, Run(folder), Silent(), ThisMachine(tasks))
    run(build)
    return build


def kept(build: Build) -> list[str]:
    folder = build.run.stage("select")
    return [i for unit in build.selected for i in read_unit(UnitFiles(folder, unit.name))["id"].to_pylist()]


def reasons(build: Build) -> Counter[str]:
    folder = build.run.stage("select")
    return Counter(d.reason for unit in build.units for d in read_dropped(UnitFiles(folder, unit.name)))


def with_domains(write: Write, make: Row, domains: list[str]) -> Path:
    """A split whose rows say their domain in a column, as a source other than SmolTalk2 may."""
    rows = [make(("user", f"Say it, {i}."), ("assistant", "It.")) for i in range(len(domains))]
    source = write(SPLIT, rows)
    path = source / "SFT" / f"{SPLIT}-00000-of-00001.parquet"
    pq.write_table(pq.read_table(path).append_column("domain", pa.array(domains)), path)
    return source


def cut(rows: int, **strata: int) -> list[dict[str, Any]]:
    return [{"split": SPLIT, "into": "cut", "rows": rows, "strata": strata}]


def test_a_cut_has_its_strata_in_proportion_by_the_source_s_own_column(
    row: Row, write_split: Write, tmp_path: Path
) -> None:
    domains = (["code"] * 3 + ["science"] * 2 + ["mathematics"] * 5) * 20
    source = with_domains(write_split, row, domains)
    build = select(tmp_path / "run", source, cuts=cut(40, code=1, science=1, math=2))
    ids = kept(build)
    assert len(ids) == 40
    assert Counter(domains[int(i.rsplit("/", 1)[1])] for i in ids) == {"code": 10, "science": 10, "mathematics": 20}
    assert {unit.into for unit in build.selected} == {"cut"}
    assert "cut: 40 of 200 rows taken: code 10, math 20, science 10" in build.notes
    assert "cut: domains from: column 200" in build.notes
    assert reasons(build) == {"not_sampled": 160}
    plan = json.loads((tmp_path / "run" / "scan" / f"{SPLIT}.cut.json").read_text())["plan"]
    assert plan["quotas"] == {"code": 10, "science": 10, "math": 20}


def test_a_short_stratum_is_said_with_what_was_taken_instead(row: Row, write_split: Write, tmp_path: Path) -> None:
    source = with_domains(write_split, row, ["code"] * 60 + ["science"] * 4 + ["math"] * 60)
    build = select(tmp_path / "run", source, cuts=cut(40, code=1, science=1, math=2))
    assert len(kept(build)) == 40
    notes = "\n".join(build.notes)
    assert "cut: science: 10 rows are wanted and only 4 are there." in notes
    assert "cut: Taken instead of the missing 6: 2 more of code, 4 more of math." in notes


def test_a_split_smaller_than_its_cut_is_taken_whole_and_said(row: Row, write_split: Write, tmp_path: Path) -> None:
    source = with_domains(write_split, row, ["code"] * 5 + ["math"] * 5)
    build = select(tmp_path / "run", source, cuts=cut(40))
    assert len(kept(build)) == 10
    assert any("40 rows are wanted and only 10 are there" in note for note in build.notes)


def test_the_sample_depends_on_seed_and_rows_alone(row: Row, write_split: Write, tmp_path: Path) -> None:
    source = with_domains(write_split, row, ["code", "math", "science"] * 40)
    one = select(tmp_path / "a", source, tasks=1, cuts=cut(30, code=1, math=1))
    two = select(tmp_path / "b", source, tasks=9, cuts=cut(30, code=1, math=1))
    assert kept(one) == kept(two)
    domains = [json.dumps(r) for r in one.notes]
    assert domains == [json.dumps(r) for r in two.notes]


def test_rows_that_the_filters_drop_do_not_count_for_the_cut(row: Row, write_split: Write, tmp_path: Path) -> None:
    rows = [row(("user", f"Hi {i}."), ("assistant", "你好" if i < 20 else "Hello.")) for i in range(30)]
    rows[25] = row(("user", "Hi."), ("assistant", None))
    source = write_split(SPLIT, rows)
    build = select(tmp_path / "run", source, cuts=cut(9))
    assert len(kept(build)) == 9
    assert reasons(build) == {"han_characters": 20, "null_content": 1}
    assert (build.totals["scan"].kept, build.totals["select"].kept) == (9, 9)


def test_han_characters_may_be_kept(row: Row, write_split: Write, tmp_path: Path) -> None:
    source = write_split("alpha", [row(("user", "Hi."), ("assistant", "你好"))])
    assert kept(select(tmp_path / "run", source, drop_han=False)) == ["alpha/0000000"]


@pytest.mark.parametrize(("wanted", "taken"), [(12, 7), (5, 5)])
def test_max_rows_per_split_bounds_each_split_those_that_cuts_name_too(
    row: Row, write_split: Write, tmp_path: Path, wanted: int, taken: int
) -> None:
    rows = [row(("user", f"Hi {i}."), ("assistant", "Hello.")) for i in range(30)]
    for split, count in (("alpha", 30), ("beta", 4), (SPLIT, 30)):
        source = write_split(split, rows[:count])
    build = select(tmp_path / "run", source, max_rows_per_split=7, cuts=cut(wanted))
    assert Counter(i.split("/")[0] for i in kept(build)) == {"alpha": 7, "beta": 4, SPLIT: taken}
    assert reasons(build) == {"not_sampled": 23 + 30 - taken}


def original(path: Path, pairs: list[tuple[str, str]]) -> str:
    """A small shard of the schema of OpenThoughts3."""
    rows = [{"domain": domain, "conversations": [{"from": "human", "value": prompt}]} for prompt, domain in pairs]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return str(path.parent)


def test_domains_come_from_the_original_by_prompt_where_the_source_has_no_column(
    row: Row, write_split: Write, tmp_path: Path
) -> None:
    # Domains against all appearance, so that the classifier could not have found them.
    prompts = [f"Prompt number {i} of no subject whatever" for i in range(30)]
    domains = ["code", "science", "math"] * 10
    index = original(tmp_path / "original" / "a.parquet", list(zip(prompts[:24], domains, strict=False)))
    source = write_split(SPLIT, [row(("user", prompt), ("assistant", "So.")) for prompt in prompts])
    build = select(tmp_path / "run", source, domain_index=index, cuts=cut(8, code=1, science=1, math=2))
    assert "cut: domains from: classifier 6, join 24" in build.notes
    ids = [int(i.rsplit("/", 1)[1]) for i in kept(build)]
    assert all(domains[i] == "code" for i in ids if i < 24 and domains[i] == "code") and len(ids) == 8
    known = Counter(domains[i] for i in ids if i < 24)
    assert known["code"] <= 2 and known["science"] <= 2 and known["math"] <= 4 and known.total() >= 2


def test_another_original_is_read_anew(row: Row, write_split: Write, tmp_path: Path) -> None:
    prompts = [f"Prompt number {i} of no subject whatever" for i in range(20)]
    source = write_split(SPLIT, [row(("user", prompt), ("assistant", "So.")) for prompt in prompts])
    first = original(tmp_path / "first" / "a.parquet", [(prompt, "code") for prompt in prompts])
    second = original(tmp_path / "second" / "a.parquet", [(prompt, "math") for prompt in prompts])
    strata = cut(4, code=1, math=1)
    before = select(tmp_path / "run", source, domain_index=first, cuts=strata)
    assert "cut: 4 of 20 rows taken: code 4, math 0" in before.notes
    after = select(tmp_path / "run", source, domain_index=second, cuts=strata)
    assert "cut: 4 of 20 rows taken: code 0, math 4" in after.notes
    said = select(tmp_path / "run", source, domain_index=second, cuts=strata).observer.said  # type: ignore[attr-defined]
    assert not [line for line in said if "reading the domains" in line]


@pytest.mark.parametrize("content", [b"<html>", None])
def test_an_original_that_cannot_be_read_is_one_line(
    content: bytes | None, row: Row, write_split: Write, tmp_path: Path
) -> None:
    source = write_split(SPLIT, [row(("user", "Hi."), ("assistant", "So."))])
    index = tmp_path / "original"
    if content is not None:
        index.mkdir()
        (index / "a.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"original: (cannot be read|no Parquet file there)"):
        select(tmp_path / "run", source, domain_index=str(index), cuts=cut(1, code=1))


def test_an_original_by_an_unknown_protocol_is_one_line(row: Row, write_split: Write, tmp_path: Path) -> None:
    source = write_split(SPLIT, [row(("user", "Hi."), ("assistant", "So."))])
    with pytest.raises(InputError, match="gopher://original: cannot be read"):
        select(tmp_path / "run", source, domain_index="gopher://original", cuts=cut(1, code=1))


def test_a_cut_of_a_split_that_is_not_there_is_a_warning(row: Row, write_split: Write, tmp_path: Path) -> None:
    source = write_split("alpha", [row(("user", "Hi."), ("assistant", "So."))])
    build = select(tmp_path / "run", source, cuts=cut(5))
    assert kept(build) == ["alpha/0000000"]
    assert any(f"split '{SPLIT}', which selection.cuts reduces to 'cut'" in w for w in build.observer.warned)  # type: ignore[attr-defined]


def test_two_splits_of_one_name_are_refused(row: Row, write_split: Write, tmp_path: Path) -> None:
    for split in ("cut", SPLIT):
        source = write_split(split, [row(("user", "Hi."), ("assistant", "So."))])
    with pytest.raises(InputError, match="two splits would both be built as 'cut'"):
        select(tmp_path / "run", source, cuts=cut(1))


def test_nothing_left_to_translate_is_one_line(row: Row, write_split: Write, tmp_path: Path) -> None:
    source = write_split("alpha", [row(("user", "Hi."), ("assistant", "你好"))])
    with pytest.raises(InputError, match=r"no row is left to translate \(han_characters 1\)"):
        select(tmp_path / "run", source)


def test_how_many_rows_are_scanned_is_unknown_until_the_shards_are() -> None:
    """`status` says `?`: it said `scan 59 of 0`."""
    cuts = [{"split": "a", "into": "a", "rows": 3}]
    shards = {"shards": [["a", "SFT/a", 59, "digest"], ["b", "SFT/b", 7, "digest"]]}
    for selection, of in (({"cuts": cuts}, 59), ({"max_rows_per_split": 2}, 66)):
        recipe = Recipe.model_validate(
            {
                "name": "x",
                "source": {"path": "sample"},
                "translators": [{"name": "one", "backend": "pseudo"}],
                "selection": selection,
            }
        )
        scan = parts(recipe)[0]
        assert scan.rows is not None and (scan.rows({}), scan.rows(shards)) == (None, of)
