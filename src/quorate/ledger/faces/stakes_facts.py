"""Structs and events of the Stakes contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Bond(NamedTuple):
    """An account's stake in one role. Bonded and unbonding amounts can both be slashed."""

    amount: int
    unbonding: int
    ready_at: int
    locks: int


class Reputation(NamedTuple):
    """What settled work says about an account in one role."""

    settled: int
    score: int
    faults: int


@dataclass(frozen=True, slots=True)
class Deposited(TypedEvent):
    """Event `Deposited`."""

    account: str
    role: int
    amount: int


@dataclass(frozen=True, slots=True)
class UnbondRequested(TypedEvent):
    """Event `UnbondRequested`."""

    account: str
    role: int
    amount: int
    ready_at: int


@dataclass(frozen=True, slots=True)
class Withdrawn(TypedEvent):
    """Event `Withdrawn`."""

    account: str
    role: int
    amount: int


@dataclass(frozen=True, slots=True)
class Locked(TypedEvent):
    """Event `Locked`."""

    account: str
    role: int
    locks: int


@dataclass(frozen=True, slots=True)
class Unlocked(TypedEvent):
    """Event `Unlocked`."""

    account: str
    role: int
    locks: int


@dataclass(frozen=True, slots=True)
class Slashed(TypedEvent):
    """Event `Slashed`."""

    account: str
    role: int
    amount: int
    due: int
    reason: str


@dataclass(frozen=True, slots=True)
class Recorded(TypedEvent):
    """Event `Recorded`."""

    account: str
    role: int
    settled: int
    score: int
    faults: int
