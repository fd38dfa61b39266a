"""A build of preference pairs by every command: planned, tried, looked at, checked, published and loaded again."""

import json
from pathlib import Path

import pytest

from builders.build import run_build
from builders.dataset.side_statistics import SideStatistics
from builders.estimates.command import run_plan
from builders.reports.status import run_status
from builders.trying.command import run_try
from hub.card.write import write_card
from hub.commands import run_check
from hub.report.command import run_report
from tests.builders.fifty_pairs import SPLITS, fifty_pairs, write_pairs
from tests.hub.client import Client
from tests.standins.standin_hub import Hub

RECIPE = """
name: pairs
source: {{path: {source}, config: Preference, pairs: true}}
outputs: {{license: odc-by, system_message: true}}
translators: [{{name: SeedX, backend: pseudo}}, {{name: Gemma3, backend: pseudo}}]
"""
CONFIG = "Preference_Gemma3_ranked"


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    path = folder / "pairs.yaml"
    path.write_text(RECIPE.format(source=write_pairs(folder / "source")), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(recipe: Path) -> Path:
    return run_build(str(recipe), output=recipe.parent / "run", finish=write_card)


def test_a_plan_counts_the_prompt_once(recipe: Path) -> None:
    plan = run_plan(str(recipe))
    texts = [
        text
        for row in fifty_pairs()
        for text in [
            *(one["content"] for one in row["chosen"]),
            row["rejected"][-1]["content"],
            row["chat_template_kwargs"]["custom_instructions"],
        ]
        if text
    ]
    asked = {one["name"]: one["requests"]["value"] for one in plan["translators"]}
    # Those that think are two texts each, a call is none.
    assert asked == dict.fromkeys(("SeedX", "Gemma3"), len(texts) + 10 - 5)


def test_each_command_knows_pairs(recipe: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_try(str(recipe), row=f"{SPLITS[0]}/1", output=run, as_json=True)
    (_, *_, tried) = json.loads(capsys.readouterr().out.splitlines()[-1])["translators"]
    assert len(tried["translation"]) == 5 and not tried["failure"]
    run_status(run, as_json=True, follow=False)
    assert json.loads(capsys.readouterr().out)["stages"]
    run_report(run, run.parent / "report.html")
    assert CONFIG in (run.parent / "report.html").read_text(encoding="utf-8")
    run_check(run)


def test_it_is_published_and_loads_as_it_was_built(run: Path, tmp_path: Path) -> None:
    with Hub(tmp_path / "hub") as hub:
        client = Client(hub.environment(tmp_path / "home", xet=False))
        try:
            done = client("publish", folder=str(run / "dataset"), repo="user/pairs")
            assert done["error"] is None, done
            loaded = client("load", repo="user/pairs", config=CONFIG, split=SPLITS[0])
            parallel = client("load", repo="user/pairs", config="parallel", split=SPLITS[1])
        finally:
            client.kill()
    rows, sides = loaded["result"], [row["chosen"][-1] for row in fifty_pairs() if row["chat_template_kwargs"]]
    assert len(rows) == 45 and len(sides) == 50
    assert all(row["prompt"][-1]["role"] == "user" and row["chosen"] != row["rejected"] for row in rows)
    # The custom instructions of a pair are the first message of its prompt, and of neither side.
    told = [row for row in rows if row["chat_template_kwargs"]["custom_instructions"]]
    assert len(told) == 5 and all(row["prompt"][0]["role"] == "system" and len(row["chosen"]) == 1 for row in told)
    assert [row["prompt"][0]["role"] for row in parallel["result"]] == ["user"] * 5


def test_what_tells_the_sides_apart_adds_up_in_any_order() -> None:
    def pair(chosen: str, rejected: str) -> list[dict[str, str]]:
        return [{"role": "user", "content": "q"}, *({"role": "assistant", "content": t} for t in (chosen, rejected))]

    def of(side: float, tokens: int) -> dict[str, float | int | None]:
        return {"LR": side, "SCR": 1.0, "quality": None, "tokens": tokens}

    check = {"check": "numbers", "hard": False, "message": 2, "detail": ""}
    sides = {"prompt": 1, "chosen": 1}
    one = {"sides": sides, "messages": pair("long one", "short"), "source_tokens": {"chosen": 4, "rejected": 2}}
    by_side = {"chosen": of(0.5, 1), "rejected": of(1, 3)}
    taken = {"messages": pair("ab", "abc"), "checks": [check, check], "by_side": by_side}
    other = {"sides": sides, "messages": pair("a", "bb"), "source_tokens": {"chosen": 1, "rejected": 2}}
    same = {"messages": pair("a", "bb"), "checks": [], "by_side": {"chosen": of(1, 1), "rejected": of(1, 1)}}
    parts = []
    for row, candidate in ((one, taken), (other, same)):
        part = SideStatistics()
        part.add(row, candidate)
        parts.append(part.to_plain())
    whole = SideStatistics.merged(parts)
    assert whole.to_plain() == SideStatistics.merged(parts[::-1]).to_plain()
    means = whole.means()
    assert means["source"]["chosen"] == {"characters": 4.5, "tokens": 2.5}
    assert means["translated"]["rejected"] == {"characters": 2.5, "tokens": 2.0}
    assert (means["source"]["chosen_longer"], means["translated"]["chosen_longer"]) == (0.5, 0.0)
    assert means["same_side_longer"] == 0.5
    assert means["scores"] == {
        "chosen": {"LR": 0.75, "SCR": 1.0, "quality": None},
        "rejected": {"LR": 1.0, "SCR": 1.0, "quality": None},
    }
    assert means["noted"] == {"numbers": {"chosen": 0, "rejected": 1}}
