"""What a pool's models are still to be asked, in requests, tokens and dollars: told before the first is sent.

Requests are those that will be made, and those that are stored already are known; the tokens of answers are the mean
of stored ones where there are some.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.engines import engine_of
from builders.estimates.spending import ASK_ABOVE_USD, ask_to_go_on
from builders.pools.ask import key_of
from builders.recipes.scorers import PanelJudge
from builders.recipes.translators import Translator
from processors.answers.ceiling import Limits
from processors.answers.reader import AnswerReader
from processors.conversations.tokenizers import load_tokenizer
from processors.languages.language import Language

if TYPE_CHECKING:
    from builders.recipes.translator_base import Cost

# So many stored answers tell their length better than a recipe's guess.
ENOUGH_KNOWN = 20
# What a judge who marks an answer reads beside its text: the rubric and the request.
RUBRIC_TOKENS = 700


@dataclass(slots=True)
class ModelCost:
    """What one model is to be asked at most; `usd` is None where the recipe gives no price."""

    name: str
    requests: int = 0
    stored: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None

    def line(self) -> str:
        """For people."""
        known = f", {self.stored:,} known before" if self.stored else ""
        price = "no price in the recipe" if self.usd is None else f"about ${self.usd:,.2f}"
        return (
            f"{self.name}: at most {self.requests:,} requests to send{known}, {self.input_tokens:,} tokens in, about "
            f"{self.output_tokens:,} out, {price}"
        )


def tokens_of() -> Callable[[Any], int]:
    """Counts the tokens of messages, approximately."""
    tokenizer = load_tokenizer("approximate")

    def count(messages: Any) -> int:
        return sum(len(tokenizer.encode(one["content"], add_special_tokens=False)) for one in messages)

    return count


def cost_of_asking(
    spec: Translator,
    language: Language,
    payloads: Iterable[dict[str, Any]],
    store: Path,
    answer_tokens: int,
    thoughts: bool = False,
) -> ModelCost:
    """What `spec` is to be asked: the payloads that `store`, the folder of its answers, does not hold."""
    found, count = ModelCost(spec.name), tokens_of()
    lengths: list[int] = []
    with AnswerReader(store) as answers:
        for payload in payloads:
            known = answers.get(key_of(spec, language, payload, thoughts))
            if known is not None:
                found.stored += 1
                lengths.append(known.completion_tokens)
                continue
            found.requests += 1
            found.input_tokens += count(payload["messages"])
    mean = sum(lengths) / len(lengths) if len(lengths) >= ENOUGH_KNOWN else answer_tokens
    found.output_tokens = round(found.requests * mean)
    engine = engine_of(spec)
    if engine.cost.priced:
        found.usd = engine.price_share * engine.cost.usd(found.input_tokens, found.output_tokens)
    return found


def cost_of_judge(judge: PanelJudge, questions: int, tokens_each: float) -> ModelCost:
    """What a judge is to be asked, at most: `questions` of about so many tokens."""
    tokens = round(questions * tokens_each)
    found = ModelCost(judge.name, questions, 0, tokens, questions * judge.answer_tokens)
    if judge.cost is not None and judge.cost.priced:
        found.usd = judge.cost.usd(found.input_tokens, found.output_tokens)
    return found


def agree_to(costs: Sequence[ModelCost], *, yes: bool, say: Callable[[str], None]) -> None:
    """Say what is to be paid, and ask whether to go on where that is much. Raises InputError for a no."""
    for one in costs:
        if one.requests:
            say(one.line())
    total = sum(one.usd or 0.0 for one in costs if one.requests)
    if total:
        say(f"about ${total:,.2f} in all")
    if total > ASK_ABOVE_USD and not yes:
        ask_to_go_on(f"this would cost about ${total:,.2f}; nothing was asked")


def limits_of(folder: Path, name: str, cost: "Cost | None", most: float | None, in_all: float | None) -> Limits | None:
    """The ceiling of one model; None where nothing bounds it."""
    if (most is None and in_all is None) or cost is None:
        return None
    return Limits(folder / "spending", name, cost.bill, most, in_all)
