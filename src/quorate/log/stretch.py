"""A stretch of a log: its bundles and level-0 tiles re-derived, in this process or beside others.

`fsck` cuts a log into stretches of fixed length, so that what it finds does not depend on how many
processes share the work. One bundle and one tile are held at a time; what comes back of a stretch
is 32 bytes for each of its tiles, and the numbers that its records state.
"""

import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from typing import Any

from quorate.core.errors import DamagedError, UnavailableError
from quorate.log.ahead import ReadAhead
from quorate.log.merkle import HASH_SIZE, hash_leaves, root_of
from quorate.log.sequence import Gap, sequence_of
from quorate.log.storage import LogReader, read_entries, read_hashes
from quorate.log.tiles import ENTRIES, TILE_WIDTH, Tile

STRETCH = 64  # tiles; 16,384 records
MAX_GAPS = 1000  # that are kept; the first one decides
_UNKNOWN = bytes(HASH_SIZE)  # the root of a tile that cannot be read; no root is this


@dataclass(frozen=True, slots=True)
class Run:
    """From leaf ``index`` on, ``source`` numbers ``count`` records of its own from ``number`` on.

    Other sources' records may stand between them.
    """

    source: str
    index: int
    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Fault:
    """The first bad place of a stretch: an object that cannot be used, or two that disagree.

    For two, a bundle and its ``tile``, ``derived`` is what the bundle gives: a whole tile's root,
    a partial tile's hashes.
    """

    tile: Tile
    why: str
    derived: bytes | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a stretch gives: ``roots`` of its whole level-0 tiles, the ``edge`` hashes after them.

    Both as the tiles hold them, which is what the bundles give where there is no ``fault``.
    """

    roots: bytes
    edge: bytes
    genesis: bytes | None
    runs: tuple[Run, ...]
    fault: Fault | None


class Numbering:
    """Puts the runs of all stretches together: the gaps, wherever the log was cut."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self._largest: dict[str, int] = {}
        self._following: dict[str, int] = {}

    def add(self, run: Run) -> None:
        """The next run, in the order of the log."""
        due = self._largest.get(run.source, 0) + 1
        goes_on = run.number in (due, self._following.get(run.source))
        if not goes_on and len(self.gaps) < MAX_GAPS:
            self.gaps.append(Gap(run.index, run.source, due, run.number))
        self._following[run.source] = run.number + run.count
        self._largest[run.source] = max(due, run.number + run.count) - 1


def stretches(files: LogReader, size: int, jobs: int) -> Iterator[Stretch]:
    """Every stretch of a log of ``size`` leaves, in order, made by at most ``jobs`` processes."""
    tiles = -(-size // TILE_WIDTH)
    starts = range(0, tiles, STRETCH)
    jobs = min(jobs, len(starts) // 2)  # starting a process costs more than a stretch
    if jobs < 2:
        yield from (derive(files, size, first) for first in starts)
        return
    # Started afresh: a forked copy of a process with threads may hold a lock that nobody frees.
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_ignore_interrupt) as pool:
        try:
            yield from _in_order(pool, files, size, iter(starts), 2 * jobs)
        except BrokenProcessPool:
            raise UnavailableError(
                "could not check a log: one of the processes was ended from outside",
                remedy="use fewer --jobs, or make memory free",
            ) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor, files: LogReader, size: int, starts: Iterator[int], ahead: int
) -> Iterator[Stretch]:
    waiting: deque[Future[Stretch]] = deque()
    for first in islice(starts, ahead):
        waiting.append(pool.submit(_derive_elsewhere, files, size, first))
    while waiting:
        yield waiting.popleft().result()
        for first in islice(starts, 1):
            waiting.append(pool.submit(_derive_elsewhere, files, size, first))


def _ignore_interrupt() -> None:
    """A terminal interrupts all processes at once; the one that asked for the work decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _derive_elsewhere(files: LogReader, size: int, first: int) -> Stretch:
    """`derive` in another process, to which a reader with connections comes with none open."""
    with ExitStack() as ended:
        if hasattr(files, "close"):
            ended.callback(files.close)
        return derive(files, size, first)


def derive(files: LogReader, size: int, first: int) -> Stretch:
    """The stretch from bundle ``first`` on, of a log of ``size`` leaves.

    What is wrong with it is told, not raised; `UnavailableError` if it cannot be read now.
    """
    indices = range(first, min(first + STRETCH, -(-size // TILE_WIDTH)))
    pairs = [_pair(index, size) for index in indices]
    with _ahead(files, [tile.path for pair in pairs for tile in pair]) as reader:
        work = _Work(reader)
        for tile, bundle in pairs:
            work.take(tile, bundle)
    runs = tuple(Run(*run) for run in work.runs)
    return Stretch(bytes(work.roots), work.edge, work.genesis, runs, work.fault)


def _pair(index: int, size: int) -> tuple[Tile, Tile]:
    """A level-0 tile and the bundle below it."""
    width = min(TILE_WIDTH, size - index * TILE_WIDTH)
    return Tile(0, index, width), Tile(ENTRIES, index, width)


def _ahead(files: LogReader, paths: list[str]) -> AbstractContextManager[LogReader]:
    """A reader that can answer several questions at once is asked several."""
    lines = getattr(files, "lines", 1)
    return ReadAhead(files, paths, lines) if lines > 1 else nullcontext(files)


@dataclass(slots=True)
class _Work:
    files: LogReader
    roots: bytearray = field(default_factory=bytearray)
    edge: bytes = b""
    genesis: bytes | None = None
    runs: list[list[Any]] = field(default_factory=list)  # a Run's fields
    fault: Fault | None = None
    _open: dict[str, list[Any]] = field(default_factory=dict)

    def take(self, tile: Tile, bundle: Tile) -> None:
        """A tile and its bundle; after the first fault only what tells who is to blame."""
        try:
            hashes = read_hashes(self.files, tile)
        except DamagedError as error:
            self._blame(Fault(tile, error.fields["why"]))
            hashes = []
        self._keep(hashes, tile.width)
        if self.fault is not None:
            return
        try:
            entries = read_entries(self.files, bundle)
        except DamagedError as error:
            self._blame(Fault(bundle, error.fields["why"]))
            return
        derived = hash_leaves(entries)
        if derived != hashes:
            shown = root_of(derived) if tile.width == TILE_WIDTH else b"".join(derived)
            self._blame(Fault(tile, "entries and level-0 hashes disagree", shown))
        if tile.index == 0:
            self.genesis = entries[0]
        self._follow(entries, tile.index * TILE_WIDTH)

    def _blame(self, fault: Fault) -> None:
        self.fault = self.fault or fault

    def _keep(self, hashes: list[bytes], width: int) -> None:
        if width < TILE_WIDTH:
            self.edge = b"".join(hashes)
        else:
            self.roots += root_of(hashes) if hashes else _UNKNOWN

    def _follow(self, entries: list[bytes], start: int) -> None:
        for index, entry in enumerate(entries, start):
            stated = sequence_of(entry)
            if stated is None:
                continue
            source, number = stated
            run = self._open.get(source)
            if run is not None and number == run[2] + run[3]:
                run[3] += 1
            else:
                self._open[source] = run = [source, index, number, 1]
                self.runs.append(run)
