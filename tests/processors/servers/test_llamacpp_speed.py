"""The trial that tells how fast a model on this machine is, before the first row."""

import asyncio
from typing import Any

from processors.clients.connection import EndpointConfig
from processors.clients.prompts import PromptConfig
from processors.languages.language import Language
from processors.servers.llamacpp import TRIAL_TOKENS, LlamaCppServer
from tests.standins.standin_llm import running


def speed(url: str) -> dict[str, float]:
    async def run() -> dict[str, float]:
        from datatrove.pipeline.inference.run_inference import InferenceConfig

        config = InferenceConfig(server_type="endpoint", model_name_or_path="m", endpoint_url=url)
        server: Any = LlamaCppServer(config, EndpointConfig(url, "m", PromptConfig(Language())), 0, lambda n, v: None)
        async with server:
            await server._server_ready
            return dict(server.load())

    return asyncio.run(run())


def test_a_few_tokens_tell_the_speed() -> None:
    with running("--model", "m") as api:
        assert speed(f"{api.url}/v1")["trial"] > 0
        assert TRIAL_TOKENS < 20


def test_a_server_that_does_not_say_has_none() -> None:
    with running("--model", "m", "--fault", "html=1") as api:
        assert "trial" not in speed(f"{api.url}/v1")
