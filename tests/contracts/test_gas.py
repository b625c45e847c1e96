"""Gas of a steady round, committed: a change shows in the diff of contracts/gas.json."""

import json
from collections import Counter
from pathlib import Path

from tests.contracts.consortium import Consortium

GAS = Path(__file__).parents[2] / "contracts" / "gas.json"


def measured() -> dict[str, int]:
    """Average gas per transaction of round 2 of 3, four participants, four validators."""
    c = Consortium(participants=4)
    task = c.joined()
    total: Counter[str] = Counter()
    count: Counter[str] = Counter()
    plain = c.rounds

    def metered(sender, function, *arguments):
        done = plain(sender, function, *arguments)
        total[function] += done.gas
        count[function] += 1
        return done

    for number in (1, 2):
        if number == 2:
            c.rounds = metered
        c.rounds(c.sponsor, "open", task)
        c.to_vote(task)
        c.vote_all(task, c.agree([10, 20, 30, 40]))
        c.rounds(c.stranger, "settle", task)
    found = {name: total[name] // count[name] for name in sorted(total)}
    return found | {"round_per_participant": sum(total.values()) // 4}


def test_gas__steady_round__as_committed():
    found = json.dumps(measured(), indent=2) + "\n"
    assert GAS.read_text() == found, (
        f"if the change is meant, write to contracts/gas.json:\n{found}"
    )
