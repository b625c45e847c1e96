# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Rules of voting: who has how many votes, and what a vote needs
@license Apache-2.0
@notice  Votes come from any ERC-5805 contract with a clock of seconds. The settings are changed by
         the Timelock alone, each within bounds, so that no vote can make the next one impossible.
         A change of the quorum counts for snapshots from that second on, never for earlier ones.
"""

from ...interfaces import IGovernor
from .. import hashchain

uses: hashchain


# The part of ERC-5805 that counts.
interface IVotes:
    def getPastVotes(account: address, timepoint: uint256) -> uint256: view
    def getPastTotalSupply(timepoint: uint256) -> uint256: view


DAY: constant(uint256) = 24 * 3600
MAX_DELAY: constant(uint256) = 30 * DAY
MIN_PERIOD: constant(uint256) = 60
MAX_PERIOD: constant(uint256) = 30 * DAY
MIN_GRACE: constant(uint256) = 3600
MAX_GRACE: constant(uint256) = 90 * DAY
MAX_QUORUM: constant(uint256) = 75
LATEST: constant(uint256) = max_value(uint256)

DELAY_SET: constant(bytes32) = keccak256("VotingDelaySet(uint256,uint256)")
PERIOD_SET: constant(bytes32) = keccak256("VotingPeriodSet(uint256,uint256)")
THRESHOLD_SET: constant(bytes32) = keccak256("ProposalThresholdSet(uint256,uint256)")
QUORUM_SET: constant(bytes32) = keccak256("QuorumNumeratorUpdated(uint256,uint256)")
GRACE_SET: constant(bytes32) = keccak256("GraceSet(uint256,uint256)")

# @notice Where votes come from: an ERC-5805 contract.
token: public(immutable(address))
# @notice Who alone changes the settings and executes.
timelock: public(immutable(address))
# @notice Seconds from a proposal to the snapshot of votes, 1 second to 30 days.
votingDelay: public(uint256)
# @notice Seconds from the snapshot to the last vote, 1 minute to 30 days.
votingPeriod: public(uint256)
# @notice Votes that a proposer needs.
proposalThreshold: public(uint256)
# @notice Seconds to queue after the vote, and to execute after the delay; 1 hour to 90 days.
grace: public(uint256)

# The quorum's history: how many entries, and each as (since when, percent).
_quorums: uint256
_quorum_at: HashMap[uint256, uint256[2]]


@deploy
def __init__(votes: address, _timelock: address, settings: IGovernor.Settings):
    """
    @notice Takes the first settings.
    @param votes An ERC-5805 contract with a clock of seconds.
    @param _timelock The Timelock contract.
    @param settings Within the bounds.
    """
    token = votes
    timelock = _timelock
    self._set_delay(settings.voting_delay)
    self._set_period(settings.voting_period)
    self._set_threshold(settings.proposal_threshold)
    self._set_quorum(settings.quorum_percent)
    self._set_grace(settings.grace)


@external
@reentrant  # the Timelock calls it in the middle of execute
def setVotingDelay(newVotingDelay: uint48):
    """
    @notice Timelock: another delay between proposal and snapshot.
    @param newVotingDelay Seconds, 1 to 30 days.
    """
    self._only_timelock()
    self._set_delay(convert(newVotingDelay, uint256))


@external
@reentrant  # the Timelock calls it in the middle of execute
def setVotingPeriod(newVotingPeriod: uint32):
    """
    @notice Timelock: another time to vote, for proposals from then on.
    @param newVotingPeriod Seconds, 1 minute to 30 days.
    """
    self._only_timelock()
    self._set_period(convert(newVotingPeriod, uint256))


@external
@reentrant  # the Timelock calls it in the middle of execute
def setProposalThreshold(newProposalThreshold: uint256):
    """
    @notice Timelock: another number of votes that a proposer needs.
    @param newProposalThreshold 1, or more up to a 256th of all votes: of at most 256 members one
           always has as many.
    """
    self._only_timelock()
    if newProposalThreshold > 1:
        all_votes: uint256 = self.all_votes(block.timestamp - 1)
        assert newProposalThreshold <= all_votes // 256, "Governor: threshold too high"
    self._set_threshold(newProposalThreshold)


@external
@reentrant  # the Timelock calls it in the middle of execute
def updateQuorumNumerator(newQuorumNumerator: uint256):
    """
    @notice Timelock: another quorum, for snapshots from now on.
    @param newQuorumNumerator Percent of all votes, 1 to 75.
    """
    self._only_timelock()
    self._set_quorum(newQuorumNumerator)


@external
@reentrant  # the Timelock calls it in the middle of execute
def setGrace(newGrace: uint256):
    """
    @notice Timelock: another time to queue and to execute.
    @param newGrace Seconds, 1 hour to 90 days.
    """
    self._only_timelock()
    self._set_grace(newGrace)


@external
@view
def clock() -> uint48:
    """
    @notice ERC-6372: the present time.
    @return Seconds since 1970.
    """
    return convert(block.timestamp, uint48)


@external
@pure
def CLOCK_MODE() -> String[14]:
    """
    @notice ERC-6372: what the clock counts.
    @return Seconds since 1970.
    """
    return "mode=timestamp"


@external
@view
def getVotes(account: address, timepoint: uint256) -> uint256:
    """
    @notice The votes that an account had.
    @param account Whose.
    @param timepoint A second that has passed.
    @return How many.
    """
    return self.votes_of(account, timepoint)


@external
@view
def quorumNumerator(timepoint: uint256 = LATEST) -> uint256:
    """
    @notice The quorum in percent.
    @param timepoint When; without it, now.
    @return Percent of all votes.
    """
    return self.percent_at(timepoint)


@external
@view
def quorum(timepoint: uint256) -> uint256:
    """
    @notice How many votes, for or abstain, a proposal with this snapshot needs.
    @param timepoint A second that has passed.
    @return Votes.
    """
    return self.quorum_at(timepoint)


@internal
@view
def votes_of(account: address, timepoint: uint256) -> uint256:
    """@notice What the source of votes says."""
    return staticcall IVotes(token).getPastVotes(account, timepoint)


@internal
@view
def all_votes(timepoint: uint256) -> uint256:
    """@notice All votes that there were."""
    return staticcall IVotes(token).getPastTotalSupply(timepoint)


@internal
@view
def quorum_at(timepoint: uint256) -> uint256:
    """@notice Percent of all votes, rounded down."""
    return self.all_votes(timepoint) * self.percent_at(timepoint) // 100


@internal
@view
def percent_at(timepoint: uint256) -> uint256:
    """@notice The last entry that began at `timepoint` or before; 0 before the first."""
    low: uint256 = 0
    high: uint256 = self._quorums
    for _: uint256 in range(64):
        if low == high:
            break
        middle: uint256 = (low + high) // 2
        if self._quorum_at[middle][0] <= timepoint:
            low = middle + 1
        else:
            high = middle
    return 0 if low == 0 else self._quorum_at[low - 1][1]


@internal
@view
def _only_timelock():
    assert msg.sender == timelock, "Governor: only Timelock"


@internal
def _set_delay(seconds: uint256):
    assert seconds != 0 and seconds <= MAX_DELAY, "Governor: delay out of bounds"
    log IGovernor.VotingDelaySet(oldVotingDelay=self.votingDelay, newVotingDelay=seconds)
    hashchain.extend(keccak256(abi_encode(DELAY_SET, self.votingDelay, seconds)))
    self.votingDelay = seconds


@internal
def _set_period(seconds: uint256):
    inside: bool = seconds >= MIN_PERIOD and seconds <= MAX_PERIOD
    assert inside, "Governor: period out of bounds"
    log IGovernor.VotingPeriodSet(oldVotingPeriod=self.votingPeriod, newVotingPeriod=seconds)
    hashchain.extend(keccak256(abi_encode(PERIOD_SET, self.votingPeriod, seconds)))
    self.votingPeriod = seconds


@internal
def _set_threshold(votes: uint256):
    assert votes != 0 and votes < 2**96, "Governor: threshold off bounds"
    log IGovernor.ProposalThresholdSet(
        oldProposalThreshold=self.proposalThreshold, newProposalThreshold=votes
    )
    hashchain.extend(keccak256(abi_encode(THRESHOLD_SET, self.proposalThreshold, votes)))
    self.proposalThreshold = votes


@internal
def _set_quorum(percent: uint256):
    assert percent != 0 and percent <= MAX_QUORUM, "Governor: quorum not 1-75 %"
    old: uint256 = self.percent_at(LATEST)
    self._quorum_at[self._quorums] = [block.timestamp, percent]
    self._quorums += 1
    log IGovernor.QuorumNumeratorUpdated(oldQuorumNumerator=old, newQuorumNumerator=percent)
    hashchain.extend(keccak256(abi_encode(QUORUM_SET, old, percent)))


@internal
def _set_grace(seconds: uint256):
    inside: bool = seconds >= MIN_GRACE and seconds <= MAX_GRACE
    assert inside, "Governor: grace out of bounds"
    log IGovernor.GraceSet(oldGrace=self.grace, newGrace=seconds)
    hashchain.extend(keccak256(abi_encode(GRACE_SET, self.grace, seconds)))
    self.grace = seconds
