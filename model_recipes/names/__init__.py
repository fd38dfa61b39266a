"""Names of countries, languages and currencies in two languages, from CLDR, for the check of names."""

__all__: list[str] = []
