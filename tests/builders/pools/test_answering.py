"""A pool of stand-in models: what is kept and left out, what a rerun costs, and what is known early."""

import json
from pathlib import Path
from typing import Any

import pytest

from builders.pools import PoolOfModels, PoolRecipe, Prompts, Stages, load_pool_recipe, take_prompts
from builders.pools.recipe import look_at_answerers
from builders.recipes.translators import EndpointTranslator
from processors.errors import EngineError, InputError, RecipeError
from processors.languages import DEFAULT
from tests.standins.standin_models import ModelsServer, asked_last, models
from tests.standins.standin_useless import REFUSAL_ARABIC

DOMAINS = ("math", "poetry")


def prompts_file(folder: Path, count: int) -> Path:
    path = folder / "prompts.jsonl"
    rows = [{"prompt": f"ما معنى الكلمة رقم {n}؟", "domain": DOMAINS[n % 2]} for n in range(count)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def answer(body: dict[str, Any]) -> str:
    return f"معنى ما سألت عنه ({asked_last(body)}) هو كذا وكذا، بحسب البذرة {body['seed']}."


def recipe_for(path: Path, **more: Any) -> PoolRecipe:
    return PoolRecipe.model_validate({"name": "pool", "source": {"path": str(path)}, **more})


def model(server: ModelsServer, name: str, **more: Any) -> EndpointTranslator:
    given = {"name": name, "backend": "endpoint", "model": name, "base_url": f"{server.url}/v1", "concurrency": 8}
    return EndpointTranslator.model_validate(given | {"decoding": {"temperature": 0.7, "max_tokens": 99}} | more)


def answered(folder: Path, recipe: PoolRecipe, pool: list[Any], samples: int = 1) -> tuple[Stages, list[str]]:
    said: list[str] = []
    stages = Stages(folder, said.append)
    take_prompts(stages, recipe, Prompts(recipe.source, DEFAULT))
    PoolOfModels(recipe, pool, folder, samples=samples).answer(stages)
    return stages, said


def test_each_prompt_has_the_usable_answers_of_all(tmp_path: Path) -> None:
    def refuses_some(body: dict[str, Any]) -> str:
        number = int("".join(filter(str.isdigit, asked_last(body))))
        return REFUSAL_ARABIC if number % 5 == 0 else answer(body)

    def cuts(body: dict[str, Any]) -> Any:
        number = int("".join(filter(str.isdigit, asked_last(body))))
        return {"content": answer(body)[:20], "finish_reason": "length"} if number % 3 == 0 else answer(body)

    recipe = recipe_for(prompts_file(tmp_path, 30), answering={"system": {"ar": "أجب بإيجاز."}})
    with models(good=refuses_some, cutting=cuts) as server:
        pool = [model(server, "good"), model(server, "cutting")]
        stages, said = answered(tmp_path / "run", recipe, pool, samples=2)
        assert len(server.asked) == 30 * 2 * 2
        assert all(body["messages"][0] == {"role": "system", "content": "أجب بإيجاز."} for body in server.asked)
        assert {body["seed"] for body in server.asked} == {42, 43}
        kept = list(stages.kept("completions"))
        told = stages.told("completions")
        assert told["counts"]["read"] == 30 == len(kept) + sum(told["left_out"].values())
        # Both fail 0 and 15 of the thirty, and nobody else is without an answer.
        assert [row["id"] for row in stages.left_out("completions")] == ["train/00000000", "train/00000015"]
        assert told["more"]["models"]["good"] == {"answers": 60, "refusal": 12, "usable": 48}
        assert told["more"]["models"]["cutting"] == {"answers": 60, "cut": 20, "usable": 40}
        assert [one["sample"] for one in kept[0]["answers"] if one["model"] == "good"] == [0, 1]
        assert kept[0]["domain"] == "poetry"
        # The same command does nothing, and a third sample asks for no more than that.
        answered(tmp_path / "run", recipe, pool, samples=2)
        assert len(server.asked) == 120 and "from before" in answered(tmp_path / "run", recipe, pool, samples=2)[1][1]
        answered(tmp_path / "run", recipe, pool, samples=3)
        assert len(server.asked) == 180
    assert said[0] == "prompts: 30 read = 30 kept + 0 left out"


@pytest.mark.parametrize("says", [lambda body: REFUSAL_ARABIC, lambda body: "تم استلام رسالتك وشكرًا جزيلًا لك."])
def test_a_model_that_is_of_no_use_ends_it_early(says: Any, tmp_path: Path) -> None:
    """It refuses everything, or says the same to all: known after some forty questions to each, of four hundred."""
    recipe = recipe_for(prompts_file(tmp_path, 400))
    with models(good=answer, stub=says) as server:
        pool = [model(server, "good"), model(server, "stub")]
        with pytest.raises(EngineError, match=r"stub .*of its first \d+ prompts got no usable answer"):
            answered(tmp_path / "run", recipe, pool)
        assert len(server.asked_of("stub")) <= 60 and len(server.asked_of("good")) <= 72


def test_what_is_not_a_prompt_is_left_out_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    chat = [{"role": "user", "content": "من أنت؟"}, {"role": "assistant", "content": "أنا مساعد."}]
    rows: list[Any] = [
        {"messages": chat, "source": "s"},
        {"messages": chat},
        {"messages": chat[1:]},
        {"prompt": "   "},
        {"text": "x"},
        {"question": "س" * 30_000},
    ]
    lines = [json.dumps(row) for row in rows] + ["{broken"]
    path.write_text("\n".join(lines), encoding="utf-8")
    stages = Stages(tmp_path / "run", lambda line: None)
    take_prompts(stages, recipe_for(path), Prompts(recipe_for(path).source, DEFAULT))
    kept = list(stages.kept("prompts"))
    assert [row["messages"] for row in kept] == [[{"content": "من أنت؟", "role": "user"}]]
    assert (kept[0]["domain"], kept[0]["source"]) == ("not said", "s")
    assert [row["reason"] for row in stages.left_out("prompts")] == [
        "duplicate",
        "no_prompt",
        "no_prompt",
        "missing_field",
        "too_long",
        "invalid_json",
    ]


def test_rows_are_drawn_by_the_seed_and_more_hold_fewer(tmp_path: Path) -> None:
    path = prompts_file(tmp_path, 50)

    def drawn(rows: int, seed: int = 42) -> list[str]:
        recipe = recipe_for(path, source={"path": str(path), "rows": rows}, seed=seed)
        stages = Stages(tmp_path / f"run-{rows}-{seed}", lambda line: None)
        told = take_prompts(stages, recipe, Prompts(recipe.source, DEFAULT))
        assert told["left_out"] == {"not_drawn": 50 - rows}
        return [row["id"] for row in stages.kept("prompts")]

    assert set(drawn(5)) < set(drawn(20)) and len(drawn(20)) == 20
    assert drawn(5) != drawn(5, seed=7)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"prompt": "seed-x"}, "prompt: is for translations"),
        ({"glossary": "a.tsv"}, "glossary: is for translations"),
        ({"decoding": {"temperature": 0}}, "temperature 0 gives 3 equal samples"),
    ],
)
def test_what_answers_no_chat_is_refused(given: dict[str, Any], said: str) -> None:
    with models() as server, pytest.raises(ValueError, match=said):
        look_at_answerers([model(server, "a", **given)], samples=3)


def test_a_mistake_of_a_recipe_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("name: r\nsource: {path: nowhere.jsonl, row: 3}\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"r.yaml:2: source.row: unknown key; did you mean 'rows'\?"):
        load_pool_recipe(str(tmp_path / "r.yaml"), PoolRecipe, tmp_path / "shipped")
    with pytest.raises(InputError, match=r"^source.path: nowhere.jsonl: no such file or folder"):
        Prompts(recipe_for(Path("nowhere.jsonl")).source, DEFAULT)


def test_a_model_that_answers_with_errors_alone_is_told_while_it_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builders.pools.troubles.LOOK_S", 0.01)
    for pause in ("FIRST", "LONGEST"):
        monkeypatch.setattr(f"processors.clients.pacing.{pause}_PAUSE_S", 0.1)
    monkeypatch.setattr("processors.clients.endpoint.backoff", lambda attempt, base_s: 0.01)
    recipe = recipe_for(prompts_file(tmp_path, 30))
    failures = iter(range(22))

    def broken(body: dict[str, Any]) -> Any:
        return answer(body) if next(failures, None) is None else (500, "CUDA out of memory")

    with models(good=answer, broken=broken) as server:
        answered(tmp_path / "run", recipe, [model(server, "good"), model(server, "broken")])
        where = server.url.removeprefix("http://")
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("broken: ")]
    assert len(told) == 2 and told[1] == f"broken: {where} answers again"
    assert told[0].startswith(f"broken: paused: {where}: ") and "500: CUDA out of memory" in told[0]
