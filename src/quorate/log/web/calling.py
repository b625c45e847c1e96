"""The one way in which we call HTTP servers: whoever answers is a stranger, and is bounded.

A call has one time for everything (connecting, TLS, sending, every byte of the answer): a server
that trickles its answer byte by byte is cut off at the end of it, and an answer that is too long is
not read to its end. Certificates are checked against the machine's authorities. Redirects are not
followed: whoever is configured is asked, and nobody else.
"""

import contextlib
import http.client
import socket
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url

from quorate.core.errors import InputError, UnavailableError

_CHUNK = 65_536
_FAILURES = (OSError, HTTPError, http.client.HTTPException, ValueError)


class TooLongError(UnavailableError):
    """The server answered more bytes than it was asked for; the rest was not read."""


class SpoiledError(UnavailableError):
    """The answer came whole, and is not what it says that it is: asking again will not mend it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; ``content_type`` is without parameters, in lower case."""

    status: int
    content_type: str
    body: bytes


class HttpCaller:
    """Calls of one server, one after the other, on one kept connection; usable by any thread.

    ``url`` is ``http://`` or ``https://``, a host, and a path before that of every call;
    ``seconds`` is the longest time that a call may take.
    """

    def __init__(self, url: str, *, seconds: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self._where = _parse(self.url)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._line = self._new_line()
        self._socket: socket.socket | None = None  # an answer can outlive its line

    def __enter__(self) -> "HttpCaller":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; a later call opens it again."""
        with self._lock:
            self._line.close()

    def get(self, path: str, *, limit: int, gzip: bool = False) -> Reply:
        """The answer to GET ``path``, at most ``limit`` bytes of body; see `post`.

        With ``gzip`` the server may compress it; ``limit`` bounds what it unpacks to.
        """
        return self._call("GET", path, None, {"Accept-Encoding": "gzip"} if gzip else {}, limit)

    def post(self, path: str, body: bytes, content_type: str, *, limit: int) -> Reply:
        """The answer to POST ``path``, at most ``limit`` bytes of body.

        Raises `UnavailableError` if there is none in time, or it is longer. Whatever its status
        says, an answer is returned.
        """
        return self._call("POST", path, body, {"Content-Type": content_type}, limit)

    def _call(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], limit: int
    ) -> Reply:
        headers = {"Accept-Encoding": "identity", "User-Agent": "quorate"} | headers
        target = f"{(self._where.path or '').rstrip('/')}{path}"
        with self._lock, self._deadline() as overdue:
            try:
                if not self._line.is_connected:
                    self._line.close()
                    self._line.connect()
                    self._socket = self._line.sock
                self._line.request(
                    method, target, body, headers, preload_content=False, decode_content=False
                )
                reply = self._read(self._line.getresponse(), limit)
                if overdue.is_set():  # cut off, an answer without a length looks whole
                    raise TimeoutError
                return reply
            except _FAILURES as error:
                self._line.close()
                late = overdue.is_set() or isinstance(error, TimeoutError)
                why = f"no answer within {self._seconds:g} s" if late else _words(error)
                raise UnavailableError(f"could not reach {self.url}: {why}") from None
            except BaseException:
                self._line.close()
                raise

    def _read(self, response: BaseHTTPResponse, limit: int) -> Reply:
        with contextlib.closing(response):
            body = b""
            unpack = _Unpacker(response.headers.get("content-encoding", ""), self.url)
            while chunk := response.read(min(_CHUNK, limit + 1 - len(body))):
                body += unpack(chunk, limit + 1 - len(body))
                if len(body) > limit:
                    raise TooLongError(
                        f"could not read the answer of {self.url}: it is longer than {limit} bytes"
                    )
            framed = response.chunked or "content-length" in response.headers
            unpack.finish(whole=framed)
            kind = response.headers.get("content-type", "")
            return Reply(response.status, kind.partition(";")[0].strip().lower(), body)

    @contextlib.contextmanager
    def _deadline(self) -> Iterator[threading.Event]:
        """Cuts the line when the time is over: a socket's own begins anew at every byte."""
        overdue = threading.Event()

        def cut() -> None:
            overdue.set()
            for each in (self._line.sock, self._socket):
                with contextlib.suppress(OSError):
                    if each is not None:  # below TLS, which another thread is using
                        socket.socket.shutdown(each, socket.SHUT_RDWR)

        bell = threading.Timer(self._seconds, cut)
        bell.daemon = True
        bell.start()
        try:
            yield overdue
        finally:
            bell.cancel()

    def _new_line(self) -> HTTPConnection:
        kind = HTTPSConnection if self._where.scheme == "https" else HTTPConnection
        host = str(self._where.host).strip("[]")
        return kind(host, self._where.port, timeout=self._seconds)


class _Unpacker:
    """The bytes of an answer as they were before gzip, never more of them than there is room for.

    A few compressed bytes may stand for gigabytes: they are unpacked only as far as the room goes.
    """

    def __init__(self, encoding: str, url: str) -> None:
        self._url = url
        packed = encoding.strip().lower() == "gzip"
        self._gzip = zlib.decompressobj(wbits=31) if packed else None

    def __call__(self, data: bytes, room: int) -> bytes:
        if self._gzip is None:
            return data
        try:
            return self._gzip.decompress(data, room)
        except zlib.error:
            raise self._spoiled() from None

    def finish(self, *, whole: bool) -> None:
        """Raises unless the compressed bytes came to their own end.

        An answer that is not known to be ``whole`` may have lost its end on the way.
        """
        if self._gzip is not None and not (self._gzip.eof and not self._gzip.unused_data):
            raise self._spoiled() if whole else HTTPError("gzip without an end")

    def _spoiled(self) -> SpoiledError:
        return SpoiledError(f"could not read the answer of {self._url}: it is not the gzip it says")


def _parse(url: str) -> Url:
    try:
        where = parse_url(url)
        url.encode("ascii")
    except (HTTPError, UnicodeEncodeError):
        where = Url()
    wrong = where.scheme not in ("http", "https") or not where.host
    if wrong or where.auth or where.query is not None or where.fragment is not None:
        raise InputError(
            f"could not use {url[:200]!r} as a server's address",
            remedy="give http:// or https://, a host, and nothing but a path behind it",
        )
    return where


def _words(error: BaseException) -> str:
    """Why, in a few words without the names of the libraries' parts."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return f"the line broke ({type(error).__name__})"
