"""A wrong key, no credit, a wrong model, a wrong address: each engine ends at once, with one line that says which."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from processors.batches import BatchServer, BatchSettings
from processors.errors import EngineError
from processors.seq2seq.libretranslate import LibreTranslateServer
from tests.builders.engines.test_faults_by_chance import translate
from tests.standins.standin_echo import echoing

BATCH = partial(BatchServer, BatchSettings("openai", gather_s=0.2, poll_s=0.02, settle_s=0.05))
ENGINES: dict[str, tuple[Any, dict[str, Any]]] = {
    "endpoint": (None, {}),
    "tgi": (None, {"prompt": "seed-x", "decoding": {"max_tokens": 100}}),
    "batch": (BATCH, {"api": "openai"}),
    "libretranslate": (LibreTranslateServer, {}),
}
WORDS = {
    "401": "the key is rejected",
    "402": "the account has no credit left",
    "403": "the key may not do this",
    "404": "the model or the address is unknown there",
    "307": "give that address as base_url",
}


@pytest.mark.parametrize("engine", ENGINES)
def test_each_ends_the_run_at_once_with_one_line(engine: str, tmp_path: Path) -> None:
    make, more = ENGINES[engine]
    with echoing() as server:
        for kind, words in WORDS.items():
            path = "" if engine == "libretranslate" else "/v1"
            fields = {"backend": engine, "base_url": f"{server.url}/{kind}{path}"} | more
            with pytest.raises(EngineError, match=words) as raised:
                translate(tmp_path / kind, make, fields)
            assert "\n" not in str(raised.value) and len(str(raised.value)) < 600
            # All that were on their way, and none after them.
            assert server.stats()["requests"][kind] <= 70
