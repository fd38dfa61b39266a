"""Shows a translator that fuses others' candidates (`of` in a recipe) what these have made of each row.

Only what the checks have passed is shown: of a candidate the messages without a hard verdict, of a conversation that
failed its good chunks (`ranking.rescue` keeps them). Which rows are fused at all, `only` says. For near ties the
shipped ranker, or the recipe's, looks at a sample of the candidates once, without labels: calibration comes later.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.engines.common.make import OFFERS, leave_alone
from builders.recipes.ranking import Ranking
from builders.recipes.translator_base import Only
from builders.recipes.translators import Translator, fused_rows, others_of
from builders.run_folder.files import write_error
from builders.run_folder.folder import FITTED, RANKER, SELECT, TRANSLATE, WEIGHTS
from builders.run_folder.units import UnitFiles, read_donors
from builders.stages.common.combine import candidate_pieces, donor_pieces
from builders.stages.common.context import Build
from builders.stages.common.join_candidates import JoinCandidates, verdicts_on
from builders.stages.fit_ranker import Sample, fit_sample, load_fitted, ranked_texts
from processors.atomic_files import replacing, write_text
from processors.checks.pairs.verdict import Verdict
from processors.languages.language import Language
from processors.ranking.combine import Piece
from processors.ranking.model import SHIPPED, FittedRanker, Ranker
from processors.ranking.policy import Policy, Scored, is_better
from processors.translation.offers import Offers

# Rows that the ranker looks at together.
_TOGETHER = 64
# Of quality: as the stage `rank` has it.
_PLACES = 4
_QUALITY = "quality"
# A near tie unless the recipe gives a margin: as far as the chance to be better is above one half. The margin that
# keeps a config to its primary is wider, and would have many more rows asked for.
_NEAR_TIE = 0.12


@dataclass(frozen=True, slots=True)
class Fusion:
    """Whose candidates are fused, by the folders of their stages, in which rows, and how near is a near tie."""

    folders: dict[str, Path]
    only: Only
    ranking: Ranking
    language: Language
    ranker: Path

    def margin(self, split: str) -> float:
        """By how much the one must be better for no tie; where quality orders, the recipe's margin if it has one."""
        policy = self.ranking.policy(split)
        given = policy.margin if policy.order_by == _QUALITY else None
        return _NEAR_TIE if given is None else given


def fusion_inputs(spec: Translator, build: Build) -> dict[str, Any]:
    """What the fused candidates depend on, beside the translator's own settings; nothing for most translators."""
    if not (others := others_of(spec)):
        return {}
    found: dict[str, Any] = {"of": {name: build.marks[f"{TRANSLATE}/{name}"] for name in others}}
    if fused_rows(spec) == "near ties":
        fusion = _fusion(spec, build)
        found |= {
            "ranker": blake2b(_weights(build).read_bytes(), digest_size=16).hexdigest(),
            "margins": {unit.into: fusion.margin(unit.into) for unit in build.selected},
            "seed": build.recipe.seed,
        }
    return found


def offering(spec: Translator, build: Build) -> list[PipelineStep]:
    """The step that shows the others' candidates to a translator that fuses them; none for most."""
    if not others_of(spec):
        return []
    fusion = _fusion(spec, build)
    if fusion.only == "near ties":
        build.executor.planned(f"{TRANSLATE}/{spec.name}/{RANKER}", partial(_fit, build, fusion))
    return [OfferCandidates(fusion)]


def _fusion(spec: Translator, build: Build) -> Fusion:
    folders = {name: build.run.stage(TRANSLATE, name) for name in others_of(spec)}
    ranker = build.run.stage(TRANSLATE, spec.name, RANKER)
    return Fusion(folders, fused_rows(spec), build.recipe.ranking, build.recipe.language, ranker)


def _weights(build: Build) -> Path:
    return Path(build.recipe.ranking.ranker or SHIPPED)


def _fit(build: Build, fusion: Fusion) -> dict[str, Any]:
    """Show the ranker a sample of the candidates, unless it has seen one."""
    folder, recipe = fusion.ranker, build.recipe
    if not (folder / FITTED).exists():
        text = _weights(build).read_text(encoding="utf-8")
        ranker = Ranker.load(_weights(build), script=recipe.language.script, language=recipe.language.code)
        sample = Sample(build.run.stage(SELECT), fusion.folders, ranker, recipe.language, recipe.seed)
        fitted = fit_sample(build.selected, sample, build.executor.workers)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(folder / WEIGHTS, text)
            with replacing(folder / FITTED) as temporary:
                fitted.save(temporary)
        except OSError as error:
            raise write_error(error, folder) from None
    return {}


class OfferCandidates(PipelineStep):
    """Gives each document the others' checked candidates, or marks it as one that is not to be fused."""

    name = "Others' candidates"
    type = "JOIN"

    def __init__(self, fusion: Fusion) -> None:
        super().__init__()
        self.fusion = fusion

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        fusion = self.fusion
        fitted = load_fitted(fusion.ranker, fusion.language) if fusion.only == "near ties" else None
        joined = JoinCandidates(fusion.folders, places=True).run(data)
        for unit, documents in groupby(joined, key=lambda document: document.metadata["unit"]):
            files = {name: UnitFiles(folder, unit) for name, folder in fusion.folders.items()}
            donors = {name: {row["id"]: row["chunks"] for row in read_donors(of)} for name, of in files.items()}
            while together := list(islice(documents, _TOGETHER)):
                with self.track_time():
                    self._offer(together, donors, fitted)
                yield from together

    def _offer(
        self, documents: list[Document], donors: Mapping[str, Mapping[str, Any]], fitted: FittedRanker | None
    ) -> None:
        said = [
            {
                name: verdicts_on(document.metadata["messages"], one, self.fusion.language)
                for name, one in document.metadata["candidates"].items()
            }
            for document in documents
        ]
        whys = _near(self.fusion, fitted, documents, said) if fitted else [self._why(of) for of in said]
        for document, verdicts, why in zip(documents, said, whys, strict=True):
            if why:
                leave_alone(document, why)
            else:
                own = {name: of[document.id] for name, of in donors.items() if document.id in of}
                document.metadata[OFFERS] = offers_of(document.metadata["candidates"], verdicts, own)
            for name in ("candidates", "failures"):
                del document.metadata[name]

    def _why(self, verdicts: Mapping[str, Sequence[Verdict]]) -> str:
        """Why a row is not fused, without a ranker; empty where it is."""
        usable = _usable(verdicts)
        return f"{usable[0]} has it" if usable and self.fusion.only == "failed" else ""


def offers_of(
    candidates: Mapping[str, Mapping[str, Any]],
    verdicts: Mapping[str, Sequence[Verdict]],
    donors: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Offers:
    """What others have made of a row: of their candidates, and of the chunks of those that failed, what is good."""
    sides: list[list[Piece]] = [donor_pieces(name, chunks) for name, chunks in donors.items()]
    for name, one in candidates.items():
        bad = {verdict.message for verdict in verdicts[name] if verdict.hard}
        if None not in bad:
            pieces = candidate_pieces(name, one, one["chunks"])
            sides.append([piece for piece in pieces if piece.message not in bad])
    return Offers(sides)


def _usable(verdicts: Mapping[str, Sequence[Verdict]]) -> list[str]:
    return [name for name, of in verdicts.items() if not any(verdict.hard for verdict in of)]


def _near(
    fusion: Fusion,
    fitted: FittedRanker,
    documents: Sequence[Document],
    said: Sequence[Mapping[str, Sequence[Verdict]]],
) -> list[str]:
    """Of each document why it is no near tie; empty where it is one."""
    names = list(fitted.translators)
    found = [{name: one["messages"] for name, one in d.metadata["candidates"].items()} for d in documents]
    sources, candidates = ranked_texts(
        [(document.metadata["messages"], of) for document, of in zip(documents, found, strict=True)], names
    )
    verdicts = {name: [of.get(name, []) for of in said] for name in names}
    whys = []
    for document, of, row, ranks in zip(
        documents, found, said, fitted.score(sources, candidates, verdicts), strict=True
    ):
        usable = _usable(row)
        if len(usable) < 2:
            whys.append("fewer than two candidates that the checks pass")
            continue
        if all(of[name] == of[usable[0]] for name in usable):
            whys.append("all candidates are the same")
            continue
        scored = [Scored(name, {_QUALITY: round(ranks[name].quality, _PLACES)}) for name in usable]
        best, second = sorted(scored, key=lambda one: -(one.scores[_QUALITY] or 0.0))[:2]
        policy = Policy(order_by=_QUALITY, margin=fusion.margin(document.metadata["into"]))
        values = f"{best.scores[_QUALITY]:.3f} to {second.scores[_QUALITY]:.3f}"
        whys.append(
            f"{best.translator} is the better one: quality {values}" if is_better(best, second, policy) else ""
        )
    return whys
