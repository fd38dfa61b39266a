"""Names of countries and languages (CLDR) and of cities (GeoNames) in two languages, for the check of names."""

__all__: list[str] = []
