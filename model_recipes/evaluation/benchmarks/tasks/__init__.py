"""Tasks that lm-eval does not ship, as it reads them with `--include_path` (`--tasks smolkalam_alghafa`).

A YAML a benchmark; `documents` makes a row into a prompt with its options.
"""

__all__: list[str] = []
