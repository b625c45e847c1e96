"""How many planted bugs in the contracts the tests catch: all, but those explained.

Mutants are drawn per contract from its sources by rules (contract_mutants.py), each compiled into a
scratch folder, where only the tests of that contract judge it. A survivor needs a reason in
contract_mutants.toml: that it is no bug. With names, only these contracts::

    python benchmarks/bench_contract_mutants.py --json
    python benchmarks/bench_contract_mutants.py Token Stakes --count 20
"""

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from contract_mutants import (
    ROOT,
    Mutant,
    Verdict,
    first_planted,
    judge,
    reasons,
    test_files,
    tested,
)
from report import Metric, report

from quorate.ledger.contracts import NAMES

QUICK, WHOLE = 1, 6
"""Mutants per contract."""
LEAST = 60


def _passes(contract: str) -> tuple[str, str]:
    """Whether the tests pass without any bug; else nothing below would mean a thing."""
    with tempfile.TemporaryDirectory() as empty:
        return contract, tested(contract, Path(empty))[1]


def verdicts(names: list[str], count: int, seed: int) -> list[Verdict]:
    """One per mutant, in the order in which they were drawn."""
    with ProcessPoolExecutor(os.cpu_count() or 1, get_context("spawn")) as pool:
        sound = pool.map(_passes, names)
        chosen = pool.map(first_planted, names, [count] * len(names), [seed] * len(names))
        for name, failed in sound:
            if failed:
                raise SystemExit(f"{name}: its tests fail without any bug, first {failed}")
        running = [pool.submit(judge, *each) for planted in chosen for each in planted]
        found = []
        for verdict in running:
            found.append(verdict.result())
            _progress(found[-1], len(found), len(running))
    return found


def _progress(verdict: Verdict, done: int, whole: int) -> None:
    text = f"{done}/{whole} {verdict.status}: {_shown(verdict.mutant)} {verdict.by}"
    print(text, file=sys.stderr, flush=True)


def _shown(mutant: Mutant) -> str:
    return f"contracts/{mutant.source}:{mutant.line} {mutant.name}"


def measure(names: list[str], count: int, seed: int) -> dict[str, Metric]:
    """The metrics over ``count`` mutants of each contract."""
    start = time.perf_counter()
    found = verdicts(names, count, seed)
    explained = reasons()
    survived = [v for v in found if v.survived]
    known = [v for v in survived if explained.get(v.mutant.name)]
    unknown = [v for v in survived if v not in known]
    killed = [v for v in found if v.status == "killed"]
    drawn = {v.mutant.name for v in survived}
    stale = [name for name in explained if name not in drawn] if len(names) == len(NAMES) else []
    counts = [sum(v.mutant.contract == name for v in found) for name in names]
    whole = len(names) == len(NAMES) and count >= WHOLE
    return {
        "contract_mutants": Metric(len(found), "mutants", LEAST if whole else None),
        "contract_mutants_least_per_contract": Metric(min(counts), "mutants", 4 if whole else None),
        "contract_mutants_killed": Metric(
            len(killed),
            "mutants",
            names=tuple(f"{_shown(v.mutant)}: {v.by.removeprefix(str(ROOT))}" for v in killed),
        ),
        "contract_mutants_explained": Metric(
            len(known),
            "mutants",
            names=tuple(f"{_shown(v.mutant)}: {explained[v.mutant.name]}" for v in known),
        ),
        "contract_mutants_unexplained": Metric(
            len(unknown), "mutants", 0, True, tuple(_shown(v.mutant) for v in unknown)
        ),
        "contract_mutants_stale_reasons": Metric(len(stale), "reasons", names=tuple(stale)),
        "contract_mutation_score": Metric(len(killed) / len(found), "share"),
        "contract_mutation_score_without_explained": Metric(
            len(killed) / max(1, len(found) - len(known)), "share", 1
        ),
        "contract_mutants_s": Metric(time.perf_counter() - start, "s"),
    }


def main() -> int:
    """Runs and reports; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one mutant per contract")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.add_argument("--count", type=int, default=None, help="mutants per contract")
    parser.add_argument("--seed", type=int, default=4, help="of the draw")
    parser.add_argument("names", nargs="*", help="contracts; all of the suite without any")
    options = parser.parse_args()
    names = [name for name in options.names or NAMES if test_files(name)]
    count = options.count or (QUICK if options.quick else WHOLE)
    return report(measure(names, count, options.seed), ("vyper", "pyrevm"), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
