"""`smolkalam arbitrate` with stand-in models, judges and reward model on the loopback."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from builders.arbitrage import load_arbitrage, run_arbitrage
from builders.arbitrage.recipe import SHIPPED
from hub.card.answered import write_arbitrage_card
from hub.rules.check import check_dataset
from processors.errors import EngineError, InputError, RecipeError
from tests.standins.processes import kill_when, start_command
from tests.standins.standin_models import ModelsServer, asked_last, models
from tests.standins.standin_useless import REFUSAL_ARABIC

COUNT = 24
POOL = ("Fair", "Poor", "Fine")
CRITERIA = ("helpful", "natural", "correct", "register", "language", "culture")


def number_in(text: str) -> int:
    return int(re.findall(r"\d+", text)[0])


def answers(model: str) -> Any:
    """Each model's answer to a prompt has a quality of its own, by model and prompt: `جودة 37`."""

    def say(body: dict[str, Any]) -> str:
        number = number_in(asked_last(body))
        if number % 8 == 7:
            return REFUSAL_ARABIC
        quality = {"Fair": 50, "Poor": 10, "Fine": 90}[model] + (number * 7) % 9 - (60 if number % 8 == 6 else 0)
        return f"هذا جواب {model} عن السؤال، وفيه شرح كاف للمسألة المطروحة، جودة {max(quality, 0)} من مئة."

    return say


def judge(body: dict[str, Any]) -> str:
    """Marks by the quality that an answer names."""
    quality = int((re.findall(r"جودة (\d+)", asked_last(body)) or ["60"])[-1])
    mark = 1 + min(4, quality // 20)
    return json.dumps({"reason": "none", "scores": dict.fromkeys(CRITERIA, mark)})


def server_of(**more: Any) -> Any:
    return models(**{name: answers(name) for name in POOL}, judge1=judge, judge2=judge, **more)


def write_recipe(folder: Path, server: ModelsServer, **more: Any) -> Path:
    prompts = [{"prompt": f"اشرح المسألة رقم {n}", "domain": ("math", "law")[n % 2]} for n in range(COUNT)]
    (folder / "prompts.jsonl").write_text("\n".join(json.dumps(row) for row in prompts), encoding="utf-8")
    place = {"base_url": f"{server.url}/v1", "concurrency": 4}
    recipe = {
        "name": "small",
        "source": {"path": "prompts.jsonl"},
        "pool": [{"name": name, "backend": "endpoint", "model": name, **place} for name in POOL],
        "panel": {"judges": [{"name": name, "model": name, **place} for name in ("judge1", "judge2")]},
        **more,
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    return path


def arbitrate(folder: Path, recipe: Path, **more: Any) -> Path:
    run_arbitrage(str(recipe), folder / "run", finish=write_arbitrage_card, **more)
    return folder / "run" / "dataset"


def test_from_prompts_to_a_dataset_that_the_hub_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with server_of() as server:
        dataset = arbitrate(tmp_path, write_recipe(tmp_path, server))
        asked = len(server.asked)
        # Each judge is tried with a question first.
        assert asked == 2 + COUNT * 3 + (COUNT - 3) * 3 * 2
        # The same command asks nobody anything, and writes the same.
        before = files_of(dataset)
        arbitrate(tmp_path, tmp_path / "recipe.yaml")
        assert len(server.asked) == asked
    assert before == files_of(dataset)
    assert [finding.rule for finding in check_dataset(dataset)] == ["licence"]
    told = json.loads((tmp_path / "run" / "arbitrage.json").read_text())
    stages = told["stages"]
    assert stages["completions"]["left_out"] == {"all_refusal": 3}
    # Numbers 6, 14, 22: the best of three has a quality of about 30, a mark of 2.
    assert stages["choice"] == {"counts": {"read": 21, "kept": 18}, "left_out": {"below_mark": 3}}
    for of in stages.values():
        assert of["counts"]["read"] == of["counts"]["kept"] + sum(of["left_out"].values())
    assert told["models"]["Fine"]["best"] == 18 and told["models"]["Poor"]["worse"] == 18
    assert told["ordered_by"] == "judges" and told["panel"]["alpha"]["mean"] == 1.0
    rows = pq.read_table(dataset / "SFT_arbitrage").to_pylist()
    assert len(rows) == 18 and all("جواب Fine" in row["messages"][-1]["content"] for row in rows)
    pairs = pq.read_table(dataset / "Preference_arbitrage").to_pylist()
    assert all(pair["chosen_model"] == "Fine" and pair["rejected_model"] == "Poor" for pair in pairs)
    assert all(pair["difference"] == pair["chosen_mark"] - pair["rejected_mark"] for pair in pairs)
    card = (dataset / "README.md").read_text()
    assert "| law | 9 | 0% | 0% | 100% |" in card and "| math | 9 | 0% | 0% | 100% |" in card
    assert "all_refusal" in card and "below_mark" in card and str(tmp_path) not in card and server.url not in card
    shown = capsys.readouterr()
    assert "choice: 21 read = 18 kept + 3 left out (below_mark 3)" in shown.err + shown.out


def test_what_a_person_says_of_the_queue_is_heeded(tmp_path: Path) -> None:
    with server_of() as server:
        recipe = write_recipe(tmp_path, server)
        arbitrate(tmp_path, recipe)
        queue = [json.loads(line) for line in (tmp_path / "run" / "queue.jsonl").read_text().splitlines()]
        assert sorted(row["why"] for row in queue) == ["all_refusal"] * 3 + ["below_mark"] * 3
        marked = next(row for row in queue if row["why"] == "below_mark")
        assert [one["name"] for one in marked["candidates"]] == list(POOL) and marked["candidates"][0]["text"]
        verdict = {"id": marked["id"], "better": "Fair", "worse": "Poor"}
        (tmp_path / "people.jsonl").write_text(json.dumps(verdict), encoding="utf-8")
        asked = len(server.asked)
        dataset = arbitrate(tmp_path, recipe, settings=["choose.verdicts=people.jsonl"])
        assert len(server.asked) == asked
    rows = pq.read_table(dataset / "SFT_arbitrage").to_pylist()
    (one,) = [row for row in rows if row["by"] == "people"]
    assert one["source_id"] == marked["id"] and one["model"] == "Fair" and len(rows) == 19


@pytest.mark.parametrize("which", ["Fair", "Poor", "Fine"])
def test_a_stub_ends_it_before_judges_cost_much(which: str, tmp_path: Path) -> None:
    with server_of() as server:
        server.says[which] = lambda body: "نعم."
        recipe = write_recipe(tmp_path, server)
        (tmp_path / "prompts.jsonl").write_text(
            "\n".join(json.dumps({"prompt": f"اشرح المسألة رقم {8 * n}"}) for n in range(300)), encoding="utf-8"
        )
        with pytest.raises(EngineError, match=f"{which} .*prompts got no usable answer.*same_to_all"):
            arbitrate(tmp_path, recipe)
        # Judges are asked of the first look alone.
        assert sum(len(server.asked_of(name)) for name in POOL) < 250
        assert len(server.asked_of("judge1")) <= 1 + 16 * 3


SCORES = json.dumps({"reason": "bad", "scores": dict.fromkeys(CRITERIA, 1)})


@pytest.mark.parametrize(
    ("says", "told", "asked"),
    [
        (SCORES, r"none of the 16 prompts.* first comes through: choice: below_mark \(16\).*give_up: false", 16 * 3),
        ("It is fine, {really}.", "judge 'judge2': its answer to a question to try it cannot be read.*no JSON", 0),
    ],
)
def test_a_judge_that_is_of_no_use_is_known_before_the_pool_is_paid(
    says: Any, told: str, asked: int, tmp_path: Path
) -> None:
    with server_of() as server:
        server.says |= {"judge2": lambda body: says, "judge1": lambda body: SCORES}
        recipe = write_recipe(tmp_path, server)
        (tmp_path / "prompts.jsonl").write_text(
            "\n".join(json.dumps({"prompt": f"اشرح المسألة رقم {8 * n}"}) for n in range(60)), encoding="utf-8"
        )
        with pytest.raises(EngineError, match=told):
            arbitrate(tmp_path, recipe)
        assert sum(len(server.asked_of(name)) for name in POOL) == asked


def test_where_a_judge_or_the_reward_model_is_down_nothing_is_paid(tmp_path: Path) -> None:
    nobody = {"base_url": "http://127.0.0.1:9/v1", "concurrency": 4}
    with server_of() as server:
        judges = {"judges": [{"name": "away", "model": "away", **nobody}]}
        recipe = write_recipe(tmp_path, server, panel=judges)
        with pytest.raises(EngineError, match="cannot be reached"):
            arbitrate(tmp_path, recipe)
        assert not server.asked


def test_the_reward_orders_and_its_pair_differs_most(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from transformers import AutoTokenizer

    from tests.standins.tiny_reward import write_reward_tokenizer

    folder = write_reward_tokenizer(tmp_path / "reward")
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def reward(ids: list[int]) -> float:
        found = re.findall(r"جودة (\d+)", tokenizer.decode(ids))
        return int(found[-1]) / 10 if found else 0.0

    with server_of() as server:
        server.reward = reward
        spec = {"model": "reward", "base_url": server.url, "served_model": "r"}
        dataset = arbitrate(tmp_path, write_recipe(tmp_path, server, reward=spec))
        asked = len([body for body in server.asked if "input" in body])
        arbitrate(tmp_path, tmp_path / "recipe.yaml")
        assert len([body for body in server.asked if "input" in body]) == asked
    pairs = pq.read_table(dataset / "Preference_arbitrage").to_pylist()
    assert len(pairs) == 18 and {pair["by"] for pair in pairs} == {"reward"}
    for pair in pairs:
        qualities = [int(re.findall(r"جودة (\d+)", pair[side][0]["content"])[0]) for side in ("chosen", "rejected")]
        assert pair["difference"] == pytest.approx((qualities[0] - qualities[1]) / 10)
        assert (pair["chosen_model"], pair["rejected_model"]) == ("Fine", "Poor")


def test_a_reward_server_that_is_down_costs_nothing(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from tests.standins.tiny_reward import write_reward_tokenizer

    write_reward_tokenizer(tmp_path / "reward")
    with server_of() as server:
        recipe = write_recipe(tmp_path, server, reward={"model": "reward", "base_url": "http://127.0.0.1:9"})
        with pytest.raises(EngineError, match="cannot be reached"):
            arbitrate(tmp_path, recipe)
        assert not server.asked


def test_killed_in_its_stages_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """In the middle of the marks; nothing is asked twice but what was under way."""
    with server_of() as server:
        recipe = write_recipe(tmp_path, server)
        whole = arbitrate(tmp_path, recipe)
        once = len(server.asked)
        killed, until = tmp_path / "killed", once + COUNT * 3 + 30
        server.hold(until)
        process = start_command("arbitrate", recipe, "-o", killed)
        assert kill_when(process, lambda: len(server.asked) > until)
        server.go_on()
        server.asked.clear()
        run_arbitrage(str(recipe), killed, finish=write_arbitrage_card)
        # Eight prompts at a time, three answers, two judges: what was under way is asked again, and no more.
        assert len(server.asked) <= once - (COUNT * 3 + 30) + 48
    assert files_of(whole) == files_of(killed / "dataset")


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_would_cost_much_is_asked_about(tmp_path: Path) -> None:
    with server_of() as server:
        recipe = write_recipe(tmp_path, server)
        cost = {"usd_per_million_input": 1000.0, "usd_per_million_output": 100_000.0}
        with pytest.raises(InputError, match=r"this would cost about \$.*nothing was asked: add --yes"):
            arbitrate(tmp_path, recipe, settings=[f"pool.Fine.cost={json.dumps(cost)}"])
        assert not server.asked


def test_recipes_are_strict_and_the_shipped_ones_load(tmp_path: Path) -> None:
    for path in SHIPPED.glob("*.yaml"):
        shipped, _ = load_arbitrage(path.stem)
        assert shipped.by == "reward"
    with server_of() as server:
        recipe = write_recipe(tmp_path, server)
        for setting, said in (
            ("panel=null", "reward: give a reward model, a panel, or both"),
            ("panel.rubric=mine", "panel.rubric: mine: no such file, and none of arabic"),
            ("choose.by=reward", "choose.by: reward: the recipe has none"),
            ("pool.Fair.backend=seq2seq", "unknown key|answers no chats"),
            ("pool.Fair.name=FINE", "models '(Fine' and 'FINE|FINE' and 'Fine)' differ in case only; rename one"),
        ):
            with pytest.raises(RecipeError, match=said):
                load_arbitrage(str(recipe), [setting])
