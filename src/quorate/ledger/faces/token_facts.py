"""Structs and events of the Token contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Holding(NamedTuple):
    """One holder of the fixed supply at deployment."""

    account: str
    amount: int


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
