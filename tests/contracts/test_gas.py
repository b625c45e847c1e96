"""Gas of a steady round, committed: a change shows in the diff of contracts/gas.json."""

import json
from collections import Counter
from pathlib import Path

from tests.contracts.consortium import Consortium

GAS = Path(__file__).parents[2] / "contracts" / "gas.json"


class Meter:
    """Sums the gas of what goes through it, by kind of transaction."""

    def __init__(self, c: Consortium) -> None:
        self.total: Counter[str] = Counter()
        self.count: Counter[str] = Counter()
        self.plain = c.pair.send
        c.pair.send = self.send

    def send(self, sender, name, function, *arguments):
        done = self.plain(sender, name, function, *arguments)
        self.total[function] += done.gas
        self.count[function] += 1
        return done

    def found(self, people: int) -> dict[str, int]:
        averages = {name: self.total[name] // self.count[name] for name in sorted(self.total)}
        return averages | {"round_per_participant": sum(self.total.values()) // people}


def one_by_one() -> dict[str, int]:
    """Round 2 of 3, everybody acting alone."""
    c = Consortium(participants=4)
    task = c.joined()
    for number in (1, 2):
        if number == 2:
            meter = Meter(c)
        c.rounds(c.sponsor, "open", task)
        c.whole_round(task, c.agree([10, 20, 30, 40]))
        for who in (*c.v, *c.p):
            c.claim(task, who)
            if number == 1:
                c.credit(task, who)
    return meter.found(4)


def batched() -> dict[str, int]:
    """Round 2 of 3 in five transactions."""
    c = Consortium(participants=4)
    task = c.joined()
    for number in (1, 2):
        if number == 2:
            meter = Meter(c)
        c.rounds(c.sponsor, "open", task)
        c.commit_many(task, c.p)
        c.concur(task, 0b1111, c.agree([10, 20, 30, 40]))
        c.settle(task, shown=c.v)
        c.claim_many(task, list(range(8)))
    return meter.found(4)


def test_gas__steady_round__as_committed():
    """Four participants, four validators; all that a round needs, claims included."""
    found = json.dumps({"one_by_one": one_by_one(), "batched": batched()}, indent=2) + "\n"
    assert GAS.read_text() == found, (
        f"if the change is meant, write to contracts/gas.json:\n{found}"
    )
