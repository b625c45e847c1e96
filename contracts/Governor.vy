# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Governor
@license Apache-2.0
@notice  Whoever has enough votes proposes calls; all who had votes at the snapshot decide; what is
         carried waits in the Timelock and is then executed by anyone. Functions, events and states
         of OpenZeppelin's Governor with simple counting, a quorum in percent and a Timelock.
@dev     The proposer cancels while nobody can vote yet; the council at any time before execution,
         unless the proposal calls nothing but the council: nobody vetoes his own replacement.
         There is no ether: every value is 0.
"""

from .interfaces import IGovernor
from .interfaces import ITimelock
from .modules import eip712
from .modules import hashchain
from .modules.governor import names
from .modules.governor import proposals
from .modules.governor import proposer
from .modules.governor import rules

implements: IGovernor
initializes: hashchain
initializes: eip712
initializes: rules[hashchain := hashchain]
initializes: proposals[eip712 := eip712, hashchain := hashchain, rules := rules]

exports: hashchain.event_head
exports: eip712.eip712Domain
exports: (names.name, names.version, names.hashProposal)
exports: (
    rules.token,
    rules.timelock,
    rules.votingDelay,
    rules.votingPeriod,
    rules.proposalThreshold,
    rules.grace,
    rules.setVotingDelay,
    rules.setVotingPeriod,
    rules.setProposalThreshold,
    rules.updateQuorumNumerator,
    rules.setGrace,
    rules.clock,
    rules.CLOCK_MODE,
    rules.getVotes,
    rules.quorumNumerator,
    rules.quorum,
)
exports: (
    proposals.nonces,
    proposals.hasVoted,
    proposals.castVote,
    proposals.castVoteWithReason,
    proposals.castVoteBySig,
    proposals.COUNTING_MODE,
    proposals.proposalNeedsQueuing,
    proposals.state,
    proposals.proposal,
    proposals.proposalVotes,
    proposals.proposalSnapshot,
    proposals.proposalDeadline,
    proposals.proposalProposer,
    proposals.proposalEta,
)

MAX_CALLS: constant(uint256) = 8
MAX_DATA: constant(uint256) = 2048
MAX_DESCRIPTION: constant(uint256) = 1024

CREATED: constant(bytes32) = keccak256(
    "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)"
)
PROPOSAL_QUEUED: constant(bytes32) = keccak256("ProposalQueued(uint256,uint256)")
PROPOSAL_EXECUTED: constant(bytes32) = keccak256("ProposalExecuted(uint256)")
PROPOSAL_CANCELED: constant(bytes32) = keccak256("ProposalCanceled(uint256)")

# @notice Who may cancel any proposal that is not about itself.
council: public(immutable(address))


@deploy
def __init__(
    votes: address, _timelock: address, _council: address, settings: IGovernor.Settings
):
    """
    @notice Takes the source of votes and the first settings.
    @param votes An ERC-5805 contract with a clock of seconds: Members, Stakes or Token.
    @param _timelock The Timelock contract, whose governor is this one.
    @param _council The Council contract.
    @param settings Within the bounds.
    """
    assert votes != empty(address) and _timelock != empty(address), "Governor: no contract"
    assert _council != empty(address), "Governor: no contract"
    eip712.__init__("Quorate Governor")
    council = _council
    rules.__init__(votes, _timelock, settings)


@external
def propose(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    description: String[MAX_DESCRIPTION],
) -> uint256:
    """
    @notice Proposes calls. Voting opens after the voting delay.
    @param targets The contracts to call.
    @param values 0 for each.
    @param calldatas What to call them with.
    @param description What it is for. Ending in `#proposer=0x...` it is refused from anyone else,
           so that nobody can take a proposal over by being faster.
    @return The proposal.
    """
    assert proposer.allowed(description, msg.sender), "Governor: for another proposer"
    assert len(targets) != 0, "Governor: nothing to do"
    same: bool = len(targets) == len(values) and len(targets) == len(calldatas)
    assert same, "Governor: lengths differ"
    votes: uint256 = rules.votes_of(msg.sender, block.timestamp - 1)
    assert votes >= rules.proposalThreshold, "Governor: too few votes"
    id: uint256 = names.id_of(targets, values, calldatas, keccak256(description))
    assert proposals.known(id).snapshot == 0, "Governor: already proposed"
    council_only: bool = True
    texts: DynArray[String[1], MAX_CALLS] = []
    for i: uint256 in range(len(targets), bound=MAX_CALLS):
        assert values[i] == 0, "Governor: there is no ether"
        council_only = council_only and targets[i] == council
        texts.append("")
    start: uint256 = block.timestamp + rules.votingDelay
    end: uint256 = start + rules.votingPeriod
    proposals.record(
        id,
        IGovernor.Proposal(
            proposer=msg.sender,
            snapshot=start,
            deadline=end,
            queue_by=end + rules.grace,
            eta=0,
            operation=empty(bytes32),
            ended=0,
            council_only=council_only,
        ),
    )
    log IGovernor.ProposalCreated(
        proposalId=id,
        proposer=msg.sender,
        targets=targets,
        values=values,
        signatures=texts,
        calldatas=calldatas,
        voteStart=start,
        voteEnd=end,
        description=description,
    )
    entry: bytes32 = keccak256(
        abi_encode(
            CREATED, id, msg.sender, targets, values, texts, calldatas, start, end, description
        )
    )
    hashchain.extend(entry)
    return id


@external
def queue(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    descriptionHash: bytes32,
) -> uint256:
    """
    @notice Announces a carried proposal in the Timelock. Anyone may ask for it.
    @param targets As proposed.
    @param values As proposed.
    @param calldatas As proposed.
    @param descriptionHash Keccak-256 of the description.
    @return The proposal.
    """
    id: uint256 = names.id_of(targets, values, calldatas, descriptionHash)
    assert proposals.state_of(id) == proposals.SUCCEEDED, "Governor: not succeeded"
    salt: bytes32 = names.salt_of(descriptionHash)
    delay: uint256 = staticcall ITimelock(rules.timelock).getMinDelay()
    known: IGovernor.Proposal = proposals.known(id)
    known.eta = block.timestamp + delay
    known.operation = keccak256(
        abi_encode(targets, values, calldatas, empty(bytes32), salt)
    )
    proposals.record(id, known)
    log IGovernor.ProposalQueued(proposalId=id, etaSeconds=known.eta)
    hashchain.extend(keccak256(abi_encode(PROPOSAL_QUEUED, id, known.eta)))
    extcall ITimelock(rules.timelock).scheduleBatch(
        targets, values, calldatas, empty(bytes32), salt, delay, rules.grace
    )
    return id


@external
def execute(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    descriptionHash: bytes32,
) -> uint256:
    """
    @notice Has the Timelock make the calls, once their time has come. Anyone may ask for it.
    @param targets As proposed.
    @param values As proposed.
    @param calldatas As proposed.
    @param descriptionHash Keccak-256 of the description.
    @return The proposal.
    """
    id: uint256 = names.id_of(targets, values, calldatas, descriptionHash)
    assert proposals.state_of(id) == proposals.QUEUED, "Governor: not queued"
    known: IGovernor.Proposal = proposals.known(id)
    known.ended = proposals.BY_EXECUTE
    proposals.record(id, known)
    log IGovernor.ProposalExecuted(proposalId=id)
    hashchain.extend(keccak256(abi_encode(PROPOSAL_EXECUTED, id)))
    extcall ITimelock(rules.timelock).executeBatch(
        targets, values, calldatas, empty(bytes32), names.salt_of(descriptionHash)
    )
    return id


@external
def cancel(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    descriptionHash: bytes32,
) -> uint256:
    """
    @notice Proposer while it is pending, or Council before it is executed: takes it back.
    @param targets As proposed.
    @param values As proposed.
    @param calldatas As proposed.
    @param descriptionHash Keccak-256 of the description.
    @return The proposal.
    """
    id: uint256 = names.id_of(targets, values, calldatas, descriptionHash)
    self._cancel(id)
    return id


@external
def cancel_by_id(proposalId: uint256):
    """
    @notice As `cancel`, without its calls: an act of the council is shorter than a proposal.
    @param proposalId The proposal.
    """
    self._cancel(proposalId)


@internal
def _cancel(id: uint256):
    state: uint8 = proposals.state_of(id)
    known: IGovernor.Proposal = proposals.known(id)
    assert not proposals.is_over(state), "Governor: already ended"
    if msg.sender == council:
        assert not known.council_only, "Governor: about the council"
    else:
        assert msg.sender == known.proposer, "Governor: only proposer, Council"
        assert state == proposals.PENDING, "Governor: voting has begun"
    known.ended = proposals.BY_CANCEL
    proposals.record(id, known)
    log IGovernor.ProposalCanceled(proposalId=id)
    hashchain.extend(keccak256(abi_encode(PROPOSAL_CANCELED, id)))
    if known.eta != 0:
        extcall ITimelock(rules.timelock).cancel(known.operation)
