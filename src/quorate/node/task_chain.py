"""One task on the ledger: its state as views, its steps as calls, its events as facts."""

from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, cast

from quorate.learning.ballots import Place
from quorate.learning.payouts import TaskLedger
from quorate.learning.round import Phase, RoundView, Suspension, TaskView
from quorate.learning.settlement import FactsReader, Settlement, SettlementTerms, settle
from quorate.ledger.bindings import Anchor, Appeals, Members, Rounds, Stakes, Tasks, Token
from quorate.ledger.faces.appeals_facts import Suspended
from quorate.ledger.faces.base import TypedEvent
from quorate.ledger.faces.rounds_facts import Aborted, Committed, CommittedMany, Round, Settled
from quorate.ledger.history import EventHistory
from quorate.ledger.interface import Ledger
from quorate.ledger.suite import AddressBook

ROLE_PARTICIPANT, ROLE_VALIDATOR = 2, 4
STATE_NONE, STATE_JOINING, STATE_RUNNING, STATE_ENDED = range(4)

E = TypeVar("E", bound=TypedEvent)


class Suite:
    """The deployed contracts as typed faces, and their histories."""

    def __init__(self, ledger: Ledger, book: AddressBook) -> None:
        self.ledger = ledger
        self.book = book
        self.members = Members(ledger, book.members)
        self.token = Token(ledger, book.token)
        self.stakes = Stakes(ledger, book.stakes)
        self.tasks = Tasks(ledger, book.tasks)
        self.rounds = Rounds(ledger, book.rounds)
        self.appeals = Appeals(ledger, book.appeals)
        self.anchor = Anchor(ledger, book.anchor)
        self.memberships = EventHistory(self.members)
        self.bonds = EventHistory(self.stakes)
        self.course = EventHistory(self.tasks, self.rounds, self.appeals)
        self.anchors = EventHistory(self.anchor)


class TaskChain:
    """A task by its id (32 bytes)."""

    def __init__(self, suite: Suite, task: bytes) -> None:
        self.suite = suite
        self.tasks = suite.tasks
        self.rounds = suite.rounds
        self.task = task

    def state(self) -> int:
        """0 none, 1 joining, 2 running, 3 ended."""
        return self.rounds.round_of(self.task).state

    def participants(self) -> tuple[str, ...]:
        """Accounts in join order: the place is the bit in every bitmap."""
        return self.tasks.participants_of(self.task)

    def validators(self) -> tuple[str, ...]:
        """Accounts in list order: the place is the bit in every bitmap."""
        return self.tasks.validators_of(self.task)

    def weights(self) -> tuple[int, ...]:
        """The participants' weights, fixed when they joined."""
        people = self.participants()
        return tuple(self.tasks.participant_of(self.task, each).weight for each in people)

    def place(self, number: int, sender: str) -> Place:
        """Where a commitment of ``sender`` in round ``number`` is made."""
        return Place(self.suite.ledger.chain_id, self.rounds.address, self.task, number, sender)

    def view(self) -> TaskView:
        """The task as the round's state machine sees it."""
        found = self.rounds.round_of(self.task)
        return TaskView(
            rounds=self.tasks.terms_of(self.task).rounds,
            ended=found.state == STATE_ENDED,
            round=self._round_view(found) if found.number else None,
            suspensions=self._suspensions(),
        )

    def _round_view(self, found: Round) -> RoundView:
        """The newest round; the contract keeps the validators' bits of one vote at a time.

        While they commit, ``cast`` are those that did; while they reveal, those that still have to,
        and ``held`` those that did.
        """
        people, validators = self.participants(), self.validators()
        revealing = found.phase in (Phase.INCLUDE_REVEAL, Phase.VOTE_REVEAL)
        held = found.held if revealing else 0
        committed, revealed = _names_of(validators, found.cast | held), _names_of(validators, held)
        nobody: frozenset[str] = frozenset()
        including = found.phase in (Phase.INCLUDE_COMMIT, Phase.INCLUDE_REVEAL)
        return RoundView(
            number=found.number,
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
        for account in dict.fromkeys(event.validator for event in self.events(Suspended)):
            suspension = self.suite.appeals.suspension_of(self.task, account)
            if suspension.round:
                found.append(Suspension(suspension.round, account, suspension.deadline))
        return tuple(found)

    def commitments(self, number: int) -> dict[str, bytes]:
        """The participants' commitments of a round, by account."""
        found = {event.participant: event.commitment for event in self.events_in(number, Committed)}
        people = self.participants()
        for event in self.events_in(number, CommittedMany):
            bits = (bit for bit in range(len(people)) if event.bits >> bit & 1)
            found |= {people[b]: c for b, c in zip(bits, event.commitments, strict=True)}
        return found

    def settled(self) -> dict[int, Settled]:
        """Every settled round by number."""
        return {event.round: event for event in self.events(Settled)}

    def accounts(self) -> "Accounts":
        """What the rounds so far came to, by the arithmetic that the contract does too."""
        known = self.tasks.terms_of(self.task)
        names = SettlementTerms.__dataclass_fields__
        terms = SettlementTerms(**{name: getattr(known, name) for name in names})
        found = Accounts(TaskLedger(self.task, self.validators(), self.participants()), terms)
        for event in self._told():
            found.take(event)
        return found

    def events(self, kind: type[E]) -> list[E]:
        """Events of this task of one kind, in order."""
        return [event for event in self._told() if isinstance(event, kind)]

    def events_in(self, number: int, kind: type[E]) -> list[E]:
        """Events of one kind in one round."""
        return [event for event in self.events(kind) if getattr(event, "round", 0) == number]

    def blocks_of(self, number: int) -> set[int]:
        """The blocks in which anything happened to a round."""
        return {e.logged.block for e in self._told() if getattr(e, "round", 0) == number}

    def _told(self) -> list[TypedEvent]:
        events = self.suite.course.events()
        return [event for event in events if getattr(event, "task", None) == self.task]


class Accounts:
    """A task's facts and entries, gathered from its events in their order."""

    def __init__(self, ledger: TaskLedger, terms: SettlementTerms) -> None:
        self.ledger = ledger
        self.terms = terms
        self.reader = FactsReader()
        self.results: dict[int, Settlement] = {}

    def take(self, event: TypedEvent) -> None:
        """One event of the task."""
        values = {field: getattr(event, field) for field in _fields(cast(Any, type(event)))}
        self.reader.take(type(event).__name__, values)
        if isinstance(event, (Settled, Aborted)):
            result = settle(self.reader.facts(), self.terms)
            self.results[event.round] = result
            self.ledger.take(result)


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name != "logged")


def _names_of(accounts: tuple[str, ...], bitmap: int) -> frozenset[str]:
    return frozenset(account for i, account in enumerate(accounts) if bitmap >> i & 1)
