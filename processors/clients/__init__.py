"""Requests to a model's servers over HTTP: prompts, pace, retries, keys, and what each response means.

To add a kind of server: a file with a `Connection` (one request there and back, as in `tgi.py`) and an `HttpServer`
that names it; a prompt is a branch in `prompts.py`. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING

from processors.clients.address import Address
from processors.clients.answer import Answer, request_key
from processors.clients.prompts import PromptConfig, build_payload
from processors.later import handed_on

if TYPE_CHECKING:
    from processors.clients.connection import Connection, EndpointConfig
    from processors.clients.endpoint import HttpServer
    from processors.clients.pacing import Trouble
    from processors.clients.responses import RequestFailed
    from processors.clients.tgi import TgiServer

__all__ = [
    "Address",
    "Answer",
    "Connection",
    "EndpointConfig",
    "HttpServer",
    "PromptConfig",
    "RequestFailed",
    "TgiServer",
    "Trouble",
    "build_payload",
    "request_key",
]

# What brings httpx and datatrove is imported when it is asked for: a recipe is read without either.
__getattr__ = handed_on(
    __name__,
    {
        "connection": ["Connection", "EndpointConfig"],
        "endpoint": ["HttpServer"],
        "responses": ["RequestFailed"],
        "tgi": ["TgiServer"],
        "pacing": ["Trouble"],
    },
)
