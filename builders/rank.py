"""Joins the candidates of each row by id, checks and scores them, and chooses one for each config."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.ranking_recipe import Ranking
from builders.shards import share
from builders.sink import drop
from builders.units import Unit, UnitFiles, read_dropped, read_unit
from processors.checks import check_conversation
from processors.languages import Language
from processors.metrics import score_conversation
from processors.ranking import Policy, Scored, choose


class UnitReader(PipelineStep):
    """Reads a stage's units back as Documents, for the next stage; `units` are those still to do."""

    name = "Units"
    type = "READER"

    def __init__(self, folder: Path, units: list[Unit]) -> None:
        super().__init__()
        self.folder = folder
        self.units = units

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        for unit in share(self.units, rank, world_size):
            for batch in read_unit(UnitFiles(self.folder, unit.name)).to_batches(max_chunksize=256):
                for row in batch.to_pylist():
                    metadata = {"unit": unit.name, "split": unit.split, "into": unit.into}
                    yield Document(text="", id=row.pop("id"), metadata=metadata | row)


class JoinCandidates(PipelineStep):
    """Adds each document's candidates, by id: `candidates`, and `failures` for translators that have none.

    The documents come unit by unit, in order; a unit's candidates are read when its first document comes.
    """

    name = "Candidates"
    type = "JOIN"

    def __init__(self, folders: dict[str, Path]) -> None:
        super().__init__()
        self.folders = folders

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        unit, rows, failed = None, {}, {}
        for document in data:
            if document.metadata["unit"] != unit:
                unit = document.metadata["unit"]
                rows = {name: _by_id(UnitFiles(folder, unit)) for name, folder in self.folders.items()}
                failed = {
                    name: {row.id: (row.reason, row.detail) for row in read_dropped(UnitFiles(folder, unit))}
                    for name, folder in self.folders.items()
                }
            document.metadata["candidates"] = {
                name: found for name, by_id in rows.items() if (found := by_id.get(document.id))
            }
            document.metadata["failures"] = {
                name: why for name, by_id in failed.items() if (why := by_id.get(document.id))
            }
            yield document


def _by_id(files: UnitFiles) -> dict[str, dict[str, Any]]:
    table = read_unit(files, ["id", "messages", "custom_instructions"])
    return {row["id"]: row for row in table.to_pylist()}


class RankCandidates(PipelineStep):
    """Checks and scores every candidate and chooses one for each config; a row that no config takes is dropped."""

    name = "Rank"
    type = "RANK"

    def __init__(self, policy: Ranking, configs: dict[str, str], language: Language, tokenizer: str) -> None:
        super().__init__()
        self.policy = policy
        self.configs = configs
        self.language = language
        self.tokenizer = tokenizer

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        from processors.tokenizers import load_tokenizer

        tokenizer = load_tokenizer(self.tokenizer)
        for document in data:
            with self.track_time():
                self.rank(document, tokenizer)
            yield document

    def rank(self, document: Document, tokenizer: Any) -> None:
        """Sets `ranked` (a row of `schemas.ranked_unit`) and the counters by config, or drops the document."""
        row = document.metadata
        candidates, scored, counters = [], [], {}
        for translator in self.configs.values():
            found = row["candidates"].get(translator)
            if found is None:
                candidates.append(_failed(translator, *row["failures"][translator]))
                counters[f"{translator}/failed_{row['failures'][translator][0]}"] = 1
                scored.append(Scored(translator, 0.0, (f"failed: {row['failures'][translator][0]}",)))
                continue
            judged = self._judge(row["messages"], translator, found, tokenizer)
            candidates.append(judged)
            counters[f"{translator}/scored"] = 1
            counters[f"{translator}/rank_score_ppm"] = round(judged["rank_score"] * 1e6)
            vetoes = self._vetoes(judged)
            thresholds = (veto.split()[0] for veto in vetoes if veto.startswith(("LR ", "SCR ")))
            counters |= {f"{translator}/veto_{score}": 1 for score in thresholds}
            for check in sorted({verdict["check"] for verdict in judged["checks"]}):
                hard = any(verdict["hard"] for verdict in judged["checks"] if verdict["check"] == check)
                counters[f"{translator}/{'veto' if hard else 'note'}_{check}"] = 1
            scored.append(Scored(translator, judged["rank_score"], vetoes))
        choices = []
        policy = Policy(self.policy.replace, self.policy.margin)
        for config, primary in self.configs.items():
            choice = choose(scored, primary, policy)
            decisions = [choice.reason if name == choice.translator else None for name in self.configs.values()]
            choices.append(
                {"config": config, "translator": choice.translator, "reason": choice.reason, "decisions": decisions}
            )
            counters[f"{config}/{choice.outcome}"] = 1
        document.metadata["counters"] = counters
        document.metadata["ranked"] = {
            "id": document.id,
            **{key: row[key] for key in ("messages", "chat_template_kwargs", "source")},
            "candidates": candidates,
            "choices": choices,
        }
        if all(choice["translator"] is None for choice in choices):
            drop(document, "no_candidate", "; ".join(dict.fromkeys(str(choice["reason"]) for choice in choices)))

    def _judge(
        self, source: list[dict[str, str]], translator: str, found: dict[str, Any], tokenizer: Any
    ) -> dict[str, Any]:
        target, script, language = found["messages"], self.language.script, self.language.code
        scores = score_conversation(
            source, target, alpha=self.policy.alpha, script=script, threshold=self.policy.scr_threshold
        )
        verdicts = check_conversation(source, target, script=script, language=language)
        contents = [message["content"] for message in target]
        return {
            "translator": translator,
            **scores.whole.to_dict(),
            "quality": None,
            "reward": None,
            "checks": [{"check": v.check, "hard": v.hard, "message": v.message, "detail": v.detail} for v in verdicts],
            "messages": target,
            "custom_instructions": found["custom_instructions"],
            "tokens": sum(len(e) for e in tokenizer.encode_batch_fast(contents, add_special_tokens=False)),
        }

    def _vetoes(self, judged: dict[str, Any]) -> tuple[str, ...]:
        vetoes = [verdict["check"] for verdict in judged["checks"] if verdict["hard"]]
        for score, least in (("LR", self.policy.min_LR), ("SCR", self.policy.min_SCR)):
            if judged[score] < least:
                vetoes.append(f"{score} {judged[score]:.2f} < {least:g}")
        return tuple(dict.fromkeys(vetoes))


def _failed(translator: str, reason: str, detail: str) -> dict[str, Any]:
    """A translator's place among the candidates where it has none: scores and messages are null, a check says why."""
    verdict = {"check": reason, "hard": True, "message": None, "detail": f"not translated: {detail}"}
    return {
        "translator": translator, "LR": None, "SCR": None, "rank_score": None, "quality": None, "reward": None,
        "checks": [verdict], "messages": None, "custom_instructions": None, "tokens": None,
    }  # fmt: skip
