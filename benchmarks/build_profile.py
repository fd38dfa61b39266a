"""Where a build's time goes: a cProfile of it by stage and by what is done."""

import pstats
from collections import defaultdict
from pathlib import Path

STAGES = {"select": "select", "translate": "translate", "rank": "rank", "dataset": "build"}
# The group of a function: the first whose name is in "file:function". What belongs to none (the standard library,
# built-in functions) counts for its callers.
GROUPS = {
    "imports": ("<frozen importlib", "importlib/", "{built-in method _imp.", "{built-in method marshal."),
    "token counting": ("tokenizers.Tokenizer", "conversations/tokenizers.py"),
    "chunking": ("conversations/chunking.py",),
    "protected spans": ("processors/protected/",),
    "validation, Han, cuts": ("processors/selection/", "stages/select.py"),
    "parts": ("conversations/parts.py",),
    "pseudo": ("translation/pseudo.py", "translation/word_by_word.py"),
    "checks": ("processors/checks/", "processors/alignment/", "processors/texts/", "languages/names/",
               "languages/number_words.py", "languages/english", "languages/arabic.py",
               "languages/persian.py", "languages/spellings.py", "languages/digits.py"),
    "metrics": ("processors/scoring/", "languages/scripts.py"),
    "translation (the ladder)": ("processors/translation/", "builders/engines/"),
    "reading Parquet": ("builders/sources/", "run_folder/unit_reader.py", "stages/join_candidates.py",
                        "write_splits.py:_rows", "units.py:read_unit", "core.py:read", "core.py:iter_batches",
                        "core.py:__init__"),
    "writing Parquet": ("run_folder/units.py", "run_folder/unit_writer.py", "builders/dataset/", "parquet/core.py",
                        "run_folder/schemas.py"),
    "ranking": ("stages/rank.py", "processors/ranking/"),
    "datatrove": ("site-packages/datatrove", "site-packages/loguru"),
    "the rest of the build": ("builders/", "hub/", "smolkalam/"),
}  # fmt: skip

Function = tuple[str, int, str]


def group_of(function: Function) -> str | None:
    name = f"{function[0]}:{function[2]}".replace("\\", "/")
    return next((group for group, signs in GROUPS.items() if any(sign in name for sign in signs)), None)


def by_group(profiled: pstats.Stats) -> dict[str, float]:
    """Seconds of each group: its functions' own time, and that of what belongs to no group by who called it."""
    stats = profiled.stats  # type: ignore[attr-defined]
    known: dict[Function, dict[str, float]] = {}

    def shares(function: Function) -> dict[str, float]:
        """For which groups the function works, by the time that it spends for its callers."""
        if function not in known:
            known[function] = {"other": 1.0}  # for a function that is reached again through its own callers
            callers = {caller: max(entry[3], 1e-9) for caller, entry in stats[function][4].items()}
            group = group_of(function)
            found = {group: 1.0} if group else defaultdict[str, float](float)
            for caller, spent in callers.items() if not group else ():
                for name, share in shares(caller).items():
                    found[name] += share * spent / sum(callers.values())
            known[function] = found or {"other": 1.0}
        return known[function]

    seconds: dict[str, float] = defaultdict(float)
    for function, (_, _, own, _, _) in stats.items():
        for group, share in shares(function).items():
            seconds[group] += own * share
    return seconds


def by_stage(profiled: pstats.Stats) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for (file, _, name), entry in profiled.stats.items():  # type: ignore[attr-defined]
        # A step of the stage's pipeline may be a `run` too, and takes a part of the stage's own time.
        if name == "run" and (stage := STAGES.get(Path(file).stem)) and Path(file).parent.name == "stages":
            seconds[stage] = max(seconds.get(stage, 0.0), entry[3])
    return {name: seconds.get(name, 0.0) for name in STAGES.values()}


def show(title: str, seconds: dict[str, float], whole: float, median: float) -> None:
    print(f"\n{title:28}{'share':>8}{'seconds':>10}")
    for name, value in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"  {name:26}{value / whole:8.1%}{value / whole * median:10.2f}")


def profile(file: Path) -> pstats.Stats:
    """The profile that `python -m cProfile -o file` left."""
    return pstats.Stats(str(file))


def show_profile(profiled: pstats.Stats, median: float) -> None:
    """Print the shares by stage and by what is done, and the seconds that they are of a build that took `median`."""
    whole = profiled.total_tt  # type: ignore[attr-defined]
    stages = by_stage(profiled)
    stages["start, report, card"] = whole - sum(stages.values())
    show("by stage", stages, whole, median)
    show("by what is done", by_group(profiled), whole, median)
