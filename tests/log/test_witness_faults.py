"""A witness on a disk that fails: it signs nothing that a power cut could make it forget.

A witness's whole story (made, first cosignature, a larger tree, a fork that it refuses and keeps)
is played once for every system call in it and every way in which that call can go wrong. Whoever
comes after it finds the disk as it is after a kill or a power cut, and offers both branches.
"""

import contextlib
import errno
from functools import cache
from pathlib import Path

import pytest

from quorate.core.errors import QuorateError, UnavailableError
from quorate.log.witness import Witness, WitnessedLog, logs_of
from quorate.log.witness_protocol import AddCheckpoint, ForkError
from tests.log.forks import Branch
from tests.log.parties import CLOCK, IDENTITY, ORIGIN, WITNESSES
from tests.simulators.disk import Ended, Fault, SimulatedDisk
from tests.simulators.platter import FATES

SEEN = Path("/there/witness/seen")
SIGNER = WITNESSES[0].witness_signers[0]
ONE, TWO = Branch("one", shared=2), Branch("two", shared=2)
ED25519 = WitnessedLog.of(IDENTITY).verifiers[0].note_key.vkey
LOGS = logs_of([ED25519])  # one key of the log's two: half the time
FAULTS = {
    "refused": Fault(errno.EIO),
    "done, told as failed": Fault(errno.EIO, done=True),
    "disk full": Fault(errno.ENOSPC),
    "short write": Fault(short=True),
    "process ends before": Fault(),
    "process ends after": Fault(done=True),
}


@cache
def request(name: str, old: int, new: int) -> AddCheckpoint:
    branch = {"one": ONE, "two": TWO}[name]
    return AddCheckpoint.of(old, branch.proof(old, new), branch.note(new))


def open_witness(disk: SimulatedDisk) -> Witness:
    return Witness("quorate.example/w", SIGNER, SEEN, CLOCK, disk=disk)


def ask(witness: Witness, name: str, new: int, signed: list[tuple[str, int]]) -> None:
    """Has ``name`` cosigned at ``new`` leaves, from wherever the witness is; notes that it was."""
    old = witness.size_seen(ORIGIN)
    if old <= new:
        witness.add_checkpoint(request(name, old, new), LOGS)
        signed.append((name, new))


def story(disk: SimulatedDisk, signed: list[tuple[str, int]]) -> None:
    """What goes wrong in it is met by going on: strangers ask again, and for something else."""
    trouble = (QuorateError, OSError)
    witness = None
    for _ in range(2):
        with contextlib.suppress(UnavailableError):
            witness = witness or open_witness(disk)
    if witness is None:
        return
    for name, new in (("one", 1), ("one", 3), ("two", 3), ("one", 3), ("two", 3), ("two", 4)):
        with contextlib.suppress(*trouble):
            ask(witness, name, new, signed)


def check(disk: SimulatedDisk, signed: list[tuple[str, int]], what: str) -> None:
    """``signed`` before, and by a successor on this disk: one branch; nothing forgotten."""
    witness = open_witness(disk)
    last = max((size for _, size in signed), default=0)
    assert witness.size_seen(ORIGIN) >= last, what
    signed = list(signed)
    for name, new in (("two", 3), ("one", 3), ("two", 4), ("one", 4)):
        with contextlib.suppress(QuorateError):
            ask(witness, name, new, signed)
    parted = {name for name, size in signed if size > 2}
    assert len(parted) == 1, what  # and one is: a witness that signs nothing more is no witness
    witness.conflicts()


@pytest.mark.parametrize("kind", FAULTS)
def test_witness__any_call_goes_wrong__one_branch_signed_and_never_forgotten(kind):
    fates = list(FATES)
    call = 0
    while True:
        call += 1
        disk, signed = SimulatedDisk(), []
        disk.arm(call, FAULTS[kind])
        with contextlib.suppress(Ended):
            story(disk, signed)
        if not disk.struck:
            break
        fate = fates[call % len(fates)]
        for name in {fate, "nothing kept"}:
            check(disk.cut(FATES[name], seed=call), signed, f"{kind} at {call}, then {name}")
        killed = disk.killed()
        with contextlib.suppress(QuorateError):  # signs again what the one before it may not have
            ask(open_witness(killed), "one", 3, signed)
        cut = killed.cut(FATES["nothing kept"])
        check(cut, signed, f"{kind} at {call}, then killed, asked again and cut")
        check(killed, signed, f"{kind} at {call}, then killed")
    assert call > 60


def test_witness__killed_while_its_folder_was_made__the_folder_lasts():
    disk = SimulatedDisk()
    for call in range(1, 9):
        killed = SimulatedDisk()
        killed.arm(call, Fault(done=True))
        with contextlib.suppress(Ended):
            open_witness(killed)
        disk, signed = killed.killed(), []
        ask(open_witness(disk), "one", 3, signed)
        assert open_witness(disk.cut(FATES["nothing kept"])).size_seen(ORIGIN) == 3


def test_witness__shown_a_fork__keeps_both_notes_through_a_power_cut():
    disk = SimulatedDisk()
    witness = open_witness(disk)
    ask(witness, "one", 3, [])
    with pytest.raises(ForkError):
        ask(witness, "two", 3, [])
    assert len(open_witness(disk.cut(FATES["nothing kept"])).conflicts()) == 1


def test_witness__disk_cannot_say_what_was_seen__signs_nothing():
    disk = SimulatedDisk()
    witness = open_witness(disk)
    ask(witness, "one", 3, [])
    disk.arm()
    witness.size_seen(ORIGIN)
    for call in range(1, len(disk.calls) + 1):
        disk.arm(call, Fault(errno.EIO))
        with contextlib.suppress(OSError):
            assert witness.size_seen(ORIGIN) == 3
    disk.arm(1, Fault(errno.EIO))
    with pytest.raises(UnavailableError, match=f"could not open witness state {SEEN}: Input"):
        open_witness(disk)
