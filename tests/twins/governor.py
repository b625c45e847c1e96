"""Governor in plain Python: proposals, votes as they were at the snapshot, and what follows."""

from dataclasses import dataclass, field
from string import hexdigits

from tests.twins.calls import signed_by
from tests.twins.signing import digest_in, separator_of, spell
from tests.twins.table import keccak
from tests.twins.world import NOBODY, ZERO, Twin, World, keccak_of, need

DAY = 86_400
PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)
AGAINST, FOR, ABSTAIN = range(3)
BALLOT = "Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"
MARK = "#proposer=0x"


@dataclass
class Proposal:
    proposer: str
    snapshot: int
    deadline: int
    queue_by: int
    about_council: bool
    eta: int = 0
    operation: bytes = ZERO
    canceled: bool = False
    executed: bool = False
    votes: dict[str, tuple[int, int]] = field(default_factory=dict)  # voter: (support, weight)

    def tally(self, support: int) -> int:
        return sum(weight for kind, weight in self.votes.values() if kind == support)


@dataclass
class State:
    delay: int = 0
    period: int = 0
    threshold: int = 0
    grace: int = 0
    quorums: list[tuple[int, int]] = field(default_factory=list)  # (since when, percent)
    proposals: dict[int, Proposal] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict)


class Governor(Twin):
    def __init__(  # noqa: PLR0917 (the contract's own arguments)
        self, world: World, address: str, votes: str, timelock: str, council: str, settings: tuple
    ) -> None:
        super().__init__(world, address, State())
        need(NOBODY not in (votes, timelock, council), "Governor: no contract")
        self._votes, self._timelock, self._council = votes, timelock, council
        delay, period, threshold, percent, grace = settings
        self._change_delay(delay)
        self._change_period(period)
        self._change_threshold(threshold)
        self._change_quorum(percent)
        self._change_grace(grace)

    # --- a proposal's way -----------------------------------------------------------------------

    def propose(self, sender: str, targets, values, calldatas, description: str) -> int:
        need(_belongs_to(description, sender), "Governor: for another proposer")
        need(len(targets) > 0, "Governor: nothing to do")
        need(len(targets) == len(values) == len(calldatas), "Governor: lengths differ")
        now = self.world.now
        enough = self.getVotes(sender, now - 1) >= self.state.threshold
        need(enough, "Governor: too few votes")
        name = self.hashProposal(targets, values, calldatas, keccak(description.encode()))
        need(name not in self.state.proposals, "Governor: already proposed")
        need(not any(values), "Governor: there is no ether")
        start = now + self.state.delay
        end = start + self.state.period
        self.state.proposals[name] = Proposal(
            proposer=sender,
            snapshot=start,
            deadline=end,
            queue_by=end + self.state.grace,
            about_council=set(targets) == {self._council},
        )
        self.emit(
            "ProposalCreated",
            proposalId=name,
            proposer=sender,
            targets=tuple(targets),
            values=tuple(values),
            signatures=("",) * len(targets),
            calldatas=tuple(calldatas),
            voteStart=start,
            voteEnd=end,
            description=description,
        )
        return name

    def castVote(self, sender: str, name: int, support: int) -> int:
        return self._vote(name, sender, support, "")

    def castVoteWithReason(self, sender: str, name: int, support: int, reason: str) -> int:
        return self._vote(name, sender, support, reason)

    def castVoteBySig(
        self, sender: str, name: int, support: int, voter: str, signature: bytes
    ) -> int:
        types = ["uint256", "uint8", "address", "uint256"]
        ballot = [name, support, voter, self.nonces(voter)]
        digest = digest_in(self._separator(), BALLOT, types, ballot)
        need(signed_by(self.world, voter, digest, signature), "Governor: wrong signature")
        self.state.nonces[voter] = self.nonces(voter) + 1
        return self._vote(name, voter, support, "")

    def _vote(self, name: int, voter: str, support: int, reason: str) -> int:
        need(self.state_(name) == ACTIVE, "Governor: not open to votes")
        need(support in (AGAINST, FOR, ABSTAIN), "Governor: no such kind of vote")
        proposal = self.state.proposals[name]
        need(voter not in proposal.votes, "Governor: already voted")
        weight = self.getVotes(voter, proposal.snapshot)
        need(weight > 0, "Governor: no votes at snapshot")
        proposal.votes[voter] = (support, weight)
        self.emit(
            "VoteCast",
            voter=voter,
            proposalId=name,
            support=support,
            weight=weight,
            reason=reason,
        )
        return weight

    def queue(self, sender: str, targets, values, calldatas, words: bytes) -> int:
        name = self.hashProposal(targets, values, calldatas, words)
        need(self.state_(name) == SUCCEEDED, "Governor: not succeeded")
        proposal, timelock = self.state.proposals[name], self._lock()
        delay, salt = timelock.getMinDelay(), self._salt(words)
        proposal.eta = self.world.now + delay
        proposal.operation = timelock.hashOperationBatch(targets, values, calldatas, ZERO, salt)
        self.emit("ProposalQueued", proposalId=name, etaSeconds=proposal.eta)
        timelock.scheduleBatch(
            self.address, targets, values, calldatas, ZERO, salt, delay, self.state.grace
        )
        return name

    def execute(self, sender: str, targets, values, calldatas, words: bytes) -> int:
        name = self.hashProposal(targets, values, calldatas, words)
        need(self.state_(name) == QUEUED, "Governor: not queued")
        self.state.proposals[name].executed = True
        self.emit("ProposalExecuted", proposalId=name)
        salt = self._salt(words)
        self._lock().executeBatch(self.address, targets, values, calldatas, ZERO, salt)
        return name

    def cancel(self, sender: str, targets, values, calldatas, words: bytes) -> int:
        name = self.hashProposal(targets, values, calldatas, words)
        self.cancel_by_id(sender, name)
        return name

    def cancel_by_id(self, sender: str, name: int) -> None:
        stands = self.state_(name)
        proposal = self.state.proposals[name]
        over = stands in (CANCELED, DEFEATED, EXPIRED, EXECUTED)
        need(not over, "Governor: already ended")
        if sender == self._council:
            need(not proposal.about_council, "Governor: about the council")
        else:
            need(sender == proposal.proposer, "Governor: only proposer, Council")
            need(stands == PENDING, "Governor: voting has begun")
        proposal.canceled = True
        self.emit("ProposalCanceled", proposalId=name)
        if proposal.eta:
            self._lock().cancel(self.address, proposal.operation)

    # --- where it stands ------------------------------------------------------------------------

    def state_(self, name: int) -> int:
        """The contract's `state`; the word is taken by what a twin remembers."""
        need(name in self.state.proposals, "Governor: no such proposal")
        proposal, now = self.state.proposals[name], self.world.now
        if proposal.executed or proposal.canceled:
            return EXECUTED if proposal.executed else CANCELED
        if now <= proposal.deadline:
            return PENDING if now <= proposal.snapshot else ACTIVE
        if proposal.eta:
            # Unset, waiting, ready, done, expired: what the Timelock says of it.
            fates = (CANCELED, QUEUED, QUEUED, EXECUTED, EXPIRED)
            return fates[self._lock().getOperationState(proposal.operation)]
        yes = proposal.tally(FOR)
        carried = yes > proposal.tally(AGAINST)
        if not carried or yes + proposal.tally(ABSTAIN) < self.quorum(proposal.snapshot):
            return DEFEATED
        return SUCCEEDED if now <= proposal.queue_by else EXPIRED

    def proposal(self, name: int) -> tuple:
        known = self.state.proposals.get(name)
        if known is None:
            return (NOBODY, 0, 0, 0, 0, ZERO, 0, False)
        ended = 1 if known.canceled else 2 if known.executed else 0
        times = (known.snapshot, known.deadline, known.queue_by, known.eta)
        return (known.proposer, *times, known.operation, ended, known.about_council)

    def proposalVotes(self, name: int) -> tuple[int, int, int]:
        known = self.state.proposals.get(name)
        if known is None:
            return (0, 0, 0)
        return (known.tally(AGAINST), known.tally(FOR), known.tally(ABSTAIN))

    def hasVoted(self, name: int, account: str) -> bool:
        known = self.state.proposals.get(name)
        return known is not None and account in known.votes

    def proposalSnapshot(self, name: int) -> int:
        return self.proposal(name)[1]

    def proposalDeadline(self, name: int) -> int:
        return self.proposal(name)[2]

    def proposalEta(self, name: int) -> int:
        return self.proposal(name)[4]

    def proposalProposer(self, name: int) -> str:
        return self.proposal(name)[0]

    def proposalNeedsQueuing(self, name: int) -> bool:
        return True

    def hashProposal(self, targets, values, calldatas, words: bytes) -> int:
        types = ["address[]", "uint256[]", "bytes[]", "bytes32"]
        return int.from_bytes(keccak_of(types, [targets, values, calldatas, words]), "big")

    # --- rules ----------------------------------------------------------------------------------

    def setVotingDelay(self, sender: str, seconds: int) -> None:
        self._only_timelock(sender)
        self._change_delay(seconds)

    def setVotingPeriod(self, sender: str, seconds: int) -> None:
        self._only_timelock(sender)
        self._change_period(seconds)

    def setProposalThreshold(self, sender: str, votes: int) -> None:
        self._only_timelock(sender)
        if votes > 1:
            everyone = self.world.at[self._votes].getPastTotalSupply(self.world.now - 1)
            need(votes * 256 <= everyone, "Governor: threshold too high")
        self._change_threshold(votes)

    def updateQuorumNumerator(self, sender: str, percent: int) -> None:
        self._only_timelock(sender)
        self._change_quorum(percent)

    def setGrace(self, sender: str, seconds: int) -> None:
        self._only_timelock(sender)
        self._change_grace(seconds)

    def _only_timelock(self, sender: str) -> None:
        need(sender == self._timelock, "Governor: only Timelock")

    def _change_delay(self, seconds: int) -> None:
        need(1 <= seconds <= 30 * DAY, "Governor: delay out of bounds")
        old, self.state.delay = self.state.delay, seconds
        self.emit("VotingDelaySet", oldVotingDelay=old, newVotingDelay=seconds)

    def _change_period(self, seconds: int) -> None:
        need(60 <= seconds <= 30 * DAY, "Governor: period out of bounds")
        old, self.state.period = self.state.period, seconds
        self.emit("VotingPeriodSet", oldVotingPeriod=old, newVotingPeriod=seconds)

    def _change_threshold(self, votes: int) -> None:
        need(1 <= votes < 2**96, "Governor: threshold off bounds")
        old, self.state.threshold = self.state.threshold, votes
        self.emit("ProposalThresholdSet", oldProposalThreshold=old, newProposalThreshold=votes)

    def _change_quorum(self, percent: int) -> None:
        need(1 <= percent <= 75, "Governor: quorum not 1-75 %")
        old = self.quorumNumerator()
        self.state.quorums.append((self.world.now, percent))
        self.emit("QuorumNumeratorUpdated", oldQuorumNumerator=old, newQuorumNumerator=percent)

    def _change_grace(self, seconds: int) -> None:
        need(3600 <= seconds <= 90 * DAY, "Governor: grace out of bounds")
        old, self.state.grace = self.state.grace, seconds
        self.emit("GraceSet", oldGrace=old, newGrace=seconds)

    def quorumNumerator(self, timepoint: int = 2**256 - 1) -> int:
        known = [percent for since, percent in self.state.quorums if since <= timepoint]
        return known[-1] if known else 0

    def quorum(self, timepoint: int) -> int:
        everyone = self.world.at[self._votes].getPastTotalSupply(timepoint)
        return everyone * self.quorumNumerator(timepoint) // 100

    def getVotes(self, account: str, timepoint: int) -> int:
        return self.world.at[self._votes].getPastVotes(account, timepoint)

    def votingDelay(self) -> int:
        return self.state.delay

    def votingPeriod(self) -> int:
        return self.state.period

    def proposalThreshold(self) -> int:
        return self.state.threshold

    def grace(self) -> int:
        return self.state.grace

    def nonces(self, account: str) -> int:
        return self.state.nonces.get(account, 0)

    # --- what it is -----------------------------------------------------------------------------

    def token(self) -> str:
        return self._votes

    def timelock(self) -> str:
        return self._timelock

    def council(self) -> str:
        return self._council

    def clock(self) -> int:
        return self.world.now

    def CLOCK_MODE(self) -> str:
        return "mode=timestamp"

    def COUNTING_MODE(self) -> str:
        return "support=bravo&quorum=for,abstain"

    def name(self) -> str:
        return "Quorate Governor"

    def version(self) -> str:
        return "1"

    def eip712Domain(self) -> tuple:
        chain = self.world.chain_id
        return (b"\x0f", "Quorate Governor", "1", chain, self.address, bytes(32), ())

    def _separator(self) -> bytes:
        return separator_of("Quorate Governor", self.world.chain_id, self.address)

    def _lock(self):
        return self.world.at[self._timelock]

    def _salt(self, words: bytes) -> bytes:
        own = bytes.fromhex(self.address[2:]).ljust(32, b"\0")
        return bytes(a ^ b for a, b in zip(own, words, strict=True))


def _belongs_to(description: str, account: str) -> bool:
    """True unless the description ends in the mark of somebody else."""
    _, mark, name = description.rpartition(MARK)
    if not mark or len(name) != 40 or not set(name) <= set(hexdigits):
        return True
    return spell(bytes.fromhex(name)) == account
