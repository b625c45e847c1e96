"""Group commit: many callers, one writer, one checkpoint for all that arrived meanwhile.

Signing and syncing cost the same for one record as for ten thousand, so records gather while a
commit is under way and for at least ``interval`` seconds from its start, and go into the log
together. Nobody's record is ever dropped: when too much is waiting, the caller waits or is told.
Acknowledged means durable and in the tree.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from quorate.core.errors import InternalError, QuorateError, UnavailableError
from quorate.core.sources import stopwatch
from quorate.log.tiles import MAX_LEAF_SIZE, check_leaf, check_leaves
from quorate.log.writer import Log

DEFAULT_INTERVAL = 0.05  # seconds
DEFAULT_WAITING = 64 * 2**20  # bytes of records, each counted with what holding it costs
_OVERHEAD = 64  # bytes that Python needs to hold one record, about


class FullError(UnavailableError):
    """So many records are waiting that this one was not taken; nothing of it was written."""


@dataclass(frozen=True, slots=True)
class Appended:
    """The record stands at ``index``, durably; ``receipt`` proves it, where one was asked for."""

    index: int
    receipt: str | None = None


class _Batch:
    """Records that go into the log under one checkpoint, and whoever waits for that."""

    __slots__ = ("done", "error", "first", "leaves", "receipts", "waiters", "wanted", "weight")

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.weight = 0  # bytes, as counted against the limit
        self.wanted: list[int] = []  # offsets of records whose receipt was asked for
        self.waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self.done = threading.Event()
        self.first = 0
        self.receipts: dict[int, str] = {}
        self.error: QuorateError | None = None


class Ticket:
    """A record, or several in a row, that the log has taken but not yet acknowledged."""

    __slots__ = ("_count", "_offset", "batch")

    def __init__(self, batch: _Batch, offset: int, count: int) -> None:
        self.batch = batch
        self._offset = offset
        self._count = count

    @property
    def done(self) -> bool:
        """Whether `indices` would return, or raise what went wrong, at once."""
        return self.batch.done.is_set()

    def indices(self, timeout: float | None = None) -> range:
        """Waits until the records are durable and in the tree: where they stand.

        Raises `UnavailableError` if they could not be written, or after ``timeout`` seconds
        (then nothing is known, and waiting may go on).
        """
        batch = self.batch
        if not batch.done.wait(timeout):
            raise UnavailableError(f"could not hear of a record within {timeout} seconds")
        if batch.error is not None:
            raise batch.error
        start = batch.first + self._offset
        return range(start, start + self._count)

    def result(self, timeout: float | None = None) -> Appended:
        """As `indices`, for a single record, with its receipt if it was asked for."""
        index = self.indices(timeout)[0]
        return Appended(index, self.batch.receipts.get(self._offset))


class Appender:
    """The one writer of an open `Log`, for any number of threads and event loops.

    ``interval``: seconds from the start of one commit to the start of the next, at least.
    ``waiting``: bytes of records that may wait; beyond them callers wait themselves, or get
    `FullError`. After a commit has failed nothing more is taken: open the log again.
    """

    def __init__(
        self,
        log: Log,
        *,
        interval: float = DEFAULT_INTERVAL,
        waiting: int = DEFAULT_WAITING,
    ) -> None:
        self._log = log
        self._interval = interval
        self._limit = waiting
        self._weight = 0  # bytes gathered or being committed
        self._batch = _Batch()
        self._committing = _Batch()  # the batch taken last; done, unless its commit is under way
        self._committing.done.set()
        self._taking = True  # until the log is closed or a commit has failed
        self._closing = False
        self._failure: QuorateError | None = None
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._room_waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._using_log = threading.RLock()
        self._thread = threading.Thread(target=self._run, name="log appender", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Appender":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Commits what is waiting, takes no more, and ends the thread; the log stays open."""
        with self._lock:
            self._closing, self._taking = True, False
            self._arrived.notify_all()
            self._room.notify_all()
        self._thread.join()

    # For threads.

    def submit(self, leaf: bytes, *, receipt: bool = False, wait: bool = True) -> Ticket:
        """Takes one record; its `Ticket` tells when it is durable.

        When too much is waiting: waits too, or with ``wait=False`` raises `FullError`.
        """
        with self._lock:
            return self._submit(leaf, receipt, wait)

    def submit_many(self, leaves: Iterable[bytes], *, wait: bool = True) -> Ticket:
        """Takes records that will stand in a row, under one checkpoint, all or none."""
        taken = tuple(leaves)
        check_leaves(taken)
        weight = sum(map(len, taken)) + _OVERHEAD * len(taken)
        with self._lock:
            self._wait_for_room(weight, wait=wait)
            batch = self._batch
            offset = len(batch.leaves)
            batch.leaves += taken
            self._weight += weight
            self._arrived.notify()
            return Ticket(batch, offset, len(taken))

    def append_now(self, leaf: bytes, *, receipt: bool = False) -> Appended:
        """Takes one record and waits until it is durable and in the tree."""
        return self.submit(leaf, receipt=receipt).result()

    def append_many(self, leaves: Iterable[bytes]) -> range:
        """Takes records and waits until all are durable and in the tree: their indices."""
        return self.submit_many(leaves).indices()

    def flush(self) -> None:
        """Waits until all that was taken before is durable; raises what went wrong."""
        with self._lock:
            batches = [self._committing, self._batch] if self._batch.leaves else [self._committing]
        for batch in batches:
            Ticket(batch, 0, 0).indices()

    # For event loops.

    async def append(self, leaf: bytes, *, receipt: bool = False, wait: bool = True) -> Appended:
        """Takes one record and waits, without blocking the loop, until it is durable.

        When too much is waiting: waits too, or with ``wait=False`` raises `FullError`.
        """
        loop = asyncio.get_running_loop()
        while True:
            waiter: asyncio.Future[None] = loop.create_future()
            ticket: Ticket | None = None
            with self._lock:
                try:
                    ticket = self._submit(leaf, receipt, wait=False)
                    ticket.batch.waiters.append((loop, waiter))
                except FullError:
                    if not wait:
                        raise
                    self._room_waiters.append((loop, waiter))
            await waiter
            if ticket is not None:
                return ticket.result()

    # For whoever else needs the log: a reader, a collector of cosignatures.

    @contextlib.contextmanager
    def between_commits(self) -> Iterator[Log]:
        """The log, for as long as the context is open; commits wait for it to close."""
        with self._using_log:
            yield self._log

    def receipt(self, index: int) -> str:
        """The `.tlog-proof` text of a leaf under the latest checkpoint."""
        with self._using_log:
            return self._log.receipt(index)

    @property
    def size(self) -> int:
        """The number of leaves that are durable and in the tree."""
        return self._log.size

    def fail(self, error: QuorateError) -> None:
        """Takes nothing more and commits nothing of what is waiting: ``error`` says why."""
        with self._lock:
            self._failure = self._failure or error
            self._taking = False
            self._arrived.notify_all()
            self._room.notify_all()

    # How it works.

    def _submit(self, leaf: bytes, receipt: bool, wait: bool) -> Ticket:
        """Adds one record to the gathering batch; the lock is held. A microsecond counts here."""
        size = len(leaf)
        if size > MAX_LEAF_SIZE:
            check_leaf(leaf)
        weight = self._weight + size + _OVERHEAD
        if weight > self._limit or not self._taking:
            self._wait_for_room(size + _OVERHEAD, wait=wait)
            weight = self._weight + size + _OVERHEAD
        self._weight = weight
        batch = self._batch
        leaves = batch.leaves
        offset = len(leaves)
        leaves.append(leaf)
        if receipt:
            batch.wanted.append(offset)
        if not offset:
            self._arrived.notify()
        return Ticket(batch, offset, 1)

    def _wait_for_room(self, weight: int, *, wait: bool) -> None:
        """Returns when ``weight`` more bytes may be taken; the lock is held."""
        self._check_taking()
        # A batch larger than the limit is let in alone: else it would wait for ever.
        while self._weight and self._weight + weight > self._limit:
            if not wait:
                raise FullError(
                    "could not take a record: too many are waiting for the log",
                    remedy="slow down, or wait for earlier records",
                )
            self._room.wait()
            self._check_taking()

    def _check_taking(self) -> None:
        if self._failure is not None:
            raise UnavailableError(
                f"could not take a record: the log takes no more ({self._failure.message})",
                remedy=self._failure.remedy or "mend what it names and open the log again",
            )
        if self._closing:
            raise UnavailableError("could not take a record: the log is being closed")

    def _run(self) -> None:
        due = 0.0
        while (batch := self._gathered(due)) is not None:
            due = stopwatch() + self._interval
            self._commit(batch)

    def _gathered(self, due: float) -> _Batch | None:
        """The next batch to commit, not before ``due``; None when the work is over."""
        with self._lock:
            while not (self._batch.leaves or self._closing or self._failure):
                self._arrived.wait()
            while (pause := due - stopwatch()) > 0 and not (self._closing or self._failure):
                self._arrived.wait(pause)
            batch = self._batch
            if batch.leaves and self._failure is None:
                # All that is waiting now is in this batch: the one before it is done.
                batch.weight = self._weight
                self._batch, self._committing = _Batch(), batch
                return batch
            # What came in while the last commit failed was never written.
            batch.error = self._failure
            batch.weight = self._weight
            self._finish(batch)
            return None

    def _commit(self, batch: _Batch) -> None:
        error: QuorateError | None = None
        try:
            with self._using_log:
                batch.first = self._log.append_many(batch.leaves).start
                for offset in batch.wanted:
                    batch.receipts[offset] = self._log.receipt(batch.first + offset)
        except QuorateError as expected:
            error = expected
        except Exception as bug:  # whoever waits must hear of it, whatever it is
            error = InternalError(f"could not append to the log: {bug!r}")
            error.__cause__ = bug
        with self._lock:
            if error is not None:
                batch.error = self._failure = self._failure or error
                self._taking = False
            self._finish(batch)

    def _finish(self, batch: _Batch) -> None:
        """Makes room and wakes everybody who waits for it or for ``batch``; the lock is held."""
        self._weight -= batch.weight
        self._room.notify_all()
        batch.done.set()
        waiters, self._room_waiters = batch.waiters + self._room_waiters, []
        _wake(waiters)


def _wake(waiters: Iterable[tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]]) -> None:
    """Wakes coroutines, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for loop, future in waiters:
        by_loop.setdefault(loop, []).append(future)
    for loop, futures in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits in it
            loop.call_soon_threadsafe(_resolve, futures)


def _resolve(futures: Iterable["asyncio.Future[None]"]) -> None:
    for future in futures:
        if not future.done():  # whoever waited may have been cancelled
            future.set_result(None)
