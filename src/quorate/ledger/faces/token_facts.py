"""Structs and events of the Token contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Holding(NamedTuple):
    """One holder of the first supply at deployment."""

    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class DelegateVotesChanged(TypedEvent):
    """Event `DelegateVotesChanged`."""

    delegate: str
    previousVotes: int
    newVotes: int


@dataclass(frozen=True, slots=True)
class Transfer(TypedEvent):
    """Event `Transfer`."""

    sender: str
    receiver: str
    value: int


@dataclass(frozen=True, slots=True)
class Approval(TypedEvent):
    """Event `Approval`."""

    owner: str
    spender: str
    value: int


@dataclass(frozen=True, slots=True)
class DelegateChanged(TypedEvent):
    """Event `DelegateChanged`."""

    delegator: str
    fromDelegate: str
    toDelegate: str


@dataclass(frozen=True, slots=True)
class AuthorizationUsed(TypedEvent):
    """Event `AuthorizationUsed`."""

    authorizer: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class AuthorizationCanceled(TypedEvent):
    """Event `AuthorizationCanceled`."""

    authorizer: str
    nonce: bytes
