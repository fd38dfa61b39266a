"""From a recipe's translator to the steps that run it."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.recipes.translator_base import Chunking, TranslatorBase
from builders.run_folder.unit_writer import drop
from builders.run_folder.units import NOT_FUSED
from processors.conversations.sides import Sides
from processors.languages.language import Language
from processors.translation.coroutines import run_now
from processors.translation.retry_ladder import Backend, Candidate, Translator

if TYPE_CHECKING:
    from processors.conversations.chunking import Chunk
    from processors.memory.memory import Memory
    from processors.terms import Glossary


# Of a document's metadata: what others have made of it (`processors.translation.offers`).
OFFERS = "offers"


def load_memory(spec: TranslatorBase, language: Language) -> "Memory | None":
    """The translator's memories as one; None without any."""
    from processors.memory.memory import Memory

    return Memory.load(spec.memory, source="en", target=language.code) if spec.memory else None


def load_glossary(spec: TranslatorBase) -> "Glossary | None":
    """The translator's terms; None without a glossary."""
    from processors.terms import read_glossary

    return read_glossary(spec.glossary) if spec.glossary is not None else None


def make_translator(spec: TranslatorBase, language: Language, backend: Backend | None) -> Translator:
    """A translator by recipe. Tokenizer, memory and glossary are loaded here, in the worker that uses them."""
    chunker, halve = _chunkers(spec.chunking)
    translator = Translator(backend, chunker, halve, memory=load_memory(spec, language), language=language)
    translator.glossary = load_glossary(spec)
    return translator


def _chunkers(chunking: Chunking) -> "tuple[Callable[[str], list[Chunk]], Callable[[Chunk], list[Chunk]]]":
    from processors.conversations.chunking import chunk, chunk_lines
    from processors.conversations.tokenizers import load_tokenizer

    tokenizer = load_tokenizer(chunking.tokenizer)

    def whole(text: str) -> "list[Chunk]":
        budget, window = chunking.max_tokens, chunking.window
        if chunking.strategy == "lines":
            # 25 long lines can be more than any context holds: the token budget bounds them too.
            return chunk_lines(text, lines=chunking.lines, tokenizer=tokenizer, max_tokens=budget, window=window)
        return chunk(text, tokenizer=tokenizer, max_tokens=budget, window=window)

    def halve(piece: "Chunk") -> "list[Chunk]":
        budget = max(2, piece.tokens // 2 + 1)
        return chunk(piece.text, tokenizer=tokenizer, max_tokens=budget, window=budget // 4)

    return whole, halve


class TranslateStep(PipelineStep):
    """Translates each document's conversation with a backend that answers at once, made in the worker."""

    type = "TRANSLATE"

    def __init__(self, spec: TranslatorBase, language: Language, make_backend: Callable[[], Backend | None]) -> None:
        super().__init__()
        self.name = f"Translate with {spec.name}"
        self.spec = spec
        self.language = language
        self.make_backend = make_backend

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterable[Document]:
        translator = make_translator(self.spec, self.language, self.make_backend())
        for document in data:
            with self.track_time():
                translator.donates = document.metadata.get("donates", False)
                candidate = run_now(translator.translate(*conversation(document), Sides.of(document.metadata)))
                attach(document, candidate)
            yield document


class KeepDonors(PipelineStep):
    """Has each document's conversation translated to its end though a chunk of it fails, for what is good in it."""

    name = "Donors"
    type = "TRANSLATE"

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterable[Document]:
        for document in data:
            document.metadata["donates"] = True
            yield document


def conversation(document: Document) -> tuple[list[dict[str, str]], str]:
    """A document's messages and custom instructions."""
    metadata = document.metadata
    return metadata["messages"], (metadata["chat_template_kwargs"] or {}).get("custom_instructions") or ""


def attach(document: Document, candidate: Candidate) -> None:
    """Put a candidate into its document; a failed one is marked as dropped, with its reason."""
    document.metadata["candidate"] = candidate
    document.metadata["counters"] = dict(candidate.counters)
    if candidate.messages is None:
        place, _, why = candidate.failure.partition(": ")
        drop(document, why.partition(":")[0], f"{place}: {why}")


def leave_alone(document: Document, why: str) -> None:
    """Mark a document as one that is not to be fused."""
    document.metadata["candidate"] = Candidate(None)
    drop(document, NOT_FUSED, why)


def candidate_row(document: Document) -> dict[str, Any]:
    """A document's candidate as a row of `schemas.candidate`."""
    candidate: Candidate = document.metadata["candidate"]
    return {
        "id": document.id,
        "messages": candidate.messages,
        "custom_instructions": candidate.custom_instructions,
        "chunks": [place._asdict() for place in candidate.chunks],
        "checks": [asdict(verdict) for verdict in candidate.verdicts],
        "checked_by": candidate.checked_by,
    }


def donor_row(document: Document) -> dict[str, Any] | None:
    """What is good in a document that failed, as a row of `schemas.donor`; None where nothing is."""
    candidate: Candidate = document.metadata["candidate"]
    if not candidate.donor:
        return None
    return {"id": document.id, "chunks": [chunk._asdict() for chunk in candidate.donor]}
