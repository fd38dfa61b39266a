"""The card of a mixture: what it is made of, in tables and a picture, what was left out, and how to make it again.

As a build's, it keeps what people write into it when it is published again.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from builders.licences import PROVENANCE
from builders.mixtures.manifest import MANIFEST, public
from builders.recipes.base import Terms
from builders.reports.canvas import Canvas
from builders.reports.drawing import COLOURS
from hub.card.markdown import cell, details, fenced, table
from hub.card.merging.kept_sections import TAG, generated
from hub.card.write import feature, size_category
from processors.atomic_files import write_text

if TYPE_CHECKING:
    from builders.mixtures import Mixed

_PLOT = "plots/mixture.png"
_WIDTH, _BAR, _LINE, _NAMED = 700, 44, 22, 12
_MORE = "#999999"


def write_mixture_card(folder: Path, mixed: "Mixed") -> None:
    """Write `README.md`, the picture and `provenance.json` into a mixture's folder."""
    (folder / "plots").mkdir()
    draw_mixture(mixed).save(folder / _PLOT)
    write_text(folder / PROVENANCE, json.dumps(_provenance(mixed), indent=1, ensure_ascii=False) + "\n")
    write_text(folder / "README.md", generated(_front(folder, mixed), _body(mixed)))


def licence_of(mixed: "Mixed") -> str | None:
    """The recipe's word, else the sources' licence where all have the same."""
    of_sources = {one.licence for one in mixed.found}
    return mixed.mixture.outputs.license or (of_sources.pop() if len(of_sources) == 1 else None)


def _title(mixed: "Mixed") -> str:
    return mixed.mixture.outputs.pretty_name or mixed.mixture.name


def _front(folder: Path, mixed: "Mixed") -> str:
    from huggingface_hub import DatasetCardData

    from builders.mixtures.write import mixture_schema

    outputs, size = mixed.mixture.outputs, sum(path.stat().st_size for path in mixed.files)
    languages = [name for name in mixed.languages if name != "not said"]
    hub = [one.source.path.removeprefix("hf://datasets/") for one in mixed.found if one.revision]
    data = DatasetCardData(
        language=languages or None,
        license=licence_of(mixed),
        pretty_name=_title(mixed),
        size_categories=[size_category(mixed.rows)],
        task_categories=["text-generation"],
        tags=["post-training", "sft", "conversational", "mixture", TAG],
        source_datasets=list(dict.fromkeys(hub)) or None,
    )
    data["dataset_info"] = {
        "config_name": outputs.config,
        "features": [{"name": field.name, **feature(field.type)} for field in mixture_schema(mixed.scores)],
        "splits": [{"name": outputs.split, "num_bytes": mixed.bytes, "num_examples": mixed.rows}],
        "download_size": size,
        "dataset_size": mixed.bytes,
    }
    files = [{"split": outputs.split, "path": f"{outputs.config}/{outputs.split}-*"}]
    data["configs"] = [{"config_name": outputs.config, "data_files": files, "default": True}]
    return data.to_yaml()


def _body(mixed: "Mixed") -> list[str]:
    mixture, outputs = mixed.mixture, mixed.mixture.outputs
    tokens = sum(one.tokens for one in mixed.accounts)
    notice = f"**{outputs.notice}**\n\n" if outputs.notice else ""
    licence = licence_of(mixed)
    facts = [
        f"**Licence** {f'`{licence}`' if licence else 'none given'}",
        f"**{mixed.rows:,} rows**, {tokens:,} tokens",
        *(f"**{name}** {of['share_of_tokens']:.1%} of the tokens" for name, of in mixed.languages.items()),
    ]
    counted = "the rows' own column `tokens`" if mixture.tokenizer == "column" else f"`{_tokenizer(mixed)}`"
    return [
        f"{notice}# {_title(mixed)}\n\nConversations to train on, of {len(mixed.found)} "
        f"{'sources' if len(mixed.found) > 1 else 'source'}, mixed by `smolkalam mix`.\n\n{' · '.join(facts)}\n\n"
        f"![What is in it, by tokens]({_PLOT})",
        "## How to load\n\n"
        + fenced(
            f'from datasets import load_dataset\n\nREPO = "{outputs.repo}"\n'
            f'dataset = load_dataset(REPO, "{outputs.config}", split="{outputs.split}")\n'
            'print(dataset[0]["messages"])',
            "python",
        )
        + "\n\nThe rows are shuffled: a part of it from the beginning on is a mixture of the same shares.",
        f"## What is in it\n\nTokens are counted by {counted}.\n\n{_languages(mixed)}\n\n{_sources(mixed)}",
        f"## What was left out\n\n{_left_out(mixed)}",
        _columns(mixed),
        f"## Licence\n\n{_licences(mixed)}",
        _again(mixed),
    ]


def _tokenizer(mixed: "Mixed") -> str:
    return public(mixed.mixture.tokenizer)


def _languages(mixed: "Mixed") -> str:
    rows = [
        [
            f"`{name}`",
            f"{of['rows']:,}",
            f"{of['share_of_rows']:.2%}",
            f"{of['tokens']:,}",
            f"{of['share_of_tokens']:.2%}",
        ]
        for name, of in mixed.languages.items()
    ]
    return table(["Language", "Rows", "of all", "Tokens", "of all"], rows)


def _place_of(one: Any) -> str:
    return linked_dataset(one.source.path, one.revision) if one.revision else cell(public(one.source.path))


def linked_dataset(path: str, revision: str) -> str:
    """A dataset of the Hub at a revision, as a link."""
    name = path.removeprefix("hf://datasets/")
    return f"[`{name}`](https://huggingface.co/datasets/{name}/tree/{revision})"


def _sources(mixed: "Mixed") -> str:
    whole = sum(one.tokens for one in mixed.accounts) or 1
    lines, splits = [], []
    for one in mixed.found:
        mine = [account for account in mixed.accounts if account.source == one.source.name]
        counts = {
            name: sum(getattr(account, name) for account in mine) for name in ("read", "kept", "written", "tokens")
        }
        lines.append(
            [f"`{one.source.name}`", _place_of(one), one.config or "", one.source.language or ""]
            + [f"{count:,}" for count in counts.values()]
            + [f"{counts['tokens'] / whole:.2%}"]
        )
        for account in mine:
            numbers = account.read, account.kept, account.written, account.tokens
            splits.append(
                [
                    f"`{one.source.name}`",
                    f"`{account.split}`",
                    f"{float(account.weight):g}",
                    *(f"{n:,}" for n in numbers),
                ]
            )
    titles = ["Source", "From", "Config", "Language", "Rows read", "Taken", "Rows here", "Tokens", "of all"]
    by_split = table(["Source", "Split", "Weight", "Rows read", "Taken", "Rows here", "Tokens"], splits, left=2)
    told = "*Taken* are rows of the source; *rows here* counts a row that is repeated as often as it is here."
    return "\n\n".join([table(titles, lines, left=4), told, details(f"By split ({len(splits)})", by_split)])


def _left_out(mixed: "Mixed") -> str:
    reasons: dict[tuple[str, str], int] = {}
    for one in mixed.accounts:
        for reason, count in one.dropped.items():
            reasons[one.source, reason] = reasons.get((one.source, reason), 0) + count
    read, kept = (sum(getattr(one, name) for one in mixed.accounts) for name in ("read", "kept"))
    parts = [f"Read {read:,} rows, of which {kept:,} are here and {read - kept:,} are not."]
    if reasons:
        parts.append(
            table(["Source", "Why", "Rows"], [[f"`{s}`", f"`{r}`", f"{n:,}"] for (s, r), n in reasons.items()], left=2)
        )
        parts.append(
            "`not_drawn`: by its weight; `over_budget`: by a budget or a share; `duplicate`: another row says the "
            "same but for case and spaces; `near_duplicate`: another row says nearly the same; `contaminated`: an "
            "item of a benchmark stands in it; `min_...`, `max_...`, `noted_...`: by the recipe's thresholds."
        )
    if mixed.benchmarks:
        rows = [
            [
                cell(public(one.name)),
                f"{one.items:,}",
                f"{one.looked_for:,}",
                f"{mixed.contaminated.get(one.name, 0):,}",
            ]
            for one in mixed.benchmarks
        ]
        parts.append(table(["Benchmark", "Items", "Looked for", "Rows left out"], rows))
    return "\n\n".join(parts)


def _columns(mixed: "Mixed") -> str:
    scores = f"- {', '.join(f'`{name}`' for name in mixed.scores)}: its source's scores\n" if mixed.scores else ""
    return (
        "## Columns\n\n"
        "- `messages`, `chat_template_kwargs`, `source`: as in SmolTalk2\n"
        "- `tools`: the row's tools as one JSON string, as TRL and most chat templates take them; null without tools\n"
        f"{scores}"
        "- `id`: the source's name here and the row's own id there; copies share it, and `copy` counts them\n"
        "- `origin`, `origin_split`, `language`: the source, its split and its language\n"
        "- `translator`: whose translation it is, where its source says so\n"
        "- `tokens`, `turns`: tokens and messages of the row"
    )


def _licences(mixed: "Mixed") -> str:
    lines = []
    for one in mixed.found:
        terms = one.source.terms or Terms(license=one.licence)
        link = f"[`{terms.license}`]({terms.link})" if terms.link and terms.license else f"`{terms.license}`"
        lines.append([f"`{one.source.name}`", link if terms.license else "not known", cell(terms.note or "")])
    return (
        f"{table(['Source', 'Licence', 'What it asks'], lines, left=3)}\n\nEach row is under its source's licence: "
        f"`origin` says which. `{PROVENANCE}` has what the sources say of their own sources and translators."
    )


def _again(mixed: "Mixed") -> str:
    recipe = mixed.mixture.model_dump(mode="json", exclude_defaults=True)
    for shown, one in zip(recipe["sources"], mixed.found, strict=True):
        shown["path"] = public(one.source.path)
        if one.revision:
            shown["revision"] = one.revision
    if "tokenizer" in recipe:
        recipe["tokenizer"] = public(recipe["tokenizer"])
    for one in (recipe.get("decontamination") or {}).get("against", ()):
        one["path"] = public(one["path"])
    text = yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=100)
    return (
        f"## How to make it again\n\nThe recipe, with which `smolkalam mix RECIPE -o DIR` gives the same bytes; "
        f"`{MANIFEST}` has each file's digest or commit, and each split's rows:\n\n"
        f"{details('Recipe', fenced(text, 'yaml'))}"
    )


def _provenance(mixed: "Mixed") -> dict[str, Any]:
    """As a build's: the sources as splits, with what they say of their own splits and translators."""
    splits: dict[str, Any] = {}
    translators: dict[str, Any] = {}
    for one in mixed.found:
        name, terms = one.source.name, one.source.terms or Terms(license=one.licence)
        splits[name] = {"title": public(one.source.path)} | terms.model_dump(mode="json")
        for of, into in (("splits", splits), ("translators", translators)):
            said = one.provenance.get(of)
            for inner, told in said.items() if isinstance(said, Mapping) else ():
                into[f"{name}: {inner}"] = told
    nobody = Terms().model_dump(mode="json")
    return {
        "license": licence_of(mixed),
        "source": {"title": _title(mixed), "path": mixed.mixture.outputs.repo} | nobody,
        "splits": splits,
        "translators": translators,
    }


def draw_mixture(mixed: "Mixed") -> Canvas:
    """Two stacked bars, of tokens and of rows, with a piece a source, and what each piece is below."""
    sources = [(one.source.name, one.source.language or "") for one in mixed.found]
    sums = {
        unit: {name: sum(getattr(a, unit) for a in mixed.accounts if a.source == name) for name, _ in sources}
        for unit in ("tokens", "written")
    }
    left, across = 70.0, _WIDTH - 90.0
    lines = sources if len(sources) <= _NAMED else sources[:_NAMED]
    canvas = Canvas(_WIDTH, 20 + 2 * (_BAR + 12) + 12 + _LINE * (len(lines) + (len(lines) < len(sources))) + 8)
    for number, (unit, title) in enumerate((("tokens", "tokens"), ("written", "rows"))):
        y, at, whole = 16 + _BAR / 2 + number * (_BAR + 12), left, sum(sums[unit].values()) or 1
        canvas.text(left - 10, y, title, anchor="rm")
        for place, (name, _) in enumerate(sources):
            wide = across * sums[unit][name] / whole
            if wide >= 1:
                canvas.line(at, y, at + wide, y, _colour(place), _BAR)
            share = f"{sums[unit][name] / whole:.0%}"
            if wide > canvas.length(share) + 8:
                canvas.line(
                    at + wide / 2 - canvas.length(share) / 2 - 3,
                    y,
                    at + wide / 2 + canvas.length(share) / 2 + 3,
                    y,
                    "#FFFFFF",
                    16,
                )
                canvas.text(at + wide / 2, y, share, anchor="mm")
            at += wide
    y = 16.0 + 2 * (_BAR + 12) + _LINE / 2
    for place, (name, language) in enumerate(lines):
        canvas.line(left, y, left + 24, y, _colour(place), 12)
        said = f"{_plain(name)}{f' ({_plain(language)})' if language else ''}: {sums['tokens'][name]:,} tokens, "
        canvas.text(left + 34, y, f"{said}{sums['written'][name]:,} rows")
        y += _LINE
    if len(lines) < len(sources):
        canvas.line(left, y, left + 24, y, _MORE, 12)
        canvas.text(left + 34, y, f"{len(sources) - len(lines)} more")
    return canvas


def _colour(place: int) -> str:
    """Each of the first has its own; the second round of them is told apart by its place."""
    return COLOURS[place % len(COLOURS)] if place < _NAMED else _MORE


def _plain(text: str) -> str:
    """Without what the font cannot shape."""
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)[:60]
