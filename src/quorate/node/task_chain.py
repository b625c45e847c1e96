"""One task on the ledger: its state as views, its steps as calls."""

from dataclasses import dataclass
from typing import Any

from quorate.core.hashing import Digest
from quorate.learning.ballots import Place
from quorate.learning.round import Phase, RoundView, Suspension, TaskView
from quorate.ledger.contracts import Call, Contract, Event
from quorate.ledger.deploy import AddressBook
from quorate.ledger.interface import Ledger

ROLE_PARTICIPANT, ROLE_VALIDATOR = 2, 4
STATE_NONE, STATE_JOINING, STATE_RUNNING, STATE_ENDED = range(4)


@dataclass(frozen=True, slots=True)
class ClosedRound:
    """A settled round: the agreed digest, the set, whether the model advanced."""

    number: int
    aggregate: Digest
    included: int
    accepted: bool


class Suite:
    """The deployed contracts, asked and called by function name."""

    def __init__(self, ledger: Ledger, book: AddressBook) -> None:
        self.ledger = ledger
        self.members = Contract("Members", book.members)
        self.token = Contract("Token", book.token)
        self.stakes = Contract("Stakes", book.stakes)
        self.rounds = Contract("Rounds", book.rounds)
        self.anchor = Contract("Anchor", book.anchor)

    def ask(self, contract: Contract, function: str, *arguments: Any) -> Any:
        """The single value that a view returns."""
        call = contract.encode(function, *arguments)
        return contract.decode(function, self.ledger.call(contract.address, call.data))[0]

    def events(self, contract: Contract, *names: str) -> list[Event]:
        """Decoded events of one contract, in order; of ``names`` only, when given."""
        logged = self.ledger.events(contract.address)
        decoded = [contract.event(each) for each in logged]
        return [event for event in decoded if not names or event.name in names]


class TaskChain:
    """A task by its id (32 bytes)."""

    def __init__(self, suite: Suite, task: bytes) -> None:
        self.suite = suite
        self.task = task

    def _ask(self, function: str, *arguments: Any) -> Any:
        return self.suite.ask(self.suite.rounds, function, self.task, *arguments)

    def call(self, function: str, *arguments: Any) -> Call:
        """A call of a Rounds function on this task."""
        return self.suite.rounds.encode(function, self.task, *arguments)

    def state(self) -> int:
        """0 none, 1 joining, 2 running, 3 ended."""
        return int(self._ask("task_of")[0])

    def participants(self) -> tuple[str, ...]:
        """Accounts in join order: the place is the bit in every bitmap."""
        return tuple(self._ask("participants_of"))

    def validators(self) -> tuple[str, ...]:
        """Accounts in list order."""
        return tuple(self._ask("validators_of"))

    def weights(self) -> tuple[int, ...]:
        """The participants' weights, fixed when they joined."""
        return tuple(int(self._ask("participant_of", each)[2]) for each in self.participants())

    def place(self, number: int, sender: str) -> Place:
        """Where a commitment of ``sender`` in round ``number`` is made."""
        chain_id = self.suite.ledger.chain_id
        return Place(chain_id, self.suite.rounds.address, self.task, number, sender)

    def view(self) -> TaskView:
        """The task as the round's state machine sees it."""
        state, number, _, _, _, suspended, _ = self._ask("task_of")
        rounds = int(self._ask("terms_of")[2])
        suspensions = self._suspensions() if suspended else ()
        current = self._round_view(int(number)) if number else None
        return TaskView(rounds, state == STATE_ENDED, current, suspensions)

    def _round_view(self, number: int) -> RoundView:
        """The newest round; the contract keeps the validators' bits of one vote at a time."""
        values = self._ask("round_of")
        phase, deadline, eligible, committed, included, seats, _, _, cast, waiting, _ = values
        people, validators = self.participants(), self.validators()
        done, revealed = _names_of(validators, cast), _names_of(validators, cast & ~waiting)
        nobody: frozenset[str] = frozenset()
        including = phase in (Phase.INCLUDE_COMMIT, Phase.INCLUDE_REVEAL)
        return RoundView(
            number=number,
            phase=Phase(phase),
            deadline=int(deadline),
            eligible=_names_of(people, eligible),
            validators=_names_of(validators, seats),
            included=int(included),
            committed=_names_of(people, committed),
            inclusion_committed=done if including else nobody,
            inclusion_revealed=revealed if including else nobody,
            vote_committed=nobody if including else done,
            vote_revealed=nobody if including else revealed,
        )

    def _suspensions(self) -> tuple[Suspension, ...]:
        found = []
        for account in self.validators():
            number, deadline, _ = self._ask("suspension_of", account)
            if number:
                found.append(Suspension(int(number), account, int(deadline)))
        return tuple(found)

    def commitments(self, number: int) -> dict[str, bytes]:
        """The participants' commitments of a round, by account."""
        return {
            event["participant"]: event["commitment"]
            for event in self.events("Committed")
            if event["round"] == number
        }

    def settled(self) -> list[ClosedRound]:
        """Every settled round, in order."""
        return [
            ClosedRound(
                int(event["round"]),
                Digest(event["aggregate"]),
                int(event["included"]),
                bool(event["accepted"]),
            )
            for event in self.events("Settled")
        ]

    def events(self, *names: str) -> list[Event]:
        """Events of this task, in order."""
        found = self.suite.events(self.suite.rounds, *names)
        return [event for event in found if event.values.get("task") == self.task]


def _names_of(accounts: tuple[str, ...], bitmap: int) -> frozenset[str]:
    return frozenset(account for i, account in enumerate(accounts) if bitmap >> i & 1)
