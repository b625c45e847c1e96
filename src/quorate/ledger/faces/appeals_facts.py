"""Structs and events of the Appeals contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Suspension(NamedTuple):
    """A validator's suspension in a task; `round` is 0 when there is none."""

    round: int
    deadline: int
    appealed: bool


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
