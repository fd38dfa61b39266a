"""Preference data in TRL's reward format, as token ids of windows.

Read are all of TRL's preference formats: with a prompt or without (the prompt then begins both sides), as messages or
as text, with a `margin` or without. Translations as `smolkalam preferences` writes them are cut into aligned windows
where they do not fit `max_length`; other pairs that do not fit are left out and counted, where TRL drops them in
silence.
"""

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from processors.errors import InputError
from processors.judging.exchange import read_conversation, read_prompt
from processors.reward.score import Encoder, judged

SIDES = ("chosen", "rejected")
# What names a pair in the evaluation.
ABOUT = ("source_id", "chosen_translator", "rejected_translator")
# What is read of a row; the first two must be there.
COLUMNS = (*SIDES, "prompt", "margin", *ABOUT)


def load_splits(name: str, config: str | None, splits: Iterable[str]) -> dict[str, Any]:
    """The `datasets.Dataset` of each split of a folder, a Parquet file or a dataset of the Hub.

    Raises InputError where there is none, where a split or a column is missing or empty, or where a source row is in
    two splits.
    """
    from datasets import load_dataset

    path = Path(name)
    try:
        if path.is_file():
            found = load_dataset("parquet", data_files={split: str(path) for split in list(splits)[:1]})
        else:
            found = load_dataset(name, config)
    except Exception as error:
        # `datasets` raises many kinds for what is always the same to the user: nothing there that can be read.
        raise InputError(f"{name}: no dataset that can be read ({' '.join(str(error).split())[:200]})") from None
    loaded: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for split in splits:
        if split not in found or not len(found[split]):
            raise InputError(f"{name}: no rows in a split '{split}'; it has {', '.join(found) or 'none'}")
        dataset = found[split]
        missing = [side for side in SIDES if side not in dataset.column_names]
        if missing:
            raise InputError(
                f"{name}, {split}: no column '{missing[0]}' (found {', '.join(dataset.column_names)}); expected TRL's "
                "preference format: prompt, chosen, rejected and perhaps margin"
            )
        if "source_id" in dataset.column_names:
            for row in set(dataset["source_id"]):
                if row in sources:
                    raise InputError(
                        f"{name}: source row '{row}' is in {sources[row]} and in {split}, so {split} would measure "
                        "memory; split by source row"
                    )
                sources[row] = split
        loaded[split] = dataset
    return loaded


class PairEncoder:
    """Turns pairs into `chosen_ids` and `rejected_ids`, window by window, as a function for `Dataset.map`.

    `prefix` names the data in messages, such as `DIR, train`.
    """

    def __init__(self, tokenizer: Any, max_length: int, prefix: str) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.prefix = prefix
        self._encoders: dict[str, Encoder] = {}

    def __call__(self, batch: dict[str, list[Any]], numbers: list[int]) -> dict[str, list[Any]]:
        """One output row a window. A pair without any has one row with empty ids that says why in `left_out`."""
        names = ("pair", "chosen_ids", "rejected_ids", "margin", "left_out", *ABOUT)
        out: dict[str, list[Any]] = {name: [] for name in names}
        rows = [{name: values[i] for name, values in batch.items()} for i in range(len(numbers))]
        margins = [self._check(row, number) for row, number in zip(rows, numbers, strict=True)]
        for row, number, margin, (windows, why) in zip(rows, numbers, margins, self._windows(rows), strict=True):
            for chosen, rejected in windows or [([], [])]:
                values = (number, chosen, rejected, margin, why, *(str(row.get(name) or "") for name in ABOUT))
                for name, value in zip(names, values, strict=True):
                    out[name].append(value)
        return out

    def candidates(self, row: dict[str, Any], number: int) -> list[list[list[int]]]:
        """For evaluation: the windows of the chosen and of the rejected side, each encoded as when it is scored alone.

        Empty where a side does not fit and cannot be cut.
        """
        self._check(row, number)
        prompt = row.get("prompt")
        if request := self._request(prompt, row["chosen"], row["rejected"]):
            encoder, source, chosen, rejected = request
            return encoder.encode([judged(source, chosen), judged(source, rejected)])
        sides = [[self._whole(prompt, row[side])] for side in SIDES]
        return sides if max(len(ids) for windows in sides for ids in windows) <= self.max_length else []

    def _windows(self, rows: list[dict[str, Any]]) -> list[tuple[list[tuple[list[int], list[int]]], str]]:
        """For each row its windows, or why it has none."""
        found: list[tuple[list[tuple[list[int], list[int]]], str]] = []
        requests: dict[Encoder, list[tuple[int, tuple[Any, Any, Any]]]] = {}
        for place, row in enumerate(rows):
            found.append(([], ""))
            if row["chosen"] == row["rejected"]:
                found[place] = [], "both sides are the same"
            elif request := self._request(row.get("prompt"), row["chosen"], row["rejected"]):
                requests.setdefault(request[0], []).append((place, request[1:]))
            else:
                pair = self._whole(row.get("prompt"), row["chosen"]), self._whole(row.get("prompt"), row["rejected"])
                fits = max(map(len, pair)) <= self.max_length
                found[place] = ([pair], "") if fits else ([], f"longer than max_length {self.max_length}")
        for encoder, some in requests.items():
            for (place, _), windows in zip(some, encoder.encode_pairs([pair for _, pair in some]), strict=True):
                # A window in which both say the same teaches nothing and is no preference.
                found[place] = [pair for pair in windows if pair[0] != pair[1]], ""
        return found

    def _request(self, prompt: Any, chosen: Any, rejected: Any) -> tuple[Encoder, Any, Any, Any] | None:
        """Source and translations, where a pair is such."""
        if not (isinstance(prompt, list) and all(len(side) == 1 for side in (prompt, chosen, rejected))):
            return None
        found = read_prompt(prompt[0]["content"])
        better, worse = (read_conversation(side[0]["content"]) for side in (chosen, rejected))
        if found is None or better is None or worse is None:
            return None
        source, language = found
        if language not in self._encoders:
            self._encoders[language] = Encoder(self.tokenizer, language, self.max_length)
        return self._encoders[language], source, better, worse

    def _whole(self, prompt: Any, side: Any) -> list[int]:
        """As TRL encodes it."""
        if isinstance(side, str):
            text = (prompt or "") + side
            end = self.tokenizer.eos_token or ""
            return list(self.tokenizer(text if text.endswith(end) else text + end)["input_ids"])
        ids = self.tokenizer.apply_chat_template([*(prompt or []), *side], tokenize=True, return_dict=True)
        return list(ids["input_ids"])

    def _check(self, row: dict[str, Any], number: int) -> float | None:
        """The row's margin. Raises InputError for what is no pair."""
        where = f"{self.prefix}, row {number}"
        kind = type(row["chosen"])
        for name in ("prompt", *SIDES):
            value = row.get(name)
            if name == "prompt" and name not in row:
                continue
            if not isinstance(value, str | list) or not value:
                raise InputError(f"{where}: {name} is {value!r}; expected text or a list of messages")
            if type(value) is not kind:
                raise InputError(
                    f"{where}: chosen is {kind.__name__} and {name} {type(value).__name__}; give one kind"
                )
            for message in value if isinstance(value, list) else ():
                if not _is_message(message):
                    raise InputError(f"{where}: {name} holds {str(message)[:60]}; expected {{role, content}} of text")
        margin = row.get("margin")
        if margin is None:
            return None
        if not isinstance(margin, int | float) or not math.isfinite(margin) or margin < 0:
            raise InputError(f"{where}: margin is {margin!r}; expected by how much the rewards differ, 0 or more")
        return float(margin)


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), str) for key in ("role", "content"))


def encode_pairs(pairs: Any, encoder: PairEncoder, processes: int | None = None) -> tuple[Any, Counter[str]]:
    """Windows of pairs as a `datasets.Dataset`, and the pairs counted: `kept`, and by why they are left out."""
    if not encoder.tokenizer.chat_template and not isinstance(pairs[0]["chosen"], str):
        raise InputError(
            f"{encoder.tokenizer.name_or_path}: its tokenizer has no chat template; set chat_template_path"
        )
    windows = pairs.map(
        encoder,
        batched=True,
        batch_size=256,
        with_indices=True,
        remove_columns=pairs.column_names,
        num_proc=processes,
        desc=f"Encoding {encoder.prefix}",
    )
    found = dict(zip(windows["pair"], windows["left_out"], strict=True))
    counts = Counter(why or "kept" for why in found.values())
    keep = [i for i, why in enumerate(windows["left_out"]) if not why]
    return windows.select(keep).remove_columns("left_out"), counts


def look_apart(training: Iterable[tuple[str, Any]], test: Iterable[tuple[str, Any]]) -> None:
    """Raises InputError where a source row is in both; each is a name with its pairs, and may not say its rows."""
    seen: dict[str, str] = {}
    for name, pairs in training:
        for row in set(pairs["source_id"] if "source_id" in pairs.column_names else ()):
            seen[row] = name
    for name, pairs in test:
        for row in set(pairs["source_id"] if "source_id" in pairs.column_names else ()):
            if row in seen:
                raise InputError(
                    f"test_dataset: source row '{row}' is in {seen[row]} and in {name}, so {name} would measure "
                    "memory; split by source row"
                )
