"""Commands that a message shows, as they can be pasted: every word quoted for the shell where it needs that."""

import json
import shlex
from collections.abc import Mapping


def pasted(*words: object, settings: Mapping[str, object] | None = None) -> str:
    """The line that runs `smolkalam` with these words, and with `settings`, texts by key, as its `--set`.

    >>> pasted("plan", "/data/my run/recipe.yaml")
    "smolkalam plan '/data/my run/recipe.yaml'"
    >>> print(pasted("build", "recipe.yaml", settings={"source.path": "/data/run #2", "ranking.verdicts": "v.csv"}))
    smolkalam build recipe.yaml --set 'source.path="/data/run #2"' --set ranking.verdicts=v.csv
    """
    sets = [word for key, value in (settings or {}).items() for word in ("--set", f"{key}={as_yaml(value)}")]
    return shlex.join(["smolkalam", *map(str, words), *sets])


def as_yaml(text: object) -> str:
    """A text as a value of YAML, also inside brackets: in quotation marks where it would not be read as itself."""
    import yaml

    written = str(text)
    try:
        bare = yaml.safe_load(f"[{written}]") == [written]
    except yaml.YAMLError:
        bare = False
    return written if bare else json.dumps(written, ensure_ascii=False)
