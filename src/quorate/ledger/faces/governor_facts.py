"""Structs and events of the Governor contract.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent


class Proposal(NamedTuple):
    """What is stored of a proposal; who asks for it must know its calls. Times in seconds."""

    proposer: str
    snapshot: int
    deadline: int
    queue_by: int
    eta: int
    operation: bytes
    ended: int
    council_only: bool


class Settings(NamedTuple):
    """The rules of voting; times in seconds. Each has bounds, see modules/governor/rules.vy."""

    voting_delay: int
    voting_period: int
    proposal_threshold: int
    quorum_percent: int
    grace: int


@dataclass(frozen=True, slots=True)
class VotingDelaySet(TypedEvent):
    """Event `VotingDelaySet`."""

    oldVotingDelay: int
    newVotingDelay: int


@dataclass(frozen=True, slots=True)
class VotingPeriodSet(TypedEvent):
    """Event `VotingPeriodSet`."""

    oldVotingPeriod: int
    newVotingPeriod: int


@dataclass(frozen=True, slots=True)
class ProposalThresholdSet(TypedEvent):
    """Event `ProposalThresholdSet`."""

    oldProposalThreshold: int
    newProposalThreshold: int


@dataclass(frozen=True, slots=True)
class QuorumNumeratorUpdated(TypedEvent):
    """Event `QuorumNumeratorUpdated`."""

    oldQuorumNumerator: int
    newQuorumNumerator: int


@dataclass(frozen=True, slots=True)
class GraceSet(TypedEvent):
    """Event `GraceSet`."""

    oldGrace: int
    newGrace: int


@dataclass(frozen=True, slots=True)
class VoteCast(TypedEvent):
    """Event `VoteCast`."""

    voter: str
    proposalId: int
    support: int
    weight: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProposalCreated(TypedEvent):
    """Event `ProposalCreated`."""

    proposalId: int
    proposer: str
    targets: tuple[str, ...]
    values: tuple[int, ...]
    signatures: tuple[str, ...]
    calldatas: tuple[bytes, ...]
    voteStart: int
    voteEnd: int
    description: str


@dataclass(frozen=True, slots=True)
class ProposalQueued(TypedEvent):
    """Event `ProposalQueued`."""

    proposalId: int
    etaSeconds: int


@dataclass(frozen=True, slots=True)
class ProposalExecuted(TypedEvent):
    """Event `ProposalExecuted`."""

    proposalId: int


@dataclass(frozen=True, slots=True)
class ProposalCanceled(TypedEvent):
    """Event `ProposalCanceled`."""

    proposalId: int
