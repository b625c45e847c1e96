"""Recorders and collectors of the tests: known leaves, a log that commits at once, checks."""

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from quorate.core.filesystem import SYSTEM, FileSystem
from quorate.log.collector import Collector
from quorate.log.folder import FolderStorage
from quorate.log.recorder import Recorder
from quorate.log.sequence import Sequences, sequence_of
from quorate.log.writer import Log
from tests.log.parties import ALICE, CLOCK, ORIGIN

SOURCE = "alice/serving"


def making(source: str = SOURCE, text: str = "") -> Callable[[int], bytes]:
    """What a recorder of ``source`` calls; ``text`` goes into the record."""

    def make(number: int) -> bytes:
        return b'{"pad":"%b","seq":%d,"source":"%b"}' % (text.encode(), number, source.encode())

    return make


make = making()


class Done:
    """Records that are in the log."""

    done = True

    def __init__(self, where: range) -> None:
        self._where = where

    def indices(self) -> range:
        return self._where


class Direct:
    """A log's appender without a thread: what is submitted is committed at once."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def submit_many(self, leaves: Iterable[bytes]) -> Done:
        return Done(self.log.append_many(leaves))

    def between_commits(self) -> AbstractContextManager[Log]:
        return nullcontext(self.log)


def open_or_create(folder: Path, disk: FileSystem = SYSTEM) -> Log:
    """The log of alice in ``folder``."""
    storage = FolderStorage(folder, disk=disk)
    if storage.head() is None:
        return Log.create(storage, ORIGIN, *ALICE.log_signers, CLOCK)
    return Log.open(storage, ORIGIN, *ALICE.log_signers, CLOCK)


def meet(collector: Collector, journals: Path, source: str = SOURCE, **options) -> Recorder:
    """Opens a recorder while ``collector`` looks, in this thread."""
    opened: list[Recorder | BaseException] = []

    def open_() -> None:
        try:
            opened.append(Recorder.open(journals, source, interval=None, **options))
        except BaseException as error:
            opened.append(error)

    thread = threading.Thread(target=open_)
    thread.start()
    while thread.is_alive():
        collector.look()
        thread.join(0.001)
    if isinstance(opened[0], BaseException):
        raise opened[0]
    return opened[0]


def logged(log: Log, source: str = SOURCE) -> dict[int, bytes]:
    """Number to leaf of every record of ``source``; each number once, rising."""
    found: dict[int, bytes] = {}
    last = 0
    for leaf in log.entries(1):
        stated = sequence_of(leaf)
        if stated is not None and stated[0] == source:
            assert stated[1] > last, f"{stated[1]} after {last}"
            last = stated[1]
            found[last] = leaf
    return found


def gaps(log: Log) -> list[str]:
    """The gaps in all sources' numbers."""
    sequences = Sequences()
    sequences.add(log.entries(), 0)
    return [str(gap) for gap in sequences.gaps]
