"""Structs and events of the Rounds contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Ballot(NamedTuple):
    """What one validator did in the newest round; counts only under the bits of Round."""

    stake: int
    commitment: bytes
    bitmap: int
    aggregate: bytes
    accept: bool
    scores: tuple[int, ...]


class Participant(NamedTuple):
    """A participant of a task; `position` is 0 for a stranger, else join order from 1."""

    position: int
    dataset: bytes
    weight: int


class Result(NamedTuple):
    """What a settled round agreed on."""

    aggregate: bytes
    included: int
    accepted: bool


class Round(NamedTuple):
    """The newest round of a task. Participant bits are position - 1, validator bits the
    place in the task's list.
    """

    phase: int
    deadline: int
    eligible: int
    committed: int
    included: int
    seats: int
    seated: int
    stake: int
    cast: int
    waiting: int
    held: int


class Suspension(NamedTuple):
    """A validator's suspension in a task; `round` is 0 when there is none."""

    round: int
    deadline: int
    appealed: bool


class Task(NamedTuple):
    """A task. Bits stand for validators by their place in the task's list."""

    state: int
    round: int
    escrow: int
    join_deadline: int
    locked: int
    suspended: int
    expelled: int


class Terms(NamedTuple):
    """What the members approved. Amounts in token units, times in seconds, scores in millionths."""

    spec: bytes
    sponsor: str
    rounds: int
    min_participants: int
    weight_cap: int
    participant_bond: int
    validator_bond: int
    participant_reward: int
    validator_reward: int
    score_floor: int
    low_score_penalty: int
    absence_penalty: int
    fault_penalty: int
    lie_penalty: int
    join_seconds: int
    commit_seconds: int
    include_seconds: int
    vote_seconds: int
    reveal_seconds: int
    appeal_seconds: int


@dataclass(frozen=True, slots=True)
class TaskCreated(TypedEvent):
    """Event `TaskCreated`."""

    task: bytes
    sponsor: str
    terms: Terms
    validators: tuple[str, ...]
    escrow: int
    join_deadline: int


@dataclass(frozen=True, slots=True)
class Joined(TypedEvent):
    """Event `Joined`."""

    task: bytes
    participant: str
    index: int
    dataset: bytes
    samples: int
    weight: int


@dataclass(frozen=True, slots=True)
class TaskEnded(TypedEvent):
    """Event `TaskEnded`."""

    task: bytes
    refund: int
    reason: str


@dataclass(frozen=True, slots=True)
class Claimed(TypedEvent):
    """Event `Claimed`."""

    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class Settled(TypedEvent):
    """Event `Settled`."""

    task: bytes
    round: int
    aggregate: bytes
    included: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class Rewarded(TypedEvent):
    """Event `Rewarded`."""

    task: bytes
    round: int
    validator: str
    amount: int


@dataclass(frozen=True, slots=True)
class Faulted(TypedEvent):
    """Event `Faulted`."""

    task: bytes
    round: int
    validator: str
    phase: int
    reason: str


@dataclass(frozen=True, slots=True)
class Aborted(TypedEvent):
    """Event `Aborted`."""

    task: bytes
    round: int
    reason: str


@dataclass(frozen=True, slots=True)
class Scored(TypedEvent):
    """Event `Scored`."""

    task: bytes
    round: int
    participant: str
    median: int
    reward: int
    penalty: int


@dataclass(frozen=True, slots=True)
class Suspended(TypedEvent):
    """Event `Suspended`."""

    task: bytes
    round: int
    validator: str
    aggregate: bytes
    deadline: int


@dataclass(frozen=True, slots=True)
class Appealed(TypedEvent):
    """Event `Appealed`."""

    task: bytes
    round: int
    validator: str
    appellant: str
    evidence: bytes
    deadline: int


@dataclass(frozen=True, slots=True)
class Resolved(TypedEvent):
    """Event `Resolved`."""

    task: bytes
    round: int
    validator: str
    reinstated: bool


@dataclass(frozen=True, slots=True)
class Equivocated(TypedEvent):
    """Event `Equivocated`."""

    task: bytes
    round: int
    validator: str
    phase: int


@dataclass(frozen=True, slots=True)
class RoundOpened(TypedEvent):
    """Event `RoundOpened`."""

    task: bytes
    round: int
    eligible: int
    validators: tuple[str, ...]
    stakes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PhaseStarted(TypedEvent):
    """Event `PhaseStarted`."""

    task: bytes
    round: int
    phase: int
    deadline: int


@dataclass(frozen=True, slots=True)
class Committed(TypedEvent):
    """Event `Committed`."""

    task: bytes
    round: int
    participant: str
    commitment: bytes


@dataclass(frozen=True, slots=True)
class SetFixed(TypedEvent):
    """Event `SetFixed`."""

    task: bytes
    round: int
    included: int
    absent: int


@dataclass(frozen=True, slots=True)
class IncludeCommitted(TypedEvent):
    """Event `IncludeCommitted`."""

    task: bytes
    round: int
    validator: str
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Included(TypedEvent):
    """Event `Included`."""

    task: bytes
    round: int
    validator: str
    bitmap: int


@dataclass(frozen=True, slots=True)
class VoteCommitted(TypedEvent):
    """Event `VoteCommitted`."""

    task: bytes
    round: int
    validator: str
    commitment: bytes


@dataclass(frozen=True, slots=True)
class VoteRevealed(TypedEvent):
    """Event `VoteRevealed`."""

    task: bytes
    round: int
    validator: str
    aggregate: bytes
    scores: tuple[int, ...]
    accept: bool
