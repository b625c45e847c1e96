"""Group commit: everybody's record once, in order, durable before anybody hears of it."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from quorate.core.errors import InputError, UnavailableError
from quorate.core.files import observe_writes
from quorate.core.filesystem import SystemFiles
from quorate.log.appender import Appender, FullError
from quorate.log.folder import FolderStorage
from quorate.log.fsck import check_log
from quorate.log.verify import verify_receipt
from quorate.log.writer import Log
from tests.log.parties import ALICE, CLOCK, IDENTITY, ORIGIN, create_log, leaf, open_log


@pytest.fixture
def log(tmp_path) -> Iterator[Log]:
    with create_log(tmp_path) as log:
        yield log


class Gate(SystemFiles):
    """A disk on which nothing gets done until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.opened.set()
        self.broken = False

    def fsync(self, descriptor: int) -> None:
        assert self.opened.wait(10)
        if self.broken:
            raise OSError(5, "Input/output error")
        SystemFiles.fsync(descriptor)


@pytest.fixture
def gated(tmp_path) -> Iterator[tuple[Log, Gate]]:
    gate = Gate()
    storage = FolderStorage(tmp_path / "gated", disk=gate)
    with Log.create(storage, ORIGIN, *ALICE.log_signers, CLOCK) as log:
        yield log, gate
        gate.opened.set()


def test_submit__many_threads__each_record_once_and_in_its_threads_order(log, tmp_path):
    with Appender(log, interval=0.001) as appender:

        def write(name: str, told: dict[str, list[int]]) -> None:
            tickets = [appender.submit(f"{name} {i}".encode()) for i in range(200)]
            told[name] = [ticket.result().index for ticket in tickets]

        told: dict[str, list[int]] = {}
        threads = [threading.Thread(target=write, args=(f"w{k}", told)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert log.size == 801
    assert sorted(i for indices in told.values() for i in indices) == list(range(1, 801))
    for name, indices in told.items():
        assert indices == sorted(indices)
        assert [log.entry(i) for i in indices] == [f"{name} {i}".encode() for i in range(200)]
    assert check_log(tmp_path, IDENTITY).size == 801


def test_commits__under_load__no_oftener_than_the_interval(log):
    heads: list[str] = []
    with (
        observe_writes(lambda when, name: heads.append(name) if when == "after" else None),
        Appender(log, interval=0.2) as appender,
    ):
        appender.append_now(b"first")  # at once: nothing was committed lately
        for i in range(300):
            appender.submit(leaf(i))
        appender.flush()
        for i in range(300):
            appender.submit(leaf(i))
    assert heads.count("checkpoint") == 3
    assert log.size == 602


def test_append__from_an_event_loop__index_and_receipt(log):
    async def work() -> list[tuple[int, str | None]]:
        with Appender(log, interval=0.001) as appender:
            tasks = [appender.append(leaf(i), receipt=i % 2 == 0) for i in range(1, 301)]
            return [(done.index, done.receipt) for done in await asyncio.gather(*tasks)]

    done = asyncio.run(work())
    assert [index for index, _ in done] == list(range(1, 301))
    for index, receipt in done:
        assert (receipt is not None) == (index % 2 == 0)
        if receipt is not None:
            assert verify_receipt(receipt, leaf(index), IDENTITY).index == index


def test_append__cancelled_while_waiting__others_still_hear(gated):
    log, gate = gated

    async def work() -> int:
        with Appender(log, interval=0) as appender:
            gate.opened.clear()
            first, second = (asyncio.create_task(appender.append(leaf(i))) for i in (1, 2))
            await asyncio.sleep(0.05)
            first.cancel()
            gate.opened.set()
            with pytest.raises(asyncio.CancelledError):
                await first
            return (await second).index

    assert asyncio.run(work()) in {1, 2}
    assert sorted(log.entries(1)) == [leaf(1), leaf(2)]  # taken before it was cancelled


def test_submit__queue_full__waits_or_says_so_and_loses_nothing(gated):
    log, gate = gated
    with Appender(log, interval=0, waiting=1000) as appender:
        gate.opened.clear()
        taken = [appender.submit(b"a" * 300)]
        with pytest.raises(FullError, match="too many are waiting"):
            for _ in range(10):
                taken.append(appender.submit(b"a" * 300, wait=False))
        assert 2 <= len(taken) <= 3
        late: list[int] = []
        waiting = threading.Thread(
            target=lambda: late.append(appender.append_now(b"waited").index), daemon=True
        )
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive()
        gate.opened.set()
        waiting.join(10)
        assert [t.result(10).index for t in taken] == list(range(1, len(taken) + 1))
    assert late == [len(taken) + 1]
    assert log.size == len(taken) + 2


def test_append__queue_full_in_an_event_loop__waits_without_blocking_it(gated):
    log, gate = gated

    async def work() -> list[int]:
        with Appender(log, interval=0, waiting=1000) as appender:
            gate.opened.clear()
            tasks = [asyncio.create_task(appender.append(b"a" * 300)) for _ in range(20)]
            await asyncio.sleep(0.05)  # the loop runs on though the queue is full
            assert not any(task.done() for task in tasks)
            gate.opened.set()
            return [done.index for done in await asyncio.gather(*tasks)]

    assert sorted(asyncio.run(work())) == list(range(1, 21))


def test_submit_many__larger_than_the_queue__in_a_row_under_one_checkpoint(log):
    with Appender(log, interval=0, waiting=1000) as appender:
        appender.submit(b"before")
        indices = appender.append_many(leaf(i) for i in range(100))
    assert [log.entry(i) for i in indices] == [leaf(i) for i in range(100)]


def test_submit__too_long__refused_alone(log):
    with Appender(log) as appender:
        with pytest.raises(InputError, match="at most 65535"):
            appender.submit(bytes(65_536))
        with pytest.raises(InputError, match="at most 65535"):
            appender.append_many([b"good", bytes(65_536)])
        assert appender.append_now(b"good").index == 1
    assert log.size == 2


def test_commit__the_disk_fails__everybody_hears_and_nothing_more_is_taken(gated, tmp_path):
    log, gate = gated
    with Appender(log, interval=0) as appender:
        appender.append_now(b"safe")
        gate.opened.clear()
        first = appender.submit(b"first")
        second = appender.submit(b"second")
        gate.broken = True
        gate.opened.set()
        for ticket in (first, second):
            with pytest.raises(UnavailableError, match="Input/output error"):
                ticket.result(10)
        with pytest.raises(UnavailableError, match="open the log again"):
            appender.submit(b"third")
        with pytest.raises(UnavailableError, match="open the log again"):
            appender.append_many([b"fourth"])
    gate.broken = False
    log.close()
    with open_log(tmp_path / "gated") as log:
        assert log.entry(1) == b"safe"
        with Appender(log) as appender:
            assert appender.append_now(b"again").index == log.size - 1


def test_ticket__not_yet_durable__says_so_and_can_be_asked_again(gated):
    log, gate = gated
    with Appender(log, interval=0) as appender:
        gate.opened.clear()
        ticket = appender.submit(b"slow")
        with pytest.raises(UnavailableError, match=r"within 0\.01 seconds"):
            ticket.result(0.01)
        gate.opened.set()
        assert ticket.result(10).index == 1


def test_close__records_waiting__committed_first_and_then_nothing_is_taken(log):
    appender = Appender(log, interval=60)
    appender.append_now(b"first")
    tickets = [appender.submit(leaf(i)) for i in range(5)]
    appender.close()  # does not wait for the interval to pass
    assert [ticket.result(0).index for ticket in tickets] == [2, 3, 4, 5, 6]
    with pytest.raises(UnavailableError, match="being closed"):
        appender.submit(b"late")
    appender.close()
    appender.flush()


def test_between_commits__a_reader__sees_whole_commits_only(log):
    with Appender(log, interval=0) as appender:
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                appender.append_many([b"one", b"two", b"three"])

        writer = threading.Thread(target=write)
        writer.start()
        for _ in range(20):
            with appender.between_commits() as quiet:
                assert quiet.size % 3 == 1
                quiet.consistency(1)
        stop.set()
        writer.join()
        assert appender.size % 3 == 1
        assert verify_receipt(appender.receipt(1), b"one", IDENTITY).index == 1
