import pytest

from processors.errors import EngineError, InputError, SmolKalamError
from processors.reward.served_model import EndpointScorer
from tests.standins.standin_llm import Running, reward_of, running

BATCHES = [[[1, 2, 3], [4, 5]], [[6]], [[7, 8, 9, 10], [11, 12], [13]]]
EXPECTED = {number: [reward_of(ids) for ids in batch] for number, batch in enumerate(BATCHES)}


def score(server: Running, batches: list[list[list[int]]] = BATCHES, **options: object) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    scorer = EndpointScorer(server.url, "stand-in", pad_id=0, **options)  # type: ignore[arg-type]
    scorer.score(batches, found.__setitem__)
    return found


def test_rewards_are_the_servers_logits_in_order() -> None:
    with running() as server:
        assert score(server) == EXPECTED
        assert all(payload["use_activation"] is False for payload in server.stats()["payloads"])


@pytest.mark.parametrize("suffix", ["/v1", "/v1/"])
def test_the_address_may_end_with_the_version(suffix: str) -> None:
    with running() as server:
        assert score(Running(server.url + suffix)) == EXPECTED


def test_faults_are_waited_out() -> None:
    with running("--fault", "429=0.2", "--fault", "500=0.2", "--fault", "drop=0.1", "--seed", "3") as server:
        batches = [[[number, number + 1]] for number in range(20)]
        found = score(server, batches)
        assert found == {number: [reward_of(ids) for ids in batch] for number, batch in enumerate(batches)}
        assert len(server.stats()["served"]) > 2


def test_a_context_that_is_too_short_names_the_setting() -> None:
    with running("--fault", "400-context=1") as server, pytest.raises(InputError, match="lower max_length"):
        score(server)


def test_another_model_there_is_one_line() -> None:
    with running("--model", "other") as server, pytest.raises(SmolKalamError, match="unknown there") as error:
        score(server)
    assert "\n" not in str(error.value)


def test_the_key_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWARD_KEY", "secret-reward")
    with running("--requires-key", "secret-reward") as server:
        assert score(server, api_key_env="REWARD_KEY") == EXPECTED
        with pytest.raises(EngineError) as error:
            score(server)
    assert "secret-reward" not in str(error.value)


def test_texts_that_end_with_the_pad_token_are_refused() -> None:
    with running() as server, pytest.raises(InputError, match="pad token"):
        score(server, [[[1, 2, 0]]])
    EndpointScorer("http://127.0.0.1:9", "stand-in", 0).score([], lambda *_: None)
