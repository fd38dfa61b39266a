"""The target language as data: Arabic is the default, another language is one more YAML block.

>>> Language(code="am", name="Amharic", script="Ethi").tag
'<am>'

What the checks know of a language is looked up here by its code. A language without a file is checked with what any
text shows (lengths, scripts, digits, markup, protected spans); one with a file also with what the file says.

>>> knowledge("ar").dates.months["May"]
'مايو|ايار|ماي'
>>> knowledge("am", "Ethi").dates is None
True

To add a language: write `processors/languages/<name>.py` with its `LanguageKnowledge`, a part for each field that you
can fill (`persian.py` is an example), which is found there; add twenty correct pairs, which must raise no alarm, and a
few faults to `tests/processors/languages/`. A recipe then says
`language: {code: fa, name: Persian, script: Arab}`: `code` and `script` choose what the checks know, `name` is what
prompts say, and nothing else has to be set.
"""

from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from processors.languages.alphabets import ALPHABETS, ANY_LENGTHS
from processors.languages.knowledge import LanguageKnowledge


class Language(BaseModel):
    """A target language.

    `script` is an ISO 15924 code as in Unicode's Script_Extensions (UAX #24). `prompt_tag` is what Seed-X expects at
    the end of its prompt; empty means `<code>`. Sentence punctuation is no setting: chunking and checks know that
    of every script that they meet (`؟ ۔ । ። 。` beside `. ? ! …`).
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    code: str = Field("ar", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$", description="its BCP 47 code, such as ar, ur, am")
    name: str = Field("Arabic", min_length=1, description="English name, as prompts say it")
    script: str = Field("Arab", pattern=r"^[A-Z][a-z]{3}$", description="its ISO 15924 code, such as Arab, Ethi")
    prompt_tag: str = Field("", description="end of Seed-X's prompt; empty: <code>")

    @model_validator(mode="after")
    def _described(self) -> "Language":
        missing = sorted({"name", "script"} - self.model_fields_set)
        if self.code.split("-")[0] != "ar" and missing:
            raise ValueError(f"{' and '.join(missing)} of '{self.code}' missing; as it stands they would be Arabic's")
        return self

    @property
    def tag(self) -> str:
        """The tag at the end of a Seed-X prompt, such as `<ar>`."""
        return self.prompt_tag or f"<{self.code}>"


DEFAULT = Language()
"""The target where nothing else is said: Arabic."""


@cache
def _known() -> dict[str, LanguageKnowledge]:
    """What the files beside this one know, by code: each language stands in a file of its own, named nowhere else."""
    files = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    modules = [import_module(f"{__package__}.{name}") for name in files]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, LanguageKnowledge)]
    return {one.code: one for one in found}


@lru_cache(maxsize=64)
def knowledge(code: str, script: str | None = None) -> LanguageKnowledge:
    """What is known of the language with this BCP 47 code, written in `script` (ISO 15924; None for its own).

    Never None: of another language, and of this one in another script, only what the script tells is known.
    """
    known = _known().get(code.split("-")[0])
    if known is not None and script in (None, known.script):
        return known
    alphabet = ALPHABETS.get(script or "")
    return LanguageKnowledge(code, script or "", lengths=alphabet.lengths if alphabet else ANY_LENGTHS)
