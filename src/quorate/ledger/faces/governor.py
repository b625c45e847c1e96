"""The Governor contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.governor_facts import (
    GraceSet,
    Proposal,
    ProposalCanceled,
    ProposalCreated,
    ProposalExecuted,
    ProposalQueued,
    ProposalThresholdSet,
    QuorumNumeratorUpdated,
    Settings,
    VoteCast,
    VotingDelaySet,
    VotingPeriodSet,
)


class Governor(Face):
    """Whoever has enough votes proposes calls; all who had votes at the snapshot decide;
    what is carried waits in the Timelock and is then executed by anyone. Functions,
    events and states of OpenZeppelin's Governor with simple counting, a quorum in percent
    and a Timelock.
    """

    NAME = "Governor"
    EVENTS = (
        VotingDelaySet,
        VotingPeriodSet,
        ProposalThresholdSet,
        QuorumNumeratorUpdated,
        GraceSet,
        VoteCast,
        ProposalCreated,
        ProposalQueued,
        ProposalExecuted,
        ProposalCanceled,
    )

    @staticmethod
    def deployment(votes: str, timelock: str, council: str, settings: Settings) -> Call:
        """The call that creates the contract."""
        return load_artifact("Governor").deployment(votes, timelock, council, settings)

    def CLOCK_MODE(self) -> str:
        """ERC-6372: what the clock counts."""
        return self._ask(str, "CLOCK_MODE")

    def COUNTING_MODE(self) -> str:
        """How votes are counted."""
        return self._ask(str, "COUNTING_MODE")

    def cancel(
        self,
        targets: Sequence[str],
        values: Sequence[int],
        calldatas: Sequence[bytes],
        descriptionHash: bytes,
    ) -> Call:
        """Proposer while it is pending, or Council before it is executed: takes it back."""
        return self._encode("cancel", targets, values, calldatas, descriptionHash)

    def cancel_by_id(self, proposalId: int) -> Call:
        """As `cancel`, without its calls: an act of the council is shorter than a proposal."""
        return self._encode("cancel_by_id", proposalId)

    def castVote(self, proposalId: int, support: int) -> Call:
        """Gives the caller's only vote on a proposal."""
        return self._encode("castVote", proposalId, support)

    def castVoteBySig(self, proposalId: int, support: int, voter: str, signature: bytes) -> Call:
        """Gives the vote of someone who signed it (EIP-712, ECDSA or ERC-1271). Anyone may
        bring it; it counts once, here, on this chain.
        """
        return self._encode("castVoteBySig", proposalId, support, voter, signature)

    def castVoteWithReason(self, proposalId: int, support: int, reason: str) -> Call:
        """Gives the caller's only vote on a proposal, and says why."""
        return self._encode("castVoteWithReason", proposalId, support, reason)

    def clock(self) -> int:
        """ERC-6372: the present time."""
        return self._ask(int, "clock")

    def council(self) -> str:
        """Who may cancel any proposal that is not about itself."""
        return self._ask(str, "council")

    def eip712Domain(self) -> tuple[bytes, str, str, int, str, bytes, tuple[int, ...]]:
        """ERC-5267: the fields of the domain (bits 0 to 3), and no extensions."""
        return self._ask(tuple[bytes, str, str, int, str, bytes, tuple[int, ...]], "eip712Domain")

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def execute(
        self,
        targets: Sequence[str],
        values: Sequence[int],
        calldatas: Sequence[bytes],
        descriptionHash: bytes,
    ) -> Call:
        """Has the Timelock make the calls, once their time has come. Anyone may ask for it."""
        return self._encode("execute", targets, values, calldatas, descriptionHash)

    def getVotes(self, account: str, timepoint: int) -> int:
        """The votes that an account had."""
        return self._ask(int, "getVotes", account, timepoint)

    def grace(self) -> int:
        """Seconds to queue after the vote, and to execute after the delay; 1 hour to 90 days."""
        return self._ask(int, "grace")

    def hasVoted(self, arg0: int, arg1: str) -> bool:
        """True when the account has voted on the proposal."""
        return self._ask(bool, "hasVoted", arg0, arg1)

    def hashProposal(
        self,
        targets: Sequence[str],
        values: Sequence[int],
        calldatas: Sequence[bytes],
        descriptionHash: bytes,
    ) -> int:
        """The proposal that these calls and this description make."""
        return self._ask(int, "hashProposal", targets, values, calldatas, descriptionHash)

    def name(self) -> str:
        """The contract's `name`."""
        return self._ask(str, "name")

    def nonces(self, arg0: str) -> int:
        """How many votes by signature an account has given: the nonce of its next."""
        return self._ask(int, "nonces", arg0)

    def proposal(self, proposalId: int) -> Proposal:
        """All that is stored of a proposal; the snapshot is 0 for an unknown one."""
        return self._ask(Proposal, "proposal", proposalId)

    def proposalDeadline(self, proposalId: int) -> int:
        """The last second of the vote."""
        return self._ask(int, "proposalDeadline", proposalId)

    def proposalEta(self, proposalId: int) -> int:
        """When it may be executed."""
        return self._ask(int, "proposalEta", proposalId)

    def proposalNeedsQueuing(self, proposalId: int) -> bool:
        """Every proposal waits in the Timelock."""
        return self._ask(bool, "proposalNeedsQueuing", proposalId)

    def proposalProposer(self, proposalId: int) -> str:
        """Who proposed it."""
        return self._ask(str, "proposalProposer", proposalId)

    def proposalSnapshot(self, proposalId: int) -> int:
        """The second at whose end votes count; voting begins after it."""
        return self._ask(int, "proposalSnapshot", proposalId)

    def proposalThreshold(self) -> int:
        """Votes that a proposer needs."""
        return self._ask(int, "proposalThreshold")

    def proposalVotes(self, proposalId: int) -> tuple[int, int, int]:
        """The votes so far."""
        return self._ask(tuple[int, int, int], "proposalVotes", proposalId)

    def propose(
        self,
        targets: Sequence[str],
        values: Sequence[int],
        calldatas: Sequence[bytes],
        description: str,
    ) -> Call:
        """Proposes calls. Voting opens after the voting delay."""
        return self._encode("propose", targets, values, calldatas, description)

    def queue(
        self,
        targets: Sequence[str],
        values: Sequence[int],
        calldatas: Sequence[bytes],
        descriptionHash: bytes,
    ) -> Call:
        """Announces a carried proposal in the Timelock. Anyone may ask for it."""
        return self._encode("queue", targets, values, calldatas, descriptionHash)

    def quorum(self, timepoint: int) -> int:
        """How many votes, for or abstain, a proposal with this snapshot needs."""
        return self._ask(int, "quorum", timepoint)

    def quorumNumerator(self, timepoint: int) -> int:
        """The quorum in percent."""
        return self._ask(int, "quorumNumerator", timepoint)

    def setGrace(self, newGrace: int) -> Call:
        """Timelock: another time to queue and to execute."""
        return self._encode("setGrace", newGrace)

    def setProposalThreshold(self, newProposalThreshold: int) -> Call:
        """Timelock: another number of votes that a proposer needs."""
        return self._encode("setProposalThreshold", newProposalThreshold)

    def setVotingDelay(self, newVotingDelay: int) -> Call:
        """Timelock: another delay between proposal and snapshot."""
        return self._encode("setVotingDelay", newVotingDelay)

    def setVotingPeriod(self, newVotingPeriod: int) -> Call:
        """Timelock: another time to vote, for proposals from then on."""
        return self._encode("setVotingPeriod", newVotingPeriod)

    def state(self, proposalId: int) -> int:
        """Pending 0, active 1, canceled 2, defeated 3, succeeded 4, queued 5, expired 6,
        executed 7.
        """
        return self._ask(int, "state", proposalId)

    def timelock(self) -> str:
        """Who alone changes the settings and executes."""
        return self._ask(str, "timelock")

    def token(self) -> str:
        """Where votes come from: an ERC-5805 contract."""
        return self._ask(str, "token")

    def updateQuorumNumerator(self, newQuorumNumerator: int) -> Call:
        """Timelock: another quorum, for snapshots from now on."""
        return self._encode("updateQuorumNumerator", newQuorumNumerator)

    def version(self) -> str:
        """The contract's `version`."""
        return self._ask(str, "version")

    def votingDelay(self) -> int:
        """Seconds from a proposal to the snapshot of votes, 1 second to 30 days."""
        return self._ask(int, "votingDelay")

    def votingPeriod(self) -> int:
        """Seconds from the snapshot to the last vote, 1 minute to 30 days."""
        return self._ask(int, "votingPeriod")
