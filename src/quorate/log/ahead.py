"""Reading ahead: where every read waits for a far server, several are under way at once."""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from quorate.log.storage import MAX_TILE_SIZE, LogReader


class ReadAhead:
    """A reader whose objects will be asked for in the order of ``paths``; some may be left out.

    At most ``lines`` of them are under way or waiting to be taken.
    """

    def __init__(self, reader: LogReader, paths: Iterable[str], lines: int) -> None:
        self.name = reader.name
        self._reader = reader
        self._paths = iter(paths)
        self._pool = ThreadPoolExecutor(lines, thread_name_prefix="reading ahead")
        self._lines = lines
        self._waiting: deque[tuple[str, Future[bytes]]] = deque()

    def __enter__(self) -> "ReadAhead":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def read(self, path: str, limit: int) -> bytes:
        """The object at ``path``, as the reader gives or refuses it."""
        while True:
            self._send()
            if not self._waiting:
                return self._reader.read(path, limit)
            expected, answer = self._waiting.popleft()
            if expected == path:
                self._send()
                return answer.result()
            answer.cancel()

    def _send(self) -> None:
        while len(self._waiting) < self._lines and (path := next(self._paths, None)) is not None:
            self._waiting.append((path, self._pool.submit(self._reader.read, path, MAX_TILE_SIZE)))
