"""One task on the ledger: its state as views, its steps as calls, its events as facts."""

from typing import TypeVar

from quorate.learning.ballots import Place
from quorate.learning.round import Phase, RoundView, Suspension, TaskView
from quorate.ledger.bindings import Anchor, Members, Rounds, Stakes, Token
from quorate.ledger.deploy import AddressBook
from quorate.ledger.faces.base import TypedEvent
from quorate.ledger.faces.rounds_facts import Committed, Settled
from quorate.ledger.history import EventHistory
from quorate.ledger.interface import Ledger

ROLE_PARTICIPANT, ROLE_VALIDATOR = 2, 4
STATE_NONE, STATE_JOINING, STATE_RUNNING, STATE_ENDED = range(4)

E = TypeVar("E", bound=TypedEvent)


class Suite:
    """The deployed contracts as typed faces, and their histories."""

    def __init__(self, ledger: Ledger, book: AddressBook) -> None:
        self.ledger = ledger
        self.members = Members(ledger, book.members)
        self.token = Token(ledger, book.token)
        self.stakes = Stakes(ledger, book.stakes)
        self.rounds = Rounds(ledger, book.rounds)
        self.anchor = Anchor(ledger, book.anchor)
        self.memberships = EventHistory(self.members)
        self.bonds = EventHistory(self.stakes)
        self.course = EventHistory(self.rounds)
        self.anchors = EventHistory(self.anchor)


class TaskChain:
    """A task by its id (32 bytes)."""

    def __init__(self, suite: Suite, task: bytes) -> None:
        self.suite = suite
        self.rounds = suite.rounds
        self.task = task

    def state(self) -> int:
        """0 none, 1 joining, 2 running, 3 ended."""
        return self.rounds.task_of(self.task).state

    def participants(self) -> tuple[str, ...]:
        """Accounts in join order: the place is the bit in every bitmap."""
        return self.rounds.participants_of(self.task)

    def weights(self) -> tuple[int, ...]:
        """The participants' weights, fixed when they joined."""
        people = self.participants()
        return tuple(self.rounds.participant_of(self.task, each).weight for each in people)

    def place(self, number: int, sender: str) -> Place:
        """Where a commitment of ``sender`` in round ``number`` is made."""
        return Place(self.suite.ledger.chain_id, self.rounds.address, self.task, number, sender)

    def view(self) -> TaskView:
        """The task as the round's state machine sees it."""
        found = self.rounds.task_of(self.task)
        return TaskView(
            rounds=self.rounds.terms_of(self.task).rounds,
            ended=found.state == STATE_ENDED,
            round=self._round_view(found.round) if found.round else None,
            suspensions=self._suspensions() if found.suspended else (),
        )

    def _round_view(self, number: int) -> RoundView:
        """The newest round; the contract keeps the validators' bits of one vote at a time."""
        found = self.rounds.round_of(self.task)
        people, validators = self.participants(), self.rounds.validators_of(self.task)
        committed = _names_of(validators, found.cast)
        revealed = _names_of(validators, found.cast & ~found.waiting)
        nobody: frozenset[str] = frozenset()
        including = found.phase in (Phase.INCLUDE_COMMIT, Phase.INCLUDE_REVEAL)
        return RoundView(
            number=number,
            phase=Phase(found.phase),
            deadline=found.deadline,
            eligible=_names_of(people, found.eligible),
            validators=_names_of(validators, found.seats),
            included=found.included,
            committed=_names_of(people, found.committed),
            inclusion_committed=committed if including else nobody,
            inclusion_revealed=revealed if including else nobody,
            vote_committed=nobody if including else committed,
            vote_revealed=nobody if including else revealed,
        )

    def _suspensions(self) -> tuple[Suspension, ...]:
        found = []
        for account in self.rounds.validators_of(self.task):
            suspension = self.rounds.suspension_of(self.task, account)
            if suspension.round:
                found.append(Suspension(suspension.round, account, suspension.deadline))
        return tuple(found)

    def commitments(self, number: int) -> dict[str, bytes]:
        """The participants' commitments of a round, by account."""
        return {
            event.participant: event.commitment
            for event in self.events(Committed)
            if event.round == number
        }

    def settled(self) -> dict[int, Settled]:
        """Every settled round by number."""
        return {event.round: event for event in self.events(Settled)}

    def events(self, kind: type[E]) -> list[E]:
        """Events of this task of one kind, in order."""
        found = self.suite.course.of(kind)
        return [event for event in found if getattr(event, "task", None) == self.task]

    def events_in(self, number: int, kind: type[E]) -> list[E]:
        """Events of one kind in one round."""
        return [event for event in self.events(kind) if getattr(event, "round", 0) == number]

    def blocks_of(self, number: int) -> set[int]:
        """The blocks in which anything happened to a round."""
        return {
            event.place.block
            for event in self.suite.course.events()
            if getattr(event, "task", None) == self.task and getattr(event, "round", 0) == number
        }


def _names_of(accounts: tuple[str, ...], bitmap: int) -> frozenset[str]:
    return frozenset(account for i, account in enumerate(accounts) if bitmap >> i & 1)
