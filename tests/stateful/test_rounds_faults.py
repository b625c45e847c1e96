"""Rounds with faults put in on purpose, on contract and twin, with the product's own settlement.

The dead, the late, the lost, griefers and colluders: tests/contracts/faulty_rounds.py says what
happens in a life and what must hold. QUORATE_FAULT_ROUNDS says how many rounds the slow test plays;
benchmarks/bench_contract_faults.py plays 10,000 without the twins.
"""

import os
from collections import Counter

import pytest

from quorate.learning.payouts import TaskLedger
from quorate.learning.settlement import FactsReader, SettlementTerms, medians_of, settle
from tests.contracts.faulty_acts import FAULTS
from tests.contracts.faulty_books import BONDS, SUPPLY, UNPAID, UNREACHABLE, VOTES, Books
from tests.contracts.faulty_rounds import Life
from tests.contracts.pair import Done
from tests.twins.world import bits


class SettledAgain(Books):
    """Settles every round a third time, as the package does, from the events alone."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: dict[bytes, FactsReader] = {}
        self.ledgers: dict[bytes, TaskLedger] = {}

    def take(self, done: Done) -> None:
        super().take(done)
        for contract, name, values in done.events:
            if contract in ("Tasks", "Rounds", "Appeals"):
                self.readers.setdefault(values["task"], FactsReader()).take(name, values)
        for contract, name, values in done.events:
            if contract == "Rounds" and name in ("Settled", "Aborted"):
                self.settle_again(values["task"], name, values)

    def settle_again(self, task: bytes, name: str, values: dict) -> None:
        book, facts = self.tasks[task], self.readers[task].facts()
        names = SettlementTerms.__slots__
        found = settle(facts, SettlementTerms(**{each: book.terms[each] for each in names}))
        if task not in self.ledgers:
            self.ledgers[task] = TaskLedger(task, book.validators, book.joined)
        ledger = self.ledgers[task]
        ledger.take(found)
        assert ledger.digest == self.digest(book)
        assert (name == "Aborted") == bool(found.aborted)
        if name == "Aborted":
            assert values["reason"] == found.aborted
            return
        winners = bits(book.validators.index(who) for who in found.validator_rewards)
        said = (winners, medians_of(facts, found), found.spent, found.aggregate, ledger.root)
        assert said == tuple(
            values[n] for n in ("winners", "medians", "spent", "aggregate", "root")
        )


class WatchedLife(Life):
    library = SettledAgain


def play(rounds: int, seed: int) -> Counter:
    """Lives until faults came about in so many rounds; which faults they were."""
    seen: Counter = Counter()
    played = 0
    while played < rounds:
        report = WatchedLife(seed, twins=True).live()
        assert report.broken == [], f"life {seed}"
        played += report.hit
        seen += report.faults
        seed += 1
    return seen


def test_rounds__with_faults__all_end_and_all_is_paid():
    assert play(12, seed=1).total() >= 12


@pytest.mark.slow
def test_rounds__with_many_faults__all_end_and_all_is_paid():
    rounds = int(os.environ.get("QUORATE_FAULT_ROUNDS", "150"))
    seen = play(rounds, seed=1_000)
    assert set(seen) >= set(FAULTS)


# --- the checks themselves ---------------------------------------------------------------------


class Forgetful(Books):
    """Does not see some events, as if the contract had done more or less than it said."""

    blind: str

    def take(self, done: Done) -> None:
        done.events[:] = [each for each in done.events if each[1] != self.blind]
        super().take(done)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("Slashed", SUPPLY),
        ("Deposited", BONDS),
        ("Claimed", UNPAID),
        ("Refunded", UNPAID),
        ("Committed", VOTES),
        ("VoteRevealed", UNREACHABLE),
    ],
)
def test_lives__event_that_the_books_miss__named_as_broken(event, kind):
    class Blind(Life):
        library = type("Blind", (Forgetful,), {"blind": event})

    reports = [Blind(seed, twins=False).live() for seed in range(4)]
    found = {broken for report in reports for broken, _ in report.broken}
    assert kind in found
