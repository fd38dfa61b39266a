"""The target language as data: Arabic is the default, another language is one more YAML block.

>>> Language(code="am", name="Amharic", script="Ethi").tag
'<am>'
"""

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Language(BaseModel):
    """A target language.

    `script` is an ISO 15924 code as in Unicode's Script_Extensions (UAX #24). `prompt_tag` is what Seed-X expects at
    the end of its prompt; empty means `<code>`. Sentence punctuation is no setting: chunking and checks know that
    of every script that they meet (`؟ ۔ । ። 。` beside `. ? ! …`).
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    code: str = Field("ar", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$", description="BCP 47, such as ar, ur, am")
    name: str = Field("Arabic", min_length=1, description="English name, as prompts say it")
    script: str = Field("Arab", pattern=r"^[A-Z][a-z]{3}$", description="ISO 15924, such as Arab, Ethi")
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
