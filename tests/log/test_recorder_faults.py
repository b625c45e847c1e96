"""Any call to the disk fails, or is the last: no number twice, nothing durable lost.

One script plays a recorder and a collector over one simulated disk: it records, syncs, collects,
turns segments over, closes, opens again. At a call of it the disk refuses, or does
what it was asked and then refuses, writes half, or everything ends there, by a kill or a power
cut. Then both are opened again and go on.
"""

import errno
from pathlib import Path

import pytest

from quorate.core.errors import QuorateError, UnavailableError
from quorate.core.files import make_folder
from quorate.log.collector import Collector
from quorate.log.journal import journal_folder
from quorate.log.recorder import Recorder
from quorate.log.writer import Log
from tests.log.recording import SOURCE, Direct, gaps, logged, making, open_or_create
from tests.simulators.disk import Ended, Fault, SimulatedDisk
from tests.simulators.platter import FATES

JOURNALS, LOG = Path("/journals"), Path("/log")
SHARE = 6  # of so many calls each test takes one, another one for another fault or fate
FAULTS = {
    "refused": Fault(errno.EIO),
    "done but refused": Fault(errno.EIO, done=True),
    "half": Fault(errno.ENOSPC, short=True),
    "killed before": Fault(),
    "killed after": Fault(done=True),
}


class World:
    """A recorder and a collector on one disk, and what they were told."""

    def __init__(self, disk: SimulatedDisk, boot: str = "one") -> None:
        self.disk, self.boot = disk, boot
        self.recorded: dict[int, str] = {}
        self.synced = 0  # the number up to which `sync` had returned
        self.durable = 0
        self.at_risk: set[int] = set()  # numbers that a power cut may have taken
        self.runs = 0
        self.recorder: Recorder | None = None

    def prepare(self) -> None:
        """A log, and a journal that a collector has met: what no fault is injected into."""
        make_folder(JOURNALS, disk=self.disk)
        with open_or_create(LOG, self.disk) as log, self.collecting(log) as collector:
            self.meet(collector)

    def collecting(self, log: Log) -> Collector:
        return Collector(Direct(log), JOURNALS, disk=self.disk)

    def meet(self, collector: Collector) -> None:
        """What a recorder of a new journal waits for."""
        make_folder(journal_folder(JOURNALS, SOURCE), disk=self.disk)
        collector.look()

    def play(self) -> None:
        """Records, collects, closes and opens again, twice."""
        for _ in range(2):
            with open_or_create(LOG, self.disk) as log, self.collecting(log) as collector:
                self.meet(collector)
                self.open_recorder()
                for round_ in range(4):
                    self.record(3)
                    if round_ % 2 == 0:
                        collector.look()
                        self.durable = max(self.durable, *logged(log), 0)
                    self.recorder.sync()
                    self.synced = max(self.recorded)
                self.record(2)
                self.recorder.close()
                self.synced = max(self.recorded)
                self.record_nothing_more()
                collector.finish()
                self.durable = max(self.durable, *logged(log))
                assert self.durable >= self.synced, "the journal was given up"

    def open_recorder(self) -> None:
        self.recorder = Recorder.open(
            JOURNALS,
            SOURCE,
            interval=None,
            meeting=0,
            segment_size=400,
            boot=self.boot,
            disk=self.disk,
        )

    def record(self, count: int) -> None:
        self.runs += 1
        for i in range(count):
            text = f"{self.boot} {self.runs} {i}"
            number = self.recorder.record(making(text=text))
            assert number not in self.recorded
            self.recorded[number] = text

    def record_nothing_more(self) -> None:
        with pytest.raises(UnavailableError, match="closed"):
            self.record(1)

    def successor(self, disk: SimulatedDisk, boot: str) -> "World":
        """What goes on after a kill, or under another boot id after a power cut."""
        world = World(disk, boot)
        world.recorded, world.runs = dict(self.recorded), self.runs
        if boot != self.boot:
            known = max(self.durable, self.synced)
            world.at_risk = {number for number in self.recorded if number > known}
        return world

    def check(self) -> None:
        """Everything recorded is in the log as it was recorded; what a cut took is a gap."""
        with open_or_create(LOG, self.disk) as log:
            found = logged(log)
            for number, text in self.recorded.items():
                if number in found or number not in self.at_risk:
                    assert found[number] == making(text=text)(number)
            missing = set(range(1, max(found) + 1)) - set(found)
            assert bool(missing) == bool(gaps(log))
            assert not missing or self.boot == "two"


def calls_of_a_run() -> list[str]:
    world = World(SimulatedDisk())
    world.prepare()
    world.disk.arm()
    world.play()
    calls = world.disk.calls
    world.check()
    return list(calls)


def share(first: int, verb: str = "") -> list[int]:
    """Which calls of a run a test takes: of those of ``verb``, if one is given."""
    calls = [n for n, each in enumerate(calls_of_a_run(), start=1) if verb in ("", each)]
    assert len(calls) > 50
    return calls[first % SHARE :: SHARE]


def faulted(call: int, fault: Fault) -> World | None:
    """A world in which ``fault`` happened at ``call``; None if it came to no harm by it."""
    world = World(SimulatedDisk())
    world.prepare()
    world.disk.arm(call, fault)
    try:
        world.play()
    except (Ended, QuorateError, OSError):
        return world
    return world


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_any_call__fails_or_is_the_last__same_boot_nothing_recorded_lost(name):
    for call in share(list(FAULTS).index(name)):
        world = faulted(call, FAULTS[name])
        after = world.successor(world.disk.killed(), "one")
        after.play()
        after.check()


@pytest.mark.slow
@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("name", ["killed before", "killed after"])
def test_any_call__power_cut__durable_and_synced_kept_and_loss_shows(name, fate):
    for call in share(list(FATES).index(fate) + len(name)):
        world = faulted(call, FAULTS[name])
        after = world.successor(world.disk.cut(FATES[fate], call), "two")
        after.play()
        after.check()


@pytest.mark.slow
@pytest.mark.parametrize("fate", ["nothing kept", "names with zeros"])
def test_any_sync__fails_then_power_cut_in_the_next_life__what_was_synced_is_kept(fate):
    for call in share(0, "fsync"):
        first = faulted(call, FAULTS["refused"])
        second = first.successor(first.disk.killed(), "one")
        second.open_recorder()  # and no collector
        second.record(3)
        second.recorder.sync()
        second.synced = max(second.recorded)
        third = second.successor(second.disk.cut(FATES[fate], call), "two")
        third.play()
        third.check()
