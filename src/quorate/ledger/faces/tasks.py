"""The Tasks contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.tasks_facts import (
    Claimed,
    ClaimedMany,
    Deal,
    Eligible,
    Joined,
    Ledger,
    LowScore,
    Outcome,
    Participant,
    Refunded,
    Seated,
    TaskCreated,
    Terms,
)


class Tasks(Face):
    """The people and the money of federated tasks. A task exists once the members approved
    its id and its sponsor paid the whole escrow; what settled rounds add is owed to the
    place that earned it, and paid to whoever proves it.
    """

    NAME = "Tasks"
    EVENTS = (
        Claimed,
        ClaimedMany,
        Refunded,
        LowScore,
        Seated,
        Eligible,
        TaskCreated,
        Joined,
    )

    @staticmethod
    def deployment(members: str, token: str, stakes: str, rounds: str, council: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Tasks").deployment(members, token, stakes, rounds, council)

    def account_at(self, task: bytes, place: int) -> str:
        """Whose place it is: validators first, in list order, then participants in join order."""
        return self._ask(str, "account_at", task, place)

    def appeal_seconds(self, task: bytes) -> int:
        """How much longer the window of an appealed suspension stays open."""
        return self._ask(int, "appeal_seconds", task)

    def claim(self, task: bytes, place: int, entry: int, proof: Sequence[bytes]) -> Call:
        """Pays the account at a place what it earned in all rounds since it was last paid;
        by anyone.
        """
        return self._encode("claim", task, place, entry, proof)

    def claim_many(
        self, task: bytes, places: Sequence[int], roster: Sequence[str], entries: Sequence[int]
    ) -> Call:
        """Pays the accounts at several places what they earned, by anyone."""
        return self._encode("claim_many", task, places, roster, entries)

    def claimed_of(self, arg0: bytes, arg1: int) -> int:
        """What of a place's entry was paid and recorded, in the form of an entry."""
        return self._ask(int, "claimed_of", arg0, arg1)

    def conflicts_of(self, arg0: bytes, arg1: int) -> int:
        """Bits of the participants under the control of who stands behind the validator at a
        place.
        """
        return self._ask(int, "conflicts_of", arg0, arg1)

    def council(self) -> str:
        """The Council contract that this one was created for."""
        return self._ask(str, "council")

    def create(self, terms: Terms, validators: Sequence[str]) -> Call:
        """Starts an approved task: by its sponsor, who pays for all rounds at once."""
        return self._encode("create", terms, validators)

    def credit(self, task: bytes, place: int, entry: int, proof: Sequence[bytes]) -> Call:
        """Records in Stakes the settled work of the account at a place since the last time;
        by anyone.
        """
        return self._encode("credit", task, place, entry, proof)

    def deal_of(self, arg0: bytes) -> Deal:
        """The money of a task."""
        return self._ask(Deal, "deal_of", arg0)

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def expel(self, task: bytes, place: int, reason: str) -> Call:
        """Rounds, for Appeals: slashes a validator that lied; it is never seated again here."""
        return self._encode("expel", task, place, reason)

    def expelled(self, task: bytes, place: int) -> bool:
        """True for a validator that lied in this task."""
        return self._ask(bool, "expelled", task, place)

    def join(self, task: bytes, dataset: bytes, samples: int) -> Call:
        """Enters the caller as a participant with a registered data set; locks its bond."""
        return self._encode("join", task, dataset, samples)

    def joined_of(self, task: bytes) -> int:
        """How many participants joined."""
        return self._ask(int, "joined_of", task)

    def ledger_of(self, task: bytes) -> Ledger:
        """What the task owes, by digest and root."""
        return self._ask(Ledger, "ledger_of", task)

    def mark_absent(self, task: bytes, absent: int) -> Call:
        """Rounds: participants committed to updates that they did not deliver."""
        return self._encode("mark_absent", task, absent)

    def members(self) -> str:
        """The Members contract that this one was created for."""
        return self._ask(str, "members")

    def muster(self, task: bytes, first: bool) -> Call:
        """Rounds: who may act in the round that opens."""
        return self._encode("muster", task, first)

    def participant_of(self, task: bytes, account: str) -> Participant:
        """A participant's position, data set and weight; position 0 for a stranger."""
        return self._ask(Participant, "participant_of", task, account)

    def participants_of(self, task: bytes) -> tuple[str, ...]:
        """The participants in join order; the place in this list is the bit in bitmaps."""
        return self._ask(tuple[str, ...], "participants_of", task)

    def punish(self, task: bytes, places: int, reason: str) -> Call:
        """Rounds: validators broke their own commitments."""
        return self._encode("punish", task, places, reason)

    def refund(self, task: bytes) -> Call:
        """Returns to the sponsor what an ended task did not spend, once; by anyone."""
        return self._encode("refund", task)

    def reinstate(self, task: bytes, place: int) -> Call:
        """Rounds, for Appeals: ends a suspension in the validator's favour."""
        return self._encode("reinstate", task, place)

    def release(self, task: bytes, place: int) -> Call:
        """Gives back the bond of the account at a place once the task has ended, by anyone."""
        return self._encode("release", task, place)

    def review(self, task: bytes, place: int) -> Call:
        """Computes anew whether an account may act, by anyone: members can be suspended,
        bonds asked back or topped up. While a round is open this waits until the next one
        opens.
        """
        return self._encode("review", task, place)

    def role_at(self, task: bytes, place: int) -> int:
        """In which role the account at a place earns."""
        return self._ask(int, "role_at", task, place)

    def roster_of(self, task: bytes) -> tuple[bytes, int]:
        """Digest of the accounts at all places, and how many of them are validators."""
        return self._ask(tuple[bytes, int], "roster_of", task)

    def rounds(self) -> str:
        """The Rounds contract that this one was created for."""
        return self._ask(str, "rounds")

    def seats_of(self, task: bytes) -> tuple[int, ...]:
        """Per listed validator its account (160 bits), stake (95) and whether it stands
        behind a participant (1).
        """
        return self._ask(tuple[int, ...], "seats_of", task)

    def settle(
        self, task: bytes, outcome: Outcome, lanes: bytes, medians: bytes, before: Sequence[int]
    ) -> Call:
        """Rounds: checks the medians and adds a settled round to the ledger."""
        return self._encode("settle", task, outcome, lanes, medians, before)

    def stake_in(self, task: bytes, bits: int) -> int:
        """The stake of several validators together."""
        return self._ask(int, "stake_in", task, bits)

    def stake_of(self, task: bytes, place: int) -> int:
        """The stake with which a validator votes."""
        return self._ask(int, "stake_of", task, place)

    def stakes(self) -> str:
        """The Stakes contract that this one was created for."""
        return self._ask(str, "stakes")

    def suspend(self, task: bytes, places: int) -> Call:
        """Rounds: validators that revealed another aggregate wait for an appeal."""
        return self._encode("suspend", task, places)

    def task_id(self, terms: Terms, validators: Sequence[str]) -> bytes:
        """What the members vote on: SHA-256 of the ABI encoding of the tag, chain id, this
        contract, terms and validators.
        """
        return self._ask(bytes, "task_id", terms, validators)

    def terms_of(self, arg0: bytes) -> Terms:
        """A task's terms."""
        return self._ask(Terms, "terms_of", arg0)

    def token(self) -> str:
        """The Token contract that this one was created for."""
        return self._ask(str, "token")

    def validators_of(self, task: bytes) -> tuple[str, ...]:
        """The listed validators; the place in this list is the bit in bitmaps."""
        return self._ask(tuple[str, ...], "validators_of", task)
