"""`smolkalam judge` with stand-in judges on the loopback: fair, biased, without form, failing, killed."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from builders.judging.command import run_judge
from builders.judging.sample import draw_pairs
from builders.preferences.command import run_preferences
from builders.recipes.scorers import load_panel
from processors.errors import EngineError, InputError, RecipeError
from tests.builders.small_run import candidate, hard, small_recipe, write_run
from tests.builders.small_run import row as ranked_row
from tests.standins.processes import kill_when, start_command
from tests.standins.standin_llm import Running, running

NAMES = ("SeedX", "Gemma3")
MARK = "⁂"


def rows(count: int = 12) -> list[dict[str, Any]]:
    """Rows of which the even ones have SeedX's translation marked as better, the odd ones Gemma3's.

    The ranker's quality follows the mark but in every third row.
    """
    made = []
    for n in range(count):
        texts = [f"ترجمة أولى للجملة {n}.", f"نقل ثان لتلك الجملة {n}."]
        texts[n % 2] += MARK
        quality = [0.3, 0.3]
        quality[n % 2 if n % 3 else 1 - n % 2] = 0.7
        made.append(
            ranked_row(
                n,
                [f"Sentence {n}.", "Yes."],
                candidate("SeedX", texts[0], "نعم.", quality=quality[0]),
                candidate("Gemma3", texts[1], "أجل.", quality=quality[1]),
            )
        )
    return made


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", rows(), NAMES, units=2)


def panel(path: Path, *judges: dict[str, Any], **more: Any) -> Path:
    path.write_text(json.dumps({"judges": list(judges), **more}), encoding="utf-8")
    return path


def judge(server: Running, mode: str, **more: Any) -> dict[str, Any]:
    return {"name": mode, "model": mode, "base_url": f"{server.url}/v1", **more}


def started(stack: ExitStack, mode: str, *arguments: str) -> Running:
    return stack.enter_context(running("--judge", mode, "--model", mode, "--marker", MARK, *arguments))


def verdicts(output: Path) -> dict[str, dict[int, dict[str, Any]]]:
    """Records by judge, then by row number."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for line in (output / "verdicts.jsonl").read_text().splitlines():
        record = json.loads(line)
        found.setdefault(record["judge"], {})[int(record["id"].split("/")[1])] = record
    return found


def test_a_panel_of_fair_biased_and_talking_judges(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        modes = ("honest", "fenced", "first", "second", "prose", "broken")
        servers = {mode: started(stack, mode) for mode in modes}
        file = panel(tmp_path / "panel.yaml", *(judge(server, mode) for mode, server in servers.items()))
        output = tmp_path / "verdicts"
        run_judge(run, file, output, sample=100, yes=True)
        asked = {mode: sum(server.stats()["answered"].values()) for mode, server in servers.items()}
    # Two orders a pair; three attempts at each where no judgement comes.
    assert asked == {"honest": 24, "fenced": 24, "first": 24, "second": 24, "prose": 72, "broken": 72}
    found = verdicts(output)
    for number in range(12):
        better = "ab"[number % 2]
        assert found["honest"][number]["verdict"] == found["fenced"][number]["verdict"] == better
        assert found["honest"][number]["scores"][better]["adequacy"] == 5
        assert (found["first"][number]["verdict"], found["first"][number]["orders"]) == ("tie", ["a", "b"])
        assert (found["second"][number]["verdict"], found["second"][number]["orders"]) == ("tie", ["b", "a"])
        assert found["prose"][number]["failure"] == "no_judgement: no JSON object in the answer"
        assert found["broken"][number]["failure"] == "no_judgement: second.format is None, not 1 to 5"
    report = json.loads((output / "agreement.json").read_text())
    flips = {mode: (one["flips"]["hits"], one["flips_to_first"]) for mode, one in report["judges"].items()}
    assert flips == {
        "honest": (0, 0), "fenced": (0, 0), "first": (12, 12), "second": (12, 0), "prose": (0, 0), "broken": (0, 0)
    }  # fmt: skip
    assert report["judges"]["honest"]["agrees_with_others"]["hits"] == 12
    # 12 units of 4 values, two ties each: observed disagreement 4 of 6 pairs; 24 ties, 12 a and 12 b among 48 values
    # are expected to disagree in 2 * (24 * 12 + 24 * 12 + 12 * 12) of 48 * 47 pairs.
    expected = 2 * (24 * 12 + 24 * 12 + 12 * 12) / (48 * 47)
    assert report["krippendorff_alpha"]["verdict, nominal"] == pytest.approx(1 - (4 / 6) / expected)
    # The ranker was made wrong on rows 0, 3, 6 and 9.
    assert (report["ranker"]["quality"]["hits"], report["ranker"]["quality"]["of"]) == (8, 12)
    said = capsys.readouterr()
    assert "Panel prefers: Gemma3 6, SeedX 6" in said.out
    assert "quality: 66.7% [39.1, 86.2] of 12" in said.out
    assert "prose: 12 failed: no_judgement" in said.err


def test_verdicts_become_preferences(run: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [started(stack, "honest"), started(stack, "first")]
        file = panel(tmp_path / "panel.yaml", judge(servers[0], "honest"), judge(servers[1], "first"))
        run_judge(run, file, tmp_path / "verdicts", sample=100, yes=True)
    run_preferences(run, tmp_path / "pairs", by="judges", verdicts=tmp_path / "verdicts", test_share=0)
    counts = json.loads((tmp_path / "pairs" / "preferences.json").read_text())
    assert counts["chosen"] == {"Gemma3 over SeedX": 6, "SeedX over Gemma3": 6}
    import pyarrow.parquet as pq

    # One vote for the better, one tie.
    assert set(pq.read_table(tmp_path / "pairs" / "train-00000-of-00001.parquet")["margin"].to_pylist()) == {0.5}


def test_nothing_is_asked_before_the_price_is_agreed(smolkalam: Callable[..., Any], run: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = started(stack, "honest")
        cost = {"usd_per_million_input": 1000.0, "usd_per_million_output": 10000.0}
        file = panel(tmp_path / "panel.yaml", judge(server, "honest", cost=cost, answer_tokens=100))
        arguments = ("judge", run, "--panel", file, "--output", tmp_path / "verdicts", "--sample", "5")
        done = smolkalam(*arguments, stdin=subprocess.DEVNULL)
        assert done.returncode == 2
        assert "add --yes" in done.stderr and "Traceback" not in done.stderr
        assert server.stats()["asked"] == {}
        tokens, dollars = _row(done.stderr, "honest")[3], _row(done.stderr, "honest")[5]
        assert float(dollars) == pytest.approx(
            (int(tokens.replace(",", "")) * 1000 + 10 * 100 * 10000) / 1e6, abs=0.01
        )
        assert smolkalam(*arguments, "--yes").returncode == 0
        assert sum(server.stats()["asked"].values()) == 10
        # What is known costs nothing, so there is nothing to agree to.
        again = smolkalam(*arguments, stdin=subprocess.DEVNULL)
        assert again.returncode == 0, again.stderr
        assert _row(again.stderr, "honest")[1:4] == ["0", "10", "0"]
        # A larger sample holds the smaller one.
        assert smolkalam(*arguments[:-1], "8", "--yes").returncode == 0
        assert sum(server.stats()["asked"].values()) == 16


def _row(table: str, name: str) -> list[str]:
    return next(line.split() for line in table.splitlines() if line.startswith(name))


def test_kill_9_and_going_on_pays_for_nothing_twice(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "verdicts"
    with ExitStack() as stack:
        server = started(stack, "honest")
        file = panel(tmp_path / "panel.yaml", judge(server, "honest", concurrency=2))
        command = ("judge", run, "--panel", file, "--output", output, "--sample", 100, "--yes")
        for answered, more in ((3, 3), (9, 6)):
            server.control(answers=more)
            process = start_command(*command)
            assert kill_when(process, lambda n=answered: sum(server.stats()["answered"].values()) == n)
        server.control(hold=False)
        before = Counter(server.stats()["asked"])
        assert not (output / "verdicts.jsonl").exists()
        run_judge(run, file, output, sample=100, yes=True)
        asked = Counter(server.stats()["asked"])
    assert len(asked) == 24
    known = int(_row(capsys.readouterr().err, "honest")[2])
    assert (asked - before).total() == 24 - known
    # At most the two requests that were on their way, or not yet on disk, at each kill were asked again.
    assert known >= before.total() - 2 * 2 > 0
    assert [len(found) for found in verdicts(output).values()] == [12]


def test_order_of_answers_changes_no_byte(run: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [started(stack, "honest"), started(stack, "honest", "--fault", "500=0.2", "--fault", "429=0.2")]
        for server, name, concurrency in zip(servers, ("calm", "rough"), (1, 8), strict=True):
            file = panel(tmp_path / f"{name}.yaml", judge(server, "honest", concurrency=concurrency))
            run_judge(run, file, tmp_path / name, sample=5, yes=True)
    assert (tmp_path / "calm" / "verdicts.jsonl").read_bytes() == (tmp_path / "rough" / "verdicts.jsonl").read_bytes()


def test_a_server_without_structured_output_is_asked_in_words(run: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = started(stack, "honest", "--no-response-format")
        file = panel(tmp_path / "panel.yaml", judge(server, "honest", concurrency=32))
        run_judge(run, file, tmp_path / "verdicts", sample=100, yes=True)
        stats = server.stats()
    assert all("response_format" not in payload for payload in stats["payloads"])
    assert all(record["verdict"] in ("a", "b") for record in verdicts(tmp_path / "verdicts")["honest"].values())


def test_one_judge_without_an_answer_leaves_the_others_verdicts(run: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [started(stack, "honest"), started(stack, "fenced", "--fault", "filter=1")]
        filtered = judge(servers[1], "fenced", name="filtered")
        file = panel(tmp_path / "panel.yaml", judge(servers[0], "honest"), filtered)
        run_judge(run, file, tmp_path / "verdicts", sample=4, yes=True)
    found = verdicts(tmp_path / "verdicts")
    assert {record["failure"] for record in found["filtered"].values()} == {"no_judgement: an empty answer"}
    assert all(record["verdict"] for record in found["honest"].values())


def test_a_rejected_key_stops_the_run_and_shows_no_key(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_KEY", "sk-wrong-and-secret")
    with ExitStack() as stack:
        server = started(stack, "honest", "--requires-key", "sk-right")
        file = panel(tmp_path / "panel.yaml", judge(server, "honest", api_key_env="JUDGE_KEY"))
        with pytest.raises(EngineError, match="the key is rejected") as error:
            run_judge(run, file, tmp_path / "verdicts", sample=4, yes=True)
        assert "secret" not in str(error.value)
        # A pair in one order or in both, and not as many as may be in flight.
        assert server.stats()["keys"] in ({"Bearer sk-wrong-and-secret": count} for count in (1, 2))
        monkeypatch.delenv("JUDGE_KEY")
        with pytest.raises(InputError, match="JUDGE_KEY is not set"):
            run_judge(run, file, tmp_path / "verdicts", sample=4, yes=True)


def draw(made: list[dict[str, Any]], count: int, near: float | None = None, most: int = 1000) -> Any:
    recipe = small_recipe(NAMES)
    return draw_pairs(
        made, count, recipe=recipe, seed=1, near=near, tokens=lambda text: len(text.split()), max_tokens=most
    )


def test_the_sample_does_not_depend_on_the_order_and_grows_by_addition() -> None:
    made = rows(60)
    small = [pair.id for pair in draw(made, 10).pairs]
    assert [pair.id for pair in draw(made[::-1], 10).pairs] == small
    assert [pair.id for pair in draw(made, 20).pairs][:10] == small
    found = draw(made, 10)
    assert found.possible == 60 and found.left_out == {"not_drawn": 50}


def test_near_ties_are_of_unvetoed_candidates_of_nearly_equal_quality() -> None:
    made = rows(6)
    for index, (one, other) in enumerate([(0.5, 0.5), (0.52, 0.48), (0.55, 0.45), (0.9, 0.1)]):
        made[index]["candidates"][0]["quality"], made[index]["candidates"][1]["quality"] = one, other
    made[1]["candidates"][0]["checks"] = hard("numbers")
    made[4]["candidates"][1] = made[4]["candidates"][0] | {"translator": "Gemma3"}
    made[5]["candidates"][1] = candidate("Gemma3")
    found = draw(made, 10, near=0.1)
    assert sorted(pair.id[-1] for pair in found.pairs) == ["0", "2"]
    assert found.left_out == {"vetoed": 1, "not_near": 1, "same_text": 1, "not_translated": 1}


def test_pairs_too_long_for_a_judge_are_left_out_and_counted() -> None:
    made = rows(6)
    made[2]["messages"][0]["content"] = "word " * 500
    found = draw(made, 6, most=300)
    assert len(found.pairs) == 5 and found.left_out == {"too_long": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("judges:\n- name: x\n  modle: y\n  base_url: http://h/v1\n", "panel.yaml:3: judges[0].modle: unknown key"),
        ("judges:\n- name: x\n  model: y\n", "panel.yaml:2: judges[0].base_url: missing"),
        ("judges: []\n", "panel.yaml:1: judges: list should have at least 1 item"),
        ("- name: x\n", "panel.yaml: a panel is a mapping with the key judges"),
        (
            "judges:\n- {name: x, model: y, base_url: 'http://h/v1'}\n- {name: z, model: y, base_url: 'http://g/v1'}\n",
            "panel.yaml:1: panel: judges 'x' and 'z' ask the same model for the same",
        ),
        (
            "judges:\n- &j {name: x, model: y, base_url: 'http://h/v1'}\n- *j\n",
            "panel.yaml:1: panel: two judges are named 'x'",
        ),
    ],
)
def test_a_panels_mistake_is_a_line_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "panel.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as error:
        load_panel(path)
    assert message in str(error.value).replace(f"{tmp_path}/", "")


def test_verdicts_settle_a_builds_rows(
    smolkalam: Callable[..., Any], row: Any, write_split: Callable[..., Path], tmp_path: Path
) -> None:
    sources = [f"What is the capital of country number {n}?" for n in range(4)]
    source = write_split("s1k_1.1_think", [row(("user", text), ("assistant", "I do not know.")) for text in sources])
    translators = []
    for name, question, answer in (
        ("Good", "ما عاصمة البلد رقم {}؟", "لا أعلم."),
        ("Fair", "ما هي عاصمة {}؟", "لا أدري."),
    ):
        memory = [{"source": text, "target": question.format(n)} for n, text in enumerate(sources)]
        memory.append({"source": "I do not know.", "target": answer})
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in memory))
        translators.append({"name": name, "backend": "memory", "memory": [f"{name}.jsonl"]})
    recipe = tmp_path / "recipe.yaml"
    plain = {"name": "small", "source": {"path": str(source)}, "translators": translators}
    votes = [{"id": f"s1k_1.1_think/{n:07d}", "better": "Fair", "worse": "Good"} for n in (0, 2)]
    stray = [{**votes[0], "id": "s1k_1.1_think/0000009"}]
    for file, text in (
        ("votes.jsonl", votes),
        ("stray.jsonl", votes + stray),
        ("wrong.jsonl", [{**votes[0], "worse": "God"}]),
    ):
        (tmp_path / file).write_text("".join(json.dumps(vote) + "\n" for vote in text))
    chosen = {}
    for name, more in (("without", {}), ("with", {"ranking": {"verdicts": "votes.jsonl"}})):
        recipe.write_text(json.dumps(plain | more))
        done = smolkalam("build", recipe, "--output", tmp_path / "built", "--workers", 1)
        assert done.returncode == 0, done.stderr
        import pyarrow.parquet as pq

        [file] = (tmp_path / "built" / "dataset" / "SFT_Good_ranked").glob("*.parquet")
        chosen[name] = pq.read_table(file)["translator"].to_pylist()
    assert "rank: done again, for this changed: verdicts" in done.stderr
    assert [chosen["with"][n] for n in (0, 2)] == ["Fair", "Fair"]
    assert [chosen["with"][n] for n in (1, 3)] == [chosen["without"][n] for n in (1, 3)]
    assert chosen["without"] != chosen["with"] and "warning" not in done.stderr
    recipe.write_text(json.dumps(plain | {"ranking": {"verdicts": "stray.jsonl"}}))
    done = smolkalam("build", recipe, "--output", tmp_path / "built", "--workers", 1)
    said = " ".join(done.stderr.split())
    assert "warning: ranking.verdicts: 2 of the 3 rows that it judges are in this run" in said
    recipe.write_text(json.dumps(plain | {"ranking": {"verdicts": "wrong.jsonl"}}))
    done = smolkalam("build", recipe, "--output", tmp_path / "other")
    assert done.returncode == 2
    assert "wrong.jsonl, line 1: no translator 'God'; did you mean 'Good'?" in done.stderr
