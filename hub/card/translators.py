"""How each translator was run: model, prompt word for word, decoding, chunking, and what became of its requests."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.recipes.translators import (
    LlamaCppTranslator,
    MemoryTranslator,
    PseudoTranslator,
    ServedTranslator,
    Translator,
    VllmTranslator,
)
from hub.card.markdown import cell, details, fenced, linked, names, table
from hub.card.reproduce import public_recipe
from processors.clients.prompts import build_payload
from processors.languages.language import Language

if TYPE_CHECKING:
    from builders.stages.context import Build

# Counters of `processors.translation.retry_ladder`, in the order in which things happen.
_COUNTERS = {
    "memory_hits": "Segments from a memory",
    "memory_rejected": "Texts from a memory that a check refused",
    "chunks": "Chunks",
    "requests": "Requests",
    "retries_same": "... of them asked again, at another temperature",
    "retries_smaller": "Chunks asked again in halves",
    "retries_span_by_span": "Chunks asked again between their protected spans",
    "chunks_failed": "Chunks that failed after all that",
}


def translators(build: "Build") -> str:
    """The section."""
    recipe = build.recipe
    public = {t["name"]: t for t in public_recipe(recipe)["translators"]}
    asking: dict[Path, list[ServedTranslator]] = {}
    for spec in recipe.translators:
        if isinstance(spec, ServedTranslator):
            asking.setdefault(build.run.answers(spec), []).append(spec)
    bills = {specs[0].name: _bill(tokens_asked(place), specs) for place, specs in asking.items()}
    parts = ["## Translators"]
    for spec in recipe.translators:
        alone = isinstance(spec, ServedTranslator) and len(asking[build.run.answers(spec)]) == 1
        parts.append(f"- {_described(spec, public[spec.name])}")
        parts.append(_counts(spec.name, build.totals[f"translate/{spec.name}"], bills[spec.name] if alone else []))
        if isinstance(spec, ServedTranslator):
            prompt = fenced(prompt_text(spec, recipe.language), "text")
            parts.append(details(f"The prompt of {spec.name}, word for word; {{text}} is the chunk", prompt))
    for specs in asking.values():
        if len(specs) > 1 and (lines := bills[specs[0].name]):
            who = names(spec.name for spec in specs)
            parts.append(f"{who} share their answers: the same request of several was sent once, and counts once.")
            parts.append(table(["Together", "Number"], lines))
    return "\n\n".join(parts)


def prompt_text(spec: ServedTranslator, language: Language) -> str:
    """What is sent, with `{text}` for the chunk: the completion's prompt, or the chat's messages by role."""
    payload = build_payload(spec.prompt_config(language), {}, "{text}")
    if "prompt" in payload:
        return payload["prompt"]
    return "\n\n".join(f"[{message['role']}]\n{_content(message['content'])}" for message in payload["messages"])


def tokens_asked(answers: Path) -> tuple[int, int, int] | None:
    """Answers that a translator gave, with the tokens of their prompts and completions; None where none are stored.

    An answer that two processes asked for at the same time is one answer, so that the number does not depend on how
    many there were.
    """
    from processors.answers.reader import AnswerReader

    with AnswerReader(answers) as reader:
        totals = reader.totals()
    return totals if totals[0] else None


def _content(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _described(spec: Translator, public: dict[str, Any]) -> str:
    chunking = (
        f"chunks of {spec.chunking.lines} lines"
        if spec.chunking.strategy == "lines"
        else f"chunks of at most {spec.chunking.max_tokens} tokens"
    )
    tokenizer = public["chunking"]["tokenizer"]
    chunking += f" (tokenizer `{tokenizer}`)" if spec.chunking.strategy == "tokens" else ""
    files = ", ".join(f"`{name}`" for name in public["memory"])
    if isinstance(spec, MemoryTranslator):
        return f"**{spec.name}**: a translation memory ({files}); no model translated these rows"
    memory = f" after a translation memory ({files})" if spec.memory else ""
    if isinstance(spec, PseudoTranslator):
        return f"**{spec.name}**: pseudo-localisation{memory}, {chunking}"
    model = public["model"]
    file = f" (file `{spec.file}`)" if isinstance(spec, LlamaCppTranslator) and spec.file else ""
    revision = f" at revision `{spec.revision}`" if spec.revision else ", revision not recorded"
    decoding = json.dumps({k: v for k, v in public["decoding"].items() if v not in (None, {})})
    return (
        f"**{spec.name}**: {linked(model)}{file}{revision}, {_served(spec, public)}{memory}, prompt `{spec.prompt}`, "
        f"{chunking}, decoding `{decoding}`, protected spans as {spec.spans.replace('_', ' ')}"
    )


def _served(spec: ServedTranslator, public: dict[str, Any]) -> str:
    """By what the model was run: the same weights answer a little differently in another engine or precision."""
    if isinstance(spec, LlamaCppTranslator):
        return f"by llama.cpp on the machine of the build, {spec.context} tokens of context"
    if isinstance(spec, VllmTranslator) and (server := public.get("server")):
        length = f", at most {server['max_model_len']} tokens" if server["max_model_len"] else ""
        parallel = f", over {server['tensor_parallel']} GPUs each" if server["tensor_parallel"] > 1 else ""
        options = f", options `{json.dumps(server['arguments'])}`" if server["arguments"] else ""
        return f"by servers of vLLM that the build started (dtype `{server['dtype']}`{length}{parallel}{options})"
    engine = {"tgi": "by text-generation-inference", "vllm": "by vLLM"}.get(
        public["backend"], "by an OpenAI-compatible API"
    )
    number = len(spec.addresses())
    return f"{engine}, {number} endpoints" if number > 1 else engine


def _counts(name: str, totals: Any, bill: list[list[str]]) -> str:
    rows = [("Conversations", totals.read), ("Translated", totals.kept), ("Failed", totals.dropped.total())]
    rows += [(title, totals.extra[key]) for key, title in _COUNTERS.items() if totals.extra[key]]
    rejected = Counter({k.removeprefix("rejected_"): n for k, n in totals.extra.items() if k.startswith("rejected_")})
    rows += [(f"Answers refused by the check `{cell(check)}`", n) for check, n in sorted(rejected.items())]
    return table([f"`{name}`", "Number"], [*([title, f"{n:,}"] for title, n in rows), *bill])


def _bill(asked: tuple[int, int, int] | None, specs: list[ServedTranslator]) -> list[list[str]]:
    """What the answers of translators that keep them in one place came to; no price where theirs differ."""
    if asked is None:
        return []
    answers, prompt, completion = asked
    choices = max(spec.decoding.choices for spec in specs)
    of = f"all {choices} answers of a request, of which the first is taken" if choices > 1 else "the answers"
    lines = [
        ["Answers stored", f"{answers:,}"],
        ["Tokens of their prompts", f"{prompt:,}"],
        [f"Tokens of {of}", f"{completion:,}"],
    ]
    cost = specs[0].cost
    if cost and all(spec.cost == cost for spec in specs):
        if dollars := cost.usd(prompt, completion):
            lines.append(["Dollars, at the recipe's prices", f"{dollars:,.2f}"])
        if hours := cost.gpu_hours(completion):
            lines.append(["GPU-hours, at the recipe's speed", f"{hours:,.1f}"])
    return lines
