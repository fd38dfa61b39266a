"""What is built from: chats as they are, a first recipe, translation memories."""

from pathlib import Path
from typing import Annotated

import typer

from smolkalam.options import Keep, Languages, Output, Settings, Workers, cores


def import_files(
    files: Annotated[
        list[str], typer.Argument(help="JSON lines, JSON, CSV, TSV or Parquet files (.gz too), or ids on the Hub.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write, for a recipe's source.path.")],
    keep: Keep = None,
    split: Annotated[
        str | None,
        typer.Option(help="Of files: the split that they become [default: train]; of the Hub: the only one read."),
    ] = None,
    config: Annotated[str | None, typer.Option(help="Of a dataset on the Hub with several configs: which.")] = None,
) -> None:
    """Make a folder to build from of chats as they are: OpenAI, ShareGPT, Alpaca, prompts and completions."""
    from builders.imports.command import run_import

    run_import(files, output, keep=keep or [], split=split, config=config)
    print(output)


def decontaminate(
    source: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="JSON lines (.gz too), Parquet, or a dataset's folder of such files."),
    ],
    against: Annotated[
        list[str],
        typer.Option(
            help="A benchmark: a file, a folder, user/name[:config][@revision], or an index.npz; may be repeated."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")],
    question: Annotated[
        str | None,
        typer.Option(help="The benchmarks' column of the question [default: by its name]; a number in headless CSV."),
    ] = None,
    options: Annotated[
        str | None, typer.Option(help="Their columns of options, such as A,B,C,D [default: by their names].")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Of benchmarks on the Hub: the only split read.")] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(help="A field of DATA's rows to look into; may be repeated [default: all texts]."),
    ] = None,
    workers: Workers = None,
) -> None:
    """Drop the rows that hold items of a benchmark: writes what is kept, dropped.jsonl, a report and the index."""
    from builders.contamination import Against, run_decontaminate

    columns = tuple(name.strip() for name in options.split(",")) if options else ()
    wanted = [Against(name, question, columns, split) for name in against]
    run_decontaminate(source, wanted, output, fields=field or [], workers=workers or cores())
    print(output)


def mix(
    recipe: Annotated[str, typer.Argument(help="A mixture's YAML file, or one that ships: arabic_deepseek_r1.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder of the dataset to write.")] = None,
    set: Settings = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it comes to, and write no dataset.")] = False,
    workers: Workers = None,
) -> None:
    """Mix datasets to train on: weights, thresholds, token budgets and shares of languages, exact to the row."""
    from builders.mixtures import run_mix
    from hub.card.mixture import write_mixture_card

    run_mix(recipe, output, set or [], dry_run=dry_run, workers=workers or cores(), finish=write_mixture_card)
    if output is not None and not dry_run:
        print(output)


def init(
    recipe: Annotated[Path, typer.Argument(help="The recipe to write, such as mine.yaml.")],
    source: Annotated[str | None, typer.Option(help="A file, a folder of shards, or an id on the Hub.")] = None,
    language: Annotated[str | None, typer.Option(help="ar, ur, ..., or code:Name:Script [default: ar].")] = None,
    engine: Annotated[str | None, typer.Option(help="An address, openrouter, openai, ..., or a GGUF file.")] = None,
    model: Annotated[str | None, typer.Option(help="Its name there [default: the only one there].")] = None,
    max_usd: Annotated[float | None, typer.Option(min=0.01, help="Budget, at which the run stops.")] = None,
    price: Annotated[str | None, typer.Option(help="INPUT:OUTPUT, dollars for a million tokens.")] = None,
    title: Annotated[str | None, typer.Option(help="Of the card [default: of source and language].")] = None,
    license: Annotated[
        str | None, typer.Option(help="Of the card, by the Hub's names [default: the source's].")
    ] = None,
    keep: Keep = None,
) -> None:
    """Write a first recipe that runs: asks for what is not given (at most five things), and says how to go on."""
    from builders.starting.command import Given, run_init

    run_init(recipe, Given(source, language, engine, model, max_usd, price, title, license, keep or []))


def memory_merge(files: list[Path], output: Output, languages: Languages = "en:ar") -> None:
    """Merge memories into one; a later file's pair replaces an earlier one's, an approved one is kept."""
    from builders.memories import merge

    merge(files, output, languages)


def memory_convert(file: Path, output: Output, languages: Languages = "en:ar") -> None:
    """Import or export: read .tmx, .tsv, .csv or .jsonl and write another of them."""
    from builders.memories import merge

    merge([file], output, languages)


def memory_from_build(
    run: Path,
    config: Annotated[str, typer.Option(help="The config whose chosen translations are taken.")],
    output: Output,
    min_score: Annotated[float, typer.Option(min=0, max=1, help="Take rows with at least this rank_score.")] = 0.0,
) -> None:
    """Turn a finished build into a memory."""
    from builders.memories import from_build

    from_build(run, config, output, min_score)


def instruct(
    seeds: Annotated[
        Path, typer.Argument(help="Prompts: a file of rows with prompt or messages, .jsonl, .json, .csv or .parquet.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")],
    language: Annotated[str, typer.Option(help="In which the instructions are written: ar or en.")] = "ar",
    least: Annotated[int, typer.Option(min=1, help="Fewest instructions of a prompt.")] = 1,
    most: Annotated[int, typer.Option(min=1, help="Most instructions of a prompt.")] = 3,
    per_seed: Annotated[int, typer.Option(min=1, help="Prompts made of each seed.")] = 1,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only such instructions, as punctuation:no_comma; may be repeated [default: all]."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same one draws the same instructions.")] = 0,
) -> None:
    """Add instructions to prompts that a program can check in an answer: words, lists, quotes, diacritics, ..."""
    from builders.instructions import Drawing, run_instruct

    run_instruct(seeds, output, Drawing(language, least, most, tuple(kind or ()), seed), per_seed)
    print(output)


def follow(
    rows: Annotated[
        Path,
        typer.Argument(help="Rows with instruction_id_list, kwargs and an answer: completion, response or messages."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")],
    language: Annotated[str, typer.Option(help="Of the answers, where a row does not say it.")] = "ar",
    least: Annotated[
        float, typer.Option(min=0, max=1, help="Share of a row's instructions that its answer has to follow.")
    ] = 1.0,
    loose: Annotated[
        bool, typer.Option("--loose", help="As IFEval's loose accuracy: a first and last line may be left out.")
    ] = False,
) -> None:
    """Keep the answers that follow their instructions; the others are dropped, with the reason."""
    from builders.instructions import run_follow

    run_follow(rows, output, language=language, least=least, loose=loose)
    print(output)
