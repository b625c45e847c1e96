"""The Rounds contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.rounds_facts import (
    Aborted,
    Appealed,
    Ballot,
    Claimed,
    Committed,
    Equivocated,
    Faulted,
    IncludeCommitted,
    Included,
    Joined,
    Participant,
    PhaseStarted,
    Resolved,
    Result,
    Rewarded,
    Round,
    RoundOpened,
    Scored,
    SetFixed,
    Settled,
    Suspended,
    Suspension,
    Task,
    TaskCreated,
    TaskEnded,
    Terms,
    VoteCommitted,
    VoteRevealed,
)


class Rounds(Face):
    """Federated tasks: participants commit to updates; validators agree by two thirds of
    their stake on the set of updates, on the aggregate's digest and on the scores;
    rewards, penalties and suspensions follow from the numbers.
    """

    NAME = "Rounds"
    EVENTS = (
        TaskCreated,
        Joined,
        TaskEnded,
        Claimed,
        Settled,
        Rewarded,
        Faulted,
        Aborted,
        Scored,
        Suspended,
        Appealed,
        Resolved,
        Equivocated,
        RoundOpened,
        PhaseStarted,
        Committed,
        SetFixed,
        IncludeCommitted,
        Included,
        VoteCommitted,
        VoteRevealed,
    )

    @staticmethod
    def deployment(members: str, token: str, stakes: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Rounds").deployment(members, token, stakes)

    def advance(self, task: bytes) -> Call:
        """Leaves a phase that is over, by anyone; the last one is left by `settle`."""
        return self._encode("advance", task)

    def appeal(self, task: bytes, round_: int, validator: str, evidence: bytes) -> Call:
        """Publishes the digest of evidence for a suspended validator, by anyone, inside the
        window. The first appeal extends the window once; later ones add evidence only, so
        that a worthless appeal cannot keep a good one out.
        """
        return self._encode("appeal", task, round_, validator, evidence)

    def appeal_subject(self, task: bytes, round_: int, validator: str) -> bytes:
        """What the members vote on to reinstate: SHA-256 of the ABI encoding of tag, chain
        id, this contract, task, round and validator.
        """
        return self._ask(bytes, "appeal_subject", task, round_, validator)

    def ballot_of(self, arg0: bytes, arg1: int) -> Ballot:
        """The contract's `ballot_of`."""
        return self._ask(Ballot, "ballot_of", arg0, arg1)

    def cancel(self, task: bytes) -> Call:
        """Ends a task that too few joined in time; by anyone."""
        return self._encode("cancel", task)

    def claim(self) -> Call:
        """Pays the caller all that is owed to it: rewards and refunds of any tasks."""
        return self._encode("claim")

    def commit(self, task: bytes, commitment: bytes) -> Call:
        """An eligible participant's hiding commitment to its update."""
        return self._encode("commit", task, commitment)

    def create(self, terms: Terms, validators: Sequence[str]) -> Call:
        """Starts an approved task: by its sponsor, who pays for all rounds at once."""
        return self._encode("create", terms, validators)

    def include_commit(self, task: bytes, commitment: bytes) -> Call:
        """A seated validator's commitment to the updates that it holds, opened and found valid."""
        return self._encode("include_commit", task, commitment)

    def include_reveal(self, task: bytes, bitmap: int, salt: bytes) -> Call:
        """Opens the include commitment. One that does not match is a fault, slashed at once."""
        return self._encode("include_reveal", task, bitmap, salt)

    def join(self, task: bytes, dataset: bytes, samples: int) -> Call:
        """Enters the caller as a participant with a registered data set; locks its bond."""
        return self._encode("join", task, dataset, samples)

    def members(self) -> str:
        """The contract's `members`."""
        return self._ask(str, "members")

    def open(self, task: bytes) -> Call:
        """Opens the next round. The first: by the sponsor once enough joined, by anyone
        after the join deadline. Later ones: by anyone once the one before is closed. Who
        may act, and every validator's stake, is fixed here. With too few, the task ends.
        """
        return self._encode("open", task)

    def owed(self, arg0: str) -> int:
        """What `claim` would pay an account."""
        return self._ask(int, "owed", arg0)

    def participant_of(self, task: bytes, account: str) -> Participant:
        """A participant's position, data set and weight; position 0 for a stranger."""
        return self._ask(Participant, "participant_of", task, account)

    def participants_of(self, task: bytes) -> tuple[str, ...]:
        """The participants in join order; the place in this list is the bit in bitmaps."""
        return self._ask(tuple[str, ...], "participants_of", task)

    def prove_equivocation(
        self,
        *,
        task: bytes,
        round_: int,
        validator: str,
        phase: int,
        hash_a: bytes,
        signature_a: Sequence[bytes],
        hash_b: bytes,
        signature_b: Sequence[bytes],
    ) -> Call:
        """The contract's `prove_equivocation`."""
        return self._encode(
            "prove_equivocation",
            task,
            round_,
            validator,
            phase,
            hash_a,
            signature_a,
            hash_b,
            signature_b,
        )

    def resolve(self, task: bytes, round_: int, validator: str) -> Call:
        """Ends a suspension, by anyone: the members' approval of `appeal_subject` reinstates
        at once; without it, after the deadline, the bond is slashed and the validator
        expelled.
        """
        return self._encode("resolve", task, round_, validator)

    def result_of(self, arg0: bytes, arg1: int) -> Result:
        """What a settled round agreed on, by task and number; zeros for an aborted one."""
        return self._ask(Result, "result_of", arg0, arg1)

    def round_of(self, arg0: bytes) -> Round:
        """The newest round of a task, and by validator's place what it did in it. The next
        round writes over both: what a closed round said stays in its events, what it
        agreed in `result_of`.
        """
        return self._ask(Round, "round_of", arg0)

    def settle(self, task: bytes) -> Call:
        """Closes a round whose votes are in, or late: by anyone."""
        return self._encode("settle", task)

    def stakes(self) -> str:
        """The contract's `stakes`."""
        return self._ask(str, "stakes")

    def suspension_of(self, arg0: bytes, arg1: str) -> Suspension:
        """A validator's suspension by task and account."""
        return self._ask(Suspension, "suspension_of", arg0, arg1)

    def task_id(self, terms: Terms, validators: Sequence[str]) -> bytes:
        """What the members vote on: SHA-256 of the ABI encoding of the tag, chain id, this
        contract, terms and validators.
        """
        return self._ask(bytes, "task_id", terms, validators)

    def task_of(self, arg0: bytes) -> Task:
        """The contract's `task_of`."""
        return self._ask(Task, "task_of", arg0)

    def terms_of(self, arg0: bytes) -> Terms:
        """Terms, state and people of a task by its id."""
        return self._ask(Terms, "terms_of", arg0)

    def token(self) -> str:
        """The contract's `token`."""
        return self._ask(str, "token")

    def validators_of(self, task: bytes) -> tuple[str, ...]:
        """The listed validators; the place in this list is the bit in bitmaps."""
        return self._ask(tuple[str, ...], "validators_of", task)

    def vote_commit(self, task: bytes, commitment: bytes) -> Call:
        """A seated validator's commitment to aggregate, scores and verdict."""
        return self._encode("vote_commit", task, commitment)

    def vote_reveal(
        self,
        task: bytes,
        aggregate: bytes,
        participant_scores: Sequence[int],
        accept: bool,
        salt: bytes,
    ) -> Call:
        """Opens the vote. One that does not match is a fault, slashed at once."""
        return self._encode("vote_reveal", task, aggregate, participant_scores, accept, salt)
