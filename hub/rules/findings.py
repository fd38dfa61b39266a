"""What a check of a built dataset found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a reader of the published dataset would stumble over. Errors stop a publish, warnings do not."""

    severity: Literal["error", "warning"]
    rule: str
    path: str  # file, config or `config/split` that breaks the rule
    seen: str  # what the reader would see
    mend: str  # what to do about it

    def __str__(self) -> str:
        return f"{self.severity} [{self.rule}] {self.path}: {self.seen}; {self.mend}"


def error(rule: str, path: str, seen: str, mend: str) -> Finding:
    return Finding("error", rule, path, seen, mend)


def warning(rule: str, path: str, seen: str, mend: str) -> Finding:
    return Finding("warning", rule, path, seen, mend)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity == "error"]
