"""Answers of a model to prompts, several to each, drawn with a seed: the same model and seed, the same answers.

    python -m model_recipes.on_policy.sampling ASKED.json

It runs as a process of its own, so that a GPU's memory is free for the training that follows. The answers are written
batch by batch, a line each; a run that was killed goes on with the first batch that is not there, and draws for it
what it would have drawn: each batch has its own seed.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from model_recipes.on_policy.answers import Messages, SampledAnswer, Sampling
from processors.errors import InputError, SmolKalamError, one_line, tell

# Of a served model so many prompts are asked before their answers are written: what was answered is kept one by one.
_SERVED_BATCH = 256


def write_asked(path: Path, asked: Sampling, prompts: Sequence[Messages]) -> None:
    with Path(asked.prompts).open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(messages, ensure_ascii=False) + "\n" for messages in prompts)
    path.write_text(json.dumps(asdict(asked)), encoding="utf-8")


def read_answers(path: Path) -> list[list[SampledAnswer]]:
    """The answers to each prompt, in the prompts' order; of a file that is whole."""
    found: dict[int, list[SampledAnswer]] = {}
    for batch in _batches_of(path)[0]:
        for place, answers in batch:
            found[place] = [SampledAnswer(*one) for one in answers]
    return [found[place] for place in sorted(found)]


def _batches_of(path: Path) -> tuple[list[Any], int]:
    """The batches that are whole, and their bytes: a kill may leave half a line at the end."""
    found: list[Any] = []
    size = 0
    if not path.exists():
        return found, 0
    with path.open("rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                break
            found.append(json.loads(line))
            size += len(line)
    return found, size


def sample(asked: Sampling) -> None:
    """SampledAnswer what is not answered yet. Raises InputError where the model cannot be run."""
    with Path(asked.prompts).open(encoding="utf-8") as stream:
        prompts = [json.loads(line) for line in stream]
    path = Path(asked.answers)
    done, size = _batches_of(path)
    batches = _in_batches(prompts, asked.batch_size if asked.engine == "transformers" else _SERVED_BATCH)
    if len(done) >= len(batches):
        return
    answer = _ENGINES[asked.engine](asked)
    with path.open("ab") as stream, _bar(len(prompts)) as advance:
        stream.truncate(size)
        advance(sum(map(len, batches[: len(done)])))
        for number, places in enumerate(batches[len(done) :], len(done)):
            seed = int.from_bytes(sha256(f"{asked.seed} {number}".encode()).digest()[:4])
            answers = answer([prompts[place] for place in places], seed)
            record = [
                [place, [[one.text, one.tokens, one.cut] for one in of_one]]
                for place, of_one in zip(places, answers, strict=True)
            ]
            stream.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
            advance(len(places))


def _in_batches(prompts: Sequence[Messages], size: int) -> list[list[int]]:
    """Places of prompts, those of like length together: what is padded is computed too. The longest come first."""
    order = sorted(range(len(prompts)), key=lambda i: (-sum(len(m["content"]) for m in prompts[i]), i))
    return [order[start : start + size] for start in range(0, len(order), size)]


Answers = Callable[[list[Messages], int], list[list[SampledAnswer]]]


def _transformers(asked: Sampling) -> Answers:
    import torch
    from transformers import AutoModelForCausalLM, GenerationConfig

    tokenizer = _tokenizer(asked)
    cuda = torch.cuda.is_available()
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            asked.model, revision=asked.revision, dtype="auto" if cuda else torch.float32
        )
    except (OSError, ValueError) as error:
        raise InputError(f"{asked.model}: cannot be loaded ({one_line(error, 300)})") from None
    model = model.to("cuda" if cuda else "cpu").eval()
    ends = _ends(model.generation_config.eos_token_id) | _ends(tokenizer.eos_token_id)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(ends)
    # A configuration of its own: the model's may hold a top_k or a penalty, by which these are no draws of the model.
    config = GenerationConfig(
        do_sample=True, temperature=asked.temperature, top_p=asked.top_p, top_k=0, max_new_tokens=asked.max_tokens,
        num_return_sequences=asked.samples, eos_token_id=sorted(ends), pad_token_id=pad,
    )  # fmt: skip

    def answer(batch: list[Messages], seed: int) -> list[list[SampledAnswer]]:
        ids = [_ids(tokenizer, messages) for messages in batch]
        longest = max(map(len, ids))
        torch.manual_seed(seed)
        with torch.inference_mode():
            found = model.generate(
                torch.tensor([[pad] * (longest - len(row)) + row for row in ids], device=model.device),
                attention_mask=torch.tensor(
                    [[0] * (longest - len(row)) + [1] * len(row) for row in ids], device=model.device
                ),
                generation_config=config,
            )
        rows = [_answer(tokenizer, row[longest:].tolist(), ends) for row in found]
        return [rows[i : i + asked.samples] for i in range(0, len(rows), asked.samples)]

    return answer


def _served(asked: Sampling) -> Answers:
    from model_recipes.on_policy.served import served_answers

    return served_answers(asked)


_ENGINES: dict[str, Callable[[Sampling], Answers]] = {
    "transformers": _transformers,
    "vllm": _served,
    "endpoint": _served,
}


def _tokenizer(asked: Sampling) -> Any:
    from model_recipes.training.data import load_tokenizer

    tokenizer = load_tokenizer(asked.model, asked.revision, "model_name_or_path:")
    if not tokenizer.chat_template:
        raise InputError(f"{asked.model}: its tokenizer has no chat template; start from a model that was fine-tuned")
    return tokenizer


def _ids(tokenizer: Any, messages: Messages) -> list[int]:
    found = tokenizer.apply_chat_template(messages, tokenize=True, add_generation_prompt=True, return_dict=True)
    return list(found["input_ids"])


def _ends(value: int | list[int] | None) -> set[int]:
    return set() if value is None else {value} if isinstance(value, int) else set(value)


def _answer(tokenizer: Any, ids: list[int], ends: set[int]) -> SampledAnswer:
    end = next((i for i, token in enumerate(ids) if token in ends), None)
    said = ids if end is None else ids[:end]
    return SampledAnswer(tokenizer.decode(said, skip_special_tokens=True), len(said) + (end is not None), end is None)


def _bar(total: int) -> Any:
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    @contextmanager
    def bar() -> Iterator[Callable[[int], None]]:
        console = Console(file=sys.stderr, highlight=False)
        columns = (TextColumn("prompts answered"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("", total=total)
            yield lambda n: progress.advance(task, n)

    return bar()


def main() -> None:
    try:
        sample(Sampling(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
    except SmolKalamError as error:
        tell(error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
