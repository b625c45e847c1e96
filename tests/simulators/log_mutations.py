"""Single changes of logs, drawn by seeds, judged and counted: importing this fills the tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from quorate.core.errors import VerificationError
from tests.simulators import (
    log_blind,
    log_blind_receipts,
    log_false_heads,
    log_inert,
    log_kept,
    log_mended,
    log_repaired,
)
from tests.simulators.log_judge import judge
from tests.simulators.log_table import BLIND, FREE, INERT, REPAIRED, Mutation, Table, draw_mutation

__all__ = [
    "ACCEPTED",
    "ALARM",
    "DETECTED",
    "MISPLACED",
    "OTHERWISE",
    "TABLES",
    "UNDETECTED",
    "Count",
    "Tally",
    "log_blind",
    "log_blind_receipts",
    "log_false_heads",
    "log_inert",
    "log_kept",
    "log_mended",
    "log_repaired",
    "outcome",
    "run",
    "seeds",
]

TABLES: dict[str, Table] = {
    "blind": BLIND,
    "repaired": REPAIRED,
    "inert": INERT,
    "free": FREE,
}
SHOWN = 20  # names of what went wrong, per run

DETECTED = "detected"
UNDETECTED = "undetected"
MISPLACED = "misplaced"
ACCEPTED = "accepted"
ALARM = "false alarm"
OTHERWISE = "accepted otherwise"


@dataclass
class Count:
    """How many changes of one class were made, and what became of them, by outcome."""

    made: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    def of(self, outcome: str) -> int:
        """How many ended so."""
        return self.outcomes.get(outcome, 0)


@dataclass
class Tally:
    """The counts by table and class, and the seeds of what went wrong."""

    classes: dict[tuple[str, str], Count] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def add(self, table: str, name: str, outcome: str, times: int = 1) -> None:
        """Counts an outcome."""
        count = self.classes.setdefault((table, name), Count())
        count.made += times
        count.outcomes[outcome] = count.of(outcome) + times

    def merge(self, other: "Tally") -> None:
        """Adds another run's counts."""
        for (table, name), count in other.classes.items():
            for found, times in count.outcomes.items():
                self.add(table, name, found, times)
        self.wrong = [*self.wrong, *other.wrong][:SHOWN]

    def total(self, outcome: str | None = None, tables: Iterable[str] = tuple(TABLES)) -> int:
        """How many changes of these tables ended so; how many were made, without an outcome."""
        counts = [count for (table, _), count in self.classes.items() if table in tables]
        return sum(count.made if outcome is None else count.of(outcome) for count in counts)


def outcome(mutation: Mutation) -> tuple[str, str]:
    """What became of a change, and the judge's words."""
    try:
        verdict = judge(mutation.objects, mutation.reader)
    except VerificationError as error:
        if mutation.accepted is not None:
            return ALARM, f"{error.step} {error}"
        at = any(error.place == p or error.place.startswith(f"{p}: ") for p in mutation.places)
        return (DETECTED if at and error.step else MISPLACED), f"{error.step} {error}"
    if mutation.accepted is None:
        return UNDETECTED, ""
    return (ACCEPTED if verdict == mutation.accepted else OTHERWISE), ""


def seeds(seed: int, first: int, last: int) -> Iterator[tuple[str, str]]:
    """Table and seed of changes ``first`` to ``last``: half blind, half repaired in turn.

    After every hundred come two that must be accepted: they are not among the count.
    """
    for number in range(first, last):
        yield ("blind", "repaired")[number % 2], f"{seed}/{number}"
        if number % 100 == 99:
            yield "inert", f"{seed}/{number}/inert"
            yield "free", f"{seed}/{number}/free"


def run(drawn: Iterable[tuple[str, str]]) -> Tally:
    """Makes and judges the changes of these tables and seeds."""
    tally = Tally()
    for table, seed in drawn:
        name, mutation = draw_mutation(TABLES[table], seed)
        found, words = outcome(mutation)
        tally.add(table, name, found)
        if found not in (DETECTED, ACCEPTED) and len(tally.wrong) < SHOWN:
            due = " or ".join(mutation.places)
            tally.wrong.append(
                f"{found}: {name} ({table} {seed}; {mutation.what}): {words} [{due}]"
            )
    return tally
