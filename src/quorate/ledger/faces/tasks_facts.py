"""Structs and events of the Tasks contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Deal(NamedTuple):
    """The money of a task; its terms are in terms_of."""

    escrow: int
    left: int
    refunded: bool


class Ledger(NamedTuple):
    """What a task owes: one cumulative entry per place, see contracts/README.md."""

    root: bytes
    digest: bytes
    roster: bytes
    size: int
    spent: int


class Outcome(NamedTuple):
    """What a round agreed on, as Rounds counted it."""

    round: int
    included: int
    voted: int
    winners: int
    seated: int
    accepted: bool


class Participant(NamedTuple):
    """A participant of a task; `position` is 0 for a stranger, else join order from 1."""

    position: int
    dataset: bytes
    weight: int


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
class Claimed(TypedEvent):
    """Event `Claimed`."""

    task: bytes
    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class ClaimedMany(TypedEvent):
    """Event `ClaimedMany`."""

    task: bytes
    places: tuple[int, ...]
    amounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Refunded(TypedEvent):
    """Event `Refunded`."""

    task: bytes
    sponsor: str
    amount: int


@dataclass(frozen=True, slots=True)
class LowScore(TypedEvent):
    """Event `LowScore`."""

    task: bytes
    round: int
    participant: str
    median: int
    penalty: int


@dataclass(frozen=True, slots=True)
class Seated(TypedEvent):
    """Event `Seated`."""

    task: bytes
    validator: str
    place: int
    stake: int


@dataclass(frozen=True, slots=True)
class Eligible(TypedEvent):
    """Event `Eligible`."""

    task: bytes
    participant: str
    eligible: bool


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
    conflicts: int
