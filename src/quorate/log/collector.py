"""From journals into the log: every record of every source, in order, exactly once.

A `Collector` follows the journals below one folder, hands their records to the log's appender,
and tells each recorder how far its source is durable. What the log has already is known from the
log itself, never from what an earlier collector remembers, so that it may be killed anywhere. A
record that a journal holds under a number that the log has must be the same one: it is compared,
not passed over.
"""

import contextlib
import os
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from quorate.core.errors import DamagedError, UnavailableError
from quorate.core.files import FolderLock, make_folder
from quorate.core.filesystem import SYSTEM, FileSystem
from quorate.core.sources import Clock, SystemClock
from quorate.log.beneath import Beneath
from quorate.log.collected import Collected, Known, LeafReader
from quorate.log.following import Follower, Stretch
from quorate.log.journal import (
    PROGRESS,
    Frame,
    Progress,
    journal_folder,
    read_progress,
    source_of,
    write_progress,
)
from quorate.log.sequence import sequence_of

POLL = 0.005  # seconds between looks at the journals
_DISCOVER = 20  # looks at the journals between looks for new ones
_SELDOM = 16  # looks for new journals between looks at one that cannot be collected, at most
_LAST_LOOKS = 1000  # at the end; a recorder that goes on would keep the collector for ever


class Pending(Protocol):
    """Records that the log has taken: `quorate.log.appender.Ticket`."""

    @property
    def done(self) -> bool:
        """Whether `indices` would return or raise at once."""
        ...

    def indices(self) -> range:
        """Where the records stand, once they are durable; raises if they could not be written."""
        ...


class Sink(Protocol):
    """What a collector needs of a log: `quorate.log.appender.Appender`."""

    def submit_many(self, leaves: Iterable[bytes]) -> Pending:
        """Takes records that will stand in a row, all or none; waits where there is no room."""
        ...

    def between_commits(self) -> AbstractContextManager[LeafReader]:
        """The log, unchanging for as long as the context is open."""
        ...


@dataclass(slots=True)
class _Source:
    """One journal being followed: the last number that the log has or was given of it."""

    name: str
    folder: Path
    follower: Follower
    number: int
    position: int
    met: bool = False  # whether what was found of it at first has been compared with the log
    found: dict[int, bytes] = field(default_factory=dict)  # number to leaf digest, until then
    told: Progress | None = None
    stopped: bool = False  # whether it cannot be collected
    files: list[tuple[str, int, int]] | None = None  # when it was found to be damaged


@dataclass(slots=True)
class _Trouble:
    """Why a journal could not be collected, as it was said, and how often in a row that was so."""

    said: str = ""
    times: int = 0


@dataclass(frozen=True, slots=True)
class _Taken:
    """What was read of a source at one look, and is not yet told to be durable."""

    source: _Source
    pending: Pending | None
    records: list[Frame]
    position: int


class Collector:
    """Collects the journals below ``journals`` into a log; one at a time, for one thread.

    ``report`` hears, once, of each journal that cannot be collected; the others go on.
    """

    def __init__(
        self,
        sink: Sink,
        journals: Path,
        *,
        report: Callable[[str], None] = lambda _: None,
        clock: Clock | None = None,
        disk: FileSystem = SYSTEM,
    ) -> None:
        self.failure: BaseException | None = None
        """What ended the thread of `running` before `stop` was called, if anything did."""
        self._sink = sink
        self._journals = journals
        self._report = report
        self._disk = disk = Beneath(journals, disk)
        self._lock = FolderLock(journals, "journals", disk=disk)
        self._sources: dict[str, _Source] = {}
        self._troubles: dict[str, _Trouble] = {}
        self._taken: deque[_Taken] = deque()
        self._collected = Collected(journals, disk)
        self._looks = 0
        self._clock = clock or SystemClock()
        self._stopping = False  # no Event: its lock would catch a signal handler that sets it

    def __enter__(self) -> "Collector":
        with self._disk_at_fault():
            make_folder(self._journals, disk=self._disk)
            self._lock.__enter__()
        try:
            with self._sink.between_commits() as log:
                self._collected.load(log)
        except BaseException:
            self._lock.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for each in self._sources.values():
                each.follower.close()
        finally:
            self._lock.__exit__()

    def run(self) -> None:
        """Collects until `stop` is called; what was recorded before is in the log then."""
        while not self._stopping:
            if not self.look():
                self._clock.sleep(POLL)
        self.finish()

    def stop(self) -> None:
        """Lets `run` come to its end; callable from another thread and from a signal handler."""
        self._stopping = True

    @contextlib.contextmanager
    def running(
        self, on_failure: Callable[[BaseException], None] = lambda _: None
    ) -> Iterator["Collector"]:
        """Collects in a thread while the context is open; raises at its end what went wrong.

        ``on_failure`` hears at once, in that thread, that nothing is collected any more, and why;
        `failure` says the same to whoever asks.
        """

        def run() -> None:
            try:
                self.run()
            except BaseException as error:  # whatever it is, the thread that waits must hear of it
                self.failure = error
                self._report(f"stopped collecting: {error}")
                on_failure(error)

        with self:
            thread = threading.Thread(target=run, name="collector", daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self.stop()
                thread.join()
        if self.failure is not None:
            raise self.failure

    def look(self) -> bool:
        """One look at every journal; whether there was anything new.

        Raises `UnavailableError` if the log or the disk refuses: then open both again.
        """
        with self._disk_at_fault():
            if self._looks % _DISCOVER == 0:
                self._discover()
            self._looks += 1
            sources = self._sources.values()
            found = [self._follow(each) for each in sources if not each.stopped]
            self._settle()
            return any(found)

    @contextlib.contextmanager
    def _disk_at_fault(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnavailableError(
                f"could not collect the journals in {self._journals}: {error.strerror}",
                remedy="mend what it names and collect again",
            ) from error

    def finish(self) -> None:
        """Takes what is there, waits until it is durable, and tells the recorders."""
        for _ in range(2):  # a second time for those that could not be collected just now
            self._looks = 0
            for _ in range(_LAST_LOOKS):
                if not self.look():
                    break
        self._settle(wait=True)
        with self._sink.between_commits() as log:
            self._collected.save(log)

    # Journals that come and go.

    def _discover(self) -> None:
        for name in sorted(self._disk.listdir(str(self._journals))):
            source = source_of(name)
            if source is None or self._is_left_alone(source):
                continue
            known = self._sources.get(source)
            try:
                if self._is_folder(name) and (known is None or self._changed(known)):
                    self._meet(source)
            except FileNotFoundError:  # removed between two looks
                continue
            except OSError as error:
                self._say(source, self._journals / name, error)

    def _is_folder(self, name: str) -> bool:
        """Whether that is a folder of its own, no link to one; `OSError` if it cannot be opened."""
        descriptor = self._disk.open(str(self._journals / name), os.O_RDONLY | os.O_CLOEXEC)
        try:
            return stat.S_ISDIR(self._disk.fstat(descriptor).st_mode)
        finally:
            self._disk.close(descriptor)

    def _is_left_alone(self, name: str) -> bool:
        """After each failure for longer: the others have to wait while a journal is met."""
        trouble = self._troubles.get(name)
        return bool(trouble and self._looks // _DISCOVER % min(2**trouble.times, _SELDOM))

    def _changed(self, source: _Source) -> bool:
        """Whether a journal began anew, or one that could not be collected may be so now."""
        if source.stopped:
            return source.files is None or self._files(source) != source.files
        return source.met and read_progress(source.folder, self._disk) is None

    def _files(self, source: _Source) -> list[tuple[str, int, int]]:
        """Name, length and time of change of everything in a journal that others write."""
        found = []
        for name in sorted(set(self._disk.listdir(str(source.folder))) - {PROGRESS}):
            with contextlib.suppress(OSError):
                each = self._disk.stat(str(source.folder / name))
                found.append((name, each.st_size, each.st_mtime_ns))
        return found

    def _stop_source(self, source: _Source, error: DamagedError | OSError) -> None:
        """This one is not collected until it is another; the others go on."""
        source.stopped, source.files = True, None
        if isinstance(error, DamagedError):
            with contextlib.suppress(OSError):
                source.files = self._files(source)
        self._say(source.name, source.folder, error)

    def _say(self, name: str, folder: Path, error: DamagedError | OSError) -> None:
        if isinstance(error, OSError):
            why = f"{error.strerror} ({error.filename or folder})"
            error = _damaged(folder, why, "make it a real file or folder that can be used")
        trouble = self._troubles.setdefault(name, _Trouble())
        trouble.times += 1
        if trouble.said != str(error):
            trouble.said = str(error)
            self._report(trouble.said)

    def _meet(self, name: str) -> None:
        self._settle(wait=True)
        with self._sink.between_commits() as log:
            self._collected.catch_up(log, log.size)
        if name in self._sources:
            self._sources[name].follower.close()
        folder, number = journal_folder(self._journals, name), self._collected.of(name).number
        follower = Follower(folder, name, number, self._disk)
        told = read_progress(folder, self._disk)
        position = told.position if told else 0
        self._sources[name] = _Source(name, folder, follower, number, position)

    # What is in them.

    def _follow(self, source: _Source) -> bool:
        try:
            stretch = source.follower.read()
            if stretch is None:
                if not source.met:
                    self._compare(source)
                    self._taken.append(_Taken(source, None, [], source.position))
                return False
            self._take(source, stretch)
        except FileNotFoundError:  # somebody removed the folder; it is met anew if it comes back
            return False
        except (DamagedError, OSError) as error:
            self._stop_source(source, error)
            return False
        return True

    def _take(self, source: _Source, stretch: Stretch) -> None:
        new = [frame for frame in stretch.records if frame.number > source.number]
        for frame in stretch.records:
            if sequence_of(frame.payload) != (source.name, frame.number):
                raise _damaged(
                    source.folder, f"record {frame.number} states another source or number"
                )
            if frame.number <= source.number:
                source.found[frame.number] = sha256(frame.payload).digest()
        if source.found and (source.met or new):
            self._compare(source)
        pending = None
        if new:
            source.met = True
            pending = self._sink.submit_many([frame.payload for frame in new])
            source.number = new[-1].number
        source.position = max(stretch.position, source.position)
        if source.met:
            self._taken.append(_Taken(source, pending, new, source.position))

    def _compare(self, source: _Source) -> None:
        """What the journal holds under numbers that the log has is what the log has."""
        if source.found:
            with self._sink.between_commits() as log:
                wrong = differing(log, source.name, dict(source.found))
            if wrong is not None:
                raise _damaged(source.folder, f"record {wrong} is not the one that the log has")
        source.found.clear()
        source.met = True

    # What the log has of them.

    def _settle(self, *, wait: bool = False) -> None:
        """Tells the recorders what has become durable."""
        told: dict[str, _Taken] = {}
        while self._taken and (wait or self._is_done(self._taken[0])):
            taken = self._taken.popleft()
            if taken.pending is not None:
                self._note(taken, taken.pending.indices())
            told[taken.source.name] = taken
        for taken in told.values():
            known = self._collected.of(taken.source.name)
            self._tell(taken.source, Progress(known.number, taken.position, known.head))

    def _tell(self, source: _Source, progress: Progress) -> None:
        if progress == source.told:
            return
        try:
            write_progress(source.folder, progress, self._disk)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._stop_source(source, error)
            return
        source.told = progress
        if not source.stopped:
            self._troubles.pop(source.name, None)

    @staticmethod
    def _is_done(taken: _Taken) -> bool:
        return taken.pending is None or taken.pending.done

    def _note(self, taken: _Taken, indices: range) -> None:
        if indices.start != self._collected.size:  # somebody else appends to this log too
            with self._sink.between_commits() as log:
                self._collected.catch_up(log, indices.start)
        last = taken.records[-1]
        known = Known(last.number, sha256(last.payload).digest())
        self._collected.note(taken.source.name, known, indices.stop)
        if self._collected.due:
            with self._sink.between_commits() as log:
                self._collected.save(log)


def differing(log: LeafReader, source: str, found: dict[int, bytes]) -> int | None:
    """The first record of ``found`` (number to leaf digest) that ``log`` has otherwise, or not.

    Reads the log from its end, only as far as it must.
    """
    end = log.size
    while found and end > 0:
        start = (end - 1) // 256 * 256
        for leaf in log.entries(start, end):
            stated = sequence_of(leaf)
            if stated is None or stated[0] != source or stated[1] not in found:
                continue
            if found.pop(stated[1]) != sha256(leaf).digest():
                return stated[1]
        end = start
    return min(found) if found else None


def _damaged(folder: Path, why: str, remedy: str = "") -> DamagedError:
    return DamagedError(
        f"could not collect journal {folder}: {why}",
        remedy=remedy or "keep the folder for whoever looks into it, and record under a new source",
    )
