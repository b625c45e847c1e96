# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Proposals and their votes
@license Apache-2.0
@notice  Where a proposal stands follows from the time, the votes and the Timelock; nothing has to
         be told. Votes count as they were at the snapshot: bought, borrowed or delegated later
         they are worth nothing. For, against, abstain; the quorum is for and abstain together.
"""

from ...interfaces import IGovernor
from ...interfaces import ITimelock
from .. import eip712
from .. import hashchain
from . import rules
from .. import signatures

uses: eip712
uses: hashchain
uses: rules

# States, as OpenZeppelin numbers them.
PENDING: constant(uint8) = 0
ACTIVE: constant(uint8) = 1
CANCELED: constant(uint8) = 2
DEFEATED: constant(uint8) = 3
SUCCEEDED: constant(uint8) = 4
QUEUED: constant(uint8) = 5
EXPIRED: constant(uint8) = 6
EXECUTED: constant(uint8) = 7

# `ended` of a proposal.
BY_CANCEL: constant(uint256) = 1
BY_EXECUTE: constant(uint256) = 2

# Kinds of votes, and states of an operation in the Timelock.
AGAINST: constant(uint256) = 0
IN_FAVOUR: constant(uint256) = 1
ABSTAIN: constant(uint256) = 2
OPERATION_DONE: constant(uint8) = 3
OPERATION_EXPIRED: constant(uint8) = 4

BALLOT_TYPE: constant(bytes32) = keccak256(
    "Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"
)
VOTE_CAST: constant(bytes32) = keccak256("VoteCast(address,uint256,uint8,uint256,string)")

# @notice How many votes by signature an account has given: the nonce of its next.
nonces: public(HashMap[address, uint256])
# @notice True when the account has voted on the proposal.
hasVoted: public(HashMap[uint256, HashMap[address, bool]])

_proposals: HashMap[uint256, IGovernor.Proposal]
_tallies: HashMap[uint256, uint256[3]]


@external
def castVote(proposalId: uint256, support: uint8) -> uint256:
    """
    @notice Gives the caller's only vote on a proposal.
    @param proposalId The proposal.
    @param support 0 against, 1 for, 2 abstain.
    @return How many votes that were.
    """
    return self._cast(proposalId, msg.sender, support, "")


@external
def castVoteWithReason(proposalId: uint256, support: uint8, reason: String[256]) -> uint256:
    """
    @notice Gives the caller's only vote on a proposal, and says why.
    @param proposalId The proposal.
    @param support 0 against, 1 for, 2 abstain.
    @param reason For the event.
    @return How many votes that were.
    """
    return self._cast(proposalId, msg.sender, support, reason)


@external
def castVoteBySig(
    proposalId: uint256, support: uint8, voter: address, signature: Bytes[1024]
) -> uint256:
    """
    @notice Gives the vote of someone who signed it (EIP-712, ECDSA or ERC-1271). Anyone may bring
            it; it counts once, here, on this chain.
    @param proposalId The proposal.
    @param support 0 against, 1 for, 2 abstain.
    @param voter Who votes.
    @param signature Over the Ballot with the voter's next nonce.
    @return How many votes that were.
    """
    nonce: uint256 = self.nonces[voter]
    digest: bytes32 = eip712.digest(
        keccak256(abi_encode(BALLOT_TYPE, proposalId, support, voter, nonce))
    )
    assert signatures.signed_by(voter, digest, signature), "Governor: wrong signature"
    self.nonces[voter] = nonce + 1
    return self._cast(proposalId, voter, support, "")


@external
@view
def state(proposalId: uint256) -> uint8:
    """
    @notice Pending 0, active 1, canceled 2, defeated 3, succeeded 4, queued 5, expired 6,
            executed 7.
    @param proposalId The proposal.
    @return The state.
    """
    return self.state_of(proposalId)


@external
@view
def proposal(proposalId: uint256) -> IGovernor.Proposal:
    """
    @notice All that is stored of a proposal; the snapshot is 0 for an unknown one.
    @param proposalId The proposal.
    @return The record.
    """
    return self._proposals[proposalId]


@external
@view
def proposalVotes(proposalId: uint256) -> (uint256, uint256, uint256):
    """
    @notice The votes so far.
    @param proposalId The proposal.
    @return Against, for, abstain.
    """
    tally: uint256[3] = self._tallies[proposalId]
    return tally[AGAINST], tally[IN_FAVOUR], tally[ABSTAIN]


@external
@view
def proposalSnapshot(proposalId: uint256) -> uint256:
    """
    @notice The second at whose end votes count; voting begins after it.
    @param proposalId The proposal.
    @return Seconds since 1970, 0 for an unknown proposal.
    """
    return self._proposals[proposalId].snapshot


@external
@view
def proposalDeadline(proposalId: uint256) -> uint256:
    """
    @notice The last second of the vote.
    @param proposalId The proposal.
    @return Seconds since 1970, 0 for an unknown proposal.
    """
    return self._proposals[proposalId].deadline


@external
@view
def proposalProposer(proposalId: uint256) -> address:
    """
    @notice Who proposed it.
    @param proposalId The proposal.
    @return The account, zero for an unknown proposal.
    """
    return self._proposals[proposalId].proposer


@external
@view
def proposalEta(proposalId: uint256) -> uint256:
    """
    @notice When it may be executed.
    @param proposalId The proposal.
    @return Seconds since 1970, 0 while it is not queued.
    """
    return self._proposals[proposalId].eta


@external
@pure
def COUNTING_MODE() -> String[32]:
    """
    @notice How votes are counted.
    @return The text of OpenZeppelin's simple counting.
    """
    return "support=bravo&quorum=for,abstain"


@external
@view
def proposalNeedsQueuing(proposalId: uint256) -> bool:
    """
    @notice Every proposal waits in the Timelock.
    @param proposalId The proposal.
    @return True.
    """
    return True


@internal
@view
def state_of(id: uint256) -> uint8:
    """@notice Where the proposal stands now."""
    found: IGovernor.Proposal = self._proposals[id]
    assert found.snapshot != 0, "Governor: no such proposal"
    if found.ended != 0:
        return EXECUTED if found.ended == BY_EXECUTE else CANCELED
    if block.timestamp <= found.snapshot:
        return PENDING
    if block.timestamp <= found.deadline:
        return ACTIVE
    if found.eta != 0:
        return self._state_queued(found.operation)
    if not self._carried(id, found.snapshot):
        return DEFEATED
    return SUCCEEDED if block.timestamp <= found.queue_by else EXPIRED


@internal
@pure
def is_over(state: uint8) -> bool:
    """@notice True when nothing can become of the proposal any more."""
    return state in [CANCELED, DEFEATED, EXPIRED, EXECUTED]


@internal
def record(id: uint256, proposal: IGovernor.Proposal):
    """@notice Stores a proposal, new or changed."""
    self._proposals[id] = proposal


@internal
@view
def known(id: uint256) -> IGovernor.Proposal:
    """@notice What is stored of a proposal."""
    return self._proposals[id]


@internal
def _cast(id: uint256, voter: address, support: uint8, reason: String[256]) -> uint256:
    assert self.state_of(id) == ACTIVE, "Governor: not open to votes"
    assert support <= 2, "Governor: no such kind of vote"
    assert not self.hasVoted[id][voter], "Governor: already voted"
    weight: uint256 = rules.votes_of(voter, self._proposals[id].snapshot)
    assert weight != 0, "Governor: no votes at snapshot"
    self.hasVoted[id][voter] = True
    self._tallies[id][support] += weight
    log IGovernor.VoteCast(
        voter=voter, proposalId=id, support=support, weight=weight, reason=reason
    )
    hashchain.extend(keccak256(abi_encode(VOTE_CAST, voter, id, support, weight, reason)))
    return weight


@internal
@view
def _carried(id: uint256, snapshot: uint256) -> bool:
    """@notice More for than against, and enough for or abstain."""
    tally: uint256[3] = self._tallies[id]
    if tally[IN_FAVOUR] <= tally[AGAINST]:
        return False
    return tally[IN_FAVOUR] + tally[ABSTAIN] >= rules.quorum_at(snapshot)


@internal
@view
def _state_queued(operation: bytes32) -> uint8:
    """@notice What became of it in the Timelock, where anyone executes and the council cancels."""
    there: uint8 = staticcall ITimelock(rules.timelock).getOperationState(operation)
    if there == OPERATION_DONE:
        return EXECUTED
    if there == OPERATION_EXPIRED:
        return EXPIRED
    return CANCELED if there == 0 else QUEUED
