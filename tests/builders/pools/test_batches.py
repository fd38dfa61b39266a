"""A model of a pool that is asked by a batch API: a few prompts one by one, then all others in batches."""

import json
from pathlib import Path

from builders.pools import PoolOfModels, PoolRecipe, Prompts, Stages, take_prompts
from builders.recipes.translators import BatchTranslator
from tests.standins.standin_batch import running_batches


def test_all_that_is_left_after_the_trial_stands_in_batches(tmp_path: Path) -> None:
    words = ("alpha", "beta", "gamma", "delta")
    prompts = [{"prompt": f"explain the word {words[n % 4] * (1 + n // 4)} please"} for n in range(60)]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, prompts)), encoding="utf-8")
    recipe = PoolRecipe.model_validate({"name": "p", "source": {"path": str(tmp_path / "p.jsonl")}})
    with running_batches() as server:
        given = {"name": "B", "backend": "batch", "api": "openai", "model": "stand-in", "base_url": f"{server.url}/v1"}
        spec = BatchTranslator.model_validate({**given, "gather_s": 0.3, "poll_s": 0.1})
        stages = Stages(tmp_path / "run", lambda line: None)
        take_prompts(stages, recipe, Prompts(recipe.source, recipe.language))
        told = PoolOfModels(recipe, [spec], tmp_path / "run").answer(stages)
        assert told["more"]["models"] == {"B": {"answers": 60, "usable": 60}}
        stats = server.stats()
        batches = [len(batch["ids"]) for batch in stats["batches"]]
        # How many are begun before eight are good is the machine's affair.
        assert stats["alone"] + sum(batches) == 60 and 8 <= stats["alone"] <= 24
