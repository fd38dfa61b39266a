"""The stand-in's own addresses, under `/_standin/`: counters and faults. And the dataset viewer, which it has not."""

import re

from tests.standins.standin_hub.faults import Faults
from tests.standins.standin_hub.web import Answer, Request, Route


def admin_routes(faults: Faults) -> list[Route]:
    def stats(request: Request) -> Answer:
        return Answer(faults.stats())

    def replace(request: Request) -> Answer:
        asked = request.json()
        faults.replace(asked["rules"], asked.get("seed", 0))
        return Answer({})

    def reset(request: Request) -> Answer:
        faults.reset()
        return Answer({})

    def no_viewer(request: Request) -> Answer:
        # `datasets` asks `datasets-server.HOST`, which resolves where HF_ENDPOINT names a `.localhost` host.
        return Answer({"error": "The dataset viewer is not available."}, 404, {"X-Error-Code": "ResponseNotFound"})

    return [
        Route("GET", "admin", re.compile("/_standin/stats"), stats),
        Route("POST", "admin", re.compile("/_standin/faults"), replace),
        Route("POST", "admin", re.compile("/_standin/reset"), reset),
        Route("GET", "viewer", re.compile("/(parquet|info|splits|size|first-rows|is-valid|rows)"), no_viewer),
    ]
