"""What a conspiracy's changed votes lead to: settle, claim and credit made again from events."""

from collections.abc import Iterable
from dataclasses import replace

from eth_abi.abi import decode

from quorate.learning.lanes import to_lanes
from quorate.learning.payouts import TaskLedger
from quorate.learning.settlement import FactsReader, SettlementTerms, medians_of, settle
from quorate.ledger.contracts import Contract
from quorate.ledger.faces.tasks_facts import Terms
from quorate.ledger.interface import Log, LoggedEvent
from quorate.ledger.transactions import Transaction

PADDING = bytes(28)


class Bookkeeper:
    """Follows the one task of a chain that is being rebuilt."""

    def __init__(self, contracts: dict[str, str]) -> None:
        faces = [Contract(name, contracts[name]) for name in ("Tasks", "Rounds", "Appeals")]
        self._faces = {face.address: face for face in faces}
        self._tasks, self._rounds, _ = faces
        self._reader = FactsReader()
        self._task = b""
        self._terms: SettlementTerms
        self._ledger: TaskLedger | None = None

    def take(self, logs: Iterable[Log]) -> None:
        """What a transaction logged."""
        for log in logs:
            if log.address not in self._faces:
                continue
            event = self._faces[log.address].event(LoggedEvent(0, 0, b"", 0, log))
            if event.name == "TaskCreated":
                self._task, terms = event["task"], Terms(*event["terms"])
                names = SettlementTerms.__dataclass_fields__
                self._terms = SettlementTerms(**{name: getattr(terms, name) for name in names})
            self._reader.take(event.name, event.values)
            if event.name == "RoundOpened" and self._ledger is None:
                people = tuple(self._reader.participants)
                self._ledger = TaskLedger(self._task, self._reader.validators, people)
            if event.name in ("Settled", "Aborted") and self._ledger is not None:
                self._ledger.take(settle(self._reader.facts(), self._terms))

    def mended(self, sent: Transaction) -> Transaction:
        """The transaction, as it must be after what happened in this chain."""
        if self._ledger is None:
            return sent
        calls = ((self._rounds, "settle"), (self._tasks, "claim"), (self._tasks, "credit"))
        for face, name in calls:
            function = face.artifact.functions[name]
            if sent.to == face.address and sent.data[:4] == function.selector:
                values = decode(function.inputs, sent.data[4:])
                arguments = self._settle(values[1]) if name == "settle" else self._claim(values[1])
                call = face.encode(name, self._task, *arguments)
                return replace(sent, data=call.data)
        return sent

    def _settle(self, told: Iterable[tuple[int, bytes, bool, bytes]]) -> list[object]:
        """The salts are those of the true call, which showed every vote."""
        assert self._ledger is not None
        facts, salts = self._reader.facts(), {vote[0]: vote[3] for vote in told}
        votes, lanes = [], b""
        for place, account in enumerate(self._reader.validators):
            vote = facts.votes.held.get(account)
            if vote is not None:
                votes.append((place, vote.aggregate, vote.accept, salts[place]))
                lanes += to_lanes(vote.scores)
        medians = medians_of(facts, settle(facts, self._terms))
        return [votes, lanes + PADDING, medians, self._ledger.packed]

    def _claim(self, place: int) -> list[object]:
        assert self._ledger is not None
        return [place, self._ledger.packed[place], self._ledger.proof(place)]
