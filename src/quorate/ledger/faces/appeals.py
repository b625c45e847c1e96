"""The Appeals contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.appeals_facts import (
    Appealed,
    Equivocated,
    Resolved,
    Suspended,
    Suspension,
)
from quorate.ledger.faces.base import Face


class Appeals(Face):
    """A suspended validator's bond waits for the members' vote; without it the bond is
    slashed. Two signed ballots that contradict each other need no vote.
    """

    NAME = "Appeals"
    EVENTS = (
        Suspended,
        Appealed,
        Resolved,
        Equivocated,
    )

    @staticmethod
    def deployment(members: str, rounds: str, tasks: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Appeals").deployment(members, rounds, tasks)

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

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def members(self) -> str:
        """The Members contract that this one was created for."""
        return self._ask(str, "members")

    def prove_equivocation(
        self,
        *,
        task: bytes,
        round_: int,
        validator: str,
        phase: int,
        included_a: int,
        hash_a: bytes,
        signature_a: Sequence[bytes],
        included_b: int,
        hash_b: bytes,
        signature_b: Sequence[bytes],
    ) -> Call:
        """Two signed ballots of one validator that differ for one set in one phase of one
        round: its bond is slashed and it is expelled from the task, once; by anyone, at
        any time.
        """
        return self._encode(
            "prove_equivocation",
            task,
            round_,
            validator,
            phase,
            included_a,
            hash_a,
            signature_a,
            included_b,
            hash_b,
            signature_b,
        )

    def resolve(self, task: bytes, round_: int, validator: str) -> Call:
        """Ends a suspension, by anyone: the members' approval of `appeal_subject` reinstates
        at once; without it, after the deadline, the bond is slashed and the validator
        expelled.
        """
        return self._encode("resolve", task, round_, validator)

    def rounds(self) -> str:
        """The Rounds contract that this one was created for."""
        return self._ask(str, "rounds")

    def suspend(
        self, task: bytes, round_: int, validator: str, aggregate: bytes, seconds: int
    ) -> Call:
        """Rounds: a validator revealed another aggregate than the agreed one."""
        return self._encode("suspend", task, round_, validator, aggregate, seconds)

    def suspension_of(self, arg0: bytes, arg1: str) -> Suspension:
        """A validator's suspension by task and account."""
        return self._ask(Suspension, "suspension_of", arg0, arg1)

    def tasks(self) -> str:
        """The Tasks contract that this one was created for."""
        return self._ask(str, "tasks")
