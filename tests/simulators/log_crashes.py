"""Seeded lives of a log: anything it does, and anything that can befall it, again and again.

Unlike the fault table, faults here follow upon each other: while a crash is being recovered from,
in a log that crashed before, with whatever a power cut left of both.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

from quorate.core.errors import DamagedError, QuorateError, UnavailableError
from quorate.log.checkpoint import sign_cosignature
from quorate.log.writer import Log
from tests.log.parties import WITNESS_IDENTITIES, WITNESSES
from tests.simulators.disk import Ended, SimulatedDisk
from tests.simulators.log_faults import OUTCOMES, open_or_create, recover
from tests.simulators.log_history import HEAD, Broken, History, append, check_files
from tests.simulators.platter import FATES

SESSIONS = 6  # of one life
BATCHES = (1, 1, 1, 2, 7, 40, 253, 256, 300)
REACH = (6, 40, 120, 400)  # calls after which a fault comes, at most; later ones may never come


@dataclass
class Life:
    """What became of one log: ``broken`` is empty, or what was broken when."""

    seed: int
    crashes: int = 0
    acknowledged: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    broken: str = ""


def live(seed: int) -> Life:
    """One life; every third one of a log that writers share."""
    life, history = Life(seed), History()
    dice, shared = random.Random(f"life {seed}"), seed % 3 == 0
    disk = SimulatedDisk()
    try:
        for _ in range(SESSIONS):
            disk = _session(disk, history, dice, life, shared)
            history.saw(disk.peek(HEAD))
        recover(disk, history, shared=shared)
    except Broken as broken:
        life.broken = str(broken)
    except QuorateError as error:
        life.broken = f"{type(error).__name__}: {error.message}"
    except Exception as error:
        life.broken = f"{type(error).__name__}: {error}"
    life.acknowledged = len(history.acknowledged)
    return life


def _session(
    disk: SimulatedDisk, history: History, dice: random.Random, life: Life, shared: bool
) -> SimulatedDisk:
    """Opens, works, and ends in one way or another: the disk as the next session finds it."""
    name = dice.choice(sorted(OUTCOMES))
    at = dice.randint(1, dice.choice(REACH))
    disk.watch = lambda: history.saw(disk.peek(HEAD))
    disk.arm(at, OUTCOMES[name].fault)
    log: Log | None = None
    try:
        log = open_or_create(disk, history, shared=shared)
        history.check_log(log)
        if dice.random() < 0.3:
            check_files(SimulatedDisk(disk.root))
        for _ in range(dice.randint(0, 5)):
            _act(log, history, dice)
    except Ended:
        pass
    except (UnavailableError, DamagedError):
        if len(disk.calls) < at:
            raise
    hit = len(disk.calls) >= at
    disk.arm()
    if log is not None and (OUTCOMES[name].fault.error is not None or not hit):
        log.close()
    return _after(disk, name if hit else "", dice, life)


def _after(disk: SimulatedDisk, hit: str, dice: random.Random, life: Life) -> SimulatedDisk:
    if hit:
        life.crashes += 1
        life.kinds[hit] += 1
    fate = OUTCOMES[hit].fate if hit else None
    if fate is None and dice.random() < 0.3:  # the power goes between two sessions, too
        name = dice.choice(sorted(FATES))
        fate = FATES[name]
        life.crashes += not hit
        life.kinds[f"power cut after a session: {name}"] += 1
    return disk.cut(fate, dice.random()) if fate else disk.killed()


def _act(log: Log, history: History, dice: random.Random) -> None:
    if dice.random() < 0.2:
        _cosign(log, history, dice)
        return
    count, salt = dice.choice(BATCHES), dice.random()
    append(log, history, [b"%d of %r" % (number, salt) for number in range(count)])


def _cosign(log: Log, history: History, dice: random.Random) -> None:
    number = dice.randrange(len(WITNESSES))
    name, signer = WITNESS_IDENTITIES[number].name, WITNESSES[number].witness_signer
    log.add_cosignatures([str(sign_cosignature(log.checkpoint, name, signer, dice.randint(1, 99)))])
    history.acknowledge_cosignatures(log)
