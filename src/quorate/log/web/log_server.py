"""A log over HTTP: its folder as any web server would serve it, and more for who holds the key.

Everybody may read (C2SP tlog-tiles): ``GET /checkpoint``, ``GET /tile/...`` and, once there is one,
``GET /witnessed``, the latest checkpoint with witnesses' lines. What lies beyond the checkpoint is
no part of the log and is not there: a cache that kept an uncommitted tile would hold it against
the log for ever.

Who holds the append key (``Authorization: Bearer ...``) may also write and ask:

* ``POST /append``: the body is one record; answered once it is durable and in the tree, with
  ``{"index": N}``, and with ``?receipt=1`` also its ``"receipt"``.
* ``POST /append`` with ``Content-Type: application/vnd.quorate.records``: several records, each
  behind its length in 2 bytes, big-endian, as in an entry bundle; all or none, in a row:
  ``{"count": K, "index": N}``.
* ``GET /proof?index=N``: the receipt of a record under the latest checkpoint; with ``&witnessed=1``
  under the latest one that witnesses cosigned.

``400``: a record states a source that is recorded here. ``413``: a record is longer than 65,535
bytes. ``503`` with ``Retry-After``: too many records are
waiting, and nothing of this request was taken; or witnesses have not cosigned so much yet.

Serving rules: docs/formats/tlog-tiles.md.
"""

import contextlib
import gzip
import hashlib
import hmac
import re
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from quorate.core.encoding import encode_base64
from quorate.core.errors import (
    DamagedError,
    EncodingError,
    InputError,
    KeyFileError,
    UnavailableError,
)
from quorate.core.files import OpenFile, read_file, write_durable
from quorate.core.sources import Randomness
from quorate.log.appender import Appender, FullError
from quorate.log.checkpoint import Checkpoint, parse_number
from quorate.log.note import MAX_NOTE_SIZE, Note
from quorate.log.storage import (
    CHECKPOINT,
    MAX_TILE_SIZE,
    WITNESSED,
    LogReader,
    checkpoint_text,
    object_tile,
)
from quorate.log.tiles import ENTRIES, MAX_LEAF_SIZE, TILE_WIDTH, belongs
from quorate.log.web.connection import Limits
from quorate.log.web.hosting import Report, refusal, unheard

BATCH_TYPE = "application/vnd.quorate.records"
LOG_LIMITS = Limits(body=4 * 2**20)  # bytes, of one batch

Reserved = Callable[[bytes], bool]
"""Whether a leaf states a source that only its own recorder may write."""

_WHOLE = "public, max-age=31536000, immutable"
_PARTIAL = "public, max-age=86400, immutable"  # never changes, but is soon asked for no more
_LATEST = "no-cache"
_ABSENT = "no-store"  # a tile that is not there yet will be
_GZIP = re.compile(r"(^|,)\s*gzip\s*(;\s*q=(1|0\.[0-9]*[1-9][0-9]*)[^,]*)?\s*(,|$)", re.I)
_WORTH_PACKING = 1024  # bytes
_PIECE = 65_536  # bytes of a large object in memory, per reader
_BYTES = "application/octet-stream"
_RETRY_SECONDS = "1"
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.~-]{43,1024}\Z")  # 32 bytes in base64, at least


class ReservedError(InputError):
    """A record that only its source's own recorder may write; nothing was taken."""

    public = (
        "A record states a source that is recorded here, and would take a number from its "
        "recorder; nothing of this request was taken."
    )


@dataclass(frozen=True, slots=True)
class AppendKey:
    """Whoever shows this secret may append; only its digest is kept in memory."""

    digest: bytes

    @classmethod
    def of(cls, token: str) -> "AppendKey":
        """The key with the text ``token``: at least 43 characters, 32 random bytes in base64."""
        if not _TOKEN.match(token):
            raise KeyFileError("could not use an append key: not 43 to 1,024 characters of base64")
        return cls(hashlib.sha256(token.encode()).digest())

    @classmethod
    def load(cls, path: Path) -> "AppendKey":
        """From a file of one line that nobody else can read; raises `KeyFileError`."""
        data = read_file(path, "append key", limit=4096)
        if path.stat().st_mode & 0o077:
            raise KeyFileError(
                f"could not use append key {path}: others can read it", remedy=f"chmod 600 {path}"
            )
        try:
            return cls.of(data.decode("ascii").removesuffix("\n"))
        except (UnicodeDecodeError, KeyFileError):
            raise KeyFileError(
                f"could not use append key {path}: not one line of 43 to 1,024 base64 characters",
                remedy="name a file that does not exist, and one is made",
            ) from None

    @classmethod
    def create(cls, path: Path, randomness: Randomness) -> "AppendKey":
        """A new one, written durably to ``path`` with mode 0600."""
        token = encode_base64(randomness.bytes(32))
        write_durable(path, f"{token}\n".encode(), mode=0o600)
        return cls.of(token)

    def opens(self, request: Request) -> bool:
        """Whether ``request`` shows it; takes the same time whatever it shows."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        shown = hashlib.sha256(token.strip().encode("utf-8", "replace")).digest()
        return scheme.lower() == "bearer" and hmac.compare_digest(shown, self.digest)

    def favours(self, scope: Scope) -> bool:
        """The same, for a server that asks whom to let in when places are short."""
        return self.opens(Request(scope))


class PieceReader(LogReader, Protocol):
    """A log whose objects can be read in pieces."""

    def open(self, path: str, limit: int) -> OpenFile:
        """The object at ``path``; `InputError` if it cannot be had, or is longer."""
        ...


def log_routes(
    reader: PieceReader,
    *,
    appender: Appender | None = None,
    key: AppendKey | None = None,
    reserved: Reserved | None = None,
    report: Report = unheard,
) -> list[BaseRoute]:
    """The routes of a log; serve them with `LOG_LIMITS`.

    Reading only, unless both ``appender`` and ``key`` are given. A record that is ``reserved`` to
    somebody else is refused. ``report`` hears of objects that should be there and cannot be read.
    """
    site = _Site(reader, report)
    routes: list[BaseRoute] = [
        Route(f"/{CHECKPOINT}", site.checkpoint),
        Route(f"/{WITNESSED}", site.witnessed),
        Route("/tile/{rest:path}", site.tile),
    ]
    if appender is not None and key is not None:
        desk = _Desk(appender, key, reserved)
        routes.append(Route("/append", desk.append, methods=["POST"]))
        routes.append(Route("/proof", desk.proof))
    return routes


class _Site:
    """What everybody may read."""

    def __init__(self, reader: PieceReader, report: Report) -> None:
        self._reader = reader
        self._report = report
        self._size = 0  # a log only grows: what belonged to it once, belongs to it

    async def checkpoint(self, _: Request) -> Response:
        """The head; never from a cache that has not asked."""
        return _note(await run_in_threadpool(self._head))

    async def witnessed(self, _: Request) -> Response:
        """The latest head with witnesses' lines, if there is one."""
        try:
            return _note(await run_in_threadpool(self._reader.read, WITNESSED, MAX_NOTE_SIZE))
        except InputError:
            return _absent()

    async def tile(self, request: Request) -> Response:
        """A tile or an entry bundle of the log as it is committed."""
        path = request.scope["path"].removeprefix("/")
        tile = object_tile(path)
        if tile is None:
            return _absent()
        if not belongs(tile, self._size):
            await run_in_threadpool(self._head)
            if not belongs(tile, self._size):
                return _absent()
        accepted = request.headers.get("accept-encoding", "")
        packed = tile.level == ENTRIES and _GZIP.search(accepted) is not None
        headers = {
            "cache-control": _WHOLE if tile.width == TILE_WIDTH else _PARTIAL,
            "x-content-type-options": "nosniff",
        }
        if tile.level == ENTRIES:
            headers["vary"] = "accept-encoding"
        try:
            return await run_in_threadpool(self._object, path, packed, headers)
        except InputError as error:
            if tile.width == TILE_WIDTH:  # a partial one may be gone once it is whole
                self._report(f"an object of the log cannot be served: {error}")
            return _absent()

    def _head(self) -> bytes:
        head = self._reader.read(CHECKPOINT, MAX_NOTE_SIZE)
        text = Note.parse(checkpoint_text(head, self._reader.name)).text
        self._size = max(self._size, Checkpoint.parse(text).size)
        return head

    def _object(self, path: str, packed: bool, headers: dict[str, str]) -> Response:
        opened = self._reader.open(path, MAX_TILE_SIZE)
        if opened.length > _PIECE:
            return _Pieces(opened, headers, packed=packed)
        with contextlib.closing(opened):
            data = opened.read(_PIECE)
        if packed and len(data) >= _WORTH_PACKING:
            data = gzip.compress(data, 1, mtime=0)
            headers["content-encoding"] = "gzip"
        return Response(data, media_type=_BYTES, headers=headers)


class _Pieces(StreamingResponse):
    """A large object: who takes it slowly, or not at all, costs the memory of a piece of it."""

    def __init__(self, opened: OpenFile, headers: dict[str, str], *, packed: bool) -> None:
        self._opened = opened
        self._left = opened.length
        self._packing = zlib.compressobj(1, wbits=31) if packed else None
        form = {"content-encoding": "gzip"} if packed else {"content-length": str(self._left)}
        super().__init__(self._pieces(), media_type=_BYTES, headers=headers | form)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it, and closes the file however that ends."""
        try:
            if scope["method"] == "HEAD":
                start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
                await send(start)
                await send({"type": "http.response.body"})
            else:
                await super().__call__(scope, receive, send)
        finally:
            self._opened.close()

    async def _pieces(self) -> AsyncIterator[bytes]:
        while self._left:
            if piece := await run_in_threadpool(self._next):
                yield piece

    def _next(self) -> bytes:
        data = self._opened.read(min(self._left, _PIECE))
        if not data:
            raise DamagedError("could not serve an object of the log: it became shorter meanwhile")
        self._left -= len(data)
        if self._packing is None:
            return data
        packed = self._packing.compress(data)
        return packed if self._left else packed + self._packing.flush()


class _Desk:
    """What only those with the key may do."""

    def __init__(self, appender: Appender, key: AppendKey, reserved: Reserved | None) -> None:
        self._appender = appender
        self._key = key
        self._reserved = reserved

    async def append(self, request: Request) -> Response:
        """One record, or several in a row."""
        if not self._key.opens(request):
            return _locked()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await request.body()
        try:
            if kind == BATCH_TYPE:
                return await self._append_many(body)
            if len(body) > MAX_LEAF_SIZE:
                return refusal(413, f"A record is longer than {MAX_LEAF_SIZE} bytes.")
            await self._check_free([body])
            wanted = request.query_params.get("receipt") == "1"
            done = await self._appender.append(body, receipt=wanted, wait=False)
        except FullError:
            return _later("Too many records are waiting; nothing of this request was taken.")
        if wanted:
            return _answer({"index": done.index, "receipt": done.receipt})
        return _answer({"index": done.index})

    async def _append_many(self, body: bytes) -> Response:
        leaves = _records(body)
        if not leaves:
            return refusal(400, "There is no record in the request.")
        await self._check_free(leaves)
        ticket = self._appender.submit_many(leaves, wait=False)
        indices = await run_in_threadpool(ticket.indices)
        return _answer({"count": len(indices), "index": indices.start})

    async def _check_free(self, leaves: Sequence[bytes]) -> None:
        reserved = self._reserved
        if reserved is not None and await run_in_threadpool(lambda: any(map(reserved, leaves))):
            raise ReservedError("could not append a record: its source is recorded here")

    async def proof(self, request: Request) -> Response:
        """The receipt of a record under the latest checkpoint."""
        if not self._key.opens(request):
            return _locked()
        try:
            index = parse_number(request.query_params.get("index", ""))
        except EncodingError:
            return refusal(400, "The query has no index=N.")
        if index >= self._appender.size:
            return _absent()
        witnessed = request.query_params.get("witnessed") == "1"
        try:
            receipt = await run_in_threadpool(self._receipt, index, witnessed)
        except UnavailableError:
            return _later("The witnesses have not cosigned so much yet.")
        return PlainTextResponse(receipt, headers={"cache-control": _ABSENT})

    def _receipt(self, index: int, witnessed: bool) -> str:
        with self._appender.between_commits() as log:
            return log.receipt(index, witnessed=witnessed)


def _records(body: bytes) -> list[bytes]:
    """The records of a batch, each behind its length; raises `EncodingError`."""
    records, at = [], 0
    while at < len(body):
        start = at + 2
        at = start + int.from_bytes(body[at:start], "big")
        records.append(body[start:at])
    if at != len(body):
        raise EncodingError("could not read a batch: it ends within a record")
    return records


def _note(note: bytes) -> Response:
    headers = {"cache-control": _LATEST, "x-content-type-options": "nosniff"}
    return PlainTextResponse(note, headers=headers)


def _answer(value: dict[str, object]) -> Response:
    return JSONResponse(value, headers={"cache-control": _ABSENT})


def _absent() -> Response:
    answer = refusal(404, "There is no such object.")
    answer.headers["cache-control"] = _ABSENT
    return answer


def _locked() -> Response:
    answer = refusal(401, "This needs the append key.", close=True)
    answer.headers["www-authenticate"] = "Bearer"
    return answer


def _later(sentence: str) -> Response:
    answer = refusal(503, sentence)
    answer.headers["retry-after"] = _RETRY_SECONDS
    return answer
