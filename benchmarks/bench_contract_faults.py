"""Rounds with faults put in on purpose: is anybody's money out of reach, unpaid, or paid twice?

Seeded lives of tasks on the contracts (`tests/contracts/faulty_rounds.py`), from the members' votes
to the last token: dead parties, lost and late transactions, griefing receivers, colluding
minorities. What is owed, bonded and voted is worked out anew from the events and compared with the
state of the chain. A round counts when a fault came about in it. Every kind of fault, every way in
which a round or task ended and every transaction is counted, so that none is missing unseen.
"""

import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

from report import Metric, arguments, report

from tests.contracts.faulty_books import KINDS
from tests.contracts.faulty_rounds import Report, live

QUICK, WHOLE = 300, 10_000
LIVES_AT_ONCE = 40
SHOWN = 20
UNFORESEEN = "lives_broken_off"


def one(seed: int) -> Report:
    """A life; what nobody foresaw ends it, and is told like a broken invariant."""
    try:
        return live(seed)
    except Exception:  # whatever it is, it is what we look for
        told = (UNFORESEEN, traceback.format_exc(limit=-3))
        return Report(seed, 0, 0, Counter(), Counter(), Counter(), [told])


def lives(rounds: int, first: int) -> list[Report]:
    """As many whole lives as it takes, seed by seed."""
    found: list[Report] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        while sum(each.hit for each in found) < rounds:
            start = first + len(found)
            found += pool.map(one, range(start, start + LIVES_AT_ONCE), chunksize=2)
    return found


def measure(rounds: int, first: int) -> dict[str, Metric]:
    """The metrics over all lives."""
    start = time.perf_counter()
    lived = lives(rounds, first)
    seconds = time.perf_counter() - start
    faults = sum((each.faults for each in lived), Counter())
    outcomes = sum((each.outcomes for each in lived), Counter())
    sent = sum((each.sent for each in lived), Counter())
    told: dict[str, list[str]] = {kind: [] for kind in (*KINDS, UNFORESEEN)}
    for each in lived:
        for kind, message in each.broken:
            told[kind].append(f"life {each.seed}: {message}")
    tasks = sum(count for how, count in outcomes.items() if how.startswith("task"))
    return {
        "contract_fault_rounds": Metric(sum(each.hit for each in lived), "rounds", rounds),
        "contract_rounds_played": Metric(sum(each.rounds for each in lived), "rounds"),
        "contract_faults_injected": Metric(faults.total(), "faults", names=_each(faults)),
        "contract_fault_outcomes": Metric(outcomes.total(), "cases", names=_each(outcomes)),
        "contract_fault_lives": Metric(len(lived), "lives"),
        "contract_fault_tasks": Metric(tasks, "tasks"),
        "contract_fault_tx": Metric(sent.total(), "tx", names=_each(sent)),
        **{
            kind: Metric(len(names), "cases", 0, most=True, names=tuple(names[:SHOWN]))
            for kind, names in told.items()
        },
        "contract_fault_s": Metric(seconds, "s"),
    }


def _each(counts: Counter) -> tuple[str, ...]:
    """Name and number, the most frequent first."""
    shown: Iterable[tuple[str, int]] = counts.most_common()
    return tuple(f"{count:>8,} {name}" for name, count in shown)


def main() -> int:
    """Runs and reports; the exit status."""
    options = arguments(__doc__ or "", rounds="rounds to play", seed="of the first life")
    rounds = options.rounds or (QUICK if options.quick else WHOLE)
    return report(measure(rounds, options.seed or 0), ("pyrevm", "vyper"), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
