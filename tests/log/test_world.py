"""Worlds of one log and many parties, simulated from a seed; and writers that really race."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from quorate.core.errors import QuorateError
from quorate.log.folder import FolderStorage
from quorate.log.fsck import check_log
from quorate.log.memory import MemoryStorage
from quorate.log.monitor import look
from quorate.log.storage import CHECKPOINT
from quorate.log.verify import verify_note
from quorate.log.writer import Log
from tests.log.parties import ALICE, CLOCK, IDENTITY, ORIGIN
from tests.simulators.log_history import Broken
from tests.simulators.log_world import FolderSite, MemorySite, World

SITES = {"memory": MemorySite, "folder": FolderSite}
PROCESSES, LEAVES = 3, 25


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("site", sorted(SITES))
def test_world__writers_witnesses_monitors_and_mischief__one_history(site, seed):
    world = World(seed, SITES[site]())
    world.run(8)
    assert world.counts["appended"] == len(world.told) > 100
    assert min(world.counts[each] for each in ("witnessed", "cosigned", "stale", "looked")) > 0
    assert world.counts["killed"] + world.counts["failed"] + world.counts["power cuts"] > 2


def test_world__same_seed__same_world():
    counts = []
    for _ in range(2):
        world = World(7, MemorySite())
        world.run(4)
        counts.append(world.counts)
    assert counts[0] == counts[1]


def test_world__storage_that_takes_any_head__is_found_out(monkeypatch):
    def commit(self, expected, objects, head):
        self.objects |= {**objects, CHECKPOINT: head}

    monkeypatch.setattr(MemoryStorage, "commit", commit)
    with pytest.raises((Broken, QuorateError), match=r"fork|two trees|smaller|had|files"):
        World(0, MemorySite()).run(8)


def shared_log(folder: Path) -> Log:
    return Log.open(FolderStorage(folder, shared=True), ORIGIN, *ALICE.log_signers, CLOCK)


def racing(folder: Path, number: int) -> tuple[int, int]:
    """A process that appends until it is done or killed: its id, and a pipe with what it knows."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            log = shared_log(folder)
            for turn in range(LEAVES):
                leaf = f"process {number} turn {turn}".encode()
                os.write(writer, b"%d %s\n" % (log.append(leaf), leaf))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    return child, reader


@pytest.mark.parametrize("killed", [False, True])
def test_shared_folder__processes_race__one_history_for_every_monitor(tmp_path, killed):
    folder = tmp_path / "log"
    storage = FolderStorage(folder, shared=True)
    Log.create(storage, ORIGIN, *ALICE.log_signers, CLOCK).close()
    children = [racing(folder, number) for number in range(PROCESSES)]
    last, running, dice = None, {child for child, _ in children}, random.Random(1)
    victim = children[0][0] if killed else None
    while running:
        try:
            _, last = look(storage, IDENTITY, lambda text: verify_note(text, IDENTITY), last)
        except QuorateError as error:  # a partial tile outgrown between two reads
            assert "missing" in str(error)
        if victim in running and last is not None and last.checkpoint.size > 10:
            time.sleep(dice.uniform(0, 0.02))
            os.kill(victim, signal.SIGKILL)
        running -= {_ended(child, child == victim) for child in set(running)}
    told: dict[int, bytes] = {}
    for _, reader in children:
        with os.fdopen(reader, "rb") as stream:
            lines = [line.rstrip(b"\n").split(b" ", 1) for line in stream]
        told |= {int(index): leaf for index, leaf in lines}
    with shared_log(folder) as log:
        log.append(b"the end")
        assert log.size == len(told) + 2 or (killed and log.size == len(told) + 3)
        assert all(log.entry(index) == leaf for index, leaf in told.items())
    assert len(told) == PROCESSES * LEAVES or killed
    assert check_log(folder, IDENTITY).leftovers == ()


def _ended(child: int, is_victim: bool) -> int | None:
    """The child's id if it has ended, and ended well."""
    done, status = os.waitpid(child, os.WNOHANG)
    if not done:
        return None
    assert os.waitstatus_to_exitcode(status) in ({0, -signal.SIGKILL} if is_victim else {0})
    return child
