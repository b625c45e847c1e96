"""Structs and events of the Rounds contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Result(NamedTuple):
    """What the newest settled round agreed on."""

    round: int
    aggregate: bytes
    accepted: bool


class Reveal(NamedTuple):
    """The opening of a validator's include commitment."""

    place: int
    bitmap: int
    salt: bytes


class Round(NamedTuple):
    """A task and its newest round. Participant bits count in join order, validator bits in
    list order, both from 0.
    """

    state: int
    phase: int
    number: int
    deadline: int
    eligible: int
    committed: int
    included: int
    seats: int
    cast: int
    held: int
    stake: int


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


class Vote(NamedTuple):
    """The opening of a validator's vote commitment, without its scores."""

    place: int
    aggregate: bytes
    accept: bool
    salt: bytes


@dataclass(frozen=True, slots=True)
class IncludeCommitted(TypedEvent):
    """Event `IncludeCommitted`."""

    task: bytes
    round: int
    validator: str
    commitment: bytes


@dataclass(frozen=True, slots=True)
class TaskEnded(TypedEvent):
    """Event `TaskEnded`."""

    task: bytes
    round: int
    reason: str


@dataclass(frozen=True, slots=True)
class Aborted(TypedEvent):
    """Event `Aborted`."""

    task: bytes
    round: int
    reason: str


@dataclass(frozen=True, slots=True)
class PhaseStarted(TypedEvent):
    """Event `PhaseStarted`."""

    task: bytes
    round: int
    phase: int
    deadline: int


@dataclass(frozen=True, slots=True)
class Included(TypedEvent):
    """Event `Included`."""

    task: bytes
    round: int
    validator: str
    bitmap: int


@dataclass(frozen=True, slots=True)
class Faulted(TypedEvent):
    """Event `Faulted`."""

    task: bytes
    round: int
    validator: str
    phase: int
    reason: str


@dataclass(frozen=True, slots=True)
class SetFixed(TypedEvent):
    """Event `SetFixed`."""

    task: bytes
    round: int
    included: int
    absent: int


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
    accept: bool
    lanes: bytes


@dataclass(frozen=True, slots=True)
class CommittedMany(TypedEvent):
    """Event `CommittedMany`."""

    task: bytes
    round: int
    bits: int
    commitments: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Concurred(TypedEvent):
    """Event `Concurred`."""

    task: bytes
    round: int
    seats: int
    commitments: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Settled(TypedEvent):
    """Event `Settled`."""

    task: bytes
    round: int
    aggregate: bytes
    included: int
    accepted: bool
    winners: int
    medians: bytes
    spent: int
    root: bytes


@dataclass(frozen=True, slots=True)
class RoundOpened(TypedEvent):
    """Event `RoundOpened`."""

    task: bytes
    round: int
    eligible: int
    seats: int
    stake: int


@dataclass(frozen=True, slots=True)
class Committed(TypedEvent):
    """Event `Committed`."""

    task: bytes
    round: int
    participant: str
    commitment: bytes
