"""Structs and events of the Council contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Consent(NamedTuple):
    """One seat's yes to an act: its signature, or nothing where it said so on chain."""

    signer: str
    signature: bytes


class Pause(NamedTuple):
    """A pause of one contract, in seconds since 1970."""

    since: int
    until: int
    rest_until: int


@dataclass(frozen=True, slots=True)
class SeatsChanged(TypedEvent):
    """Event `SeatsChanged`."""

    seats: tuple[str, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Acted(TypedEvent):
    """Event `Acted`."""

    act: bytes
    target: str
    nonce: int


@dataclass(frozen=True, slots=True)
class ActApproved(TypedEvent):
    """Event `ActApproved`."""

    act: bytes
    seat: str


@dataclass(frozen=True, slots=True)
class Paused(TypedEvent):
    """Event `Paused`."""

    target: str
    until: int
    rest_until: int


@dataclass(frozen=True, slots=True)
class Unpaused(TypedEvent):
    """Event `Unpaused`."""

    target: str
    rest_until: int
