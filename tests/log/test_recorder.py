"""The recorder: numbers without gaps, promises kept, fail closed, nothing dropped."""

import asyncio
import errno
import os
import threading
from pathlib import Path

import pytest

from quorate.core.errors import DamagedError, InputError, LockedError, UnavailableError
from quorate.core.filesystem import SystemFiles
from quorate.log.appender import Appender
from quorate.log.collector import Collector
from quorate.log.journal import journal_folder, segment_numbers, segment_path
from quorate.log.recorder import (
    REFUSE,
    JournalFullError,
    NotYetDurableError,
    Promise,
    Recorder,
    Wait,
)
from quorate.log.writer import Log
from tests.log.parties import create_log
from tests.log.recording import SOURCE, Direct, gaps, logged, make, making, meet


@pytest.fixture
def log(tmp_path):
    with create_log(tmp_path / "log") as log:
        yield log


@pytest.fixture
def journals(tmp_path) -> Path:
    return tmp_path / "journals"


@pytest.fixture
def collector(log, journals):
    with Collector(Direct(log), journals) as collector:
        yield collector


class Breaking(SystemFiles):
    """A disk on which the next write or sync of any file can be made to fail."""

    def __init__(self) -> None:
        self.refuse = ""
        self.short = False

    def write(self, descriptor: int, data: bytes) -> int:
        if self.refuse == "write":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return SystemFiles.write(descriptor, data[: len(data) // 2] if self.short else data)

    def fsync(self, descriptor: int) -> None:
        if self.refuse == "fsync":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        SystemFiles.fsync(descriptor)


def test_record__many_threads__numbered_without_gap_and_all_logged(log, journals):
    told: list[int] = []
    with (
        Appender(log, interval=0.001) as appender,
        Collector(appender, journals).running(),
        Recorder.open(journals, SOURCE, interval=0.002, segment_size=2000) as recorder,
    ):

        def work(name: int) -> None:
            for i in range(200):
                told.append(recorder.record(making(text=f"{name} {i}")))

        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        recorder.wait_durable(800)
        assert len(logged(log)) == 800
    assert sorted(told) == list(range(1, 801))
    assert gaps(log) == []
    assert len(segment_numbers(recorder.folder, SystemFiles())) < 30  # of more than 30


def test_record__durable__in_the_log_on_return(log, journals):
    with (
        Appender(log, interval=0.001) as appender,
        Collector(appender, journals).running(),
        Recorder.open(journals, SOURCE, promise=Promise.DURABLE) as recorder,
    ):
        for _ in range(3):
            number = recorder.record(make)
            assert log.entry(number) == make(number)
        number = recorder.record(make, Promise.RECORDED)
        asyncio.run(recorder.until_durable(number))
        assert log.entry(number) == make(number)


def test_wait_durable__many_threads__all_hear(log, journals):
    with (
        Appender(log, interval=0.001) as appender,
        Collector(appender, journals).running(),
        Recorder.open(journals, SOURCE, promise=Promise.DURABLE) as recorder,
    ):
        sizes: list[int] = []
        threads = [
            threading.Thread(target=lambda: sizes.append(log.size - recorder.record(make)))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert len(sizes) == 20


def test_wait_durable__nobody_collects__says_so_in_time(collector, journals):
    with meet(collector, journals) as recorder:
        number = recorder.record(make)
        with pytest.raises(NotYetDurableError, match=f"record {number} of {SOURCE}"):
            recorder.wait_durable(number, timeout=0.01)
        with pytest.raises(NotYetDurableError):
            asyncio.run(recorder.until_durable(number, timeout=0.01))


@pytest.mark.parametrize(
    "bad",
    [
        lambda n: make(n + 1),
        making("alice/other"),
        lambda n: b"no record",
        lambda n: make(n)[:-1],
        making(text="x" * 70_000),
    ],
)
def test_record__leaf_that_is_not_the_next__refused_and_number_not_used(collector, journals, bad):
    with meet(collector, journals) as recorder:
        with pytest.raises(InputError):
            recorder.record(bad)
        with pytest.raises(ZeroDivisionError):
            recorder.record(lambda n: b"%d" % (n // 0))
        assert recorder.record(make) == 1


def test_record__journal_full__refused_or_waits_and_goes_on(log, collector, journals):
    with meet(collector, journals, capacity=2000, when_full=REFUSE) as recorder:
        with pytest.raises(JournalFullError, match="bytes wait for the log"):
            for _ in range(100):
                recorder.record(make)
        full = recorder.next_number - 1
        collector.finish()
        assert len(logged(log)) == full
        assert recorder.record(make) == full + 1
    collector.finish()
    assert gaps(log) == []


def test_record__journal_full_and_time_to_wait__waits_for_room(log, journals):
    with (
        Appender(log, interval=0.001) as appender,
        Collector(appender, journals).running(),
        Recorder.open(journals, SOURCE, capacity=500, when_full=Wait(10)) as recorder,
    ):
        for _ in range(100):
            recorder.record(make)
        recorder.wait_durable(100)
    assert len(logged(log)) == 100


@pytest.mark.parametrize("how", ["refused", "short"])
def test_record__write_fails__refuses_all_until_opened_again(log, collector, journals, how):
    disk = Breaking()
    with pytest.raises(UnavailableError), meet(collector, journals, disk=disk) as recorder:
        recorder.record(make)
        disk.refuse, disk.short = "write" * (how == "refused"), how == "short"
        with pytest.raises(UnavailableError, match="could not write to journal"):
            recorder.record(making(text="half"))
        disk.refuse, disk.short = "", False
        with pytest.raises(UnavailableError, match="could not record"):
            recorder.record(make)
    with meet(collector, journals) as recorder:
        assert recorder.record(make) == 2
    collector.finish()
    assert logged(log) == {1: make(1), 2: make(2)}


def test_sync__fails__refuses_all_until_opened_again(log, collector, journals):
    disk = Breaking()
    recorder = meet(collector, journals, disk=disk)
    recorder.record(make)
    disk.refuse = "fsync"
    with pytest.raises(UnavailableError, match="Input/output"):
        recorder.sync()
    disk.refuse = ""
    for call in (lambda: recorder.record(make), recorder.sync, recorder.close):
        with pytest.raises(UnavailableError, match=r"could not record.*Input/output"):
            call()
    recorder.close()  # it is closed, and closed once
    with meet(collector, journals) as recorder:
        assert recorder.record(make) == 2


class Gated(SystemFiles):
    """A disk whose next sync fails while a write is under way; who writes waits to be let go."""

    def __init__(self) -> None:
        self.armed = False
        self.syncing, self.writing, self.go_on = (threading.Event() for _ in range(3))

    def fsync(self, descriptor: int) -> None:
        if self.armed:
            self.syncing.set()
            assert self.writing.wait(10)
            self.armed = False
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        SystemFiles.fsync(descriptor)

    def write(self, descriptor: int, data: bytes) -> int:
        if self.syncing.is_set():
            self.writing.set()
            assert self.go_on.wait(10)
        return SystemFiles.write(descriptor, data)


def heard_of(call) -> tuple[threading.Thread, list[str]]:
    """Calls in a thread; what was raised there."""
    heard: list[str] = []

    def run() -> None:
        try:
            call()
        except UnavailableError as error:
            heard.append(error.message)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, heard


def test_sync__fails_while_a_record_is_written__both_hear_and_it_is_not_forgotten(
    log, collector, journals
):
    disk = Gated()
    recorder = meet(collector, journals, disk=disk)
    recorder.record(make)
    disk.armed = True
    syncing, sync_heard = heard_of(recorder.sync)
    assert disk.syncing.wait(10)
    writing, write_heard = heard_of(lambda: recorder.record(make))
    while not recorder._broken:
        syncing.join(0.001)
    disk.go_on.set()
    syncing.join(10)
    writing.join(10)
    assert ["Input/output" in each for each in sync_heard + write_heard] == [True, True]
    for call in (lambda: recorder.record(make), recorder.sync, recorder.close):
        with pytest.raises(UnavailableError, match="Input/output"):
            call()
    with meet(collector, journals) as again:
        assert again.record(make) == 3  # 2 was with the kernel: it is recorded after all
    collector.finish()
    assert sorted(logged(log)) == [1, 2, 3]


def test_sync__while_a_record_is_written__waits_for_it_and_syncs(collector, journals):
    disk = Gated()
    with meet(collector, journals, disk=disk) as recorder:
        recorder.record(make)
        disk.syncing.set()  # writes wait from here on, syncs do not fail
        writing, _ = heard_of(lambda: recorder.record(make))
        assert disk.writing.wait(10)
        syncing, heard = heard_of(recorder.sync)
        syncing.join(0.05)
        assert syncing.is_alive()  # it was content with nothing synced, once
        disk.go_on.set()
        syncing.join(10)
        writing.join(10)
        assert heard == []
        assert recorder._synced > 0


def test_record__reserved_numbers_used_up__more_reserved_first(collector, journals):
    with meet(collector, journals) as recorder:
        for _ in range(3000):
            recorder.record(make)
        assert recorder.next_number == 3001


def test_open__power_cut__numbers_go_on_after_all_reserved(log, collector, journals):
    recorder = meet(collector, journals, boot="one")
    for _ in range(5):
        recorder.record(make)
    recorder._release()  # as if the machine had gone: no clean end
    with meet(collector, journals, boot="two") as again:
        assert again.missing == range(6, 1025)
        assert again.record(make) == 1025
    collector.finish()
    assert sorted(logged(log)) == [1, 2, 3, 4, 5, 1025]
    assert gaps(log) == [f"leaf 6: {SOURCE} has 1025 where 6 was due, 1019 missing"]
    with meet(collector, journals, boot="three") as clean:  # closed cleanly: no new gap
        assert clean.missing == range(0)
        assert clean.record(make) == 1026


def test_open__killed__same_boot__numbers_go_on(log, collector, journals):
    recorder = meet(collector, journals, boot="one")
    recorder.record(make)
    path = segment_path(recorder.folder, 1)
    recorder._release()
    path.write_bytes(path.read_bytes() + b"torn")
    with meet(collector, journals, boot="one") as again:
        assert again.record(make) == 2
    collector.finish()
    assert sorted(logged(log)) == [1, 2]


def test_open__bytes_changed_under_the_same_boot__damaged(collector, journals):
    recorder = meet(collector, journals, boot="one")
    recorder.record(make)
    path = segment_path(recorder.folder, 1)
    recorder._release()
    path.write_bytes(path.read_bytes().replace(b'"pad":""', b'"pad":"?"'))
    with pytest.raises(DamagedError, match="no frame"):
        Recorder.open(journals, SOURCE, boot="one")


def test_open__held_by_another__locked(collector, journals):
    with meet(collector, journals), pytest.raises(LockedError, match="another process holds it"):
        Recorder.open(journals, SOURCE)


def test_open__new_and_nobody_collects__says_so(journals):
    with pytest.raises(UnavailableError, match="no collector has said"):
        Recorder.open(journals, SOURCE, meeting=0.01)


@pytest.mark.parametrize("source", ["", "a//b", "../x", "a/.b", "a b", "a/", "x" * 101, ".x"])
def test_open__name_that_is_no_source__refused(journals, source):
    with pytest.raises(InputError, match="not a name"):
        Recorder.open(journals, source)


def test_fork__child__may_not_record_and_parent_goes_on(log, collector, journals):
    with meet(collector, journals) as recorder:
        recorder.record(make)
        child = os.fork()
        if child == 0:
            try:
                recorder.record(make)
            except UnavailableError as error:
                os._exit(7 if "forked" in error.message else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        with pytest.raises(LockedError):
            Recorder.open(journals, SOURCE)
        assert recorder.record(make) == 2
    collector.finish()
    assert sorted(logged(log)) == [1, 2]


def test_head__before_and_after_reopening__digest_of_the_last_leaf(log: Log, collector, journals):
    from hashlib import sha256

    with meet(collector, journals) as recorder:
        assert recorder.head == sha256(log.entry(0)).digest()
        recorder.record(make)
        assert recorder.head == sha256(make(1)).digest()
    for _ in range(2):
        with meet(collector, journals) as recorder:
            assert recorder.head == sha256(make(1)).digest()


def test_open__journal_lost_with_its_machine__begins_where_the_log_stands(log, collector, journals):
    with meet(collector, journals) as recorder:
        recorder.record(make)
        recorder.record(make)
    collector.finish()
    for path in recorder.folder.iterdir():
        path.unlink()
    with meet(collector, journals) as again:
        assert again.record(make) == 3
    collector.finish()
    assert sorted(logged(log)) == [1, 2, 3]
    assert journal_folder(journals, SOURCE) == again.folder
