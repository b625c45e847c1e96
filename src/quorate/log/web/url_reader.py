"""A log behind an address, for reading: any web server that serves a log's folder will do.

What is not there, or not as it should be, is `InputError`: the log is damaged there. A server that
cannot be reached, or that has no time, is `UnavailableError` after a few tries, and no verdict on
the log. Nothing says what else lies there.
"""

import contextlib
import threading
from collections.abc import Iterator

from quorate.core.errors import InputError, UnavailableError
from quorate.core.sources import Clock, SystemClock
from quorate.log.storage import object_tile
from quorate.log.tiles import TILE_WIDTH, Tile, beginning
from quorate.log.web.calling import HttpCaller, Reply, SpoiledError, TooLongError

SECONDS = 30.0  # for one object, all of it
LINES = 4  # connections
_TRIES = 3
_PAUSE = 0.2  # seconds; doubled at every try


class UrlReader:
    """A log's objects under ``url`` (``http://`` or ``https://``), for any number of threads.

    ``seconds``: the longest time for one object; ``lines``: connections at most. It can be pickled:
    another process then opens connections of its own.
    """

    def __init__(
        self,
        url: str,
        *,
        seconds: float = SECONDS,
        lines: int = LINES,
        clock: Clock | None = None,
    ) -> None:
        self._seconds = seconds
        self._clock = clock or SystemClock()
        self._idle = [HttpCaller(url, seconds=seconds)]  # refuses a wrong address at once
        self.name = self._idle[0].url
        self.lines = lines
        self._free = threading.BoundedSemaphore(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return _opened, (self.name, self._seconds, self.lines, self._clock)

    def __enter__(self) -> "UrlReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes every connection; a later read opens one again."""
        for caller in self._idle:
            caller.close()

    def read(self, path: str, limit: int) -> bytes:
        """The object at ``path``; `InputError` if the server has none, or a longer one.

        A partial tile may be gone once it is whole: then its beginning is cut from the whole one.
        """
        reply = self._get(path, limit)
        tile = object_tile(path)
        if reply.status == 404 and tile is not None and tile.width < TILE_WIDTH:
            whole = Tile(tile.level, tile.index)
            instead = self._get(whole.path, limit)
            if instead.status == 200:
                return beginning(instead.body, whole, tile)
        if reply.status != 200:
            raise InputError(f"could not read {self.name}/{path}: {_why(reply.status)}")
        return reply.body

    def _get(self, path: str, limit: int) -> Reply:
        pause = _PAUSE
        for left in reversed(range(_TRIES)):
            try:
                with self._line() as caller:
                    reply = caller.get(f"/{path}", limit=limit, gzip=True)
                if reply.status != 429 and reply.status < 500:
                    return reply
                refusal = f"could not read {self.name}/{path}: {_why(reply.status)}"
                error = UnavailableError(refusal, remedy="try again later")
            except TooLongError:
                raise InputError(
                    f"could not read {self.name}/{path}: larger than {limit} bytes"
                ) from None
            except SpoiledError:
                raise InputError(
                    f"could not read {self.name}/{path}: it is not the gzip it says"
                ) from None
            except UnavailableError as unreachable:
                error = unreachable
            if left:
                self._clock.sleep(pause)
                pause *= 2
        raise error

    @contextlib.contextmanager
    def _line(self) -> Iterator[HttpCaller]:
        with self._free:
            try:
                caller = self._idle.pop()
            except IndexError:
                caller = HttpCaller(self.name, seconds=self._seconds)
            try:
                yield caller
            finally:
                self._idle.append(caller)


def _opened(url: str, seconds: float, lines: int, clock: Clock) -> UrlReader:
    return UrlReader(url, seconds=seconds, lines=lines, clock=clock)


def _why(status: int) -> str:
    if status in (404, 410):
        return "no such object"
    if 300 <= status < 400:
        return f"the server sends us elsewhere ({status}); name that address instead"
    return f"the server answers {status}"
