"""What a check said of an answer, told to the model at its second try: through a build and a server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from builders.build import run_build
from builders.engines import engine_of
from builders.recipes.translators import EndpointTranslator
from tests.standins.standin_llm import running

RECIPE = """
name: told
source: {{path: {source}, keep: [plain]}}
translators:
  - {{name: Chat, backend: endpoint, model: stand-in, base_url: "{url}", feedback: {feedback}}}
"""


def test_a_model_that_heeds_it_needs_fewer_requests_and_fails_fewer_rows(
    row: Callable[..., Any], write_split: Callable[..., Path], tmp_path: Path
) -> None:
    """That it heeds it in seven texts of ten is made up: how often a real one does is for a run with one to show."""
    words = "the river runs under an old stone bridge near our quiet village where people sell bread".split()  # noqa: SIM905
    texts = [" ".join(words[(n * 7 + i) % len(words)] for i in range(9)) + f" on day {n}." for n in range(160)]
    source = write_split("plain", [row(("user", text), ("assistant", f"Yes, {text}")) for text in texts])
    requests, failed = [], []
    with running("--fault", "empty=0.7", "--steady", "--heeds", "0.7") as server:
        for feedback in ("false", "true"):
            recipe, run = tmp_path / "recipe.yaml", tmp_path / feedback
            recipe.write_text(RECIPE.format(source=source, url=server.url, feedback=feedback))
            run_build(str(recipe), output=run, stop_after="translate", finish=lambda _: None)
            counts = [json.loads(path.read_text()) for path in (run / "translate/Chat/counts").glob("*.json")]
            requests.append(sum(count["extra"]["requests"] for count in counts))
            failed.append(sum(count["read"] - count["kept"] for count in counts))
            told = sum(count["extra"].get("retries_told", 0) for count in counts)
            assert bool(told) == (feedback == "true")
        systems = {payload["messages"][0]["content"] for payload in server.stats()["payloads"]}
    assert sum("was refused by a check, which said: empty" in system for system in systems) >= 1
    print(f"requests {requests}, failed rows {failed}")
    assert requests[1] < 0.75 * requests[0] and failed[1] < failed[0]


def test_whom_nobody_tells_anything_has_no_part_of_it_in_what_shapes_its_answers() -> None:
    def shapes(prompt: str, feedback: bool) -> dict[str, Any]:
        address = {"base_url": "http://localhost:1", "model": "m", "name": "A", "backend": "endpoint"}
        spec = EndpointTranslator.model_validate(address | {"prompt": prompt, "feedback": feedback})
        return engine_of(spec).shapes_answers()

    assert shapes("seed-x", True) == shapes("seed-x", False) and "feedback" not in shapes("seed-x", True)
    assert shapes("chat", True) != shapes("chat", False)
