"""uvicorn held to limits: how long a connection may take, and who goes when there are too many.

Places are for those who use them. When they are short, whoever has kept us waiting longest goes to
make room for the next one: first those who have asked for nothing, then those who do not take their
answer, then those who do not send what they began. Where all are at work, a few spare places are
for requests that `Favour` picks, whoever else asks is told to come again.
"""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

Favour = Callable[[Scope], bool]
"""Whether a request is let in, and its connection kept, when places are short."""

_PATIENCE = 2.0  # seconds without a byte taken or sent, after which a place can go to another
_UNSENT = 131_072  # bytes of an answer that the kernel holds for a reader, beside its buffer


@dataclass(frozen=True, slots=True)
class Limits:
    """What one stranger, and all together, may take of a server.

    ``body`` and ``head`` are bytes of a request, ``connections`` and ``spare`` are numbers,
    ``read_seconds`` the time for a request's head and again for its body, ``answer_seconds`` for a
    whole exchange, the taking of the answer included, ``stall_seconds`` for an answer of which
    nothing is taken.
    """

    body: int = 65_536
    head: int = 16_384
    connections: int = 256
    spare: int = 32
    read_seconds: float = 10.0
    answer_seconds: float = 60.0
    stall_seconds: float = 10.0


def nobody(_: Scope) -> bool:
    """Favours no request."""
    return False


class Places:
    """The connections of a server."""

    def __init__(self, limits: Limits, favour: Favour = nobody) -> None:
        self.limits = limits
        self.favour = favour
        self._taken: set[Connection] = set()

    def take(self, one: "Connection") -> bool:
        """Whether there is a place for ``one``; perhaps another has to go for it."""
        self._taken.add(one)
        most = self.limits.connections + self.limits.spare
        if len(self._taken) <= most or self._clear(one):
            return True
        self.leave(one)
        return False

    def admit(self, scope: Scope) -> bool:
        """Whether a request is let in; perhaps one who asks for nothing has to go for it."""
        short = len(self._taken) > self.limits.connections
        return not short or self.favour(scope) or self._clear(None)

    def _clear(self, spared: "Connection | None") -> bool:
        waited_for = [(each.keeps_waiting(), each) for each in self._taken if each is not spared]
        keeping = [(since, each) for since, each in waited_for if since is not None]
        if not keeping:
            return False
        _, longest = min(keeping, key=lambda pair: pair[0])
        self.leave(longest)
        longest.transport.abort()
        return True

    def leave(self, one: "Connection") -> None:
        """The place of ``one`` is free."""
        self._taken.discard(one)


class QuietConfig(uvicorn.Config):
    """uvicorn with nothing that speaks by itself: no log, no header with its name."""

    def __init__(self, app: ASGIApp, places: Places) -> None:
        super().__init__(
            app,
            loop="asyncio",
            http=Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level=100,  # above every level: a stranger's bad bytes are no news
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=max(1, int(places.limits.answer_seconds)),
            h11_max_incomplete_event_size=places.limits.head,
        )
        self.places = places


class QuietServer(uvicorn.Server):
    """uvicorn that says when it listens and returns when it is told to stop."""

    when_listening: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens, and then says so."""
        await super().startup(sockets)
        await self.on_tick(0)  # the headers of the first answers
        self.when_listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Unlike uvicorn's own this does not raise the signal again: a wanted end is no failure."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = [
            s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) != signal.SIG_IGN
        ]
        before = {each: signal.signal(each, self.handle_exit) for each in wanted}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: ends once everybody is answered, or at once."""
        self.force_exit = self.should_exit  # asked twice: without waiting for anybody
        self.should_exit = True


class Connection(H11Protocol):
    """uvicorn's connection with deadlines: it has none for a head that never ends, nor for an
    answer that is never taken, and both hold a connection for ever (the slow-loris attack).
    """

    def __init__(self, config: QuietConfig, **rest: Any) -> None:
        super().__init__(config, **rest)
        self._places = config.places
        self._limits = limits = config.places.limits
        self._tick = min(limits.read_seconds, limits.answer_seconds, limits.stall_seconds) / 4
        self._watching: asyncio.TimerHandle | None = None
        self._phase: tuple[object, bool] = (None, False)
        self._since = self._moved = self.loop.time()
        self._flow: tuple[int, int] = (0, 0)
        self._drained = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes a place, or is gone."""
        super().connection_made(transport)
        line = transport.get_extra_info("socket")
        # An answer leaves in two pieces: else the second waits 40 ms for word of the first (Nagle).
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # else the kernel keeps megabytes for each reader
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)
        if self._places.take(self):
            self._watch()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leaves its place."""
        super().connection_lost(exc)
        self._places.leave(self)
        if self._watching is not None:
            self._watching.cancel()

    def resume_writing(self) -> None:
        """Some of the answer was taken."""
        super().resume_writing()
        self._drained += 1

    def on_response_complete(self) -> None:
        """From now on the next request is waited for."""
        self._since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Ends what cannot be read; who is answered already gets no second answer."""
        if self.cycle is None or self.cycle.response_complete:
            super().send_400_response(msg)
            return
        begun = self.cycle.response_started
        self.cycle.disconnected = True  # whatever is said of this request from now on is not sent
        self.cycle.message_event.set()
        if begun:
            self.transport.abort()
        else:
            super().send_400_response(msg)

    def keeps_waiting(self) -> tuple[int, float] | None:
        """How this connection uses its place, and since when; the least one goes first.

        None: it is at work, or its last request was favoured.
        """
        now = self.loop.time()
        if self.cycle is None:
            return 0, self._since
        if self._places.favour(dict(self.cycle.scope)):
            return None
        if self.transport.get_write_buffer_size():
            stalled = self._flow == self._progress() and now - self._moved > _PATIENCE
            return (1, self._moved) if stalled else None
        if self.cycle.response_complete:
            return 0, self._since
        sending = self.cycle.more_body and now - self._since > _PATIENCE
        return (2, self._since) if sending else None

    def _progress(self) -> tuple[int, int]:
        return self.transport.get_write_buffer_size(), self._drained

    def _watch(self) -> None:
        """Looks a few times in each span of time whether this phase of the exchange is overdue."""
        now, flow = self.loop.time(), self._progress()
        if flow != self._flow or not flow[0]:
            self._flow, self._moved = flow, now
        answering = self.cycle is not None and not self.cycle.response_complete
        answering = answering or flow[0] > 0
        phase = (self.cycle, answering)
        if phase != self._phase:
            self._phase, self._since = phase, now
        limit = self._limits.answer_seconds if answering else self._limits.read_seconds
        if now - self._since > limit or now - self._moved > self._limits.stall_seconds:
            self.transport.abort()
        else:
            self._watching = self.loop.call_later(self._tick, self._watch)
