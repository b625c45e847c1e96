"""Every system call of every step of a log's life, made to go wrong in every way: the fault table.

One cell is one step with one call of it going wrong in one way. What must hold afterwards, first
on the disk as it then is, and once more after a power cut that keeps nothing unsynced:

1. the log opens (or, where nobody was ever told of one, can be created);
2. every acknowledged leaf and cosignature is there, and of the batch under way all or nothing;
3. every head that was ever visible, even between two calls, is a head of this one history;
4. `check_log` passes, and nothing is left over;
5. appending goes on, one leaf and then more than a tile.
"""

import copy
import errno
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from quorate.core.errors import DamagedError, InputError, QuorateError, UnavailableError
from quorate.log.checkpoint import sign_cosignature
from quorate.log.verify import genesis_leaf
from quorate.log.writer import Log
from tests.log.parties import IDENTITY, ORIGIN, WITNESS_IDENTITIES, WITNESSES, leaf
from tests.simulators.disk import Ended, Fault, SimulatedDisk
from tests.simulators.log_history import (
    HEAD,
    Broken,
    History,
    append,
    check_files,
    create_log,
    open_log,
)
from tests.simulators.platter import FATES, Fate, File, Folder, Node

READING = {"open", "read", "stat", "fstat", "listdir", "flock", "close", "start_writeback"}
"""Calls that a full disk or one that may not be written does not refuse."""


@dataclass(frozen=True)
class Outcome:
    """One way in which a call goes wrong, and what becomes of the disk then."""

    fault: Fault
    only: tuple[str, ...] = ()
    """The verbs that it can happen to; empty for all."""
    spares_reading: bool = False
    fate: Fate | None = None

    def applies(self, verb: str) -> bool:
        """Whether a call of this verb can go wrong so."""
        return (not self.only or verb in self.only) and not (
            self.spares_reading and verb in READING
        )


OUTCOMES: Mapping[str, Outcome] = {
    "fails: EIO": Outcome(Fault(errno.EIO)),
    "fails: ENOSPC": Outcome(Fault(errno.ENOSPC), spares_reading=True),
    "fails: EDQUOT": Outcome(Fault(errno.EDQUOT), spares_reading=True),
    "fails: EROFS": Outcome(Fault(errno.EROFS), spares_reading=True),
    "happens, but says EIO": Outcome(Fault(errno.EIO, done=True)),
    "writes half, then the disk is full": Outcome(Fault(short=True), only=("write",)),
    "the process is killed after it": Outcome(Fault(done=True)),
    **{
        f"power cut after it: {name}": Outcome(Fault(done=True), fate=FATES[name]) for name in FATES
    },
}

Action = Callable[[SimulatedDisk, Log | None, History], None]


@dataclass(frozen=True)
class Step:
    """One thing that a log does; ``opened``: on a log opened before, else it opens itself."""

    name: str
    action: Action
    opened: bool = True
    shared: bool = False


@dataclass
class Stage:
    """A step and the state of the world right before it."""

    step: Step
    root: Folder
    history: History
    calls: list[str] = field(default_factory=list)


def _appending(count: int) -> Action:
    def action(_disk: SimulatedDisk, log: Log | None, history: History) -> None:
        start = len(history.acknowledged)
        append(cast(Log, log), history, [leaf(start + i) for i in range(count)])

    return action


def _creating(shared: bool) -> Action:
    def action(disk: SimulatedDisk, _log: Log | None, history: History) -> None:
        history.attempted = [genesis_leaf(IDENTITY)]
        with create_log(disk, shared=shared) as log:
            history.acknowledge(log)

    return action


def _opening(disk: SimulatedDisk, _log: Log | None, history: History) -> None:
    with open_log(disk) as log:
        history.saw(log.checkpoint_note().encode())


def _cosigning(_disk: SimulatedDisk, log: Log | None, history: History) -> None:
    assert log is not None
    lines = [
        str(sign_cosignature(log.checkpoint, identity.name, witness.witness_signer, 7))
        for identity, witness in zip(WITNESS_IDENTITIES, WITNESSES, strict=True)
    ]
    log.add_cosignatures(lines)
    history.acknowledge_cosignatures(log)


def _steps(shared: bool) -> Iterator[Step]:
    mark = ", shared" if shared else ""
    yield Step(f"create{mark}", _creating(shared), opened=False, shared=shared)
    yield Step(f"append 1{mark}", _appending(1), shared=shared)
    yield Step(f"append 1 again{mark}", _appending(1), shared=shared)
    yield Step(f"fill a tile{mark}", _appending(254), shared=shared)
    yield Step(f"cosign{mark}", _cosigning, shared=shared)
    yield Step(f"over several tiles{mark}", _appending(600), shared=shared)
    if not shared:
        yield Step("reopen", _opening, opened=False)


def stages(shared: bool) -> Iterator[Stage]:
    """Each step with the world as the steps before it left it, undisturbed."""
    disk, history = SimulatedDisk(), History()
    for step in _steps(shared):
        stage = Stage(step, copy.deepcopy(disk.root), history.copy())
        stage.calls = _play(step, disk, history)
        yield stage
    if not shared:
        yield from _interrupted(disk, history)


def _interrupted(disk: SimulatedDisk, history: History) -> Iterator[Stage]:
    """Reopening what a killed writer left: at a few calls of one append, spread over it."""
    calls = _play(
        Step("", _appending(300)), SimulatedDisk(copy.deepcopy(disk.root)), history.copy()
    )
    for part in (3, 6, 9, 10):
        at = len(calls) * part // 10 - 1
        left, after = SimulatedDisk(copy.deepcopy(disk.root)), history.copy()
        _play(Step("", _appending(300)), left, after, at, Fault(done=True))
        step = Step(f"reopen, killed at {part}/10", _opening, opened=False)
        stage = Stage(step, left.killed().root, after)
        stage.calls = _play(step, SimulatedDisk(copy.deepcopy(stage.root)), after.copy())
        yield stage


def _play(
    step: Step, disk: SimulatedDisk, history: History, call: int = 0, fault: Fault | None = None
) -> list[str]:
    """The step on ``disk``; the calls that it made. A failure must be the log's own error."""
    disk.watch = lambda: history.saw(disk.peek(HEAD))
    log = open_log(disk, shared=step.shared) if step.opened else None
    disk.arm(call, fault)
    try:
        step.action(disk, log, history)
    except Ended:
        return disk.calls
    except (UnavailableError, DamagedError) as error:
        # A file that cannot be read while opening is named as damaged; writing never says so.
        if fault is None or (log is not None and isinstance(error, DamagedError)):
            raise
        if log is not None:
            _check_refuses(log)
    calls = disk.calls
    disk.arm()
    if log is not None:
        log.close()
    return calls


def _check_refuses(log: Log) -> None:
    try:
        log.append(b"never")
    except UnavailableError:
        return
    raise Broken("a log whose write failed went on writing")


def cell(stage: Stage, call: int, name: str, recovered: set[object]) -> str:
    """Runs one cell: what is broken, empty if nothing is.

    ``recovered``: states of the world from which the log was seen to recover before.
    """
    outcome, step = OUTCOMES[name], stage.step
    disk, history = SimulatedDisk(copy.deepcopy(stage.root)), stage.history.copy()
    try:
        _play(step, disk, history, call, outcome.fault)
        seed = (step.name, call, name)
        disk = disk.cut(outcome.fate, seed) if outcome.fate else disk.killed()
        history.saw(disk.peek(HEAD))
        state = (step.shared, history.state(), disk_state(disk.root))
        if state not in recovered:  # many faults leave the same disk: it is judged once
            recover(disk, history, shared=step.shared)
            recovered.add(state)
    except Broken as broken:
        return str(broken)
    except QuorateError as error:
        return f"{type(error).__name__}: {error.message}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def recover(disk: SimulatedDisk, history: History, *, shared: bool = False) -> None:
    """Opens, checks, goes on, loses the power, opens and checks once more; raises `Broken`."""
    disk.watch = lambda: history.saw(disk.peek(HEAD))
    with open_or_create(disk, history, shared=shared) as log:
        history.check_log(log)
        append(log, history, [b"after"])
        check_files(disk)
        append(log, history, [b"long after %d" % i for i in range(300)])
    check_files(disk)
    later = disk.cut(FATES["nothing kept"])
    with open_log(later, shared=shared) as log:
        history.check_log(log)
        append(log, history, [b"at last"])
    check_files(later)


def open_or_create(disk: SimulatedDisk, history: History, *, shared: bool = False) -> Log:
    """The log on ``disk``; created only where nobody was ever told of one."""
    try:
        return open_log(disk, shared=shared)
    except InputError as error:
        if history.created or "there is none" not in error.message:
            raise
    history.attempted = [genesis_leaf(IDENTITY)]
    return create_log(disk, shared=shared)


@dataclass
class Count:
    """How many cells were run, and what was broken how often."""

    cells: int = 0
    broken: dict[str, int] = field(default_factory=dict)


def disk_state(node: Node) -> object:
    """What distinguishes one disk from another; of heads the tree, as no two are signed alike."""
    if isinstance(node, File):
        return _content(node.seen), _content(node.kept), tuple(node.dirty)
    waiting = tuple(_names(change) for change in node.waiting)
    return _names(node.seen), _names(node.kept), waiting


def _names(names: Mapping[str, Node | None]) -> object:
    return tuple((name, node and disk_state(node)) for name, node in sorted(names.items()))


def _content(data: bytearray) -> bytes:
    if data.startswith(ORIGIN.encode() + b"\n") and b"\n\n" in data:
        text, signatures = bytes(data).split(b"\n\n", 1)
        return text + b"\n\n%d" % len(signatures)
    return hashlib.sha256(data).digest()


def run_stage(stage: Stage) -> dict[str, Count]:
    """All cells of one stage, by outcome."""
    found = {name: Count() for name in OUTCOMES}
    recovered = set[object]()
    for call, verb in enumerate(stage.calls, 1):
        for name, outcome in OUTCOMES.items():
            if outcome.applies(verb):
                found[name].cells += 1
                if said := cell(stage, call, name, recovered):
                    said = f"{verb}: {said}"
                    found[name].broken[said] = found[name].broken.get(said, 0) + 1
    return found
