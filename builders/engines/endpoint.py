"""Any server of OpenAI's API, wherever it runs."""

from builders.engines.common.served import ServedEngine
from builders.recipes.translators import EndpointTranslator


class EndpointEngine(ServedEngine[EndpointTranslator]):
    """All that there is to know is in the recipe."""


ENGINE = EndpointEngine
