"""The Rounds contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.rounds_facts import (
    Aborted,
    Committed,
    CommittedMany,
    Concurred,
    Faulted,
    IncludeCommitted,
    Included,
    PhaseStarted,
    Result,
    Reveal,
    Round,
    RoundOpened,
    SetFixed,
    Settled,
    TaskEnded,
    Terms,
    Vote,
    VoteCommitted,
    VoteRevealed,
)


class Rounds(Face):
    """Federated rounds: participants commit to updates; validators agree by two thirds of
    their stake on the set of updates, on the aggregate's digest and on the scores; what
    the task owes and whom it suspends follow from the numbers.
    """

    NAME = "Rounds"
    EVENTS = (
        IncludeCommitted,
        TaskEnded,
        Aborted,
        PhaseStarted,
        Included,
        Faulted,
        SetFixed,
        VoteCommitted,
        VoteRevealed,
        CommittedMany,
        Concurred,
        Settled,
        RoundOpened,
        Committed,
    )

    @staticmethod
    def deployment(tasks: str, appeals: str, council: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Rounds").deployment(tasks, appeals, council)

    def admit(self, task: bytes, account: str, index: int) -> Call:
        """Tasks: one more participant."""
        return self._encode("admit", task, account, index)

    def advance(self, task: bytes) -> Call:
        """Leaves a phase that is over, by anyone; the last one is left by `settle`."""
        return self._encode("advance", task)

    def appeals(self) -> str:
        """The Appeals contract that this one was created for."""
        return self._ask(str, "appeals")

    def ballot_of(self, arg0: bytes, arg1: int) -> bytes:
        """By validator's place its commitment; once revealed the bitmap, or the digest of
        the vote.
        """
        return self._ask(bytes, "ballot_of", arg0, arg1)

    def begin(self, task: bytes, terms: Terms, listed: Sequence[str]) -> Call:
        """Tasks: a new task, open to join."""
        return self._encode("begin", task, terms, listed)

    def commit(self, task: bytes, commitment: bytes) -> Call:
        """An eligible participant's hiding commitment to its update."""
        return self._encode("commit", task, commitment)

    def commit_many(
        self,
        task: bytes,
        accounts: Sequence[str],
        bits: int,
        commitments: Sequence[bytes],
        signed: Sequence[Sequence[bytes]],
    ) -> Call:
        """Commits for the participants in `bits`, by anyone who has their signatures."""
        return self._encode("commit_many", task, accounts, bits, commitments, signed)

    def concur(
        self,
        task: bytes,
        included: int,
        commitments: Sequence[bytes],
        signed: Sequence[Sequence[bytes]],
    ) -> Call:
        """The short way, when all seated validators hold the same updates: each signed the
        set together with its commitment to a vote; both are taken at once, by anyone's
        hand.
        """
        return self._encode("concur", task, included, commitments, signed)

    def council(self) -> str:
        """The Council contract that this one was created for."""
        return self._ask(str, "council")

    def eip712Domain(self) -> tuple[bytes, str, str, int, str, bytes, tuple[int, ...]]:
        """ERC-5267: the fields of the domain (bits 0 to 3), and no extensions."""
        return self._ask(tuple[bytes, str, str, int, str, bytes, tuple[int, ...]], "eip712Domain")

    def ended(self, task: bytes) -> bool:
        """True for a task that has ended."""
        return self._ask(bool, "ended", task)

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def expel(self, task: bytes, validator: str, reason: str) -> Call:
        """Appeals: slashes a validator that lied; it is never seated again in this task."""
        return self._encode("expel", task, validator, reason)

    def idle(self, task: bytes) -> bool:
        """True for a running task between two rounds."""
        return self._ask(bool, "idle", task)

    def include_commit(self, task: bytes, commitment: bytes) -> Call:
        """The contract's `include_commit`."""
        return self._encode("include_commit", task, commitment)

    def include_reveal(self, task: bytes, reveals: Sequence[Reveal]) -> Call:
        """Opens include commitments, the sender's own or anybody's. One's own that does not
        match is a fault, slashed at once.
        """
        return self._encode("include_reveal", task, reveals)

    def open(self, task: bytes) -> Call:
        """Opens the next round. The first: by the sponsor once enough joined, by anyone
        after the join deadline. Later ones: by anyone once the one before is closed. With
        too few, the task ends.
        """
        return self._encode("open", task)

    def place_of(self, arg0: bytes, arg1: str) -> int:
        """A listed validator's place, counted from 1; 0 for a stranger."""
        return self._ask(int, "place_of", arg0, arg1)

    def position_of(self, arg0: bytes, arg1: str) -> int:
        """A participant's position in join order, counted from 1; 0 for a stranger."""
        return self._ask(int, "position_of", arg0, arg1)

    def reinstate(self, task: bytes, validator: str) -> Call:
        """Appeals: ends a suspension in the validator's favour."""
        return self._encode("reinstate", task, validator)

    def result_of(self, task: bytes) -> Result:
        """What the newest settled round agreed on."""
        return self._ask(Result, "result_of", task)

    def round_of(self, task: bytes) -> Round:
        """A task and its newest round."""
        return self._ask(Round, "round_of", task)

    def separator(self) -> bytes:
        """The EIP-712 domain separator of this contract."""
        return self._ask(bytes, "separator")

    def settle(
        self,
        task: bytes,
        votes: Sequence[Vote],
        lanes: bytes,
        medians: bytes,
        before: Sequence[int],
    ) -> Call:
        """Closes a round whose votes are in, or late: by anyone."""
        return self._encode("settle", task, votes, lanes, medians, before)

    def tasks(self) -> str:
        """The Tasks contract that this one was created for."""
        return self._ask(str, "tasks")

    def vote_commit(self, task: bytes, commitment: bytes) -> Call:
        """The contract's `vote_commit`."""
        return self._encode("vote_commit", task, commitment)

    def vote_reveal(
        self, task: bytes, aggregate: bytes, accept: bool, salt: bytes, lanes: bytes
    ) -> Call:
        """Opens the sender's own vote. One that does not match is a fault, slashed at once."""
        return self._encode("vote_reveal", task, aggregate, accept, salt, lanes)

    def vouch(
        self,
        task: bytes,
        bits: int,
        commitments: Sequence[bytes],
        signed: Sequence[Sequence[bytes]],
    ) -> Call:
        """Commits for the participants in `bits` on the word of all seated validators, who
        hold the signed commitments: a signature per validator instead of one per
        participant.
        """
        return self._encode("vouch", task, bits, commitments, signed)
