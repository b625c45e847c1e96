"""A world of one log: writers that race, witnesses, monitors, a bad network, disks and power.

Everything happens in one thread, in the order of a virtual clock, and is drawn from one seed. The
network delays messages, loses some, delivers some twice, and so reorders them. Monitors look at
the log between events and between any two calls of a commit. Writers are killed, their disks
fail, and the power goes for all of them at once; after that a writer opens the log before the
monitors look again, as a server starts what writes before what serves.
"""

import errno
import heapq
import random
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from quorate.core.errors import DamagedError, UnavailableError
from quorate.core.sources import SteppedClock
from quorate.log.checkpoint import Checkpoint
from quorate.log.folder import FolderReader, FolderStorage
from quorate.log.fsck import check_log
from quorate.log.memory import MemoryStorage
from quorate.log.monitor import Head, look
from quorate.log.note import Note
from quorate.log.storage import HeadMovedError, ListedReader, LogStorage
from quorate.log.verify import verify_note
from quorate.log.witness import Witness, WitnessedLog
from quorate.log.witness_protocol import AddCheckpoint, StaleSizeError
from quorate.log.writer import Log
from tests.log.parties import ALICE, IDENTITY, ORIGIN, WITNESS_IDENTITIES, WITNESSES
from tests.simulators.disk import Ended, Fault, SimulatedDisk
from tests.simulators.log_history import PLACE, Broken, History
from tests.simulators.platter import FATES, Folder

FAULTS = [Fault(), Fault(done=True), Fault(errno.EIO), Fault(errno.ENOSPC), Fault(short=True)]
LOST, TWICE = 0.1, 0.1  # shares of messages


class Site(Protocol):
    """Where the log lies."""

    def storage(self, watch: Callable[[], None]) -> tuple[LogStorage, SimulatedDisk | None]:
        """Access for one process, and the disk under it if there is one."""
        ...

    def reader(self) -> ListedReader:
        """Access for whoever only reads."""
        ...

    def cut(self, dice: random.Random) -> None:
        """The power goes."""
        ...


class MemorySite:
    """A log in memory: it has no disk that could fail."""

    def __init__(self) -> None:
        self._log = MemoryStorage(shared=True)

    def storage(self, watch: Callable[[], None]) -> tuple[LogStorage, SimulatedDisk | None]:
        """Joins."""
        return self._log.joined(), None

    def reader(self) -> ListedReader:
        """Joins."""
        return self._log.joined()

    def cut(self, dice: random.Random) -> None:
        """Memory stands for a database elsewhere, which keeps what was committed."""


class FolderSite:
    """A shared folder on a simulated disk."""

    def __init__(self) -> None:
        self._root = Folder()

    def storage(self, watch: Callable[[], None]) -> tuple[LogStorage, SimulatedDisk | None]:
        """A process's own descriptors on the one disk."""
        disk = SimulatedDisk(self._root)
        disk.watch = watch
        return FolderStorage(PLACE, shared=True, disk=disk), disk

    def reader(self) -> ListedReader:
        """As `storage`."""
        return FolderReader(PLACE, disk=SimulatedDisk(self._root))

    def cut(self, dice: random.Random) -> None:
        """The disk as the cut leaves it."""
        fate = FATES[dice.choice(sorted(FATES))]
        self._root = SimulatedDisk(self._root).cut(fate, dice.random()).root


class Writer:
    """A process that appends and has its heads cosigned."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.log: Log | None = None
        self.disk: SimulatedDisk | None = None
        self.sizes = [0] * len(WITNESSES)


class World:
    """One seeded run; `run` raises `Broken` when a promise is broken."""

    def __init__(self, seed: int, site: Site, writers: int = 3, monitors: int = 2) -> None:
        self.counts: Counter[str] = Counter()
        self.told: dict[int, bytes] = {}
        self._site = site
        self._dice = random.Random(f"world {seed}")
        self._clock = SteppedClock()
        self._start = self._clock.now_ns()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._posted = 0
        self._history = History()
        self._logs = {ORIGIN: WitnessedLog.of(IDENTITY)}
        self._witnesses = [
            Witness(identity.name, witness.witness_signer, None, self._clock)
            for identity, witness in zip(WITNESS_IDENTITIES, WITNESSES, strict=True)
        ]
        self._writers = [Writer(number) for number in range(writers)]
        self._monitors: list[Head | None] = [None] * monitors
        self._over = False

    def run(self, seconds: float) -> None:
        """Lives for ``seconds`` of the virtual clock, comes to rest, and is judged."""
        storage, _ = self._site.storage(self._watch)
        Log.create(storage, ORIGIN, *ALICE.log_signers, self._clock).close()
        for writer in self._writers:
            self._open(writer)
            self._later(self._dice.random(), lambda writer=writer: self._work(writer))
        for number in range(len(self._monitors)):
            self._later(self._dice.random(), lambda number=number: self._monitor(number))
        self._later(1, self._mischief)
        while self._events:
            at, _, event = heapq.heappop(self._events)
            self._over = at > seconds
            self._clock.sleep(self._start / 1e9 + at - self._clock.now_ns() / 1e9)
            event()
            self._history.saw(self._head())
        self._judge()

    # Writers.

    def _open(self, writer: Writer) -> None:
        storage, writer.disk = self._site.storage(self._watch)
        writer.log = Log.open(storage, ORIGIN, *ALICE.log_signers, self._clock)

    def _work(self, writer: Writer) -> None:
        if not self._over:
            self._later(self._dice.uniform(0, 0.5), lambda: self._work(writer))
        if writer.log is None:
            self._open(writer)
        log = writer.log
        assert log is not None
        name = f"{writer.number} at {self._posted}"
        count = self._dice.choice([1, 1, 2, 20, 150])
        leaves = [f"{name}: {i}".encode() for i in range(count)]

        def append() -> None:
            start = log.append_many(leaves).start
            self.told |= {start + i: leaf for i, leaf in enumerate(leaves)}
            self.counts["appended"] += count
            note = log.checkpoint_note()
            self._history.saw(note.encode())
            for number in range(len(self._witnesses)):
                proof = log.consistency(min(writer.sizes[number], log.size))
                request = AddCheckpoint.of(min(writer.sizes[number], log.size), proof, note)
                self._send(lambda n=number, r=request: self._witness(n, r, writer, log))

        self._try(writer, append)

    def _try(self, writer: Writer, act: Callable[[], None]) -> None:
        """Whatever befalls the writer, it is opened again when it next has work."""
        try:
            act()
        except HeadMovedError:
            self.counts["outraced"] += 1
        except (UnavailableError, DamagedError):  # damaged: a file of its own cannot be read
            if writer.disk is None or writer.log is None or not writer.disk.struck:
                raise
            self.counts["failed"] += 1
            writer.disk.arm()
            writer.log.close()
            writer.log = None
        except Ended:
            self.counts["killed"] += 1
            self._kill(writer)

    def _kill(self, writer: Writer) -> None:
        if writer.disk is not None:
            writer.disk.killed()
        writer.log = None

    def _cosigned(
        self, writer: Writer, log: Log, number: int, note: Note, lines: tuple[str, ...]
    ) -> None:
        writer.sizes[number] = max(writer.sizes[number], Checkpoint.parse(note.text).size)
        if writer.log is not log:
            return  # another process meanwhile: it has heard of nothing

        def add() -> None:
            if Note.parse(log.checkpoint_note()).text == note.text:
                log.add_cosignatures(lines, WITNESS_IDENTITIES)
                self.counts["cosigned"] += 1

        self._try(writer, add)

    # Witnesses.

    def _witness(self, number: int, request: AddCheckpoint, writer: Writer, log: Log) -> None:
        try:
            lines = self._witnesses[number].add_checkpoint(request, self._logs)
        except StaleSizeError as error:
            if type(error) is not StaleSizeError:
                raise Broken(f"forked, says a witness: {error.message}") from None
            self.counts["stale"] += 1
            size = error.size
            self._send(lambda: _learn(writer, number, size))
            return
        self.counts["witnessed"] += 1
        self._send(lambda: self._cosigned(writer, log, number, request.note, lines))

    # Monitors.

    def _monitor(self, number: int) -> None:
        if not self._over:
            self._later(self._dice.uniform(0, 1), lambda: self._monitor(number))
        _, self._monitors[number] = look(
            self._site.reader(),
            IDENTITY,
            lambda text: verify_note(text, IDENTITY),
            self._monitors[number],
            full=self._dice.random() < 0.1,
        )
        self.counts["looked"] += 1

    def _watch(self) -> None:
        """Between two calls of some writer."""
        self._history.saw(self._head())
        if self._monitors[0] is not None and self._dice.random() < 0.02:
            self.counts["looked amid a commit"] += 1
            number = self._dice.randrange(len(self._monitors))
            over, self._over = self._over, True  # this look is none of its regular ones
            self._monitor(number)
            self._over = over

    def _head(self) -> bytes | None:
        return self._site.reader().read("checkpoint", 2**20) if self._created() else None

    def _created(self) -> bool:
        return self._site.reader().length("checkpoint") is not None  # type: ignore[attr-defined]

    # What goes wrong.

    def _mischief(self) -> None:
        if self._over:
            return
        self._later(self._dice.uniform(0, 2), self._mischief)
        writer = self._dice.choice(self._writers)
        if self._dice.random() < 0.3:
            self.counts["power cuts"] += 1
            for each in self._writers:
                self._kill(each)
            self._site.cut(self._dice)
            self._open(writer)
        elif writer.disk is not None and writer.log is not None:
            writer.disk.arm(self._dice.randint(1, 150), self._dice.choice(FAULTS))
        else:
            self._kill(writer)
            self.counts["killed"] += 1

    # Time and network.

    def _later(self, seconds: float, event: Callable[[], None]) -> None:
        now = (self._clock.now_ns() - self._start) / 1e9
        self._posted += 1
        heapq.heappush(self._events, (now + seconds, self._posted, event))

    def _send(self, delivery: Callable[[], None]) -> None:
        self.counts["sent"] += 1
        for _ in range(2 if self._dice.random() < TWICE else 1):
            if self._dice.random() >= LOST:
                self._later(self._dice.expovariate(4), delivery)

    # The end.

    def _judge(self) -> None:
        """One history: every leaf told is at its index, every head ever seen is one of it."""
        for writer in self._writers:
            if writer.disk is not None:
                writer.disk.arm()
            self._kill(writer)
        writer = self._writers[0]
        self._open(writer)
        log = writer.log
        assert log is not None
        log.append(b"the end")
        leaves = list(log.entries())
        self._history.acknowledged = leaves
        self._history.check_log(log)
        for index, leaf in self.told.items():
            if index >= log.size or leaves[index] != leaf:
                raise Broken(f"an acknowledged leaf is lost: {index}")
        for number in range(len(self._monitors)):
            self._monitor(number)
        for seen in (each for witness in self._witnesses for each in witness.seen()):
            if log.root_at(seen.checkpoint.size) != seen.checkpoint.root:
                raise Broken("forked: a witness has seen another tree")
        if check_log(self._site.reader(), IDENTITY).leftovers:
            raise Broken("leftovers")


def _learn(writer: Writer, number: int, size: int) -> None:
    writer.sizes[number] = max(writer.sizes[number], size)
