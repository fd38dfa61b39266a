"""How each translator was run: model, prompt word for word, decoding, chunking, and what became of its requests."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.engines import Engine, engine_of
from builders.run_folder.folder import TRANSLATE
from builders.run_folder.units import NOT_FUSED
from hub.card.markdown import cell, details, fenced, linked, names, table
from hub.card.reproduce import public_recipe
from processors.clients.prompts import FEEDBACK, SYSTEM_TOLD, TERMS_TOLD, PromptConfig, build_payload
from processors.prompting import NO_HINTS, Hints

if TYPE_CHECKING:
    from builders.stages.common.context import Build

# Counters of `processors.translation.retry_ladder`, in the order in which things happen.
_COUNTERS = {
    "memory_hits": "Segments from a memory",
    "memory_rejected": "Texts from a memory that a check refused",
    "chunks": "Chunks",
    "chunks_fused": "... of them fused, out of others' candidates",
    "chunks_taken_over": "... of these as one of the candidates was, word for word",
    "requests": "Requests",
    "retries_same": "... of them asked again, at another temperature",
    "retries_told": "... of them told what a check said of the answer before",
    "retries_smaller": "Chunks asked again in halves",
    "joins_refused": "... of them refused by a check when their halves were joined",
    "retries_span_by_span": "Chunks asked again between their protected spans",
    "chunks_failed": "Chunks that failed after all that",
}


STORED = "Answers stored, refused ones among them"

# What else a request has, and where.
SYSTEM = "\n\n[system, at its end, in a conversation with a system prompt]"
TERMS = "\n\n[system, at its end, of a chunk with terms of the glossary]"
CONTEXT = "\n\n[user, assistant, before the chunk: what went before it, and its translation]"
TOLD = "\n\n[system, at its end, at the second try of a text of which an answer was refused]"


def translators(build: "Build") -> str:
    """The section."""
    recipe = build.recipe
    public = {t["name"]: t for t in public_recipe(recipe)["translators"]}
    engines = [engine_of(spec) for spec in recipe.translators]
    asking: dict[Path, list[Engine[Any]]] = {}
    for engine in engines:
        if engine.asks_a_model:
            asking.setdefault(build.run.answers(engine.spec), []).append(engine)
    bills = {sharing[0].spec.name: _bill(tokens_asked(place), sharing) for place, sharing in asking.items()}
    parts, fields = ["## Translators"], bool(recipe.source.fields)
    for engine in engines:
        name = engine.spec.name
        alone = len(asking.get(build.run.answers(engine.spec), [])) == 1
        parts.append(f"- **{name}**: {engine.says(public[name], linked)}")
        totals = build.totals[f"{TRANSLATE}/{name}"]
        bill = [*replayed(totals.extra["requests"], bills[name]), *bills[name]] if alone else []
        counts = _counts(
            name,
            totals,
            bill,
            "Rows" if fields else "Conversations",
        )
        parts.append(details(f"What became of what {name} was asked", counts))
        if prompt := engine.prompt(recipe.language):
            text = fenced(prompt_text(prompt) + (_told(engine) if prompt.style in ("chat", "fuse") else ""), "text")
            chunk = "{source}" if prompt.style == "own" else "{text}"
            parts.append(details(f"The prompt of {name}, word for word; {chunk} is the chunk", text))
    for sharing in asking.values():
        if len(sharing) > 1 and (lines := bills[sharing[0].spec.name]):
            who = names(engine.spec.name for engine in sharing)
            parts.append(f"{who} share their answers: the same request of several was sent once, and counts once.")
            parts.append(table(["Together", "Number"], lines))
    return "\n\n".join(parts)


def _told(engine: Engine[Any]) -> str:
    """What is added to a prompt of ours: the conversation before, terms of a glossary, and what was wrong."""
    wanted = engine.context
    return "".join(
        [
            SYSTEM + SYSTEM_TOLD if wanted and wanted.system else "",
            TERMS + TERMS_TOLD if engine.spec.glossary else "",
            TOLD + FEEDBACK if engine.feedback else "",
            CONTEXT if wanted else "",
        ]
    )


def prompt_text(prompt: PromptConfig) -> str:
    """What is sent, with `{text}` for the chunk: the prompt, the messages by role, or all of the request.

    A prompt of one's own is as in its file, with its own placeholders.
    """
    if prompt.style == "own":
        return f"[user]\n{prompt.template}"
    others = Hints(candidates=("{candidate}", "{candidate}")) if prompt.style == "fuse" else NO_HINTS
    payload = build_payload(prompt, {}, "{text}", hints=others)
    if "prompt" in payload:
        return payload["prompt"]
    if "messages" not in payload:
        return json.dumps(payload, ensure_ascii=False)
    return "\n\n".join(f"[{message['role']}]\n{_content(message['content'])}" for message in payload["messages"])


def tokens_asked(answers: Path) -> Counter[str] | None:
    """What the answers that a translator gave are billed by (`Answer.counts`); None where none are stored.

    An answer that two processes asked for at the same time is one answer, so that the number does not depend on how
    many there were.
    """
    from processors.answers.reader import AnswerReader

    with AnswerReader(answers) as reader:
        counts = reader.counts()
    return counts if counts["answers"] else None


def _content(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _counts(name: str, totals: Any, bill: list[list[str]], rows_title: str) -> str:
    rows = [(rows_title, totals.read), ("Translated", totals.kept), ("Failed", totals.failed.total())]
    if alone := totals.dropped[NOT_FUSED]:
        rows.append(("Left to the others, for `only` does not name them", alone))
    rows += [(title, totals.extra[key]) for key, title in _COUNTERS.items() if totals.extra[key]]
    wrapped = {k.removeprefix("unwrapped_"): n for k, n in totals.extra.items() if k.startswith("unwrapped_")}
    rows += [(f"Answers unwrapped ({cell(kind.replace('_', ' '))})", n) for kind, n in sorted(wrapped.items())]
    rejected = Counter({k.removeprefix("rejected_"): n for k, n in totals.extra.items() if k.startswith("rejected_")})
    rows += [(f"Answers refused by the check `{cell(check)}`", n) for check, n in sorted(rejected.items())]
    return table([f"`{name}`", "Number"], [*([title, f"{n:,}"] for title, n in rows), *bill])


def replayed(requests: int, bill: list[list[str]]) -> list[list[str]]:
    """How many of the requests that the conversations came to were sent, so that a reader can add up.

    Whatever was stopped and gone on with: both numbers are of the conversations and of the store. A store that other
    settings filled too, or that is of no use any more, may have more than was asked for these.
    """
    stored = next((int(line[1].replace(",", "")) for line in bill if line[0] == STORED), 0)
    if 0 < stored < requests:
        return [["Requests answered by what was stored, a text met twice", f"{requests - stored:,}"]]
    return []


def _bill(asked: Counter[str] | None, engines: list[Engine[Any]]) -> list[list[str]]:
    """What the answers of translators that keep them in one place came to; no price where theirs differ."""
    if asked is None:
        return []
    choices = max(engine.choices for engine in engines)
    of = f"all {choices} answers of a request, of which the first is taken" if choices > 1 else "the answers"
    lines = [
        [STORED, f"{asked['answers']:,}"],
        ["Tokens of their prompts", f"{asked['prompt_tokens']:,}"],
        [f"Tokens of {of}", f"{asked['completion_tokens']:,}"],
    ]
    if cached := asked["cached_tokens"]:
        lines.insert(2, ["... of them from the server's cache", f"{cached:,}"])
    if reasoning := asked["reasoning_tokens"]:
        lines.append(["... of them reasoning, no part of a translation", f"{reasoning:,}"])
    if batched := asked["batched_completion_tokens"]:
        lines.append(["... of them asked in batches, at half the price", f"{batched:,}"])
    cost = engines[0].cost
    if all(engine.cost == cost for engine in engines):
        if dollars := cost.bill(asked):
            lines.append(["Dollars, at the recipe's prices", f"{dollars:,.2f}"])
        if hours := cost.gpu_hours(asked["completion_tokens"]):
            lines.append(["GPU-hours, at the recipe's speed", f"{hours:,.1f}"])
    return lines
