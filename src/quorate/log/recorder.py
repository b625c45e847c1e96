"""What a process calls on its hot path: one write to the kernel, and the record cannot be lost.

A `Recorder` holds no signing key and waits for no disk. It appends each record to its source's
journal (`log.journal`); a collector (`log.collector`), another process as a rule, follows the
journal and puts the records into the log. It fails closed: after a write that failed, or was
interrupted, nothing more is taken until the recorder is opened again. Nothing is ever dropped:
when too much waits for the log, callers wait or are refused.

Numbers are reserved durably before they are used, ahead of time, so that whatever a power cut
takes shows as a gap in the source's sequence.
"""

import asyncio
import contextlib
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path

from quorate.core.errors import InputError, QuorateError, UnavailableError
from quorate.core.files import FolderLock, make_folder, sync_folder
from quorate.core.filesystem import SYSTEM, FileSystem
from quorate.core.sources import stopwatch
from quorate.log.beneath import Beneath
from quorate.log.journal import (
    CLOSED,
    RECORD,
    RESERVED,
    Opening,
    Progress,
    encode_frame,
    journal_folder,
    read_progress,
)
from quorate.log.resuming import Journal, resume
from quorate.log.segments import Segments
from quorate.log.sequence import sequence_of
from quorate.log.tiles import check_leaf

DEFAULT_INTERVAL = 0.05  # seconds
DEFAULT_CAPACITY = 64 * 2**20  # bytes
SEGMENT_SIZE = 16 * 2**20  # bytes
_RESERVE = 1024  # numbers reserved ahead, at least
_POLL = 0.001  # seconds between looks at the collector's progress
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Promise(Enum):
    """What holds when `Recorder.record` returns."""

    RECORDED = "recorded"
    """The bytes are with the kernel: the death of this process loses nothing. A power cut may take
    the last interval of them, and that shows as a gap in the source's numbers."""

    DURABLE = "durable"
    """The record is fsynced and in the log's signed tree."""


@dataclass(frozen=True, slots=True)
class Wait:
    """When the journal is full: wait so many ``seconds`` for room, then raise."""

    seconds: float


REFUSE = Wait(0)
"""When the journal is full: raise at once."""


class JournalFullError(UnavailableError):
    """So many records wait for the log that this one was not taken; nothing of it was written."""


class NotYetDurableError(UnavailableError):
    """A record is recorded, but was not heard to be durable in time; nothing of it is lost."""


def boot_id() -> str:
    """The kernel's id of this boot; empty where there is none, which is never the same boot."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


class Recorder:
    """The one writer of one source's journal, for any number of threads; made by `open`.

    After a fork only the parent may record; a child opens a source of its own.
    """

    def __init__(
        self,
        folder: Path,
        source: str,
        lock: FolderLock,
        *,
        promise: Promise,
        when_full: Wait,
        capacity: int,
        boot: str,
        disk: FileSystem,
    ) -> None:
        self.source = source
        """What every record must state as its source."""
        self.folder = folder
        """Where the journal lies."""
        self.promise = promise
        """What holds when `record` returns and nothing else was asked for."""
        self._held = lock
        self._when_full = when_full
        self._capacity = capacity
        self._boot = boot
        self._disk = disk
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._heard = threading.Condition(threading.Lock())
        self._listening = False  # whether a thread looks at the progress for all that wait
        self._syncing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._segments: Segments  # and what else `_begin` sets
        self._ready = False  # whether the next record may be written; while one is, not
        self._broken = ""  # what the disk said when it refused; never forgotten
        self._closed = False
        self._why = "it is not open"
        self._leaf: bytes | None = None  # of the last record since opening
        self._next = self._reserved = 0
        self._limit = 0  # the position at which the journal is full

    @classmethod
    def open(
        cls,
        journals: Path,
        source: str,
        *,
        promise: Promise = Promise.RECORDED,
        when_full: Wait = Wait(5),
        interval: float | None = DEFAULT_INTERVAL,
        capacity: int = DEFAULT_CAPACITY,
        segment_size: int = SEGMENT_SIZE,
        meeting: float = 10,
        mode: int = 0o600,
        boot: str | None = None,
        disk: FileSystem = SYSTEM,
    ) -> "Recorder":
        """Opens the journal of ``source`` below ``journals``, where it ended before.

        ``interval``: seconds between syncs of the journal; None for no thread that does it, then
        the caller calls `sync`. ``capacity``: bytes that may be recorded and not yet durable.
        ``meeting``: seconds in which a collector must have told a source's first recorder where
        the log stands. ``mode``: of the segments, less the umask; 0o640 where the collector is
        another user, in the folder's group. Raises `LockedError` if another process records for
        this source, `DamagedError` if the journal is not as it was written, `UnavailableError` if
        nobody collects a new journal or the disk refuses.
        """
        folder = journal_folder(journals, source)
        disk = Beneath(journals, disk)
        recorder = cls(
            folder,
            source,
            FolderLock(folder, "journal", disk=disk),
            promise=promise,
            when_full=when_full,
            capacity=capacity,
            boot=boot_id() if boot is None else boot,
            disk=disk,
        )
        try:
            make_folder(folder, disk=disk)
            sync_folder(journals, disk=disk)  # whoever made the folder may have been killed there
            with contextlib.ExitStack() as undo:
                undo.enter_context(recorder._held)
                recorder._begin(meeting, segment_size, mode)
                undo.pop_all()
        except OSError as error:
            raise UnavailableError(
                f"could not open journal {folder}: {error.strerror}",
                remedy="make room or mend the disk, then open it again",
            ) from error
        _open_recorders.add(recorder)
        if interval is not None:
            recorder._start_thread(interval)
        return recorder

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with contextlib.suppress(*[QuorateError] if kind else []):  # what went wrong first is told
            self.close()

    # What callers do.

    def record(self, make: Callable[[int], bytes], promise: Promise | None = None) -> int:
        """Records what ``make`` returns for the next number of this source: that number.

        ``make`` must return a canonical JSON leaf that states ``source`` and the number as
        ``seq``; it is called under the recorder's lock, so that it may link record to record, and
        must not record itself. If it raises, or its leaf is refused (`InputError`), the number is
        not used up.
        ``promise``: what holds on return, if not the recorder's own.

        Raises `JournalFullError` (nothing was written), `UnavailableError` (the recorder refuses
        everything until it is opened again; whether this record was written shows then), and
        where durable was asked for `NotYetDurableError`.
        """
        with self._lock:
            number = self._next
            if not self._ready or number > self._reserved or self._segments.position >= self._limit:
                self._make_ready()
                number = self._next
            leaf = make(number)
            if sequence_of(leaf) != (self.source, number):
                raise InputError(
                    f"could not record: the leaf does not state source {self.source!r} and "
                    f"seq {number}"
                )
            check_leaf(leaf)
            self._put(encode_frame(RECORD, number, leaf))
            if self._broken:  # a sync failed meanwhile: who knows what the disk will hold of it
                self._check_ready()
            self._next, self._leaf = number + 1, leaf
            self._ready = True
        if (promise or self.promise) is Promise.DURABLE:
            self.wait_durable(number)
        return number

    def wait_durable(self, number: int, timeout: float = 10) -> None:
        """Returns when all records up to ``number`` are fsynced and in the log's signed tree.

        Raises `NotYetDurableError` after ``timeout`` seconds; waiting may go on then.
        """
        deadline = stopwatch() + timeout
        with self._heard:
            while self._listening and not self._is_durable(number, deadline):
                self._heard.wait(max(deadline - stopwatch(), 0))
            if self._is_durable(number, deadline):
                return
            self._listening = True
            try:
                while not self._is_durable(number, deadline):
                    self._heard.wait(_POLL)
                    self._look()
            finally:  # somebody else listens from here on
                self._listening = False
                self._heard.notify_all()

    async def until_durable(self, number: int, timeout: float = 10) -> None:
        """As `wait_durable`, without blocking the event loop."""
        deadline = stopwatch() + timeout
        while not self._is_durable(number, deadline):
            await asyncio.sleep(_POLL)
            with self._heard:
                self._look()

    def sync(self) -> None:
        """Makes durable in the journal what was recorded, reserves numbers, removes old segments.

        The recorder's own thread does this every interval. Raises `UnavailableError` if the disk
        refuses or ever did; the recorder then refuses too.
        """
        with self._syncing:
            with self._lock:
                self._check_ready()
            try:
                self._segments.prepare()
                self._sync()
                with self._heard:
                    self._look()
                self._segments.remove_collected(self._progress.position)
            except OSError as error:
                refused = self._refuse(error)
                with self._lock:  # a record that was being written has heard, or is ready again
                    self._ready = False
                raise refused from error

    def close(self) -> None:
        """Syncs the journal, marks its clean end and lets it go; waits for no collector.

        Raises `UnavailableError` if the disk refuses or ever did; the next opening makes good.
        """
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with self._syncing, self._lock:
            if self._closed:
                return
            try:
                self._check_ready()
                self._put(encode_frame(CLOSED, self._next))
                self._segments.sync()
            except OSError as error:
                raise self._refuse(error) from error
            finally:
                self._ready, self._why = False, "it is closed"
                self._release()

    @property
    def head(self) -> bytes:
        """The SHA-256 of the last record's leaf; before the first one, of the log's genesis."""
        return self._before if self._leaf is None else sha256(self._leaf).digest()

    @property
    def next_number(self) -> int:
        """The number that the next record will have, if this process records it next."""
        return self._next

    @property
    def missing(self) -> range:
        """The numbers left out on opening because a power cut may have taken their records."""
        return self._missing

    # How it holds together.

    def _begin(self, meeting: float, segment_size: int, mode: int) -> None:
        progress = read_progress(self.folder, self._disk)
        journal = resume(self.folder, self.source, self._boot, progress, self._disk)
        if journal is None:
            progress, journal = self._meet(meeting)
        self._progress = progress or Progress(0, journal.begin, journal.head)
        self._limit = self._progress.position + self._capacity
        self._before, self._after = journal.head, journal.after
        self._missing = range(journal.after + 1, journal.first)
        self._next = self._counted = journal.first
        reserved = journal.first - 1 + _RESERVE
        self._segments = Segments(self.folder, journal, segment_size, mode, disk=self._disk)
        try:
            self._segments.put(self._opening(reserved).encode())
            self._segments.sync()
        except BaseException:
            self._segments.close()
            raise
        self._reserved, self._synced = reserved, self._segments.position
        self._ready = True

    def _meet(self, seconds: float) -> tuple[Progress, Journal]:
        """A new journal: the collector says what the log has of this source already.

        Else a journal that was lost with its machine would begin again at 1.
        """
        deadline = stopwatch() + seconds
        while (progress := read_progress(self.folder, self._disk)) is None:
            if stopwatch() >= deadline:
                raise UnavailableError(
                    f"could not open journal {self.folder}: it is new, and no collector has said "
                    "where the log stands",
                    remedy="start quorate log collect",
                )
            self._stop.wait(_POLL)
        return progress, Journal.new(progress)

    def _opening(self, reserved: int) -> Opening:
        return Opening(
            source=self.source,
            first=self._next,
            after=self._after if self._leaf is None else self._next - 1,
            head=self.head.hex(),
            position=self._segments.position,
            reserved=reserved,
            boot=self._boot,
            lost=bool(self._missing) and self._leaf is None,
        )

    def _put(self, frame: bytes) -> None:
        """Writes a frame and leaves the recorder not ready: that is for the caller to end.

        Whatever interrupts us, a signal too, then leaves it refusing; the lock is held.
        """
        self._ready, self._why = False, "a write was interrupted"
        try:
            self._segments.put(frame)
        except OSError as error:
            raise self._refuse(error) from error

    def _refuse(self, error: OSError) -> UnavailableError:
        """Takes nothing more; nobody knows what the disk holds until it is read again.

        A sync that failed may be content the next time though the bytes are gone (Rebello et al.),
        so nothing but another opening makes good; who holds no ``_lock`` sees to ``_ready`` then.
        """
        self._ready, self._broken = False, error.strerror or "the disk refuses"
        return UnavailableError(
            f"could not write to journal {self.folder}: {self._broken}",
            remedy="make room or mend the disk, then open the recorder again",
        )

    def _check_ready(self) -> None:
        """Raises if nothing is taken any more; the lock is held, so no record is being written."""
        if not self._ready:
            raise UnavailableError(
                f"could not record for {self.source}: {self._broken or self._why}",
                remedy="open the recorder again",
            )

    def _make_ready(self) -> None:
        """What the hot path has no time for; the lock is held, and let go where it waits."""
        deadline = stopwatch() + self._when_full.seconds
        while True:
            self._check_ready()
            if self._segments.position >= self._limit:
                self._make_room(deadline)
            elif self._next > self._reserved:  # before the thread could reserve more
                self._lock.release()
                try:
                    self.sync()
                finally:
                    self._lock.acquire()
            else:
                return

    def _make_room(self, deadline: float) -> None:
        with self._heard:
            self._look()
        if self._segments.position < self._limit:
            return
        if stopwatch() >= deadline:
            waiting = self._segments.position - self._progress.position
            raise JournalFullError(
                f"could not record for {self.source}: {waiting} bytes wait for the log",
                remedy="check that quorate log collect is running and keeps up",
            )
        self._room.wait(_POLL)

    def _look(self) -> None:
        """Takes in what the collector says, and tells who waits for it; ``_heard`` is held."""
        progress = read_progress(self.folder, self._disk)
        if progress is not None and progress.position > self._progress.position:
            self._progress = progress
            self._limit = progress.position + self._capacity
            self._heard.notify_all()

    def _is_durable(self, number: int, deadline: float) -> bool:
        if self._progress.number >= number:
            return True
        if stopwatch() >= deadline:
            raise NotYetDurableError(
                f"could not hear in time that record {number} of {self.source} is durable; "
                "it is recorded",
                remedy="check that quorate log collect is running",
            )
        return False

    def _sync(self) -> None:
        with self._lock:
            self._check_ready()
            if self._segments.position == self._synced:
                return
            used, self._counted = self._next - self._counted, self._next
            reserved = max(self._reserved, self._next - 1 + max(_RESERVE, 4 * used))
            if self._segments.full:
                self._ready, self._why = False, "a write was interrupted"
                self._segments.turn_over(self._opening(reserved))
            else:
                self._put(encode_frame(RESERVED, reserved))
            self._ready = True
            position = self._segments.position
        self._segments.sync()
        self._reserved, self._synced = reserved, position

    def _start_thread(self, interval: float) -> None:
        def run() -> None:
            while not self._stop.wait(interval):
                try:
                    self.sync()
                except UnavailableError:  # for good; whoever records next is told
                    return

        self._thread = threading.Thread(target=run, name="recorder sync", daemon=True)
        self._thread.start()

    def _release(self) -> None:
        self._closed = True
        _open_recorders.discard(self)
        self._segments.close()
        self._held.__exit__()

    def _abandon(self) -> None:
        """In a forked child: the journal is the parent's; its locks may be held for ever."""
        self._ready, self._why = False, "it belongs to the process that this one was forked from"
        self._lock, self._syncing = threading.Lock(), threading.Lock()
        self._thread = None
        self._release()


_open_recorders: "weakref.WeakSet[Recorder]" = weakref.WeakSet()


def _abandon_all() -> None:
    for recorder in list(_open_recorders):
        recorder._abandon()


os.register_at_fork(after_in_child=_abandon_all)
