"""Words of the card for rows that are no chat: their fields are translated, and they have no turns."""

from builders.recipes.recipe import Recipe
from builders.run_folder.schemas import OWN, PARALLEL

COUNTED = "A text is a value of a translated field; equal ones of a row are one."
STAYS = (
    "What no field names stays as it is in the source, in English where it is text; so do texts without a word, such "
    "as numbers, single letters, formulas and truth values."
)


def turns(recipe: Recipe) -> str:
    """What a table calls the number of messages of a row."""
    return "Texts" if recipe.source.fields else "Turns"


def rows_said(recipe: Recipe) -> str:
    """What a row is."""
    return "rows" if recipe.source.fields else "conversations"


def introduced(recipe: Recipe, title: str, translators: str) -> str:
    """What the dataset is, in the introduction."""
    fields = ", ".join(f"`{path}`" for path in recipe.source.fields)
    return (
        f"{title} in {recipe.language.name}: of each row {fields}, translated by {translators}, checked, scored and "
        "ranked; all other columns are as in the source. One config for each primary translator, one split for each "
        "split of the source."
    )


def intended(recipe: Recipe, title: str) -> str:
    """What it is for, and for what not."""
    language = recipe.language.name
    return (
        f"## Intended use\n\nFor what {title} is for, in {language}: {_rows(recipe)}. Before figures are published "
        f"that were measured with it, have people who read {language} review the rows: it is translated, not written, "
        "and nobody has verified that each question still has its answer.\n\n"
        "Where it is a benchmark, do not train on it."
    )


def _rows(recipe: Recipe) -> str:
    verbatim = ", ".join(f"`{path}`" for path in recipe.source.verbatim)
    kept = f", and {verbatim} what they were" if verbatim else ""
    return f"its columns have the same names and types, its rows the same order{kept}"


def columns_said(recipe: Recipe, scores: str, combined: bool) -> str:
    """What each column holds. `scores` has a line for each score, by its name in conversations."""
    fields = ", ".join(f"`{path}`" for path in recipe.source.fields)
    scores = scores.replace("- `", f"- `{OWN}").replace("`, `", f"`, `{OWN}")
    segments = (
        f"\n- `{OWN}segments`: whose each passage of a text is, where the row is put together from several "
        "translators' candidates (`start` and `end` count code points of the text); else null"
        if combined
        else ""
    )
    parallel = (
        f"\n\nThe config `{PARALLEL}` has the English row with `{OWN}candidates`, one for each translator, whose "
        "texts are its `translation`, each with the `field` that it is in (null where it has none)."
        if recipe.outputs.parallel
        else ""
    )
    return (
        f"## Columns\n\nThe source's, in its order and types; of them {fields} translated. Texts that are equal in a "
        f"row are translated once, so that an answer is its option still. {STAYS} Then:\n\n"
        f"- `{OWN}id`: `<source split>/<row number in it>`\n"
        f"{scores}\n"
        f"- `{OWN}translator`: whose candidate the row is\n"
        f"- `{OWN}noted`: the checks that noted something of it that is no reason to leave it out; `{OWN}candidates` "
        "says what, and in which field\n"
        f"- `{OWN}candidates`: every translator's scores and what the checks found; `chosen` marks the row's own and "
        "`decision` says what decided (in a word, `decided`: `chosen`, `chosen_by_segment`, `not_chosen`, `vetoed` or "
        "`not_translated`). Scores are null where a translator has no candidate, and its check says why\n"
        f"- `{OWN}tokens`, `{OWN}texts`: tokens and number of the row's texts{segments}{parallel}"
    )


def snippet_columns(snippet: str) -> str:
    """A snippet over the columns of conversations, over those of fields.

    >>> snippet_columns('select("id", "LR", "SCR", "translator")')
    'select("kalam_id", "kalam_LR", "kalam_SCR", "kalam_translator")'
    """
    for name in ("id", "LR", "SCR", "rank_score", "translator"):
        snippet = snippet.replace(f'"{name}"', f'"{OWN}{name}"')
    for name, said in (("avg(rank_score)", f"avg({OWN}rank_score)"), ("SELECT translator", f"SELECT {OWN}translator")):
        snippet = snippet.replace(name, said)
    return snippet.replace("BY translator", f"BY {OWN}translator")


def parallel_snippet() -> str:
    """Every candidate of a row beside the English, by field."""
    return (
        f'row = load_dataset(REPO, "{PARALLEL}", split=SPLIT)[0]\n'
        f'for candidate in row["{OWN}candidates"]:\n'
        '    for one in candidate["translation"] or ():\n'
        '        print(candidate["translator"], one["field"], one["text"])'
    )
