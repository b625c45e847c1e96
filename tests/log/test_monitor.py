"""A monitor against logs that grow, shrink, fork and are damaged; what it remembers of them."""

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.core.errors import (
    DamagedError,
    EncodingError,
    InputError,
    LockedError,
    UnavailableError,
    VerificationError,
)
from quorate.log.checkpoint import LogIdentity
from quorate.log.equivocation import Evidence, verify_equivocation
from quorate.log.folder import FolderReader
from quorate.log.memory import MemoryStorage
from quorate.log.monitor import ForkSeenError, Head, MonitorState, RollbackError, look
from quorate.log.verify import verify_note
from quorate.log.writer import Log
from tests.log.parties import ALICE, CLOCK, IDENTITY, MALLORY, ORIGIN, create_log, leaf, open_log


def check(note):
    return verify_note(note, IDENTITY)


def seen(reader, last=None, **options):
    return look(reader, IDENTITY, check, last, **options)[1]


def grown(shared, name, count):
    """A log of alice in memory: ``shared`` leaves that every such log has, then its own."""
    storage = MemoryStorage(name=name)
    log = Log.create(storage, ORIGIN, *ALICE.log_signers, CLOCK)
    log.append_many(leaf(i) for i in range(1, shared))
    log.append_many(f"{name} {i}".encode() for i in range(count))
    log.close()
    return storage


SIZES = st.integers(1, 700)


@settings(max_examples=40, deadline=None)
@given(shared=SIZES, more=st.lists(SIZES, max_size=3), full=st.booleans())
def test_look__at_a_log_that_grows__consistent_and_remembered(shared, more, full):
    storage = grown(shared, "a", 0)
    head = seen(storage, full=full)
    for count in more:
        with Log.open(storage, ORIGIN, *ALICE.log_signers, CLOCK) as log:
            log.append_many([b"more"] * count)
        before = head.checkpoint.size
        sighting, head = look(storage, IDENTITY, check, head, full=full)
        assert (sighting.before, sighting.checkpoint.size) == (before, before + count)
    assert Head.from_bytes(head.to_bytes()) == head
    assert head.checkpoint.size == shared + sum(more)
    assert head.entries == (head.checkpoint.size if full else 0)


@settings(max_examples=40, deadline=None)
@given(shared=SIZES, one=SIZES, more=st.integers(0, 600), full=st.booleans())
def test_look__at_a_fork__evidence_that_verifies(shared, one, more, full):
    head = seen(grown(shared, "a", one), full=full)
    with pytest.raises(ForkSeenError) as caught:
        seen(grown(shared, "b", one + more), head, full=full)
    assert caught.value.step == "monitor.fork"
    proven = verify_equivocation(str(caught.value.evidence), IDENTITY)
    assert (proven.smaller.size, proven.larger.size) == (shared + one, shared + one + more)


def test_look__twice_at_the_same__nothing_new():
    storage = grown(300, "a", 0)
    head = seen(storage)
    assert seen(storage, head) is head


def test_look__full_after_plain_looks__every_entry_hashed_from_the_first():
    storage = grown(300, "a", 10)
    head = seen(storage)
    assert seen(storage, head, full=True).entries == 310
    bad = dict(storage.objects)
    storage.objects["tile/entries/000"] = bad["tile/entries/000"][:-1] + b"\0"
    with pytest.raises(VerificationError) as caught:
        seen(storage, head, full=True)
    assert (caught.value.step, caught.value.place) == ("monitor.entries", "tile/entries/000")


def test_look__smaller_than_before__rollback():
    head = seen(grown(300, "a", 10))
    for reader in (grown(300, "a", 9), grown(300, "b", 0)):
        with pytest.raises(RollbackError, match="had 310") as caught:
            seen(reader, head)
        assert caught.value.step == "monitor.rollback"


@pytest.mark.parametrize("path", ["tile/0/001.p/54", "tile/1/000.p/1", "tile/0/000"])
def test_look__tile_missing_or_of_wrong_length__named(path):
    storage = grown(300, "a", 10)
    good = storage.objects[path]
    head = seen(grown(300, "a", 0))
    for bad in (None, good[:-1], b""):
        storage.objects.pop(path, None)
        if bad is not None:
            storage.objects[path] = bad
        for last in (None, head):
            if path == "tile/0/000":  # a plain look has no need of it, as a proof has not
                seen(storage, last)
                with pytest.raises(VerificationError) as caught:
                    seen(storage, None, full=True)
            else:
                with pytest.raises(VerificationError) as caught:
                    seen(storage, last)
            assert (caught.value.step, caught.value.place) == ("monitor.tiles", path)


def test_look__tiles_that_lead_nowhere__no_accusation():
    storage = grown(300, "a", 10)
    path = "tile/0/001.p/54"
    storage.objects[path] = bytes(len(storage.objects[path]))
    for last in (None, seen(grown(300, "a", 0))):
        with pytest.raises(VerificationError) as caught:
            seen(storage, last)
        assert caught.value.step == "monitor.tiles"
        assert not isinstance(caught.value, ForkSeenError)


def test_look__checkpoint_of_another_or_unreadable__refused():
    storage = grown(10, "a", 0)
    other = LogIdentity(ORIGIN, *(each.public_key for each in MALLORY.log_signers))
    with pytest.raises(VerificationError) as caught:
        look(storage, other, lambda note: verify_note(note, other), None)
    assert caught.value.step == "monitor.checkpoint"
    for head in (None, b"", b"\xff", b"no note"):
        storage.objects.pop("checkpoint", None)
        if head is not None:
            storage.objects["checkpoint"] = head
        with pytest.raises(VerificationError) as caught:
            seen(storage)
        assert caught.value.step == "monitor.checkpoint"


def test_look__memory_of_another_log__refused():
    head = seen(grown(10, "a", 0))
    other = LogIdentity(ORIGIN, *(each.public_key for each in MALLORY.log_signers))
    with pytest.raises(InputError, match="other keys"):
        look(grown(10, "a", 0), other, check, head)


def test_look__away__no_alarm():
    class Away:
        name = "away"

        def read(self, path, limit):
            raise UnavailableError("could not reach it")

    with pytest.raises(UnavailableError):
        seen(Away())


def test_state__remembered__survives_and_is_one_process_s(tmp_path):
    folder = tmp_path / "log"
    create_log(folder, 5).close()
    head = seen(FolderReader(folder))
    with MonitorState(tmp_path / "state") as state:
        assert state.last() is None
        state.remember(head)
        with pytest.raises(LockedError), MonitorState(tmp_path / "state"):
            pass
    with MonitorState(tmp_path / "state") as state:
        assert state.last() == head


def test_state__spoiled__refused_by_name(tmp_path):
    head = seen(grown(5, "a", 0))
    other = seen(grown(5, "b", 1))
    with MonitorState(tmp_path) as state:
        for data in (
            b"",
            b"{}",
            head.to_bytes()[:-1],
            head.to_bytes().replace(b'"entries":0', b'"entries":6'),
            head.to_bytes().replace(b'"entries":0', b'"entries":true'),
            Head(IDENTITY, head.note, other.peaks).to_bytes(),
            Head(IDENTITY, head.note, ()).to_bytes(),
        ):
            (tmp_path / "head.json").write_bytes(data)
            with pytest.raises(DamagedError, match=r"head\.json"):
                state.last()


def test_state__evidence__kept_under_its_sizes(tmp_path):
    head = seen(grown(5, "a", 1))
    with MonitorState(tmp_path) as state, pytest.raises(ForkSeenError) as caught:
        seen(grown(5, "b", 3), head)
    path = state.keep(caught.value.evidence)
    assert path.name == "6-8.equivocation"
    assert Evidence.parse(path.read_text()) == caught.value.evidence


@given(data=st.binary(max_size=400))
def test_head__of_strangers_bytes__our_error_only(data):
    for each in (data, b'{"entries":' + data):
        with pytest.raises(EncodingError):
            Head.from_bytes(each)


def test_look__log_opened_from_a_folder_copy__same_findings(tmp_path):
    create_log(tmp_path / "a", 300).close()
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    with open_log(tmp_path / "b") as log:
        log.append(b"more")
    head = seen(FolderReader(tmp_path / "b"))
    with pytest.raises(RollbackError):
        seen(FolderReader(tmp_path / "a"), head)
