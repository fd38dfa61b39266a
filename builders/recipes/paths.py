"""The paths in a recipe: it says them relative to itself, and a build runs from anywhere."""

from pathlib import Path

from processors.errors import InputError, RecipeError

_SHIPPED = Path(__file__).parent / "shipped"


def resolved(path: str, folder: Path) -> str:
    """A path of a recipe in `folder`, absolute; what is on the Hub (`hf://...`) stays."""
    if "://" in path or Path(path).is_absolute():
        return path
    found = (folder / Path(path).expanduser()).resolve()
    if folder == _SHIPPED and not found.exists():
        # Nobody has files beside a recipe of ours: what is set for it is meant from where the command is run.
        return str(Path(path).expanduser().resolve())
    return str(found)


def dictionary(name: str, folder: Path, key: str) -> str:
    """A dictionary's path, which a recipe in `folder` gives under `key`, once it is known that it can be asked.

    Raises RecipeError.
    """
    from processors.checks.arabic import Dictionary

    path = resolved(name, folder)
    try:
        Dictionary(path).probe()
    except InputError as error:
        # It begins with the key's last word.
        raise RecipeError(f"{key.removesuffix('dictionary')}{error}") from None
    return path


def file_or_id(path: str, folder: Path) -> str:
    """`resolved`, where such a file or folder is there; else an id on the Hub, which stays as it is."""
    file = resolved(path, folder)
    return file if Path(file).exists() else path


def beside(name: str, folder: Path) -> str:
    """The absolute path of what is so named beside the recipe or here, else the name: other machines look elsewhere.

    Links are kept: an interpreter knows its environment by the place of its link.
    """
    marks = ("", "tokenizer.json", "config.json")
    places = (folder / Path(name).expanduser(), Path(name).expanduser())
    found = next((place for place in places if any((place / mark).is_file() for mark in marks)), None)
    return str(found.absolute()) if found else name
