"""Structs and events of the Assets contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Asset(NamedTuple):
    """What is known about an asset beside its owner and versions; kind 0 when there is none."""

    kind: int
    status: int
    licence: bytes
    royalty_receiver: str
    royalty_bps: int


class Version(NamedTuple):
    """One registered state of an asset."""

    number: int
    digest: bytes
    registered_at: int


@dataclass(frozen=True, slots=True)
class Approval(TypedEvent):
    """Event `Approval`."""

    owner: str
    approved: str
    token_id: int


@dataclass(frozen=True, slots=True)
class ApprovalForAll(TypedEvent):
    """Event `ApprovalForAll`."""

    owner: str
    operator: str
    approved: bool


@dataclass(frozen=True, slots=True)
class Transfer(TypedEvent):
    """Event `Transfer`."""

    sender: str
    receiver: str
    token_id: int


@dataclass(frozen=True, slots=True)
class Registered(TypedEvent):
    """Event `Registered`."""

    asset: int
    owner: str
    kind: int
    licence: bytes
    parents: tuple[int, ...]
    royalty_receiver: str
    royalty_bps: int


@dataclass(frozen=True, slots=True)
class VersionRegistered(TypedEvent):
    """Event `VersionRegistered`."""

    asset: int
    digest: bytes
    version: int
    uri: str


@dataclass(frozen=True, slots=True)
class MetadataUpdate(TypedEvent):
    """Event `MetadataUpdate`."""

    token_id: int


@dataclass(frozen=True, slots=True)
class StatusChanged(TypedEvent):
    """Event `StatusChanged`."""

    asset: int
    status: int
    actor: str
