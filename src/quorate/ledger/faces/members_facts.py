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
class Suspended(TypedEvent):
    """Event `Suspended`."""

    account: str
