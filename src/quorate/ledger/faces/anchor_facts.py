"""Structs and events of the Anchor contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Head(NamedTuple):
    """The newest checkpoint of one log; zeros when there is none."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Anchored(TypedEvent):
    """Event `Anchored`."""

    owner: str
    log_id: bytes
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Pinned(TypedEvent):
    """Event `Pinned`."""

    owner: str
    log_id: bytes
    size: int
    root: bytes
