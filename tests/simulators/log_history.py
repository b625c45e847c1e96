"""What a log has told the world, and whether it still stands by it: the judge of every fault.

Fed with every head that was ever visible and everything acknowledged; asked after a fault. It
raises `Broken`, never an assertion of Python's own, so that a table can count what it says.
"""

from collections.abc import Sequence
from pathlib import Path

from quorate.core.errors import QuorateError
from quorate.core.filesystem import FileSystem
from quorate.log.checkpoint import Checkpoint
from quorate.log.folder import FolderReader, FolderStorage
from quorate.log.fsck import check_log
from quorate.log.note import Note
from quorate.log.writer import Log
from tests.log.parties import ALICE, CLOCK, IDENTITY, ORIGIN

PLACE = Path("/disk/log")
HEAD = str(PLACE / "checkpoint")
KEPT = {".lock", ".writing"}
"""Hidden files beside the checkpoint that are no leftovers."""


class Broken(Exception):
    """A promise of the log is broken; the message says which, in few words."""


class History:
    """Heads seen by anybody, and leaves and cosignatures that were acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: list[bytes] = []
        self.attempted: list[bytes] = []
        """Leaves of the one batch under way, which may be in the log or not."""
        self._roots: dict[int, bytes] = {}
        self._cosigned: tuple[int, set[str]] = (0, set())
        self._known: set[bytes] = set()

    def copy(self) -> "History":
        """A history of its own from here on."""
        other = History()
        other.acknowledged, other.attempted = [*self.acknowledged], [*self.attempted]
        other._roots, other._known = dict(self._roots), set(self._known)
        other._cosigned = self._cosigned
        return other

    def saw(self, head: bytes | None) -> None:
        """Somebody has read this checkpoint; two of one size must be of one tree."""
        if head is None or head in self._known:
            return
        try:
            checkpoint = Checkpoint.parse(Note.parse(head.decode()).text)
        except (QuorateError, UnicodeDecodeError):
            raise Broken("a head that is none was visible") from None
        if self._roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            raise Broken("forked: two heads of one size")
        self._known.add(head)

    def acknowledge(self, log: Log) -> None:
        """The log has told its caller that it holds what was attempted."""
        self.saw(log.checkpoint_note().encode())
        self.acknowledged += self.attempted
        self.attempted = []

    def acknowledge_cosignatures(self, log: Log) -> None:
        """The log has told its caller that its note bears a line of each of these witnesses."""
        note = log.checkpoint_note()
        self.saw(note.encode())
        self._cosigned = (log.size, _cosigners(note))

    def state(self) -> object:
        """What distinguishes this history from another."""
        told = (tuple(self.acknowledged), tuple(self.attempted), tuple(sorted(self._roots.items())))
        size, cosigners = self._cosigned
        return (*told, size, tuple(sorted(cosigners)))

    @property
    def created(self) -> bool:
        """Whether anybody has seen a head or been told of one."""
        return bool(self._roots)

    def check_log(self, log: Log) -> None:
        """The open ``log`` holds everything that was told."""
        leaves, count = list(log.entries()), len(self.acknowledged)
        self.saw(log.checkpoint_note().encode())
        if leaves[:count] != self.acknowledged:
            raise Broken("an acknowledged leaf is lost")
        if leaves[count:] not in ([], self.attempted):
            raise Broken("a batch is there in part")
        for size, root in self._roots.items():
            if size > log.size:
                raise Broken("a head that was visible is gone")
            if log.root_at(size) != root:
                raise Broken("forked: another tree than a head that was visible")
        size, cosigners = self._cosigned
        if size == log.size and not cosigners <= _cosigners(log.checkpoint_note()):
            raise Broken("an acknowledged cosignature is lost")
        self.acknowledged, self.attempted = leaves, []


def _cosigners(note: str) -> set[str]:
    """Who has signed beside the log: a line may be replaced by a newer one of the same witness."""
    return {line.name for line in Note.parse(note).signatures[2:]}


def check_files(disk: FileSystem) -> None:
    """The log's files are as its checkpoint says, and nothing else lies beside them."""
    report = check_log(FolderReader(PLACE, disk=disk), IDENTITY)
    if report.leftovers:
        raise Broken("leftovers below tile/")
    hidden = {name for name in disk.listdir(str(PLACE)) if name.startswith(".")}
    if hidden - KEPT:
        raise Broken("leftovers beside the checkpoint")


def open_log(disk: FileSystem, *, shared: bool = False) -> Log:
    """Opens the log of alice on ``disk``."""
    storage = FolderStorage(PLACE, shared=shared, disk=disk)
    return Log.open(storage, ORIGIN, *ALICE.log_signers, CLOCK)


def create_log(disk: FileSystem, *, shared: bool = False) -> Log:
    """Creates the log of alice on ``disk``."""
    storage = FolderStorage(PLACE, shared=shared, disk=disk)
    return Log.create(storage, ORIGIN, *ALICE.log_signers, CLOCK)


def append(log: Log, history: History, leaves: Sequence[bytes]) -> None:
    """Appends under the eyes of ``history``."""
    history.attempted = list(leaves)
    log.append_many(leaves)
    history.acknowledge(log)
