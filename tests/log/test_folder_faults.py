"""What a log in a folder must survive that one kill at one write does not show.

Each case was once a way to lose an acknowledged record, to show two trees of one size, or to be
left with a log that would not open; the whole table is in `tests/fault/test_log_faults.py`.
"""

import errno
from collections.abc import Callable

import pytest

from quorate.core.errors import DamagedError, InputError, UnavailableError
from quorate.log.folder import FolderReader, FolderStorage
from quorate.log.fsck import check_log
from quorate.log.writer import Log
from tests.log.parties import ALICE, CLOCK, IDENTITY, ORIGIN
from tests.simulators.disk import Ended, Fault, SimulatedDisk
from tests.simulators.log_history import HEAD, PLACE, create_log, open_log
from tests.simulators.platter import FATES

NOTHING_KEPT = FATES["nothing kept"]


def new_disk(leaves: int = 0, *, shared: bool = False) -> SimulatedDisk:
    disk = SimulatedDisk()
    with create_log(disk, shared=shared) as log:
        log.append_many(b"leaf %d" % i for i in range(leaves))
    return disk


def killed_when(
    disk: SimulatedDisk, moment: Callable[[SimulatedDisk], bool], leaves: int, *, shared: bool
) -> SimulatedDisk:
    """The disk after an append that was killed at the first call after which ``moment`` is true."""
    reached = False

    def watch() -> None:
        nonlocal reached
        if not reached and moment(disk):
            reached = True
            raise Ended

    log = open_log(disk, shared=shared)
    disk.watch = watch
    with pytest.raises(Ended):
        log.append_many(b"first %d" % i for i in range(leaves))
    disk.watch = lambda: None
    return disk.killed()


def check(disk: SimulatedDisk) -> None:
    assert check_log(FolderReader(PLACE, disk=disk), IDENTITY).leftovers == ()


def seen(part: str) -> Callable[[SimulatedDisk], bool]:
    return lambda disk: any(part in path for path in disk.files())


@pytest.mark.parametrize("shared", [False, True])
def test_head__seen_by_a_reader_right_before_a_power_cut__is_not_taken_back(shared):
    disk = new_disk(3, shared=shared)
    before = disk.peek(HEAD)
    cut = killed_when(disk, lambda disk: disk.peek(HEAD) != before, 1, shared=shared)
    shown = cut.peek(HEAD)
    with open_log(cut.cut(NOTHING_KEPT), shared=shared) as log:
        assert log.size == 5
        assert log.checkpoint_note().encode() == shown


@pytest.mark.parametrize("shared", [False, True])
def test_folder__made_by_a_killed_writer__lasts_with_what_the_next_one_puts_into_it(shared):
    disk = new_disk(254, shared=shared)
    killed = killed_when(disk, lambda disk: _is_folder(disk, "1/000.p"), 9, shared=shared)
    with open_log(killed, shared=shared) as log:
        log.append_many(b"second %d" % i for i in range(9))
    with open_log(killed.cut(NOTHING_KEPT), shared=shared) as log:
        assert log.size == 264


def _is_folder(disk: SimulatedDisk, path: str) -> bool:
    try:
        disk._find(f"{PLACE}/tile/{path}")
    except OSError:
        return False
    return True


@pytest.mark.parametrize("shared", [False, True])
def test_leftovers__removed__do_not_come_back_when_the_power_goes(shared):
    disk = new_disk(3, shared=shared)
    before_the_head = seen(".checkpoint.next")  # its temporary file: the tiles are durable by then
    killed = killed_when(disk, before_the_head, 2, shared=shared)
    with open_log(killed, shared=shared) as log:
        log.append_many([b"other"] * 300)
    cut = killed.cut(NOTHING_KEPT)
    assert not seen("000.p/6")(cut)
    with open_log(cut, shared=shared) as log:
        assert log.size == 304
    check(cut)


def test_open_shared__power_cut_took_the_marker__stale_tiles_are_cleared_away():
    disk = new_disk(3, shared=True)
    killed = killed_when(disk, seen("000.p/6"), 2, shared=True)
    cut = killed.cut(FATES["everything kept"])
    cut.unlink(str(PLACE / ".writing"))
    with open_log(cut, shared=True) as log:
        log.append_many([b"other"] * 9)
    check(cut)


def test_create_shared__twice_at_once__one_genesis():
    disk = SimulatedDisk()
    first = FolderStorage(PLACE, shared=True, disk=disk)

    class Late(FolderStorage):
        """Finds no log there, and is overtaken before it commits."""

        late = True

        def head(self) -> bytes | None:
            head = super().head()
            if self._settled and self.late:
                self.late = False
                Log.create(first, ORIGIN, *ALICE.log_signers, CLOCK).close()
            return head

    with pytest.raises(InputError, match="there is one already"):
        Log.create(
            Late(PLACE, shared=True, disk=SimulatedDisk(disk.root)),
            ORIGIN,
            *ALICE.log_signers,
            CLOCK,
        )
    with open_log(disk, shared=True) as log:
        assert log.size == 1
    check(disk)


def test_open__older_head_waits_beside_a_newer_one__as_in_a_copy_of_a_log_at_work():
    disk = new_disk(3)
    older = disk.peek(HEAD)
    with open_log(disk) as log:
        log.append(b"more")
    descriptor = disk.open(str(PLACE / ".checkpoint.next"), 0o101)
    disk.write(descriptor, older or b"")
    disk.close(descriptor)
    with open_log(disk) as log:
        assert log.size == 5
    assert not seen(".next")(disk)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("verb", ["append", "open", "create"])
@pytest.mark.parametrize(
    ("trouble", "reason", "remedy"),
    [
        ("full", "No space left", "make room, then"),
        ("read_only", "Read-only file system", "make the file system writable, then"),
    ],
)
def test_log__full_or_read_only_disk__one_clear_message_and_on_with_it_later(
    verb, trouble, reason, remedy, shared
):
    disk = SimulatedDisk() if verb == "create" else new_disk(3, shared=shared)
    log = open_log(disk, shared=shared) if verb == "append" else None
    setattr(disk, trouble, True)
    acts = {
        "append": lambda: log.append(b"refused"),
        "open": lambda: open_log(disk, shared=shared).append(b"refused"),
        "create": lambda: create_log(disk, shared=shared),
    }
    with pytest.raises(UnavailableError) as caught:
        acts[verb]()
    assert str(PLACE) in caught.value.message and reason in caught.value.message
    assert caught.value.remedy.startswith(remedy)
    if log is not None:
        log.close()
    disk = disk.killed()  # frees the lock of the one that was opened and then refused
    with (create_log if verb == "create" else open_log)(disk, shared=shared) as log:
        size = log.size
        assert size == (1 if verb == "create" else 4)
        assert log.append(b"after") == size
    check(disk)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_append__disk_refuses_any_of_its_calls__nothing_lost_and_the_reason_told(number):
    disk = new_disk(3)
    for call in range(1, 200):
        refused = SimulatedDisk(disk.cut(FATES["everything kept"]).root)
        log = open_log(refused)
        refused.arm(call, Fault(number))
        try:
            log.append(b"one")
        except UnavailableError as error:
            assert error.message.startswith(f"could not write to log {PLACE}: ")
        ended = len(refused.calls) < call
        refused.arm()
        log.close()
        with open_log(refused) as log:
            log.append(b"two")
            leaves = list(log.entries(1))
        assert leaves[:3] == [b"leaf 0", b"leaf 1", b"leaf 2"] and leaves[-1] == b"two"
        check(refused)
        if ended:
            break
    assert call > 30


def test_open__disk_cannot_tell_whether_there_is_a_checkpoint__is_not_taken_for_none():
    disk = new_disk(3)
    disk.arm(1, Fault(errno.EIO))
    with pytest.raises(UnavailableError, match="Input/output"):
        open_log(disk)
    disk.arm(1, Fault(errno.EIO))
    with pytest.raises(UnavailableError, match="Input/output"):
        create_log(disk)
    with open_log(disk) as log:
        assert log.size == 4


def test_open__checkpoint_gone__refused_not_begun_anew():
    disk = new_disk(3)
    disk.unlink(HEAD)
    with pytest.raises(DamagedError, match="checkpoint is lost"):
        create_log(disk)
    assert seen("tile/entries/000.p/4")(disk)
