"""What a build asks of an engine: the contract that each kind of translator keeps, in a file of this room.

An engine is a recipe's translator together with what runs it. Stages, estimates, reports and the dataset card ask
these questions of `engine_of(spec)` and never which kind it is, so that a new kind is known everywhere at once. What
a kind does not say is as here: it translates by itself, at once, free of charge.

Engines are made where somebody only wants to know (a card, `smolkalam status`): what is heavy, or needs a library of
its own, is imported by the method that needs it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from builders.recipes.api_keys import EndpointAddress
from builders.recipes.translator_base import Cost, TranslatorBase
from builders.recipes.translators import Translator
from processors.languages.language import DEFAULT, Language

if TYPE_CHECKING:
    from datatrove.pipeline.base import PipelineStep

    from builders.run_folder.unit_writer import UnitWriter
    from processors.answers import Limits
    from processors.clients.prompts import PromptConfig
    from processors.protected.compare import Style
    from processors.translation.context import ContextWanted
    from processors.translation.retry_ladder import Backend

Spec = TypeVar("Spec", bound=TranslatorBase)


class Engine(Generic[Spec]):
    """The engine of one translator of a recipe, `spec`. Making it looks at nothing: no file, no server."""

    # Whether a model behind a server is asked: then answers are kept and tokens counted, a row that failed may come
    # out at another try, and no person has read what comes out.
    asks_a_model: ClassVar[bool] = False
    # Whether the text that comes out means nothing, so that nobody is to train on it.
    meaningless: ClassVar[bool] = False
    # What its usage, and so its bill, is counted in.
    counts: ClassVar[Literal["tokens", "characters"]] = "tokens"
    # Fields of the recipe that change at most how fast it goes, that a fingerprint holds by content (files), or that
    # say what may be done with what comes out.
    shapes_nothing: ClassVar[frozenset[str]] = frozenset({"memory", "glossary", "terms"})

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    # Before a build.

    def pinned(self, before: Translator | None, language: Language) -> Spec:
        """The translator with what it means today written down (a file's digest, a commit), for all machines.

        `before` is the same translator in the run folder's last build. Raises InputError where what it needs is
        missing here and unknown from there.
        """
        return self.spec

    def waited_for(self) -> Spec:
        """The translator as it answers somebody who waits for one text: a useless model is not given up."""
        has = "give_up" in type(self.spec).model_fields
        return self.spec.model_copy(update={"give_up": False}) if has else self.spec

    def addresses(self) -> list[EndpointAddress]:
        """The servers that the recipe names, each with the variable that holds its key."""
        return []

    def shapes_answers(self) -> dict[str, Any]:
        """The settings on which the translations depend: with these a stage's fingerprint changes, and its work."""
        settings = self.spec.model_dump(mode="json")
        return {key: value for key, value in settings.items() if key not in self.shapes_nothing}

    # In a build.

    def backend(self, language: Language) -> "Backend | None":
        """What translates a chunk within this process; None where all there is is the translator's memory."""
        return None

    def steps(self, language: Language) -> "list[PipelineStep]":
        """The steps that translate a stage's rows on their way; none where `last_step` does."""
        from builders.engines.common.make import TranslateStep

        return [TranslateStep(self.spec, language, partial(self.backend, language))]

    def last_step(
        self, language: Language, answers: Path, writer: "UnitWriter", limits: "Limits | None" = None
    ) -> "PipelineStep":
        """What ends the stage of a model that is asked: it keeps answers in `answers` and writes units to `writer`."""
        raise NotImplementedError(f"{type(self).__name__} asks no model")

    def server_key(self) -> Any:
        """What its server on this machine is started from, equal for those that can have one after the other.

        None where it starts none.
        """
        return None

    def processes(self, logs: Path, say: Callable[[str], None]) -> Callable[[], int] | None:
        """How many processes of a machine may translate; None where that is the user's choice.

        The answer is asked for on the machine that translates; `say` is told there what takes long.
        """
        return None

    @property
    def together(self) -> bool:
        """Whether all rows of a machine are best one task, as where requests are gathered and asked together."""
        return False

    # For estimates and reports.

    @property
    def price_share(self) -> float:
        """Of its tokens' price what a first request pays."""
        return 1.0

    @property
    def cost(self) -> Cost:
        """What its tokens cost; by default nothing."""
        return Cost()

    @property
    def choices(self) -> int:
        """Answers of one request, all of which are counted."""
        return 1

    @property
    def in_flight(self) -> int:
        """Requests at a time of one process."""
        return 1

    @property
    def model(self) -> str | None:
        """The model's name in the recipe."""
        return None

    @property
    def spans(self) -> "Style | None":
        """How protected spans travel to what translates; None where there is only a memory."""
        return "in_place"

    @property
    def feedback(self) -> bool:
        """Whether what translates is told, at the second try of a text, what was wrong with the first."""
        return False

    @property
    def context(self) -> "ContextWanted | None":
        """What of a conversation is told before each chunk of it; None where each is translated by itself."""
        return None

    def prompt(self, language: Language) -> "PromptConfig | None":
        """The prompt around a chunk; None where there is none."""
        return None

    def decoding(self) -> dict[str, Any]:
        """What each request says of decoding, in the server's own names; a part of the key of its answer."""
        return {}

    def asked_as(self, language: Language) -> tuple[str, str | None]:
        """The model and revision under which answers are kept. It may look at the model's file (InputError)."""
        return "", None

    # On the card.

    def says(self, public: Mapping[str, Any], link: Callable[[str], str]) -> str:
        """How it translated, as a phrase. `public` is its recipe without what is nobody's business.

        `link` shows the name of a model.
        """
        raise NotImplementedError

    def _chunks(self, public: Mapping[str, Any]) -> str:
        chunking = self.spec.chunking
        if chunking.strategy == "lines":
            return f"chunks of {chunking.lines} lines"
        return f"chunks of at most {chunking.max_tokens} tokens (tokenizer `{public['chunking']['tokenizer']}`)"

    def _after_memory(self, public: Mapping[str, Any]) -> str:
        return f" after a translation memory ({memory_files(public)})" if self.spec.memory else ""

    def _glossary(self, public: Mapping[str, Any]) -> str:
        if self.spec.glossary is None:
            return ""
        prompt = self.prompt(DEFAULT)
        told = "told and checked" if prompt and prompt.tells("terms") else "checked"
        return f", terms of `{public['glossary']}` {told}"


def memory_files(public: Mapping[str, Any]) -> str:
    """The names of a translator's memories, for the card."""
    return ", ".join(f"`{name}`" for name in public["memory"])
