"""Structs and events of the Members contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Admission(NamedTuple):
    """An account that joins: its organisation's keys and controller by digest, roles as bits."""

    account: str
    keys: bytes
    controller: bytes
    roles: int


class Key(NamedTuple):
    """One digest in an account's history of keys."""

    keys: bytes
    since: int
    until: int


class Member(NamedTuple):
    """What is known about an account; `position` is 0 for a stranger, else counts from 1."""

    position: int
    keys: bytes
    controller: bytes
    roles: int
    suspended: bool
    changes: int


@dataclass(frozen=True, slots=True)
class Admitted(TypedEvent):
    """Event `Admitted`."""

    account: str
    position: int
    keys: bytes
    controller: bytes
    roles: int


@dataclass(frozen=True, slots=True)
class Locked(TypedEvent):
    """Event `Locked`."""

    tokenId: int


@dataclass(frozen=True, slots=True)
class Voted(TypedEvent):
    """Event `Voted`."""

    subject: bytes
    account: str
    support: bool


@dataclass(frozen=True, slots=True)
class Approved(TypedEvent):
    """Event `Approved`."""

    subject: bytes
    yes: int
    electorate: int


@dataclass(frozen=True, slots=True)
class Rotated(TypedEvent):
    """Event `Rotated`."""

    account: str
    number: int
    keys: bytes


@dataclass(frozen=True, slots=True)
class Revoked(TypedEvent):
    """Event `Revoked`."""

    account: str
    number: int
    height: int


@dataclass(frozen=True, slots=True)
class RevokedInLog(TypedEvent):
    """Event `RevokedInLog`."""

    account: str
    log_id: bytes
    number: int
    index: int


@dataclass(frozen=True, slots=True)
class AnchorerSet(TypedEvent):
    """Event `AnchorerSet`."""

    account: str
    log_id: bytes
    anchorer: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class Suspended(TypedEvent):
    """Event `Suspended`."""

    account: str


@dataclass(frozen=True, slots=True)
class SuspendedUntil(TypedEvent):
    """Event `SuspendedUntil`."""

    account: str
    until: int


@dataclass(frozen=True, slots=True)
class Resumed(TypedEvent):
    """Event `Resumed`."""

    account: str


@dataclass(frozen=True, slots=True)
class Replaced(TypedEvent):
    """Event `Replaced`."""

    account: str
    successor: str
    position: int
    keys: bytes
