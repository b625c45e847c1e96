"""The one way in which we serve HTTP: Starlette routes under uvicorn, with everything bounded.

Whoever connects is a stranger. What he sends has a largest size and a time to arrive, an answer has
a time to be taken, connections have a largest number, and what he is told of a failure is a status
and one public sentence: no traceback, no path, no name of the server. TLS, and limits per address,
are for the reverse proxy in front.

A `Server` runs in the main thread of a process (`Server.run`, until SIGINT or SIGTERM) or beside
the caller in a thread (`hosted`).
"""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quorate.core.errors import (
    DamagedError,
    InputError,
    InternalError,
    QuorateError,
    UnavailableError,
    UndecidedError,
    UsageError,
    VerificationError,
)
from quorate.log.web.connection import (
    Favour,
    Limits,
    Places,
    QuietConfig,
    QuietServer,
    nobody,
)

Report = Callable[[str], None]
"""Told of every failure that is ours, in words for the operator."""


def unheard(_: str) -> None:
    """Where reports go when nobody listens to them."""


_STATUSES: tuple[tuple[type[QuorateError], int], ...] = (
    (DamagedError, 500),  # before InputError: it is not the stranger's fault
    (InputError, 400),
    (UsageError, 400),
    (VerificationError, 422),
    (UndecidedError, 422),
    (UnavailableError, 503),
)
_SAFE_HEADERS = {"x-content-type-options": "nosniff"}
_DISCARD_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """``http://host:port``, without a slash at its end."""
        return f"http://{self}"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The inverse of ``str``; raises `UsageError`."""
        host, separator, port = text.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            separator = ""
        if not separator or not host or not (port.isascii() and port.isdigit()):
            raise UsageError(f"could not read an address: {text!r} is not HOST:PORT")
        if len(port) > 5 or int(port) > 65_535:
            raise UsageError(f"could not read an address: there is no port {port[:20]}")
        return cls(host, int(port))


class Server:
    """HTTP on one address; port 0 lets the system choose one.

    ``favour`` says which requests are let in when places are short. Raises `UnavailableError` at
    once when it cannot listen there.
    """

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        address: Address,
        *,
        limits: Limits | None = None,
        report: Report = unheard,
        favour: Favour = nobody,
    ) -> None:
        places = Places(limits or Limits(), favour)
        guard = Guard(Router(routes, redirect_slashes=False), places, report)
        self._socket = _bind(address)
        host, port = self._socket.getsockname()[:2]
        self.address = Address(str(host), int(port))
        self._server = QuietServer(QuietConfig(guard, places))

    def run(self, listening: Callable[[Address], None] | None = None) -> None:
        """Serves until `stop`, or in the main thread until SIGINT or SIGTERM; then returns.

        ``listening`` is called once requests are answered. Requests under way are finished.
        """
        self._server.when_listening = lambda: listening(self.address) if listening else None
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Ends `run`, from any thread."""
        self._server.should_exit = True


@contextlib.contextmanager
def hosted(
    routes: Sequence[BaseRoute],
    *,
    address: Address | None = None,
    limits: Limits | None = None,
    report: Report = unheard,
    favour: Favour = nobody,
) -> Iterator[Address]:
    """Serves ``routes`` in a thread while the context is open, by default on a free local port."""
    address = address or Address("127.0.0.1", 0)
    server = Server(routes, address, limits=limits, report=report, favour=favour)
    ready = threading.Event()

    def serve() -> None:
        try:
            server.run(lambda _: ready.set())
        finally:
            ready.set()

    thread = threading.Thread(target=serve, name=f"http {server.address}", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server.address
    finally:
        server.stop()
        thread.join()


def status_of(error: QuorateError) -> int:
    """The HTTP status of an error of ours for which a protocol names none."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def refusal(status: int, sentence: str, *, close: bool = False) -> PlainTextResponse:
    """An answer of one plain sentence that names no more than it says."""
    headers = _SAFE_HEADERS | ({"connection": "close"} if close else {})
    return PlainTextResponse(f"{sentence}\n", status, headers)


class Guard:
    """Keeps the limits on what an application is sent, and its failures to ourselves (ASGI)."""

    def __init__(self, app: ASGIApp, places: Places, report: Report) -> None:
        self._app = app
        self._places = places
        self._limits = places.limits
        self._report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            raise InternalError(f"could not serve {scope['type']}: only HTTP is spoken here")
        exchange = _Exchange(receive, send, self._limits)
        try:
            if not self._places.admit(scope):
                raise _Refused(503, "There is no free place; try again.")
            if _head_size(scope) > self._limits.head:
                raise _Refused(431, "The request's head is too large.")
            exchange.check_length(scope)
            await self._app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            return
        except Exception as error:  # the last line of defence: a stranger never sees a traceback
            answer = self._answer(scope, error)
            if not exchange.answered:  # else the line is cut: half an answer must not look whole
                await exchange.discard_rest()
                await answer(scope, receive, send)

    def _answer(self, scope: Scope, error: Exception) -> PlainTextResponse:
        if isinstance(error, _Refused):
            answer = refusal(error.status, error.sentence, close=True)
            if error.status == 503:
                answer.headers["retry-after"] = "1"
            return answer
        if isinstance(error, HTTPException):
            return refusal(error.status_code, HTTPStatus(error.status_code).phrase)
        known = isinstance(error, QuorateError)
        status = status_of(error) if isinstance(error, QuorateError) else 500
        if status >= 500:
            words = str(error) if known else f"internal error: {type(error).__name__}: {error}"
            self._report(f"{scope['method']} {scope['path']}: {words}")
        public = error.public if isinstance(error, QuorateError) else QuorateError.public
        return refusal(status, public, close=status >= 500)


class _Refused(Exception):
    """The request went over a limit."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class _Exchange:
    """One request's body as it is read, and whether its answer has begun."""

    def __init__(self, receive: Receive, send: Send, limits: Limits) -> None:
        self._receive = receive
        self._send = send
        self._limits = limits
        self._deadline = asyncio.get_running_loop().time() + limits.read_seconds
        self._read = 0
        self._whole = False
        self.answered = False

    def check_length(self, scope: Scope) -> None:
        """Refuses a body that says itself that it is too large, before it is read."""
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > self._limits.body:
                raise self._too_large()

    async def receive(self) -> Message:
        """The next part of the request; what follows the body is waited for without a limit."""
        if self._whole:
            return await self._receive()
        message = await self._next()
        if self._read > self._limits.body:
            raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        """Passes a part of the answer on."""
        self.answered = True
        await self._send(message)

    async def discard_rest(self) -> None:
        """Takes some more of the body: closed on unread bytes, the line would lose our answer."""
        now = asyncio.get_running_loop().time()
        if now >= self._deadline:
            return
        self._deadline = min(self._deadline, now + _DISCARD_SECONDS)
        with contextlib.suppress(_Refused):
            while not self._whole and self._read <= 16 * self._limits.body:
                await self._next()

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise _Refused(408, "The request did not arrive in time.") from None
        self._read += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return message

    def _too_large(self) -> _Refused:
        return _Refused(413, f"The request is larger than {self._limits.body} bytes.")


def _head_size(scope: Scope) -> int:
    lines = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return len(scope["raw_path"]) + len(scope["query_string"]) + lines


def _bind(address: Address) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server((address.host, address.port), family=family, backlog=128)
    except OSError as error:
        # Python's own words go on about what it attempted; an unknown name has no system's words.
        unnamed = isinstance(error, socket.gaierror) or not error.errno
        why = error.strerror or str(error) if unnamed else os.strerror(error.errno or 0)
        raise UnavailableError(
            f"could not listen on {address}: {why}",
            remedy="choose another address, or stop who listens there",
        ) from None
