"""Structs and events of the Gates contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Attestation(NamedTuple):
    """What an account said about one version of an asset, in the shape of EAS: `schema` is
    the kind, asset and digest stand in the place of the recipient, `data` is the
    evidence's digest.
    """

    uid: bytes
    schema: bytes
    time: int
    expirationTime: int
    revocationTime: int
    refUID: bytes
    asset: int
    digest: bytes
    attester: str
    revocable: bool
    data: bytes


class Rule(NamedTuple):
    """What an asset of a class needs before a version of it is deployed."""

    kind: bytes
    role: int
    least: int
    max_age: int


class Suspension(NamedTuple):
    """What stops an asset. Times in seconds; each second before one is suspended."""

    by_timelock: int
    by_council: int
    rest_until: int


@dataclass(frozen=True, slots=True)
class Attested(TypedEvent):
    """Event `Attested`."""

    asset: int
    attester: str
    kind: bytes
    uid: bytes
    digest: bytes
    expires: int
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Revoked(TypedEvent):
    """Event `Revoked`."""

    asset: int
    attester: str
    kind: bytes
    uid: bytes


@dataclass(frozen=True, slots=True)
class RuleSet(TypedEvent):
    """Event `RuleSet`."""

    asset_class: int
    kind: bytes
    role: int
    least: int
    max_age: int


@dataclass(frozen=True, slots=True)
class RuleRemoved(TypedEvent):
    """Event `RuleRemoved`."""

    asset_class: int
    kind: bytes
    role: int


@dataclass(frozen=True, slots=True)
class Deployed(TypedEvent):
    """Event `Deployed`."""

    asset: int
    version: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class RolledBack(TypedEvent):
    """Event `RolledBack`."""

    asset: int
    from_version: int
    version: int
    actor: str


@dataclass(frozen=True, slots=True)
class Suspended(TypedEvent):
    """Event `Suspended`."""

    asset: int
    until: int
    actor: str


@dataclass(frozen=True, slots=True)
class Resumed(TypedEvent):
    """Event `Resumed`."""

    asset: int
    actor: str
