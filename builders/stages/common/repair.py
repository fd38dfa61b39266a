"""A candidate that a check vetoes, with another translator's passages for those that are to blame.

One sentence that a check vetoes would otherwise give the whole of a conversation to another translator, which may be a
far worse one. What comes of it must pass everything that a candidate must; it then stands in the vetoed one's place
where a config chooses, with a quality of its own. The vetoed one stays in the row with its verdicts.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, Protocol

from datatrove.data import Document

from builders.engines.common.make import conversation
from builders.stages.common.combine import candidate_pieces, combined, terms_kept
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_pair, works_on_english
from processors.conversations.sides import Sides
from processors.languages.language import Language
from processors.ranking.combine import Piece, repaired
from processors.ranking.policy import Choice, Policy, Scored, vetoing
from processors.translation.candidate import CUSTOM_INSTRUCTIONS


class WithVerdicts(Protocol):
    """A candidate with all that is known of it (`builders.stages.judged`)."""

    scores: dict[str, float | None]
    verdicts: list[Verdict]
    vetoes: tuple[str, ...]
    segments: list[dict[str, Any]] | None

    def seen(self, translator: str) -> Scored: ...

    def row(self, translator: str) -> dict[str, Any]: ...


class Repair(NamedTuple):
    """What a policy chooses among in a row with a candidate that was repaired, and that candidate."""

    pool: dict[str, WithVerdicts]
    vetoed: dict[str, tuple[str, ...]]  # of each translator whose candidate was repaired, what its own is vetoed by

    def scored(self, candidates: Sequence[Scored]) -> list[Scored]:
        """The row's candidates, in their order, with those that were repaired in the place of their own."""
        pool = self.pool
        return [pool[one.translator].seen(one.translator) if one.translator in pool else one for one in candidates]

    def row(self, choice: Choice) -> dict[str, Any] | None:
        """What a choice takes, as a ranked unit has it; None where it is no candidate that was repaired."""
        name = choice.translator
        return self.pool[name].row(name) if name in self.vetoed else None

    def told(self, choice: Choice, names: Sequence[str], primary: str) -> Choice:
        """The choice with a word on what was repaired; `names` are in the order of its decisions."""
        decisions = [
            f"{decision}; repaired: {', '.join(self.vetoed[name])}" if name in self.vetoed else decision
            for name, decision in zip(names, choice.decisions, strict=True)
        ]
        reason, name = choice.reason, choice.translator
        if name in self.vetoed:
            said = f"{name} repaired: {', '.join(self.vetoed[name])}"
            reason = said if name == primary else f"{reason}; {said}"
        return replace(choice, reason=reason, decisions=tuple(decisions))


class Repairs(NamedTuple):
    """How candidates are repaired: the checks that veto, and how one is judged (`RankCandidates`)."""

    language: Language
    veto: Mapping[str, bool]
    judge: Callable[[list[dict[str, str]], dict[str, Any]], WithVerdicts]
    columns: Sequence[str]  # of scores that are not known of what was put together

    def of_rows(
        self,
        documents: Sequence[Document],
        judged: Sequence[Mapping[str, WithVerdicts]],
        policy_of: Callable[[Document], Policy | None],
        weigh: Callable[[list[Document], list[Any]], None],
    ) -> dict[str, Repair]:
        """The rows, by id, of which a candidate could be repaired. `policy_of` gives None where none is to
        be, `weigh` sets the quality of rows' candidates."""
        found: dict[str, Repair] = {}
        again: list[Document] = []
        for document, row in zip(documents, judged, strict=True):
            policy = policy_of(document) if len(row) > 1 and any(one.vetoes for one in row.values()) else None
            if policy is None or Sides.of(document.metadata):
                continue
            if made := self._row(document, row, policy):
                # The ranker looks at a candidate beside its row's others: they too have another quality here.
                pool = {name: copy(one) for name, one in row.items()} | made
                for one in pool.values():
                    one.scores = dict(one.scores)
                found[document.id] = Repair(pool, {name: row[name].vetoes for name in made})
                again.append(document)
        weigh(again, [found[document.id].pool for document in again])
        return found

    def _row(self, document: Document, row: Mapping[str, WithVerdicts], policy: Policy) -> dict[str, WithVerdicts]:
        if policy.order_by in self.columns and any(not policy.vetoes(one.seen(name)) for name, one in row.items()):
            # Nothing can be said to be better than what has no score.
            return {}
        pieces: dict[str, list[Piece]] = {}
        for name, one in row.items():
            chunks = [] if one.segments else document.metadata["chunks"].of(name, document.id)
            if chunks:
                pieces[name] = candidate_pieces(name, document.metadata["candidates"][name], chunks)
        made, broken = {}, self._broken(document)
        sound = {name: _without_blamed(of, self._blamed(row[name]), broken) for name, of in pieces.items()}
        # Whoever the ranker thinks better is asked first; of equals, in the recipe's order.
        order = sorted(pieces, key=lambda name: -(row[name].scores.get("quality") or 0.0))
        for name, one in row.items():
            if one.vetoes and name in pieces and len(pieces) > 1:
                others = [sound[other] for other in order if other != name]
                passes, found = self._passing(document, name, policy)
                blamed = self._blamed(one)

                def suspect(piece: Piece, blamed: frozenset[int | None] = blamed) -> bool:
                    return piece.message != CUSTOM_INSTRUCTIONS and bool(blamed & {piece.message, None})

                if repaired(pieces[name], others, suspect, broken, passes) is not None:
                    made[name] = found[-1]
        return made

    def _blamed(self, one: WithVerdicts) -> frozenset[int | None]:
        """The messages that are vetoed; None among them where it is not known which."""
        return frozenset(
            verdict.message
            for verdict in one.verdicts
            if verdict.check in one.vetoes and self.veto.get(verdict.check, verdict.hard)
        )

    def _broken(self, document: Document) -> Callable[[Piece], bool]:
        """Whether a check vetoes a piece by itself. Each is looked at once, however many candidates ask."""
        sources = {number: message["content"] for number, message in enumerate(document.metadata["messages"])}
        script, code = self.language.script, self.language.code
        of_english = works_on_english(document.metadata["messages"])

        @cache
        def broken(piece: Piece) -> bool:
            source = sources[piece.message][piece.start : piece.end]
            verdicts = check_pair(source, piece.text or "", script=script, language=code, of_english=of_english)
            return bool(vetoing(((verdict.check, verdict.hard) for verdict in verdicts), self.veto))

        return broken

    def _passing(
        self, document: Document, name: str, policy: Policy
    ) -> tuple[Callable[[Sequence[Piece]], bool], list[WithVerdicts]]:
        """Whether what is put together passes all that a candidate must, and a list of what was looked at."""
        messages, instructions = conversation(document)
        candidates = document.metadata["candidates"]
        found: list[WithVerdicts] = []

        def passes(pieces: Sequence[Piece]) -> bool:
            candidate = combined(messages, instructions, list(pieces))
            candidate["checks"] = terms_kept(candidates.values(), candidate["messages"])
            one = self.judge(document.metadata["messages"], candidate)
            one.scores |= dict.fromkeys(self.columns)
            found.append(one)
            return not policy.vetoes(one.seen(name))

        return passes, found


def _without_blamed(
    pieces: Sequence[Piece], blamed: frozenset[int | None], broken: Callable[[Piece], bool]
) -> list[Piece]:
    """What a candidate may give to others: of a message that is vetoed, and of which no piece shows by itself what is
    wrong, nothing."""
    if not blamed:
        return list(pieces)
    vetoed = {one.message for one in pieces if one.message != CUSTOM_INSTRUCTIONS and blamed & {one.message, None}}
    shown = {one.message for one in pieces if one.message in vetoed and one.own and broken(one)}
    if None in blamed and shown:
        vetoed = shown | {message for message in vetoed if message in blamed}
    return [one._replace(text=None) if one.message in vetoed - shown else one for one in pieces]
