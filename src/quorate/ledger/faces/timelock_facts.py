"""Structs and events of the Timelock contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass

from quorate.ledger.faces.base import TypedEvent


@dataclass(frozen=True, slots=True)
class MinDelayChange(TypedEvent):
    """Event `MinDelayChange`."""

    oldDuration: int
    newDuration: int


@dataclass(frozen=True, slots=True)
class ExpirySet(TypedEvent):
    """Event `ExpirySet`."""

    id: bytes
    expires_at: int


@dataclass(frozen=True, slots=True)
class CallScheduled(TypedEvent):
    """Event `CallScheduled`."""

    id: bytes
    index: int
    target: str
    value: int
    data: bytes
    predecessor: bytes
    delay: int


@dataclass(frozen=True, slots=True)
class CallSalt(TypedEvent):
    """Event `CallSalt`."""

    id: bytes
    salt: bytes


@dataclass(frozen=True, slots=True)
class CallExecuted(TypedEvent):
    """Event `CallExecuted`."""

    id: bytes
    index: int
    target: str
    value: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cancelled(TypedEvent):
    """Event `Cancelled`."""

    id: bytes
