"""Structs and events of the Grants contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Grant(NamedTuple):
    """A right to use an asset for a purpose, by number; `grantee` is zero when there is none."""

    asset: int
    epoch: int
    parent: int
    giver: str
    grantee: str
    purpose: bytes
    expires: int
    uses: int
    used: int
    depth: int
    revoked: bool


@dataclass(frozen=True, slots=True)
class Granted(TypedEvent):
    """Event `Granted`."""

    grant: int
    asset: int
    grantee: str
    epoch: int
    parent: int
    giver: str
    purpose: bytes
    expires: int
    uses: int
    depth: int


@dataclass(frozen=True, slots=True)
class Revoked(TypedEvent):
    """Event `Revoked`."""

    grant: int
    actor: str


@dataclass(frozen=True, slots=True)
class Consumed(TypedEvent):
    """Event `Consumed`."""

    grant: int
    asset: int
    grantee: str
    actor: str


@dataclass(frozen=True, slots=True)
class MeterSet(TypedEvent):
    """Event `MeterSet`."""

    asset: int
    operator: str
    epoch: int
    allowed: bool
