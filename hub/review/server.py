"""The review's server: what the page asks and says, as JSON. Each thing that is said is on the disk before the answer.

Behind `gate.py`. Handlers run in threads; what is said is said one after the other.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.pages import PageWord, PageWords, Value
from hub.review.exports import write_memory
from hub.review.page import review_page
from hub.review.progress import agreement, progress
from hub.review.queues import NEAR, ReviewItem
from hub.review.said import TIE, ReviewedText, Reviews
from hub.review.shown import AnyQueues, checked, choice_of, is_done, shown
from processors.errors import SmolKalamError
from processors.judging.mqm import CATEGORIES, SEVERITIES

if TYPE_CHECKING:
    from starlette.applications import Starlette

# Of a request, and of an annotator's name.
_MOST_BYTES, _MOST_NAME = 4_000_000, 60

Asked = Mapping[str, Any]


class NonsenseAsked(Exception):
    """What the page asked makes no sense: `review.error.<key>` of the page's words says why."""

    def __init__(self, key: str, /, **args: Value) -> None:
        self.word = PageWord(f"review.error.{key}", args)
        super().__init__(PageWords().text(self.word.key, **args))


@dataclass(slots=True)
class Desk:
    """What the server works with: the queues of a run or of an arbitrage, and what was said."""

    queues: AnyQueues
    reviews: Reviews

    def start(self, asked: Asked) -> dict[str, Any]:
        """What there is to choose from."""
        kinds = [{"kind": kind} for kind in self.queues.kinds]
        if not self.queues.queue(self.queues.kinds[0]):
            # Nothing lies near: what there is comes first.
            kinds.sort(key=lambda kind: kind["kind"] == NEAR)
        return {
            "language": self.queues.language.code,
            # An arbitrage's prompt stands in the place of a source.
            "source_language": "en" if self.queues.translates else self.queues.language.code,
            "queues": kinds,
            "splits": self.queues.splits,
            "categories": CATEGORIES,
            "severities": SEVERITIES,
        }

    def queue(self, asked: Asked) -> dict[str, Any]:
        """A queue's items in their order, and which of them the annotator has done."""
        annotator = _annotator(asked)
        try:
            items = self.queues.queue(str(asked.get("kind")), asked.get("split") or None)
        except KeyError as error:
            raise NonsenseAsked("queue", name=str(error.args[0])) from None
        return {
            "items": [{"key": item.key, "done": is_done(self.queues, self.reviews, item, annotator)} for item in items]
        }

    def item(self, asked: Asked) -> dict[str, Any]:
        return shown(self.queues, self.reviews, self._item(asked), _annotator(asked))

    def progress(self, asked: Asked) -> dict[str, Any]:
        return {"annotators": progress(self.reviews), "agreement": agreement(self.reviews)}

    def verdict(self, asked: Asked) -> dict[str, Any]:
        annotator, item = _annotator(asked), self._item(asked)
        pair = self._sides(item, annotator)
        choice = asked.get("choice")
        if len(pair) < 2 or not (choice == TIE or (type(choice) is int and 0 <= choice < len(pair))):
            raise NonsenseAsked("choice")
        better = TIE if choice == TIE else pair[choice].translator
        # Who has judged was shown whose they are.
        blind = choice_of(self.reviews, annotator, pair) is None
        self.reviews.judge(annotator, pair, better, blind=blind)
        return self.item(asked)

    def approve(self, asked: Asked) -> dict[str, Any]:
        self.reviews.approve(_annotator(asked), self._side(asked), bool(asked.get("approved")))
        self._remember()
        return self.item(asked)

    def edit(self, asked: Asked) -> dict[str, Any]:
        candidate = self._side(asked)
        number, text = self._message(asked, candidate), _text(asked, "text")
        if not text.strip():
            raise NonsenseAsked("empty")
        self.reviews.edit(_annotator(asked), candidate, number, text)
        self._remember()
        return self.item(asked)

    def check(self, asked: Asked) -> dict[str, Any]:
        """What the checks say of a text that is being edited; nothing is said by it."""
        candidate = self._side(asked)
        number, text = self._message(asked, candidate), _text(asked, "text")
        return {"verdicts": checked(self.queues.language, candidate, number, text) if self.queues.translates else []}

    def mark(self, asked: Asked) -> dict[str, Any]:
        candidate = self._side(asked)
        number = self._message(asked, candidate)
        message = candidate.message(number)
        start, end = asked.get("start"), asked.get("end")
        if not (type(start) is int and type(end) is int and message and 0 <= start < end <= len(message.target)):
            raise NonsenseAsked("place")
        category, severity = asked.get("category"), asked.get("severity")
        if category not in CATEGORIES or severity not in SEVERITIES:
            raise NonsenseAsked("kind", categories=CATEGORIES, severities=SEVERITIES)
        others = self.queues.candidates(candidate.row).values()
        self.reviews.mark(
            _annotator(asked),
            candidate,
            (number, start, end),
            category,
            severity,
            others=others,
            removed=bool(asked.get("removed")),
        )
        return self.item(asked)

    def comment(self, asked: Asked) -> dict[str, Any]:
        text = _text(asked, "text").strip()
        if not text:
            raise NonsenseAsked("comment")
        self.reviews.comment(_annotator(asked), self._item(asked).row, text)
        return self.item(asked)

    def _remember(self) -> None:
        if self.queues.translates:
            write_memory(self.reviews, self.queues.language.code)

    def _item(self, asked: Asked) -> ReviewItem:
        try:
            return self.queues.item(str(asked.get("key")))
        except KeyError:
            raise NonsenseAsked("item") from None

    def _sides(self, item: ReviewItem, annotator: str) -> list[ReviewedText]:
        candidates = self.queues.candidates(item.row)
        return [candidates[name] for name in self.queues.sides(item, annotator)]

    def _side(self, asked: Asked) -> ReviewedText:
        sides, side = self._sides(self._item(asked), _annotator(asked)), asked.get("side")
        if not (type(side) is int and 0 <= side < len(sides)):
            raise NonsenseAsked("side")
        return sides[side]

    def _message(self, asked: Asked, candidate: ReviewedText) -> int:
        number = asked.get("message")
        if type(number) is not int or candidate.message(number) is None:
            raise NonsenseAsked("message")
        return number


def _annotator(asked: Asked) -> str:
    name = asked.get("annotator")
    name = " ".join(name.split()) if isinstance(name, str) else ""
    if not 0 < len(name) <= _MOST_NAME or not name.isprintable():
        raise NonsenseAsked("name", n=_MOST_NAME)
    return name


def _text(asked: Asked, key: str) -> str:
    value = asked.get(key)
    if not isinstance(value, str):
        raise NonsenseAsked("text", name=key)
    return value


def make_app(desk: Desk, title: str, language: str | None = None) -> "Starlette":
    """The application, without its gate. `language`: of the page itself; None: as the browser wants."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, Response
    from starlette.routing import Route

    text = review_page(title, language)

    async def page(request: Request) -> Response:
        return HTMLResponse(text)

    def route(method: str, work: Callable[[Asked], dict[str, Any]]) -> Route:
        async def answer(request: Request) -> Response:
            status = 200
            try:
                asked = await _body(request) if method == "POST" else dict(request.query_params)
                said = await run_in_threadpool(work, asked)
            except NonsenseAsked as error:
                status, said = 400, {"error": str(error), "said": error.word.plain()}
            except OSError as error:
                word = PageWord("review.error.disk", {"why": error.strerror or str(error)})
                status, said = 507, {"error": PageWords().text(word.key, **word.args), "said": word.plain()}
            except SmolKalamError as error:
                status, said = 500, {"error": str(error)}
            # ASCII: a lone surrogate of a foreign text comes through.
            return Response(json.dumps(said, ensure_ascii=True), status, media_type=JSONResponse.media_type)

        return Route(f"/api/{work.__name__}", answer, methods=[method])

    gets, posts = (
        (desk.start, desk.queue, desk.item, desk.progress),
        (desk.verdict, desk.approve, desk.edit, desk.check, desk.mark, desk.comment),
    )
    routes = [Route("/", page), *(route("GET", work) for work in gets), *(route("POST", work) for work in posts)]
    return Starlette(routes=routes)


async def _body(request: Any) -> Asked:
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > _MOST_BYTES:
            raise NonsenseAsked("large", n=_MOST_BYTES)
    try:
        asked = json.loads(data)
    except ValueError:
        raise NonsenseAsked("json") from None
    if not isinstance(asked, dict):
        raise NonsenseAsked("object")
    return asked
