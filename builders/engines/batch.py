"""A model behind a batch API, at half the price and within a day."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from builders.engines.common.served import ServedEngine
from builders.recipes.translator_base import BATCH_PRICE
from builders.recipes.translators import BatchTranslator

if TYPE_CHECKING:
    from processors.translation.runner import MakeServer


class BatchEngine(ServedEngine[BatchTranslator]):
    """Requests of all rows stand in one batch; so one task of a machine does all of them."""

    # An answer is the same, whenever it comes and with whom.
    shapes_nothing = ServedEngine.shapes_nothing | {"requests_per_batch", "gather_s", "poll_s", "api"}
    software = "an API's batches"
    together = True
    price_share = BATCH_PRICE

    def waited_for(self) -> BatchTranslator:
        # Before a first batch there are no rounds left: each request goes by itself, at the full price.
        return super().waited_for().model_copy(update={"rounds": -1, "then": "ask"})

    def make_server(self, logs: Path) -> "MakeServer":
        from processors.batches import BatchServer, BatchSettings

        spec = self.spec
        settings = BatchSettings(
            spec.api,
            spec.rounds,
            spec.then,
            spec.requests_per_batch,
            spec.gather_s,
            spec.poll_s,
            min(5.0, spec.poll_s),
            spec.give_up,
        )
        return partial(BatchServer, settings)


ENGINE = BatchEngine
