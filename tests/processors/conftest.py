import pytest


@pytest.fixture(autouse=True)
def no_server_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports are given to one server after the other: that a former one answered says nothing of the next."""
    monkeypatch.setattr("processors.clients.connection._ANSWERED", set())
