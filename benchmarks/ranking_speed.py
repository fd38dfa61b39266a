"""How many candidates a second the rank stage scores on one core: checks, metrics, ranker, and the choice.

    python -m benchmarks.ranking_speed FOLDER PREFIX [--systems 2] [--record]

reads FOLDER/PREFIX.en and FOLDER/PREFIX.<system>.ar, a sentence a line (FLORES), each a conversation of one message,
and passes them through the step that the build runs. CPU time, so that the parts add up whatever else the machine
does; reading and writing Parquet is not in it, counting tokens is named apart. A candidate is one system's sentence.

The peer of the same run is the standard library finding and counting the words of the same texts: of two machines, or
of one with more or less to do, compare the ratios. They are printed beside those of the latest runs in
`docs/speed_history.tsv`; --record appends them.
"""

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from datatrove.data import Document

import builders.stages.rank
import processors.own_process  # noqa: F401  garbage is sought as seldom as in a build's processes
from benchmarks import history
from builders.recipes.ranking import Ranking
from builders.stages.fit_ranker import ranked_texts
from builders.stages.rank import RankCandidates
from processors.checks.run import check_conversation
from processors.languages.language import Language
from processors.ranking.model import SHIPPED, Ranker
from processors.texts.text import text_of

ROUNDS = 3


def documents(sources: list[str], candidates: dict[str, list[str]]) -> Iterator[Document]:
    for number, source in enumerate(sources):
        found = {
            name: {"messages": [{"role": "user", "content": texts[number]}], "custom_instructions": ""}
            for name, texts in candidates.items()
        }
        metadata: dict[str, Any] = {
            "unit": "flores", "split": "flores", "into": "flores", "messages": [{"role": "user", "content": source}],
            "chat_template_kwargs": None, "source": "flores", "candidates": found, "failures": {}, "rewards": {},
        }  # fmt: skip
        yield Document(text="", id=f"flores/{number:07d}", metadata=metadata)


def fit(sources: list[str], candidates: dict[str, list[str]], folder: Path) -> None:
    def message(text: str) -> list[dict[str, str]]:
        return [{"role": "user", "content": text}]

    verdicts = {
        name: [check_conversation(message(s), message(t)) for s, t in zip(sources, texts, strict=True)]
        for name, texts in candidates.items()
    }
    rows = [
        (message(source), {name: message(texts[number]) for name, texts in candidates.items()})
        for number, source in enumerate(sources)
    ]
    Ranker.load().fit_batch(*ranked_texts(rows, list(candidates)), verdicts).save(folder / "fitted.npz")
    (folder / "ranker.json").write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")


@contextmanager
def timed(times: dict[str, float], name: str, place: str) -> Iterator[None]:
    """Adds up the CPU time of a function that `builders.stages.rank` calls."""
    real: Callable[..., Any] = getattr(builders.stages.rank, place)

    def wrapped(*arguments: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return real(*arguments, **options)
        finally:
            times[name] = times.get(name, 0.0) + time.process_time() - start

    with patch.object(builders.stages.rank, place, wrapped):
        yield


def peer(texts: list[str]) -> float:
    """Texts a second whose words the standard library finds and counts, of processor time."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for text in texts:
            Counter(re.findall(r"\w+", text)).most_common(1)
        best = min(best, time.process_time() - start)
    return len(texts) / best


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of the rank stage on one core.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("--systems", type=int, help="only so many, in alphabetical order")
    parser.add_argument("--record", action="store_true", help="append the figures to docs/speed_history.tsv")
    arguments = parser.parse_args()

    def lines(side: str) -> list[str]:
        text = (arguments.folder / f"{arguments.prefix}.{side}").read_text(encoding="utf-8")
        return text.removesuffix("\n").split("\n")

    sources = lines("en")
    names = sorted(p.name[len(arguments.prefix) + 1 : -3] for p in arguments.folder.glob(f"{arguments.prefix}.*.ar"))
    candidates = {name: lines(f"{name}.ar") for name in names[: arguments.systems]}
    count = len(sources) * len(candidates)
    length = sum(len(t) for texts in candidates.values() for t in texts) / count
    print(f"{len(sources):,} rows of {len(candidates)} candidates, {length:.0f} characters each")
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        fit(sources, candidates, folder)
        configs = {f"SFT_{name}_ranked": name for name in candidates}
        step = RankCandidates(Ranking(), configs, Language(), "approximate", folder)
        whole: list[float] = []
        parts: dict[str, float] = {}
        for _ in range(ROUNDS):
            rows = list(documents(sources, candidates))
            # A build meets its rows once: what the last round knew of the texts must not help.
            text_of.clear()
            start = time.process_time()
            for _ in step.run(iter(rows)):
                pass
            whole.append(time.process_time() - start)
        with (
            timed(parts, "checks", "verdicts_on"),
            timed(parts, "metrics", "score_candidate"),
            timed(parts, "ranker", "add_quality"),
            timed(parts, "choice", "choose"),
            timed(parts, "effects", "effects"),
        ):
            text_of.clear()
            for _ in step.run(documents(sources, candidates)):
                pass
    print(f"{count / min(whole):,.0f} candidates a second (best of {ROUNDS})")
    three = sum(parts[name] for name in ("checks", "metrics", "ranker"))
    print(f"checks, metrics and ranker together: {count / three:,.0f}")
    words = peer([text for texts in candidates.values() for text in texts])
    figures = {
        "checks, metrics, ranker / words counted": count / three / words,
        "checks / words counted": count / parts["checks"] / words,
        "checks, metrics, ranker: candidates a second": count / three,
        "words counted: texts a second": words,
    }
    print("by part: " + ", ".join(f"{name} {count / seconds:,.0f}" for name, seconds in parts.items()))
    history.tell("ranking_speed", figures, recorded=arguments.record)


if __name__ == "__main__":
    main()
