"""The card's sections that tell what the dataset is: tables, columns, ranking, what was left out, licence, limits."""

import json
from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from builders.calibration.told import read_told
from builders.dataset.combined import combined_said, gained_said
from builders.dataset.policy_effects import changes, config_effects, mean_score, policy_effects
from builders.dataset.rows import statistics_by_config
from builders.dataset.statistics import SplitStatistics, summarise, tokens_column
from builders.engines import engine_of
from builders.licences import source_title
from builders.recipes.recipe import Recipe
from builders.run_folder.folder import PROBE, RANK, RANKER, SCAN, SCORE, SELECT, TRANSLATE
from builders.run_folder.schemas import OWN, PARALLEL
from builders.scorers import scorers_of
from builders.scorers.probe import told_by
from builders.stages.common.contamination import benchmarks, counter
from hub.card.fields import COUNTED, STAYS, columns_said, intended, rows_said, turns
from hub.card.markdown import cell, details, fenced, joined, linked, names, score, table, without_empty
from hub.card.noted import SIDES_KNOWN, SIDES_SAID, divided_tables
from hub.card.plots import Plot
from hub.card.reproduce import public_recipe
from processors.ranking.policy import OUTCOMES
from processors.scoring.columns import COLUMN, COLUMNS, SUMMED, columns_with

if TYPE_CHECKING:
    from builders.stages.common.context import Build

_PAPER = """@misc{alrashed2025smolkalam,
  title={SmolKalam: Ensemble Quality-Filtered Translation at Scale for High Quality Arabic Post-Training Data},
  author={Sultan AlRashed and Chadi Helwe and Francesco Orabona},
  year={2025},
  eprint={2511.18411},
  archivePrefix={arXiv},
  primaryClass={cs.CL},
  url={https://arxiv.org/abs/2511.18411}
}"""
_SOURCE = """@misc{bakouch2025smollm3,
  title={{SmolLM3: smol, multilingual, long-context reasoner}},
  author={Bakouch, Elie and Ben Allal, Loubna and Lozhkov, Anton and Tazi, Nouamane and Tunstall, Lewis and others},
  year={2025},
  howpublished={\\url{https://huggingface.co/blog/smollm3}}
}"""


def intended_use(recipe: Recipe) -> str:
    """What it is for, and for what not."""
    if any(engine_of(t).meaningless for t in recipe.translators):
        return "## Intended use\n\nTo test a pipeline with text of the right form. Train nothing on it."
    if recipe.outputs.notice:
        return f"## Intended use\n\n{recipe.outputs.notice}"
    if recipe.source.fields:
        return intended(recipe, source_title(recipe.source))
    language = recipe.language.name
    tuning = "preference tuning (DPO and its kin)" if recipe.source.pairs else "supervised fine-tuning"
    return (
        f"## Intended use\n\nFor {tuning} of assistants in {language}, and for research on machine "
        f"translation of post-training data (the config `{PARALLEL}`, where it is there, has every candidate).\n\n"
        f"Not for evaluation, nor as a reference for {language}: it is translated, not written, and nobody has "
        "verified what it states. Before a model that was trained on it is put to use, look at its answers in the "
        "domains that matter there."
    )


def overview(build: "Build") -> str:
    """A line a config: the paper's summary."""
    tables, rows = statistics_by_config(build.splits), []
    summaries = {config: summarise(splits.values()) for config, splits in tables.items()}
    title, shown = tokens_column(max((s.total_tokens for s in summaries.values()), default=0))
    for config, s in summaries.items():
        means = [f"{s.mean('tokens'):,.0f}", f"{s.mean('turns'):.2f}"]
        means += [score(s.mean(column.name), column.decimals) for column in SUMMED]
        rows.append([f"`{config}`", str(len(tables[config])), f"{s.rows:,}", shown(s.total_tokens), *means])
    titles = [
        "Config",
        "Splits",
        "Rows",
        title,
        "Tokens a row",
        turns(build.recipe),
        *(column.title for column in SUMMED),
    ]
    titles, rows = without_empty(titles, rows)
    return f"## At a glance\n\n{table(titles, rows)}" if rows else ""


def splits(build: "Build", plots: list[Plot]) -> str:
    """What the splits hold: by category, all of all configs in one closed table, and the plots."""
    recipe, tables = build.recipe, statistics_by_config(build.splits)
    parts = ["## Splits", *_categories(tables, turns(recipe)), *divided_tables(build)]
    if tables:
        names_of = list(dict.fromkeys(name for of in tables.values() for name in of))
        every = {(f"`{name}`", config): of[name] for name in names_of for config, of in tables.items() if name in of}
        parts.append(
            details(f"All {len(names_of)} splits of all configs", _split_table("Split", every, turns(recipe)))
        )
    approximate = (
        " It estimates what a byte-pair tokenizer would count, without a download."
        if recipe.outputs.tokenizer == "approximate"
        else ""
    )
    # A name on the Hub has one slash at most; a path of somebody's machine is nobody's business.
    tokenizer = recipe.outputs.tokenizer if recipe.outputs.tokenizer.count("/") <= 1 else "a local one"
    counted = COUNTED if recipe.source.fields else "A turn is a message."
    parts.append(f"{counted} Tokens are of the tokenizer `{tokenizer}`.{approximate}")
    shown = [plot for plot in plots if plot.path != "plots/left_out.png"]
    if shown:
        told = (
            "Every candidate counts, whether a config took it or not: thin lines from 5 to 95 in 100, thick ones from "
            "25 to 75, a dot at the median."
        )
        parts += [f"![{plot.title}]({plot.path})" for plot in shown[:1]]
        parts += [details(plot.title, f"![{plot.title}]({plot.path})") for plot in shown[1:]]
        parts.append(told)
    return "\n\n".join(parts)


# What SmolTalk2 says of a split by the end of its name, the longer end first.
_CATEGORIES = ("_no_think", "_think")


def _categories(tables: dict[str, dict[str, SplitStatistics]], counted: str) -> list[str]:
    """A table of the splits by what their names say; none where they say nothing, or all the same."""
    found: dict[tuple[str, str], list[SplitStatistics]] = {}
    for config, of in tables.items():
        for name, split in of.items():
            category = next((f"`*{end}`" for end in _CATEGORIES if name.endswith(end)), "others")
            found.setdefault((category, config), []).append(split)
    if len({category for category, _ in found}) < 2:
        return []
    return [_split_table("Splits", {key: summarise(found[key]) for key in sorted(found)}, counted)]


def _split_table(title: str, rows: dict[tuple[str, str], SplitStatistics], turns: str) -> str:
    """A line a split, or a group of them, and config."""
    largest, shown = tokens_column(max((one.total_tokens for one in rows.values()), default=0))
    lines = []
    for (name, config), one in rows.items():
        scores = [score(one.mean(column.name), column.decimals) for column in SUMMED]
        means = [f"{one.mean('turns'):.2f}", f"{one.mean('tokens'):,.0f}", shown(one.total_tokens)]
        lines.append([name, f"`{config}`", f"{one.rows:,}", *scores, *means])
    titles = [title, "Config", "Rows", *(column.title for column in SUMMED), turns, "Tokens a row", largest]
    return table(*without_empty(titles, lines), left=2)


def columns(recipe: Recipe, combined: bool = False) -> str:
    """What each column holds; `combined`: `segments` among them."""
    if recipe.source.fields:
        return columns_said(recipe, _score_columns(recipe), combined)
    segments = (
        "\n- `segments`: whose each passage of `messages` is, where the row is put together from several translators' "
        "candidates (`start` and `end` count code points of the message; -1 is the custom instructions); else null"
        if combined
        else ""
    )
    pairs = recipe.source.pairs
    english, texts = "`messages`", "its `translation`"
    if pairs:
        english, texts = "pair", "`translated_prompt`, `translated_chosen` and `translated_rejected`"
    parallel = (
        f"\n\nThe config `parallel` has the English {english} beside `candidates`, one for each translator, whose "
        f"texts are {texts} (null where it has none)."
        if recipe.outputs.parallel
        else ""
    )
    carried = f"\n- {', '.join(f'`{n}`' for n in recipe.source.carry)}: from the source" if recipe.source.carry else ""
    return (
        "## Columns\n\n"
        "- `id`: `<source split>/<row number in it>`\n"
        f"- {SIDES_SAID if pairs else '`messages`'}, `chat_template_kwargs`, `source`: as in the source, translated; "
        "tool calls and tool schemas stay as they are\n"
        f"{_score_columns(recipe)}\n"
        "- `translator`: whose candidate the row is\n"
        "- `noted`: the checks that noted something of it that is no reason to leave it out; `candidates` says what\n"
        "- `candidates`: every translator's scores and what the checks found; `chosen` marks the row's own and "
        "`decision` says what decided (in a word, `decided`: `chosen`, `chosen_by_segment`, `not_chosen`, `vetoed` or "
        "`not_translated`). Scores are null where a translator has no candidate, and its check says why\n"
        "- `tokens`, `turns`: tokens and messages of the row\n"
        "- `tools`: the row's tools as one JSON string, as TRL and most chat templates take them; null without tools. "
        "SmolLM3's template writes them as it does at inference; without this column it prints those of "
        f"`chat_template_kwargs`, as SmolTalk2 has them{SIDES_KNOWN if pairs else ''}{segments}{carried}{parallel}"
    )


def _vetoing(veto: Mapping[str, bool]) -> str:
    """What the recipe changed of which checks veto; empty where nothing."""
    never, always = ([f"`{name}`" for name, vetoes in veto.items() if vetoes is kind] for kind in (False, True))
    said = f"; what {' and '.join(never)} found vetoes nothing" if never else ""
    return said + (f"; whatever {' and '.join(always)} found vetoes, hard or not" if always else "")


def ranking(build: "Build") -> str:
    """The policy, its thresholds, and what they did to each config and split."""
    recipe, extra = build.recipe, build.totals[RANK].extra
    policy, tables = recipe.ranking, statistics_by_config(build.splits)
    how = policy.policy("").describe()
    differing = [f" In the splits `{e.match}`, {policy.policy_of(e).describe()}." for e in policy.splits]
    how += _vetoing(policy.veto)
    ordering = [column for column in COLUMNS if column.margin is not None]
    rows, means = [], []
    for spec in recipe.translators:
        config = recipe.config_name(spec.name)
        effects, whole = config_effects(extra, config), summarise(tables.get(config, {}).values())
        counts = [f"{effects[outcome]:,}" for outcome in OUTCOMES]
        rows.append([f"`{config}`", *counts, changes(effects) or "nothing"])
        of = [
            (mean_score(extra, spec.name, column.name), whole.mean(column.name), column.decimals)
            for column in ordering
        ]
        means.append([f"`{config}`", *(score(mean, places) for *pair, places in of for mean in pair)])
    outcomes = ["Primary's own", "Replaced, for vetoed", "Replaced, for better", "Left out", "Changed by"]
    titles = [
        f"{name} of {whose}"
        for name in (column.name for column in ordering)
        for whose in ("the primary's candidates", "the config")
    ]
    scores = f" LR is computed with alpha {policy.alpha:g}; a script ratio of {policy.scr_threshold:g} counts as pure."
    scores += _scorers(recipe) + _probes(build)
    if told := read_told(build.run.stage(RANKER)):
        scores += f" Labels tell the ranker which translators are better at large: {told}."
    parts = [
        f"## Ranking\n\nHard checks veto whatever the scores say; {how}.{''.join(differing)}{scores}",
        table(["Config", *outcomes], rows),
        f"The last column counts the rows that would have another candidate, or none, {_without(recipe)}. A row may "
        "count for several, or change only by several together.",
        table(*without_empty(["Config", *titles], means)),
        "Scores of the primary's candidates are those before any veto or replacement.",
    ]
    if lines := gained_said(recipe, extra) if len(recipe.translators) > 1 else []:
        parts.append("What each part of the ensemble gave, in rows, and in quality where the ranker compares the two:")
        parts.append(table(["Config", "Rows that are", "Rows", "Quality without", "With"], lines))
    if said := combined_said(recipe, extra):
        parts.append(said)
    if by_split := _by_split(build):
        parts.append(details("The same by split", "\n\n".join(by_split)))
    return "\n\n".join(parts)


def _by_split(build: "Build") -> list[str]:
    """A table a config; its titles are short, for the names of splits leave little room."""
    titles, tables = ["Split", "Own", "For vetoed", "For better", "Left out", "Changed by"], []
    for config, splits in policy_effects(build.recipe, build.run.stage(RANK), build.selected).items():
        rows = [
            [f"`{split}`", *(f"{of[outcome]:,}" for outcome in OUTCOMES), changes(of) or "nothing"]
            for split, of in splits.items()
            if any(of[outcome] for outcome in OUTCOMES)
        ]
        if rows:
            tables.append(f"`{config}`:\n\n{table(titles, rows)}")
    return tables


def _without(recipe: Recipe) -> str:
    """What the counts of `builders.dataset.policy_effects.changes` compare with."""
    said = "without a threshold (`min_...`), or with `rank_score` as the order (`order`)"
    return f"{said}, or if verdicts had not settled it (`verdicts`)" if recipe.ranking.verdicts else said


def _scorers(recipe: Recipe) -> str:
    """The models that scored the candidates."""
    public = public_recipe(recipe)["ranking"]
    said = (
        f" The ranker is `{public['ranker']}`." if public["ranker"] else " The ranker is the one that ships with it."
    )
    blocks = {"reward": public["reward"]} | public["scorers"]
    for kind, _ in scorers_of(recipe):
        said += f" `{kind.column}`: {kind.said(blocks[kind.column])}."
    if public["verdicts"]:
        said += (
            f" Verdicts of judges or people (`{public['verdicts']}`) go before the scores on the rows that they are "
            "on: of the candidates that are not vetoed, the preferred one is taken."
        )
    return said


def _probes(build: "Build") -> str:
    """What the scorers' first questions showed."""
    said = []
    for kind, _ in scorers_of(build.recipe):
        file = build.run.stage(SCORE, kind.column, PROBE)
        if told := told_by(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else "":
            said.append(f" `{kind.column}` {told}.")
    return "".join(said)


def _score_columns(recipe: Recipe) -> str:
    """A line for each of the table's columns; neighbours of one meaning share theirs."""
    meanings = {column.name: column.meaning for column in COLUMNS} | {"reward": _reward(recipe)}
    lines = []
    here = [COLUMN[name] for name in columns_with(recipe.ranking.scorers.given())]
    for meaning, together in groupby(here, key=lambda column: meanings[column.name]):
        lines.append(f"- {', '.join(f'`{column.name}`' for column in together)}: {meaning}")
    return "\n".join(lines)


def _reward(recipe: Recipe) -> str:
    if recipe.ranking.reward is None:
        return "null, for this build had no reward model"
    return f"the score of the reward model {linked(public_recipe(recipe)['ranking']['reward']['model'])}"


def dropped(build: "Build", plots: list[Plot]) -> str:
    """Every row that was read and is not in a config, by reason."""
    select = build.totals[SELECT]
    parts = [f"## What was left out\n\nRead {select.read:,} rows; {select.kept:,} were taken to be translated."]
    parts += [f"![{plot.title}]({plot.path})" for plot in plots if plot.path == "plots/left_out.png"]
    parts += _reasons("Not taken, by reason", select.dropped)
    of_translators: list[str] = []
    for spec in build.recipe.translators:
        totals, extra = build.totals[f"{TRANSLATE}/{spec.name}"], build.totals[RANK].extra
        of_translators += _reasons(
            f"`{spec.name}`: {rows_said(build.recipe)} that it failed to translate, by check", totals.failed
        )
        prefix = f"{spec.name}/veto_"
        vetoes = Counter({k.removeprefix(prefix): n for k, n in extra.items() if k.startswith(prefix)})
        of_translators += _reasons(f"`{spec.name}`: candidates vetoed, by check", vetoes)
    if of_translators:
        parts.append(details("What each translator's candidates were left out for", "\n\n".join(of_translators)))
    parts += _reasons("Rows that no config has", build.totals[RANK].dropped)
    parts += _benchmarks(build)
    if build.notes:
        parts.append("\n".join(f"- {note}" for note in build.notes))
    return "\n\n".join(parts)


def _benchmarks(build: "Build") -> list[str]:
    """The benchmarks whose items no row may hold, with the rows that were left out for them."""
    named = benchmarks(build)
    if named is None:
        return []
    source = build.totals[SELECT].extra + (build.totals[SCAN].extra if SCAN in build.totals else Counter())
    after = build.totals[RANK].extra
    rows = []
    for one in named["benchmarks"]:
        left_out = (totals[counter(one["name"])] for totals in (source, after))
        # A file's folder is nobody's business; an id on the Hub is short.
        name = one["name"] if one["name"].count("/") == 1 else one["name"].rstrip("/").rpartition("/")[2]
        rows.append([cell(name), *(f"{n:,}" for n in (one["items"], one["looked_for"], *left_out))])
    titles = ["Benchmark", "Items", "Looked for", "Rows of the source", "Translated rows"]
    return ["Rows in which an item of a benchmark stands, left out before and after translation:", table(titles, rows)]


_STAYS = "Tool calls, tool schemas, tool results and code stay in English, comments and strings in the code included."


def limitations(recipe: Recipe) -> str:
    here = columns_with(recipe.ranking.scorers.given())
    form, opinions = ([c.name for c in SUMMED if c.opinion is kind and c.name in here] for kind in (False, True))
    points = [
        f"{joined(form)} measure form, not meaning: a fluent mistranslation scores well. The checks compare code, "
        "numbers, links, mathematics, tags and layout with the source; they do not read.",
        STAYS if recipe.source.fields else _STAYS,
        "Mistakes, biases and machine-written reasoning of the source come with it; so does what is specific to "
        "English (grammar exercises, puns, spelling).",
    ]
    if any(engine_of(t).asks_a_model for t in recipe.translators):
        points.insert(0, "Translated by machine; no person has read all rows.")
    if len(recipe.translators) > 1 and recipe.ranking.replace != "never":
        points.append(
            "A config holds other translators' rows where its own was replaced: see the column "
            f"`{OWN if recipe.source.fields else ''}translator`."
        )
    if recipe.outputs.tokenizer == "approximate":
        points.append("Tokens are estimated.")
    points.append(
        f"{names(opinions)} are a model's opinion of a translation, learned from text that may not be like this; do "
        "not compare rows of different splits by them without a look at the rows."
    )
    return "## Limitations\n\n" + "\n".join(f"- {point}" for point in points)


def citation(recipe: Recipe) -> str:
    if recipe.source.fields:
        method = (
            "The method is SmolKalam's ([arXiv 2511.18411](https://arxiv.org/abs/2511.18411)); cite the source too."
        )
        return f"## Citation\n\n{method}\n\n{fenced(_PAPER, 'bibtex')}"
    return (
        "## Citation\n\nThe method is SmolKalam's ([arXiv 2511.18411](https://arxiv.org/abs/2511.18411)); "
        "[SmolTalk2](https://huggingface.co/datasets/HuggingFaceTB/smoltalk2) was published with SmolLM3.\n\n"
        f"{fenced(_PAPER, 'bibtex')}\n\n{fenced(_SOURCE, 'bibtex')}"
    )


def _reasons(title: str, counts: Counter[str]) -> list[str]:
    if not counts:
        return []
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [f"{title}:", table(["Reason", "Rows"], ([cell(reason), f"{n:,}"] for reason, n in rows))]
