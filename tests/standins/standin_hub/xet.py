"""Xet: the tokens that the Hub gives out, and the content-addressed store that `hf_xet` speaks to.

Written after the published specification (huggingface.co/docs/xet: api, xorb and shard). A xorb is a file of
compressed chunks; a shard says which chunks of which xorbs make a file, and the file's SHA-256. When a shard arrives,
its files are put together once, checked, and kept as blobs, so that they can be read by plain HTTP too.
"""

import json
import re
import struct
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from tests.standins.standin_hub.accounts import Accounts
from tests.standins.standin_hub.errors import HubError
from tests.standins.standin_hub.repos import REPO
from tests.standins.standin_hub.store import Store
from tests.standins.standin_hub.web import Answer, Request, Route

_BOOKEND = b"\xff" * 32
_WITH_VERIFICATION, _WITH_METADATA = 1 << 31, 1 << 30
_RECORD = 48  # bytes of every record of a shard


class Term(NamedTuple):
    """A run of chunks of one xorb: `start` included, `end` not; `size` in bytes, uncompressed."""

    xorb: str
    size: int
    start: int
    end: int


class Chunk(NamedTuple):
    offset: int  # of its header, in the xorb
    compressed: int
    scheme: int
    size: int


def text_hash(raw: bytes) -> str:
    """A hash as Xet writes it: four little-endian words of 64 bits."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", raw))


def read_shard(shard: bytes) -> tuple[dict[str, tuple[str, list[Term]]], list[tuple[str, list[str]]]]:
    """Of each file its SHA-256 and terms; of each xorb its chunks' hashes."""
    at = _RECORD

    def record() -> bytes:
        nonlocal at
        at += _RECORD
        if at > len(shard):
            raise HubError(400, "The shard is cut short")
        return shard[at - _RECORD : at]

    files: dict[str, tuple[str, list[Term]]] = {}
    while not (head := record()).startswith(_BOOKEND):
        flags, count = struct.unpack_from("<II", head, 32)
        terms = []
        for _ in range(count):
            entry = record()
            _, size, start, end = struct.unpack_from("<IIII", entry, 32)
            terms.append(Term(text_hash(entry[:32]), size, start, end))
        if flags & _WITH_VERIFICATION:
            at += count * _RECORD
        if not flags & _WITH_METADATA:
            raise HubError(400, "The shard does not say a file's SHA-256")
        files[text_hash(head[:32])] = text_hash(record()[:32]), terms
    xorbs = []
    while not (head := record()).startswith(_BOOKEND):
        (count,) = struct.unpack_from("<I", head, 36)
        xorbs.append((text_hash(head[:32]), [text_hash(record()[:32]) for _ in range(count)]))
    return files, xorbs


def read_chunks(xorb: bytes) -> list[Chunk]:
    """The chunks of a xorb; what follows the last one, an index of the client's, is not read."""
    chunks, at = [], 0
    while at + 8 <= len(xorb) and xorb[at] == 0:
        compressed = int.from_bytes(xorb[at + 1 : at + 4], "little")
        size = int.from_bytes(xorb[at + 5 : at + 8], "little")
        if at + 8 + compressed > len(xorb):
            raise HubError(400, "The xorb is cut short")
        chunks.append(Chunk(at, compressed, xorb[at + 4], size))
        at += 8 + compressed
    return chunks


def unpack(xorb: bytes, chunk: Chunk) -> bytes:
    """A chunk's content."""
    import numpy
    import pyarrow

    body = xorb[chunk.offset + 8 : chunk.offset + 8 + chunk.compressed]
    if chunk.scheme == 0:
        return body
    if chunk.scheme not in (1, 2):
        raise HubError(400, f"Unknown compression scheme {chunk.scheme}")
    content = pyarrow.decompress(body, chunk.size, codec="lz4", asbytes=True)
    if chunk.scheme == 1:
        return content
    # Scheme 2 keeps every first byte of four, then every second one, and so on.
    grouped, whole, at = numpy.frombuffer(content, numpy.uint8), numpy.empty(chunk.size, numpy.uint8), 0
    for place in range(4):
        count = len(range(place, chunk.size, 4))
        whole[place::4] = grouped[at : at + count]
        at += count
    return whole.tobytes()


class Xet:
    def __init__(self, store: Store, accounts: Accounts, *, reads: bool) -> None:
        self.store, self.accounts, self.reads = store, accounts, reads
        self.folder = store.folder / "xet"

    def routes(self) -> list[Route]:
        token = re.compile(rf"{REPO}/xet-(?P<scope>read|write)-token/(?P<revision>.+)")
        key = "(?P<key>[0-9a-f]{64})"
        return [
            Route("GET", "xet-token", token, self.token),
            Route("POST", "xet-grant", re.compile(f"/v1/xorb-grants/default/{key}"), self.grant),
            Route("POST", "xet-xorb", re.compile(f"/v1/xorbs/default/{key}"), self.put_xorb),
            Route("POST", "xet-shard", re.compile("/v1/shards"), self.put_shard),
            Route("GET", "xet-dedup", re.compile(f"/v1/chunks/default-merkledb/{key}"), self.known_chunk),
            Route("GET", "xet-plan", re.compile(f"/v1/reconstructions/{key}"), self.plan),
            Route("GET", "xet-get", re.compile(f"/xorbs/{key}"), self.get_xorb),
        ]

    def file_hash(self, sha256: str) -> str | None:
        """The name under which Xet knows a file, if it came by Xet and may be read by it."""
        path = self.folder / "by-sha256" / sha256
        return path.read_text() if self.reads and path.exists() else None

    def token(self, request: Request, kind: str, repo_id: str, scope: str, revision: str) -> Answer:
        repo = self.store.repo(kind, repo_id)
        self.accounts.may_read(request.token, repo)
        if scope == "write" and not revision.startswith("refs/pr/") and request.query.get("create_pr") != "1":
            self.accounts.may_write(request.token, repo_id)
        if scope == "write":
            self.accounts.signed_in(request.token)
        expires, token = int(time.time()) + 3600, f"xet-{scope}"
        headers = {
            "X-Xet-Cas-Url": request.base,
            "X-Xet-Access-Token": token,
            "X-Xet-Token-Expiration": str(expires),
        }
        return Answer({"casUrl": request.base, "accessToken": token, "exp": expires}, headers=headers)

    @staticmethod
    def _allowed(request: Request, scope: str) -> None:
        if request.token not in ("xet-read", "xet-write"):
            raise HubError(401, "Unauthorized")
        if scope == "write" and request.token != "xet-write":
            raise HubError(403, "Forbidden")

    def grant(self, request: Request, key: str) -> Answer:
        """Say of a xorb that it is here, so that it is not sent; else send the client to `put_xorb`."""
        self._allowed(request, "write")
        if not (self.folder / "xorbs" / key).exists():
            raise HubError(404, "Not Found")
        return Answer({})

    def put_xorb(self, request: Request, key: str) -> Answer:
        self._allowed(request, "write")
        path = self.folder / "xorbs" / key
        body = request.body()
        if not read_chunks(body):
            raise HubError(400, "No chunks")
        new = not path.exists()
        if new:
            self.store.write(path, body)
        return Answer({"was_inserted": new})

    def put_shard(self, request: Request) -> Answer:
        self._allowed(request, "write")
        shard = request.body()
        files, _ = read_shard(shard)
        for file_hash, (sha256, terms) in files.items():
            self._put_together(sha256, terms)
            plan = json.dumps([term._asdict() for term in terms]).encode()
            self.store.write(self.folder / "files" / file_hash, plan)
            self.store.write(self.folder / "by-sha256" / sha256, file_hash.encode())
        return Answer({"result": 1})

    def _xorb(self, key: str) -> bytes:
        try:
            return (self.folder / "xorbs" / key).read_bytes()
        except FileNotFoundError:
            raise HubError(400, f"The shard names a xorb that did not arrive: {key}") from None

    def _contents(self, terms: list[Term]) -> Iterator[bytes]:
        key, xorb, chunks = "", b"", []
        for term in terms:
            if term.xorb != key:
                key, xorb = term.xorb, self._xorb(term.xorb)
                chunks = read_chunks(xorb)
            for chunk in chunks[term.start : term.end]:
                yield unpack(xorb, chunk)

    def _put_together(self, sha256: str, terms: list[Term]) -> None:
        if self.store.blob(sha256).exists():
            return
        temporary = self.store.temporary()
        with temporary.open("wb") as file:
            for content in self._contents(terms):
                file.write(content)
        self.store.adopt_blob(temporary, sha256)

    def known_chunk(self, request: Request, key: str) -> Answer:
        # "Not tracked" is an answer that the specification allows for any chunk; the client then sends it.
        raise HubError(404, "Not Found")

    def plan(self, request: Request, key: str) -> Answer:
        """Which ranges of which xorbs to fetch for a file, or for the part of it that `Range` names."""
        self._allowed(request, "read")
        path = self.folder / "files" / key
        if not path.exists():
            raise HubError(404, "Not Found")
        terms = [Term(**term) for term in json.loads(path.read_bytes())]
        whole = sum(term.size for term in terms)
        start, end = 0, whole
        if match := re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", "")):
            start, end = int(match[1]), min(whole, int(match[2]) + 1)
            if start >= end:
                raise HubError(416, "Range Not Satisfiable")
        # The range was of the file, not of this answer.
        del request.headers["Range"]
        wanted, skipped = within(terms, start, end)
        fetch: dict[str, list[dict[str, Any]]] = {}
        for term in wanted:
            offsets = self._offsets(term.xorb)
            ranges = {"start": term.start, "end": term.end}
            bytes_ = {"start": offsets[term.start], "end": offsets[term.end] - 1}
            known = fetch.setdefault(term.xorb, [])
            if not any(one["range"] == ranges for one in known):
                known.append({"range": ranges, "url": f"{request.base}/xorbs/{term.xorb}", "url_range": bytes_})
        described = [
            {"hash": term.xorb, "unpacked_length": term.size, "range": {"start": term.start, "end": term.end}}
            for term in wanted
        ]
        return Answer({"offset_into_first_range": skipped, "terms": described, "fetch_info": fetch})

    def _offsets(self, key: str) -> list[int]:
        """Where each chunk of a xorb begins, and where the last one ends."""
        chunks = read_chunks(self._xorb(key))
        return [*(chunk.offset for chunk in chunks), chunks[-1].offset + 8 + chunks[-1].compressed]

    def get_xorb(self, request: Request, key: str) -> Answer:
        path = self.folder / "xorbs" / key
        if not path.exists():
            raise HubError(404, "Not Found")
        return Answer(path, headers={"Content-Type": "application/octet-stream", "ETag": f'"{key}"'})


def within(terms: list[Term], start: int, end: int) -> tuple[list[Term], int]:
    """The terms that overlap a range of the file, and how many bytes of the first lie before it."""
    ends = [0]
    for term in terms:
        ends.append(ends[-1] + term.size)
    kept = [
        (term, left) for term, (left, right) in zip(terms, pairwise(ends), strict=True) if left < end and right > start
    ]
    return [term for term, _ in kept], start - kept[0][1] if kept else 0
