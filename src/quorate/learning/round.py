"""A federated round as a state machine without I/O: what may each party do next?

The ledger holds the state; this module only reads a view of it and names the next act of one party.
A flow performs the act and looks again. Nothing is remembered between calls, so a process that was
killed at any instruction simply asks again and goes on.

Phases (DESIGN section 6): participants COMMIT to hidden updates; when that window has closed the
sealed updates leave their owners; validators vote on which of them they hold (INCLUDE_COMMIT,
INCLUDE_REVEAL), re-execute and vote on the result (VOTE_COMMIT, VOTE_REVEAL); anyone settles.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum


class Phase(IntEnum):
    """Where a round stands, with the numbers that the Rounds contract uses."""

    NONE = 0
    COMMIT = 1
    INCLUDE_COMMIT = 2
    INCLUDE_REVEAL = 3
    VOTE_COMMIT = 4
    VOTE_REVEAL = 5
    SETTLED = 6
    ABORTED = 7


OPEN_PHASES = frozenset(range(Phase.COMMIT, Phase.SETTLED))


class Act(Enum):
    """One step that a party can take."""

    OPEN = "open"
    COMMIT = "commit"
    COMMIT_INCLUSION = "commit inclusion"
    REVEAL_INCLUSION = "reveal inclusion"
    COMMIT_VOTE = "commit vote"
    REVEAL_VOTE = "reveal vote"
    ADVANCE = "advance"
    SETTLE = "settle"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class RoundView:
    """One round as the ledger shows it; parties are account addresses."""

    number: int
    phase: Phase
    deadline: int  # seconds since the epoch: the end of the current phase
    eligible: frozenset[str]
    validators: frozenset[str]
    included: int = 0
    committed: frozenset[str] = frozenset()
    inclusion_committed: frozenset[str] = frozenset()
    inclusion_revealed: frozenset[str] = frozenset()
    vote_committed: frozenset[str] = frozenset()
    vote_revealed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Suspension:
    """A validator whose aggregate differed, its bond locked until ``deadline`` (seconds)."""

    round: int
    validator: str
    deadline: int


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as the ledger shows it."""

    rounds: int
    ended: bool
    round: RoundView | None
    suspensions: tuple[Suspension, ...] = ()


def act_of_participant(view: TaskView, me: str) -> Act | None:
    """What the participant ``me`` may do now."""
    current = view.round
    if current is None or current.phase != Phase.COMMIT:
        return None
    waiting = me in current.eligible and me not in current.committed
    return Act.COMMIT if waiting else None


def act_of_validator(view: TaskView, me: str) -> Act | None:
    """What the validator ``me`` may do now."""
    current = view.round
    if current is None or me not in current.validators:
        return None
    steps = {
        Phase.INCLUDE_COMMIT: (Act.COMMIT_INCLUSION, None, current.inclusion_committed),
        Phase.INCLUDE_REVEAL: (
            Act.REVEAL_INCLUSION,
            current.inclusion_committed,
            current.inclusion_revealed,
        ),
        Phase.VOTE_COMMIT: (Act.COMMIT_VOTE, None, current.vote_committed),
        Phase.VOTE_REVEAL: (Act.REVEAL_VOTE, current.vote_committed, current.vote_revealed),
    }
    if current.phase not in steps:
        return None
    act, entitled, done = steps[current.phase]
    if me in done or (entitled is not None and me not in entitled):
        return None
    return act


def act_of_keeper(view: TaskView, now: int) -> Act | None:
    """What anybody may do at ``now`` (seconds): open, advance a late phase, settle, resolve."""
    current = view.round
    if any(now > item.deadline for item in view.suspensions):
        return Act.RESOLVE
    if view.ended:
        return None
    if current is None or current.phase in (Phase.NONE, Phase.SETTLED, Phase.ABORTED):
        return Act.OPEN
    if current.phase == Phase.VOTE_REVEAL and current.vote_committed <= current.vote_revealed:
        return Act.SETTLE
    if now > current.deadline:
        return Act.SETTLE if current.phase == Phase.VOTE_REVEAL else Act.ADVANCE
    return None
