"""`smolkalam review`: serves a run's review on this machine until it is stopped, and says what came of it."""

import contextlib
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from builders.arbitrage.people import QUEUE
from builders.recipes.recipe import Recipe
from builders.run_folder.files import write_error
from builders.run_folder.folder import RECIPE, Run, lock_folder
from builders.run_folder.ranked_rows import ranked_units
from hub.report.rows import read_rows
from hub.review.exports import MEMORY, write_memory, write_tables
from hub.review.gate import TOKEN, ReviewGate
from hub.review.progress import agreement, progress
from hub.review.queues import Queues
from hub.review.said import Reviews
from hub.review.server import Desk, make_app
from hub.review.shown import AnyQueues
from hub.review.waiting import WaitingAnswers
from processors.commands import as_yaml, pasted
from processors.errors import InputError

# On this machine only: from another one, by `ssh -L`.
HOST = "127.0.0.1"
FOLDER = "review"


def run_review(
    run: Path, output: Path | None = None, *, port: int, near: float, seed: int, language: str | None = None
) -> None:
    """Serve the review of `run` until it is interrupted; what is said lies in `output`, by default RUN/review.

    `run` may be an arbitrage's folder too: then the prompts are reviewed to which it found no good answer.

    `language`: of the page itself; None: as the browser wants.

    Raises InputError where the extra is not installed, the run is not ranked or has no candidate, the folder cannot be
    written or another server has it, or the port is taken.
    """
    try:
        import uvicorn
        from starlette import applications  # noqa: F401
    except ImportError:
        raise InputError("review needs the extra of its name: pip install 'smolkalam[review]'") from None
    if waiting := _waiting(run, seed):
        folder = output or waiting.folder / FOLDER
    else:
        recipe, _ = ranked_units(run)
        folder = output or run / FOLDER
    busy = "is being reviewed by another server; stop that one or give another --output"
    lock = lock_folder(folder, busy=busy)
    try:
        reviews = Reviews(folder)
        queues: AnyQueues = waiting or _queues(run, recipe, near, seed)
        # What a server that was killed said and could not write.
        _write(reviews, queues)
        with _listening(port) as listener:
            token, port = secrets.token_urlsafe(24), listener.getsockname()[1]
            title = waiting.title if waiting else recipe.outputs.pretty_name or recipe.name
            app = ReviewGate(make_app(Desk(queues, reviews), title, language), token, port)
            quiet: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
            # What is said is on the disk before its answer: nobody waits for a browser that holds a connection.
            config = uvicorn.Config(app, lifespan="off", timeout_graceful_shutdown=1, **quiet)
            print(f"http://{HOST}:{port}/?{TOKEN}={token}", flush=True)
            print(
                f"open it in a browser of this machine; what is said lies in {folder}; Ctrl-C ends it", file=sys.stderr
            )
            _serve(uvicorn.Server(config), listener)
        _write(reviews, queues)
    except OSError as error:
        raise write_error(error, folder) from None
    finally:
        lock.release()
    _tell(run, folder, reviews, waiting is not None)


def _waiting(place: Path, seed: int) -> WaitingAnswers | None:
    """The queue of an arbitrage, by its folder or as the file itself; None where `place` is a run's folder."""
    return WaitingAnswers(place, seed) if place.is_file() or (place / QUEUE).is_file() else None


def _queues(run: Path, recipe: Recipe, near: float, seed: int) -> Queues:
    rows = read_rows(recipe, Run(run))
    if not any(one["tokens"] is not None for row in rows.rows for one in row["candidates"]):
        raise InputError(f"{run}: no row has a candidate, so there is nothing to review")
    return Queues(Run(run), recipe, rows, near=near, seed=seed)


def _write(reviews: Reviews, queues: AnyQueues) -> None:
    if queues.translates:
        write_memory(reviews, queues.language.code)
    write_tables(reviews)


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        # As servers do: the port is free at once after one that was killed.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            # Before the address is told: who opens it at once waits for the server, and is not refused.
            listener.listen(128)
        except OSError as error:
            raise InputError(
                f"--port {port}: cannot be served ({error.strerror or error}); give another one, or 0 for any"
            ) from None
        yield listener


def _serve(server: Any, listener: socket.socket) -> None:
    """Until Ctrl-C or a request to end, both of which are the usual end."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # uvicorn raises the signal that stopped it once more when it is done.
    before = signal.signal(signal.SIGTERM, end)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(run: Path, folder: Path, reviews: Reviews, answers: bool) -> None:
    counts = progress(reviews)
    kinds = ("verdicts", "ties", "approved", "edited", "errors", "comments")
    for one in counts:
        print(f"{one['annotator']}: " + ", ".join(f"{kind} {one[kind]:,}" for kind in kinds), file=sys.stderr)
    if not counts:
        print(f"{folder}: nothing was said", file=sys.stderr)
    found = agreement(reviews)
    if found["pairs"]:
        alpha = "none, for all verdicts are alike" if found["alpha"] is None else f"{found['alpha']:.3f}"
        print(
            f"judged by more than one: {found['pairs']:,}, the same said of {found['same']:,}; Krippendorff's alpha "
            f"{alpha}",
            file=sys.stderr,
        )
    if answers:
        if counts:
            print(
                "next: the same `smolkalam arbitrate` again, which takes what was said "
                f"(choose.verdicts: {as_yaml(folder.absolute())}, where that is not its own folder's)",
                file=sys.stderr,
            )
        return
    if any(one["verdicts"] for one in counts):
        verdicts = {"ranking.verdicts": folder.absolute()}
        print(f"next: {pasted('build', run / RECIPE, '--output', run, settings=verdicts)}", file=sys.stderr)
    if (folder / MEMORY).exists():
        print(
            f"next: memory: [{as_yaml(folder.absolute() / MEMORY)}] in each translator of the recipe, after its other "
            "memories: of two approved texts the later is taken",
            file=sys.stderr,
        )
